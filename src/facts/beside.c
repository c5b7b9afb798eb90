/*
 * What stands beside slurm.conf on a host, as it was asked for: files by path, plugins by name, names by what the host
 * itself makes of them. All of it is the host's word about itself.
 */
#include "facts/beside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "facts/resolve.sh.h"

/* resolve.sh limits what waits for a name server; the whole of it is for a host that has too much to do. */
enum { PLUGINS_MAX = 2000, RESOLVE_MS = 20000, NAMES_TEXT = 65536, TIMEOUT_STATUS = 124 };

static const char *const directories[] = {"/usr/lib/x86_64-linux-gnu/slurm-wlm",
					  "/usr/lib/aarch64-linux-gnu/slurm-wlm"};

/* Of resolve.sh: what comes before it is an attempt that failed. */
static const char each_name[] = "= each\n";

void facts_beside_request(const struct facts_scope *scope, json_t *items)
{
	char name[32];
	for (size_t i = 0; i < scope->path_count; i++) {
		snprintf(name, sizeof name, "beside.%zu", i);
		json_array_append_new(items,
				      json_pack("{s:s, s:s, s:b}", "name", name, "stat", scope->paths[i], "follow", 1));
	}
	for (size_t i = 0; scope->plugins && i < ARRAY_LEN(directories); i++) {
		snprintf(name, sizeof name, "plugins.%zu", i);
		json_array_append_new(
		    items, json_pack("{s:s, s:s, s:i}", "name", name, "list", directories[i], "max", PLUGINS_MAX));
	}
	if (!scope->name_count)
		return;
	json_t *names = json_array();
	for (size_t i = 0; i < scope->name_count && i < FACTS_NAMES; i++)
		json_array_append_new(names, json_string(scope->names[i]));
	json_array_append_new(items, json_pack("{s:s, s:s, s:o, s:{s:[s, s, s, s], s:i, s:i}}", "name", "names", "nss",
					       "hosts", "keys", names, "otherwise", "run", "sh", "-c", resolve_sh, "sh",
					       "max", NAMES_TEXT, "timeout", RESOLVE_MS));
}

static void decode_paths(const json_t *items, const struct facts_scope *scope, struct arena *arena,
			 struct facts_beside *out)
{
	struct facts_path *paths = arena_calloc(arena, scope->path_count + 1, sizeof *paths);
	char name[32];
	for (size_t i = 0; i < scope->path_count; i++) {
		snprintf(name, sizeof name, "beside.%zu", i);
		const json_t *o = json_object_get(items, name);
		const char *mode = json_string_value(json_object_get(o, "mode"));
		paths[i] = (struct facts_path){
		    .path = scope->paths[i],
		    .type = arena_strdup(arena, json_string_value(json_object_get(o, "type"))),
		    .error = (int)json_integer_value(json_object_get(o, "errno")),
		    .mode = facts_mode(mode),
		    .uid = (long)json_integer_value(json_object_get(o, "uid")),
		    .gid = (long)json_integer_value(json_object_get(o, "gid")),
		};
	}
	out->paths = paths;
	out->path_count = scope->path_count;
}

static void decode_plugins(const json_t *items, const struct facts_scope *scope, struct arena *arena,
			   struct facts_beside *out)
{
	char name[32];
	size_t n = 0;
	for (size_t i = 0; scope->plugins && i < ARRAY_LEN(directories); i++) {
		snprintf(name, sizeof name, "plugins.%zu", i);
		const json_t *names = json_object_get(json_object_get(items, name), "names");
		size_t count = json_array_size(names);
		if (!count || count > PLUGINS_MAX || out->plugins)
			continue;
		const char **list = arena_calloc(arena, count + 1, sizeof *list);
		for (size_t k = 0; k < count; k++) {
			const char *text = json_string_value(json_array_get(names, k));
			if (text && strlen(text) <= 255)
				list[n++] = arena_strdup(arena, text);
		}
		out->plugins = list;
	}
}

