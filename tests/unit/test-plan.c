/* From a cluster.yaml and made-up facts to findings, slurm.conf and the order of steps: all of it pure. */
#include "plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "modules/core/core.h"
#include "modules/module.h"

static const char yaml[] = "reeve: 1\n"
			   "cluster: tiny\n"
			   "hosts:\n"
			   "  c1: 10.0.0.1\n"
			   "  n1: 10.0.0.2\n"
			   "  n2: 10.0.0.3\n"
			   "controllers: [c1]\n"
			   "compute: [n1, n2]\n"
			   "partitions:\n"
			   "  work: { nodes: all, default: true }\n";

enum { HOSTS = 3 };

struct world {
	struct arena *arena;
	struct diags diags;
	struct inventory *inv;
	struct facts facts[HOSTS];
	const struct facts *given[HOSTS];
	const char *unreached[HOSTS];
	struct cluster_options options;
	struct cluster *cluster;
	const struct catalog *catalogs[HOSTS];
	const struct observed *observed[HOSTS];
	struct live live;
	struct slurm_node_state nodes[HOSTS];
	bool slurmd_differs[HOSTS];
	struct plan *plan;
};

/* Three healthy hosts with Slurm installed and nothing configured. */
static struct world *world_new(const char *text)
{
	struct world *w = xcalloc(1, sizeof *w);
	struct err err = {0};
	w->arena = arena_new();
	w->inv = inventory_parse("t.yaml", text, strlen(text), module_sections, &w->diags, w->arena, &err);
	if (!w->inv)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < HOSTS; i++) {
		w->facts[i] = (struct facts){
		    .hostname = w->inv->hosts[i].name,
		    .arch = "x86_64",
		    .machine_id = arena_printf(w->arena, "id%zu", i),
		    .hardware = {1, 1, 4, 1, 4, 4000, true},
		    .slurm_uid = 64030,
		    .slurm_gid = 64030,
		    .munge_uid = 100,
		    .munge_gid = 100,
		    .cgroup = CGROUP_V2,
		    .cgroup_cpuset = true,
		    .cgroup_memory = true,
		    .cgroup_freezer = true,
		    .slurmctld = {.installed = "22.05.8-4+deb12u3"},
		    .slurmd = {.installed = "22.05.8-4+deb12u3"},
		    .slurm_client = {.installed = "22.05.8-4+deb12u3"},
		    .munge = {.installed = "0.5.15-2"},
		    .munge_unit = {true, "active", "enabled", 1},
		    .slurmctld_unit = {true, "inactive", "enabled", 0},
		    .slurmd_unit = {true, "inactive", "enabled", 0},
		    .key_fingerprint = arena_printf(w->arena, "%064zu", i),
		};
		w->given[i] = &w->facts[i];
	}
	return w;
}

static void world_free(struct world *w)
{
	diags_free(&w->diags);
	arena_free(w->arena);
	free(w);
}

static void resolve(struct world *w)
{
	w->cluster = cluster_resolve(w->inv, w->given, w->unreached, &w->options, w->arena);
}

/* Everything as wanted but what `state` says of files in /etc/slurm. */
static void plan(struct world *w, enum observed_state conf_state)
{
	struct plan_options options = {0};
	resolve(w);
	if (!w->cluster->key_fingerprint)
		w->cluster->key_fingerprint = arena_printf(w->arena, "%064d", 9);
	for (size_t i = 0; i < HOSTS; i++) {
		if (!w->given[i])
			continue;
		struct catalog *c = modules_compile(w->cluster, i, w->arena);
		struct observed *o = arena_calloc(w->arena, c->len, sizeof *o);
		for (size_t k = 0; k < c->len; k++) {
			bool conf = strstr(c->items[k].id, "/etc/slurm/slurm.conf");
			bool slurmd = w->slurmd_differs[i] && streq(c->items[k].id, "service:slurmd.service");
			o[k] = (struct observed){
			    .id = c->items[k].id,
			    .state = conf     ? conf_state
				     : slurmd ? OBSERVED_DIFFERS
					      : OBSERVED_SAME,
			    .why = "",
			};
		}
		w->catalogs[i] = c;
		w->observed[i] = o;
	}
	w->plan = plan_make(w->cluster, w->catalogs, w->observed, w->live.up ? &w->live : NULL, &options, w->arena);
}

