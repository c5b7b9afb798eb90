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

enum { AT_ONCE = 16, FILE_MAX = 16 << 20, TEXT_MAX = 8192, OUTPUT_MAX = 1 << 20, FILES_MAX = 32 };

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
		return err_set(err, ERR_INPUT, "this is not a line of a known_hosts file");
	crypto_hash_sha256(hash, blob, len);
	sodium_bin2base64(base64, sizeof base64, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	snprintf(ret->type, sizeof ret->type, "%s", type);
	snprintf(ret->fingerprint, sizeof ret->fingerprint, "SHA256:%s", base64);
	ret->line = arena_printf(arena, "%s %s %s", names, type, key);
	return 0;
}

const char *trust_path(const struct fleet_options *options, struct arena *arena)
{
	return options->known_hosts ? options->known_hosts : options->ssh_config ? NULL : trust_default_path(arena);
}

/* A hash or a pattern stands for nobody knows how many hosts. */
static bool is_plain(const char *name)
{
	return !strpbrk(name, "|*?!");
}

static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (strcspn(text, "\n") == len && memcmp(text, line, len) == 0)
			return true;
	return false;
}

void trust_revoke(const char *found, const struct trust_key *key, struct arena *arena, struct strbuf *ret)
{
	char *rest = arena_strdup(arena, key->line), *lines = arena_strdup(arena, found);
	const char *name = str_next(&rest, " ");
	str_next(&rest, " ");
	const char *current = str_next(&rest, " ");
	for (char *line; (line = str_next_line(&lines));) {
		if (*line == '#' || *line == '@')
			continue;
		char *names = str_next(&line, " \t"), *type = str_next(&line, " \t"), *old = str_next(&line, " \t");
		if (!old || streq(old, current))
			continue;
		_cleanup_strbuf_ struct strbuf one = {0};
		strbuf_addf(&one, "@revoked %s", name);
		for (char *other; (other = str_next(&names, ","));)
			if (is_plain(other) && !streq(other, name))
				strbuf_addf(&one, ",%s", other);
		strbuf_addf(&one, " %s %s", type, old);
		if (!has_line(strbuf_str(ret), one.data))
			strbuf_addf(ret, "%s\n", one.data);
	}
}

enum stage {
	ASK,    /* ssh, whether it knows the key */
	FETCH,  /* ssh, for the key */
	CONFIG, /* ssh, which files of known hosts it reads */
	SEARCH, /* ssh-keygen, what one of them knows of the host */
};

