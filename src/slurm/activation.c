#include "slurm/activation.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "base/mask.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "slurm/effective.h"
#include "slurm/param.h"

struct work {
	unsigned release;
	struct arena *arena;
	struct effective meaning;
	bool partial;    /* the old one includes files: what it lacks may be there, and is not called new */
	bool same_cores; /* of the node that is compared: its sockets may be cut otherwise */
	struct slurm_activation *out;
	struct {
		struct slurm_reason *items;
		size_t len, cap;
	} reasons;
	struct map groups; /* "key, old, new" -> struct group */
	struct {
		struct group **items;
		size_t len, cap;
	} group_list;
};

/* Nodes that change a key in the same way. */
struct group {
	const char *key, *old_value, *new_value;
	bool same_cores; /* only cut otherwise: jobs keep theirs */
	struct names nodes;
};

enum slurm_need slurm_need_join(enum slurm_need a, enum slurm_need b)
{
	if ((a == SLURM_NEED_RESTART_SLURMD && b == SLURM_NEED_RESTART_CTLD) ||
	    (a == SLURM_NEED_RESTART_CTLD && b == SLURM_NEED_RESTART_SLURMD))
		return SLURM_NEED_RESTART_BOTH;
	return a > b ? a : b;
}

static const struct {
	const char *name, *text;
} needs[] = {
    [SLURM_NEED_NOTHING] = {"nothing", "nothing"},
    [SLURM_NEED_RECONFIGURE] = {"reconfigure", "reconfigure"},
    [SLURM_NEED_RESTART_SLURMD] = {"restart-slurmd", "restart the slurmds"},
    [SLURM_NEED_RESTART_CTLD] = {"restart-slurmctld", "restart slurmctld"},
    [SLURM_NEED_RESTART_BOTH] = {"restart-both", "restart slurmctld and the slurmds"},
    [SLURM_NEED_NODES] = {"stop-slurmctld-restart-slurmd", "stop slurmctld, restart the slurmds, start slurmctld"},
    [SLURM_NEED_STOP_ALL] = {"stop-all", "stop every daemon, then start them"},
    [SLURM_NEED_START] = {"start", "start every daemon"},
};

const char *slurm_need_name(enum slurm_need need)
{
	return (size_t)need < ARRAY_LEN(needs) ? needs[need].name : "unknown";
}

const char *slurm_need_text(enum slurm_need need)
{
	return (size_t)need < ARRAY_LEN(needs) ? needs[need].text : "unknown";
}

/* `subject` ends in the parameter's name. */
static const char *shown(const char *subject, const char *value)
{
	return value && mask_is_secret(subject, value) ? "***" : value;
}

static void add_reason(struct work *w, const struct slurm_effect *effect, const char *key, const char *subject,
		       const char *old_value, const char *new_value, const struct names *nodes)
{
	*vec_push_in(w->arena, &w->reasons) = (struct slurm_reason){.need = effect->need,
								    .condition = effect->condition,
								    .slurmd = effect->slurmd,
								    .apart = effect->apart,
								    .nodes = nodes,
								    .key = key,
								    .subject = subject,
								    .old_value = shown(subject, old_value),
								    .new_value = shown(subject, new_value),
								    .why = effect->why};
	w->out->need = slurm_need_join(w->out->need, effect->need);
}

/* What concerns slurmctld alone, or both, and no job. */
static void add_plain(struct work *w, enum slurm_need need, const char *subject, const char *old_value,
		      const char *new_value, const char *why)
{
	add_reason(w, &(struct slurm_effect){.need = need, .why = why}, subject, subject, old_value, new_value, NULL);
}

static void add_name(struct work *w, struct names *names, const char *name)
{
	*vec_push_in(w->arena, names) = name;
}

/* Parameters that mean all of their lines, not the last. */
static bool is_list(const char *key)
{
	static const char *const keys[] = {"Prolog", "Epilog", "PrologSlurmctld", "EpilogSlurmctld"};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcasecmp(keys[i], key) == 0)
			return true;
	return false;
}

/* All values of a key, in their order. */
static const char *all_of(struct work *w, const struct slurm_pairs *pairs, const char *key)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	for (size_t i = 0; i < pairs->len; i++)
		if (strcasecmp(pairs->items[i].key, key) == 0)
			strbuf_addf(&out, "%s%s", out.len ? " " : "", pairs->items[i].value);
	return arena_strdup(w->arena, strbuf_str(&out));
}