/* The cluster runs with what cluster.yaml said until now: `w` is made to believe it. */
static void running(struct world *w)
{
	resolve(w);
	const char *conf = core_slurm_conf(w->cluster), *cgroup = core_cgroup_conf(w->cluster);
	struct record *record = cluster_record(w->cluster, w->arena);
	record->key = w->facts[0].key_fingerprint;
	char *text = record_encode(record);
	for (size_t i = 0; i < HOSTS; i++) {
		struct facts *f = &w->facts[i];
		f->slurm_conf = f->in_force_slurm = conf;
		f->cgroup_conf = f->in_force_cgroup = cgroup;
		f->key_fingerprint = w->facts[0].key_fingerprint;
		f->slurmctld_unit.active = i ? "inactive" : "active";
		f->slurmd_unit.active = i ? "active" : "inactive";
	}
	w->facts[0].record = arena_strdup(w->arena, text);
	free(text);
	w->live.up = true;
	w->live.nodes = w->nodes;
	w->live.node_count = HOSTS - 1;
	for (size_t i = 0; i < w->live.node_count; i++)
		w->nodes[i] = (struct slurm_node_state){
		    .name = w->inv->hosts[i + 1].name, .base = SLURM_NODE_IDLE, .version = "22.05.8"};
}

static bool has(const struct findings *f, const char *code)
{
	for (size_t i = 0; i < f->len; i++)
		if (streq(f->items[i].code, code))
			return true;
	return false;
}

static const char *titles(const struct world *w)
{
	_cleanup_strbuf_ struct strbuf s = {0};
	for (size_t i = 0; i < w->plan->step_count; i++)
		strbuf_addf(&s, "%s%s", i ? " | " : "", w->plan->steps[i].title);
	return arena_strndup(w->arena, strbuf_str(&s), s.len);
}

