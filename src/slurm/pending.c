#include "slurm/pending.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "slurm/effective.h"
#include "slurm/state-text.h"

/* id, partitions, time limit, nodes, memory, features, GRES of a node, node list. The mark in front is in no other output. */
#define MARK "pending"
static const char format[] = MARK "|%i|%P|%l|%D|%m|%f|%b|%n";
const char *const slurm_pending_argv[] = {"squeue", "-h", "-a", "-t", "PENDING", "-o", format, NULL};

enum { FIELDS = 9, MOST_NAMES = 65536 };

uint64_t slurm_minutes(const char *text)
{
	uint64_t days = 0, part[3] = {0}, n = 0;
	if (strcasecmp(text, "INFINITE") == 0 || strcasecmp(text, "UNLIMITED") == 0)
		return SLURM_UNLIMITED;
	const char *dash = strchr(text, '-'), *p = text;
	if (dash) {
		if (str_read_u64(text, UINT32_MAX, &days) != (size_t)(dash - text) || dash == text)
			return 0;
		p = dash + 1;
	}
	for (; n < 3; n++) {
		size_t digits = str_read_u64(p, UINT32_MAX, &part[n]);
		if (!digits)
			return 0;
		p += digits;
		if (*p != ':')
			break;
		p++;
	}
	if (*p)
		return 0;
	/* minutes, minutes:seconds, hours:minutes:seconds; behind days: hours, hours:minutes, hours:minutes:seconds */
	bool hours = dash || n == 2;
	uint64_t h = hours ? part[0] : 0, m = hours ? part[1] : part[0], s = hours ? part[2] : part[1];
	return days * 1440 + h * 60 + m + (s > 0);
}

uint64_t slurm_mebibytes(const char *text)
{
	static const char units[] = "KMGTP";
	enum { WHOLE_MAX = 1 << 30 };
	uint64_t n, tenths = 0;
	size_t digits = str_read_u64(text, WHOLE_MAX, &n);
	if (!digits)
		return 0;
	const char *rest = text + digits;
	/* squeue rounds to hundredths: "1.50G"; the first of them is near enough for what a job asks */
	if (*rest == '.' && str_read_u64(rest + 1, WHOLE_MAX, &tenths)) {
		tenths = (uint64_t)(rest[1] - '0');
		rest += 1 + strspn(rest + 1, "0123456789");
	}
	const char *unit = *rest ? strchr(units, *rest) : units + 1;
	if (!unit)
		return 0;
	uint64_t kibibytes = n * 10 + tenths;
	for (; unit > units; unit--)
		kibibytes = kibibytes > UINT64_MAX >> 10 ? UINT64_MAX >> 10 : kibibytes << 10;
	return kibibytes / 10 / 1024;
}

static const char *or_null(const char *value)
{
	return !*value || streq(value, "(null)") || streq(value, "N/A") ? NULL : value;
}

int slurm_pending_parse(const char *text, size_t len, struct arena *arena, struct slurm_pending **ret,
			size_t *ret_count, struct err *err)
{
	struct {
		struct slurm_pending *items;
		size_t len, cap;
	} jobs = {0};
	char *rest = slurm_text_copy(text, len, "squeue", arena, err), *line;
	if (!rest)
		return -1;
	while ((line = str_next_line(&rest))) {
		char *f[FIELDS];
		size_t n = 0;
		uint64_t nodes;
		for (char *p = line; p && n < FIELDS; n++) {
			f[n] = p;
			p = n + 1 < FIELDS ? strchr(p, '|') : NULL;
			if (p)
				*p++ = '\0';
		}
		if (n != FIELDS || !streq(f[0], MARK) || str_to_u64(f[4], 0, UINT32_MAX, &nodes) < 0)
			continue;
		*vec_push_in(arena, &jobs) = (struct slurm_pending){
		    .id = f[1],
		    .partitions = f[2],
		    .minutes = slurm_minutes(f[3]),
		    .nodes = nodes ? nodes : 1,
		    .memory_mib = slurm_mebibytes(f[5]),
		    .features = or_null(f[6]),
		    .gres = or_null(f[7]),
		    .asked_nodes = or_null(f[8]),
		};
	}
	*ret = jobs.items;
	*ret_count = jobs.len;
	return 0;
}

/* One configuration, as it looks to a job that waits. */
struct view {
	const struct slurm_conf *conf;
	struct arena *arena;
	struct slurm_units nodes, partitions;
	struct effective meaning;
	struct map places; /* name of a partition -> struct place */
};

struct place {
	uint64_t max_minutes, usual_minutes, max_nodes;
	const struct slurm_unit **nodes;
	size_t count;
	struct map names;
};

