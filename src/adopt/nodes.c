/* The nodes of a slurm.conf as hosts, and what it says of them beyond what is measured as classes. */
#include <string.h>
#include <strings.h>

#include "adopt/make.h"
#include "base/names.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"

/* Nodes to which the same happens, for one note about all of them. */
struct group {
	const char *why;
	unsigned line; /* of the first */
	struct names nodes;
};

struct groups {
	struct group **items;
	size_t len, cap;
	struct map by_why;
};

struct reader {
	struct builder *b;
	struct groups left, states, unknown;
	struct groups classes; /* `why` is the text of the keys */
};

static void put(struct reader *r, struct groups *groups, const char *why, unsigned line, const char *name)
{
	struct arena *arena = r->b->arena;
	struct group *g = map_get(&groups->by_why, why);
	if (!g) {
		g = arena_alloc(arena, sizeof *g);
		g->why = arena_strdup(arena, why);
		g->line = line;
		map_set(&groups->by_why, g->why, g);
		*vec_push_in(arena, groups) = g;
	}
	*vec_push_in(arena, &g->nodes) = name;
}

static const char *names_of(const struct reader *r, const struct group *g)
{
	return hostlist_compress(g->nodes.items, g->nodes.len, r->b->arena);
}

enum kind { KIND_MEASURED, KIND_PLACED, KIND_CLASS };

static enum kind kind_of(const char *key)
{
	static const char *const placed[] = {"NodeAddr", "NodeHostname", "State", "Reason"};
	if (effective_is_processors(key) || strcasecmp(key, "RealMemory") == 0)
		return KIND_MEASURED;
	for (size_t i = 0; i < ARRAY_LEN(placed); i++)
		if (strcasecmp(placed[i], key) == 0)
			return KIND_PLACED;
	return KIND_CLASS;
}

/* Why a node in that state is none that reeve can reach. */
static const char *absent(const char *state)
{
	if (str_starts(state, "FUTURE"))
		return "State=FUTURE: there is no machine yet; add it to 'hosts' when there is";
	if (str_starts(state, "CLOUD"))
		return "State=CLOUD: reeve does not make or deploy nodes that come and go with the jobs";
	return NULL;
}

static const char *measured(struct reader *r, const struct slurm_line *line)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	for (size_t i = 0; i < line->count; i++)
		if (kind_of(line->pairs[i].key) == KIND_MEASURED)
			strbuf_addf(&out, "%s%s=%s", out.len ? " " : "", line->pairs[i].key, line->pairs[i].value);
	return arena_strdup(r->b->arena, strbuf_str(&out));
}

#define GRES_CONF "gres_conf" /* among the keys of Slurm */

/* The keys of a class, one a line: nodes with the same text are of one class. */
static void read_class(struct reader *r, const struct slurm_unit *node)
{
	struct builder *b = r->b;
	_cleanup_strbuf_ struct strbuf keys = {0};
	const struct adopt_texts *gres = NULL;
	for (size_t i = 0; i < node->line->count; i++) {
		const struct slurm_pair *p = &node->line->pairs[i];
		const char *key = effective_key(p->key);
		if (kind_of(key) != KIND_CLASS)
			continue;
		const char *note, *value = make_class_value(b, key, effective_of_node(&b->meaning, node, key), &note);
		const char *fault = make_class_fault(b, key, value);
		if (note && !fault)
			put(r, &r->unknown, note, p->line, node->name);
		if (fault)
			put(r, &r->unknown, arena_printf(b->arena, "%s=%s is not kept: %s", p->key, value, fault),
			    p->line, node->name);
		else
			strbuf_addf(&keys, "%s\n%s\n", slurm_param_find(SLURM_NODE, key)->name, value);
		if (!fault && strcasecmp(key, "Gres") == 0)
			gres = map_get(&b->gres, node->name);
	}
	for (size_t i = 0; gres && i < gres->len; i++)
		strbuf_addf(&keys, GRES_CONF "\n%s\n", gres->items[i]);
	if (keys.len)
		put(r, &r->classes, strbuf_str(&keys), node->line->line, node->name);
}

/*
 * A line with CPUs= and nothing of sockets, cores and threads makes each CPU a core of its own for Slurm, a thread as well
 * (slurm.conf(5), CPUs). The line that reeve writes has the threads that are measured, and a core goes to one job.
 */
