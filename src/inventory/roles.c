/* Which hosts are controllers, which are compute nodes, and where the controllers keep their state. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "inventory/build.h"

static const size_t *all_hosts(struct build *b)
{
	size_t *all = arena_calloc(b->arena, b->hosts.len + 1, sizeof *all);
	for (size_t i = 0; i < b->hosts.len; i++)
		all[i] = i;
	return all;
}

static bool is_empty(const struct conf_value *value)
{
	return value->kind == CONF_NULL || (value->kind == CONF_LIST && !value->count);
}

void build_controllers(struct build *b, const struct conf_value *value)
{
	if (!value)
		return;
	b->inv->controllers_at = value->at;
	if (is_empty(value)) {
		diag_error(b->diags, INV_CONTROLLERS_CODE, value->at,
			   "the first one is the primary: controllers: [bettley]",
			   "'controllers' names no host; a cluster needs at least one");
		return;
	}
	struct indexes list = {0};
	build_nodes(b, value, "'controllers'", all_hosts(b), b->hosts.len, &list, NULL);
	if (list.len > INV_MAX_CONTROLLERS)
		diag_error(b->diags, INV_CONTROLLERS_CODE, value->at, NULL, "%zu controllers; more than %d help nobody",
			   list.len, INV_MAX_CONTROLLERS);
	size_t *kept = arena_calloc(b->arena, list.len + 1, sizeof *kept);
	for (size_t i = 0; i < list.len; i++) {
		kept[i] = list.items[i];
		b->hosts.items[kept[i]].controller = true;
	}
	b->inv->controllers = kept;
	b->inv->controller_count = list.len;
	free(list.items);
}

void build_compute(struct build *b, const struct conf_value *value)
{
	if (!value)
		return;
	b->inv->compute_at = value->at;
	if (is_empty(value)) {
		diag_error(b->diags, CONF_EMPTY_CODE, value->at, "'compute: all' takes all of 'hosts'",
			   "'compute' names no host; a cluster needs at least one");
		return;
	}
	struct indexes list = {0};
	build_nodes(b, value, "'compute'", all_hosts(b), b->hosts.len, &list, NULL);
	for (size_t i = 0; i < list.len; i++)
		b->hosts.items[list.items[i]].compute = true;
	b->inv->compute = build_sorted(b, &list);
	b->inv->compute_count = list.len;
	free(list.items);
}

void build_state(struct build *b, const struct conf_value *value)
{
	struct inventory *inv = b->inv;
	inv->state = (struct inv_text){.text = "/var/spool/slurmctld"};
	if (!value && inv->controller_count > 1)
		diag_error(b->diags, INV_STATE_CODE, inv->controllers_at,
			   "a directory that all of them share: state: /mnt/nfs/slurm/state",
			   "%zu controllers, and no 'state'", inv->controller_count);
	const char *path;
	if (!value || conf_path(value, "'state'", &path, b->diags) < 0)
		return;
	inv->state = (struct inv_text){.text = path, .at = value->at};
	const char *fault = inventory_state_fault(path);
	if (fault)
		diag_error(b->diags, INV_STATE_CODE, value->at,
			   inv->controller_count > 1 ? "for example: state: /mnt/nfs/slurm/state"
						     : "for example: state: /var/spool/slurmctld",
			   "'state' %s", fault);
}

void build_directories(struct build *b)
{
	const struct inventory *inv = b->inv;
	for (size_t i = 0; i < inv->param_count; i++) {
		const struct inv_param *p = &inv->params[i];
		const char *fault = inventory_param_fault(p->key, p->value);
		if (fault)
			diag_error(b->diags, INV_PARAM_VALUE_CODE, p->value_at, NULL, "%s: '%s' %s", p->key, p->value,
				   fault);
		else if (streq(p->key, "SlurmdSpoolDir") &&
			 streq(inventory_plain_path(b->arena, p->value), inv->state.text))
			diag_error(b->diags, INV_STATE_CODE, p->value_at, NULL,
				   "SlurmdSpoolDir and 'state' are both %s: slurmd and slurmctld need one each",
				   inv->state.text);
	}
}
