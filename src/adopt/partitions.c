/* The partitions of a slurm.conf. */
#include <string.h>
#include <strings.h>

#include "adopt/make.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "inventory/inventory.h"

static const char *name_fault(const char *name)
{
	return str_is_name(name, 64) ? NULL
				     : "that is not a name: letters, digits, '.', '_' and '-', at most 64 of them";
}

/* Names, and what is no list of names, in Nodes= that no NodeName line has: slurmctld would end on them. */
static void note_strangers(struct builder *b, const struct slurm_unit *unit, const char *const *names, size_t count)
{
	const char **strangers = arena_calloc(b->arena, count + 1, sizeof *strangers);
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		if (!slurm_units_get(&b->nodes, names[i]))
			strangers[n++] = names[i];
	if (n)
		make_note(b, unit->line->line, "partition %s names %s, which no NodeName line describes%s", unit->name,
			  hostlist_compress(strangers, n, b->arena), n < count ? ": it is kept without" : "");
}

/* Those of its nodes that are kept, as a hostlist; "" stands for all; NULL: none, and why. */
static const char *kept_nodes(struct builder *b, const struct slurm_unit *unit, const char **ret_fault)
{
	const char *text = effective_of_partition(&b->meaning, b->conf, &b->nodes, unit, "Nodes");
	const char *const *names;
	size_t count = 0, kept = 0, compute = 0;
	struct err why = {0};
	*ret_fault = "none of its nodes is kept";
	if (!text)
		return NULL;
	if (hostlist_expand(text, SLURM_CONF_NODES_MAX, b->arena, &names, &count, NULL, &why) < 0) {
		*ret_fault = arena_printf(b->arena, "Nodes=%.200s is not a list of nodes: %s", text, why.text);
		return NULL;
	}
	note_strangers(b, unit, names, count);
	const char **list = arena_calloc(b->arena, count + 1, sizeof *list);
	for (size_t i = 0; i < count; i++) {
		size_t host = make_host(b, names[i]);
		if (host && b->out->hosts.items[host - 1].compute)
			list[kept++] = names[i];
	}
	for (size_t i = 0; i < b->out->hosts.len; i++)
		compute += b->out->hosts.items[i].compute;
	if (!kept)
		return NULL;
	return kept == compute ? "" : hostlist_compress(list, kept, b->arena);
}

static void add_params(struct builder *b, const struct slurm_unit *unit, struct adopt_partition *p)
{
	for (size_t i = 0; i < unit->line->count; i++) {
		const struct slurm_pair *pair = &unit->line->pairs[i];
		const char *key = effective_key(pair->key);
		if (slurm_param_owned(SLURM_PARTITION, key))
			continue;
		const struct slurm_param *param = slurm_param_find(SLURM_PARTITION, key);
		const char *note = NULL, *value = param ? make_value(b, param, pair->value, &note) : pair->value;
		const char *fault = !param                        ? "Slurm has no such parameter of a partition"
				    : make_param(&p->params, key) ? "it is given twice, under an old name, too"
								  : make_param_fault(b, param, value);
		if (note && !fault)
			make_note(b, pair->line, "of partition %s: %s", unit->name, note);
		if (fault)
			make_note(b, pair->line, "%s=%s of partition %s is not kept: %s", pair->key, pair->value,
				  unit->name, fault);
		else
			make_add_param(b, &p->params, param->name, value, false);
	}
}

/* What a DEFAULT line says, and no partition takes from it. */
static void note_defaults(struct builder *b)
{
	for (size_t i = 0; i < b->conf->partitions.len; i++) {
		const struct slurm_line *line = &b->conf->partitions.items[i];
		for (size_t k = 0; strcasecmp(line->names, "DEFAULT") == 0 && k < line->count; k++)
			if (!slurm_conf_is_inherited(line->pairs[k].key))
				make_note(b, line->line,
					  "%s=%s of PartitionName=DEFAULT is not kept: Slurm reads it of a partition's "
					  "own line "
					  "alone, so that none had it",
					  line->pairs[k].key, line->pairs[k].value);
	}
}

static bool is_kept(const struct builder *b, const char *partition)
{
	for (size_t i = 0; i < b->out->partitions.len; i++)
		if (streq(b->out->partitions.items[i].name, partition))
			return true;
	return false;
}

/* What is kept, and names what is not. */
static void note_left_out(struct builder *b)
{
	const char *spared = make_param(&b->out->params, "SuspendExcParts");
	char *rest = arena_strdup(b->arena, spared ? spared : "");
	for (const char *name; (name = str_next(&rest, ","));)
		if (!is_kept(b, name))
			make_note(b, 0, "SuspendExcParts names the partition %s, which is not there", name);
	for (size_t i = 0; i < b->out->partitions.len; i++) {
		const struct adopt_partition *p = &b->out->partitions.items[i];
		const char *other = make_param(&p->params, "Alternate");
		if (other && !is_kept(b, other))
			make_note(b, 0, "Alternate of partition %s names %s, which is not there", p->name, other);
	}
}

void make_partitions_of(struct builder *b)
{
	struct slurm_units units;
	struct err err = {0};
	size_t chosen = SIZE_MAX;
	if (slurm_conf_partitions(b->conf, b->arena, &units, &err) < 0) {
		make_note(b, 0, "%s", err.text);
		return;
	}
	for (size_t i = 0; i < units.count; i++) {
		const struct slurm_unit *unit = &units.items[i];
		const char *fault = name_fault(unit->name), *nodes = fault ? NULL : kept_nodes(b, unit, &fault);
		if (!nodes) {
			bool first =
			    streq(effective_of_partition(&b->meaning, b->conf, &b->nodes, unit, "Default"), "YES");
			make_note(b, unit->line->line, "partition %s%s is left out: %s", unit->name,
				  first ? ", the default," : "", fault);
			continue;
		}
		struct adopt_partition *p = vec_push_in(b->arena, &b->out->partitions);
		*p = (struct adopt_partition){.name = unit->name, .nodes = *nodes ? nodes : NULL};
		if (streq(effective_of_partition(&b->meaning, b->conf, &b->nodes, unit, "Default"), "YES")) {
			if (chosen != SIZE_MAX)
				make_note(
				    b, unit->line->line,
				    "Default=YES of partition %s is not kept: %s, further down, is the default, too, "
				    "and of several Slurm takes the last",
				    b->out->partitions.items[chosen].name, unit->name);
			chosen = b->out->partitions.len - 1;
		}
		add_params(b, unit, p);
	}
	/* Of several the last one, as for slurmctld. */
	if (chosen != SIZE_MAX)
		b->out->partitions.items[chosen].is_default = true;
	note_defaults(b);
	note_left_out(b);
	slurm_units_free(&units);
}
