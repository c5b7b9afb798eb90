/* reeve init: a first cluster.yaml, from what is there. */
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/draft.h"
#include "cli/newfile.h"
#include "cli/target.h"
#include "hostlist/hostlist.h"
#include "modules/module.h"

static const char no_salt[] = "0000000000000000000000000000000000000000000000000000000000000000";

struct hosts {
	struct fleet_target *items;
	size_t len, cap;
};

/* The operands, hostlists of [USER@]HOST; without any, this machine. An exit status, or -1. */
static int choose(struct context *context, struct hosts *hosts)
{
	struct err err = {0};
	if (!context->operand_count)
		*vec_push_in(context->arena, hosts) = (struct fleet_target){.name = "local", .local = true};
	for (size_t i = 0; i < context->operand_count; i++) {
		const char *text = context->operands[i], *at = strrchr(text, '@'), *names = at ? at + 1 : text;
		const char *const *list;
		size_t count;
		if (hostlist_expand(names, INV_MAX_HOSTS, context->arena, &list, &count, NULL, &err) < 0)
			return context_misused(context, "%s", err.text);
		for (size_t k = 0; k < count; k++) {
			const char *one = arena_printf(context->arena, "%.*s%s", (int)(names - text), text, list[k]);
			if (target_parse(one, context->arena, vec_push_in(context->arena, hosts), &err) < 0)
				return context_misused(context, "%s", err.text);
		}
	}
	for (size_t i = 0; i < hosts->len; i++) {
		const struct fleet_target *t = &hosts->items[i];
		const char *fault = t->local ? NULL : inventory_address_fault(t->address, hosts->len == 1);
		if (fault)
			return context_misused(context, "%s %s: name it as the other hosts know it", t->address, fault);
	}
	return hosts->len ? -1 : context_misused(context, "no host is named");
}

/* All of them, or none: a file that leaves some out in silence is worse than no file. An exit status, or -1. */
static int look(struct context *context, const struct hosts *hosts, struct draft_host *ret)
{
	struct fleet_options options;
	int status = target_options(context, NULL, &options);
	if (status >= 0)
		return status;
	struct err err = {0};
	struct facts_scope *scopes = arena_calloc(context->arena, hosts->len, sizeof *scopes);
	struct asked *facts = arena_calloc(context->arena, hosts->len, sizeof *facts);
	for (size_t i = 0; i < hosts->len; i++)
		scopes[i] = (struct facts_scope){.roles = module_roles, .salt = no_salt, .compute = true};
	if (target_ask(context, hosts->items, scopes, hosts->len, &options, false, facts, &err) < 0)
		return context_fail(context, &err);
	size_t missing = 0;
	for (size_t i = 0; i < hosts->len; i++) {
		const struct fleet_target *t = &hosts->items[i];
		ret[i] = (struct draft_host){
		    .address = t->local ? "local" : t->address, .user = t->user, .facts = facts[i].facts};
		missing += !facts[i].facts;
	}
	if (missing) {
		err_set(&err, ERR_UNREACHABLE, "%zu of %zu hosts could not be looked at; nothing was written", missing,
			hosts->len);
		return context_fail(context, &err);
	}
	if (draft_names(ret, hosts->len, context->arena, &err) < 0)
		return context_fail(context, &err);
	return -1;
}

static int run(struct context *context)
{
	if (context->lab)
		return context_misused(context, "the lab is made from a cluster.yaml; init looks at real hosts");
	const char *path = newfile_path(context), *name;
	int status;
	if (newfile_name(context, &name, &status) < 0)
		return status;
	status = newfile_refused(context, path);
	if (status >= 0)
		return status;
	struct hosts hosts = {0};
	status = choose(context, &hosts);
	if (status >= 0)
		return status;
	struct draft_host *draft = arena_calloc(context->arena, hosts.len, sizeof *draft);
	status = look(context, &hosts, draft);
	if (status >= 0)
		return status;
	if (!name)
		name = draft[0].name && inventory_is_cluster_name(draft[0].name) ? draft[0].name : "cluster";
	_cleanup_strbuf_ struct strbuf text = {0};
	draft_print(&text, name, draft, hosts.len);
	return newfile_save(context, path, &text, hosts.len, "reeve apply");
}

static const struct option_spec options[] = {
    {"output", 'o', "FILE", "where to write, - for standard output (default: cluster.yaml)"},
    {"force", 0, NULL, "replace a file that is there"},
    {"name", 0, "NAME", "the cluster's name (default: that of the first host)"},
    {NULL},
};

const struct command cmd_init = {
    .name = "init",
    .synopsis = "[-o FILE] [--force] [--name NAME] [HOST...]",
    .summary = "Write a first cluster.yaml for hosts that are there",
    .help = "Looks at this machine, or at the hosts named, and writes a commented\n"
	    "cluster.yaml. Without HOST it is a cluster of one: this machine is controller\n"
	    "and node and is reached without ssh, so that 'reeve init && reeve apply' gives a\n"
	    "working Slurm. HOST is [USER@]HOST or a hostlist of such; the first is the\n"
	    "controller. Their keys have to be known: see reeve-trust(1).",
    .options = options,
    .operands_max = SIZE_MAX,
    .run = run,
};
