/*
 * What a host has: a kernel with NFS or without, directories that it is to export, and mounts of an earlier cluster.yaml. The
 * mounts themselves are asked one thing: whether they answer. The agent gives that up after some seconds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/storage/storage.h"

enum { LIST_MAX = 1 << 16, TEXT_MAX = 1 << 16, MOST_GIVEN = 256, PATH_BYTES = 50 };

#define PATH_ITEM "path."
#define ANSWER_ITEM "answers."

static bool is_asked(const json_t *items, const char *path)
{
	size_t i;
	const json_t *item;
	json_array_foreach(items, i, item)
	{
		if (str_same(json_string_value(json_object_get(item, "stat")), path))
			return true;
	}
	return false;
}

/* Each directory down to the export: whoever may not pass one of them sees nothing of what is below. A path that is too long
 * for the name of an item is not looked at. */
static void ask_export(json_t *items, const char *export)
{
	const char *end = export;
	while (*end) {
		char path[PATH_BYTES + 1];
		end += 1 + strcspn(end + 1, "/");
		if (end - export > PATH_BYTES)
			return;
		snprintf(path, sizeof path, "%.*s", (int)(end - export), export);
		if (!is_asked(items, path))
			json_array_append_new(items,
					      json_pack("{s:o, s:s, s:b}", "name", json_sprintf(PATH_ITEM "%s", path),
							"stat", path, "follow", 1));
	}
}

void storage_ask(const struct inventory *inv, const struct inv_host *host, json_t *items)
{
	const struct storage *s = inventory_section(inv, NULL, storage_section.name);
	static const struct {
		const char *name, *path;
		int max;
	} files[] = {{"list", STORAGE_LIST, LIST_MAX}, {"filesystems", "/proc/filesystems", TEXT_MAX}};
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		json_array_append_new(items, json_pack("{s:s, s:s, s:i}", "name", files[i].name, "read", files[i].path,
						       "max", files[i].max));
	json_array_append_new(
	    items, json_pack("{s:s, s:s, s:b}", "name", "container", "stat", "/run/systemd/container", "follow", 1));
	json_array_append_new(items,
			      json_pack("{s:s, s:s, s:b}", "name", "exports", "stat", STORAGE_EXPORTS, "follow", 0));
	for (size_t i = 0; s && i < s->count; i++) {
		if (s->nfs[i].server == host->index)
			ask_export(items, s->nfs[i].export);
		else if (!s->nfs[i].automount)
			json_array_append_new(items, json_pack("{s:o, s:s}", "name", json_sprintf(ANSWER_ITEM "%zu", i),
							       "fs", s->nfs[i].mount));
	}
}

static const char *text_of(const json_t *items, const char *name)
{
	return json_string_value(json_object_get(json_object_get(items, name), "text"));
}

/* Paths in their plain form, and no others: what a host makes of its list can unmount things there alone. */
static const char *const *take_list(const char *text, struct arena *arena)
{
	VEC(const char *) paths = {0};
	char *rest = arena_strdup(arena, text);
	for (char *line; rest && paths.len < MOST_GIVEN && (line = str_next_line(&rest));)
		if (!inventory_mount_fault(line) && *line == '/')
			*vec_push_in(arena, &paths) = line;
	*vec_push_in(arena, &paths) = NULL;
	return paths.items;
}

static struct storage_path path_of(const char *path, const json_t *answer)
{
	const char *type = json_string_value(json_object_get(answer, "type"));
	const json_t *uid = json_object_get(answer, "uid");
	return (struct storage_path){.path = path,
				     .there = type != NULL,
				     .directory = str_same(type, "directory"),
				     .mode = facts_mode(json_string_value(json_object_get(answer, "mode"))),
				     .uid = json_is_integer(uid) ? (long)json_integer_value(uid) : -1};
}

void *storage_take(const json_t *items, struct arena *arena, struct err *err)
{
	struct storage_there *t = arena_alloc(arena, sizeof *t);
	VEC(struct storage_path) paths = {0};
	VEC(size_t) silent = {0};
	const char *name, *known = text_of(items, "filesystems");
	json_t *answer;
	uint64_t place;
	(void)err;
	t->provided =
	    json_object_get(json_object_get(items, "container"), "type") && known && !strstr(known, "\tnfs4\n");
	t->exported = json_object_get(json_object_get(items, "exports"), "type");
	t->given = take_list(text_of(items, "list"), arena);
	json_object_foreach((json_t *)items, name, answer)
	{
		if (str_starts(name, PATH_ITEM))
			*vec_push_in(arena, &paths) = path_of(arena_strdup(arena, name + strlen(PATH_ITEM)), answer);
		else if (str_starts(name, ANSWER_ITEM) &&
			 json_integer_value(json_object_get(answer, "errno")) == ETIMEDOUT &&
			 str_to_u64(name + strlen(ANSWER_ITEM), 0, SIZE_MAX, &place) == 0)
			*vec_push_in(arena, &silent) = place;
	}
	t->silent = silent.items;
	t->silent_count = silent.len;
	t->paths = paths.items;
	t->path_count = paths.len;
	return t;
}

