#include "agent/blob.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

int blobs_add(struct blobs *b, const struct wire_frame *frame, struct err *err)
{
	struct digest digest;
	const char *bytes;
	size_t len;
	if (wire_blob(frame, &digest, &bytes, &len, err) < 0)
		return -1;
	if (blobs_get(b, digest.hex))
		return 0;
	if (b->len >= BLOB_COUNT || len > BLOB_BYTES - b->bytes)
		return err_set(err, ERR_LIMIT, "more blobs than this host keeps for one session");
	struct blob *blob = vec_push(b);
	blob->digest = digest;
	blob->bytes = xcalloc(1, len + 1);
	blob->len = len;
	memcpy(blob->bytes, bytes, len);
	b->bytes += len;
	return 0;
}

const struct blob *blobs_get(const struct blobs *b, const char *hex)
{
	for (size_t i = 0; i < b->len; i++)
		if (streq(b->items[i].digest.hex, hex))
			return &b->items[i];
	return NULL;
}

void blobs_drop(struct blobs *b, const char *hex)
{
	for (size_t i = 0; hex && i < b->len; i++)
		if (streq(b->items[i].digest.hex, hex)) {
			b->bytes -= b->items[i].len;
			free(b->items[i].bytes);
			b->items[i] = b->items[--b->len];
			return;
		}
}

void blobs_free(struct blobs *b)
{
	for (size_t i = 0; i < b->len; i++)
		free(b->items[i].bytes);
	vec_free(b);
}