static const char *with(struct world *w, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	assert_non_null(at);
	return arena_printf(w->arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* Another cluster.yaml for the same hosts. */
static void edit(struct world *w, const char *from, const char *to)
{
	struct err err = {0};
	const char *text = with(w, yaml, from, to);
	diags_free(&w->diags);
	w->inv = inventory_parse("t.yaml", text, strlen(text), module_sections, &w->diags, w->arena, &err);
	if (!w->inv)
		fail_msg("%s", err.text);
}

static void slurm_conf_is_what_the_file_says(void **state)
{
	(void)state;
	struct world *w = world_new(yaml);
	resolve(w);
	const char *conf = core_slurm_conf(w->cluster);
	assert_true(str_starts(conf, CLUSTER_CONF_MARK));
	assert_non_null(strstr(conf, "\nClusterName=tiny\n"));
	assert_non_null(strstr(conf, "\nSlurmctldHost=c1(10.0.0.1)\n"));
	/* 4000 MiB less 5 %, and equal nodes on one line. */
	assert_non_null(strstr(conf, "\nNodeName=n[1-2] NodeAddr=10.0.0.[2-3] CPUs=4 Sockets=1 CoresPerSocket=4 "
				     "ThreadsPerCore=1 RealMemory=3800 State=UNKNOWN\n"));
	assert_non_null(strstr(conf, "\nPartitionName=work Nodes=n[1-2] Default=YES State=UP\n"));
	assert_non_null(strstr(conf, "\nProctrackType=proctrack/cgroup\n"));
	world_free(w);
}

static void memory_has_hysteresis(void **state)
{
	(void)state;
	const struct {
		uint64_t now, configured;
	} cases[] = {
	    {4000, 3800}, /* as it was */
	    {3990, 3800}, /* a kernel took a little more: nothing changes */
	    {4100, 3800}, /* it grew a little */
	    {3700, 3515}, /* it does not fit any more: lowered */
	    {8000, 7744}, /* it doubled: below 95 % of what would be configured */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_new(yaml);
		running(w);
		w->facts[1].hardware.memory = cases[i].now;
		resolve(w);
		assert_int_equal(w->cluster->hosts[1].memory, cases[i].configured);
		world_free(w);
	}
}

static void key_is_decided_by_record_and_daemons(void **state)
{
	(void)state;
	struct world *w = world_new(yaml);
	resolve(w);
	assert_int_equal(w->cluster->key, KEY_NEW);
	world_free(w);

	w = world_new(yaml); /* a running cluster without a record: its key */
	w->facts[0].slurmctld_unit.active = "active";
	resolve(w);
	assert_int_equal(w->cluster->key, KEY_KNOWN);
	assert_string_equal(w->cluster->key_fingerprint, w->facts[0].key_fingerprint);
	world_free(w);

	w = world_new(yaml); /* only slurmds run: the controller was reimaged */
	w->facts[1].slurmd_unit.active = "active";
	resolve(w);
	assert_int_equal(w->cluster->key, KEY_UNKNOWN);
	assert_true(has(&w->cluster->findings, "key-unknown"));
	world_free(w);

	w = world_new(yaml); /* the recorded key is on a node only */
	running(w);
	w->facts[0].key_fingerprint = arena_printf(w->arena, "%064d", 7);
	resolve(w);
	assert_int_equal(w->cluster->key, KEY_KNOWN);
	assert_int_equal(w->cluster->key_holder, 1);
	world_free(w);

	w = world_new(yaml); /* another one is asked for, and a node that served cannot be reached */
	running(w);
	w->facts[0].slurmctld_unit.active = w->facts[1].slurmd_unit.active = "inactive";
	w->options.new_key = true;
	w->given[2] = NULL;
	w->unreached[2] = "it is off";
	resolve(w);
	assert_int_equal(w->cluster->key, KEY_UNKNOWN);
	assert_true(has(&w->cluster->findings, "key-busy"));
	w->given[2] = &w->facts[2];
	w->facts[2].slurmd_unit.active = "inactive";
	resolve(w);
	assert_int_equal(w->cluster->key, KEY_NEW);
	world_free(w);

	w = world_new(yaml); /* and nowhere */
	running(w);
	for (size_t i = 0; i < HOSTS; i++)
		w->facts[i].key_fingerprint = arena_printf(w->arena, "%064d", 7);
	resolve(w);
	assert_true(has(&w->cluster->findings, "key-lost"));
	world_free(w);
}

static void harm_is_found_before_anything_is_touched(void **state)
{
	(void)state;
	struct world *w = world_new(yaml);
	w->facts[1].clock_offset_ms = 600000;
	w->facts[2].hostname = "impostor";
	w->facts[2].slurm_uid = 995;
	w->facts[1].slurm_conf = "ClusterName=other\n";
	w->facts[2].slurmd.installed = w->facts[2].slurm_client.installed = "24.11.5-4";
	plan(w, OBSERVED_MISSING);
	const char *codes[] = {"clock-skew", "hostname", "slurm-uid", "foreign-slurm-conf", "slurm-versions"};
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		assert_true(has(&w->plan->findings, codes[i]));
	assert_int_equal(w->plan->step_count, 0);
	world_free(w);
}

static void unmounted_or_closed_state_is_found(void **state)
{
	(void)state;
	struct world *w = world_new(yaml);
	struct facts *f = &w->facts[0];
	f->state_source = "server:/export";
	f->state_mount = "/mnt";
	f->state_fstype = "nfs4";
	running(w);
	f->state_source = "/dev/sda1";
	resolve(w);
	assert_true(has(&w->cluster->findings, "state-mount"));
	world_free(w);

	w = world_new(yaml);
	f = &w->facts[0];
	f->state_source = "server:/export";
	f->state_mount = "/mnt";
	f->state[0] = (struct facts_path){"/var", "directory", 0, 0700, 0, 0};
	f->state[1] = (struct facts_path){"/var/spool", "directory", 0, 0755, 0, 0};
	f->state_len = 2;
	resolve(w);
	assert_true(has(&w->cluster->findings, "state-path"));
	world_free(w);
}

static void service_is_restarted_when_its_input_changes(void **state)
{
	(void)state;
	struct world *w = world_new(yaml);
	running(w);
	plan(w, OBSERVED_SAME);
	struct plan_options options = {0};
	const struct catalog *c = w->catalogs[1];
	struct observed *o = arena_calloc(w->arena, c->len, sizeof *o);
	memcpy(o, w->observed[1], c->len * sizeof *o);
	for (size_t k = 0; k < c->len; k++)
		if (streq(c->items[k].id, "file:" CORE_KEY))
			o[k].state = OBSERVED_DIFFERS;
	w->observed[1] = o;
	w->plan = plan_make(w->cluster, w->catalogs, w->observed, &w->live, &options, w->arena);
	assert_int_equal(w->plan->changes, 2);
	assert_string_equal(titles(w), "auth");
	assert_int_equal(w->plan->steps[0].items[0].count, 2);
	assert_string_equal(w->plan->steps[0].items[0].resources[1]->id, "service:munge.service");
	world_free(w);
}

static void first_start_and_no_change(void **state)
{
	(void)state;
	struct world *w = world_new(yaml);
	plan(w, OBSERVED_MISSING);
	assert_int_equal(w->plan->need, SLURM_NEED_START);
	assert_string_equal(titles(w), "test the configuration | put the configuration in place");
	assert_int_equal(w->plan->changes, 3);
	world_free(w);

	w = world_new(yaml);
	running(w);
	plan(w, OBSERVED_SAME);
	assert_int_equal(w->plan->need, SLURM_NEED_NOTHING);
	assert_int_equal(w->plan->step_count, 0);
	assert_int_equal(w->plan->changes, 0);
	world_free(w);
}

static void order_follows_the_kind_of_change(void **state)
{
	(void)state;
	struct world *w = world_new(yaml);
	running(w);
	edit(w, "partitions:", "slurm: { MinJobAge: 200 }\npartitions:");
	plan(w, OBSERVED_DIFFERS);
	assert_int_equal(w->plan->need, SLURM_NEED_RECONFIGURE);
	assert_string_equal(titles(w),
			    "test the configuration | put the configuration in place | scontrol reconfigure");
	world_free(w);

	w = world_new(yaml);
	running(w);
	edit(w, "partitions:", "slurm: { MaxJobCount: 20000 }\npartitions:");
	plan(w, OBSERVED_DIFFERS);
	assert_int_equal(w->plan->need, SLURM_NEED_RESTART_CTLD);
	assert_string_equal(titles(w),
			    "test the configuration | keep a copy of the state | put the configuration in place | "
			    "restart slurmctld on the primary | scontrol reconfigure");
	world_free(w);

	w = world_new(yaml); /* a node is added on 22.05: Slurm's FAQ */
	edit(w, "compute: [n1, n2]", "compute: [n1]");
	running(w);
	edit(w, "compute: [n1, n2]", "compute: [n1, n2]");
	w->facts[2].slurmd_unit.active = "inactive";
	plan(w, OBSERVED_DIFFERS);
	assert_int_equal(w->plan->need, SLURM_NEED_NODES);
	assert_string_equal(
	    titles(w),
	    "test the configuration | keep a copy of the state | stop slurmctld | put the configuration in place | "
	    "restart slurmd on one node first | restart slurmctld on the primary | "
	    "drain the nodes that join, until they are verified | start slurmd on the nodes that join");
	world_free(w);
}

static const struct step *step_of(const struct world *w, const char *title)
{
	for (size_t i = 0; i < w->plan->step_count; i++)
		if (strstr(w->plan->steps[i].title, title))
			return &w->plan->steps[i];
	return NULL;
}

static bool acts_on(const struct step *step, size_t host)
{
	for (size_t i = 0; step && i < step->len; i++)
		if (step->items[i].host == host)
			return true;
	return false;
}

/* n2 is added to a cluster of c1 and n1 that is at work. */
static struct world *joining(void)
{
	struct world *w = world_new(yaml);
	edit(w, "compute: [n1, n2]", "compute: [n1]");
	running(w);
	w->live.node_count = 1;
	edit(w, "compute: [n1, n2]", "compute: [n1, n2]");
	w->facts[2].slurm_conf = w->facts[2].in_force_slurm = NULL;
	w->facts[2].slurmd_unit.active = "inactive";
	w->slurmd_differs[2] = true;
	return w;
}

/* Rule: new nodes come up drained; the order of their steps is the rule. */
static void a_node_that_joins_is_drained_before_its_slurmd_starts(void **state)
{
	(void)state;
	struct world *w = joining();
	plan(w, OBSERVED_DIFFERS);
	assert_false(w->plan->hosts[1].joins);
	assert_true(w->plan->hosts[2].joins);
	assert_int_equal(w->plan->joining, 1);
	const struct step *drain = step_of(w, "drain the nodes"),
			  *start = step_of(w, "start slurmd on the nodes that join");
	assert_non_null(drain);
	assert_non_null(start);
	assert_true(step_of(w, "restart slurmctld on the primary") < drain);
	assert_true(drain < start);
	assert_true(drain->essential);
	assert_int_equal(drain->len, 1);
	assert_string_equal(drain->items[0].argv[2], "NodeName=n2");
	assert_string_equal(drain->items[0].argv[3], "State=DRAIN");
	assert_true(acts_on(start, 2));
	for (const struct step *s = w->plan->steps; s < start; s++)
		assert_false(strstr(s->title, "slurmd") && acts_on(s, 2));
	world_free(w);
}

/* Also where slurmctld is down, which will start with the jobs that wait. */
static void a_node_that_joins_is_drained_where_slurmctld_is_to_start(void **state)
{
	(void)state;
	struct world *w = joining();
	w->facts[0].slurmctld_unit.active = "inactive";
	w->live.up = false;
	plan(w, OBSERVED_DIFFERS);
	assert_int_equal(w->plan->need, SLURM_NEED_START);
	assert_int_equal(w->plan->joining, 1);
	assert_non_null(step_of(w, "drain the nodes"));
	world_free(w);
}

/* A run that was cut off: its slurmd runs, and reads the new configuration like the others. */
static void a_node_that_joins_is_restarted_where_the_others_are(void **state)
{
	(void)state;
	struct world *w = joining();
	w->facts[2].slurmd_unit.active = "active";
	w->slurmd_differs[2] = false;
	plan(w, OBSERVED_DIFFERS);
	assert_int_equal(w->plan->need, SLURM_NEED_NODES);
	const struct step *start = step_of(w, "start slurmd on the nodes that join");
	assert_true(acts_on(start, 2));
	assert_true(start->items[0].resources[0]->service.restart);
	world_free(w);
}

/*
 * After a restart slurmctld has heard of no node: that is no reason to drain one, or to touch an administrator's drain.
 * What waits is what an earlier run of ours drained.
 */
static void a_node_that_served_never_joins(void **state)
{
	(void)state;
	struct world *w = world_new(yaml);
	running(w);
	w->live.node_count = 2;
	w->nodes[0].version = w->nodes[1].version = NULL;
	plan(w, OBSERVED_DIFFERS);
	assert_false(w->plan->hosts[1].joins || w->plan->hosts[2].joins);
	assert_null(step_of(w, "drain the nodes"));
	w->nodes[0].flags = w->nodes[1].flags = SLURM_NODE_DRAIN;
	w->nodes[0].reason = "a disk is broken";
	w->nodes[1].reason = PLAN_REASON_JOINS;
	plan(w, OBSERVED_SAME);
	assert_int_equal(w->plan->waiting, 1);
	assert_true(plan_node_waits(&w->nodes[1]));
	assert_false(plan_node_waits(&w->nodes[0]));
	world_free(w);

	/* One that joins, and that somebody has drained already, or that has a job, is left as it is. */
	w = joining();
	w->live.node_count = 2;
	w->nodes[1] = w->nodes[0];
	w->nodes[1].name = "n2";
	w->nodes[1].flags = SLURM_NODE_DRAIN;
	w->nodes[1].reason = "a disk is broken";
	plan(w, OBSERVED_DIFFERS);
	assert_true(w->plan->hosts[2].joins);
	assert_int_equal(w->plan->joining, 0);
	assert_null(step_of(w, "drain the nodes"));
	w->nodes[1].flags = 0;
	w->nodes[1].cpus_allocated = 1;
	plan(w, OBSERVED_DIFFERS);
	assert_int_equal(w->plan->joining, 0);
	world_free(w);
}

/* Where only the nodes were asked for, nothing is known of jobs: that is not the same as none. */
static void a_brief_look_is_no_proof_that_there_are_no_jobs(void **state)
{
	(void)state;
	struct world *w = world_new(yaml);
	running(w);
	edit(w, "compute: [n1, n2]", "compute: [n1]");
	plan(w, OBSERVED_DIFFERS);
	assert_false(has(&w->plan->findings, "unknown-jobs"));
	w->live.brief = true;
	plan(w, OBSERVED_DIFFERS);
	assert_true(has(&w->plan->findings, "unknown-jobs"));
	assert_int_equal(w->plan->step_count, 0);
	world_free(w);
}

static void a_node_that_leaves_is_named(void **state)
{
	(void)state;
	struct world *w = world_new(yaml);
	running(w);
	edit(w, "compute: [n1, n2]", "compute: [n1]");
	resolve(w);
	assert_true(has(&w->cluster->findings, "leaves"));
	world_free(w);
}

static void what_jobs_refer_to_is_not_removed(void **state)
{
	(void)state;
	struct slurm_job job = {
	    .id = "7", .phase = SLURM_JOB_RUNNING, .user = "ann", .partitions = "work", .nodes = "n[1-2]"};
	const struct {
		enum slurm_job_phase phase;
		const char *nodes, *asked;
		bool refused;
	} cases[] = {
	    {SLURM_JOB_RUNNING, "n[1-2]", NULL, true}, {SLURM_JOB_SUSPENDED, "n2", NULL, true},
	    {SLURM_JOB_PENDING, NULL, "n2", true},     {SLURM_JOB_RUNNING, "n1", NULL, false},
	    {SLURM_JOB_PENDING, NULL, NULL, false},    {SLURM_JOB_UNKNOWN, "n2", NULL, true},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_new(yaml);
		running(w);
		edit(w, "compute: [n1, n2]", "compute: [n1]");
		job.phase = cases[i].phase;
		job.nodes = cases[i].nodes;
		job.asked_nodes = cases[i].asked;
		w->live.jobs = &job;
		w->live.job_count = 1;
		plan(w, OBSERVED_DIFFERS);
		assert_int_equal(has(&w->plan->findings, "node-in-use"), cases[i].refused);
		assert_int_equal(w->plan->step_count == 0, cases[i].refused);
		world_free(w);
	}

	struct world *w = world_new(yaml); /* unknown is busy */
	running(w);
	edit(w, "compute: [n1, n2]", "compute: [n1]");
	w->live.up = false;
	plan(w, OBSERVED_DIFFERS);
	assert_true(has(&w->plan->findings, "unknown-jobs"));
	assert_int_equal(w->plan->step_count, 0);
	world_free(w);
}

/* Somebody edited the file on the controller: that change needs more than the removal does, and must not hide it. */
static void an_edited_file_hides_no_removal(void **state)
{
	(void)state;
	struct slurm_job job = {
	    .id = "7", .phase = SLURM_JOB_RUNNING, .user = "ann", .partitions = "work", .nodes = "n2"};
	struct world *w = world_new(yaml);
	for (size_t i = 0; i < HOSTS; i++)
		w->facts[i].slurmctld.installed = w->facts[i].slurmd.installed = w->facts[i].slurm_client.installed =
		    "24.11.5-4";
	running(w);
	edit(w, "compute: [n1, n2]", "compute: [n1]");
	resolve(w);
	w->facts[0].slurm_conf = arena_printf(w->arena, "%sSlurmctldPort=7000\n", core_slurm_conf(w->cluster));
	w->live.jobs = &job;
	w->live.job_count = 1;
	plan(w, OBSERVED_DIFFERS);
	assert_true(has(&w->plan->findings, "node-in-use"));
	assert_int_equal(w->plan->step_count, 0);
	world_free(w);
}

static void unreached_node_keeps_its_line(void **state)
{
	(void)state;
	struct world *w = world_new(yaml);
	running(w);
	w->given[2] = NULL;
	w->unreached[2] = "it is off";
	resolve(w);
	assert_non_null(strstr(core_slurm_conf(w->cluster), "NodeName=n[1-2] "));
	world_free(w);

	w = world_new(yaml); /* one that was never seen is pending */
	w->given[2] = NULL;
	resolve(w);
	assert_null(strstr(core_slurm_conf(w->cluster), "n2"));
	assert_non_null(strstr(core_slurm_conf(w->cluster), "PartitionName=work Nodes=n1 "));
	world_free(w);
}

static void record_survives_and_lies_are_refused(void **state)
{
	(void)state;
	struct world *w = world_new(yaml);
	resolve(w);
	char *text = record_encode(cluster_record(w->cluster, w->arena));
	struct err err = {0};
	struct record *back = record_decode(text, w->arena, &err);
	assert_non_null(back);
	char *again = record_encode(back);
	assert_string_equal(text, again);
	assert_non_null(record_host(back, "n2"));
	assert_int_equal(record_host(back, "n2")->memory, 3800);
	const char *lies[] = {
	    "",
	    "[]",
	    "{}",
	    "{\"format\":1,\"epoch\":-1,\"cluster\":\"x\",\"hosts\":[],\"generations\":[]}",
	    "{\"format\":2,\"epoch\":1,\"cluster\":\"x\",\"hosts\":[],\"generations\":[]}",
	    "{\"format\":1,\"epoch\":1,\"cluster\":\"x\",\"hosts\":[{\"name\":\"a b\"}],\"generations\":[]}"};
	for (size_t i = 0; i < ARRAY_LEN(lies); i++)
		assert_null(record_decode(lies[i], w->arena, &err));
	free(text);
	free(again);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slurm_conf_is_what_the_file_says),
	    cmocka_unit_test(memory_has_hysteresis),
	    cmocka_unit_test(key_is_decided_by_record_and_daemons),
	    cmocka_unit_test(harm_is_found_before_anything_is_touched),
	    cmocka_unit_test(unmounted_or_closed_state_is_found),
	    cmocka_unit_test(service_is_restarted_when_its_input_changes),
	    cmocka_unit_test(first_start_and_no_change),
	    cmocka_unit_test(order_follows_the_kind_of_change),
	    cmocka_unit_test(a_node_that_joins_is_drained_before_its_slurmd_starts),
	    cmocka_unit_test(a_node_that_joins_is_drained_where_slurmctld_is_to_start),
	    cmocka_unit_test(a_node_that_joins_is_restarted_where_the_others_are),
	    cmocka_unit_test(a_node_that_served_never_joins),
	    cmocka_unit_test(a_node_that_leaves_is_named),
	    cmocka_unit_test(a_brief_look_is_no_proof_that_there_are_no_jobs),
	    cmocka_unit_test(what_jobs_refer_to_is_not_removed),
	    cmocka_unit_test(an_edited_file_hides_no_removal),
	    cmocka_unit_test(unreached_node_keeps_its_line),
	    cmocka_unit_test(record_survives_and_lies_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
