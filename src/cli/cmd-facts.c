/* reeve facts: what each host really is. */
#include <string.h>

#include <jansson.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/target.h"
#include "cli/show-measure.h"
#include "hostlist/hostlist.h"
#include "model/class.h"
#include "model/gpus.h"
#include "model/network.h"
#include "modules/module.h"
#include "report/json.h"
#include "report/table.h"
#include "run/answers.h"
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
	const char *server = release_of(arena, f->roles[ROLE_CONTROLLER].package.installed),
		   *node = release_of(arena, f->roles[ROLE_NODE].package.installed);
	if (server && node && streq(server, node))
		return server;
	if (server && node)
		return arena_printf(arena, "slurmctld %s, slurmd %s", server, node);
	if (server)
		return arena_printf(arena, "slurmctld %s", server);
	return node ? node : release_of(arena, f->roles[ROLE_CLIENT].package.installed);
}

/* What was asked of one host, and what came of it. */
struct answer_of {
	const struct inv_host *host;
	const struct facts *facts; /* NULL: see error */
	const struct err *error;
	const struct inv_class *class;
};

/* "gpu:tesla_t4:2, 1 not ready" */
static const char *gpus_of(struct arena *arena, const struct facts *f)
{
	const struct facts_gpus ready = gpus_ready(&f->gpus, arena);
	const char *gres = gpus_gres(&ready, arena);
	if (ready.len == f->gpus.len)
		return gres;
	return arena_printf(arena, "%s%s%zu not ready", gres ? gres : "", gres ? ", " : "", f->gpus.len - ready.len);
}

/* "10000", "100000 ib", Mbit/s of the node's link. */
static const char *network_text(struct arena *a, const struct facts_network *n)
{
	unsigned speed = facts_network_speed(n);
	const char *ib = facts_network_infiniband(n) ? " ib" : "";
	return speed ? arena_printf(a, "%u%s", speed, ib) : facts_network_link(n) ? "?" : NULL;
}

static void add_row(struct table *t, const struct answer_of *answer)
{
	const struct facts *f = answer->facts;
	struct arena *a = t->arena;
	const struct facts_hardware *h = &f->hardware;
	const char *cells[] = {
	    answer->host->name,
	    answer->class ? answer->class->name : NULL,
	    f->arch,
	    arena_printf(a, "%s %s", f->os, f->os_version),
	    arena_printf(a, "%u", h->cpus),
	    arena_printf(a, "%ux%ux%u", h->sockets, h->cores, h->threads),
	    arena_printf(a, "%llu", (unsigned long long)h->memory),
	    f->scratch ? arena_printf(a, "%llu", (unsigned long long)f->scratch) : NULL,
	    network_text(a, &f->network),
	    slurm_of(a, f),
	    f->roles[ROLE_AUTH].package.installed ? f->roles[ROLE_AUTH].unit.active : NULL,
	    arena_printf(a, "%+lld +-%lld", (long long)f->clock_offset_ms, (long long)f->clock_error_ms),
	    cgroup_names[f->cgroup],
	    gpus_of(a, f),
	};
	table_add(t, cells);
}

static void print_table(struct context *context, const struct answer_of *all, size_t count)
{
	static const struct table_column columns[] = {{"HOST"},
						      {"CLASS"},
						      {"ARCH"},
						      {"OS"},
						      {"CPUS", true},
						      {"SxCxT"},
						      {"MEMORY/MiB", true},
						      {"SCRATCH/MiB", true},
						      {"NET"},
						      {"SLURM"},
						      {"MUNGE"},
						      {"CLOCK/ms", true},
						      {"CGROUP"},
						      {"GPUS"}};
	struct table t = {.columns = columns, .count = sizeof columns / sizeof *columns, .arena = context->arena};
	for (size_t i = 0; i < count; i++)
		if (all[i].facts)
			add_row(&t, &all[i]);
	if (t.cells.len)
		table_print(&t, stdout, report_width(stdout), context->color);
}