static void view_free(struct view *v)
{
	for (size_t i = 0; i < v->partitions.count; i++) {
		struct place *place = map_get(&v->places, v->partitions.items[i].name);
		if (place)
			map_free(&place->names);
	}
	map_free(&v->places);
	effective_free(&v->meaning);
	slurm_units_free(&v->nodes);
	slurm_units_free(&v->partitions);
}
#define _cleanup_view_ __attribute__((cleanup(view_free)))

static const char *said(struct view *v, const struct slurm_unit *partition, const char *key)
{
	return effective_of_partition(&v->meaning, v->conf, &v->nodes, partition, key);
}

static const struct place *place_of(struct view *v, const char *name)
{
	struct place *place = map_get(&v->places, name);
	const struct slurm_unit *unit = slurm_units_get(&v->partitions, name);
	const char *const *names;
	size_t count;
	if (place || !unit)
		return place;
	place = arena_alloc(v->arena, sizeof *place);
	map_set(&v->places, unit->name, place);
	const char *time = said(v, unit, "MaxTime"), *usual = said(v, unit, "DefaultTime"),
		   *most = said(v, unit, "MaxNodes"), *nodes = said(v, unit, "Nodes");
	place->max_minutes = time && slurm_minutes(time) ? slurm_minutes(time) : SLURM_UNLIMITED;
	place->usual_minutes = usual && slurm_minutes(usual) ? slurm_minutes(usual) : place->max_minutes;
	if (!most || str_to_u64(most, 0, UINT32_MAX, &place->max_nodes) < 0)
		place->max_nodes = SLURM_UNLIMITED;
	if (!nodes || hostlist_expand(nodes, MOST_NAMES, v->arena, &names, &count, NULL, NULL) < 0)
		return place;
	place->nodes = arena_calloc(v->arena, count, sizeof(struct slurm_unit *));
	for (size_t i = 0; i < count; i++) {
		const struct slurm_unit *node = slurm_units_get(&v->nodes, names[i]);
		if (!node)
			continue;
		place->nodes[place->count++] = node;
		map_set(&place->names, node->name, place);
	}
	return place;
}

static bool has_memory(struct view *v, const struct slurm_unit *node, const struct slurm_pending *job)
{
	const char *text = effective_of_node(&v->meaning, node, "RealMemory");
	uint64_t memory;
	return !job->memory_mib || !text || str_to_u64(text, 0, INT64_MAX, &memory) < 0 || memory >= job->memory_mib;
}

/* "a&b", "a,b", "a|b"; what has more than that is not judged. */
static bool has_features(struct view *v, const struct slurm_unit *node, const struct slurm_pending *job)
{
	const char *text = effective_of_node(&v->meaning, node, "Features");
	if (!job->features || strpbrk(job->features, "[]()*!"))
		return true;
	bool any = strchr(job->features, '|') != NULL;
	char *rest = arena_strdup(v->arena, job->features);
	for (const char *word; (word = str_next(&rest, "&,|"));) {
		bool has = str_has_item(text, word, strncmp);
		if (has == any)
			return any;
	}
	return !any;
}

/* Of "gpu:a100:2": its name, its type or NULL, and how many. */
static uint64_t gres_parts(char *item, const char **ret_name, const char **ret_type)
{
	uint64_t count = 1;
	item += str_starts(item, "gres:") || str_starts(item, "gres/") ? 5 : 0;
	item[strcspn(item, "(")] = '\0';
	char *second = strchr(item, ':'), *third;
	*ret_name = item;
	*ret_type = NULL;
	if (!second)
		return count;
	*second++ = '\0';
	third = strchr(second, ':');
	if (third)
		*third++ = '\0';
	if (!third && *second >= '0' && *second <= '9')
		third = second;
	else
		*ret_type = second;
	if (third)
		str_read_u64(third, UINT32_MAX, &count);
	return count;
}

static uint64_t gres_count(struct arena *arena, const char *gres, const char *name, const char *type)
{
	char *rest = gres ? arena_strdup(arena, gres) : NULL;
	uint64_t sum = 0;
	for (char *item; rest && (item = str_next(&rest, ","));) {
		const char *its_name, *its_type;
		uint64_t count = gres_parts(item, &its_name, &its_type);
		if (streq(its_name, name) && (!type || (its_type && streq(its_type, type))))
			sum += count;
	}
	return sum;
}

static bool has_gres(struct view *v, const struct slurm_unit *node, const struct slurm_pending *job)
{
	const char *text = effective_of_node(&v->meaning, node, "Gres");
	char *rest = job->gres ? arena_strdup(v->arena, job->gres) : NULL;
	for (char *item; rest && (item = str_next(&rest, ","));) {
		const char *name, *type;
		uint64_t count = gres_parts(item, &name, &type);
		if (gres_count(v->arena, text, name, type) < count)
			return false;
	}
	return true;
}

