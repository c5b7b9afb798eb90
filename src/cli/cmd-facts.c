/* reeve facts: what each host really is. */
#include <string.h>

#include <jansson.h>

#include "base/str.h"
#include "cli/commands.h"
#include "cli/reach.h"
#include "report/table.h"
#include "slurm/version.h"

static const char *const cgroup_names[] = {
    [CGROUP_NONE] = "none", [CGROUP_V1] = "v1", [CGROUP_HYBRID] = "hybrid", [CGROUP_V2] = "v2"};

/* "22.05.8" of a package's version; the whole of it where it has another form. */
static const char *release_of(struct arena *arena, const char *version)
{
	struct slurm_version v;
	char release[8];
	if (!version || slurm_version_parse(version, &v, NULL) < 0)
		return version;
	return arena_printf(arena, "%s.%u", slurm_release_print(v.release, release), v.micro);
}

/* "slurmctld 22.05.8, slurmd 22.05.8", those that are installed. */
static const char *slurm_of(struct arena *arena, const struct facts *f)
{
	const char *server = release_of(arena, f->slurmctld.installed), *node = release_of(arena, f->slurmd.installed);
	if (server && node && streq(server, node))
		return server;
	if (server && node)
		return arena_printf(arena, "slurmctld %s, slurmd %s", server, node);
	if (server)
		return arena_printf(arena, "slurmctld %s", server);
	return node ? node : release_of(arena, f->slurm_client.installed);
}

static void add_row(struct table *t, const char *name, const struct facts *f)
{
	struct arena *a = t->arena;
	const struct facts_hardware *h = &f->hardware;
	const char *cells[] = {
	    name,
	    f->arch,
	    arena_printf(a, "%s %s", f->os, f->os_version),
	    arena_printf(a, "%u", h->cpus),
	    arena_printf(a, "%ux%ux%u", h->sockets, h->cores, h->threads),
	    arena_printf(a, "%llu", (unsigned long long)h->memory),
	    slurm_of(a, f),
	    f->munge.installed ? f->munge_unit.active : NULL,
	    arena_printf(a, "%+lld +-%lld", (long long)f->clock_offset_ms, (long long)f->clock_error_ms),
	    cgroup_names[f->cgroup],
	};
	table_add(t, cells);
}

static void print_table(struct context *context, const struct fleet_target *targets, const struct asked *all,
			size_t count)
{
	static const struct table_column columns[] = {
	    {"HOST"},  {"ARCH"},           {"OS"},    {"CPUS", true}, {"SxCxT"}, {"MEMORY/MiB", true}, {"SLURM"},
	    {"MUNGE"}, {"CLOCK/ms", true}, {"CGROUP"}};
	struct table t = {.columns = columns, .count = sizeof columns / sizeof *columns, .arena = context->arena};
	for (size_t i = 0; i < count; i++)
		if (all[i].facts)
			add_row(&t, targets[i].name, all[i].facts);
	if (t.cells.len)
		table_print(&t, stdout, report_width(stdout), context->color);
}

static json_t *unit_json(const struct facts_package *package, const struct facts_unit *unit)
{
	return json_pack("{s:s?, s:s?, s:s?, s:s?}", "installed", package->installed, "candidate", package->candidate,
			 "active", unit ? unit->active : NULL, "enabled", unit ? unit->file : NULL);
}