/*
 * A directory above an export that only its owner may pass keeps everybody else out of all that is exported, root of clients
 * first, who is nobody here. Above the export they are the operator's own, and may be so for a reason. Nothing is touched then:
 * all that is to be mounted would be missing.
 */
static void check_way(struct cluster *c, struct cluster_host *h, const struct storage_nfs *nfs,
		      const struct storage_there *t)
{
	for (size_t i = 0; i < t->path_count; i++) {
		const struct storage_path *p = &t->paths[i];
		bool end = streq(p->path, nfs->export);
		if (!p->there || !str_is_under(nfs->export, p->path))
			continue;
		const char *why = NULL;
		if (!p->directory)
			why = finding_text(&c->findings, "%s is not a directory, and %s is to be exported", p->path,
					   nfs->export);
		else if (!(p->mode & S_IXOTH) && (!end || p->uid))
			why = finding_text(&c->findings,
					   "%s has mode %04o: users and the user slurm cannot reach the export %s",
					   p->path, p->mode, nfs->export);
		if (!why)
			continue;
		struct finding *f = finding_add(&c->findings, FINDING_STOP, CODE_STORAGE_PATH, h->inv->name, "%s", why);
		f->fix = p->directory ? finding_text(&c->findings, "on %s: chmod o+x %s", h->inv->name, p->path)
				      : "move it away, or correct `export`";
		f->origin = nfs->at;
	}
}

bool storage_is_silent(const struct cluster *c, size_t host, size_t mount)
{
	const struct storage_there *t = module_own(c->hosts[host].facts, &storage_module);
	for (size_t i = 0; t && !t->provided && i < t->silent_count; i++)
		if (t->silent[i] == mount)
			return storage_mounts(c, host, &storage_of(c)->nfs[mount]);
	return false;
}

/* Does a controller hang on this server? */
static bool stops(const struct cluster *c, const struct storage_nfs *nfs)
{
	const struct storage *s = storage_of(c);
	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; streq(s->nfs[i].address, nfs->address) && k < c->inv->controller_count; k++)
			if (storage_is_silent(c, c->inv->controllers[k], i))
				return true;
	return false;
}

/*
 * All of a server's mounts that hang on this host are one finding, and the same one on each host. A server that is a host
 * of the file, and that can be set up again by this very run, is no reason to leave them out of it.
 */
static void check_answers(struct cluster *c, size_t host, size_t first)
{
	const struct storage *s = storage_of(c);
	const struct storage_nfs *nfs = &s->nfs[first];
	struct cluster_host *h = &c->hosts[host];
	const char *mounts = nfs->mount;
	for (size_t i = 0; i < s->count; i++) {
		if (i == first || !streq(s->nfs[i].address, nfs->address) || !storage_is_silent(c, host, i))
			continue;
		if (i < first)
			return;
		mounts = arena_printf(c->arena, "%s, %s", mounts, s->nfs[i].mount);
	}
	const char *text =
	    arena_printf(c->arena, "the NFS server %s does not answer: %s", storage_server_name(c, nfs), mounts);
	bool comes_back = nfs->server != SIZE_MAX && c->hosts[nfs->server].facts && !c->hosts[nfs->server].blamed;
	enum finding_weight weight = comes_back ? FINDING_WARNING : stops(c, nfs) ? FINDING_STOP : FINDING_HOST;
	struct finding *f = weight == FINDING_HOST
				? cluster_blame(c, h, CODE_STORAGE_SERVER, "%s", text)
				: finding_add(&c->findings, weight, CODE_STORAGE_SERVER, h->inv->name, "%s", text);
	f->fix = storage_server_fix(c, nfs, c->arena);
	f->origin = nfs->at;
}

static void settle_mount(struct cluster *c, size_t host, size_t mount)
{
	const struct storage_nfs *nfs = &storage_of(c)->nfs[mount];
	struct cluster_host *h = &c->hosts[host];
	const struct storage_there *t = module_own(h->facts, &storage_module);
	bool serves = host == nfs->server && cluster_has_module(c, host, storage_section.name);
	if (!t || (!serves && !storage_mounts(c, host, nfs)))
		return;
	if (t->provided) {
		struct finding *f =
		    finding_add(&c->findings, FINDING_NOTE, CODE_STORAGE_PROVIDED, h->inv->name,
				"%s is to be mounted by the machine that this container runs on: there is no NFS in it",
				nfs->mount);
		f->origin = nfs->at;
		f->lasting = true;
		return;
	}
	struct cluster_mount *promise = cluster_promise_mount(c, h, nfs->mount, nfs->source);
	promise->serves = serves;
	/* What a server of somebody else's makes of root is not known. */
	promise->squashed = nfs->server != SIZE_MAX && !storage_is_root_there(c, host, nfs);
	promise->silent = storage_is_silent(c, host, mount);
	if (promise->silent)
		check_answers(c, host, mount);
	if (serves)
		check_way(c, h, nfs, t);
}

void storage_settle(struct cluster *c)
{
	const struct storage *s = storage_of(c);
	/* Servers first: whether one is blamed decides about those that mount. */
	for (int clients = 0; clients < 2; clients++)
		for (size_t i = 0; s && i < s->count; i++)
			for (size_t k = 0; k < c->inv->host_count; k++)
				if ((k == s->nfs[i].server) == !clients)
					settle_mount(c, k, i);
}