static const struct {
	enum slurm_wait_cause cause;
	bool (*has)(struct view *v, const struct slurm_unit *node, const struct slurm_pending *job);
} tests[] = {
    {SLURM_WAIT_MEMORY, has_memory},
    {SLURM_WAIT_FEATURES, has_features},
    {SLURM_WAIT_GRES, has_gres},
};

/* SLURM_WAIT_CAUSES: nothing speaks against it. */
static enum slurm_wait_cause judge_place(struct view *v, const struct slurm_pending *job, const struct place *place)
{
	const char *const *asked;
	size_t count = 0;
	if (!place)
		return SLURM_WAIT_PARTITION;
	if (job->minutes > place->max_minutes)
		return SLURM_WAIT_TIME;
	if (job->nodes > place->max_nodes || job->nodes > place->count)
		return SLURM_WAIT_NODES;
	if (job->asked_nodes && hostlist_expand(job->asked_nodes, MOST_NAMES, v->arena, &asked, &count, NULL, NULL) < 0)
		count = 0;
	for (size_t i = 0; i < count; i++)
		if (!map_has(&place->names, asked[i]))
			return SLURM_WAIT_NODELIST;
	for (size_t t = 0; t < ARRAY_LEN(tests); t++) {
		uint64_t fit = 0;
		for (size_t i = 0; i < place->count && fit < job->nodes; i++)
			fit += tests[t].has(v, place->nodes[i], job);
		if (fit < job->nodes)
			return tests[t].cause;
	}
	return SLURM_WAIT_CAUSES;
}

/* Slurm shows a job without a time of its own with that of its partition. */
static bool has_own_time(struct view *old, const struct slurm_pending *job)
{
	char *rest = arena_strdup(old->arena, job->partitions);
	for (const char *name; (name = str_next(&rest, ","));) {
		const struct place *place = place_of(old, name);
		if (place && job->minutes == place->usual_minutes)
			return false;
	}
	return true;
}

/* Any of its partitions will do; the cause is that of the last. */
static enum slurm_wait_cause judge(struct view *v, const struct slurm_pending *job)
{
	enum slurm_wait_cause cause = SLURM_WAIT_PARTITION;
	char *rest = arena_strdup(v->arena, job->partitions);
	for (const char *name; cause != SLURM_WAIT_CAUSES && (name = str_next(&rest, ","));)
		cause = judge_place(v, job, place_of(v, name));
	return cause;
}

static int view_of(struct view *v, struct err *err)
{
	v->meaning.arena = v->arena;
	return slurm_conf_nodes(v->conf, v->arena, &v->nodes, err) < 0
		   ? -1
		   : slurm_conf_partitions(v->conf, v->arena, &v->partitions, err);
}

int slurm_pending_waits(const struct slurm_conf *old, const struct slurm_conf *now, const struct slurm_pending *jobs,
			size_t count, struct arena *arena, struct slurm_waits *ret, struct err *err)
{
	_cleanup_view_ struct view before = {.conf = old, .arena = arena};
	_cleanup_view_ struct view after = {.conf = now, .arena = arena};
	*ret = (struct slurm_waits){0};
	if (view_of(&before, err) < 0 || view_of(&after, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct slurm_pending job = jobs[i];
		if (!has_own_time(&before, &job))
			job.minutes = 0;
		enum slurm_wait_cause cause = judge(&after, &job);
		if (cause != SLURM_WAIT_CAUSES && judge(&before, &job) == SLURM_WAIT_CAUSES)
			*vec_push_in(arena, &ret->by_cause[cause]) = job.id;
	}
	return 0;
}

const char *slurm_wait_text(enum slurm_wait_cause cause)
{
	static const char *const texts[SLURM_WAIT_CAUSES] = {
	    [SLURM_WAIT_PARTITION] = "wait in a partition that would be removed",
	    [SLURM_WAIT_TIME] = "exceed the new time limit of their partition",
	    [SLURM_WAIT_NODES] = "ask for more nodes than their partition would allow",
	    [SLURM_WAIT_NODELIST] = "ask for nodes that would not be in their partition",
	    [SLURM_WAIT_MEMORY] = "ask for more memory than nodes of their partition would have",
	    [SLURM_WAIT_FEATURES] = "ask for features that nodes of their partition would not have",
	    [SLURM_WAIT_GRES] = "ask for GRES that nodes of their partition would not have",
	};
	return (size_t)cause < ARRAY_LEN(texts) ? texts[cause] : "unknown";
}
