/* reeve trust: host keys, shown and accepted. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/str.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/target.h"
#include "hostlist/hostlist.h"
#include "report/json.h"
#include "report/table.h"
#include "transport/trust.h"

struct targets {
	struct fleet_target *items;
	size_t len, cap;
};

static const char *const state_names[] = {[TRUST_KNOWN] = "known",
					  [TRUST_NEW] = "new",
					  [TRUST_CHANGED] = "CHANGED",
					  [TRUST_REVOKED] = "REVOKED",
					  [TRUST_FAILED] = "failed"};

/* One operand: hosts of the cluster's file where there is one that has them, else "[USER@]HOST" for ssh. */
static int add_operand(struct context *context, const struct inventory *inv, const char *text, struct targets *targets,
		       struct err *err)
{
	struct inv_choice choice;
	bool group = inventory_names_group(text);
	if (group && !inv)
		return err_set(err, ERR_INPUT, "'%.100s' is nothing without a cluster.yaml", text);
	if (inv && inventory_select(inv, text, false, context->arena, &choice, err) == 0) {
		for (size_t i = 0; i < inv->host_count; i++)
			if (choice.hosts[i])
				*vec_push_in(context->arena, targets) = target_of(context, &inv->hosts[i]);
		return 0;
	}
	if (group)
		return -1;
	const char *const *names;
	size_t count;
	const char *at = strrchr(text, '@'), *hosts = at ? at + 1 : text;
	if (hostlist_expand(hosts, INV_MAX_HOSTS, context->arena, &names, &count, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *one = arena_printf(context->arena, "%.*s%s", (int)(hosts - text), text, names[i]);
		if (target_parse(one, context->arena, vec_push_in(context->arena, targets), err) < 0)
			return -1;
	}
	return 0;
}

/* Without operands the cluster's hosts; with them, the file need not be there yet. An exit status, or -1. */
static int choose(struct context *context, struct targets *targets)
{
	struct err err = {0};
	const struct inventory *inv = NULL;
	bool named = context->operand_count && !context_option(context, "file") && !getenv("REEVE_CLUSTER");
	if (!named || access("cluster.yaml", F_OK) == 0 || access("/etc/reeve/cluster.yaml", F_OK) == 0) {
		inv = context_inventory(context);
		if (!inv)
			return EXIT_FAILED;
	}
	for (size_t i = 0; i < context->operand_count; i++)
		if (add_operand(context, inv, context->operands[i], targets, &err) < 0)
			return context_misused(context, "%s", err.text);
	for (size_t i = 0; inv && !context->operand_count && i < inv->host_count; i++)
		*vec_push_in(context->arena, targets) = target_of(context, &inv->hosts[i]);
	return targets->len ? -1 : context_misused(context, "no host is named");
}

static void print_keys(struct context *context, const struct targets *targets, const struct trust_key *keys)
{
	static const struct table_column columns[] = {{"HOST"}, {"STATE"}, {"TYPE"}, {"FINGERPRINT"}};
	struct table t = {.columns = columns, .count = 4, .arena = context->arena};
	for (size_t i = 0; i < targets->len; i++) {
		const struct trust_key *k = &keys[i];
		bool shown = k->state != TRUST_KNOWN && k->state != TRUST_FAILED;
		table_add(&t, (const char *const[]){targets->items[i].name, state_names[k->state],
						    shown ? k->type : NULL, shown ? k->fingerprint : NULL});
	}
	table_print(&t, stdout, report_width(stdout), context->color);
}

static void print_json(const struct targets *targets, const struct trust_key *keys, const bool *accepted)
{
	json_t *hosts = json_array();
	for (size_t i = 0; i < targets->len; i++) {
		const struct trust_key *k = &keys[i];
		json_array_append_new(
		    hosts, json_pack("{s:s, s:s, s:s, s:s, s:b, s:s?}", "name", targets->items[i].name, "state",
				     k->state == TRUST_CHANGED   ? "changed"
				     : k->state == TRUST_REVOKED ? "revoked"
								 : state_names[k->state],
				     "type", k->type, "fingerprint", k->fingerprint, "accepted", accepted[i], "error",
				     k->state == TRUST_FAILED ? k->error.text : NULL));
	}
	json_t *all = json_pack("{s:o}", "hosts", hosts);
	json_print(all, JSON_INDENT(2), stdout);
}

/* Asked on standard error, since the answer decides about the terminal's user, not about a pipe's reader. */
static bool confirmed(struct context *context, size_t count)
{
	if (context_option(context, "yes"))
		return true;
	if (context->json || !isatty(STDIN_FILENO))
		return false;
	char answer[16] = "";
	fflush(stdout);
	fprintf(stderr, "Are these the keys of your hosts? Accept %zu of them? [y/N] ", count);
	if (!fgets(answer, sizeof answer, stdin))
		return false;
	answer[strcspn(answer, "\n")] = '\0';
	return streq(answer, "y") || streq(answer, "yes");
}

static bool acceptable(const struct context *context, const struct trust_key *key)
{
	return key->state == TRUST_NEW || (key->state == TRUST_CHANGED && context_option(context, "replace"));
}

/* Accepts what may be accepted. -1: one could not be written. */
static int accept_keys(struct context *context, const struct trust_key *keys, size_t count, bool *accepted,
		       struct err *err)
{
	size_t wanted = 0;
	for (size_t i = 0; i < count; i++)
		wanted += acceptable(context, &keys[i]);
	if (!wanted || !confirmed(context, wanted))
		return 0;
	const char *path = trust_default_path(context->arena);
	if (!path)
		return err_set(err, ERR_MISSING, "there is no home directory to keep the keys in (HOME)");
	for (size_t i = 0; i < count; i++) {
		if (!acceptable(context, &keys[i]))
			continue;
		if (trust_accept(path, &keys[i], keys[i].state == TRUST_CHANGED, err) < 0)
			return -1;
		accepted[i] = true;
	}
	return 0;
}

/* What is left to say, and the exit status. */
static int conclude(const struct context *context, const struct targets *targets, const struct trust_key *keys,
		    const bool *accepted)
{
	size_t open = 0, failed = 0, done = 0;
	for (size_t i = 0; i < targets->len; i++) {
		const struct trust_key *k = &keys[i];
		done += accepted[i];
		failed += k->state == TRUST_FAILED;
		open += k->state != TRUST_KNOWN && k->state != TRUST_FAILED && !accepted[i];
		if (k->state == TRUST_FAILED)
			fprintf(stderr, "%s: %s\n", targets->items[i].name, k->error.text);
		else if (k->state == TRUST_CHANGED && !accepted[i])
			fprintf(stderr,
				"%s: host key changed: the host was reinstalled, or someone is intercepting the "
				"connection. When you know why: reeve trust --replace %s\n",
				targets->items[i].name, targets->items[i].name);
		else if (k->state == TRUST_REVOKED)
			fprintf(stderr,
				"%s: host key revoked: another took its place, and the machine that answers now has "
				"the old one. "
				"If it is rightly in use again, remove its @revoked line from %s\n",
				targets->items[i].name, trust_default_path(context->arena));
	}
	if (done && !context->json)
		printf("accepted %zu key%s\n", done, done == 1 ? "" : "s");
	if (open && !done)
		fprintf(stderr, "nothing was accepted%s\n",
			isatty(STDIN_FILENO) && !context->json ? "" : "; without a terminal to ask on, --yes accepts");
	return open ? EXIT_FAILED : failed == targets->len ? EXIT_FAILED : failed ? EXIT_LEFT : EXIT_DONE;
}

static int run(struct context *context)
{
	struct targets targets = {0};
	int status = choose(context, &targets);
	if (status >= 0)
		return status;
	struct fleet_options options;
	status = target_options(context, context->inventory, &options);
	if (status >= 0)
		return status;
	struct err err = {0};
	struct trust_key *keys = arena_calloc(context->arena, targets.len, sizeof *keys);
	bool *accepted = arena_calloc(context->arena, targets.len, sizeof *accepted);
	if (trust_look(targets.items, targets.len, &options, context->arena, keys, &err) < 0)
		return context_fail(context, &err);
	if (!context->json)
		print_keys(context, &targets, keys);
	if (accept_keys(context, keys, targets.len, accepted, &err) < 0)
		return context_fail(context, &err);
	if (context->json)
		print_json(&targets, keys, accepted);
	return conclude(context, &targets, keys, accepted);
}

static const struct option_spec options[] = {
    {"yes", 'y', NULL, "accept new keys without asking"},
    {"replace", 0, NULL, "accept keys in the place of others that were known, and revoke those"},
    {NULL},
};

const struct command cmd_trust = {
    .name = "trust",
    .synopsis = "[--yes] [--replace] [HOST...]",
    .summary = "Show and accept the hosts' keys",
    .help = "Asks each host for its ssh key, shows what is new or has changed, and keeps what\n"
	    "you accept in ~/.config/reeve/known_hosts. Hosts are those of cluster.yaml, or\n"
	    "the ones named: a hostlist, or [USER@]HOST where there is no cluster.yaml yet.\n"
	    "Hold the fingerprints against what 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub'\n"
	    "prints on the host itself.\n"
	    "\n"
	    "The exit status is 0 when all keys are known, 1 when some were not accepted, and\n"
	    "3 when some hosts did not answer.",
    .options = options,
    .operands_max = SIZE_MAX,
    .run = run,
};
