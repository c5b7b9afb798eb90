#include "run/alone.h"

#include "base/str.h"
#include "base/vec.h"
#include "modules/module.h"

static const char *key_of(const struct run *run, size_t host, const struct resource *r)
{
	return arena_printf(run->arena, "%zu %s", host, r->id);
}

static bool is_missing(const struct run *run, size_t host, size_t k)
{
	const struct resource *r = &run->catalogs[host]->items[k];
	return r->alone && run->observed[host][k].state != OBSERVED_SAME && !map_has(&run->made, key_of(run, host, r));
}

void alone_take(struct run *run, size_t host, const struct resource *resource, const struct event *event,
		struct findings *findings)
{
	if (event->result == EVENT_CHANGED || event->result == EVENT_UNCHANGED)
		map_set(&run->made, key_of(run, host, resource), (void *)resource);
	if (event->result != EVENT_FAILED)
		return;
	struct finding *f = finding_add(findings, FINDING_WARNING, CODE_NOT_MADE, run->inv->hosts[host].name, "%s: %s",
					event->id, event->what);
	f->fix = "fix what the message names; the next `reeve apply` makes it, and what waits for it";
	f->origin = resource->origin;
}

void alone_look(struct run *run)
{
	map_free(&run->missing);
	for (const struct resource *const *r = alone_missing(run); *r; r++)
		map_set(&run->missing, (*r)->id, (void *)*r);
}

/* The one that it waits for: of its own host, or, where that has none of this id, of another. NULL: nothing. */
static const struct resource *waits_for(const struct run *run, size_t host, const struct resource *r)
{
	const struct resource *needed = r->needs ? map_get(&run->missing, r->needs) : NULL;
	const struct catalog *c = run->catalogs[host];
	for (size_t k = 0; needed && k < c->len; k++)
		if (streq(c->items[k].id, r->needs))
			return is_missing(run, host, k) ? needed : NULL;
	return needed;
}

static void show(struct run *run, size_t host, const struct resource *r, const struct resource *needed)
{
	const struct event event = {
	    .id = r->id, .result = EVENT_BLOCKED, .what = arena_printf(run->arena, "waits for %s", needed->id)};
	roll_show_event(run->roll, host, &event, NULL);
}

const struct action *alone_hold(struct run *run, const struct action *a)
{
	struct action *rest = arena_alloc(run->arena, sizeof *rest);
	size_t n = 0;
	*rest = *a;
	if (a->kind != ACTION_APPLY)
		return a;
	rest->resources = arena_calloc(run->arena, a->count, sizeof *rest->resources);
	for (size_t i = 0; i < a->count; i++) {
		const struct resource *needed = waits_for(run, a->host, a->resources[i]);
		if (needed) {
			show(run, a->host, a->resources[i], needed);
			map_set(&run->awaited, needed->id, (void *)needed);
		} else {
			rest->resources[n++] = a->resources[i];
		}
	}
	rest->count = n;
	return n == a->count ? a : n ? rest : NULL;
}

const struct resource *const *alone_missing(const struct run *run)
{
	VEC(const struct resource *) list = {0};
	for (size_t i = 0; i < run->inv->host_count; i++)
		for (size_t k = 0; run->catalogs[i] && k < run->catalogs[i]->len; k++)
			if (is_missing(run, i, k))
				*vec_push_in(run->arena, &list) = &run->catalogs[i]->items[k];
	*vec_push_in(run->arena, &list) = NULL;
	return list.items;
}

/* A host that has left has its own finding. */
static bool was_to_be_made(const struct run *run, size_t host, const struct resource *r)
{
	return plan_wants(&run->options->plan, r->module) && run->plan->hosts[host].selected &&
	       roll_in(run->roll, host);
}

size_t alone_end(struct run *run, struct findings *findings)
{
	size_t count = 0;
	for (size_t i = 0; i < run->inv->host_count; i++)
		for (size_t k = 0; run->catalogs[i] && k < run->catalogs[i]->len; k++) {
			const struct resource *r = &run->catalogs[i]->items[k];
			if (!is_missing(run, i, k))
				continue;
			if (was_to_be_made(run, i, r)) {
				count++;
			} else if (map_has(&run->awaited, r->id)) {
				struct finding *f = finding_add(
				    findings, FINDING_WARNING, CODE_NOT_MADE, run->inv->hosts[i].name,
				    "%s does not exist yet, and this run was not to make it: what needs it waits",
				    r->id);
				f->fix = finding_text(findings, "`reeve apply %s`", r->module);
				f->origin = r->origin;
			}
		}
	return count;
}
