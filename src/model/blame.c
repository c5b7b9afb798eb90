/*
 * Whose trouble it is, what is wrong with one host. Of a controller it is the cluster's: nothing may be touched. A compute host's is its
 * own: it is left out, named, and the others go on as if it had not been reached. That is meant literally: the cluster is resolved
 * again without its facts, so that whatever it said has no part in what the others get. Every judge of a host's facts says what it
 * finds through cluster_blame(), and none decides that by itself.
 */
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "model/blame.h"

static struct finding *blame(struct cluster *c, struct cluster_host *h, enum finding_weight of_controller,
			     enum finding_code code, const char *text)
{
	struct findings unsaid = {.arena = c->arena};
	bool said = !cluster_is_out(h) && !h->dismissed;
	struct finding *f =
	    finding_add(said ? &c->findings : &unsaid, h->inv->controller ? of_controller : FINDING_HOST, code,
			h->inv->name, "%s", text);
	f->origin = h->inv->at;
	if (said && !h->inv->controller && !h->blamed)
		h->blamed = f->what;
	return f;
}

struct finding *cluster_blame(struct cluster *c, struct cluster_host *h, enum finding_code code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const char *text = arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	return blame(c, h, FINDING_STOP, code, text);
}

struct finding *cluster_blame_slurmd(struct cluster *c, struct cluster_host *h, enum finding_code code, const char *fmt,
				     ...)
{
	va_list ap;
	va_start(ap, fmt);
	const char *text = arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	return blame(c, h, FINDING_WARNING, code, text);
}

void blames_init(struct blames *b, const struct inventory *inv, const struct facts *const *facts,
		 const char *const *unreached, struct arena *arena)
{
	*b = (struct blames){
	    .facts = arena_calloc(arena, inv->host_count, sizeof *b->facts),
	    .why = arena_calloc(arena, inv->host_count, sizeof *b->why),
	    .shrank = arena_calloc(arena, inv->host_count, sizeof *b->shrank),
	    .blamed = arena_calloc(arena, inv->host_count, sizeof *b->blamed),
	    .findings = {.arena = arena},
	};
	for (size_t i = 0; i < inv->host_count; i++) {
		b->facts[i] = facts[i];
		b->why[i] = facts[i] ? NULL : (unreached[i] ? unreached[i] : "was not asked");
	}
}

bool blames_take(struct blames *b, const struct cluster *c)
{
	bool any = false;
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		if (!h->blamed)
			continue;
		any = true;
		b->facts[i] = NULL;
		b->why[i] = b->blamed[i] = h->blamed;
		b->shrank[i] = h->change == CHANGE_SHRANK ? h->change_text : NULL;
	}
	for (size_t i = 0; any && i < c->findings.len; i++) {
		const struct finding *f = &c->findings.items[i];
		const struct inv_host *h = f->host ? inventory_host(c->inv, f->host) : NULL;
		if (h && f->weight == FINDING_HOST && c->hosts[h->index].blamed)
			*vec_push_in(c->arena, &b->findings) = *f;
	}
	return any;
}

void blames_give(const struct blames *b, struct cluster *c)
{
	const struct findings others = c->findings;
	c->findings = (struct findings){.arena = c->arena};
	for (size_t i = 0; i < b->findings.len; i++)
		*vec_push_in(c->arena, &c->findings) = b->findings.items[i];
	for (size_t i = 0; i < others.len; i++)
		*vec_push_in(c->arena, &c->findings) = others.items[i];
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		h->blamed = b->blamed[i];
		if (!b->shrank[i])
			continue;
		h->change = CHANGE_SHRANK;
		h->change_text = b->shrank[i];
	}
}
