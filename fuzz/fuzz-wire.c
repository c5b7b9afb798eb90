/* Frames and what is in them: any bytes are frames, more to come, or an error, and never more than what was given. */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-text.h"
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wire_keys *keys;

static void look_into(const struct wire_frame *frame)
{
	struct err err;
	struct digest digest;
	const char *bytes;
	char name[WIRE_SECRET_NAME + 1];
	unsigned char *secret;
	size_t len;
	size_t values = JSON_TEXT_VALUES;
	json_t *message = wire_message(frame, &values, &err);
	if (message && !json_is_object(message))
		abort();
	json_decref(message);
	if (wire_blob(frame, &digest, &bytes, &len, &err) == 0 && bytes + len != frame->payload + frame->len)
		abort();
	if (wire_secret(frame, keys, name, &secret, &len, &err) == 0)
		sodium_free(secret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!keys && (sodium_init() < 0 || !(keys = wire_keys_new())))
		abort();
	char *copy = malloc(size ? size : 1); /* as long as the input: what reads further is caught */
	if (!copy)
		abort();
	memcpy(copy, data, size);
	const char *at = copy;
	size_t left = size;
	struct wire_frame frame;
	struct err err;
	while (wire_parse(at, left, WIRE_MAX, &frame, &err) == 1) {
		if (frame.payload != at + WIRE_HEADER || frame.len > left - WIRE_HEADER)
			abort();
		look_into(&frame);
		at += WIRE_HEADER + frame.len;
		left -= WIRE_HEADER + frame.len;
	}
	free(copy);
	return 0;
}
