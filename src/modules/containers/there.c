/* What a host has: whether its kernel lets users make namespaces, ids that were given, files of others, and programs. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/containers/containers.h"

enum { NUMBER_MAX = 64, FILE_MAX = 1 << 16, IDS_MAX = 1 << 20 };

const char *const containers_files[CONTAINERS_FILES] = {
    [CONTAINERS_FILE_OCI_CONF] = CONTAINERS_OCI_CONF,
    [CONTAINERS_FILE_OCI] = CONTAINERS_OCI,
    [CONTAINERS_FILE_PODMAN] = CONTAINERS_PODMAN,
    [CONTAINERS_FILE_PODMAN_CONF] = CONTAINERS_PODMAN_CONF,
    [CONTAINERS_FILE_STORAGE_CONF] = CONTAINERS_STORAGE_CONF,
};

/* user_namespaces(7); the second is Debian's own, the third Ubuntu's, and each is missing elsewhere. */
static const struct {
	const char *item, *path;
	uint64_t bad_from, bad_to; /* with which users can make none */
	const char *why, *sysctl;
} switches[] = {
    {"user.max", "/proc/sys/user/max_user_namespaces", 0, 0, "its kernel lets nobody make user namespaces",
     "user.max_user_namespaces=65536"},
    {"user.clone", "/proc/sys/kernel/unprivileged_userns_clone", 0, 0, "its kernel lets only root make user namespaces",
     "kernel.unprivileged_userns_clone=1"},
    {"user.apparmor", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1, UINT32_MAX,
     "AppArmor lets only programs with a profile make user namespaces",
     "kernel.apparmor_restrict_unprivileged_userns=0"},
};

/* Debian's Slurm; another one may have its plugins elsewhere. */
#define PLUGINS(arch) "/usr/lib/" arch "-linux-gnu/slurm-wlm"

static const struct {
	const char *item, *path;
} stats[] = {
    {"slurm.x", PLUGINS("x86_64")},
    {"slurm.a", PLUGINS("aarch64")},
    {"json.x", PLUGINS("x86_64") "/serializer_json.so"},
    {"json.a", PLUGINS("aarch64") "/serializer_json.so"},
    {"apptainer", "/usr/bin/apptainer"},
    {"apptainer.local", "/usr/local/bin/apptainer"},
    {"singularity", "/usr/bin/singularity"},
    {"singularity.local", "/usr/local/bin/singularity"},
};

/* Of the storage as the file has it; a class that names another is not looked at there. Where it is not made yet, what it will be in. */
static void ask_storage(const struct inventory *inv, json_t *items)
{
	const struct containers *k = inventory_section(inv, NULL, containers_section.name);
	if (!k)
		return;
	const char *slash = strrchr(k->storage, '/');
	json_array_append_new(items, json_pack("{s:s, s:s, s:b}", "name", "storage", "stat", k->storage, "follow", 1));
	if (slash != k->storage)
		json_array_append_new(items, json_pack("{s:s, s:s%, s:b}", "name", "storage.in", "stat", k->storage,
						       (size_t)(slash - k->storage), "follow", 1));
}

static void ask_read(json_t *items, const char *name, const char *path, int max)
{
	json_array_append_new(items, json_pack("{s:s, s:s, s:i}", "name", name, "read", path, "max", max));
}

void containers_ask(const struct inventory *inv, const struct inv_host *host, json_t *items)
{
	char name[16];
	if (!inventory_has_role(host))
		return;
	ask_storage(inv, items);
	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		ask_read(items, switches[i].item, switches[i].path, NUMBER_MAX);
	for (size_t i = 0; i < CONTAINERS_FILES; i++) {
		snprintf(name, sizeof name, "file.%zu", i);
		ask_read(items, name, containers_files[i], FILE_MAX);
	}
	ask_read(items, "subuid", "/etc/subuid", IDS_MAX);
	ask_read(items, "subgid", "/etc/subgid", IDS_MAX);
	for (size_t i = 0; i < ARRAY_LEN(stats); i++)
		json_array_append_new(
		    items, json_pack("{s:s, s:s, s:b}", "name", stats[i].item, "stat", stats[i].path, "follow", 1));
}