static bool gives_threads(const struct builder *b, const struct slurm_line *line)
{
	const char *select = slurm_conf_get(b->conf, "SelectType"), *cpus = effective_get(line, "CPUs");
	for (size_t i = 0; i < line->count; i++) {
		const char *key = effective_key(line->pairs[i].key);
		if (effective_is_processors(key) && strcasecmp(key, "CPUs") != 0)
			return false;
	}
	if (!select)
		select = slurm_param_default("SelectType", b->release);
	return cpus && !streq(cpus, "1") && !(select && strcasecmp(select, "select/linear") == 0);
}

static void read_node(struct reader *r, const struct slurm_unit *node)
{
	struct builder *b = r->b;
	const char *state = effective_of_node(&b->meaning, node, "State");
	const char *address = effective_of_node(&b->meaning, node, "NodeAddr");
	struct adopt_host host = {
	    .name = node->name,
	    .hostname = effective_of_node(&b->meaning, node, "NodeHostname"),
	    .address = address,
	    .compute = true,
	    .was = "",
	};
	const char *why = absent(state);
	if (!why && !b->given)
		why = make_add_host(b, &host);
	else if (!why && !make_host(b, node->name))
		why = "the inventory has no such host among controllers and compute nodes";
	if (why) {
		put(r, &r->left, why, node->line->line, node->name);
		return;
	}
	b->out->hosts.items[make_host(b, node->name) - 1].was = measured(r, node->line);
	const char *reason = effective_of_node(&b->meaning, node, "Reason");
	if (!streq(state, "UNKNOWN"))
		put(r, &r->states, reason ? arena_printf(b->arena, "%s (Reason=%s)", state, reason) : state,
		    node->line->line, node->name);
	else if (reason)
		put(r, &r->unknown,
		    arena_printf(b->arena,
				 "Reason=%s is not kept: slurmctld keeps what was set by hand over its restarts",
				 reason),
		    node->line->line, node->name);
	if (gives_threads(b, node->line))
		put(r, &r->unknown,
		    arena_printf(
			b->arena,
			"CPUs=%s alone lets each CPU take a job of its own, a thread too; where `slurmd -C` says "
			"ThreadsPerCore=2, a core will go to one job: half as many one-CPU jobs at a time",
			effective_get(node->line, "CPUs")),
		    node->line->line, node->name);
	read_class(r, node);
}

static void make_classes(struct reader *r)
{
	struct builder *b = r->b;
	for (size_t i = 0; i < r->classes.len; i++) {
		const struct group *g = r->classes.items[i];
		struct adopt_class like = {0};
		char *rest = arena_strdup(b->arena, g->why);
		for (char *key, *value; (key = str_next_line(&rest)) && (value = str_next_line(&rest));)
			if (streq(key, GRES_CONF))
				*vec_push_in(b->arena, &like.gres_conf) = value;
			else
				make_add_param(b, &like.params, key, value, false);
		if (!make_class(b, &like, g->nodes.items, g->nodes.len))
			make_note(b, g->line,
				  "what it says of node %s is not kept: the file would have too many classes",
				  names_of(r, g));
	}
}

static void note_all(struct reader *r)
{
	struct builder *b = r->b;
	for (size_t i = 0; i < r->left.len; i++)
		make_note(b, r->left.items[i]->line, "node %s is left out: %s", names_of(r, r->left.items[i]),
			  r->left.items[i]->why);
	for (size_t i = 0; i < r->states.len; i++)
		make_note(b, r->states.items[i]->line,
			  "State=%s of node %s is not kept: slurmctld keeps what was set by hand over its restarts",
			  r->states.items[i]->why, names_of(r, r->states.items[i]));
	for (size_t i = 0; i < r->unknown.len; i++)
		make_note(b, r->unknown.items[i]->line, "of node %s: %s", names_of(r, r->unknown.items[i]),
			  r->unknown.items[i]->why);
}

static void groups_free(struct groups *g)
{
	map_free(&g->by_why);
}

int make_nodes_of(struct builder *b, struct err *err)
{
	struct reader r = {.b = b};
	size_t notes = b->out->notes.len;
	for (size_t i = 0; i < b->nodes.count; i++)
		read_node(&r, &b->nodes.items[i]);
	make_classes(&r);
	note_all(&r);
	groups_free(&r.left);
	groups_free(&r.states);
	groups_free(&r.unknown);
	groups_free(&r.classes);
	if (!b->nodes.count)
		return err_set(
		    err, ERR_INPUT,
		    "%s: no NodeName line describes a node, and nodes that come by themselves (slurmd -Z) are not "
		    "deployed by reeve",
		    b->out->from);
	if (!b->out->hosts.len)
		return err_set(err, ERR_INPUT, "%s: none of its %zu nodes can be kept%s", b->out->from, b->nodes.count,
			       make_reason(b, notes));
	return 0;
}
