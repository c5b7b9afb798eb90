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
#include "run/round.h"

enum { FETCH_MS = 30000 };

static unsigned char *locked(size_t len)
{
	unsigned char *bytes = sodium_malloc(len);
	if (!bytes)
		abort();
	return bytes;
}

/* Takes the bytes. */
static void set(struct run *run, size_t place, unsigned char *bytes, size_t len)
{
	struct run_secret *s = &run->secrets[place];
	sodium_free(s->bytes);
	*s = (struct run_secret){.bytes = bytes, .len = len, .given = true};
	wire_fingerprint(run->cluster->salt, bytes, len, s->fingerprint, NULL);
	run->cluster->secrets[place].fingerprint = s->fingerprint;
}

void secret_make(struct run *run, size_t place)
{
	size_t len = run->cluster->secrets[place].row->bytes;
	unsigned char *bytes = locked(len);
	randombytes_buf(bytes, len);
	set(run, place, bytes, len);
}

int secret_read(struct run *run, size_t place, const char *path, struct err *err)
{
	const struct secret_row *row = run->cluster->secrets[place].row;
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
	size_t len = (size_t)st.st_size;
	while (row->file && len && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
		len--;
	const char *fault = row->fault ? row->fault(bytes, len) : NULL;
	if (fault) {
		sodium_free(bytes);
		return err_set(err, ERR_REFUSED, "%s %s", path, fault);
	}
	set(run, place, bytes, len);
	return 0;
}

static void read_file(struct run *run, size_t place)
{
	const struct secret_row *row = run->cluster->secrets[place].row;
	struct err err;
	if (secret_read(run, place, row->file, &err) == 0)
		return;
	struct finding *f =
	    finding_add(&run->cluster->findings, FINDING_STOP, CODE_SECRET_FILE, NULL, "%s: %s", row->said, err.text);
	f->fix = "put right what cluster.yaml names there";
	f->origin = row->at;
}

void secret_settle(struct run *run)
{
	if (!run->secrets) {
		run->secret_count = run->cluster->secret_count;
		run->secrets = arena_calloc(run->arena, run->secret_count, sizeof *run->secrets);
	}
	for (size_t i = 0; i < run->secret_count; i++) {
		if (run->cluster->secrets[i].row->file && !run->secrets[i].given)
			read_file(run, i);
		if (run->secrets[i].given)
			run->cluster->secrets[i].fingerprint = run->secrets[i].fingerprint;
	}
}

/* Why what a request brought is not the cluster's; NULL: it is. */
static const char *why_not(const struct run *run, const struct fleet_request *request, const char *fingerprint)
{
	char hex[65];
	struct err err = {0};
	if (!request->answer || !request->secret)
		return str_printable(run->arena, request->error.text, strlen(request->error.text));
	if (wire_fingerprint(run->cluster->salt, request->secret, request->secret_len, hex, &err) < 0)
		return arena_strdup(run->arena, err.text);
	return streq(hex, fingerprint) ? NULL : "it gave another one";
}

/* 1: not this one. */
static int fetch_from(struct run *run, size_t place, size_t host, struct findings *findings, struct err *err)
{
	const struct cluster_secret *s = &run->cluster->secrets[place];
	bool next = false;
	cluster_holds_secret(run->cluster, host, s, &next);
	const char *path = arena_printf(run->arena, "%s%s", s->row->path, next ? SECRET_NEXT : "");
	json_t *message = json_pack("{s:s, s:s, s:s, s:s, s:i}", "verb", "secret", "path", path, "name", s->row->name,
				    "for", fleet_key(run->fleet), "max", SECRET_BYTES_MAX);
	_cleanup_round_ struct round round = {.run = run};
	struct fleet_request *request = round_add(&round, host, message);
	if (round_send(&round, FETCH_MS, err) < 0)
		return -1;
	const char *why = why_not(run, request, s->fingerprint);
	if (!why) {
		run->secrets[place].bytes = TAKE(request->secret);
		run->secrets[place].len = request->secret_len;
		return 0;
	}
	const struct inv_host *h = &run->inv->hosts[host];
	struct finding *f =
	    finding_add(findings, FINDING_WARNING, CODE_KEY_FALSE, h->name,
			"it says that it has the cluster's %s, and does not give it: %s", s->row->said, why);
	f->fix = "find out what made its agent say so; the key was taken from another host";
	f->origin = h->at;
	return 1;
}

static int fetch(struct run *run, size_t place, struct findings *findings, struct err *err)
{
	const struct cluster_secret *s = &run->cluster->secrets[place];
	int rc = 1;
	for (size_t i = 0; rc > 0 && i < s->holder_count; i++)
		if (roll_in(run->roll, s->holders[i]))
			rc = fetch_from(run, place, s->holders[i], findings, err);
	return rc > 0 ? err_set(err, ERR_FAILED, "no host gave the cluster's %s", s->row->said) : rc;
}

static bool is_in(const struct fleet_secret *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (streq(list[i].name, name))
			return true;
	return false;
}

int secret_collect(struct run *run, const struct resource *const *resources, size_t count, struct fleet_secret **ret,
		   size_t *ret_count, struct findings *findings, struct err *err)
{
	struct fleet_secret *list = NULL;
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		const char *name = resource_secret(resources[i]);
		if (!name || is_in(list, n, name))
			continue;
		const struct cluster_secret *s = cluster_secret(run->cluster, name);
		if (!s)
			return err_set(err, ERR_INTERNAL, "no module has the secret %s", name);
		struct run_secret *own = &run->secrets[s - run->cluster->secrets];
		if (!own->bytes && fetch(run, (size_t)(s - run->cluster->secrets), findings, err) < 0)
			return -1;
		if (!list)
			list = arena_calloc(run->arena, run->secret_count, sizeof *list);
		list[n++] = (struct fleet_secret){s->row->name, own->bytes, own->len};
	}
	*ret = list;
	*ret_count = n;
	return 0;
}

void secret_wipe(struct run *run)
{
	for (size_t i = 0; i < run->secret_count; i++)
		sodium_free(run->secrets[i].bytes);
}
