#include "slurm/effective.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "slurm/param.h"

struct expansion {
	const char *const *items;
	size_t count;
};

#define SPENT_MAX (2U << 20) /* what a hundred partitions of a large cluster have, before and after */
#define LIST_MAX ((size_t)4 * SLURM_CONF_NODES_MAX) /* names of one partition */
#define LIST_BYTES (8U << 20)

void effective_free(struct effective *m)
{
	map_free(&m->lists);
}

/* As strcasecmp says; asked so often that the first letter counts. */
static bool same_key(const char *a, const char *b)
{
	return ((*a ^ *b) & ~0x20) == 0 && strcasecmp(a, b) == 0;
}

const char *effective_key(const char *key)
{
	if (same_key(key, "Procs"))
		return "CPUs";
	if (same_key(key, "Feature"))
		return "Features";
	if (same_key(key, "Shared"))
		return "OverSubscribe";
	return key;
}

const char *effective_get(const struct slurm_line *line, const char *key)
{
	key = effective_key(key);
	for (size_t i = line->count; i > 0; i--)
		if (same_key(effective_key(line->pairs[i - 1].key), key))
			return line->pairs[i - 1].value;
	return NULL;
}

/* The nodes of a line have one text, so it is looked for by its address first; its length is bounded where units are made
 * (slurm_conf_nodes). */
static const struct expansion *expand(struct effective *m, const char *text)
{
	for (size_t i = 0; i < EFFECTIVE_RECENT; i++)
		if (m->recent[i].text == text)
			return m->recent[i].names;
	struct expansion *names = map_get(&m->lists, text);
	if (!names) {
		names = arena_alloc(m->arena, sizeof *names);
		if (hostlist_expand(text, SLURM_CONF_NODES_MAX, m->arena, &names->items, &names->count, NULL, NULL) < 0)
			*names = (struct expansion){0};
		map_set(&m->lists, text, names);
	}
	m->recent[m->next].text = text;
	m->recent[m->next].names = names;
	m->next = (m->next + 1) % EFFECTIVE_RECENT;
	return names;
}

/* One for all, or each its own. */
static const char *paired(struct effective *m, const struct slurm_unit *node, const char *text)
{
	if (!text || !strpbrk(text, "[,"))
		return text;
	const struct expansion *names = expand(m, text);
	size_t i = names->count == 1 ? 0 : node->index;
	return i < names->count ? names->items[i] : text;
}

/* "17001-17003" is a port for each node of the line, as "[17001-17003]" is. */
static const char *ports(struct effective *m, const char *text)
{
	size_t low = text ? strspn(text, "0123456789") : 0,
	       high = low && text[low] == '-' ? strspn(text + low + 1, "0123456789") : 0;
	return high && !text[low + 1 + high] ? arena_printf(m->arena, "[%s]", text) : text;
}

static const char *upper(struct effective *m, const char *text)
{
	char *out = arena_strdup(m->arena, text);
	for (char *p = out; *p; p++)
		*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
	return out;
}

const char *effective_of_node(struct effective *m, const struct slurm_unit *node, const char *key)
{
	const char *value = effective_get(node->line, key);
	if (strcasecmp(key, "NodeHostname") == 0)
		return value ? paired(m, node, value) : node->name;
	if (strcasecmp(key, "NodeAddr") == 0) {
		value = value ? paired(m, node, value) : effective_of_node(m, node, "NodeHostname");
		return strcasecmp(value, "localhost") == 0 ? "127.0.0.1" : value;
	}
	if (strcasecmp(key, "Port") == 0)
		return paired(m, node, ports(m, value));
	if (strcasecmp(key, "BcastAddr") == 0)
		return paired(m, node, value);
	if (strcasecmp(key, "State") == 0)
		return value ? upper(m, value) : "UNKNOWN";
	return value;
}

static const char *const processors[] = {"Boards",         "Sockets",        "SocketsPerBoard",
					 "CoresPerSocket", "ThreadsPerCore", "CPUs"};

bool effective_is_processors(const char *key)
{
	key = effective_key(key);
	for (size_t i = 0; i < ARRAY_LEN(processors); i++)
		if (same_key(processors[i], key))
			return true;
	return false;
}

struct shape {
	uint64_t boards, sockets, cores, threads, cpus;
};

/* 0 where it is not given, or no number that Slurm takes. */
static uint64_t number(const struct slurm_line *line, const char *key)
{
	uint64_t n = 0;
	const char *text = effective_get(line, key);
	if (text)
		str_to_u64(text, 1, 65533, &n);
	return n;
}

static struct shape shape_of(const struct slurm_line *line)
{
	struct shape s = {number(line, "Boards"), number(line, "Sockets"), number(line, "CoresPerSocket"),
			  number(line, "ThreadsPerCore"), number(line, "CPUs")};
	uint64_t per_board = number(line, "SocketsPerBoard");
	s.boards = s.boards ? s.boards : 1;
	s.cores = s.cores ? s.cores : 1;
	s.threads = s.threads ? s.threads : 1;
	if (per_board)
		s.sockets = s.boards * per_board;
	if (!s.sockets && s.cpus && s.cpus % (s.cores * s.threads) == 0)
		s.sockets = s.cpus / (s.cores * s.threads);
	if (!s.sockets)
		s.sockets = s.boards;
	if (!s.cpus)
		s.cpus = s.sockets * s.cores * s.threads;
	return s;
}

