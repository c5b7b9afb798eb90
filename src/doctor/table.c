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

static void ask(const struct doctor_host *h, const struct diagnoses *rows, json_t *items)
{
	for (size_t k = 0; k < rows->count; k++)
		if (rows->items[k].ask)
			rows->items[k].ask(h, items);
}

json_t *doctor_items(const struct cluster *c, size_t host, struct arena *arena)
{
	json_t *items = json_array();
	const struct doctor_host h = {c, c->inv, &c->inv->hosts[host], arena};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		ask(&h, table[i], items);
	return items;
}

json_t *doctor_port_items(const struct cluster *c, size_t host, struct arena *arena)
{
	json_t *items = json_array();
	ask(&(const struct doctor_host){c, c->inv, &c->inv->hosts[host], arena}, &doctor_ports, items);
	return items;
}

static void judge(struct doctor *d, const struct diagnosis *row)
{
	d->row = row;
	for (size_t i = 0; row->judge && i < d->cluster->inv->host_count; i++)
		if (d->answers[i])
			row->judge(d, i);
	if (row->judge_all)
		row->judge_all(d);
}

void doctor_judge(struct doctor *d)
{
	/* Where nothing was deployed nothing is broken. */
	for (size_t i = 0; !d->cluster->fresh && i < ARRAY_LEN(table); i++)
		for (size_t k = 0; k < table[i]->count; k++)
			judge(d, &table[i]->items[k]);
	doctor_explain(d->findings);
}

void doctor_judge_ports(struct doctor *d)
{
	for (size_t k = 0; k < doctor_ports.count; k++)
		judge(d, &doctor_ports.items[k]);
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