/* The meaning of each global parameter: a map from its name in lower case to its value, the names in `keys`. */
static void run_begin(struct work *w, const struct slurm_pairs *pairs, struct map *values, struct names *keys,
		      const struct map *known)
{
	for (size_t i = 0; i < pairs->len; i++) {
		char *key = arena_strdup(w->arena, pairs->items[i].key);
		const char *value = pairs->items[i].value;
		if (slurm_conf_names_controller(key))
			continue;
		for (char *p = key; *p; p++)
			*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
		const char *before = map_get(values, key);
		if (!before && !(known && map_has(known, key)))
			add_name(w, keys, pairs->items[i].key);
		if (before && is_list(key))
			continue;
		map_set(values, key, (void *)(is_list(key) ? all_of(w, pairs, key) : value));
	}
}

static const char *value_of(struct work *w, const struct map *values, const char *key)
{
	char *lower = arena_strdup(w->arena, key);
	for (char *p = lower; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	return map_get(values, lower);
}

/* "head(10.0.0.1), spare"; NULL: there is none. */
static const char *controllers_text(struct work *w, const struct slurm_conf *conf)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	const struct slurm_controller_name *list;
	size_t count = slurm_conf_controllers(conf, w->arena, &list);
	for (size_t i = 0; i < count; i++) {
		strbuf_addf(&out, "%s%s", i ? ", " : "", list[i].name);
		if (!streq(list[i].name, list[i].address))
			strbuf_addf(&out, "(%s)", list[i].address);
	}
	return out.len ? arena_strdup(w->arena, strbuf_str(&out)) : NULL;
}

/* Does one of the old controllers stay, by its name? */
static bool one_stays(struct work *w, const struct slurm_conf *old, const struct slurm_conf *new_conf)
{
	const struct slurm_controller_name *a, *b;
	size_t count_a = slurm_conf_controllers(old, w->arena, &a),
	       count_b = slurm_conf_controllers(new_conf, w->arena, &b);
	for (size_t i = 0; i < count_a; i++)
		for (size_t k = 0; k < count_b; k++)
			if (streq(a[i].name, b[k].name))
				return true;
	return false;
}

static void compare_controllers(struct work *w, const struct slurm_conf *old, const struct slurm_conf *new_conf)
{
	const char *before = controllers_text(w, old), *after = controllers_text(w, new_conf);
	if (str_same(before, after))
		return;
	struct slurm_effect effect = slurm_effect_of_param(w->release, "SlurmctldHost", before, after);
	/* Steps report to the controllers that they were started with; from 23.11 on they are told of new ones
	 * (slurm.conf(5), SlurmctldHost). */
	if (w->release <= 2302 && before && !one_stays(w, old, new_conf))
		effect.condition = SLURM_IDLE_NODES;
	add_reason(w, &effect, "SlurmctldHost", "SlurmctldHost", before, after, NULL);
}

/* Slashes that are doubled or stand at the end mean nothing. */
static bool same_path(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a == '/' && (a[1] == '/' || !a[1]))
			a++;
		while (*b == '/' && (b[1] == '/' || !b[1]))
			b++;
		if (*a != *b)
			return false;
		if (!*a)
			return true;
	}
}

/* "affinity,cgroup" is "task/affinity,task/cgroup": Slurm completes the type of a plugin. */
static bool same_words(struct arena *arena, const char *a, const char *b)
{
	char *rest = arena_strdup(arena, a), *other_rest = arena_strdup(arena, b);
	for (;;) {
		const char *word = str_next(&rest, ","), *other = str_next(&other_rest, ",");
		if (!word || !other)
			return !word && !other;
		const char *slash = strchr(word, '/'), *other_slash = strchr(other, '/');
		if (slash && !other_slash)
			word = slash + 1;
		else if (other_slash && !slash)
			other = other_slash + 1;
		if (strcasecmp(word, other) != 0)
			return false;
	}
}

/* Numbers are read in base 0 (src/common/parse_value.c). */
static bool same_number(const char *a, const char *b)
{
	char *end_a, *end_b;
	unsigned long long x = strtoull(a, &end_a, 0), y = strtoull(b, &end_b, 0);
	return x == y && end_a != a && end_b != b && !*end_a && !*end_b;
}

