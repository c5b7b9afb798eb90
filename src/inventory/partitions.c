/* `partitions`: their nodes, which is the default, and Slurm's own parameters. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/str.h"
#include "inventory/build.h"

/* Hosts counted once for each partition they are in: what a file of reasonable size asks for, and no more. */
enum { MOST_MEMBERSHIPS = 4 << 20, MOST_NAME = 64, MOST_PARTITIONS = 4096 };

static const char *name_fault(const char *name)
{
	if (!str_is_name(name, MOST_NAME))
		return "is not a name: letters, digits, '.', '_' and '-', at most 64 of them, beginning with a letter "
		       "or "
		       "digit";
	if (!strcasecmp(name, "default"))
		return "has a meaning of its own in Slurm";
	return NULL;
}

/* A partition while it is read: what it names, before the others that it names are written out. */
struct draft {
	struct indexes hosts;
	struct references others;
	enum { UNTOUCHED, OPEN, DONE } state;
};

static void read_nodes(struct build *b, struct inv_partition *partition, struct draft *draft, const char *what,
		       const struct conf_value *value)
{
	const struct inventory *inv = b->inv;
	partition->nodes_at = value->at;
	if (value->kind == CONF_NULL || (value->kind == CONF_LIST && !value->count)) {
		diag_error(b->diags, INV_PARTITION_EMPTY_CODE, value->at, "'nodes: all' takes all of 'compute'",
			   "%s has no nodes", what);
		return;
	}
	build_nodes(b, value, what, inv->compute, inv->compute_count, &draft->hosts, &draft->others);
	for (size_t i = 0; i < draft->hosts.len; i++) {
		const struct inv_host *host = &b->hosts.items[draft->hosts.items[i]];
		if (host->compute)
			continue;
		diag_error(b->diags, INV_NOT_COMPUTE_CODE, build_place(value, host->name), "add it to 'compute'",
			   "%s has '%s', which is not a compute node", what, host->name);
		break;
	}
	b->memberships += draft->hosts.len;
}

static void join(struct indexes *to, const struct indexes *from, unsigned *stamps, unsigned stamp)
{
	for (size_t i = 0; i < to->len; i++)
		stamps[to->items[i]] = stamp;
	for (size_t i = 0; i < from->len; i++)
		if (stamps[from->items[i]] != stamp)
			*vec_push(to) = from->items[i];
}

/* Puts the members of the partitions that this one names to its own. Deep as partitions are nested, each once. */
static void write_out(struct build *b, struct draft *drafts, struct inv_partition *partitions, size_t index,
		      unsigned *class_stamps)
{
	struct draft *d = &drafts[index];
	d->state = OPEN;
	for (size_t i = 0; i < d->others.partitions.len; i++) {
		size_t other = d->others.partitions.items[i];
		if (drafts[other].state == OPEN) {
			diag_error(b->diags, INV_PARTITION_CYCLE_CODE, partitions[index].nodes_at, NULL,
				   "partition '%s' is made of '%s', which is made of it", partitions[index].name,
				   partitions[other].name);
			continue;
		}
		if (drafts[other].state == UNTOUCHED)
			write_out(b, drafts, partitions, other, class_stamps);
		b->memberships += drafts[other].hosts.len;
		if (b->memberships > MOST_MEMBERSHIPS)
			continue;
		join(&d->hosts, &drafts[other].hosts, b->stamps, ++b->stamp);
		join(&d->others.classes, &drafts[other].others.classes, class_stamps, b->stamp);
	}
	d->state = DONE;
	partitions[index].nodes = build_sorted(b, &d->hosts);
	partitions[index].node_count = d->hosts.len;
	partitions[index].classes = build_sorted(b, &d->others.classes);
	partitions[index].class_count = d->others.classes.len;
}

