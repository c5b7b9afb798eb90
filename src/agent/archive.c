#include "agent/archive.h"

#include <stdio.h>
#include <string.h>

#include "agent/child.h"
#include "agent/session.h"
#include "agent/tell.h"
#include "base/str.h"

enum { LINE_MAX_BYTES = 65536, TAR_MS = 900000 };

struct listing {
	const struct archive *archive;
	struct strbuf line;
	struct arena *arena;
	size_t members;
	const char *bad; /* the first member that may not be there; NULL: none */
};

/* A name as tar quotes it: neither '.' nor '/' ever is. */
struct name {
	const char *text;
	size_t len;
};

/* The next component; false: there is no other. */
static bool next_part(struct name *rest, struct name *part)
{
	while (rest->len && *rest->text == '/')
		rest->text++, rest->len--;
	const char *slash = memchr(rest->text, '/', rest->len);
	*part = (struct name){rest->text, slash ? (size_t)(slash - rest->text) : rest->len};
	rest->text += part->len;
	rest->len -= part->len;
	return part->len > 0;
}

static bool is_up(const struct name *part)
{
	return part->len == 2 && part->text[0] == '.' && part->text[1] == '.';
}

static bool is_here(const struct name *part)
{
	return part->len == 1 && part->text[0] == '.';
}

/* Absolute, or with a component ".."? */
static bool leads_out(struct name name)
{
	struct name part;
	if (!name.len || name.text[0] == '/')
		return true;
	while (next_part(&name, &part))
		if (is_up(&part))
			return true;
	return false;
}

/* How many directories a member is in, once tar has dropped the first `strip` components, "." among them. */
static size_t depth_of(struct name name, unsigned strip)
{
	size_t depth = 0;
	struct name part;
	for (unsigned i = 0; next_part(&name, &part); i++)
		depth += i >= strip && !is_here(&part);
	return depth ? depth - 1 : 0;
}

/* Does a symbolic link lead out of the tree, by its text? */
static bool points_out(struct name target, size_t depth)
{
	struct name part;
	if (!target.len || target.text[0] == '/')
		return true;
	while (next_part(&target, &part)) {
		if (is_up(&part) && depth-- == 0)
			return true;
		if (!is_up(&part) && !is_here(&part))
			depth++;
	}
	return false;
}

/* The next "..." of a line; what is behind it, NULL: there is none. */
static const char *next_name(const char *p, struct name *ret)
{
	const char *begin = p ? strchr(p, '"') : NULL, *end;
	if (!begin)
		return NULL;
	for (end = begin + 1; *end && *end != '"'; end++)
		if (*end == '\\' && end[1])
			end++;
	*ret = (struct name){begin + 1, (size_t)(end - begin) - 1};
	return *end ? end + 1 : NULL;
}

/* -rw-r--r-- 0/0 6 2026-11-27 09:54 "name", and behind it of a hard link: link to "name"; of a symbolic one: -> "text" */
static void judge(struct listing *l, const char *line)
{
	struct name name, target;
	l->members++;
	if (l->bad)
		return;
	const char *rest = next_name(line, &name);
	bool bad = !strchr("-dlh", line[0]) || !rest || leads_out(name);
	if (!bad && strchr("lh", line[0]))
		bad = !next_name(rest, &target) ||
		      (line[0] == 'h' ? leads_out(target) : points_out(target, depth_of(name, l->archive->strip)));
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

static int run(struct session *s, const struct archive *a, const struct child_spec *spec, const char *doing,
	       struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct child *c = child_start(s, spec, err);
	return c ? tell_child(s, a->resource, arena_printf(arena, "%s: %s", a->name, doing), c, "tar", err) : -1;
}

int archive_check(struct session *s, const struct archive *a, struct err *err)
{
	const char *const argv[] = {"tar",
				    "--list",
				    "--verbose",
				    "--absolute-names",
				    "--numeric-owner",
				    "--quoting-style=c",
				    "--force-local",
				    "--file",
				    a->path,
				    NULL};
	_cleanup_arena_ struct arena *arena = arena_new();
	struct listing l = {.archive = a, .arena = arena};
	struct child_spec spec = {
	    .argv = argv, .timeout_ms = TAR_MS, .max = 4096, .user = a->user, .on_output = on_output, .userdata = &l};
	int r = run(s, a, &spec, "looking at what is in it", err);
	if (r == 0 && l.bad)
		r = err_set(err, ERR_REFUSED, "%s has a member that may not be in one: %s", a->name, l.bad);
	else if (r == 0 && !l.members)
		r = err_set(err, ERR_REFUSED, "%s is empty", a->name);
	else if (r < 0)
		err_wrap(err, "%s", a->name);
	strbuf_free(&l.line);
	return r;
}

int archive_unpack(struct session *s, const struct archive *a, const char *into, struct err *err)
{
	char strip[32];
	snprintf(strip, sizeof strip, "--strip-components=%u", a->strip);
	const char *const argv[] = {"tar",
				    "--extract",
				    "--no-same-owner",
				    "--no-same-permissions",
				    strip,
				    "--force-local",
				    "--directory",
				    into,
				    "--file",
				    a->path,
				    NULL};
	struct child_spec spec = {.argv = argv, .timeout_ms = TAR_MS, .user = a->user};
	return run(s, a, &spec, "unpacking it", err) < 0 ? err_wrap(err, "unpacking %s", a->name) : 0;
}
