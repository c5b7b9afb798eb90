#include "agent/archive-list.h"

#include <string.h>

#include "agent/child.h"
#include "agent/session.h"
#include "base/str.h"
#include "base/vec.h"

enum { LINE_MAX_BYTES = 65536, TAR_MS = 1800000, OPTIONS_MAX = 8 };

/* tar finds out what a file is packed with, and of a pipe cannot. */
static const char *filter_of(const struct blob *blob)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *option;
	} filters[] = {{"\x1f\x8b", 2, "--gzip"},
		       {"\xfd"
			"7zXZ",
			5, "--xz"},
		       {"\x28\xb5\x2f\xfd", 4, "--zstd"},
		       {"BZh", 3, "--bzip2"}};
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		if (blob->len >= filters[i].len && memcmp(blob->bytes, filters[i].magic, filters[i].len) == 0)
			return filters[i].option;
	return NULL;
}

int archive_list_tar(struct session *s, const struct blob *blob, const char *mode, const char *const *options,
		     void (*on_output)(void *userdata, const char *bytes, size_t len), void *userdata, struct err *err)
{
	const char *argv[OPTIONS_MAX + 8] = {"tar", mode, "--file=-", "--no-same-owner", "--no-same-permissions"};
	size_t n = 5;
	const char *filter = filter_of(blob);
	if (filter)
		argv[n++] = filter;
	for (size_t i = 0; i < OPTIONS_MAX && options[i]; i++)
		argv[n++] = options[i];
	return child_run(s,
			 &(struct child_spec){.argv = argv,
					      .input = blob->bytes,
					      .input_len = blob->len,
					      .timeout_ms = TAR_MS,
					      .on_output = on_output,
					      .userdata = userdata},
			 NULL, err);
}

struct listing {
	struct strbuf line;
	struct arena *arena;
	size_t members;
	const char *bad; /* the first member that may not be there; NULL: none */
};

/* Absolute, or with a component ".."? As it is quoted: neither '.' nor '/' ever is. */
static bool leads_out(const char *name, size_t len)
{
	if (!len || name[0] == '/')
		return true;
	for (size_t at = 0; at < len;) {
		const char *slash = memchr(name + at, '/', len - at);
		size_t part = slash ? (size_t)(slash - name) - at : len - at;
		if (part == 2 && name[at] == '.' && name[at + 1] == '.')
			return true;
		at += part + 1;
	}
	return false;
}

/* The next "..." of a line; what is behind it, NULL: there is none. */
static const char *next_name(const char *p, const char **ret, size_t *ret_len)
{
	const char *begin = strchr(p, '"'), *end;
	if (!begin)
		return NULL;
	for (end = begin + 1; *end && *end != '"'; end++)
		if (*end == '\\' && end[1])
			end++;
	*ret = begin + 1;
	*ret_len = (size_t)(end - begin) - 1;
	return *end ? end + 1 : NULL;
}

/* -rw-r--r-- 0/0 6 2026-11-27 09:54 "name", and for a hard link: link to "name" */
static void judge(struct listing *l, const char *line)
{
	const char *name, *rest;
	size_t len;
	l->members++;
	if (l->bad)
		return;
	rest = next_name(line, &name, &len);
	bool bad = !strchr("-dlh", line[0]) || !rest || leads_out(name, len);
	if (!bad && line[0] == 'h')
		bad = !next_name(rest, &name, &len) || leads_out(name, len);
	if (bad)
		l->bad = str_printable(l->arena, line, strnlen(line, 300));
}

static void on_output(void *userdata, const char *bytes, size_t len)
{
	struct listing *l = userdata;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != '\n' && l->line.len < LINE_MAX_BYTES) {
			strbuf_addc(&l->line, bytes[i]);
		} else {
			judge(l, strbuf_str(&l->line));
			strbuf_reset(&l->line);
		}
	}
}

int archive_list_check(struct session *s, const struct blob *blob, struct err *err)
{
	static const char *const options[] = {"--verbose", "--absolute-names", "--numeric-owner", "--quoting-style=c",
					      NULL};
	_cleanup_arena_ struct arena *arena = arena_new();
	struct listing l = {.arena = arena};
	int r = archive_list_tar(s, blob, "--list", options, on_output, &l, err);
	if (r == 0 && l.bad)
		r = err_set(err, ERR_REFUSED, "the archive has a member that may not be in one: %s", l.bad);
	else if (r == 0 && !l.members)
		r = err_set(err, ERR_REFUSED, "the archive is empty");
	strbuf_free(&l.line);
	return r;
}
