/*
 * Which hosts do not serve. An operator excluded them (`reeve exclude`), which the record keeps with who, why, when and
 * until; or their class does. A class excludes by itself only hosts that never served: taking a node from jobs is an
 * operator's decision. An exclusion whose end has come is said, not undone: nobody knows whether the SD card is new.
 */
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "model/cluster.h"

/* Dates as ISO 8601 writes them compare as texts. */
static void say_end(struct cluster *c, const struct record_exclusion *x, const struct cluster_host *h,
		    const char *today)
{
	if (!today || !x->until || x->removed || strcmp(today, x->until) < 0)
		return;
	struct finding *f = finding_add(&c->findings, FINDING_NOTE, CODE_EXCLUSION_ENDED, h->inv->name,
					"was excluded by %s until %s (%s)", x->who, x->until, x->reason);
	f->fix = finding_text(&c->findings, "reeve include %s", h->inv->name);
	f->origin = h->inv->at;
}

static const struct record_exclusion *by_class(struct cluster *c, const struct cluster_host *h)
{
	const struct inv_text *why = h->class ? &h->class->exclude : NULL;
	if (!why || !why->text)
		return NULL;
	if (h->last) {
		struct finding *f =
		    finding_add(&c->findings, FINDING_NOTE, CODE_CLASS_EXCLUDES, h->inv->name,
				"class '%s' excludes its hosts (%s), but this one is already in service",
				h->class->name, why->text);
		f->fix = finding_text(&c->findings, "to take it out of service: reeve exclude %s --reason \"%s\"",
				      h->inv->name, why->text);
		f->origin = why->at;
		return NULL;
	}
	struct record_exclusion *x = arena_alloc(c->arena, sizeof *x);
	*x = (struct record_exclusion){.name = h->inv->name,
				       .who = arena_printf(c->arena, "class %s", h->class->name),
				       .reason = why->text,
				       .when = ""};
	return x;
}

/* What an operator wants now; the reason that was given before stays where he gives none. */
static const struct record_exclusion *decided(struct cluster *c, const struct cluster_host *h,
					      const struct record_exclusion *before,
					      const struct record_exclusion *wanted)
{
	struct record_exclusion *x = arena_alloc(c->arena, sizeof *x);
	*x = *wanted;
	if (!x->reason && before) {
		*x = *before;
		x->leaving = wanted->leaving;
		x->removed = wanted->removed;
	}
	if (before && !x->until)
		x->until = before->until;
	if (wanted->until)
		x->until = wanted->until;
	x->name = h->inv->name;
	if (!x->reason) {
		finding_add(&c->findings, FINDING_STOP, CODE_NO_REASON, h->inv->name,
			    "not excluded yet: a reason is required")
		    ->fix = "add one: --reason \"bad SD card\"";
		x->reason = "";
	}
	return x;
}

static void decide(struct cluster *c, struct cluster_host *h, const struct cluster_decisions *d)
{
	size_t host = h->inv->index;
	const struct record_exclusion *recorded = record_exclusion(c->record, h->inv->name);
	bool include = cluster_decided(c, &d->include, host), exclude = cluster_decided(c, &d->exclude, host);
	if ((include || exclude) && !h->inv->compute)
		finding_add(&c->findings, FINDING_STOP, CODE_NOT_COMPUTE, h->inv->name,
			    "not a compute node: nothing to exclude or include")
		    ->origin = h->inv->at;
	if (include && !recorded && (h->last || !h->class || !h->class->exclude.text))
		finding_add(&c->findings, FINDING_STOP, CODE_NOT_EXCLUDED, h->inv->name, "is not excluded")->fix =
		    finding_text(&c->findings, "if it is drained for another reason: reeve resume %s", h->inv->name);
	/* Its jobs were waited for, and the lock was free meanwhile. */
	if (exclude && d->goes_on && (!recorded || recorded->removed)) {
		finding_add(&c->findings, FINDING_STOP, CODE_TAKEN_BACK, h->inv->name,
			    recorded ? "was removed while reeve waited for its jobs"
				     : "was put back into service while reeve waited for its jobs")
		    ->fix = "leave it so; for the other nodes, run the same command without this one";
		exclude = false;
	}
	if (include) {
		c->record_differs |= recorded != NULL;
		recorded = NULL;
	} else if (exclude) {
		recorded = decided(c, h, recorded, &d->exclusion);
		c->record_differs = true;
	}
	h->excluded = recorded;
	h->dismissed = exclude && !h->inv->controller;
	if (recorded)
		say_end(c, recorded, h, d->today);
	else if (h->inv->compute && !include)
		h->excluded = by_class(c, h);
	h->serves = h->inv->compute && (!h->excluded || h->excluded->leaving);
}

/* As it is to be recorded: of hosts that are not in the file any more only what was excluded for a time. */
static void collect(struct cluster *c)
{
	VEC(struct record_exclusion) all = {0};
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct record_exclusion *x = c->hosts[i].excluded;
		if (x && *x->when)
			*vec_push_in(c->arena, &all) = *x;
	}
	for (size_t i = 0; c->record && i < c->record->exclusion_count; i++) {
		const struct record_exclusion *x = &c->record->exclusions[i];
		bool gone = !inventory_host(c->inv, x->name);
		if (gone && !x->removed)
			*vec_push_in(c->arena, &all) = *x;
		c->record_differs |= gone && x->removed;
	}
	c->exclusions = all.items;
	c->exclusion_count = all.len;
}

void cluster_exclude(struct cluster *c, const struct cluster_decisions *decisions)
{
	for (size_t i = 0; i < c->inv->host_count; i++)
		decide(c, &c->hosts[i], decisions);
	collect(c);
}