/* Why a host is not of the classes before its own, which is what decided; of no class: why of none. */
static const char *why_not_before(const struct inventory *inv, const struct answer_of *answer, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	for (const struct inv_class *k = inv->classes; k < inv->classes + inv->class_count && k != answer->class; k++) {
		const char *why = class_why_not(k, answer->host, answer->facts, arena);
		strbuf_addf(&text, "%snot %s: %s", text.len ? "\n      " : "", k->name, why);
	}
	const char *unexpected =
	    answer->class ? class_unexpected(answer->class, answer->host, answer->facts, arena) : NULL;
	if (unexpected)
		strbuf_addf(&text, "%snot as it expects: %s", text.len ? "\n      " : "", unexpected);
	return arena_strndup(arena, strbuf_str(&text), text.len);
}

/* Hosts that got their class for the same reasons share a paragraph. */
static void print_classes(const struct inventory *inv, const struct answer_of *all, size_t count, struct arena *arena)
{
	struct group {
		const struct answer_of *first;
		const char *why;
		VEC(const char *) names;
	};
	_cleanup_map_ struct map by_text = {0};
	VEC(struct group *) groups = {0};
	for (size_t i = 0; i < count; i++) {
		if (!all[i].facts)
			continue;
		const char *why = why_not_before(inv, &all[i], arena);
		const char *key = arena_printf(arena, "%s\n%s", all[i].class ? all[i].class->name : "", why);
		struct group *g = map_get(&by_text, key);
		if (!g) {
			g = arena_alloc(arena, sizeof *g);
			g->first = &all[i];
			g->why = why;
			map_set(&by_text, key, g);
			*vec_push_in(arena, &groups) = g;
		}
		*vec_push_in(arena, &g->names) = all[i].host->name;
	}
	printf("\nclasses:\n");
	for (size_t i = 0; i < groups.len; i++) {
		const struct group *g = groups.items[i];
		printf("  %s: %s\n", hostlist_compress(g->names.items, g->names.len, arena),
		       g->first->class ? g->first->class->name : "of no class");
		if (*g->why)
			printf("      %s\n", g->why);
	}
}

static json_t *unit_json(const struct facts_package *package, const struct facts_unit *unit)
{
	return json_pack("{s:s?, s:s?, s:s?, s:s?}", "installed", package->installed, "candidate", package->candidate,
			 "active", unit ? unit->active : NULL, "enabled", unit ? unit->file : NULL);
}

static json_t *classes_json(const struct inventory *inv, const struct answer_of *answer, struct arena *arena)
{
	json_t *why = json_object();
	for (size_t i = 0; i < inv->class_count; i++)
		if (&inv->classes[i] != answer->class)
			json_object_set_new(
			    why, inv->classes[i].name,
			    json_pack("s?", class_why_not(&inv->classes[i], answer->host, answer->facts, arena)));
	return why;
}

static json_t *plugins_json(unsigned plugins)
{
	json_t *all = json_array();
	for (unsigned i = 0; i < GPU_PLUGINS; i++)
		if (plugins & 1U << i)
			json_array_append_new(all, json_string(facts_gpu_plugin_name(i)));
	return all;
}

static json_t *gpus_json(const struct facts_gpus *gpus)
{
	json_t *all = json_array();
	for (size_t i = 0; i < gpus->len; i++) {
		const struct facts_gpu *g = &gpus->items[i];
		json_array_append_new(all, json_pack("{s:s, s:s?, s:s?, s:s?, s:s?, s:s, s:s?}", "address", g->address,
						     "type", g->type, "files", g->files, "cores", g->cores, "driver",
						     g->driver, "state", facts_gpu_state_name(g->state), "missing",
						     g->missing));
	}
	return all;
}

