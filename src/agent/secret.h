/*
 * secret: what came in SECRET frames, opened, by name, in memory that is locked, left out of dumps and wiped when freed
 * (sodium_malloc(3)). Nothing of it is ever printed, logged, or put on a command line.
 */
#ifndef REEVE_AGENT_SECRET_H
#define REEVE_AGENT_SECRET_H

#include <stddef.h>

#include "base/err.h"
#include "wire/wire.h"

enum { SECRET_BYTES = 1 << 20, SECRET_COUNT = 64 };

struct secret {
	char name[WIRE_SECRET_NAME + 1];
	unsigned char *bytes;
	size_t len;
};

struct secrets {
	struct secret *items;
	size_t len, cap;
};

/* A second one of the same name takes the first one's place. */
int secrets_add(struct secrets *s, const struct wire_frame *frame, const struct wire_keys *keys, struct err *err);
/* That of this name, where it is the one with this fingerprint under this salt (both 64 hex digits). NULL with ERR_PROTOCOL: none
 * was sent, or another. */
const struct secret *secrets_get(const struct secrets *s, const char *name, const char *salt, const char *fingerprint,
				 struct err *err);
void secrets_free(struct secrets *s);

#endif
