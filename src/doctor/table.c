#include <string.h>

#include "doctor/rows.h"

#include "base/str.h"
#include "base/vec.h"

/* From what lies deepest upwards; nodes after all that speaks of one host, since they ask whether it is sound. */
static const struct diagnoses *const table[] = {
    &doctor_system, &doctor_disks,     &doctor_places,  &doctor_files,       &doctor_packaging,
    &doctor_users,  &doctor_munge,     &doctor_daemons, &doctor_controllers, &doctor_accounting,
    &doctor_ports,  &doctor_leftovers, &doctor_stuck,   &doctor_nodes,       &doctor_queue,
};

static const struct diagnoses *const wires[] = {&doctor_controllers, &doctor_accounting, &doctor_ports};

static json_t *ask(const struct cluster *c, size_t host, const struct diagnoses *const *groups, size_t count,
		   struct arena *arena)
{
	json_t *items = json_array();
	const struct doctor_host h = {c, c->inv, &c->inv->hosts[host], arena};
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < groups[i]->count; k++)
			if (groups[i]->items[k].ask)
				groups[i]->items[k].ask(&h, items);
	return items;
}

json_t *doctor_items(const struct cluster *c, size_t host, struct arena *arena)
{
	return ask(c, host, table, ARRAY_LEN(table), arena);
}

json_t *doctor_wire_items(const struct cluster *c, size_t host, struct arena *arena)
{
	return ask(c, host, wires, ARRAY_LEN(wires), arena);
}

static void judge(struct doctor *d, const struct diagnosis *row)
{
	d->row = row;
	/* A host without facts was not reached, or is left out for what it said. */
	for (size_t i = 0; row->judge && i < d->cluster->inv->host_count; i++)
		if (d->answers[i] && d->cluster->hosts[i].facts)
			row->judge(d, i);
	if (row->judge_all)
		row->judge_all(d);
}

void doctor_judge(struct doctor *d)
{
	const struct diagnoses *const *groups = d->wires ? wires : table;
	size_t count = d->wires ? ARRAY_LEN(wires) : ARRAY_LEN(table);
	/* Where nothing was deployed nothing is broken but the network. */
	if (d->cluster->fresh && !d->wires)
		count = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < groups[i]->count; k++)
			judge(d, &groups[i]->items[k]);
	doctor_explain(d->findings);
}

static bool is_passing(const struct finding *f)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (size_t k = 0; k < table[i]->count; k++)
			if (streq(finding_code_word(table[i]->items[k].code), f->code))
				return table[i]->items[k].passes;
	return false;
}

bool doctor_may_pass(const struct findings *f)
{
	for (size_t i = 0; i < f->len; i++)
		if (!f->items[i].cause && is_passing(&f->items[i]))
			return true;
	return false;
}
