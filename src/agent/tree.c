/*
 * The question "tree": a directory whose entries are directories of small files, as /sys and /proc are, in one answer:
 * of each entry the texts of the files named, the targets of links and the names in directories.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/question.h"
#include "agent/session.h"
#include "base/fd.h"
#include "base/str.h"

enum {
	ENTRIES_MAX = 65536,
	NAMES_MAX = 32,
	PREFIXES_MAX = 16,
	TEXT_MAX = 4096,
	INNER_MAX = 256,
	PATH_MAX_BYTES = 4096
};

struct tree {
	struct session *s;
	const char *path;
	json_t *of, *prefixes; /* arrays of strings */
	const char *where;     /* NULL: every entry */
	json_t *values;        /* what the text of `where` begins with */
};

struct entry {
	const char *name;
	int fd; /* -1: no directory */
};

/* Relative, without "." and "..": it stays below its entry but for links, and those end at the root. */
static bool is_inner(const char *path)
{
	if (!path || !*path || strlen(path) > 255)
		return false;
	for (const char *p = path;;) {
		size_t len = strcspn(p, "/");
		if (!len || *p == '.')
			return false;
		if (!p[len])
			return true;
		p += len + 1;
	}
}

static bool are_strings(const json_t *list, size_t max, bool inner)
{
	size_t i;
	const json_t *item;
	if (!json_is_array(list) || json_array_size(list) > max)
		return false;
	json_array_foreach((json_t *)list, i, item) if (!json_is_string(item) ||
							(inner && !is_inner(json_string_value(item)))) return false;
	return true;
}

static bool begins(const char *text, const json_t *prefixes)
{
	size_t i;
	const json_t *item;
	json_array_foreach((json_t *)prefixes, i, item) if (str_starts(text, json_string_value(item))) return true;
	return false;
}

static json_t *names_of(int fd)
{
	DIR *d = fdopendir(fd);
	if (!d) {
		close(fd);
		return NULL;
	}
	json_t *names = json_array();
	for (struct dirent *e; names && (e = readdir(d));) {
		if (*e->d_name == '.' || !str_is_utf8(e->d_name, strlen(e->d_name)))
			continue;
		json_array_append_new(names, json_string(e->d_name));
		if (json_array_size(names) > INNER_MAX) {
			json_decref(names);
			names = NULL;
		}
	}
	closedir(d);
	return names ? json_pack("{s:o}", "names", names) : json_pack("{s:i}", "errno", EFBIG);
}

static json_t *text_of(int fd)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct err why = {0};
	if (fd_read_all(fd, TEXT_MAX, &text, &why) < 0)
		return why.code == ERR_LIMIT ? json_pack("{s:i}", "errno", EFBIG) : NULL;
	return str_is_utf8(strbuf_str(&text), text.len) ? json_stringn(strbuf_str(&text), text.len) : NULL;
}

/* NULL: not there, or nothing that can be told. */
static json_t *at(int dir, const char *name)
{
	struct stat st;
	char target[PATH_MAX_BYTES];
	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return NULL;
	if (S_ISLNK(st.st_mode)) {
		ssize_t len = readlinkat(dir, name, target, sizeof target);
		return len > 0 && (size_t)len < sizeof target && str_is_utf8(target, (size_t)len)
			   ? json_pack("{s:s%}", "link", target, (size_t)len)
			   : NULL;
	}
	if (S_ISDIR(st.st_mode)) {
		int inner = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		return inner < 0 ? NULL : names_of(inner);
	}
	_cleanup_fd_ int fd =
	    S_ISREG(st.st_mode) ? openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
	return fd < 0 ? NULL : text_of(fd);
}

/* The entry is opened once; only what lies deeper in it is walked to from the root, which no link on the way leaves. */
static json_t *one(const struct tree *t, const struct entry *entry, const char *name)
{
	const char *last;
	if (!strchr(name, '/'))
		return at(entry->fd, name);
	_cleanup_free_ char *path = xasprintf("%s/%s/%s", t->path, entry->name, name);
	_cleanup_fd_ int dir = root_parent(&t->s->root, path, &last);
	return at(dir, last);
}

static bool is_wanted(const struct tree *t, const struct entry *entry)
{
	if (!t->where)
		return true;
	json_t *text = one(t, entry, t->where);
	bool wanted = json_is_string(text) && begins(json_string_value(text), t->values);
	json_decref(text);
	return wanted;
}

static json_t *describe(const struct tree *t, const struct entry *entry)
{
	size_t i;
	const json_t *name;
	json_t *all = json_object();
	json_array_foreach(t->of, i, name)
	{
		json_t *value = one(t, entry, json_string_value(name));
		if (value)
			json_object_set_new(all, json_string_value(name), value);
	}
	return all;
}

/* Adds an entry that is wanted; false where there are more than `max`. */
static bool take(const struct tree *t, const char *name, size_t max, json_t *entries)
{
	if (*name == '.' || !str_is_utf8(name, strlen(name)) || (t->prefixes && !begins(name, t->prefixes)))
		return true;
	_cleanup_free_ char *path = xasprintf("%s/%s", t->path, name);
	_cleanup_fd_ int fd =
	    json_array_size(t->of) || t->where ? root_file(&t->s->root, path, O_PATH | O_DIRECTORY) : -1;
	const struct entry entry = {name, fd};
	if (!is_wanted(t, &entry))
		return true;
	if (json_object_size(entries) >= max)
		return false;
	json_object_set_new(entries, name, describe(t, &entry));
	return true;
}

json_t *tree_ask(struct session *s, json_t *item, struct err *err)
{
	struct tree t = {.s = s};
	json_int_t max;
	if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:s, s:o, s:I, s?o, s?{s:s, s:o}}", "tree", &t.path, "of", &t.of,
			   "max", &max, "prefix", &t.prefixes, "where", "file", &t.where, "begins", &t.values) < 0 ||
	    max < 1 || max > ENTRIES_MAX || !are_strings(t.of, NAMES_MAX, true) ||
	    (t.prefixes && !are_strings(t.prefixes, PREFIXES_MAX, false)) ||
	    (t.where && (!is_inner(t.where) || !are_strings(t.values, PREFIXES_MAX, false)))) {
		err_set(err, ERR_PROTOCOL, "an item (tree) of a wrong shape");
		return NULL;
	}
	int fd = root_file(&s->root, t.path, O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		int sys = errno;
		if (fd >= 0)
			close(fd);
		return json_pack("{s:i}", "errno", sys);
	}
	json_t *entries = json_object();
	bool over = false;
	for (struct dirent *e; !over && (e = readdir(d));)
		over = !take(&t, e->d_name, (size_t)max, entries);
	closedir(d);
	if (!over)
		return json_pack("{s:o}", "entries", entries);
	json_decref(entries);
	return json_pack("{s:i}", "errno", EFBIG);
}
