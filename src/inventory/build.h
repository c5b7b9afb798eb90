/* inventory/build: an inventory while it is made. Private to inventory. */
#ifndef REEVE_INVENTORY_BUILD_H
#define REEVE_INVENTORY_BUILD_H

#include "base/map.h"
#include "base/vec.h"
#include "conf/codes.h"
#include "conf/schema.h"
#include "conf/value.h"
#include "inventory/codes.h"
#include "inventory/inventory.h"
#include "slurm/param.h"

struct indexes {
	size_t *items;
	size_t len, cap;
};

struct build {
	struct arena *arena;
	struct diags *diags;
	struct inventory *inv;
	const struct conf_value *root;
	unsigned release; /* of the pin; 0: any */
	VEC(struct inv_host) hosts;
	struct map names;        /* host name -> index + 1, as a pointer */
	struct map broken_names; /* keys of hosts that already have a finding: not to be reported again as unknown */
	const char **name_list;  /* for "did you mean"; made when it is first needed */
	size_t suggestions;      /* how many were looked for */
	size_t budget;           /* names that hostlists may still be expanded to */
	unsigned *stamps;        /* for each host: the last list that it was found in */
	unsigned stamp;
	size_t memberships;                     /* of hosts in partitions so far */
	size_t devices;                         /* that gres_conf names so far */
	struct inv_class *classes;              /* as inv->classes, with ... */
	const struct conf_value **class_values; /* ... what was written of each */
	const char *const *partition_names;     /* NULL-terminated; NULL before `partitions` is read */
};

/* hosts.c: `hosts` into build->hosts, names and addresses checked. */
void build_hosts(struct build *b, const struct conf_value *value);

struct build_texts {
	const char **items;
	size_t len, cap;
};

/* What a list names beside hosts: "class:NAME" and "partition:NAME", each once. */
struct references {
	struct indexes classes, partitions;
};

/* nodes.c: the hosts that a text or list of texts names, in its order, each once. "all" stands for `all`, in any case a
 * borrowed list. `others` takes what is named beside hosts; NULL: only hosts may be named. -1 when there were findings;
 * `out` then holds what was good. The caller frees out->items and those of `others`. */
int build_nodes(struct build *b, const struct conf_value *value, const char *what, const size_t *all, size_t all_count,
		struct indexes *out, struct references *others);
/* select.c: the next piece of "n[1-3],class:x", cut off at its comma; commas inside brackets belong to a hostlist. `*rest`
 * is what is behind it; NULL: nothing more. */
char *build_piece(char **rest);
/* In the order of `hosts`, in the arena. */
const size_t *build_sorted(struct build *b, struct indexes *list);
/* The place of `name` in a text or a list of texts, or the whole one's where it is not there as such (a range's). */
struct span build_place(const struct conf_value *value, const char *name);
/* The place of byte `offset` of a scalar's text. */
struct span build_offset(const struct conf_value *value, size_t offset);

/* roles.c */
void build_controllers(struct build *b, const struct conf_value *value);
void build_compute(struct build *b, const struct conf_value *value);
void build_state(struct build *b, const struct conf_value *value);
/* When `state` and the parameters are known: directories of the system are not Slurm's. */
void build_directories(struct build *b);

/* params.c: Slurm's own parameters. */
struct build_params {
	struct inv_param *items;
	size_t len, cap;
};
/* classes.c: after hosts. */
void build_classes(struct build *b, const struct conf_value *value);

void build_param(struct build *b, enum slurm_section section, const char *what, const struct conf_pair *pair,
		 struct build_params *out);
void build_slurm(struct build *b, const struct conf_value *value);
void build_cgroup(struct build *b, const struct conf_value *value);

/* gres.c: `gres_conf` of a class whose parameters are known. */
void build_gres(struct build *b, struct inv_class *class, const struct conf_value *value);

/* partitions.c */
void build_partitions(struct build *b, const struct conf_value *value);

/* bandwidth.c */
void build_bandwidth(struct build *b, const struct conf_value *value, struct inv_bandwidth *out);

/* gpus.c */
void build_gpus(struct build *b, const struct conf_value *value, struct inv_gpus *out);

/* clashes.c: after partitions and slurm. */
void build_clashes(struct build *b);

/* network.c */
void build_network(struct build *b, const struct conf_value *value);

/* sections.c */
void build_cluster(struct build *b, const struct conf_value *value);
void build_adopted(struct build *b, const struct conf_value *value);
void build_version(struct build *b, const struct conf_value *value);
void build_memory(struct build *b, const struct conf_value *value);
void build_reserve(struct build *b, const struct conf_value *value, struct inv_reserve *reserve);
/* One of `words`, NULL-terminated; a finding and `*ret` untouched where it is none. */
void build_word(struct build *b, const struct conf_value *value, const char *what, const char *const *words,
		const char **ret);
void build_lab(struct build *b, const struct conf_value *value);

/* modules.c: after classes. */
void build_modules(struct build *b, const struct conf_value *value);
/* Is a class's key that of a module's section? One that this version does not have is a finding. */
bool build_is_module(struct build *b, const struct conf_pair *pair);
/* The names of the sections' modules, NULL-terminated. */
const char *const *build_module_names(struct build *b);
/* The words of the language that this version does not have: sections and modules. NULL-terminated. */
extern const char *const build_unsupported[];

#endif