static bool means_the_same(struct arena *arena, const char *key, const char *a, const char *b)
{
	const struct slurm_param *param = slurm_param_find(SLURM_GLOBAL, key);
	if (str_same(a, b))
		return true;
	if (!a || !b)
		return false;
	/* slurm.conf(5): it is folded to lower case. */
	if (strcasecmp(key, "ClusterName") == 0)
		return strcasecmp(a, b) == 0;
	switch (param ? param->type : SLURM_STRING) {
	case SLURM_PATH:
	case SLURM_PROGRAM:
		return same_path(a, b);
	case SLURM_WORD:
	case SLURM_WORDS:
		return same_words(arena, a, b);
	case SLURM_UINT:
	case SLURM_UINT_INF:
		return same_number(a, b);
	default:
		return false;
	}
}

static void compare_globals(struct work *w, const struct slurm_conf *old, const struct slurm_conf *new_conf)
{
	_cleanup_map_ struct map old_values = {0};
	_cleanup_map_ struct map new_values = {0};
	struct names keys = {0};
	run_begin(w, &old->globals, &old_values, &keys, NULL);
	run_begin(w, &new_conf->globals, &new_values, &keys, &old_values);
	const char *type = value_of(w, &new_values, "SelectType");
	bool linear = type && strcasecmp(type, "select/linear") == 0;
	for (size_t i = 0; i < keys.len; i++) {
		const char *old_value = value_of(w, &old_values, keys.items[i]);
		const char *new_value = value_of(w, &new_values, keys.items[i]);
		const char *unsaid = slurm_param_default(keys.items[i], w->release);
		if (linear && strcasecmp(keys.items[i], "SelectTypeParameters") == 0)
			unsaid = NULL;
		if (means_the_same(w->arena, keys.items[i], old_value ? old_value : unsaid,
				   new_value ? new_value : unsaid))
			continue;
		const struct slurm_effect effect = slurm_effect_of_param(
		    w->release, keys.items[i], old_value ? old_value : unsaid, new_value ? new_value : unsaid);
		add_reason(w, &effect, keys.items[i], keys.items[i], old_value, new_value, NULL);
	}
}

typedef void changed_fn(struct work *w, const char *name, const char *key, const char *old_value,
			const char *new_value);

/* What `key` means of one unit, in the old configuration and in the new. */
struct side {
	const struct slurm_conf *conf;
	const struct slurm_units *nodes;
	const struct slurm_unit *unit;
	bool is_node;
};

static const char *effective_in(struct work *w, const struct side *side, const char *key)
{
	if (side->is_node && effective_is_processors(key))
		return effective_of_processors(&w->meaning, side->unit->line, key);
	return side->is_node ? effective_of_node(&w->meaning, side->unit, key)
			     : effective_of_partition(&w->meaning, side->conf, side->nodes, side->unit, key);
}

static bool compare_key(struct work *w, const struct side *old, const struct side *now, const char *key,
			bool same_processors, changed_fn *changed)
{
	key = effective_key(key);
	if (old->is_node && same_processors && effective_is_processors(key))
		return false;
	const char *before = effective_in(w, old, key), *after = effective_in(w, now, key);
	if (str_same(before, after))
		return false;
	changed(w, old->unit->name, key, before, after);
	return true;
}

/* Calls `changed` for each key that differs; tells whether any did. */
static bool compare_lines(struct work *w, const struct side *old, const struct side *now, changed_fn *changed)
{
	const struct slurm_line *a = old->unit->line, *b = now->unit->line;
	bool any = false, same = old->is_node && effective_same_processors(a, b);
	w->same_cores = old->is_node && effective_same_cores(a, b);
	for (size_t i = 0; i < a->count; i++)
		any |= compare_key(w, old, now, a->pairs[i].key, same, changed);
	for (size_t i = 0; i < b->count; i++)
		if (!effective_get(a, b->pairs[i].key))
			any |= compare_key(w, old, now, b->pairs[i].key, same, changed);
	return any;
}

