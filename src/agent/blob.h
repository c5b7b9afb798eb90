/*
 * blob: contents by their SHA-256, as they came in BLOB frames. Kept in memory until the session ends, bounded.
 */
#ifndef REEVE_AGENT_BLOB_H
#define REEVE_AGENT_BLOB_H

#include <stddef.h>

#include "base/err.h"
#include "base/hash.h"
#include "wire/wire.h"

enum { BLOB_BYTES = 256 << 20 }; /* all blobs of a session together */
enum { BLOB_COUNT = 65536 };

struct blob {
	struct digest digest;
	char *bytes;
	size_t len;
};

struct blobs {
	struct blob *items;
	size_t len, cap;
	size_t bytes;
};

/* Keeps the blob of a frame; its digest is checked. ERR_LIMIT beyond the bounds. */
int blobs_add(struct blobs *b, const struct wire_frame *frame, struct err *err);
const struct blob *blobs_get(const struct blobs *b, const char *hex); /* NULL: not here */
void blobs_drop(struct blobs *b, const char *hex); /* one that is not needed any more; NULL is fine */
void blobs_free(struct blobs *b);

#endif
