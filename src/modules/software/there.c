/*
 * What a host says: which version of the distribution's packages it has or would get, and, only where something is to be removed,
 * who has that open.
 */
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/software/software.h"
#include "modules/software/use.sh.h"

enum { RUN_MS = 10000, OUTPUT_MAX = 256 << 10, USERS_MOST = 64, VERSION_BYTES = 64 };

/* What a host says of one that is to be removed. */
struct software_user {
	size_t item;      /* its place in the section */
	const char *text; /* "process 812 (alice, job 42)" */
};

struct software_there {
	struct {
		struct software_user *items;
		size_t len, cap;
	} users;
	struct {
		struct software_package {
			const char *name, *version;
		} * items;
		size_t len, cap;
	} packages;
};

static bool is_removed(const struct software_item *item)
{
	return item->absent && software_is_made(item);
}

static void ask_users(const struct software *s, json_t *items)
{
	json_t *argv = json_pack("[s, s, s, s]", "sh", "-c", use_sh, "sh");
	for (size_t i = 0; i < s->count; i++)
		if (is_removed(&s->items[i])) {
			json_array_append_new(argv, json_sprintf("%zu", i));
			json_array_append_new(argv, json_sprintf("%s/%s", s->prefix, s->items[i].name));
			json_array_append_new(argv, json_string(s->items[i].version));
		}
	if (json_array_size(argv) > 4)
		json_array_append_new(items, json_pack("{s:s, s:O, s:i, s:i}", "name", "users", "run", argv, "max",
						       OUTPUT_MAX, "timeout", RUN_MS));
	json_decref(argv);
}

/* Packages whose version is that of the software. */
static const char *main_package(const struct software_item *item)
{
	return item->kind == SOFTWARE_APT && !item->absent ? item->packages[0] : NULL;
}

/* May it be there? Which class the host is of is not known yet. */
static bool may_be_on(const struct inventory *inv, const struct software_item *item, const struct inv_host *host)
{
	bool may = !item->on.hosts || item->on.hosts[host->index];
	for (size_t i = 0; item->on.classes && i < inv->class_count; i++)
		may |= item->on.classes[i];
	return inventory_has_role(host) && may;
}

void software_ask(const struct inventory *inv, const struct inv_host *host, json_t *items)
{
	const struct software *s = inventory_section(inv, NULL, software_section.name);
	json_t *names = json_array();
	for (size_t i = 0; s && i < s->count; i++)
		if (main_package(&s->items[i]) && may_be_on(inv, &s->items[i], host))
			json_array_append_new(names, json_string(main_package(&s->items[i])));
	if (json_array_size(names))
		json_array_append_new(items, json_pack("{s:s, s:O}", "name", "packages", "packages", names));
	json_decref(names);
	if (s)
		ask_users(s, items);
}

static const json_t *installed(const json_t *answers)
{
	return json_object_get(json_object_get(answers, "packages"), "versions");
}

/* Before a package is installed its version is apt's to say. */
void software_ask_more(const struct inventory *inv, const struct inv_host *host, const json_t *answers, json_t *items)
{
	const struct software *s = inventory_section(inv, NULL, software_section.name);
	json_t *argv = json_pack("[s, s]", "apt-cache", "policy");
	for (size_t i = 0; s && i < s->count; i++) {
		const char *name = main_package(&s->items[i]);
		if (name && may_be_on(inv, &s->items[i], host) && !json_object_get(installed(answers), name))
			json_array_append_new(argv, json_string(name));
	}
	if (json_array_size(argv) > 2)
		json_array_append_new(items, json_pack("{s:s, s:O, s:i, s:i}", "name", "candidates", "run", argv, "max",
						       OUTPUT_MAX, "timeout", RUN_MS));
	json_decref(argv);
}

/* deb-version(7): what goes into the name of a directory and of a module is the upstream part, without what Debian did to it. */
static const char *upstream_of(const char *version, struct arena *arena)
{
	const char *colon = strchr(version, ':'), *begin = colon ? colon + 1 : version;
	const char *dash = strrchr(begin, '-');
	size_t len = dash ? (size_t)(dash - begin) : strlen(begin);
	for (size_t i = 0; i < len; i++)
		if (begin[i] == '+' || begin[i] == '~')
			len = i;
	const char *text = arena_strndup(arena, begin, len);
	return len <= VERSION_BYTES && software_is_name(text) ? text : NULL;
}

static void take_version(struct software_there *t, const char *name, const char *version, struct arena *arena)
{
	const char *upstream = version ? upstream_of(version, arena) : NULL;
	if (upstream)
		*vec_push_in(arena, &t->packages) = (struct software_package){arena_strdup(arena, name), upstream};
}

/* apt-cache(8), policy: a paragraph for each package, "NAME:", "  Candidate: VERSION". */
static void take_candidates(struct software_there *t, const char *text, struct arena *arena)
{
	char *rest = arena_strdup(arena, text), *name = NULL;
	for (char *line; (line = str_next_line(&rest));) {
		size_t len = strlen(line);
		char *value = strstr(line, "Candidate: ");
		if (value && name)
			take_version(t, name, value + strlen("Candidate: "), arena);
		else if (len && *line != ' ' && line[len - 1] == ':')
			line[len - 1] = '\0', name = line;
	}
}

