/* What a compute host has at the path: a directory, a mount, a file system of some size. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "modules/scratch/scratch.h"

enum { CONF_MAX = 1 << 16, PATH_MAX_BYTES = 1024 };

#define FS_ITEM "fs."

static void ask_stat(json_t *items, const char *name, const char *path)
{
	json_array_append_new(items, json_pack("{s:s, s:s, s:b}", "name", name, "stat", path, "follow", 1));
}

static void ask_fs(json_t *items, unsigned place, const char *path)
{
	json_array_append_new(items, json_pack("{s:o, s:s}", "name", json_sprintf(FS_ITEM "%u", place), "fs", path));
}

/* The directory above, in `path` itself. */
static void cut(char *path)
{
	char *slash = strrchr(path, '/');
	slash[slash == path] = '\0';
}

/* A directory that is not there yet will be on the file system of the first one above it that is; one that is to be a mount not. */
void scratch_ask(const struct inventory *inv, const struct inv_host *host, json_t *items)
{
	const struct scratch *s = inventory_section(inv, NULL, scratch_section.name);
	char path[PATH_MAX_BYTES];
	if (!s || !host->compute)
		return;
	snprintf(path, sizeof path, "%s", s->path);
	ask_stat(items, "path", path);
	json_array_append_new(items,
			      json_pack("{s:s, s:s, s:i}", "name", "conf", "read", SCRATCH_CONF, "max", (int)CONF_MAX));
	if (s->mount) {
		ask_fs(items, 0, path);
		cut(path);
		ask_stat(items, "above", path);
		return;
	}
	for (unsigned i = 0;; i++) {
		ask_fs(items, i, path);
		if (streq(path, "/"))
			return;
		cut(path);
	}
}

static uint64_t size_of(const json_t *items)
{
	char name[16];
	for (unsigned i = 0;; i++) {
		snprintf(name, sizeof name, FS_ITEM "%u", i);
		const json_t *fs = json_object_get(items, name), *total = json_object_get(fs, "total");
		if (!fs)
			return 0;
		if (!json_is_integer(total))
			continue;
		uint64_t mib = json_integer_value(total) > 0 ? (uint64_t)json_integer_value(total) >> 10 : 0;
		return mib < FACTS_MOST_SCRATCH ? mib : FACTS_MOST_SCRATCH;
	}
}

/* A mount is on another device than the directory that it is in. */
static bool is_mounted(const json_t *path, const json_t *above)
{
	const json_t *here = json_object_get(path, "dev"), *there = json_object_get(above, "dev");
	return json_is_integer(here) && json_is_integer(there) && json_integer_value(here) != json_integer_value(there);
}

void *scratch_take(const json_t *items, struct arena *arena, struct err *err)
{
	const json_t *path = json_object_get(items, "path"), *above = json_object_get(items, "above");
	const json_t *uid = json_object_get(path, "uid");
	const char *type = json_string_value(json_object_get(path, "type"));
	const char *conf = json_string_value(json_object_get(json_object_get(items, "conf"), "text"));
	struct scratch_there *t = arena_alloc(arena, sizeof *t);
	(void)err;
	*t = (struct scratch_there){
	    .type = type ? str_printable(arena, type, strnlen(type, 16)) : NULL,
	    .mode = facts_mode(json_string_value(json_object_get(path, "mode"))),
	    .uid = json_is_integer(uid) ? (long)json_integer_value(uid) : -1,
	    .mounted = is_mounted(path, above),
	    .silent = json_integer_value(json_object_get(path, "errno")) == ETIMEDOUT,
	    .ours = conf && str_starts(conf, CLUSTER_CONF_MARK),
	};
	t->mib = above && !t->mounted ? 0 : size_of(items);
	return t;
}

void scratch_measure(const void *own, struct facts *facts)
{
	const struct scratch_there *t = own;
	facts->scratch = t->mib;
}
