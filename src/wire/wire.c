#include "wire/wire.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-text.h"
#include "base/mem.h"
#include "base/str.h"

int wire_parse(const char *bytes, size_t len, size_t most, struct wire_frame *ret, struct err *err)
{
	if (len < WIRE_HEADER)
		return 0;
	const unsigned char *u = (const unsigned char *)bytes;
	size_t size = (size_t)u[0] << 24 | (size_t)u[1] << 16 | (size_t)u[2] << 8 | u[3];
	if (size > most)
		return err_set(err, ERR_LIMIT, "a frame of %zu bytes, more than %zu", size, most);
	if (u[4] != WIRE_MESSAGE && u[4] != WIRE_HEARTBEAT && u[4] != WIRE_BLOB && u[4] != WIRE_SECRET)
		return err_set(err, ERR_PROTOCOL, "a frame of unknown type 0x%02x", u[4]);
	if (len - WIRE_HEADER < size)
		return 0;
	*ret = (struct wire_frame){.type = u[4], .payload = bytes + WIRE_HEADER, .len = size};
	return 1;
}

int wire_next(const struct strbuf *in, struct wire_frame *ret, struct err *err)
{
	return wire_parse(strbuf_str(in), in->len, WIRE_MAX, ret, err);
}

static void put_header(struct strbuf *out, enum wire_type type, size_t len)
{
	if (len > WIRE_MAX)
		abort();
	const unsigned char header[WIRE_HEADER] = {(unsigned char)(len >> 24), (unsigned char)(len >> 16),
						   (unsigned char)(len >> 8), (unsigned char)len, (unsigned char)type};
	strbuf_add(out, header, sizeof header);
}

void wire_put(struct strbuf *out, enum wire_type type, const void *payload, size_t len)
{
	put_header(out, type, len);
	strbuf_add(out, payload, len);
}

void wire_put_json(struct strbuf *out, const json_t *message)
{
	_cleanup_free_ char *text = json_dumps(message, JSON_COMPACT);
	if (!text)
		abort();
	wire_put(out, WIRE_MESSAGE, text, strlen(text));
}

void wire_put_blob(struct strbuf *out, const struct digest *digest, const void *bytes, size_t len)
{
	put_header(out, WIRE_BLOB, DIGEST_HEX + len);
	strbuf_add(out, digest->hex, DIGEST_HEX);
	strbuf_add(out, bytes, len);
}

json_t *wire_message(const struct wire_frame *frame, size_t *values, struct err *err)
{
	size_t most = values ? *values : SIZE_MAX;
	json_t *message = json_text_load(frame->payload, frame->len, most, err);
	if (!message) {
		err_wrap(err, "a message");
		return NULL;
	}
	if (values)
		*values -= json_text_weigh(frame->payload, frame->len);
	if (!json_is_object(message)) {
		json_decref(message);
		err_set(err, ERR_PROTOCOL, "a message that is not an object");
		return NULL;
	}
	return message;
}

int wire_blob(const struct wire_frame *frame, struct digest *ret_digest, const char **ret_bytes, size_t *ret_len,
	      struct err *err)
{
	if (frame->type != WIRE_BLOB || frame->len < DIGEST_HEX)
		return err_set(err, ERR_PROTOCOL, "a blob that is too short");
	struct digest found = digest_of(frame->payload + DIGEST_HEX, frame->len - DIGEST_HEX);
	if (memcmp(found.hex, frame->payload, DIGEST_HEX) != 0)
		return err_set(err, ERR_PROTOCOL, "a blob whose digest is wrong");
	*ret_digest = found;
	*ret_bytes = frame->payload + DIGEST_HEX;
	*ret_len = frame->len - DIGEST_HEX;
	return 0;
}

struct wire_keys {
	unsigned char public[crypto_box_PUBLICKEYBYTES];
	unsigned char secret[crypto_box_SECRETKEYBYTES];
};

struct wire_keys *wire_keys_new(void)
{
	struct wire_keys *keys = sodium_malloc(sizeof *keys);
	if (!keys)
		abort();
	crypto_box_keypair(keys->public, keys->secret);
	return keys;
}

void wire_keys_free(struct wire_keys *keys)
{
	sodium_free(keys);
}

void wire_keys_public_hex(const struct wire_keys *keys, char out[65])
{
	sodium_bin2hex(out, 65, keys->public, sizeof keys->public);
}

static int from_hex(const char *hex, unsigned char out[32], const char *what, struct err *err)
{
	size_t len;
	const char *end;
	if (strlen(hex) != 64 || sodium_hex2bin(out, 32, hex, 64, NULL, &len, &end) != 0 || len != 32)
		return err_set(err, ERR_PROTOCOL, "%s that is not 64 hexadecimal digits", what);
	return 0;
}

static bool is_secret_name(const char *name, size_t len)
{
	if (!len || len > WIRE_SECRET_NAME)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!name[i] || !strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", name[i]))
			return false;
	return true;
}

int wire_put_secret(struct strbuf *out, const char *name, const char *public_hex, const void *bytes, size_t len,
		    struct err *err)
{
	unsigned char public[crypto_box_PUBLICKEYBYTES];
	size_t name_len = strlen(name);
	if (!is_secret_name(name, name_len))
		return err_set(err, ERR_PROTOCOL, "a secret without a proper name");
	if (from_hex(public_hex, public, "a session key", err) < 0)
		return -1;
	size_t sealed = crypto_box_SEALBYTES + len, before = out->len;
	put_header(out, WIRE_SECRET, name_len + 1 + sealed);
	strbuf_add(out, name, name_len + 1);
	strbuf_reserve(out, sealed);
	/* It refuses points of a small order, which a peer may send for its key. */
	if (crypto_box_seal((unsigned char *)out->data + out->len, bytes, len, public) != 0) {
		out->len = before;
		out->data[before] = '\0';
		return err_set(err, ERR_PROTOCOL, "a session key that nothing can be sealed to");
	}
	out->len += sealed;
	out->data[out->len] = '\0';
	return 0;
}

int wire_secret(const struct wire_frame *frame, const struct wire_keys *keys, char ret_name[WIRE_SECRET_NAME + 1],
		unsigned char **ret, size_t *ret_len, struct err *err)
{
	const char *end = frame->type == WIRE_SECRET ? memchr(frame->payload, '\0', frame->len) : NULL;
	size_t name_len = end ? (size_t)(end - frame->payload) : 0;
	if (!end || !is_secret_name(frame->payload, name_len) || frame->len - name_len - 1 < crypto_box_SEALBYTES)
		return err_set(err, ERR_PROTOCOL, "a secret that is malformed");
	size_t sealed = frame->len - name_len - 1, len = sealed - crypto_box_SEALBYTES;
	unsigned char *bytes = sodium_malloc(len ? len : 1);
	if (!bytes)
		abort();
	if (crypto_box_seal_open(bytes, (const unsigned char *)end + 1, sealed, keys->public, keys->secret) != 0) {
		sodium_free(bytes);
		return err_set(err, ERR_PROTOCOL, "a secret that was not sealed for this session");
	}
	memcpy(ret_name, frame->payload, name_len + 1);
	*ret = bytes;
	*ret_len = len;
	return 0;
}

int wire_fingerprint(const char *salt_hex, const void *bytes, size_t len, char out[65], struct err *err)
{
	unsigned char salt[32], hash[32];
	if (from_hex(salt_hex, salt, "a salt", err) < 0)
		return -1;
	crypto_generichash(hash, sizeof hash, bytes, len, salt, sizeof salt);
	sodium_bin2hex(out, 65, hash, sizeof hash);
	return 0;
}