bool effective_same_processors(const struct slurm_line *a, const struct slurm_line *b)
{
	struct shape x = shape_of(a), y = shape_of(b);
	return x.boards == y.boards && x.sockets == y.sockets && x.cores == y.cores && x.threads == y.threads &&
	       x.cpus == y.cpus;
}

bool effective_same_cores(const struct slurm_line *a, const struct slurm_line *b)
{
	struct shape x = shape_of(a), y = shape_of(b);
	return x.sockets * x.cores == y.sockets * y.cores && x.threads == y.threads && x.cpus == y.cpus;
}

const char *effective_of_processors(struct effective *m, const struct slurm_line *line, const char *key)
{
	struct shape s = shape_of(line);
	const struct {
		const char *key;
		uint64_t value;
	} values[] = {
	    {"Boards", s.boards},        {"Sockets", s.sockets},        {"SocketsPerBoard", s.sockets / s.boards},
	    {"CoresPerSocket", s.cores}, {"ThreadsPerCore", s.threads}, {"CPUs", s.cpus}};
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (strcasecmp(values[i].key, effective_key(key)) == 0)
			return arena_printf(m->arena, "%llu", (unsigned long long)values[i].value);
	return NULL;
}

struct name_list {
	struct arena *arena;
	const char **items;
	size_t len, cap, bytes;
};

static bool has_feature(const char *features, const char *wanted)
{
	size_t len = strlen(wanted);
	for (const char *p = features; p && *p;) {
		size_t n = strcspn(p, ",&");
		if (n == len && strncmp(p, wanted, n) == 0)
			return true;
		p += n + (p[n] != '\0');
	}
	return false;
}

static void add_all(struct effective *m, const struct slurm_units *nodes, const char *feature, struct name_list *out)
{
	m->spent += nodes->count;
	for (size_t i = 0; i < nodes->count; i++)
		if (!feature || has_feature(effective_get(nodes->items[i].line, "Features"), feature))
			*vec_push_in(out->arena, out) = nodes->items[i].name;
}

static const struct slurm_line *node_set(const struct slurm_conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->node_sets.len; i++)
		if (streq(conf->node_sets.items[i].names, name))
			return &conf->node_sets.items[i];
	return NULL;
}

static void add_names(struct effective *m, const struct slurm_conf *conf, const struct slurm_units *nodes,
		      const char *text, bool sets, struct name_list *out)
{
	struct expansion names;
	size_t count, bytes;
	if (hostlist_measure(text, LIST_MAX, &count, &bytes, NULL, NULL) < 0)
		return;
	m->spent += count * (1 + (sets ? conf->node_sets.len / 8 : 0));
	out->bytes += bytes;
	if (m->spent > SPENT_MAX || out->bytes > LIST_BYTES ||
	    hostlist_expand(text, count, out->arena, &names.items, &names.count, NULL, NULL) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		if (m->spent > SPENT_MAX || out->len > LIST_MAX)
			return;
		const struct slurm_line *set = sets ? node_set(conf, name) : NULL;
		if (strcasecmp(name, "ALL") == 0) {
			add_all(m, nodes, NULL, out);
		} else if (set) {
			const char *feature = slurm_line_get(set, "Feature"), *list = slurm_line_get(set, "Nodes");
			if (feature)
				add_all(m, nodes, feature, out);
			if (list)
				add_names(m, conf, nodes, list, false, out);
		} else {
			*vec_push_in(out->arena, out) = name;
		}
	}
}

static const char *yes_or_no(const char *value)
{
	static const char *const yes[] = {"YES", "TRUE", "UP", "1"};
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (strcasecmp(value, yes[i]) == 0)
			return "YES";
	return "NO";
}

const char *effective_of_partition(struct effective *m, const struct slurm_conf *conf, const struct slurm_units *nodes,
				   const struct slurm_unit *partition, const char *key)
{
	const char *value = effective_get(partition->line, key);
	if (strcasecmp(key, "Nodes") == 0 && value) {
		_cleanup_arena_ struct arena *arena = arena_new();
		struct name_list list = {.arena = arena};
		if (m->spent > SPENT_MAX)
			return value;
		add_names(m, conf, nodes, value, true, &list);
		if (m->spent > SPENT_MAX || list.len > LIST_MAX || list.bytes > LIST_BYTES)
			return value;
		return list.len ? hostlist_compress(list.items, list.len, m->arena) : value;
	}
	if (strcasecmp(key, "State") == 0)
		return value ? upper(m, value) : "UP";
	if (strcasecmp(key, "Default") == 0 && !value)
		return "NO";
	const struct slurm_param *param = value ? slurm_param_find(SLURM_PARTITION, key) : NULL;
	return param && param->type == SLURM_BOOL ? yes_or_no(value) : value;
}
