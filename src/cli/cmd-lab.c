/* reeve lab: a throwaway cluster of real nodes on this machine. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/login.h"
#include "cli/standin.h"
#include "cli/target.h"
#include "lab/fault.h"
#include "lab/lab.h"
#include "report/json.h"
#include "report/report.h"
#include "report/table.h"

struct lab_run {
	struct context *context;
	const struct inventory *inv;
	uint64_t started_ms;
};

static void progress(void *data, const char *node, const char *text)
{
	const struct lab_run *lab = data;
	_cleanup_arena_ struct arena *arena = arena_new();
	fprintf(stderr, "%5.1f s  %s%s%s\n", (double)(clock_ms() - lab->started_ms) / 1000, node ? node : "",
		node ? ": " : "", str_printable(arena, text, strlen(text)));
}

static int lab_run_up(struct lab_run *lab)
{
	struct err err = {0};
	const char *backend = context_option(lab->context, "backend");
	if (lab_up(standin_lab(lab->inv, backend, lab->context->arena), progress, lab, &err) < 0)
		return context_fail(lab->context, &err);
	double seconds = (double)(clock_ms() - lab->started_ms) / 1000;
	if (lab->context->json)
		printf("{\"nodes\": %zu, \"seconds\": %.3f}\n", lab->inv->host_count, seconds);
	else
		printf("lab %s: %zu node%s up, %.1f s\n", lab->inv->cluster.text, lab->inv->host_count,
		       lab->inv->host_count == 1 ? "" : "s", seconds);
	return EXIT_DONE;
}

static int lab_run_down(struct lab_run *lab)
{
	struct err err = {0};
	if (lab_down(lab->inv->cluster.text, context_option(lab->context, "purge"), progress, lab, &err) < 0)
		return context_fail(lab->context, &err);
	if (lab->context->json)
		printf("{\"nodes\": 0, \"seconds\": %.3f}\n", (double)(clock_ms() - lab->started_ms) / 1000);
	else
		printf("lab %s: down\n", lab->inv->cluster.text);
	return EXIT_DONE;
}

static const char *node_state(const struct lab_node_status *n)
{
	return !n->running ? "stopped" : n->cut ? "cut off" : n->ssh ? "up" : "no ssh";
}

static void print_status(struct context *context, const struct lab_status *status)
{
	static const struct table_column columns[] = {{"NODE"},    {"ADDRESS"}, {"SUITE"}, {"ARCH"},
						      {"BACKEND"}, {"MEMORY"},  {"STATE"}};
	struct table table = {.columns = columns, .count = ARRAY_LEN(columns), .arena = context->arena};
	for (size_t i = 0; i < status->node_count; i++) {
		const struct lab_node_status *n = &status->nodes[i];
		const char *memory = n->memory_mib ? arena_printf(context->arena, "%lu MB", n->memory_mib) : "-";
		table_add(&table, (const char *const[]){n->name, n->address, n->suite, n->arch, n->backend, memory,
							node_state(n)});
	}
	table_print(&table, stdout, report_width(stdout), context->color);
}

static void print_status_json(const struct lab_status *status)
{
	json_t *nodes = json_array();
	for (size_t i = 0; i < status->node_count; i++) {
		const struct lab_node_status *n = &status->nodes[i];
		json_array_append_new(nodes,
				      json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:o, s:i, s:b, s:I, s:b, s:b}",
						"name", n->name, "address", n->address, "hostname", n->hostname,
						"suite", n->suite, "arch", n->arch, "backend", n->backend, "memory_mib",
						n->memory_mib ? json_integer((json_int_t)n->memory_mib) : json_null(),
						"gpus", (int)n->gpus, "running", n->running, "leader",
						(json_int_t)n->leader, "cut", n->cut, "ssh", n->ssh));
	}
	json_t *all = json_pack("{s:s, s:s?, s:s?, s:s?, s:o}", "cluster", status->cluster, "subnet", status->subnet,
				"bridge", status->bridge, "ssh_config", status->ssh_config, "nodes", nodes);
	json_print(all, JSON_INDENT(2), stdout);
}

/* 0 only when every node of the file is up, so that a script can ask. */
static int lab_run_status(struct lab_run *lab)
{
	struct err err = {0};
	struct lab_status status;
	if (lab_status(lab->context->arena, lab->inv->cluster.text, &status, &err) < 0)
		return context_fail(lab->context, &err);
	if (lab->context->json)
		print_status_json(&status);
	else if (status.node_count)
		print_status(lab->context, &status);
	else
		printf("lab %s: down\n", lab->inv->cluster.text);
	size_t up = 0;
	for (size_t i = 0; i < status.node_count; i++)
		up += inventory_host(lab->inv, status.nodes[i].name) && streq(node_state(&status.nodes[i]), "up");
	return up == lab->inv->host_count ? EXIT_DONE : EXIT_FAILED;
}

