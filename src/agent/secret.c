#include "agent/secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

static struct secret *find(const struct secrets *s, const char *name)
{
	for (size_t i = 0; i < s->len; i++)
		if (streq(s->items[i].name, name))
			return &s->items[i];
	return NULL;
}

int secrets_add(struct secrets *s, const struct wire_frame *frame, const struct wire_keys *keys, struct err *err)
{
	struct secret opened = {0};
	if (wire_secret(frame, keys, opened.name, &opened.bytes, &opened.len, err) < 0)
		return -1;
	struct secret *place = find(s, opened.name);
	if (opened.len > SECRET_BYTES || (!place && s->len == SECRET_COUNT)) {
		sodium_free(opened.bytes);
		return err_set(err, ERR_LIMIT, "more secrets than this host keeps for one session");
	}
	if (place)
		sodium_free(place->bytes);
	else
		place = vec_push(s);
	*place = opened;
	return 0;
}

const struct secret *secrets_get(const struct secrets *s, const char *name, const char *salt, const char *fingerprint,
				 struct err *err)
{
	const struct secret *secret = find(s, name);
	char hex[65];
	if (!secret)
		return err_set(err, ERR_PROTOCOL, "the secret %s was not sent", name), NULL;
	if (wire_fingerprint(salt, secret->bytes, secret->len, hex, err) < 0)
		return NULL;
	if (!streq(hex, fingerprint))
		return err_set(err, ERR_PROTOCOL, "the secret %s that was sent is not the one that is wanted", name),
		       NULL;
	return secret;
}

void secrets_free(struct secrets *s)
{
	for (size_t i = 0; i < s->len; i++)
		sodium_free(s->items[i].bytes);
	vec_free(s);
}
