/*
 * sources: which apt sources a lab's image is made from: this machine's own, so that mirrors, snapshots and proxies
 * chosen for it hold for its lab too, but only those that are Debian's. What else a machine has there (drivers, clouds,
 * databases) has no place in a bare node and may not exist for its suite or architecture.
 */
#ifndef REEVE_LAB_SOURCES_H
#define REEVE_LAB_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strbuf.h"

#define SOURCES_UNRELEASED "forky" /* Debian's next release */
#define SOURCES_KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"

/*
 * Adds to `out`, in deb822 form (sources.list(5)), those entries of one file that are Debian's and of the machine's
 * suite `own` or of the wanted `suite`, with `own` replaced by `suite`. Taken for Debian's: type deb, component main, a
 * suite that is own or own-updates, own-security, own/updates, own-backports (left out), signed by Debian's keyring or
 * without Signed-By. `one_line`: the file is in the one-line form. Changes the text. Returns the number of entries
 * added.
 */
size_t sources_take(char *text, bool one_line, const char *own, const char *suite, struct strbuf *out);

/*
 * The machine's sources for `suite` as one deb822 file. ERR_MISSING without Debian's keyring, or where
 * the machine names no Debian archive.
 */
int sources_of_machine(const char *suite, struct strbuf *out, struct err *err);

/* The machine's apt options that decide how archives are reached (proxies, validity dates), one a line as apt.conf(5). Of a suite
 * that is not released yet the dates do not count: its Release files end after a week, and copies of the archive are older. */
int sources_options(const char *suite, struct strbuf *out, struct err *err);

#endif
