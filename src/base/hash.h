/*
 * hash: SHA-256 (FIPS 180-4, libsodium) names content: files, blobs, catalogs, the agent itself. Written as 64
 * lower-case hexadecimal digits where people or JSON see it, so that sha256sum(1) can be held against it.
 */
#ifndef REEVE_BASE_HASH_H
#define REEVE_BASE_HASH_H

#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

#define DIGEST_HEX 64

struct digest {
	char hex[DIGEST_HEX + 1];
};

struct digest digest_of(const void *bytes, size_t len);
/* Reads `fd` from its start to its end (pread: the offset stays where it is). Blocks on the disk. */
int digest_of_fd(int fd, struct digest *ret, struct err *err);
int digest_parse(const char *hex, struct digest *ret); /* -1 unless 64 lower-case hexadecimal digits */

/* Those of contents that stay where they are and as they are, by their place in memory: each is worked out once, as long as
 * no other takes its slot. Zeroed, it is empty. */
struct digests {
	struct {
		const void *bytes;
		size_t len;
		const struct digest *digest;
	} slots[64];
};

/* In the arena, which outlives `known`. `known` may be NULL: none is remembered. */
const struct digest *digests_of(struct digests *known, const void *bytes, size_t len, struct arena *arena);

#endif