static json_t *network_json(const struct facts_network *n)
{
	static const char *const kinds[] = {
	    [LINK_PHYSICAL] = "physical", [LINK_VIRTUAL] = "virtual", [LINK_OTHER] = "other"};
	const struct facts_link *own = facts_network_link(n);
	json_t *links = json_array(), *ports = json_array(), *neighbours = json_array();
	for (size_t i = 0; i < n->link_count; i++) {
		const struct facts_link *l = &n->links[i];
		json_array_append_new(links, json_pack("{s:s, s:s, s:b, s:I, s:I, s:s*}", "name", l->name, "kind",
						       kinds[l->kind], "up", l->up, "speed_mbit", (json_int_t)l->speed,
						       "mtu", (json_int_t)l->mtu, "master", l->master));
	}
	for (size_t i = 0; i < n->port_count; i++) {
		const struct facts_port *p = &n->ports[i];
		json_array_append_new(ports, json_pack("{s:s, s:I, s:b, s:s, s:I}", "device", p->device, "port",
						       (json_int_t)p->number, "active", p->active, "layer",
						       p->infiniband ? "infiniband" : "ethernet", "speed_mbit",
						       (json_int_t)p->speed));
	}
	for (size_t i = 0; i < n->neighbour_count; i++) {
		const struct facts_neighbour *x = &n->neighbours[i];
		json_array_append_new(neighbours, json_pack("{s:s, s:s*, s:b, s:s*}", "link", x->link, "name",
							    x->system, "is_switch", x->is_switch, "port", x->port));
	}
	return json_pack("{s:s*, s:I, s:s*, s:b, s:o, s:o, s:o}", "link", own ? own->name : NULL, "speed_mbit",
			 (json_int_t)facts_network_speed(n), "feature", network_class(facts_network_speed(n)), "lldp",
			 n->lldp, "links", links, "ports", ports, "neighbours", neighbours);
}

static json_t *facts_json(const struct inventory *inv, const struct answer_of *answer, struct arena *arena)
{
	const struct facts *f = answer->facts;
	const struct facts_hardware *h = &f->hardware;
	json_t *hardware = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "cpus", (json_int_t)h->cpus, "boards",
				     (json_int_t)h->boards, "sockets", (json_int_t)h->sockets, "cores",
				     (json_int_t)h->cores, "threads", (json_int_t)h->threads, "memory_mib",
				     (json_int_t)h->memory, "by_slurmd", h->by_slurmd);
	json_t *ids = json_pack("{s:I, s:I, s:I, s:I}", "slurm_uid", (json_int_t)f->roles[ROLE_CONTROLLER].uid,
				"slurm_gid", (json_int_t)f->roles[ROLE_CONTROLLER].gid, "munge_uid",
				(json_int_t)f->roles[ROLE_AUTH].uid, "munge_gid", (json_int_t)f->roles[ROLE_AUTH].gid);
	json_t *cgroup = json_pack("{s:s, s:b, s:b, s:b}", "version", cgroup_names[f->cgroup], "cpuset",
				   f->cgroup_cpuset, "memory", f->cgroup_memory, "freezer", f->cgroup_freezer);
	json_t *all =
	    json_pack("{s:s, s:s?, s:o, s:b, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:o, s:o, s:o, s:{s:I, s:I}}", "name",
		      answer->host->name, "class", answer->class ? answer->class->name : NULL, "why_not",
		      classes_json(inv, answer, arena), "reached", 1, "hostname", f->hostname, "arch", f->arch,
		      "kernel", f->kernel, "os", f->os, "os_version", f->os_version, "suite", f->suite, "hardware",
		      hardware, "ids", ids, "cgroup", cgroup, "clock", "offset_ms", (json_int_t)f->clock_offset_ms,
		      "error_ms", (json_int_t)f->clock_error_ms);
	if (f->scratch)
		json_object_set_new(all, "scratch_mib", json_integer((json_int_t)f->scratch));
	json_object_set_new(all, "gpus", gpus_json(&f->gpus));
	json_object_set_new(all, "gpu_plugins", plugins_json(f->gpu_plugins));
	json_object_set_new(all, "network", network_json(&f->network));
	json_object_set_new(all, "slurmctld",
			    unit_json(&f->roles[ROLE_CONTROLLER].package, &f->roles[ROLE_CONTROLLER].unit));
	json_object_set_new(all, "slurmd", unit_json(&f->roles[ROLE_NODE].package, &f->roles[ROLE_NODE].unit));
	json_object_set_new(all, "munge", unit_json(&f->roles[ROLE_AUTH].package, &f->roles[ROLE_AUTH].unit));
	return all;
}

