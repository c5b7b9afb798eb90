/*
 * A mirror is believed nothing: not its length, not its content. What came is hashed when curl says that it is all; what is
 * another content is removed, and the next URL is tried, which begins at the first byte. What was cut off is kept, and
 * curl goes on behind it, from the same URL as long as that brings more, else from the next.
 */
#include "agent/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/failpoint.h"
#include "agent/session.h"
#include "agent/tell.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

enum {
	TICK_MS = 1000,
	CURL_RANGE = 33,      /* curl(1), "EXIT CODES": the server cannot go on in the middle */
	FULL_BYTES = 1 << 16, /* a disk with less is full */
	LINE_BYTES = 1000,
};

struct fetch {
	struct spool *spool;
	const struct source *source;
	const char *name; /* of the part, in the spool */
	uint64_t until;   /* clock_ms() */
	uint64_t from;    /* bytes that were there when this curl began */
	uint64_t total;   /* as the server says; 0: it does not */
	uint64_t begun;
	struct tell_pace pace;
	struct strbuf line; /* of the headers */
	bool too_long;      /* more came than there can be */
	struct strbuf why;  /* of all URLs */
};

static uint64_t part_size(const struct fetch *f)
{
	struct stat st;
	_cleanup_fd_ int fd = spool_file(f->spool, f->name);
	return fd >= 0 && fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static uint64_t free_bytes(const struct fetch *f)
{
	struct statvfs fs;
	_cleanup_fd_ int fd = root_file(&f->spool->session->root, f->spool->path, O_RDONLY | O_DIRECTORY);
	return fd >= 0 && fstatvfs(fd, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : UINT64_MAX;
}

static int check_space(const struct fetch *f, struct err *err)
{
	uint64_t have = part_size(f), need = f->source->size > have ? f->source->size - have : FULL_BYTES;
	uint64_t left = free_bytes(f);
	if (left >= need)
		return 0;
	return err_system(err, ENOSPC, "the disk is full: %s needs %llu MB in %s, where %llu MB are free",
			  f->source->name, (unsigned long long)(need + 999999) / 1000000, f->spool->path,
			  (unsigned long long)left / 1000000);
}

/* "content-length: 70", of the last answer, which is no redirection; how much there is in all stands behind a slash. */
static void judge_header(struct fetch *f, const char *line)
{
	uint64_t n;
	const char *slash = strchr(line, '/'), *space = strchr(line, ' ');
	if (str_starts(line, "HTTP/"))
		f->total = 0;
	else if (strncasecmp(line, "content-length:", 15) == 0 && space && str_read_u64(space + 1, SOURCE_BYTES, &n))
		f->total = f->total ? f->total : f->from + n;
	else if (strncasecmp(line, "content-range:", 14) == 0 && slash && str_read_u64(slash + 1, SOURCE_BYTES, &n))
		f->total = n;
}

static void on_output(void *userdata, const char *bytes, size_t len)
{
	struct fetch *f = userdata;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n') {
			judge_header(f, strbuf_str(&f->line));
			strbuf_reset(&f->line);
		} else if (f->line.len < LINE_BYTES) {
			strbuf_addc(&f->line, bytes[i]);
		}
	}
}

static void tell(struct fetch *f, uint64_t have)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	uint64_t total = f->source->size ? f->source->size : f->total, ms = clock_ms() - f->begun;
	uint64_t unit = (total ? total : have) >= 10000000 ? 1000000 : 1000;
	strbuf_addf(&text, "%s: %llu", f->source->name, (unsigned long long)(have / unit));
	if (total >= have && total)
		strbuf_addf(&text, " of %llu", (unsigned long long)(total / unit));
	strbuf_adds(&text, unit == 1000 ? " kB" : " MB");
	if (total >= have && have > f->from) {
		unsigned long long left = (total - have) / ((have - f->from) / (ms / 1000 + 1) + 1) + 1;
		if (left <= 120)
			strbuf_addf(&text, ", %llu s left", left);
		else
			strbuf_addf(&text, ", %llu min left", left / 60 + 1);
	}
	tell_progress(f->spool->session, f->spool->resource, "%s", text.data);
}

