/*
 * shadow: what /etc/shadow says of one account (shadow(5)), without its hash: that is compared by a keyed hash of it, and
 * leaves the memory that it was read into (sodium_malloc(3)) in no other form.
 */
#ifndef REEVE_AGENT_SHADOW_H
#define REEVE_AGENT_SHADOW_H

#include <stdbool.h>

#include "base/err.h"

struct session;

struct shadow {
	bool there;
	bool locked;          /* '!' before a hash, or no hash at all: no password fits */
	bool has_hash;        /* there is one, locked or not */
	long expires;         /* day since 1970 from which on nobody logs in; -1: never */
	char fingerprint[65]; /* of the field as it is; "" without a salt */
};

/* `salt` is the key of the fingerprint (wire_fingerprint), NULL: none is wanted. A file that is not there knows nobody. */
int shadow_look(struct session *s, const char *name, const char *salt, struct shadow *ret, struct err *err);

#endif
