/*
 * conf/schema: asking a tree of values for what it should hold.
 *
 * A getter that finds something else adds a finding with its place (codes: conf/codes.h) and returns -1, leaving *ret
 * untouched; the caller goes on with the next key, so that one run names everything. `what` in the messages is the name
 * by which the operator knows the value, mostly its key. A NULL value is a finding nowhere: getters return -1 in
 * silence, since a required key that is missing was found by conf_walk.
 */
#ifndef REEVE_CONF_SCHEMA_H
#define REEVE_CONF_SCHEMA_H

#include <stdint.h>

#include "conf/value.h"

/* One known key of a map. */
struct conf_key {
	const char *name;
	bool required;
};

/* Walks `map` (named `what` in messages, e.g. "host dalt") with the keys it may have: `keys` ends with a NULL name. The
 * value of keys[i] is put to values[i], NULL where it is not given. Unknown keys and missing ones are findings
 * (not a missing one that an unknown one was surely meant to be). -1 when
 * it is not a map (a finding; all values are NULL then) or has such findings; the values are right in any case. */
int conf_walk(const struct conf_value *map, const char *what, const struct conf_key *keys,
	      const struct conf_value **values, struct diags *diags);

/* An error "unknown key ..." at the pair's key, with the nearest of `words` (NULL-terminated) as the help; gives that
 * one, or NULL. */
const char *conf_unknown_key(const struct conf_pair *pair, const char *what, const char *const *words,
			     struct diags *diags);

/* A text on one line without control bytes, not empty. Borrowed from the tree. Numbers and words like `yes` are texts
 * as they were written. */
int conf_text(const struct conf_value *value, const char *what, const char **ret, struct diags *diags);

/* true, yes, on; false, no, off. */
int conf_bool(const struct conf_value *value, const char *what, bool *ret, struct diags *diags);

/* A decimal integer in [min, max]. */
int conf_int(const struct conf_value *value, const char *what, uint64_t min, uint64_t max, uint64_t *ret,
	     struct diags *diags);

/* An amount of memory with its unit: "256 MB", "2GB", "1 TiB"; MB, GB, TB are Slurm's, and the same as MiB, GiB, TiB.
 * Gives MiB, at most 2^40. */
int conf_mib(const struct conf_value *value, const char *what, uint64_t *ret, struct diags *diags);

/* A speed with its unit: "500 Mbit", "10Gbit/s", "1 Tbit". Gives Mbit/s, at most `max`. */
int conf_mbit(const struct conf_value *value, const char *what, uint64_t max, uint64_t *ret, struct diags *diags);

/* str_is_name() of at most `max` bytes. */
int conf_name(const struct conf_value *value, const char *what, size_t max, const char **ret, struct diags *diags);

/* Something that names a machine to ssh: an IPv4 or IPv6 address, or a DNS name; never an option. */
int conf_address(const struct conf_value *value, const char *what, const char **ret, struct diags *diags);

/* The same for a text that is not a value of its own (one address of a range). */
int conf_address_check(const char *text, const char *what, struct span at, struct diags *diags);

/* An absolute path of [A-Za-z0-9/._+@~-], without ".", "..", doubled or trailing '/', at most 1,000 bytes. */
int conf_path(const struct conf_value *value, const char *what, const char **ret, struct diags *diags);

/* A version of someone's software ("24.11", "24.11.5-1"). A plain 22.10 is a finding, because YAML takes it for the
 * number 22.1 in every other tool; versions are quoted. */
int conf_version(const struct conf_value *value, const char *what, const char **ret, struct diags *diags);

/* Why a text is no such address or path ("is not absolute"); NULL: it is one. Static. The hint (NULL: none) may be
 * asked for. */
const char *conf_address_fault(const char *text, const char **ret_hint);
const char *conf_path_fault(const char *text);

/* One text, or a list of texts. `ret` holds the scalars themselves (borrowed; each checked as conf_text does; those
 * that are none are left out). An empty list is a finding. -1 only when nothing can be used. */
int conf_texts(const struct conf_value *value, const char *what, struct arena *arena,
	       const struct conf_value *const **ret, size_t *ret_count, struct diags *diags);

#endif
