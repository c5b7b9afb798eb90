#include "slurm/meaning.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "slurm/param.h"

struct names {
	const char *const *items;
	size_t count;
};

#define SPENT_MAX (8U << 20) /* what a hundred partitions of a large cluster have */

void meaning_free(struct meaning *m)
{
	map_free(&m->lists);
}

const char *meaning_key(const char *key)
{
	if (strcasecmp(key, "Procs") == 0)
		return "CPUs";
	if (strcasecmp(key, "Feature") == 0)
		return "Features";
	if (strcasecmp(key, "Shared") == 0)
		return "OverSubscribe";
	return key;
}

const char *meaning_get(const struct slurm_line *line, const char *key)
{
	for (size_t i = line->count; i > 0; i--)
		if (strcasecmp(meaning_key(line->pairs[i - 1].key), meaning_key(key)) == 0)
			return line->pairs[i - 1].value;
	return NULL;
}

static const struct names *expand(struct meaning *m, const char *text)
{
	struct names *names = map_get(&m->lists, text);
	if (names)
		return names;
	names = arena_alloc(m->arena, sizeof *names);
	if (hostlist_expand(text, SLURM_CONF_NODES_MAX, m->arena, &names->items, &names->count, NULL, NULL) < 0)
		*names = (struct names){0};
	map_set(&m->lists, text, names);
	return names;
}

/* One for all, or each its own. */
static const char *paired(struct meaning *m, const struct slurm_unit *node, const char *text)
{
	if (!text || !strpbrk(text, "[,"))
		return text;
	const struct names *names = expand(m, text);
	size_t i = names->count == 1 ? 0 : node->index;
	return i < names->count ? names->items[i] : text;
}

static const char *upper(struct meaning *m, const char *text)
{
	char *out = arena_strdup(m->arena, text);
	for (char *p = out; *p; p++)
		*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
	return out;
}

const char *meaning_of_node(struct meaning *m, const struct slurm_unit *node, const char *key)
{
	const char *value = meaning_get(node->line, key);
	if (strcasecmp(key, "NodeHostname") == 0)
		return value ? paired(m, node, value) : node->name;
	if (strcasecmp(key, "NodeAddr") == 0) {
		value = value ? paired(m, node, value) : meaning_of_node(m, node, "NodeHostname");
		return strcasecmp(value, "localhost") == 0 ? "127.0.0.1" : value;
	}
	if (strcasecmp(key, "BcastAddr") == 0 || strcasecmp(key, "Port") == 0)
		return paired(m, node, value);
	if (strcasecmp(key, "State") == 0)
		return value ? upper(m, value) : "UNKNOWN";
	return value;
}

static const char *const processors[] = {"Boards",         "Sockets",        "SocketsPerBoard",
					 "CoresPerSocket", "ThreadsPerCore", "CPUs"};

bool meaning_is_processors(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(processors); i++)
		if (strcasecmp(processors[i], meaning_key(key)) == 0)
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
	const char *text = meaning_get(line, key);
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

bool meaning_same_processors(const struct slurm_line *a, const struct slurm_line *b)
{
	struct shape x = shape_of(a), y = shape_of(b);
	return x.boards == y.boards && x.sockets == y.sockets && x.cores == y.cores && x.threads == y.threads &&
	       x.cpus == y.cpus;
}

bool meaning_same_cores(const struct slurm_line *a, const struct slurm_line *b)
{
	struct shape x = shape_of(a), y = shape_of(b);
	return x.sockets * x.cores == y.sockets * y.cores && x.threads == y.threads && x.cpus == y.cpus;
}

const char *meaning_of_processors(struct meaning *m, const struct slurm_line *line, const char *key)
{
	struct shape s = shape_of(line);
	const struct {
		const char *key;
		uint64_t value;
	} values[] = {
	    {"Boards", s.boards},        {"Sockets", s.sockets},        {"SocketsPerBoard", s.sockets / s.boards},
	    {"CoresPerSocket", s.cores}, {"ThreadsPerCore", s.threads}, {"CPUs", s.cpus}};
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (strcasecmp(values[i].key, meaning_key(key)) == 0)
			return arena_printf(m->arena, "%llu", (unsigned long long)values[i].value);
	return NULL;
}

struct name_list {
	const char **items;
	size_t len, cap;
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

static void add_all(struct meaning *m, const struct slurm_units *nodes, const char *feature, struct name_list *out)
{
	for (size_t i = 0; i < nodes->count; i++)
		if (!feature || has_feature(meaning_get(nodes->items[i].line, "Features"), feature))
			*vec_push_in(m->arena, out) = nodes->items[i].name;
}

static const struct slurm_line *node_set(const struct slurm_conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->node_sets.len; i++)
		if (streq(conf->node_sets.items[i].names, name))
			return &conf->node_sets.items[i];
	return NULL;
}

static void add_names(struct meaning *m, const struct slurm_conf *conf, const struct slurm_units *nodes,
		      const char *text, bool sets, struct name_list *out)
{
	const struct names *names = expand(m, text);
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i];
		const struct slurm_line *set = sets ? node_set(conf, name) : NULL;
		if (m->spent + out->len > SPENT_MAX)
			return;
		if (strcasecmp(name, "ALL") == 0) {
			add_all(m, nodes, NULL, out);
		} else if (set) {
			const char *feature = slurm_line_get(set, "Feature"), *list = slurm_line_get(set, "Nodes");
			if (feature)
				add_all(m, nodes, feature, out);
			if (list)
				add_names(m, conf, nodes, list, false, out);
		} else {
			*vec_push_in(m->arena, out) = name;
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

const char *meaning_of_partition(struct meaning *m, const struct slurm_conf *conf, const struct slurm_units *nodes,
				 const struct slurm_unit *partition, const char *key)
{
	const char *value = meaning_get(partition->line, key);
	if (strcasecmp(key, "Nodes") == 0 && value) {
		struct name_list list = {0};
		add_names(m, conf, nodes, value, true, &list);
		m->spent += list.len;
		if (m->spent > SPENT_MAX)
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