/* Lines "INDEX PID USER JOB": JOB is "-" where it is none. */
static void take_line(char *line, struct arena *arena, struct software_there *there)
{
	const char *words[4] = {NULL};
	uint64_t index, pid, job;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!(words[i] = str_next(&line, " ")))
			return;
	if (str_to_u64(words[0], 0, SOFTWARE_MOST, &index) < 0 || str_to_u64(words[1], 1, UINT32_MAX, &pid) < 0)
		return;
	const char *user = str_printable(arena, words[2], strlen(words[2]));
	*vec_push_in(arena, &there->users) = (struct software_user){
	    .item = (size_t)index,
	    .text = str_to_u64(words[3], 1, UINT32_MAX, &job) == 0
			? arena_printf(arena, "process %u (%s, job %u)", (unsigned)pid, user, (unsigned)job)
			: arena_printf(arena, "process %u (%s)", (unsigned)pid, user)};
}

void *software_take(const json_t *items, struct arena *arena, struct err *err)
{
	(void)err;
	struct software_there *there = arena_alloc(arena, sizeof *there);
	const char *out = json_string_value(json_object_get(json_object_get(items, "users"), "out")), *name;
	const char *candidates = json_string_value(json_object_get(json_object_get(items, "candidates"), "out"));
	char *rest = arena_strdup(arena, out ? out : "");
	json_t *version;
	*there = (struct software_there){0};
	for (char *line; there->users.len < USERS_MOST && (line = str_next_line(&rest));)
		take_line(line, arena, there);
	if (candidates)
		take_candidates(there, candidates, arena);
	json_object_foreach((json_t *)installed(items), name, version)
	    take_version(there, name, json_string_value(version), arena);
	return there;
}

const char *software_version(const struct cluster *c, size_t host, const struct software_item *item)
{
	const struct software_there *t = module_own(c->hosts[host].facts, &software_module);
	if (software_is_made(item) || item->version)
		return item->version;
	for (size_t i = 0; t && item->packages[0] && i < t->packages.len; i++)
		if (streq(t->packages.items[i].name, item->packages[0]))
			return t->packages.items[i].version;
	return NULL;
}

/* The first that a host names; NULL: nobody. */
static const char *user_on(const struct cluster *c, size_t host, size_t item)
{
	const struct software_there *t = module_own(c->hosts[host].facts, &software_module);
	for (size_t i = 0; t && i < t->users.len; i++)
		if (t->users.items[i].item == item)
			return t->users.items[i].text;
	return NULL;
}

bool software_is_used(const struct cluster *c, const struct software_item *item)
{
	for (size_t i = 0; i < c->inv->host_count; i++)
		if (user_on(c, i, (size_t)(item - software_of(c)->items)))
			return true;
	return false;
}

static void settle_removed(struct cluster *c, const struct software_item *item)
{
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const char *who = user_on(c, i, (size_t)(item - software_of(c)->items));
		if (!who)
			continue;
		struct finding *f =
		    finding_add(&c->findings, FINDING_WARNING, CODE_SOFTWARE_IN_USE, c->inv->hosts[i].name,
				"%s %s is not removed: %s uses it", item->name, item->version, who);
		f->fix = "`reeve apply` removes it when that has ended";
		f->origin = item->at;
	}
}

/* An architecture that a host has and the entry has no file for. */
static void settle_archs(struct cluster *c, const struct software_item *item)
{
	for (size_t i = 0; item->by_arch && !item->absent && i < c->inv->host_count; i++) {
		int arch = software_arch_of(c, i);
		if (arch < 0 || item->files[arch].name || !software_is_on(c, i, item))
			continue;
		struct finding *f =
		    finding_add(&c->findings, FINDING_WARNING, CODE_SOFTWARE_ARCH, c->inv->hosts[i].name,
				"%s %s is not there for %s: there is no SHA-256 of its file for that", item->name,
				item->version, software_archs[arch].name);
		f->fix = arena_printf(c->arena, "sha256: { %s: \"...\" } in its entry; or `on:` hosts that have it",
				      software_archs[arch].deb);
		f->origin = item->at;
	}
}

/* The resource by which a host comes to it (put.c). */
static const char *needs_of(struct cluster *c, const struct software_item *item, int arch)
{
	if (software_is_made(item))
		return arena_printf(c->arena, "product:%s",
				    software_link(software_of(c), item, (size_t)arch, c->arena));
	if (item->kind == SOFTWARE_APT)
		return item->packages[0] ? arena_printf(c->arena, "packages:%s", item->packages[0]) : NULL;
	const char *file = arch < 0 ? NULL : item->files[arch].name;
	return file ? arena_printf(c->arena, "packages:%.*s", (int)strcspn(file, "_"), file) : NULL;
}

static void promise(struct cluster *c, size_t host, const struct software_item *item)
{
	const struct software *s = software_of(c);
	const char *version = software_version(c, host, item);
	int arch = software_arch_of(c, host);
	bool made = software_is_made(item);
	if (item->absent || !version || !software_is_on(c, host, item) ||
	    (made && (arch < 0 || !item->files[arch].name)))
		return;
	const struct installed installed = {.name = item->name,
					    .version = version,
					    .root = made ? software_link(s, item, (size_t)arch, c->arena) : NULL,
					    .about = item->about,
					    .home = item->home,
					    .module = &item->module,
					    .needs = needs_of(c, item, arch),
					    .is_default = item->is_default,
					    .at = item->at};
	cluster_promise_installed(c, &c->hosts[host], &installed);
}

void software_settle(struct cluster *c)
{
	const struct software *s = software_of(c);
	for (size_t i = 0; s && i < s->count; i++) {
		if (is_removed(&s->items[i]))
			settle_removed(c, &s->items[i]);
		else if (software_is_made(&s->items[i]))
			settle_archs(c, &s->items[i]);
		for (size_t k = 0; k < c->inv->host_count; k++)
			promise(c, k, &s->items[i]);
	}
}
