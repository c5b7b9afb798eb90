/*
 * hash: SHA-256 (FIPS 180-4, libsodium) names content: files, blobs, catalogs, the agent itself. Written as 64
 * lower-case hexadecimal digits where people or JSON see it, so that sha256sum(1) can be held against it.
 */
#ifndef REEVE_BASE_HASH_H
#define REEVE_BASE_HASH_H

#include <stddef.h>

#include "base/err.h"

#define DIGEST_HEX 64

struct digest {
	char hex[DIGEST_HEX + 1];
};

struct digest digest_of(const void *bytes, size_t len);
/* Reads `fd` from its start to its end (pread: the offset stays where it is). Blocks on the disk. */
int digest_of_fd(int fd, struct digest *ret, struct err *err);
int digest_parse(const char *hex, struct digest *ret); /* -1 unless 64 lower-case hexadecimal digits */

#endif
