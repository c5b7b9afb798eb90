#include "run/key.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static int copy_new(const struct gathered *g, unsigned char **key, size_t *len)
{
	*key = sodium_malloc(KEY_BYTES);
	if (!*key)
		abort();
	memcpy(*key, g->new_key, KEY_BYTES);
	*len = KEY_BYTES;
	return 0;
}

/* Why the key of a request is not the cluster's; NULL: it is. */
static const char *why_not(const struct gathered *g, const struct fleet_request *request)
{
	char hex[65];
	struct err err = {0};
	if (!request->answer || !request->secret)
		return str_printable(g->arena, request->error.text, strlen(request->error.text));
	if (wire_fingerprint(g->cluster->salt, request->secret, request->secret_len, hex, &err) < 0)
		return arena_strdup(g->arena, err.text);
	return streq(hex, g->cluster->key_fingerprint) ? NULL : "it gave another one";
}

/* 1: not this one. */
static int fetch_from(struct gathered *g, size_t host, unsigned char **key, size_t *len, struct findings *findings,
		      struct err *err)
{
	json_t *message = json_pack("{s:s, s:s, s:s, s:s, s:i}", "verb", "secret", "path", "/etc/munge/munge.key",
				    "name", "munge.key", "for", fleet_key(g->fleet), "max", 4096);
	struct fleet_request request = roll_request(g->roll, host, message);
	int rc = fleet_round(g->fleet, &request, 1, 30000, err);
	const char *why = rc == 0 ? why_not(g, &request) : NULL;
	if (rc == 0 && !why) {
		*key = TAKE(request.secret);
		*len = request.secret_len;
	} else if (rc == 0) {
		const struct inv_host *h = &g->inv->hosts[host];
		struct finding *f =
		    finding_add(findings, FINDING_WARNING, CODE_KEY_FALSE, h->name,
				"it says that it has the cluster's MUNGE key, and does not give it: %s", why);
		f->fix = "find out what made its agent say so; the key was taken from another host";
		f->origin = h->at;
		rc = 1;
	}
	fleet_request_clear(&request);
	json_decref(message);
	return rc;
}

int key_fetch(struct gathered *g, unsigned char **key, size_t *len, struct findings *findings, struct err *err)
{
	const struct cluster *c = g->cluster;
	int rc = 1;
	if (*key)
		return 0;
	if (g->new_key)
		return copy_new(g, key, len);
	for (size_t i = 0; rc > 0 && i < c->key_holder_count; i++)
		if (roll_in(g->roll, c->key_holders[i]))
			rc = fetch_from(g, c->key_holders[i], key, len, findings, err);
	return rc > 0 ? err_set(err, ERR_FAILED, "no host gave the cluster's MUNGE key") : rc;
}