static void node_changed(struct work *w, const char *name, const char *key, const char *old_value,
			 const char *new_value)
{
	bool same_cores = w->same_cores && effective_is_processors(key);
	_cleanup_strbuf_ struct strbuf id = {0};
	strbuf_addf(&id, "%s\n%s\n%s\n%d", key, old_value ? old_value : "\1", new_value ? new_value : "\1", same_cores);
	struct group *group = map_get(&w->groups, strbuf_str(&id));
	if (!group) {
		group = arena_alloc(w->arena, sizeof *group);
		*group = (struct group){
		    .key = key, .old_value = old_value, .new_value = new_value, .same_cores = same_cores};
		map_set(&w->groups, arena_strdup(w->arena, strbuf_str(&id)), group);
		*vec_push_in(w->arena, &w->group_list) = group;
	}
	add_name(w, &group->nodes, name);
	struct names *idle = &w->out->nodes_idle;
	if (!same_cores && slurm_effect_of_node_key(w->release, key).condition != SLURM_WITH_JOBS &&
	    (idle->len == 0 || !streq(idle->items[idle->len - 1], name)))
		add_name(w, idle, name);
}

static void partition_changed(struct work *w, const char *name, const char *key, const char *old_value,
			      const char *new_value)
{
	add_plain(w, SLURM_NEED_RECONFIGURE, arena_printf(w->arena, "partition %s %s", name, key), old_value, new_value,
		  "read again by scontrol reconfigure");
}

static const char *nodes_text(struct work *w, const struct names *names)
{
	return hostlist_compress((const char *const *)names->items, names->len, w->arena);
}

/* Nodes that come or go: one reason for all of them. */
static void nodes_reason(struct work *w, const struct names *names, bool added)
{
	bool restart = w->release <= 2405;
	if (names->len == 0)
		return;
	const char *list = nodes_text(w, names);
	add_plain(w, restart ? SLURM_NEED_NODES : SLURM_NEED_RECONFIGURE, arena_printf(w->arena, "node %s", list),
		  added ? NULL : list, added ? list : NULL,
		  restart ? "Slurm's FAQ: up to 24.05 nodes are added and removed while slurmctld is stopped"
			  : "Slurm's FAQ: from 24.11 a reconfigure adds and removes nodes");
}

static void compare_nodes(struct work *w, const struct slurm_units *old, const struct slurm_units *now)
{
	for (size_t i = 0; i < old->count; i++) {
		const struct slurm_unit *unit = slurm_units_get(now, old->items[i].name);
		const struct side before = {.unit = &old->items[i], .is_node = true};
		const struct side after = {.unit = unit, .is_node = true};
		if (!unit)
			add_name(w, &w->out->nodes_removed, old->items[i].name);
		else if (compare_lines(w, &before, &after, node_changed))
			add_name(w, &w->out->nodes_changed, unit->name);
	}
	for (size_t i = 0; !w->partial && i < now->count; i++)
		if (!slurm_units_get(old, now->items[i].name))
			add_name(w, &w->out->nodes_added, now->items[i].name);
	nodes_reason(w, &w->out->nodes_added, true);
	nodes_reason(w, &w->out->nodes_removed, false);
	for (size_t i = 0; i < w->group_list.len; i++) {
		const struct group *g = w->group_list.items[i];
		struct slurm_effect effect = slurm_effect_of_node_key(w->release, g->key);
		if (g->same_cores)
			effect.condition = SLURM_WITH_JOBS;
		add_reason(w, &effect, g->key, arena_printf(w->arena, "node %s %s", nodes_text(w, &g->nodes), g->key),
			   g->old_value, g->new_value, &g->nodes);
	}
}

struct parts {
	const struct slurm_conf *conf;
	struct slurm_units nodes, partitions;
};

static void compare_partitions(struct work *w, const struct parts *a, const struct parts *b)
{
	static const char why[] = "partitions are read again by scontrol reconfigure";
	const struct slurm_units *old = &a->partitions, *now = &b->partitions;
	for (size_t i = 0; i < old->count; i++) {
		const char *name = old->items[i].name;
		const struct slurm_unit *unit = slurm_units_get(now, name);
		const struct side before = {.conf = a->conf, .nodes = &a->nodes, .unit = &old->items[i]};
		const struct side after = {.conf = b->conf, .nodes = &b->nodes, .unit = unit};
		if (!unit) {
			add_name(w, &w->out->partitions_removed, name);
			add_plain(w, SLURM_NEED_RECONFIGURE, arena_printf(w->arena, "partition %s", name), name, NULL,
				  why);
		} else if (compare_lines(w, &before, &after, partition_changed)) {
			add_name(w, &w->out->partitions_changed, name);
		}
	}
	for (size_t i = 0; !w->partial && i < now->count; i++) {
		const char *name = now->items[i].name;
		if (slurm_units_get(old, name))
			continue;
		add_name(w, &w->out->partitions_added, name);
		add_plain(w, SLURM_NEED_RECONFIGURE, arena_printf(w->arena, "partition %s", name), NULL, name, why);
	}
}

