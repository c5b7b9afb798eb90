#include <string.h>

#include "doctor/rows.h"

#include "base/str.h"
#include "base/vec.h"

/* From what lies deepest upwards; nodes after all that speaks of one host, since they ask whether it is sound. Those of modules
 * come between. */
static const struct diagnoses *const below[] = {
    &doctor_system, &doctor_disks, &doctor_places, &doctor_files, &doctor_packaging, &doctor_users,
};
static const struct diagnoses *const above[] = {
    &doctor_daemons,   &doctor_controllers, &doctor_accounting, &doctor_ports,
    &doctor_leftovers, &doctor_stuck,       &doctor_nodes,      &doctor_queue,
};

static const struct diagnoses *const wires[] = {&doctor_controllers, &doctor_accounting, &doctor_ports};

enum { MOST_GROUPS = 64 };

/* The groups to go over, NULL-terminated. */
static void groups_of(bool only_wires, const struct diagnoses *const *others,
		      const struct diagnoses *ret[static MOST_GROUPS + 1])
{
	size_t n = 0;
	for (size_t i = 0; !only_wires && i < ARRAY_LEN(below); i++)
		ret[n++] = below[i];
	for (; !only_wires && others && *others && n < MOST_GROUPS - ARRAY_LEN(above); others++)
		ret[n++] = *others;
	for (size_t i = 0; !only_wires && i < ARRAY_LEN(above); i++)
		ret[n++] = above[i];
	for (size_t i = 0; only_wires && i < ARRAY_LEN(wires); i++)
		ret[n++] = wires[i];
	ret[n] = NULL;
}

static bool looks_at(const struct diagnoses *group, const struct cluster *c, size_t host)
{
	return group->module ? cluster_has_module(c, host, group->module) : inventory_has_role(&c->inv->hosts[host]);
}

static json_t *ask(const struct cluster *c, size_t host, bool only_wires, const struct diagnoses *const *others,
		   struct arena *arena)
{
	json_t *items = json_array();
	const struct doctor_host h = {c, c->inv, &c->inv->hosts[host], arena};
	const struct diagnoses *groups[MOST_GROUPS + 1];
	groups_of(only_wires, others, groups);
	for (size_t i = 0; groups[i]; i++) {
		if (!looks_at(groups[i], c, host))
			continue;
		for (size_t k = 0; k < groups[i]->count; k++)
			if (groups[i]->items[k].ask)
				groups[i]->items[k].ask(&h, items);
	}
	return items;
}

json_t *doctor_items(const struct cluster *c, size_t host, const struct diagnoses *const *others, struct arena *arena)
{
	return ask(c, host, false, others, arena);
}

json_t *doctor_wire_items(const struct cluster *c, size_t host, struct arena *arena)
{
	return ask(c, host, true, NULL, arena);
}

static void judge(struct doctor *d, const struct diagnoses *group, const struct diagnosis *row)
{
	d->row = row;
	/* A host without facts was not reached, or is left out for what it said. */
	for (size_t i = 0; row->judge && i < d->cluster->inv->host_count; i++)
		if (d->answers[i] && d->cluster->hosts[i].facts && looks_at(group, d->cluster, i))
			row->judge(d, i);
	if (row->judge_all)
		row->judge_all(d);
}

void doctor_judge(struct doctor *d)
{
	const struct diagnoses *groups[MOST_GROUPS + 1];
	groups_of(d->wires, d->others, groups);
	/* Where nothing was deployed nothing is broken but the network. */
	if (d->cluster->fresh && !d->wires)
		groups[0] = NULL;
	for (size_t i = 0; groups[i]; i++)
		for (size_t k = 0; k < groups[i]->count; k++)
			judge(d, groups[i], &groups[i]->items[k]);
	doctor_explain(d->findings);
}

static bool is_passing(const struct diagnoses *const *groups, const struct finding *f)
{
	for (size_t i = 0; groups[i]; i++)
		for (size_t k = 0; k < groups[i]->count; k++)
			if (streq(finding_code_word(groups[i]->items[k].code), f->code))
				return groups[i]->items[k].passes;
	return false;
}

bool doctor_may_pass(const struct doctor *d)
{
	const struct diagnoses *groups[MOST_GROUPS + 1];
	groups_of(false, d->others, groups);
	for (size_t i = 0; i < d->findings->len; i++)
		if (!d->findings->items[i].cause && is_passing(groups, &d->findings->items[i]))
			return true;
	return false;
}