static void tick(struct fetch *f, struct child *c)
{
	uint64_t have = part_size(f), most = f->source->size ? f->source->size : (uint64_t)SOURCE_BYTES;
	if (have > most && !f->too_long && !c->reaped) {
		f->too_long = true;
		kill(-c->pid, SIGTERM);
	}
	if (tell_due(&f->pace))
		tell(f, have);
}

/* What the host's own programs are told of proxies: /etc/environment (environment(5)). */
static const char *const *environment(struct session *s, const char *home, struct arena *arena)
{
	static const char *const names[] = {"http_proxy",  "https_proxy", "ftp_proxy", "all_proxy", "no_proxy",
					    "HTTPS_PROXY", "FTP_PROXY",   "ALL_PROXY", "NO_PROXY"};
	VEC(const char *) list = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	struct err ignored;
	*vec_push_in(arena, &list) = arena_printf(arena, "HOME=%s", home);
	if (root_read(&s->root, "/etc/environment", 1 << 16, &text, &ignored) == 0 && text.len) {
		char *rest = text.data;
		for (char *line; (line = str_next_line(&rest));) {
			if (str_starts(line, "export "))
				line += strlen("export ");
			char *value = strchr(line, '=');
			for (size_t i = 0; value && i < ARRAY_LEN(names); i++) {
				size_t len = strlen(names[i]), end = strlen(value);
				if ((size_t)(value - line) != len || memcmp(line, names[i], len) != 0)
					continue;
				bool quoted = end > 2 && strchr("\"'", value[1]) && value[end - 1] == value[1];
				*vec_push_in(arena, &list) =
				    arena_printf(arena, "%s=%.*s", names[i], (int)(end - (quoted ? 3 : 1)),
						 value + (quoted ? 2 : 1));
			}
		}
	}
	*vec_push_in(arena, &list) = NULL;
	return list.items;
}

static struct child *start(struct fetch *f, const char *url, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct session *s = f->spool->session;
	const char *home = arena_printf(arena, "%s%s", s->root.path, f->spool->path);
	const char *part = arena_printf(arena, "%s/%s", home, f->name);
	uint64_t now = clock_ms();
	const char *const argv[] = {"curl",
				    "-q",
				    "--silent",
				    "--show-error",
				    "--fail",
				    "--location",
				    "--max-redirs",
				    "10",
				    "--proto",
				    "=http,https,ftp",
				    "--proto-redir",
				    "=http,https,ftp",
				    "--globoff",
				    "--connect-timeout",
				    "20",
				    "--speed-limit",
				    "1000",
				    "--speed-time",
				    "60",
				    "--dump-header",
				    "-",
				    "--continue-at",
				    "-",
				    "--output",
				    part,
				    "--url",
				    url,
				    NULL};
	if (now >= f->until) {
		err_set(err, ERR_TIMEOUT, "it takes longer than %u s", source_limit_s(f->source));
		return NULL;
	}
	return child_start(s,
			   &(struct child_spec){.argv = argv,
						.env = environment(s, home, arena),
						.max = 4096,
						.timeout_ms = (unsigned)(f->until - now),
						.user = f->spool->user,
						.on_output = on_output,
						.userdata = f},
			   err);
}

/* 0: curl says that it is all. `*ret_again`: what was there is of no use for this server. */
static int run_curl(struct fetch *f, const char *url, bool *ret_again, struct err *err)
{
	struct session *s = f->spool->session;
	_cleanup_strbuf_ struct strbuf said = {0};
	*ret_again = false;
	f->from = part_size(f);
	f->begun = clock_ms();
	f->total = 0;
	strbuf_reset(&f->line);
	failpoint();
	struct child *c = start(f, url, err);
	if (!c)
		return -1;
	while (!c->ended) {
		pump_wait(&s->pump, TICK_MS);
		tick(f, c);
	}
	failpoint();
	int r = c->killed ? pump_check(&s->pump, err) : 0;
	if (r == 0 && !f->too_long && child_succeeded(c)) {
		child_free(s, c);
		return 0;
	}
	child_last_words(c, &said);
	const char *text = strbuf_str(&said), *words = str_starts(text, "curl: (") ? strstr(text, ") ") : NULL;
	if (r == 0 && f->too_long)
		err_set(err, ERR_LIMIT, "it sends more than %llu bytes", (unsigned long long)f->source->size);
	else if (r == 0 && c->timed_out)
		err_set(err, ERR_TIMEOUT, "it takes longer than %u s", source_limit_s(f->source));
	else if (r == 0)
		err_set(err, ERR_FAILED, "%.300s", said.len ? (words ? words + 2 : text) : "curl failed");
	*ret_again =
	    f->from && WIFEXITED(c->status) && (WEXITSTATUS(c->status) == CURL_RANGE || strstr(text, "error: 416"));
	child_free(s, c);
	return -1;
}