/* All lines of a kind as one text, for those that are compared whole. */
static const char *lines_text(struct work *w, const struct slurm_lines *lines)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	for (size_t i = 0; i < lines->len; i++) {
		strbuf_addf(&out, "%s%s", i ? "; " : "", lines->items[i].names);
		for (size_t j = 0; j < lines->items[i].count; j++)
			strbuf_addf(&out, " %s=%s", lines->items[i].pairs[j].key, lines->items[i].pairs[j].value);
	}
	return out.len ? arena_strdup(w->arena, strbuf_str(&out)) : NULL;
}

static void compare_others(struct work *w, const struct slurm_conf *old, const struct slurm_conf *now)
{
	const struct {
		const char *subject;
		const struct slurm_lines *old_lines, *new_lines;
		enum slurm_need need;
	} kinds[] = {
	    {"DownNodes", &old->down_nodes, &now->down_nodes, SLURM_NEED_RECONFIGURE},
	    {"NodeSet", &old->node_sets, &now->node_sets, SLURM_NEED_RECONFIGURE},
	    {"FrontendName", &old->frontends, &now->frontends, SLURM_NEED_NODES},
	    {"PowerAction", &old->power_actions, &now->power_actions, SLURM_NEED_RECONFIGURE},
	};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *a = lines_text(w, kinds[i].old_lines), *b = lines_text(w, kinds[i].new_lines);
		if (!str_same(a, b))
			add_plain(w, kinds[i].need, kinds[i].subject, a, b, "its lines differ");
	}
	bool same = old->includes.len == now->includes.len;
	for (size_t i = 0; same && i < now->includes.len; i++)
		same = streq(old->includes.items[i].value, now->includes.items[i].value);
	if (!same)
		add_plain(w, SLURM_NEED_RESTART_BOTH, "Include", NULL, NULL,
			  "what the included files hold is not known here");
}

static int read_parts(const struct slurm_conf *conf, struct arena *arena, struct parts *ret, struct err *err)
{
	ret->conf = conf;
	return slurm_conf_nodes(conf, arena, &ret->nodes, err) < 0
		   ? -1
		   : slurm_conf_partitions(conf, arena, &ret->partitions, err);
}

static void parts_free(struct parts *parts)
{
	slurm_units_free(&parts->nodes);
	slurm_units_free(&parts->partitions);
}
#define _cleanup_parts_ __attribute__((cleanup(parts_free)))

static int compare_units(struct work *w, const struct slurm_conf *old, const struct slurm_conf *now, struct err *err)
{
	_cleanup_parts_ struct parts a = {0};
	_cleanup_parts_ struct parts b = {0};
	if (read_parts(old, w->arena, &a, err) < 0)
		return err_wrap(err, "the slurm.conf in force");
	if (read_parts(now, w->arena, &b, err) < 0)
		return err_wrap(err, "the new slurm.conf");
	compare_nodes(w, &a.nodes, &b.nodes);
	compare_partitions(w, &a, &b);
	return 0;
}

int slurm_activation_of(unsigned release, const struct slurm_conf *old, const struct slurm_conf *new_conf,
			struct arena *arena, struct slurm_activation **ret, struct err *err)
{
	struct work w = {.release = release,
			 .arena = arena,
			 .meaning = {.arena = arena},
			 .partial = old && old->includes.len,
			 .out = arena_alloc(arena, sizeof *w.out)};
	int rc = 0;
	if (!old) {
		add_plain(&w, SLURM_NEED_START, "slurm.conf", NULL, NULL, "no configuration is in force yet");
	} else {
		compare_controllers(&w, old, new_conf);
		compare_globals(&w, old, new_conf);
		compare_others(&w, old, new_conf);
		rc = compare_units(&w, old, new_conf, err);
	}
	map_free(&w.groups);
	effective_free(&w.meaning);
	if (rc < 0)
		return -1;
	w.out->reasons = w.reasons.items;
	w.out->len = w.reasons.len;
	*ret = w.out;
	return 0;
}
