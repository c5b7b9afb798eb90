/* `partitions`: their nodes, which is the default, and Slurm's own parameters. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/str.h"
#include "inventory/build.h"

/* Hosts counted once for each partition they are in: what a file of reasonable size asks for, and no more. */
enum { MOST_MEMBERSHIPS = 4 << 20, MOST_NAME = 64 };

static const char *name_fault(const char *name)
{
	if (!str_is_name(name, MOST_NAME))
		return "is no name: letters, digits, '.', '_' and '-', at most 64 of them, beginning with a letter or "
		       "digit";
	if (!strcasecmp(name, "default") || !strcasecmp(name, "all"))
		return "has a meaning of its own in Slurm";
	return NULL;
}

static void read_nodes(struct build *b, struct inv_partition *partition, const char *what,
		       const struct conf_value *value)
{
	const struct inventory *inv = b->inv;
	partition->nodes_at = value->at;
	if (value->kind == CONF_NULL || (value->kind == CONF_LIST && !value->count)) {
		diag_error(b->diags, INV_PARTITION_EMPTY_CODE, value->at, "'nodes: all' takes all of 'compute'",
			   "%s has no nodes", what);
		return;
	}
	struct indexes list = {0};
	build_nodes(b, value, what, inv->compute, inv->compute_count, &list);
	for (size_t i = 0; i < list.len; i++) {
		const struct inv_host *host = &b->hosts.items[list.items[i]];
		if (host->compute)
			continue;
		diag_error(b->diags, INV_NOT_COMPUTE_CODE, build_place(value, host->name), "add it to 'compute'",
			   "%s has '%s', which is not a compute node", what, host->name);
		break;
	}
	b->memberships += list.len;
	partition->nodes = build_sorted(b, &list);
	partition->node_count = list.len;
	free(list.items);
}

static void read_partition(struct build *b, struct inv_partition *partition, const struct conf_value *value)
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
			read_nodes(b, partition, what, pair->value);
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
	struct inv_partition *partitions = arena_calloc(b->arena, value->count, sizeof *partitions);
	size_t count = 0;
	for (size_t i = 0; i < value->count; i++) {
		const struct conf_pair *pair = &value->pairs[i];
		const char *fault = name_fault(pair->key);
		if (fault) {
			diag_error(b->diags, INV_PARTITION_NAME_CODE, pair->at, NULL, "partition '%s' %s", pair->key,
				   fault);
			continue;
		}
		if (b->memberships > MOST_MEMBERSHIPS) {
			diag_error(b->diags, INV_TOO_MANY_HOSTS_CODE, pair->at, NULL,
				   "too many partitions of too many nodes");
			break;
		}
		partitions[count].name = pair->key;
		partitions[count].at = pair->at;
		read_partition(b, &partitions[count++], pair->value);
	}
	b->inv->partitions = partitions;
	b->inv->partition_count = count;
	check_defaults(b, value);
}