/* One program that looks at one host. */
struct look {
	struct looks *looks;
	struct channel *channel;
	size_t host;
	enum stage stage;
	const char *files[FILES_MAX];
	size_t file_count, file; /* `file`: the next to search */
	struct strbuf output, errors, revoked;
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

static struct ssh_dest dest_of(const struct fleet_target *target)
{
	return (struct ssh_dest){
	    .host = target->address ? target->address : target->name, .user = target->user, .port = target->port};
}

/*
 * The command line of ssh_argv with our options in front of its own: the first value that ssh is given for an option is
 * the one in force (ssh_config(5)).
 */
static char **ssh_look(const struct look *look)
{
	const struct looks *l = look->looks;
	bool fetching = look->stage == FETCH;
	struct ssh ssh = l->ssh;
	const struct ssh_dest dest = dest_of(&l->targets[look->host]);
	if (look->stage == CONFIG)
		return ssh_config_argv(&ssh, &dest, l->arena);
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

static char **search_argv(struct look *look)
{
	struct arena *arena = look->looks->arena;
	const char *line = look->looks->keys[look->host].line;
	char **argv = arena_calloc(arena, 6, sizeof *argv);
	argv[0] = arena_strdup(arena, "ssh-keygen");
	argv[1] = arena_strdup(arena, "-F");
	argv[2] = arena_strndup(arena, line, strcspn(line, " "));
	argv[3] = arena_strdup(arena, "-f");
	argv[4] = arena_strdup(arena, look->files[look->file++]);
	return argv;
}

static void look_start(struct look *look, enum stage stage);

static void look_clear(struct look *look)
{
	channel_close(look->channel);
	look->channel = NULL;
	strbuf_free(&look->output);
	strbuf_free(&look->errors);
}

static void look_done(struct look *look)
{
	look_clear(look);
	strbuf_free(&look->revoked);
	look->looks->running--;
}

static void add_file(struct look *look, const char *path)
{
	if (look->file_count < FILES_MAX && access(path, F_OK) == 0)
		look->files[look->file_count++] = path;
}

/* `ssh -G` prints the names with spaces between, and does not quote those that have some: both are tried. */
static void read_config(struct look *look)
{
	struct arena *arena = look->looks->arena;
	char *rest = arena_strndup(arena, strbuf_str(&look->output), look->output.len);
	if (look->looks->ssh.known_hosts)
		add_file(look, look->looks->ssh.known_hosts);
	for (char *line; (line = str_next_line(&rest));) {
		const char *key = str_next(&line, " ");
		if (!key || !line || (!streq(key, "userknownhostsfile") && !streq(key, "globalknownhostsfile")))
			continue;
		if (strchr(line, ' '))
			add_file(look, arena_strdup(arena, line));
		for (const char *path; (path = str_next(&line, " \""));)
			add_file(look, path);
	}
}

/* All that was known of it is found: the next file, or the end. */
static void search(struct look *look)
{
	struct trust_key *key = &look->looks->keys[look->host];
	if (look->file < look->file_count) {
		look_start(look, SEARCH);
		return;
	}
	key->revoked = arena_strndup(look->looks->arena, strbuf_str(&look->revoked), look->revoked.len);
	look_done(look);
}

/* The key that was fetched; false: there is none. */
static bool read_fetched(struct look *look, int status)
{
	struct trust_key *key = &look->looks->keys[look->host];
	_cleanup_strbuf_ struct strbuf file = {0};
	enum trust_state found = key->state;
	if (file_read(fetched_path(look), TEXT_MAX, &file, NULL) == 0 && file.len &&
	    trust_parse(file.data, look->looks->arena, key, &key->error) == 0) {
		key->state = found;
		return true;
	}
	const struct explain why = {.name = look->looks->targets[look->host].name,
				    .status = status,
				    .errors = strbuf_str(&look->errors),
				    .errors_len = look->errors.len,
				    .noise = ""};
	key->state = TRUST_FAILED;
	explain_failure(&why, &key->error);
	return false;
}

static void on_out(void *data, const char *bytes, size_t len)
{
	struct look *look = data;
	if (look->stage >= CONFIG && look->output.len + len <= OUTPUT_MAX)
		strbuf_add(&look->output, bytes, len);
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

/* Past the host key there is either the refusal of a login with nothing, or a host that lets in anybody. */
static enum trust_state judge(const struct look *look, int status)
{
	if (status == 0 || said(look, "Permission denied"))
		return TRUST_KNOWN;
	if (said(look, "REVOKED HOST KEY DETECTED") || said(look, "marked as revoked"))
		return TRUST_REVOKED;
	return said(look, "REMOTE HOST IDENTIFICATION HAS CHANGED") ? TRUST_CHANGED : TRUST_NEW;
}

/* A kept connection was made with a key that is in question now. */
static void forget_master(const struct look *look)
{
	const struct ssh_dest dest = dest_of(&look->looks->targets[look->host]);
	ssh_forget_master(&look->looks->ssh, &dest);
}

static void on_end(void *data, int status)
{
	struct look *look = data;
	struct trust_key *key = &look->looks->keys[look->host];
	switch (look->stage) {
	case ASK:
		key->state = judge(look, status);
		if (key->state == TRUST_KNOWN) {
			look_done(look);
			return;
		}
		forget_master(look);
		look_start(look, FETCH);
		return;
	case FETCH:
		if (read_fetched(look, status) && key->state == TRUST_CHANGED)
			look_start(look, CONFIG);
		else
			look_done(look);
		return;
	case CONFIG:
		read_config(look);
		search(look);
		return;
	case SEARCH:
		trust_revoke(strbuf_str(&look->output), key, look->looks->arena, &look->revoked);
		search(look);
		return;
	}
}

static void look_start(struct look *look, enum stage stage)
{
	static const struct channel_ops ops = {.on_out = on_out, .on_err = on_err, .on_end = on_end};
	struct trust_key *key = &look->looks->keys[look->host];
	look_clear(look);
	look->stage = stage;
	char **argv = stage == SEARCH ? search_argv(look) : ssh_look(look);
	look->channel = channel_spawn(&look->looks->channels, argv, &ops, look, &key->error);
	if (look->channel)
		return;
	if (stage < CONFIG)
		key->state = TRUST_FAILED;
	look_done(look);
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
			look_start(look, ASK);
		}
		if (l->running)
			uv_run(&l->loop, UV_RUN_ONCE);
	}
	for (size_t i = 0; i < next; i++) {
		look_clear(&all[i]);
		strbuf_free(&all[i].revoked);
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
				  .known_hosts = trust_path(options, arena),
				  .connect_timeout_s =
				      options->connect_timeout_ms >= 1000 ? options->connect_timeout_ms / 1000 : 10}};
	struct err why;
	l.ssh.control_dir = options->control_dir ? options->control_dir : ssh_control_dir(arena, &why);
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
		return err_set(err, ERR_REFUSED, "its host key has changed; use --replace when you know why");
	if (key->state == TRUST_REVOKED)
		return err_set(err, ERR_REFUSED, "its host key is revoked in %s, since another took its place", path);
	if (key->state == TRUST_CHANGED && key->error.code)
		return err_set(err, key->error.code, "cannot look for its old key: %s", key->error.text);
	if (key->state == TRUST_CHANGED && (!key->revoked || !*key->revoked))
		return err_set(err, ERR_REFUSED,
			       "its old key was not found in the files of known hosts, so that it cannot be revoked: "
			       "remove it there (ssh-keygen -R)");
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
		if (streq(line, key->line) || (replace && same_host(line, key->line)) ||
		    (key->revoked && has_line(key->revoked, line)))
			continue;
		strbuf_addf(&out, "%s\n", line);
	}
	if (key->state == TRUST_CHANGED)
		strbuf_adds(&out, key->revoked);
	strbuf_addf(&out, "%s\n", key->line);
	return file_write_atomic(path, out.data, out.len, 0600, err);
}
