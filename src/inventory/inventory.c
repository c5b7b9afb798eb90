#include "inventory/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "inventory/build.h"

/* The keys of the language's first version that are not a module's. */
enum {
	REEVE,
	CLUSTER,
	ADOPTED,
	SLURM_VERSION,
	HOSTS,
	CONTROLLERS,
	STATE,
	COMPUTE,
	MEMORY,
	CLASSES,
	PARTITIONS,
	NETWORK,
	GPUS,
	SLURM,
	CGROUP,
	MODULES,
	LAB,
	KEYS
};
static const struct conf_key own_keys[KEYS] = {
    [REEVE] = {"reeve", true},
    [CLUSTER] = {"cluster", true},
    [ADOPTED] = {"adopted"},
    [SLURM_VERSION] = {"slurm_version"},
    [HOSTS] = {"hosts", true},
    [CONTROLLERS] = {"controllers", true},
    [STATE] = {"state"},
    [COMPUTE] = {"compute", true},
    [MEMORY] = {"memory"},
    [CLASSES] = {"classes"},
    [PARTITIONS] = {"partitions", true},
    [NETWORK] = {"network"},
    [GPUS] = {"gpus"},
    [SLURM] = {"slurm"},
    [CGROUP] = {"cgroup"},
    [MODULES] = {"modules"},
    [LAB] = {"lab"},
};

/* Names that hostlists may be expanded to, over the whole file. */
enum { BUDGET = 2 << 20, MOST_SECTIONS = 64 };

static const struct inv_section *const no_sections[] = {NULL};

static int walk_root(struct build *b, const struct conf_value **values)
{
	struct conf_key keys[KEYS + MOST_SECTIONS] = {{NULL}};
	const struct conf_value *all[KEYS + MOST_SECTIONS];
	size_t count = KEYS;
	memcpy(keys, own_keys, sizeof own_keys);
	for (size_t i = 0; b->inv->sections[i] && count < KEYS + MOST_SECTIONS / 2; i++)
		keys[count++].name = b->inv->sections[i]->name;
	for (size_t i = 0; build_unsupported[i]; i++) {
		bool owned = false;
		for (size_t k = KEYS; k < count; k++)
			owned = owned || streq(keys[k].name, build_unsupported[i]);
		if (owned)
			continue;
		keys[count++].name = build_unsupported[i];
		const struct conf_pair *pair = conf_find(b->root, build_unsupported[i]);
		if (pair)
			diag_error(b->diags, INV_NOT_SUPPORTED_CODE, pair->at, "leave it out, or use a later version",
				   "'%s' is not supported by this version of reeve", pair->key);
	}
	if (b->root->kind == CONF_NULL) {
		diag_error(b->diags, CONF_EMPTY_CODE, b->root->at, "'reeve init' writes a file to begin with",
			   "the file is empty");
		return -1;
	}
	conf_walk(b->root, "the file", keys, all, b->diags);
	memcpy(values, all, KEYS * sizeof *values);
	return b->root->kind == CONF_MAP ? 0 : -1;
}

static void check_language(struct build *b, const struct conf_value *value)
{
	const char *text;
	if (conf_text(value, "'reeve'", &text, b->diags) == 0 && !streq(text, "1"))
		diag_error(b->diags, INV_LANGUAGE_CODE, value->at, "write 'reeve: 1'",
			   "version '%s' of this language is not known to this reeve, which knows 1", text);
}

static int by_name(const void *x, const void *y, void *hosts)
{
	const struct inv_host *h = hosts;
	return strcmp(h[*(const size_t *)x].name, h[*(const size_t *)y].name);
}

static void build(struct build *b)
{
	struct inventory *inv = b->inv;
	const struct conf_value *values[KEYS] = {NULL};
	if (walk_root(b, values) < 0)
		return;
	check_language(b, values[REEVE]);
	build_cluster(b, values[CLUSTER]);
	build_adopted(b, values[ADOPTED]);
	build_version(b, values[SLURM_VERSION]);
	build_hosts(b, values[HOSTS]);
	b->stamps = arena_calloc(b->arena, b->hosts.len + 1, sizeof *b->stamps);
	build_controllers(b, values[CONTROLLERS]);
	build_compute(b, values[COMPUTE]);
	build_state(b, values[STATE]);
	build_memory(b, values[MEMORY]);
	build_classes(b, values[CLASSES]);
	build_partitions(b, values[PARTITIONS]);
	build_slurm(b, values[SLURM]);
	build_directories(b);
	build_cgroup(b, values[CGROUP]);
	build_clashes(b);
	build_network(b, values[NETWORK]);
	build_gpus(b, values[GPUS], &inv->gpus);
	build_lab(b, values[LAB]);
	build_modules(b, values[MODULES]);
	inv->hosts = b->hosts.items;
	inv->host_count = b->hosts.len;
	size_t *sorted = arena_calloc(b->arena, b->hosts.len + 1, sizeof *sorted);
	for (size_t i = 0; i < b->hosts.len; i++)
		sorted[i] = i;
	if (b->hosts.len)
		qsort_r(sorted, b->hosts.len, sizeof *sorted, by_name, b->hosts.items);
	inv->by_name = sorted;
}

static int count_errors(const struct diags *diags, const char *file, struct err *err)
{
	return err_set(err, ERR_INPUT, "%s has %zu error%s", file, diags->errors, diags->errors == 1 ? "" : "s");
}

struct inventory *inventory_parse(const char *file, const char *text, size_t len,
				  const struct inv_section *const *sections, struct diags *diags, struct arena *arena,
				  struct err *err)
{
	diags_init(diags, file, text, len);
	struct inventory *inv = arena_alloc(arena, sizeof *inv);
	inv->file = arena_strdup(arena, file);
	inv->sections = sections ? sections : no_sections;
	if (*inv->sections && (*inv->sections)->always)
		inv->base = (*inv->sections++)->name;
	struct build b = {.arena = arena, .diags = diags, .inv = inv, .budget = BUDGET};
	b.root = conf_parse(text, len, arena, diags);
	if (b.root)
		build(&b);
	map_free(&b.names);
	map_free(&b.broken_names);
	if (!diags->errors)
		return inv;
	count_errors(diags, file, err);
	return NULL;
}

struct inventory *inventory_load(const char *path, const struct inv_section *const *sections, struct diags *diags,
				 struct arena *arena, struct err *err)
{
	const char *text;
	size_t len;
	struct err own = {0};
	if (conf_read(path, arena, &text, &len, &own) == 0) {
		struct inventory *inv = inventory_parse(path, text, len, sections, diags, arena, err);
		if (inv) {
			inv->source = text;
			inv->source_len = len;
		}
		return inv;
	}
	diags_init(diags, path, NULL, 0);
	if (own.code == ERR_LIMIT) {
		diag_error(diags, CONF_TOO_LARGE_CODE, ((struct span){1, 1, 1}), NULL, "%s", own.text);
		count_errors(diags, path, err);
	} else {
		err_set(err, own.code, "%s", own.text);
		if (err)
			err->sys = own.sys;
	}
	return NULL;
}