/* What stands behind a name on its line; NULL: it has none. */
static const char *line_of(const char *text, const char *name)
{
	size_t len = strlen(name);
	for (const char *p = text; (p = strstr(p, name)); p += len)
		if ((p == text || p[-1] == '\n') && (p[len] == '\n' || p[len] == ' '))
			return p + len;
	return NULL;
}

/* The better one of two addresses, NULL included: an IPv4 one where there is any, as Slurm asks for no other by default. */
static const char *better_address(const char *known, const char *word)
{
	if (!str_is_address(word) || (known && (!strchr(known, ':') || strchr(word, ':'))))
		return known;
	return word;
}

/* "NAME = ADDRESS STREAM ..." for one that has addresses, "NAME" for one that has none. */
static void decode_each(const char *text, const struct facts_scope *scope, size_t count, struct arena *arena,
			struct facts_beside *out, struct facts_name *names, const char **unresolved)
{
	for (size_t i = 0; i < count; i++) {
		const char *line = line_of(text, scope->names[i]), *address = NULL;
		if (line && *line == '\n')
			unresolved[out->unresolved_count++] = scope->names[i];
		for (size_t len; line && *line && *line != '\n'; line += len) {
			line += strspn(line, " ");
			len = strcspn(line, " \n");
			address = better_address(address, arena_strndup(arena, line, len));
		}
		if (address)
			names[out->name_count++] = (struct facts_name){scope->names[i], address};
	}
}

/* What getent(1) prints for many names that it all found: a block of lines for each, in their order, of which only the first
 * has a third word. */
static void decode_blocks(const char *text, const struct facts_scope *scope, size_t count, struct arena *arena,
			  struct facts_beside *out, struct facts_name *names)
{
	size_t block = 0;
	while (*text) {
		const char *words[3];
		for (size_t w = 0; w < ARRAY_LEN(words); w++) {
			size_t len = strcspn(text, " \n");
			words[w] = arena_strndup(arena, text, len);
			text += len;
			text += strspn(text, " ");
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
		if (*words[2] && ++block > count)
			return;
		if (!block)
			continue;
		struct facts_name *name = &names[block - 1];
		*name = (struct facts_name){scope->names[block - 1], better_address(name->address, words[0])};
		out->name_count = block;
	}
}

/* Of the names that were asked for, those that the host printed: it cannot name others. */
static void decode_names(const json_t *items, const struct facts_scope *scope, struct arena *arena,
			 struct facts_beside *out)
{
	const json_t *o = json_object_get(items, "names");
	const char *text = json_string_value(json_object_get(o, "out"));
	size_t count = scope->name_count < FACTS_NAMES ? scope->name_count : FACTS_NAMES;
	out->resolved = count && text && json_integer_value(json_object_get(o, "status")) == 0 &&
			json_is_integer(json_object_get(o, "status"));
	if (json_is_true(json_object_get(o, "timeout")))
		out->late = "that took longer than 20 s";
	else if (json_integer_value(json_object_get(o, "status")) == TIMEOUT_STATUS)
		out->late = "its name server does not answer";
	const char **unresolved = arena_calloc(arena, count + 1, sizeof *unresolved);
	struct facts_name *names = arena_calloc(arena, count + 1, sizeof *names);
	const char *each = out->resolved ? strstr(text, each_name) : NULL;
	if (each)
		decode_each(each + strlen(each_name), scope, count, arena, out, names, unresolved);
	else if (out->resolved)
		decode_blocks(text, scope, count, arena, out, names);
	out->unresolved = unresolved;
	out->names = names;
}

void facts_beside_decode(const json_t *items, const struct facts_scope *scope, struct arena *arena,
			 struct facts_beside *out)
{
	*out = (struct facts_beside){0};
	decode_paths(items, scope, arena, out);
	decode_plugins(items, scope, arena, out);
	decode_names(items, scope, arena, out);
}

const char *facts_address(const struct facts_beside *b, const char *name)
{
	for (size_t i = 0; i < b->name_count; i++)
		if (streq(b->names[i].name, name))
			return b->names[i].address;
	return NULL;
}

bool facts_has_plugin(const struct facts_beside *b, const char *library)
{
	for (const char *const *p = b->plugins; p && *p; p++)
		if (streq(*p, library))
			return true;
	return false;
}
