#include "transport/trust.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "transport/channel.h"
#include "transport/explain.h"
#include "transport/ssh.h"

enum { AT_ONCE = 16, FILE_MAX = 16 << 20, TEXT_MAX = 8192 };

const char *trust_default_path(struct arena *arena)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	if (config && config[0] == '/')
		return arena_printf(arena, "%s/reeve/known_hosts", config);
	return home && home[0] == '/' ? arena_printf(arena, "%s/.config/reeve/known_hosts", home) : NULL;
}

int trust_parse(const char *line, struct arena *arena, struct trust_key *ret, struct err *err)
{
	unsigned char blob[4096], hash[crypto_hash_sha256_BYTES];
	char base64[sodium_base64_ENCODED_LEN(sizeof hash, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];
	char *copy = arena_strdup(arena, line), *rest = copy;
	const char *names = str_next(&rest, " \t\r\n"), *type = str_next(&rest, " \t\r\n"),
		   *key = str_next(&rest, " \t\r\n");
	size_t len;
	if (!names || names[0] == '#' || names[0] == '@' || !type || !key || strlen(type) >= sizeof ret->type ||
	    sodium_base642bin(blob, sizeof blob, key, strlen(key), NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL) !=
		0)
		return err_set(err, ERR_INPUT, "this is no line of a known_hosts file");
	crypto_hash_sha256(hash, blob, len);
	sodium_bin2base64(base64, sizeof base64, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	snprintf(ret->type, sizeof ret->type, "%s", type);
	snprintf(ret->fingerprint, sizeof ret->fingerprint, "SHA256:%s", base64);
	ret->line = arena_printf(arena, "%s %s %s", names, type, key);
	return 0;
}

/* One ssh, asked for a key or whether it knows the key. */
struct look {
	struct looks *looks;
	struct channel *channel;
	size_t host;
	bool fetching;
	struct strbuf errors;
};

struct looks {
	const struct fleet_target *targets;
	struct ssh ssh;
	struct arena *arena;
	struct trust_key *keys;
	const char *dir; /* a private one for the files of fetched keys */
	struct channel_set channels;
	uv_loop_t loop;
	size_t running;
};

static char *fetched_path(const struct look *look)
{
	return arena_printf(look->looks->arena, "%s/%zu", look->looks->dir, look->host);
}

/*
 * The command line of ssh_argv with our options in front of its own: the first value that ssh is given for an option is
 * the one in force (ssh_config(5)).
 */
static char **look_argv(const struct look *look, bool fetching)
{
	const struct looks *l = look->looks;
	const struct fleet_target *target = &l->targets[look->host];
	struct ssh ssh = l->ssh;
	const struct ssh_dest dest = {
	    .host = target->address ? target->address : target->name, .user = target->user, .port = target->port};
	if (fetching)
		ssh.known_hosts = NULL;
	char **base = ssh_argv(&ssh, &dest, "exit", false, l->arena);
	size_t count = 0, n = 0;
	while (base[count])
		count++;
	char **argv = arena_calloc(l->arena, count + 16, sizeof *argv);
	argv[n++] = base[0];
	const char *const all[] = {"PreferredAuthentications=none", "HashKnownHosts=no", "CheckHostIP=no", NULL};
	const char *const fetch[] = {"StrictHostKeyChecking=accept-new", "GlobalKnownHostsFile=/dev/null",
				     arena_printf(l->arena, "UserKnownHostsFile=\"%s\"", fetched_path(look)), NULL};
	for (size_t i = 0; all[i]; i++) {
		argv[n++] = arena_strdup(l->arena, "-o");
		argv[n++] = arena_strdup(l->arena, all[i]);
	}
	for (size_t i = 0; fetching && fetch[i]; i++) {
		argv[n++] = arena_strdup(l->arena, "-o");
		argv[n++] = arena_strdup(l->arena, fetch[i]);
	}
	memcpy(argv + n, base + 1, (count - 1) * sizeof *argv);
	return argv;
}

static void look_start(struct look *look, bool fetching);

static void look_done(struct look *look)
{
	channel_close(look->channel);
	look->channel = NULL;
	strbuf_free(&look->errors);
	look->looks->running--;
}

static void read_fetched(struct look *look, int status)
{
	struct trust_key *key = &look->looks->keys[look->host];
	_cleanup_strbuf_ struct strbuf file = {0};
	enum trust_state found = key->state;
	if (file_read(fetched_path(look), TEXT_MAX, &file, NULL) == 0 && file.len &&
	    trust_parse(file.data, look->looks->arena, key, &key->error) == 0) {
		key->state = found;
		return;
	}
	const struct explain why = {.name = look->looks->targets[look->host].name,
				    .status = status,
				    .errors = strbuf_str(&look->errors),
				    .errors_len = look->errors.len,
				    .noise = ""};
	key->state = TRUST_FAILED;
	explain_failure(&why, &key->error);
}

static void on_out(void *data, const char *bytes, size_t len)
{
	(void)data;
	(void)bytes;
	(void)len;
}

static void on_err(void *data, const char *bytes, size_t len)
{
	struct look *look = data;
	if (look->errors.len + len <= TEXT_MAX)
		strbuf_add(&look->errors, bytes, len);
}

static bool said(const struct look *look, const char *text)
{
	return strstr(strbuf_str(&look->errors), text) != NULL;
}

static void on_end(void *data, int status)
{
	struct look *look = data;
	struct trust_key *key = &look->looks->keys[look->host];
	if (look->fetching) {
		read_fetched(look, status);
		look_done(look);
		return;
	}
	/* Past the host key there is either the refusal of a login with nothing, or a host that lets in anybody. */
	if (status == 0 || said(look, "Permission denied"))
		key->state = TRUST_KNOWN;
	else if (said(look, "REMOTE HOST IDENTIFICATION HAS CHANGED"))
		key->state = TRUST_CHANGED;
	else
		key->state = TRUST_NEW;
	channel_close(look->channel);
	strbuf_free(&look->errors);
	look_start(look, true);
}

static void look_start(struct look *look, bool fetching)
{
	static const struct channel_ops ops = {.on_out = on_out, .on_err = on_err, .on_end = on_end};
	struct trust_key *key = &look->looks->keys[look->host];
	look->fetching = fetching;
	look->channel = channel_spawn(&look->looks->channels, look_argv(look, fetching), &ops, look, &key->error);
	if (!look->channel) {
		key->state = TRUST_FAILED;
		look_done(look);
	}
}

static void do_nothing(uv_timer_t *timer)
{
	(void)timer;
}

static int look_at_all(struct looks *l, size_t count, const struct fleet_options *options, struct err *err)
{
	struct look *all = arena_calloc(l->arena, count ? count : 1, sizeof *all);
	uv_timer_t tick;
	size_t next = 0;
	int rc = 0;
	uv_timer_init(&l->loop, &tick);
	uv_timer_start(&tick, do_nothing, 100, 100);
	while (next < count || l->running) {
		if (options->cancel && *options->cancel) {
			rc = err_set(err, ERR_CANCELLED, "interrupted");
			break;
		}
		while (next < count && l->running < AT_ONCE) {
			struct look *look = &all[next];
			*look = (struct look){.looks = l, .host = next++};
			l->keys[look->host].state = TRUST_KNOWN;
			if (l->targets[look->host].local)
				continue;
			l->running++;
			look_start(look, false);
		}
		if (l->running)
			uv_run(&l->loop, UV_RUN_ONCE);
	}
	for (size_t i = 0; i < next; i++) {
		channel_close(all[i].channel);
		strbuf_free(&all[i].errors);
		unlink(fetched_path(&(struct look){.looks = l, .host = i}));
	}
	uv_close((uv_handle_t *)&tick, NULL);
	return rc;
}

int trust_look(const struct fleet_target *targets, size_t count, const struct fleet_options *options,
	       struct arena *arena, struct trust_key *ret, struct err *err)
{
	char dir[] = "/tmp/reeve-trust-XXXXXX";
	const char *program = options->ssh ? options->ssh : getenv("REEVE_SSH");
	struct looks l = {.targets = targets,
			  .arena = arena,
			  .keys = ret,
			  .dir = dir,
			  .ssh = {.program = program && *program ? program : "ssh",
				  .config = options->ssh_config,
				  .known_hosts = options->ssh_config    ? NULL
						 : options->known_hosts ? options->known_hosts
									: trust_default_path(arena),
				  .connect_timeout_s =
				      options->connect_timeout_ms >= 1000 ? options->connect_timeout_ms / 1000 : 10}};
	if (!mkdtemp(dir))
		return err_system(err, errno, "%s", dir);
	signal(SIGPIPE, SIG_IGN);
	memset(ret, 0, count * sizeof *ret);
	uv_loop_init(&l.loop);
	channel_set_init(&l.channels, &l.loop);
	int rc = look_at_all(&l, count, options, err);
	channel_set_free(&l.channels);
	uv_loop_close(&l.loop);
	rmdir(dir);
	return rc;
}

/* Are these two lines about the same host? Ours are written with plain names. */
static bool same_host(const char *a, const char *b)
{
	size_t len = strcspn(a, " \t");
	return len == strcspn(b, " \t") && memcmp(a, b, len) == 0;
}

int trust_accept(const char *path, const struct trust_key *key, bool replace, struct err *err)
{
	_cleanup_strbuf_ struct strbuf file = {0}, out = {0};
	struct err why;
	if (!key->line)
		return err_set(err, ERR_MISSING, "there is no key to accept");
	if (key->state == TRUST_CHANGED && !replace)
		return err_set(err, ERR_REFUSED, "its host key has changed; say --replace when you know why");
	_cleanup_free_ char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		if (dir_make(dir, 0700, err) < 0)
			return -1;
	}
	if (file_read(path, FILE_MAX, &file, &why) < 0 && !(why.code == ERR_SYSTEM && why.sys == ENOENT))
		return err_set(err, why.code, "%s", why.text);
	_cleanup_free_ char *text = strbuf_take(&file);
	char *rest = text;
	for (char *line; (line = str_next_line(&rest));) {
		if (streq(line, key->line) || (replace && same_host(line, key->line)))
			continue;
		strbuf_addf(&out, "%s\n", line);
	}
	strbuf_addf(&out, "%s\n", key->line);
	return file_write_atomic(path, out.data, out.len, 0600, err);
}