static json_t *facts_json(const char *name, const struct facts *f)
{
	const struct facts_hardware *h = &f->hardware;
	json_t *hardware = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "cpus", (json_int_t)h->cpus, "boards",
				     (json_int_t)h->boards, "sockets", (json_int_t)h->sockets, "cores",
				     (json_int_t)h->cores, "threads", (json_int_t)h->threads, "memory_mib",
				     (json_int_t)h->memory, "by_slurmd", h->by_slurmd);
	json_t *ids = json_pack("{s:I, s:I, s:I, s:I}", "slurm_uid", (json_int_t)f->slurm_uid, "slurm_gid",
				(json_int_t)f->slurm_gid, "munge_uid", (json_int_t)f->munge_uid, "munge_gid",
				(json_int_t)f->munge_gid);
	json_t *cgroup = json_pack("{s:s, s:b, s:b, s:b}", "version", cgroup_names[f->cgroup], "cpuset",
				   f->cgroup_cpuset, "memory", f->cgroup_memory, "freezer", f->cgroup_freezer);
	json_t *all = json_pack("{s:s, s:b, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:o, s:o, s:o, s:{s:I, s:I}}", "name",
				name, "reached", 1, "hostname", f->hostname, "arch", f->arch, "kernel", f->kernel, "os",
				f->os, "os_version", f->os_version, "suite", f->suite, "hardware", hardware, "ids", ids,
				"cgroup", cgroup, "clock", "offset_ms", (json_int_t)f->clock_offset_ms, "error_ms",
				(json_int_t)f->clock_error_ms);
	json_object_set_new(all, "slurmctld", unit_json(&f->slurmctld, &f->slurmctld_unit));
	json_object_set_new(all, "slurmd", unit_json(&f->slurmd, &f->slurmd_unit));
	json_object_set_new(all, "munge", unit_json(&f->munge, &f->munge_unit));
	return all;
}

static void print_json(const struct fleet_target *targets, const struct asked *all, size_t count)
{
	json_t *hosts = json_array();
	size_t unreachable = 0;
	for (size_t i = 0; i < count; i++) {
		unreachable += !all[i].facts;
		json_array_append_new(hosts, all[i].facts
						 ? facts_json(targets[i].name, all[i].facts)
						 : json_pack("{s:s, s:b, s:s, s:s}", "name", targets[i].name, "reached",
							     0, "code", err_code_name(all[i].error.code), "error",
							     all[i].error.text));
	}
	json_t *result = json_pack("{s:I, s:o}", "unreachable", (json_int_t)unreachable, "hosts", hosts);
	json_dumpf(result, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(result);
}

/* A key for the fingerprints that are asked for and not shown. */
static const char no_salt[] = "0000000000000000000000000000000000000000000000000000000000000000";

static int run(struct context *context)
{
	const struct inventory *inv = context_inventory(context);
	if (!inv)
		return EXIT_FAILED;
	const bool *chosen = context_select(context, inv, context_option(context, "limit"));
	if (!chosen)
		return EXIT_MISUSED;
	struct fleet_options options;
	int status = reach_options(context, inv, &options);
	if (status >= 0)
		return status;
	struct fleet_target *targets = arena_calloc(context->arena, inv->host_count, sizeof *targets);
	struct facts_scope *scopes = arena_calloc(context->arena, inv->host_count, sizeof *scopes);
	size_t count = 0, reached = 0;
	for (size_t i = 0; i < inv->host_count; i++) {
		if (!chosen[i])
			continue;
		targets[count] = reach_target(context, &inv->hosts[i]);
		scopes[count++] = (struct facts_scope){.salt = no_salt, .compute = true};
	}
	struct asked *all = arena_calloc(context->arena, count, sizeof *all);
	struct err err = {0};
	if (reach_ask(context, targets, scopes, count, &options, all, &err) < 0)
		return context_fail(context, &err);
	for (size_t i = 0; i < count; i++)
		reached += all[i].facts != NULL;
	if (context->json)
		print_json(targets, all, count);
	else
		print_table(context, targets, all, count);
	return reached == count ? EXIT_DONE : reached ? EXIT_LEFT : EXIT_FAILED;
}

static const struct option_spec options[] = {
    {"limit", 'l', "NODES", "only these: a hostlist, partition:NAME, or several"},
    {NULL},
};

const struct command cmd_facts = {
    .name = "facts",
    .synopsis = "[-l NODES] [--json]",
    .summary = "Show what each host really is",
    .help = "Asks the hosts for their architecture, system, CPUs (sockets x cores x\n"
	    "threads) and memory as slurmd counts them, the releases of Slurm and the state of\n"
	    "MUNGE, how far their clocks are from this machine's, and their cgroups. Changes\n"
	    "nothing but that reeve's agent is left on the hosts.\n"
	    "\n"
	    "The exit status is 0 when all hosts answered, 3 when some did not, and 1 when\n"
	    "none did; those are named on standard error.",
    .options = options,
    .run = run,
};