static int lab_run_ssh(struct lab_run *lab)
{
	struct context *context = lab->context;
	if (context->operand_count < 2)
		return context_misused(context, "'lab ssh' needs a node");
	return login_become(context, lab->inv, context->operands + 1, context->operand_count - 1);
}

static int lab_run_fault(struct lab_run *lab)
{
	struct context *context = lab->context;
	const char *words = fault_words(context->arena);
	bool heal;
	if (context->operand_count != 3)
		return context_misused(context, "'lab fault' needs a node and a fault: %s", words);
	const char *node = context->operands[1], *what = context->operands[2];
	if (!inventory_host(lab->inv, node))
		return target_unknown(context, lab->inv, node);
	const struct fault *fault = fault_named(what, &heal);
	if (!fault)
		return context_misused(context, "no such fault: '%s'; there are %s", what, words);
	struct err err = {0};
	if (fault_do(fault, heal, lab->inv->cluster.text, node, progress, lab, &err) < 0)
		return context_fail(context, &err);
	return EXIT_DONE;
}

static enum command_rest takes_rest(char *const *operands, size_t count)
{
	return count == 2 && streq(operands[0], "ssh") ? REST_NEXT : REST_NOT_YET;
}

static int run(struct context *context)
{
	static const struct {
		const char *name;
		size_t operands_max;
		int (*run)(struct lab_run *lab);
	} verbs[] = {
	    {"up", 1, lab_run_up},          {"down", 1, lab_run_down},   {"status", 1, lab_run_status},
	    {"ssh", SIZE_MAX, lab_run_ssh}, {"fault", 3, lab_run_fault},
	};
	if (!context->operand_count)
		return context_misused(context, "say what: up, down, status, ssh or fault");
	const char *verb = context->operands[0];
	if (context_option(context, "purge") && !streq(verb, "down"))
		return context_misused(context, "--purge goes with 'lab down' only");
	const char *backend = context_option(context, "backend");
	if (backend && !streq(verb, "up"))
		return context_misused(context, "--backend goes with 'lab up' only");
	if (backend && !lab_has_backend(backend))
		return context_misused(context, "no such backend: '%s'; there are nspawn and uml", backend);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (!streq(verbs[i].name, verb))
			continue;
		if (context->operand_count > verbs[i].operands_max)
			return context_misused(context, "unexpected argument '%s'",
					       context->operands[verbs[i].operands_max]);
		context->lab = true;
		struct lab_run lab = {context, context_inventory(context), clock_ms()};
		return lab.inv ? verbs[i].run(&lab) : EXIT_FAILED;
	}
	static const char *const words[] = {"up", "down", "status", "ssh", "fault", NULL};
	const char *nearest = str_nearest(verb, words);
	return context_misused(context, "no such thing as 'lab %s'%s%s%s", verb, nearest ? "; did you mean '" : "",
			       nearest ? nearest : "", nearest ? "'?" : "");
}

static void print_faults(FILE *out)
{
	fprintf(out, "Faults:\n");
	for (const struct fault *f = faults; f->name; f++)
		fprintf(out, "  %-6s  %s\n  %-6s  %s\n", f->name, f->help, f->end_name, f->end_help);
}

static const struct option_spec options[] = {
    {"backend", 0, "NAME", "up: nspawn or uml, for all nodes"},
    {"purge", 0, NULL, "down: remove the lab's keys, too"},
    {NULL},
};

const struct command cmd_lab = {
    .name = "lab",
    .synopsis = "up [--backend NAME]\n"
		"down [--purge]\n"
		"status [--json]\n"
		"ssh NODE [[--] COMMAND...]\n"
		"fault NODE FAULT",
    .summary = "Run a throwaway cluster of real nodes on this machine",
    .help = "The lab has one node for each host of cluster.yaml, with its own systemd, sshd,\n"
	    "packages and network address: a systemd-nspawn container (nspawn), or a\n"
	    "user-mode Linux kernel with a clock of its own (uml). 'reeve --lab\n"
	    "COMMAND' addresses it instead of the real hosts. Needs root.\n"
	    "\n"
	    "  up      build the images that are missing, start the nodes that do not run\n"
	    "  down    end the lab and remove all that it left, but for its images\n"
	    "  status  the nodes; exit status 0 when all are up\n"
	    "  ssh     run a command in a node, or a shell; the exit status is the command's\n"
	    "  fault   do one of the faults below to a node, or end it there",
    .help_table = print_faults,
    .options = options,
    .operands_max = SIZE_MAX,
    .takes_rest = takes_rest,
    .run = run,
};