/* 1: what came is the source, and kept under its name. */
static int take(struct fetch *f, struct err *err)
{
	struct digest found;
	const struct digest *wanted = &f->source->digest;
	_cleanup_fd_ int fd = spool_file(f->spool, f->name);
	if (fd < 0)
		return 0;
	int is = spool_is(f->spool->session, fd, wanted, &found, err);
	if (is > 0)
		return spool_keep_part(f->spool, wanted, err) < 0 ? -1 : 1;
	if (is == 0)
		err_set(err, ERR_FAILED, "its SHA-256 is %s, not %s", found.hex, wanted->hex);
	return is;
}

/* 0: fetched. -1 with ERR_CANCELLED or ERR_SYSTEM: no other URL is tried. */
static int try_url(struct fetch *f, const char *url, struct err *err)
{
	bool began_again = false, again;
	for (;;) {
		f->too_long = false;
		if (check_space(f, err) < 0)
			return -1;
		if (run_curl(f, url, &again, err) == 0) {
			uint64_t have = part_size(f);
			if (have < f->source->size && have > f->from)
				continue; /* cut off where the server had not said how long it is */
			int r = take(f, err);
			if (r)
				return r < 0 ? -1 : 0;
			spool_drop_part(f->spool, &f->source->digest);
			again = f->from > 0; /* what was there before may be to blame */
		} else if (err->code == ERR_CANCELLED || err->code == ERR_MISSING) {
			return -1;
		} else if (f->too_long || again) {
			spool_drop_part(f->spool, &f->source->digest);
			again = f->from > 0;
		} else if (part_size(f) > f->from && err->code != ERR_TIMEOUT) {
			continue; /* cut off: on from there */
		} else if (check_space(f, err) < 0) {
			return -1;
		}
		if (!again || began_again)
			return -1;
		began_again = true;
	}
}

static int try_all(struct fetch *f, struct err *err)
{
	for (const char *const *url = f->source->urls; url && *url; url++) {
		if (try_url(f, *url, err) == 0)
			return 0;
		if (err->code == ERR_CANCELLED || err->code == ERR_SYSTEM)
			return -1;
		if (err->code == ERR_MISSING)
			break;
		strbuf_addf(&f->why, "%s%.200s: %.300s", f->why.len ? "; " : "", *url, err->text);
	}
	if (err->code == ERR_MISSING) /* no curl */
		return err_wrap(err, "%s could not be fetched", f->source->name);
	return err_set(err, ERR_MISSING, "%s could not be fetched: %s", f->source->name,
		       f->why.len ? f->why.data : "it has no URL, and the operator's side did not send it");
}

int fetch_source(struct spool *sp, const struct source *src, struct err *err)
{
	char part[DIGEST_HEX + 6];
	struct fetch f = {.spool = sp, .source = src, .name = part};
	struct err first = {0};
	memcpy(part, src->digest.hex, DIGEST_HEX);
	memcpy(part + DIGEST_HEX, ".part", sizeof ".part");
	f.until = clock_ms() + source_limit_s(src) * 1000ULL;
	int r = take(&f, &first); /* all of it may have come, and been cut off right behind that */
	if (r == 0 && src->size && part_size(&f) >= src->size)
		spool_drop_part(sp, &src->digest);
	if (r < 0)
		*err = first;
	else if (r == 0)
		r = (*err = (struct err){0}, try_all(&f, err));
	strbuf_free(&f.line);
	strbuf_free(&f.why);
	return r < 0 ? -1 : 0;
}