static void print_json(const struct inventory *inv, const struct answer_of *all, size_t count, struct arena *arena)
{
	json_t *hosts = json_array();
	size_t unreachable = 0;
	for (size_t i = 0; i < count; i++) {
		unreachable += !all[i].facts;
		json_array_append_new(hosts, all[i].facts
						 ? facts_json(inv, &all[i], arena)
						 : json_pack("{s:s, s:b, s:s, s:s}", "name", all[i].host->name,
							     "reached", 0, "code", err_code_name(all[i].error->code),
							     "error", all[i].error->text));
	}
	json_t *result = json_pack("{s:I, s:o}", "unreachable", (json_int_t)unreachable, "hosts", hosts);
	json_print(result, JSON_INDENT(2), stdout);
}

/* A key for the fingerprints that are asked for and not shown. */
static const char no_salt[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* Answers of the hosts that are chosen by name, or are of a class that is. A host that did not answer is shown where it
 * may have been meant. */
static size_t keep_chosen(const struct inventory *inv, struct answer_of *all, size_t count,
			  const struct inv_choice *choice)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		const struct answer_of *a = &all[i];
		bool by_class = a->class ? choice->classes && choice->classes[a->class - inv->classes] : !a->facts;
		if ((choice->hosts && choice->hosts[a->host->index]) || by_class)
			all[kept++] = *a;
	}
	return kept;
}

static int show(struct context *context, const struct inventory *inv, const struct answer_of *all, size_t count)
{
	size_t reached = 0;
	for (size_t i = 0; i < count; i++)
		reached += all[i].facts != NULL;
	if (context->json) {
		print_json(inv, all, count, context->arena);
	} else {
		print_table(context, all, count);
		if (inv->class_count && reached)
			print_classes(inv, all, count, context->arena);
	}
	return reached == count ? EXIT_DONE : reached ? EXIT_LEFT : EXIT_FAILED;
}

struct measuring {
	const char **names, **addresses;
	struct arena *arena;
	struct meter_result result;
};

static int measure(void *data, struct fleet *fleet, struct report *report, struct err *err)
{
	struct measuring *m = data;
	return meter_network(fleet, m->names, m->addresses, report, m->arena, &m->result, err);
}

static int run_measure(struct context *context, const struct inventory *inv, const bool *chosen,
		       const struct fleet_options *fleet_options)
{
	struct arena *a = context->arena;
	struct fleet_target *targets = arena_calloc(a, inv->host_count, sizeof *targets);
	struct measuring m = {.arena = a,
			      .names = arena_calloc(a, inv->host_count, sizeof *m.names),
			      .addresses = arena_calloc(a, inv->host_count, sizeof *m.addresses)};
	size_t count = 0;
	for (size_t i = 0; i < inv->host_count; i++) {
		const struct inv_host *h = &inv->hosts[i];
		if (!chosen[i])
			continue;
		m.names[count] = h->name;
		m.addresses[count] = h->local ? h->hostname : h->address;
		targets[count++] = target_of(context, h);
	}
	if (count < 2)
		return context_misused(context, "--measure network takes two hosts or more");
	struct err err = {0};
	if (target_visit(context, targets, count, fleet_options, measure, &m, &err) < 0)
		return context_fail(context, &err);
	show_measure(context, &m.result, m.names);
	return !m.result.count ? EXIT_FAILED : m.result.left_out ? EXIT_LEFT : EXIT_DONE;
}

static void question(const struct inventory *inv, const size_t *hosts, size_t count, struct facts_scope *ret)
{
	for (size_t i = 0; i < count; i++)
		ret[i] = (struct facts_scope){.roles = module_roles,
					      .salt = no_salt,
					      .compute = true,
					      .neighbours = true,
					      .others = modules_ask_facts(inv, &inv->hosts[hosts[i]])};
}

/* For `reeve render`: all that a run would ask. */
static int save(const char *dir, const struct inv_host *host, const struct facts_scope *scope, struct asked *asked,
		struct err *err)
{
	int rc = asked->facts ? answers_save(dir, host->name, scope, &asked->answer, err) : 0;
	json_decref(asked->answer.json);
	return rc;
}

