/* Slurm's parameters beside each other: those of the file as a whole, those of each partition and class, and partitions that name
 * each other. Needs both sections; what Slurm makes of them is in slurm/clash.h. */
#include <stdint.h>
#include <strings.h>

#include "base/str.h"
#include "inventory/build.h"
#include "slurm/clash.h"

static struct slurm_settings settings_of(struct build *b, const struct inv_param *params, size_t count)
{
	struct slurm_setting *items = arena_calloc(b->arena, count + 1, sizeof *items);
	for (size_t i = 0; i < count; i++)
		items[i] = (struct slurm_setting){params[i].key, params[i].value};
	return (struct slurm_settings){items, count};
}

static void report(struct build *b, const struct slurm_clashes *clashes, const struct inv_param *params,
		   const char *where)
{
	for (size_t i = 0; i < clashes->len; i++) {
		const struct slurm_clash *c = &clashes->items[i];
		struct span at = params[c->index].value_at;
		if (c->refused)
			diag_error(b->diags, INV_TOGETHER_CODE, at, c->fix, "%s: %s", where, c->text);
		else
			diag_warning(b->diags, INV_NO_EFFECT_CODE, at, c->fix, "%s: %s", where, c->text);
	}
}

static void check_alternate(struct build *b, const struct inv_partition *p, const char *where)
{
	for (size_t i = 0; i < p->param_count; i++) {
		const struct inv_param *param = &p->params[i];
		if (strcasecmp(param->key, "Alternate") != 0 || strcasecmp(param->value, "NONE") == 0 ||
		    inventory_partition(b->inv, param->value))
			continue;
		const char **names = arena_calloc(b->arena, b->inv->partition_count + 1, sizeof *names);
		for (size_t k = 0; k < b->inv->partition_count; k++)
			names[k] = b->inv->partitions[k].name;
		const char *near = str_nearest(param->value, names);
		diag_warning(b->diags, INV_NO_EFFECT_CODE, param->value_at,
			     near ? diags_text(b->diags, "did you mean '%s'?", near) : NULL,
			     "%s: Alternate has no effect: there is no partition '%s'", where, param->value);
	}
}

/* src/plugins/preempt/partition_prio: a job gives way only to one of a partition with a higher tier. */
static void check_tiers(struct build *b, const struct slurm_settings *globals)
{
	const struct inventory *inv = b->inv;
	size_t index = slurm_clash_by_tier(globals);
	unsigned long first = 0;
	if (index == SIZE_MAX || !inv->partition_count)
		return;
	for (size_t i = 0; i < inv->partition_count; i++) {
		const struct inv_partition *p = &inv->partitions[i];
		struct slurm_settings own = settings_of(b, p->params, p->param_count);
		unsigned long tier = slurm_clash_tier(&own);
		if (i && tier != first)
			return;
		first = tier;
	}
	diag_warning(b->diags, INV_NO_EFFECT_CODE, inv->params[index].value_at,
		     "give the partition whose jobs go first a higher 'priority_tier'",
		     "PreemptType has no effect: all partitions have the same PriorityTier, %lu", first);
}

static void check_nodes(struct build *b, const struct slurm_settings *globals)
{
	for (size_t i = 0; i < b->inv->class_count; i++) {
		const struct inv_class *class = &b->inv->classes[i];
		struct slurm_settings own = settings_of(b, class->params, class->param_count);
		struct slurm_clashes clashes = {0};
		slurm_clash_node(globals, &own, b->arena, &clashes);
		report(b, &clashes, class->params, arena_printf(b->arena, "class '%s'", class->name));
	}
}

void build_clashes(struct build *b)
{
	const struct inventory *inv = b->inv;
	struct slurm_settings globals = settings_of(b, inv->params, inv->param_count);
	struct slurm_clashes clashes = {0};
	slurm_clash_globals(&globals, b->arena, &clashes);
	report(b, &clashes, inv->params, "'slurm'");
	for (size_t i = 0; i < inv->partition_count; i++) {
		const struct inv_partition *p = &inv->partitions[i];
		const char *where = arena_printf(b->arena, "partition '%s'", p->name);
		struct slurm_settings own = settings_of(b, p->params, p->param_count);
		clashes = (struct slurm_clashes){0};
		slurm_clash_partition(&globals, &own, b->arena, &clashes);
		report(b, &clashes, p->params, where);
		check_alternate(b, p, where);
	}
	check_nodes(b, &globals);
	check_tiers(b, &globals);
}