static const char *text_of(const json_t *items, const char *name)
{
	return json_string_value(json_object_get(json_object_get(items, name), "text"));
}

static bool is_there(const json_t *items, const char *name)
{
	return json_object_get(json_object_get(items, name), "type");
}

/* What is there and cannot be read whole, or is not text, is somebody else's. */
static void take_file(const json_t *items, size_t i, struct containers_there *t)
{
	char name[16];
	snprintf(name, sizeof name, "file.%zu", i);
	const json_t *answer = json_object_get(items, name), *error = json_object_get(answer, "errno");
	const char *text = json_string_value(json_object_get(answer, "text"));
	if (text && str_starts(text, "#!/bin/sh\n"))
		text += strlen("#!/bin/sh\n");
	t->files[i].there = answer && (!error || json_integer_value(error) != ENOENT);
	t->files[i].ours = text && str_starts(text, CONTAINERS_MARK);
}

static void take_kernel(const json_t *items, struct containers_there *t)
{
	for (size_t i = 0; i < ARRAY_LEN(switches) && !t->kernel; i++) {
		const char *text = text_of(items, switches[i].item);
		uint64_t value;
		if (!text || !str_read_u64(text, UINT32_MAX, &value) || value < switches[i].bad_from ||
		    value > switches[i].bad_to)
			continue;
		t->kernel = switches[i].why;
		t->sysctl = switches[i].sysctl;
	}
}

static const char *take_storage(const json_t *items)
{
	/* overlayfs refuses these as the place of what is written (Documentation/filesystems/overlayfs.rst of Linux). */
	static const char *const refused[] = {"nfs", "overlay", "lustre", "cifs", "ceph", "fuse"};
	const json_t *answer = json_object_get(items, is_there(items, "storage") ? "storage" : "storage.in");
	const char *fs = json_string_value(json_object_get(answer, "fstype"));
	for (size_t i = 0; fs && i < ARRAY_LEN(refused); i++)
		if (streq(fs, refused[i]))
			return refused[i];
	return NULL;
}

void *containers_take(const json_t *items, struct arena *arena, struct err *err)
{
	struct containers_there *t = arena_alloc(arena, sizeof *t);
	(void)err;
	take_kernel(items, t);
	for (size_t i = 0; i < CONTAINERS_FILES; i++)
		take_file(items, i, t);
	t->uids = containers_ranges_of(text_of(items, "subuid"), arena);
	t->gids = containers_ranges_of(text_of(items, "subgid"), arena);
	t->fs = take_storage(items);
	t->no_json = (is_there(items, "slurm.x") && !is_there(items, "json.x")) ||
		     (is_there(items, "slurm.a") && !is_there(items, "json.a"));
	t->programs[CONTAINERS_APPTAINER] = is_there(items, "apptainer") || is_there(items, "apptainer.local");
	t->programs[CONTAINERS_SINGULARITY] = is_there(items, "singularity") || is_there(items, "singularity.local");
	return t;
}

const struct containers_there *containers_there(const struct cluster *c, size_t host)
{
	return module_own(c->hosts[host].facts, &containers_module);
}

/* By what `software` calls it: a recipe of its own name, or one that begins with it ("apptainer-deb", "singularity-ce"). */
static const struct installed *promised(const struct cluster_host *h, const char *name)
{
	const struct installed *found = NULL;
	for (size_t i = 0; i < h->installed.len; i++) {
		const struct installed *one = &h->installed.items[i];
		const char *rest = str_starts(one->name, name) ? one->name + strlen(name) : NULL;
		if (rest && (!*rest || *rest == '-') && (!found || one->is_default))
			found = one;
	}
	return found;
}

const char *containers_program(const struct cluster *c, size_t host, enum containers_runtime runtime,
			       struct arena *arena)
{
	const char *name = containers_runtimes[runtime];
	if (runtime != CONTAINERS_APPTAINER && runtime != CONTAINERS_SINGULARITY)
		return name;
	const struct installed *one = promised(&c->hosts[host], name);
	const struct containers_there *t = containers_there(c, host);
	if (one)
		return one->root ? arena_printf(arena, "%s/bin/%s", one->root, name) : name;
	return t && t->programs[runtime] ? name : NULL;
}