static int run_ask(struct context *context, const struct inventory *inv, const struct inv_choice *choice, bool by_class,
		   const struct fleet_options *options)
{
	struct arena *a = context->arena;
	const char *dir = context_option(context, "save");
	size_t *hosts = arena_calloc(a, inv->host_count, sizeof *hosts), count = 0;
	for (size_t i = 0; i < inv->host_count; i++)
		if (choice->hosts[i] || by_class)
			hosts[count++] = i;
	struct fleet_target *targets = arena_calloc(a, count, sizeof *targets);
	struct facts_scope *scopes = arena_calloc(a, count, sizeof *scopes);
	struct answer_of *answers = arena_calloc(a, count, sizeof *answers);
	struct asked *all = arena_calloc(a, count, sizeof *all);
	for (size_t i = 0; i < count; i++)
		targets[i] = target_of(context, &inv->hosts[hosts[i]]);
	if (dir)
		ask_scopes(inv, hosts, count, modules_secrets(inv, a), a, scopes);
	else
		question(inv, hosts, count, scopes);
	struct err err = {0};
	int rc = target_ask(context, targets, scopes, count, options, dir != NULL, all, &err);
	for (size_t i = 0; i < count; i++) {
		const struct inv_host *h = &inv->hosts[hosts[i]];
		if (dir && rc == 0)
			rc = save(dir, h, &scopes[i], &all[i], &err);
		answers[i] = (struct answer_of){.host = h,
						.facts = all[i].facts,
						.error = &all[i].error,
						.class = all[i].facts ? class_of(inv, h, all[i].facts, NULL) : NULL};
	}
	ask_scopes_end(scopes, count);
	return rc < 0 ? context_fail(context, &err)
		      : show(context, inv, answers, keep_chosen(inv, answers, count, choice));
}

static int run(struct context *context)
{
	const char *what = context_option(context, "measure");
	if (what && !streq(what, "network"))
		return context_misused(context, "'%s' cannot be measured: --measure takes 'network'", what);
	const struct inventory *inv = context_inventory(context);
	if (!inv)
		return EXIT_FAILED;
	const struct inv_choice *choice = context_select(context, inv, context_option(context, "limit"), !what);
	bool by_class = false;
	if (!choice)
		return EXIT_MISUSED;
	for (size_t i = 0; choice->classes && i < inv->class_count; i++)
		by_class |= choice->classes[i];
	struct fleet_options options;
	int status = target_options(context, inv, &options);
	if (status >= 0)
		return status;
	if (what)
		return run_measure(context, inv, choice->hosts, &options);
	return run_ask(context, inv, choice, by_class, &options);
}

static const struct option_spec options[] = {
    {"limit", 'l', "NODES", "only these: a hostlist, partition:NAME, class:NAME, or several"},
    {"save", 0, "DIR", "save what they say in this directory, for `reeve render`"},
    {"measure", 0, "WHAT", "measure between the hosts, WHAT is 'network'"},
    {NULL},
};

const struct command cmd_facts = {
    .name = "facts",
    .synopsis = "[-l NODES] [--save DIR] [--measure network] [--json]",
    .summary = "Show what each host really is",
    .help = "Asks the hosts for their architecture, system, CPUs (sockets x cores x\n"
	    "threads) and memory as slurmd counts them, the releases of Slurm and the state of\n"
	    "MUNGE, how far their clocks are from this machine's, their cgroups, GPUs and scratch.\n"
	    "Changes nothing but that reeve's agent is left on the hosts.\n"
	    "\n"
	    "Where cluster.yaml has classes: which one each host is of, and why not of those\n"
	    "before it.\n"
	    "\n"
	    "With --save DIR everything that a run would ask is asked, and the answers are kept in a\n"
	    "file for each host: 'reeve render' makes Slurm's files of them without the hosts.\n"
	    "\n"
	    "With --measure network: bandwidth each way and latency between the hosts, pair by\n"
	    "pair, with iperf3 and ping where they are installed; a second or so each way, every\n"
	    "pair of up to 12 hosts, a ring and four random partners of more. It loads the network.\n"
	    "\n"
	    "The exit status is 0 when all hosts answered, 3 when some did not, and 1 when\n"
	    "none did; those are named on standard error.",
    .options = options,
    .run = run,
};
