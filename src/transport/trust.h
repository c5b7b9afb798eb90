/*
 * trust: host keys that the operator has looked at and accepted.
 *
 * reeve keeps them in a file of its own in known_hosts format (sshd(8)), beside the user's. Keys are fetched by ssh
 * itself, so that jump hosts, aliases and ports of ssh_config mean here what they mean in a run: with nothing to log in
 * with, an empty file of known hosts, and the permission to write into that file only. Nothing is accepted by itself.
 *
 * A key that is replaced is revoked: what the files that ssh reads know of that host under another key comes into reeve's
 * file as "@revoked", which goes before every line of every file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). So whoever has
 * the old key cannot stand in for the host, also where the user's own file still lists it.
 */
#ifndef REEVE_TRANSPORT_TRUST_H
#define REEVE_TRANSPORT_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "transport/fleet.h"

/* $XDG_CONFIG_HOME/reeve/known_hosts, else ~/.config/reeve/known_hosts; NULL without a home. */
const char *trust_default_path(struct arena *arena);

/* The file of these options; NULL: none. */
const char *trust_path(const struct fleet_options *options, struct arena *arena);

enum trust_state {
	TRUST_KNOWN,   /* ssh accepts its key already */
	TRUST_NEW,     /* no key of it is known */
	TRUST_CHANGED, /* another key of it is known */
	TRUST_REVOKED, /* its key was replaced before: never accepted */
	TRUST_FAILED,  /* no key could be had: `error` */
};

struct trust_key {
	enum trust_state state;
	char type[64];        /* "ssh-ed25519" */
	char fingerprint[52]; /* "SHA256:..." as ssh-keygen -l shows it */
	const char *line;     /* for the file, without newline; NULL where there is none */
	const char *revoked;  /* with TRUST_CHANGED: lines for the file that revoke what was known; "": nothing found */
	struct err error;     /* with TRUST_CHANGED: why what was known cannot be found */
};

/*
 * Asks each host for its key and holds it against what ssh knows. `ret` has `count` elements; strings live in the
 * arena. Sixteen hosts at a time. `options`: ssh, ssh_config, known_hosts, connect_timeout_ms, cancel. -1: ERR_SYSTEM,
 * ERR_CANCELLED. Local targets are TRUST_KNOWN. Blocks.
 */
int trust_look(const struct fleet_target *targets, size_t count, const struct fleet_options *options,
	       struct arena *arena, struct trust_key *ret, struct err *err);

/*
 * Puts the key into `path`, made (0600, its directory 0700) where it is missing. With TRUST_CHANGED, ERR_REFUSED unless
 * `replace`: then lines of that host with other keys are taken out of this file, and those keys revoked in it (the
 * user's own files are left alone). ERR_REFUSED also for TRUST_REVOKED, and where no old key was found to be revoked.
 */
int trust_accept(const char *path, const struct trust_key *key, bool replace, struct err *err);

/*
 * What `found`, the output of `ssh-keygen -F`, says about keys other than key->line's: a line that revokes each, for the
 * host's name and for the names that stood beside it, as far as they are plain. Pure.
 */
void trust_revoke(const char *found, const struct trust_key *key, struct arena *arena, struct strbuf *ret);

/* Type, fingerprint and line of one line in known_hosts format. -1: it is none. Pure. */
int trust_parse(const char *line, struct arena *arena, struct trust_key *ret, struct err *err);

#endif
