#include "run/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

enum { FETCH_MS = 30000 };

static unsigned char *locked(size_t len)
{
	unsigned char *bytes = sodium_malloc(len);
	if (!bytes)
		abort();
	return bytes;
}

/* Takes the bytes. */
static void set(struct gathered *g, size_t place, unsigned char *bytes, size_t len)
{
	struct gathered_secret *s = &g->secrets[place];
	sodium_free(s->bytes);
	*s = (struct gathered_secret){.bytes = bytes, .len = len, .given = true};
	wire_fingerprint(g->cluster->salt, bytes, len, s->fingerprint, NULL);
	g->cluster->secrets[place].fingerprint = s->fingerprint;
}

void secret_make(struct gathered *g, size_t place)
{
	size_t len = g->cluster->secrets[place].row->bytes;
	unsigned char *bytes = locked(len);
	randombytes_buf(bytes, len);
	set(g, place, bytes, len);
}

int secret_read(struct gathered *g, size_t place, const char *path, struct err *err)
{
	const struct secret_row *row = g->cluster->secrets[place].row;
	struct stat st;
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_system(err, errno, "cannot open %s", path);
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077))
		return err_set(err, ERR_REFUSED, "%s %s", path,
			       S_ISREG(st.st_mode) ? "can be read by others: chmod 600" : "is not a regular file");
	if ((size_t)st.st_size < row->least || st.st_size > SECRET_BYTES_MAX)
		return err_set(err, ERR_REFUSED, "%s has %lld bytes; a %s has %zu to %d", path, (long long)st.st_size,
			       row->said, row->least, SECRET_BYTES_MAX);
	unsigned char *bytes = locked((size_t)st.st_size);
	if (read(fd, bytes, (size_t)st.st_size) != (ssize_t)st.st_size) {
		sodium_free(bytes);
		return err_set(err, ERR_REFUSED, "%s was not read whole", path);
	}
	set(g, place, bytes, (size_t)st.st_size);
	return 0;
}

void secret_keep(struct gathered *g)
{
	for (size_t i = 0; i < g->cluster->secret_count; i++)
		if (g->secrets[i].given)
			g->cluster->secrets[i].fingerprint = g->secrets[i].fingerprint;
}

/* Why what a request brought is not the cluster's; NULL: it is. */
static const char *why_not(const struct gathered *g, const struct fleet_request *request, const char *fingerprint)
{
	char hex[65];
	struct err err = {0};
	if (!request->answer || !request->secret)
		return str_printable(g->arena, request->error.text, strlen(request->error.text));
	if (wire_fingerprint(g->cluster->salt, request->secret, request->secret_len, hex, &err) < 0)
		return arena_strdup(g->arena, err.text);
	return streq(hex, fingerprint) ? NULL : "it gave another one";
}

/* 1: not this one. */
static int fetch_from(struct gathered *g, size_t place, size_t host, struct findings *findings, struct err *err)
{
	const struct cluster_secret *s = &g->cluster->secrets[place];
	bool next = false;
	cluster_holds_secret(g->cluster, host, s, &next);
	const char *path = arena_printf(g->arena, "%s%s", s->row->path, next ? SECRET_NEXT : "");
	json_t *message = json_pack("{s:s, s:s, s:s, s:s, s:i}", "verb", "secret", "path", path, "name", s->row->name,
				    "for", fleet_key(g->fleet), "max", SECRET_BYTES_MAX);
	struct fleet_request request = roll_request(g->roll, host, message);
	int rc = fleet_round(g->fleet, &request, 1, FETCH_MS, err);
	const char *why = rc == 0 ? why_not(g, &request, s->fingerprint) : NULL;
	if (rc == 0 && !why) {
		g->secrets[place].bytes = TAKE(request.secret);
		g->secrets[place].len = request.secret_len;
	} else if (rc == 0) {
		const struct inv_host *h = &g->inv->hosts[host];
		struct finding *f =
		    finding_add(findings, FINDING_WARNING, CODE_KEY_FALSE, h->name,
				"it says that it has the cluster's %s, and does not give it: %s", s->row->said, why);
		f->fix = "find out what made its agent say so; the key was taken from another host";
		f->origin = h->at;
		rc = 1;
	}
	fleet_request_clear(&request);
	json_decref(message);
	return rc;
}

static int fetch(struct gathered *g, size_t place, struct findings *findings, struct err *err)
{
	const struct cluster_secret *s = &g->cluster->secrets[place];
	int rc = 1;
	for (size_t i = 0; rc > 0 && i < s->holder_count; i++)
		if (roll_in(g->roll, s->holders[i]))
			rc = fetch_from(g, place, s->holders[i], findings, err);
	return rc > 0 ? err_set(err, ERR_FAILED, "no host gave the cluster's %s", s->row->said) : rc;
}

static bool is_in(const struct fleet_secret *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (streq(list[i].name, name))
			return true;
	return false;
}

int secret_collect(struct gathered *g, const struct resource *const *resources, size_t count, struct fleet_secret **ret,
		   size_t *ret_count, struct findings *findings, struct err *err)
{
	struct fleet_secret *list = NULL;
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		const char *name = resource_secret(resources[i]);
		if (!name || is_in(list, n, name))
			continue;
		const struct cluster_secret *s = cluster_secret(g->cluster, name);
		if (!s)
			return err_set(err, ERR_INTERNAL, "no module has the secret %s", name);
		struct gathered_secret *own = &g->secrets[s - g->cluster->secrets];
		if (!own->bytes && fetch(g, (size_t)(s - g->cluster->secrets), findings, err) < 0)
			return -1;
		if (!list)
			list = arena_calloc(g->arena, SECRETS_MAX, sizeof *list);
		list[n++] = (struct fleet_secret){s->row->name, own->bytes, own->len};
	}
	*ret = list;
	*ret_count = n;
	return 0;
}

void secret_wipe(struct gathered *g)
{
	for (size_t i = 0; i < SECRETS_MAX; i++)
		sodium_free(g->secrets[i].bytes);
}