static void read_partition(struct build *b, struct inv_partition *partition, struct draft *draft,
			   const struct conf_value *value)
{
	char what[120];
	snprintf(what, sizeof what, "partition '%.64s'", partition->name);
	if (value->kind != CONF_MAP) {
		diag_error(b->diags, value->kind == CONF_NULL ? CONF_EMPTY_CODE : CONF_TYPE_CODE, value->at,
			   "for example: { nodes: all, default: true }", "%s should be a map with 'nodes', this is %s",
			   what, conf_kind_name(value));
		return;
	}
	struct build_params params = {0};
	bool has_nodes = false;
	for (size_t i = 0; i < value->count; i++) {
		const struct conf_pair *pair = &value->pairs[i];
		if (streq(pair->key, "nodes")) {
			has_nodes = true;
			read_nodes(b, partition, draft, what, pair->value);
		} else if (streq(pair->key, "default")) {
			conf_bool(pair->value, "'default'", &partition->is_default, b->diags);
		} else {
			build_param(b, SLURM_PARTITION, what, pair, &params);
		}
	}
	if (!has_nodes)
		diag_error(b->diags, INV_PARTITION_EMPTY_CODE, partition->at, "'nodes: all' takes all of 'compute'",
			   "%s has no 'nodes'", what);
	partition->params = params.items;
	partition->param_count = params.len;
}

static void check_defaults(struct build *b, const struct conf_value *value)
{
	const struct inventory *inv = b->inv;
	const struct inv_partition *first = NULL;
	for (size_t i = 0; i < inv->partition_count; i++) {
		const struct inv_partition *partition = &inv->partitions[i];
		if (!partition->is_default)
			continue;
		if (first)
			diag_error(b->diags, INV_TWO_DEFAULTS_CODE, partition->at, NULL,
				   "'%s' is a default partition, and so is '%s' at line %u; there can be one",
				   partition->name, first->name, first->at.line);
		else
			first = partition;
	}
	if (!first && inv->partition_count && !b->diags->errors)
		diag_warning(b->diags, INV_NO_DEFAULT_CODE, value->at, "write 'default: true' in one of them",
			     "no partition is the default: every job has to name one");
}

void build_partitions(struct build *b, const struct conf_value *value)
{
	if (!value)
		return;
	if (value->kind != CONF_MAP || !value->count) {
		bool empty = value->kind == CONF_NULL || !value->count;
		diag_error(b->diags, empty ? INV_PARTITION_EMPTY_CODE : CONF_TYPE_CODE, value->at,
			   "for example: general: { nodes: all, default: true }",
			   "'partitions' should be a map of names and partitions, this is %s",
			   value->kind == CONF_MAP ? "an empty one" : conf_kind_name(value));
		return;
	}
	if (value->count > MOST_PARTITIONS) {
		diag_error(b->diags, INV_TOO_MANY_HOSTS_CODE, value->at, NULL, "more than %d partitions",
			   MOST_PARTITIONS);
		return;
	}
	struct inv_partition *partitions = arena_calloc(b->arena, value->count, sizeof *partitions);
	struct draft *drafts = arena_calloc(b->arena, value->count, sizeof *drafts);
	const char **names = arena_calloc(b->arena, value->count + 1, sizeof *names);
	const struct conf_value **values = arena_calloc(b->arena, value->count, sizeof *values);
	size_t count = 0;
	for (size_t i = 0; i < value->count; i++) {
		const struct conf_pair *pair = &value->pairs[i];
		const char *fault = name_fault(pair->key);
		if (fault) {
			diag_error(b->diags, INV_PARTITION_NAME_CODE, pair->at, NULL, "partition '%s' %s", pair->key,
				   fault);
			continue;
		}
		partitions[count].name = names[count] = pair->key;
		partitions[count].at = pair->at;
		values[count++] = pair->value;
	}
	b->partition_names = names;
	for (size_t i = 0; i < count && b->memberships <= MOST_MEMBERSHIPS; i++)
		read_partition(b, &partitions[i], &drafts[i], values[i]);
	unsigned *class_stamps = arena_calloc(b->arena, b->inv->class_count + 1, sizeof *class_stamps);
	for (size_t i = 0; i < count; i++)
		if (drafts[i].state == UNTOUCHED)
			write_out(b, drafts, partitions, i, class_stamps);
	if (b->memberships > MOST_MEMBERSHIPS)
		diag_error(b->diags, INV_TOO_MANY_HOSTS_CODE, value->at, NULL, "too many partitions of too many nodes");
	for (size_t i = 0; i < count; i++) {
		free(drafts[i].hosts.items);
		free(drafts[i].others.classes.items);
		free(drafts[i].others.partitions.items);
	}
	b->inv->partitions = partitions;
	b->inv->partition_count = count;
	check_defaults(b, value);
}
