/* From a cluster.yaml and made-up facts to findings, slurm.conf and the order of steps: all of it pure. */
#include "plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "modules/core/core.h"
#include "modules/module.h"
#include "world.h"

static void slurm_conf_is_what_the_file_says(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_resolve(w);
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

static void key_is_decided_by_record_and_daemons(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_resolve(w);
	assert_int_equal(w->cluster->secrets[0].state, SECRET_NEW);
	world_free(w);

	w = world_new(world_yaml); /* a running cluster without a record: its key */
	w->facts[0].roles[ROLE_CONTROLLER].unit.active = "active";
	world_resolve(w);
	assert_int_equal(w->cluster->secrets[0].state, SECRET_KNOWN);
	assert_string_equal(w->cluster->secrets[0].fingerprint, w->facts[0].secrets[0].fingerprint);
	world_free(w);

	w = world_new(world_yaml); /* only slurmds run: the controller was reimaged */
	w->facts[1].roles[ROLE_NODE].unit.active = "active";
	world_resolve(w);
	assert_int_equal(w->cluster->secrets[0].state, SECRET_UNKNOWN);
	assert_true(world_has(&w->cluster->findings, "key-unknown"));
	world_free(w);

	w = world_new(world_yaml); /* the recorded key is on a node only */
	world_running(w);
	w->facts[0].secrets[0].fingerprint = arena_printf(w->arena, "%064d", 7);
	world_resolve(w);
	assert_int_equal(w->cluster->secrets[0].state, SECRET_KNOWN);
	assert_int_equal(w->cluster->secrets[0].holders[0], 1);
	world_free(w);

	w = world_new(world_yaml); /* another one is asked for, and a node that served cannot be reached */
	world_running(w);
	w->facts[0].roles[ROLE_CONTROLLER].unit.active = w->facts[1].roles[ROLE_NODE].unit.active = "inactive";
	w->options.new_key = true;
	w->given[2] = NULL;
	w->unreached[2] = "it is off";
	world_resolve(w);
	assert_int_equal(w->cluster->secrets[0].state, SECRET_UNKNOWN);
	assert_true(world_has(&w->cluster->findings, "key-busy"));
	w->given[2] = &w->facts[2];
	w->facts[2].roles[ROLE_NODE].unit.active = "inactive";
	world_resolve(w);
	assert_int_equal(w->cluster->secrets[0].state, SECRET_NEW);
	world_free(w);

	w = world_new(world_yaml); /* and nowhere */
	world_running(w);
	for (size_t i = 0; i < HOSTS; i++)
		w->facts[i].secrets[0].fingerprint = arena_printf(w->arena, "%064d", 7);
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "key-lost"));
	world_free(w);
}

static void harm_is_found_before_anything_is_touched(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	w->facts[1].clock_offset_ms = 600000;
	w->facts[2].hostname = "impostor";
	w->facts[2].roles[ROLE_CONTROLLER].uid = 995;
	w->facts[1].slurm_conf = "ClusterName=other\n";
	w->facts[2].roles[ROLE_NODE].package.installed = w->facts[2].roles[ROLE_CLIENT].package.installed = "24.11.5-4";
	world_plan(w, OBSERVED_MISSING);
	const char *codes[] = {"clock-skew", "hostname", "slurm-uid", "foreign-slurm-conf", "slurm-versions"};
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		assert_true(world_has(&w->plan->findings, codes[i]));
	assert_int_equal(w->plan->step_count, 0);
	world_free(w);
}

static void unmounted_or_closed_state_is_found(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	struct facts *f = &w->facts[0];
	f->state_source = "server:/export";
	f->state_mount = "/mnt";
	f->state_fstype = "nfs4";
	world_running(w);
	f->state_source = "/dev/sda1";
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "state-mount"));
	world_free(w);

	w = world_new(world_yaml);
	f = &w->facts[0];
	f->state_source = "server:/export";
	f->state_mount = "/mnt";
	f->state[0] = (struct facts_path){"/var", "directory", 0, 0700, 0, 0};
	f->state[1] = (struct facts_path){"/var/spool", "directory", 0, 0755, 0, 0};
	f->state_len = 2;
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "state-path"));
	world_free(w);
}

static void service_is_restarted_when_its_input_changes(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	world_plan(w, OBSERVED_SAME);
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
	assert_string_equal(world_titles(w), "auth");
	assert_int_equal(w->plan->steps[0].items[0].count, 2);
	assert_string_equal(w->plan->steps[0].items[0].resources[1]->id, "service:munge.service");
	for (size_t k = 0; k < c->len; k++)
		if (streq(c->items[k].id, "service:munge.service")) {
			assert_string_equal(w->plan->hosts[1].observed[k].why, "to be restarted: " CORE_KEY " changes");
			c->items[k].service.reload = true;
			w->plan = plan_make(w->cluster, w->catalogs, w->observed, &w->live, &options, w->arena);
			assert_string_equal(w->plan->hosts[1].observed[k].why, "to be reloaded: " CORE_KEY " changes");
		}
	world_free(w);
}

static void a_home_that_cannot_be_made_leaves_out_its_host(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	world_plan(w, OBSERVED_SAME);
	struct plan_options options = {0};
	struct catalog c = *w->catalogs[1];
	struct observed *o = arena_calloc(w->arena, c.len + 1, sizeof *o);
	memcpy(o, w->observed[1], c.len * sizeof *o);
	o[c.len] = (struct observed){.id = "home:/home/a", .state = OBSERVED_ERROR, .why = "/home does not answer"};
	catalog_home(&c, STAGE_PREPARE, "/home/a", "a", true)->module = "core";
	w->catalogs[1] = &c;
	w->observed[1] = o;
	w->plan = plan_make(w->cluster, w->catalogs, w->observed, &w->live, &options, w->arena);
	assert_null(w->plan->hosts[1].catalog);
	const struct finding *f = NULL;
	for (size_t i = 0; i < w->plan->findings.len; i++)
		if (streq(w->plan->findings.items[i].code, "resource"))
			f = &w->plan->findings.items[i];
	assert_non_null(f);
	assert_string_equal(f->what, "home:/home/a: /home does not answer");
	assert_string_equal(f->fix, "on n1: chown -R a: /home/a, or move it away; or start its file server");
	world_free(w);
}

/* A download and a build take their time; who waits for them does not give the host up. */
static void an_action_may_take_as_long_as_its_products(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	world_plan(w, OBSERVED_SAME);
	struct plan_options options = {0};
	struct catalog c = *w->catalogs[1];
	struct observed *o = arena_calloc(w->arena, c.len + 3, sizeof *o);
	memcpy(o, w->observed[1], c.len * sizeof *o);
	const struct source source = {.name = "s", .size = 1000000000};
	for (int i = 0; i < 3; i++) {
		const char *link = arena_printf(w->arena, "/apps/%d", i);
		o[c.len] = (struct observed){.id = link, .state = i == 2 ? OBSERVED_SAME : OBSERVED_MISSING, .why = ""};
		struct resource *r = catalog_product(&c, STAGE_PREPARE, link);
		r->module = "core";
		r->product.script = "make";
		r->product.timeout_s = 604800;
		r->product.sources = &source;
		r->product.source_count = 1;
	}
	w->catalogs[1] = &c;
	w->observed[1] = o;
	w->plan = plan_make(w->cluster, w->catalogs, w->observed, &w->live, &options, w->arena);
	assert_int_equal(w->plan->step_count, 1);
	assert_int_equal(w->plan->steps[0].items[0].count, 2);
	assert_int_equal(w->plan->steps[0].items[0].timeout_ms, 1800000 + 2 * (604800 + 1800 + 1800 + 4000) * 1000);
	world_free(w);
}

static void first_start_and_no_change(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_plan(w, OBSERVED_MISSING);
	assert_int_equal(w->plan->need, SLURM_NEED_START);
	assert_string_equal(world_titles(w), "test the configuration | put the configuration in place");
	assert_int_equal(w->plan->changes, 3);
	world_free(w);

	w = world_new(world_yaml);
	world_running(w);
	world_plan(w, OBSERVED_SAME);
	assert_int_equal(w->plan->need, SLURM_NEED_NOTHING);
	assert_int_equal(w->plan->step_count, 0);
	assert_int_equal(w->plan->changes, 0);
	world_free(w);
}

/* scontrol would wait for the first that takes the connection, whoever leads. */
static void the_controller_that_leads_is_told_alone(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_edit(w, "controllers: [c1]", "controllers: [c1, n2]\nstate: /srv/slurm");
	world_running(w);
	world_edit(w, "controllers: [c1]", "controllers: [c1, n2]\nstate: /srv/slurm\nslurm: { MinJobAge: 200 }");
	struct slurm_controller controllers[] = {{"c1", 0, false}, {"n2", 1, true}};
	w->live.controllers = controllers;
	w->live.controller_count = ARRAY_LEN(controllers);
	world_plan(w, OBSERVED_DIFFERS);
	const struct step *step = world_step(w, "scontrol reconfigure");
	assert_non_null(step);
	assert_int_equal(step->len, 1);
	assert_int_equal(step->items[0].host, 2);
	assert_string_equal(step->items[0].argv[4], "n2");
	assert_non_null(strstr(step->items[0].argv[2], "SLURM_CONF="));

	controllers[0].up = true;
	world_plan(w, OBSERVED_DIFFERS);
	assert_int_equal(world_step(w, "scontrol reconfigure")->items[0].host, 0);
	world_free(w);
}

/* It answers nobody while there is no heartbeat, and a primary that reads of it waits for its answer. */
static void a_backup_that_is_new_starts_behind_the_reconfigure(void **state)
{
	(void)state;
	static const struct {
		const char *version, *titles;
	} cases[] = {
	    {"24.11.5-4", "put the configuration in place | scontrol reconfigure | start slurmctld on the backups"},
	    {"22.05.8-4+deb12u3", "put the configuration in place | restart slurmctld on the primary | "
				  "restart slurmctld on the backups | scontrol reconfigure"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_new(world_yaml);
		for (size_t k = 0; k < HOSTS; k++)
			w->facts[k].roles[ROLE_CONTROLLER].package.installed =
			    w->facts[k].roles[ROLE_NODE].package.installed =
				w->facts[k].roles[ROLE_CLIENT].package.installed = cases[i].version;
		world_edit(w, "controllers: [c1]", "controllers: [c1]\nstate: /srv/slurm");
		world_running(w);
		world_edit(w, "controllers: [c1]", "controllers: [c1, n2]\nstate: /srv/slurm");
		w->slurmctld_differs[2] = true;
		world_plan(w, OBSERVED_DIFFERS);
		if (!strstr(world_titles(w), cases[i].titles))
			fail_msg("%s: %s", cases[i].version, world_titles(w));
		world_free(w);
	}
}

static void order_follows_the_kind_of_change(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	world_edit(w, "partitions:", "slurm: { MinJobAge: 200 }\npartitions:");
	world_plan(w, OBSERVED_DIFFERS);
	assert_int_equal(w->plan->need, SLURM_NEED_RECONFIGURE);
	assert_string_equal(world_titles(w),
			    "test the configuration | put the configuration in place | scontrol reconfigure");
	world_free(w);

	w = world_new(world_yaml);
	world_running(w);
	world_edit(w, "partitions:", "slurm: { MaxJobCount: 20000 }\npartitions:");
	world_plan(w, OBSERVED_DIFFERS);
	assert_int_equal(w->plan->need, SLURM_NEED_RESTART_CTLD);
	assert_string_equal(world_titles(w),
			    "test the configuration | keep a copy of the state | put the configuration in place | "
			    "restart slurmctld on the primary | scontrol reconfigure");
	world_free(w);

	w = world_new(world_yaml); /* a node is added on 22.05: Slurm's FAQ */
	world_edit(w, "compute: [n1, n2]", "compute: [n1]");
	world_running(w);
	world_edit(w, "compute: [n1, n2]", "compute: [n1, n2]");
	w->facts[2].roles[ROLE_NODE].unit.active = "inactive";
	world_plan(w, OBSERVED_DIFFERS);
	assert_int_equal(w->plan->need, SLURM_NEED_NODES);
	assert_string_equal(
	    world_titles(w),
	    "test the configuration | try the configuration on one node first | keep a copy of the state | "
	    "stop slurmctld | put the configuration in place | restart slurmctld on the primary | "
	    "drain the nodes that are to be kept from jobs | start slurmd on the nodes that join");
	world_free(w);
}

/* n2 is added to a cluster of c1 and n1 that is at work. */
static struct world *joining(void)
{
	struct world *w = world_new(world_yaml);
	world_edit(w, "compute: [n1, n2]", "compute: [n1]");
	world_running(w);
	w->live.node_count = 1;
	world_edit(w, "compute: [n1, n2]", "compute: [n1, n2]");
	w->facts[2].slurm_conf = w->facts[2].in_force_slurm = NULL;
	w->facts[2].roles[ROLE_NODE].unit.active = "inactive";
	w->slurmd_differs[2] = true;
	return w;
}

/* Rule: new nodes come up drained; the order of their steps is the rule. */
static void a_node_that_joins_is_drained_before_its_slurmd_starts(void **state)
{
	(void)state;
	struct world *w = joining();
	world_plan(w, OBSERVED_DIFFERS);
	assert_false(w->plan->hosts[1].joins);
	assert_true(w->plan->hosts[2].joins);
	assert_int_equal(w->plan->drains.len, 1);
	const struct step *drain = world_step(w, "drain the nodes"),
			  *start = world_step(w, "start slurmd on the nodes that join");
	assert_non_null(drain);
	assert_non_null(start);
	assert_true(world_step(w, "restart slurmctld on the primary") < drain);
	assert_true(drain < start);
	assert_true(drain->essential);
	assert_int_equal(drain->len, 1);
	assert_string_equal(drain->items[0].argv[2], "NodeName=n2");
	assert_string_equal(drain->items[0].argv[3], "State=DRAIN");
	assert_true(world_acts_on(start, 2));
	for (const struct step *s = w->plan->steps; s < start; s++)
		assert_false(strstr(s->title, "slurmd") && world_acts_on(s, 2));
	world_free(w);
}

/* Also where slurmctld is down, which will start with the jobs that wait. */
static void a_node_that_joins_is_drained_where_slurmctld_is_to_start(void **state)
{
	(void)state;
	struct world *w = joining();
	w->facts[0].roles[ROLE_CONTROLLER].unit.active = "inactive";
	w->live.up = false;
	world_plan(w, OBSERVED_DIFFERS);
	assert_int_equal(w->plan->need, SLURM_NEED_START);
	assert_int_equal(w->plan->drains.len, 1);
	assert_non_null(world_step(w, "drain the nodes"));
	world_free(w);
}

/* A run that was cut off: its slurmd runs, and reads the new configuration like the others. */
static void a_node_that_joins_is_restarted_where_the_others_are(void **state)
{
	(void)state;
	struct world *w = joining();
	w->facts[2].roles[ROLE_NODE].unit.active = "active";
	w->slurmd_differs[2] = false;
	world_plan(w, OBSERVED_DIFFERS);
	assert_int_equal(w->plan->need, SLURM_NEED_NODES);
	const struct step *start = world_step(w, "start slurmd on the nodes that join");
	assert_true(world_acts_on(start, 2));
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
	struct world *w = world_new(world_yaml);
	world_running(w);
	w->live.node_count = 2;
	w->nodes[0].version = w->nodes[1].version = NULL;
	world_plan(w, OBSERVED_DIFFERS);
	assert_false(w->plan->hosts[1].joins || w->plan->hosts[2].joins);
	assert_null(world_step(w, "drain the nodes"));
	w->nodes[0].flags = w->nodes[1].flags = SLURM_NODE_DRAIN;
	w->nodes[0].reason = "a disk is broken";
	w->nodes[1].reason = PLAN_REASON_JOINS;
	world_plan(w, OBSERVED_SAME);
	assert_int_equal(w->plan->waiting, 1);
	assert_true(plan_node_waits(&w->nodes[1], &w->cluster->hosts[2]));
	assert_false(plan_node_waits(&w->nodes[0], &w->cluster->hosts[1]));
	world_free(w);

	/* One that joins, and that somebody has drained already, or that has a job, is left as it is. */
	w = joining();
	w->live.node_count = 2;
	w->nodes[1] = w->nodes[0];
	w->nodes[1].name = "n2";
	w->nodes[1].flags = SLURM_NODE_DRAIN;
	w->nodes[1].reason = "a disk is broken";
	world_plan(w, OBSERVED_DIFFERS);
	assert_true(w->plan->hosts[2].joins);
	assert_int_equal(w->plan->drains.len, 0);
	assert_null(world_step(w, "drain the nodes"));
	w->nodes[1].flags = 0;
	w->nodes[1].cpus_allocated = 1;
	world_plan(w, OBSERVED_DIFFERS);
	assert_int_equal(w->plan->drains.len, 0);
	world_free(w);
}

/* Where only the nodes were asked for, nothing is known of jobs: that is not the same as none. */
static void a_brief_look_is_no_proof_that_there_are_no_jobs(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	world_edit(w, "compute: [n1, n2]", "compute: [n1]");
	world_plan(w, OBSERVED_DIFFERS);
	assert_false(world_has(&w->plan->findings, "unknown-jobs"));
	w->live.brief = true;
	world_plan(w, OBSERVED_DIFFERS);
	assert_true(world_has(&w->plan->findings, "unknown-jobs"));
	assert_int_equal(w->plan->step_count, 0);
	world_free(w);
}

static void a_node_that_leaves_is_named(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	world_edit(w, "compute: [n1, n2]", "compute: [n1]");
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "leaves"));
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
		struct world *w = world_new(world_yaml);
		world_running(w);
		world_edit(w, "compute: [n1, n2]", "compute: [n1]");
		job.phase = cases[i].phase;
		job.nodes = cases[i].nodes;
		job.asked_nodes = cases[i].asked;
		w->live.jobs = &job;
		w->live.job_count = 1;
		world_plan(w, OBSERVED_DIFFERS);
		assert_int_equal(world_has(&w->plan->findings, "node-in-use"), cases[i].refused);
		assert_int_equal(w->plan->step_count == 0, cases[i].refused);
		world_free(w);
	}

	struct world *w = world_new(world_yaml); /* unknown is busy */
	world_running(w);
	world_edit(w, "compute: [n1, n2]", "compute: [n1]");
	w->live.up = false;
	world_plan(w, OBSERVED_DIFFERS);
	assert_true(world_has(&w->plan->findings, "unknown-jobs"));
	assert_int_equal(w->plan->step_count, 0);
	world_free(w);
}

/* Somebody edited the file on the controller: that change needs more than the removal does, and must not hide it. */
static void an_edited_file_hides_no_removal(void **state)
{
	(void)state;
	struct slurm_job job = {
	    .id = "7", .phase = SLURM_JOB_RUNNING, .user = "ann", .partitions = "work", .nodes = "n2"};
	struct world *w = world_new(world_yaml);
	for (size_t i = 0; i < HOSTS; i++)
		w->facts[i].roles[ROLE_CONTROLLER].package.installed = w->facts[i].roles[ROLE_NODE].package.installed =
		    w->facts[i].roles[ROLE_CLIENT].package.installed = "24.11.5-4";
	world_running(w);
	world_edit(w, "compute: [n1, n2]", "compute: [n1]");
	world_resolve(w);
	w->facts[0].slurm_conf = arena_printf(w->arena, "%sSlurmctldPort=7000\n", core_slurm_conf(w->cluster));
	w->live.jobs = &job;
	w->live.job_count = 1;
	world_plan(w, OBSERVED_DIFFERS);
	assert_true(world_has(&w->plan->findings, "node-in-use"));
	assert_int_equal(w->plan->step_count, 0);
	world_free(w);
}

/* A run in force over `w` with a job on n1, or without. */
static void plan_with_job(struct world *w, struct slurm_job *job, bool busy)
{
	*job = (struct slurm_job){
	    .id = "7", .phase = SLURM_JOB_RUNNING, .user = "ann", .partitions = "work", .nodes = "n1"};
	w->live.jobs = job;
	w->live.job_count = busy;
	world_plan(w, OBSERVED_DIFFERS);
}

/* Each row of the table, and each key of cgroup.conf: where a job runs the plan stops, and names it. */
static void no_condition_is_only_a_remark(void **state)
{
	(void)state;
	struct slurm_job job;
	const char *name;
	size_t conditions = 0;
	for (size_t i = 0; (name = slurm_effect_name(SLURM_GLOBAL, i)); i++) {
		enum slurm_condition condition = slurm_effect_of_param(2205, name, "x", NULL).condition;
		if (strcmp(name, "SlurmctldHost") == 0)
			continue;
		conditions += condition != SLURM_WITH_JOBS;
		for (int busy = 0; busy < 2; busy++) {
			struct world *w = world_new(world_yaml);
			world_running(w);
			for (size_t h = 0; h < HOSTS; h++)
				w->facts[h].in_force_slurm =
				    arena_printf(w->arena, "%s%s=x\n", w->facts[h].in_force_slurm, name);
			plan_with_job(w, &job, busy);
			bool refused = busy && condition != SLURM_WITH_JOBS;
			if (world_has(&w->plan->findings,
				      condition == SLURM_NO_JOBS ? "jobs-in-the-way" : "node-busy") != refused)
				fail_msg("%s", name);
			assert_int_equal(w->plan->step_count == 0, refused);
			world_free(w);
		}
	}
	assert_true(conditions > 10);
	for (int busy = 0; busy < 2; busy++) {
		struct world *w = world_new(world_yaml);
		world_running(w);
		w->facts[0].in_force_cgroup =
		    arena_printf(w->arena, "%sCgroupPlugin=cgroup/v1\n", w->facts[0].cgroup_conf);
		plan_with_job(w, &job, busy);
		assert_int_equal(world_has(&w->plan->findings, "node-busy"), busy);
		world_free(w);
	}
}

/* A controller whose copy is of another time: slurmctld has the node as it is wanted, and no job is in the way. */
static void an_old_copy_makes_no_node_busy(void **state)
{
	(void)state;
	struct slurm_job job;
	for (unsigned as_wanted = 0; as_wanted < 2; as_wanted++) {
		struct world *w = world_new(world_yaml);
		world_running(w);
		const char *conf = w->facts[0].in_force_slurm, *at = strstr(conf, "CPUs=");
		assert_non_null(at);
		w->facts[0].in_force_slurm =
		    arena_printf(w->arena, "%.*sCPUs=8 Sockets=8 CoresPerSocket=1 ThreadsPerCore=1\n%s",
				 (int)(at - conf), conf, strchr(at, '\n') + 1);
		w->nodes[0].sockets = w->nodes[0].threads = 1;
		w->nodes[0].cores = w->nodes[0].cpus = as_wanted ? 4 : 8;
		plan_with_job(w, &job, true);
		assert_int_equal(world_has(&w->plan->findings, "node-busy"), !as_wanted);
		world_free(w);
	}
}

/* A node that missed a change, and got a job since: it is left as it is, and the others go on. */
static void a_node_that_missed_a_change_is_left_alone(void **state)
{
	(void)state;
	struct slurm_job job;
	for (int busy = 0; busy < 2; busy++) {
		struct world *w = world_new(world_yaml);
		world_running(w);
		w->facts[1].in_force_slurm = w->facts[1].slurm_conf =
		    arena_printf(w->arena, "%sSlurmdSpoolDir=/elsewhere\n", w->facts[1].in_force_slurm);
		w->slurmd_differs[1] = w->slurmd_differs[2] = true;
		plan_with_job(w, &job, busy);
		assert_int_equal(findings_count(&w->plan->findings, FINDING_STOP), 0);
		assert_int_equal(findings_count(&w->plan->findings, FINDING_HOST), busy);
		assert_int_equal(w->plan->hosts[1].held != NULL, busy);
		bool acts = false;
		for (size_t i = 0; i < w->plan->step_count; i++)
			acts |= world_acts_on(&w->plan->steps[i], 1);
		assert_int_equal(acts, !busy);
		world_free(w);
	}
	/* One whose file was edited by hand, and whose slurmd runs with what the others run with, is not one. */
	struct world *w = world_new(world_yaml);
	world_running(w);
	w->facts[1].slurm_conf = arena_printf(w->arena, "%sSlurmdSpoolDir=/elsewhere\n", w->facts[1].in_force_slurm);
	plan_with_job(w, &job, true);
	assert_null(w->plan->hosts[1].held);
	assert_int_equal(findings_count(&w->plan->findings, FINDING_HOST), 0);
	world_free(w);
}

/* What slurmd reads goes to one node first, an idle one, with what brings back what was in force. */
static void one_slurmd_gets_it_alone(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct world *w = world_new(world_yaml);
		world_running(w);
		const char *before = w->facts[2].in_force_slurm;
		world_edit(w, "partitions:", "slurm: { TaskPlugin: task/none }\npartitions:");
		if (k)
			w->facts[2].slurm_conf = arena_printf(w->arena, "%s# by hand\n", before);
		w->nodes[0].base = SLURM_NODE_ALLOCATED;
		world_plan(w, OBSERVED_DIFFERS);
		assert_int_equal(w->plan->need, SLURM_NEED_RESTART_SLURMD);
		assert_int_equal(w->plan->canary, 2);
		assert_string_equal(world_titles(w),
				    "test the configuration | try the configuration on one node first | "
				    "put the configuration in place | scontrol reconfigure | restart slurmd");
		const struct step *trial = world_step(w, "try the configuration"),
				  *rest = world_step(w, "restart slurmd");
		assert_int_equal(trial->len, 1);
		assert_int_equal(trial->items[0].host, 2);
		assert_true(trial->essential && trial->proof == PROOF_REGISTERS);
		assert_true(rest->essential && rest->proof == PROOF_RUNS);
		assert_false(world_acts_on(rest, 2) || world_acts_on(world_step(w, "put the configuration"), 2));
		const struct action *a = &trial->items[0];
		assert_int_equal(a->count, 2);
		assert_true(a->resources[1]->service.restart);
		assert_int_equal(a->undo_count, 2);
		assert_string_equal(a->undo[0]->file.path, "/etc/slurm/slurm.conf");
		assert_string_equal(a->undo[0]->file.content, before);
		assert_string_equal(a->undo[1]->id, "service:slurmd.service");
		assert_true(a->undo[1]->service.restart);
		assert_int_equal(rest->items[0].undo_count, 2);
		world_free(w);
	}
	/* Only slurmctld reads it: no slurmd is touched. */
	struct world *w = world_new(world_yaml);
	world_running(w);
	world_edit(w, "partitions:", "slurm: { MinJobAge: 200 }\npartitions:");
	world_plan(w, OBSERVED_DIFFERS);
	assert_true(w->plan->canary == SIZE_MAX);
	world_free(w);

	/* Old and new would not understand each other: the first slurmd after slurmctld is the one that is tried. */
	w = world_new(world_yaml);
	world_running(w);
	for (size_t h = 0; h < HOSTS; h++)
		w->facts[h].in_force_slurm = arena_printf(w->arena, "%sSlurmdPort=7000\n", w->facts[h].in_force_slurm);
	world_plan(w, OBSERVED_DIFFERS);
	assert_true(w->plan->canary == SIZE_MAX);
	assert_int_equal(world_step(w, "restart slurmd on one node first")->len, 1);
	assert_true(world_step(w, "restart slurmd on one node first")->proof == PROOF_REGISTERS);
	assert_true(world_step(w, "restart slurmctld on the primary")->items[0].undo_count > 0);
	world_free(w);
}

/* Nodes that have to be idle get no job between the look at the jobs and the change. */
static void nodes_that_have_to_be_idle_are_kept_from_jobs(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	world_edit(w, "partitions:", "slurm: { SlurmdSpoolDir: /var/spool/other }\npartitions:");
	w->nodes[1].flags = SLURM_NODE_DRAIN;
	w->nodes[1].reason = "a disk is broken";
	world_plan(w, OBSERVED_DIFFERS);
	const struct step *quiet = world_step(w, "keep jobs from the nodes");
	assert_non_null(quiet);
	assert_true(quiet->look && quiet->essential);
	assert_true(quiet < world_step(w, "try the configuration"));
	assert_string_equal(quiet->items[0].argv[2], "NodeName=n1");
	world_free(w);
}

static void a_partition_is_closed_before_it_leaves(void **state)
{
	(void)state;
	for (int busy = 0; busy < 2; busy++) {
		struct slurm_job job = {
		    .id = "9", .number = 9, .user = "ada", .phase = SLURM_JOB_PENDING, .partitions = "work,night"};
		struct slurm_partition_state partitions[] = {{.name = "work"}, {.name = "night"}};
		struct world *w = world_new(world_yaml);
		world_edit(w, "default: true }\n", "default: true }\n  night: { nodes: n2 }\n  gone: { nodes: n2 }\n");
		world_running(w);
		world_edit(w, "default", "default");
		w->live.partitions = partitions;
		w->live.partition_count = 2;
		w->live.jobs = &job;
		w->live.job_count = (size_t)busy;
		world_plan(w, OBSERVED_DIFFERS);
		assert_int_equal(world_has(&w->plan->findings, "partition-in-use"), busy);
		const struct step *close = world_step(w, "close the partitions");
		assert_int_equal(close != NULL, !busy);
		if (close) { /* not the one of which slurmctld knows nothing */
			assert_int_equal(close->len, 1);
			assert_string_equal(close->items[0].argv[2], "PartitionName=night");
			assert_ptr_equal(close + 1, world_step(w, "test the configuration"));
		}
		world_free(w);
	}
}

/* One that scontrol(1) made: a slurmctld that is told nothing keeps it. */
static void a_partition_that_somebody_made_keeps_its_jobs(void **state)
{
	(void)state;
	static const struct {
		bool told, busy;
	} cases[] = {{false, true}, {true, true}, {true, false}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slurm_job job = {.id = "9",
					.number = 9,
					.user = "ada",
					.phase = SLURM_JOB_RUNNING,
					.partitions = "hand",
					.nodes = "n2"};
		struct slurm_partition_state partitions[] = {{.name = "work"}, {.name = "hand"}};
		struct world *w = world_new(world_yaml);
		world_running(w);
		if (cases[i].told)
			world_edit(w, "partitions:", "slurm: { MinJobAge: 200 }\npartitions:");
		w->live.partitions = partitions;
		w->live.partition_count = 2;
		w->live.jobs = &job;
		w->live.job_count = cases[i].busy;
		world_plan(w, cases[i].told ? OBSERVED_DIFFERS : OBSERVED_SAME);
		assert_int_equal(world_has(&w->plan->findings, "partition-in-use"), cases[i].told && cases[i].busy);
		assert_int_equal(world_has(&w->plan->findings, "partition-live"), cases[i].told);
		assert_int_equal(world_step(w, "close the partitions") != NULL, cases[i].told && !cases[i].busy);
		world_free(w);
	}
}

static void unreached_node_keeps_its_line(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	w->given[2] = NULL;
	w->unreached[2] = "it is off";
	world_resolve(w);
	assert_non_null(strstr(core_slurm_conf(w->cluster), "NodeName=n[1-2] "));
	world_free(w);

	w = world_new(world_yaml); /* one that was never seen is pending */
	w->given[2] = NULL;
	world_resolve(w);
	assert_null(strstr(core_slurm_conf(w->cluster), "n2"));
	assert_non_null(strstr(core_slurm_conf(w->cluster), "PartitionName=work Nodes=n1 "));
	world_free(w);
}

static void record_survives_and_lies_are_refused(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_resolve(w);
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
	    "{\"format\":0,\"epoch\":1,\"cluster\":\"x\",\"hosts\":[],\"generations\":[]}",
	    "{\"format\":5,\"epoch\":1,\"cluster\":\"x\",\"hosts\":[],\"generations\":[]}",
	    ("{\"format\":2,\"epoch\":1,\"cluster\":\"x\",\"hosts\":[],\"exclusions\":[{\"name\":\"a b\",\"who\":\"\","
	     "\"reason\":\"\",\"when\":\"\"}],\"generations\":[]}"),
	    "{\"format\":1,\"epoch\":1,\"cluster\":\"x\",\"hosts\":[{\"name\":\"a b\"}],\"generations\":[]}"};
	for (size_t i = 0; i < ARRAY_LEN(lies); i++)
		assert_null(record_decode(lies[i], w->arena, &err));
	free(text);
	free(again);
	world_free(w);
}

/* A cluster that somebody made by hand, with a job on it, and the cluster.yaml that `reeve adopt` makes of it. */
static void an_adopted_cluster_is_corrected_under_its_jobs(void **state)
{
	(void)state;
	static const char by_hand[] =
	    "ClusterName=tiny\nControlMachine=c1\nControlAddr=10.0.0.1\nSlurmUser=slurm\n"
	    "StateSaveLocation=/var/spool/slurmctld\nSelectType=select/cons_tres\nSelectTypeParameters=CR_Core_Memory\n"
	    "DefMemPerCPU=900\nSlurmdSpoolDir=/var/lib/slurm/slurmd\nTaskPlugin=task/affinity,task/cgroup\n"
	    "ReturnToService=1\nSlurmctldTimeout=60\nMpiDefault=none\n"
	    "NodeName=n1 NodeAddr=10.0.0.2 CPUs=4 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 ThreadsPerCore=1 "
	    "RealMemory=3800\n"
	    "NodeName=n2 NodeAddr=10.0.0.3 CPUs=4 CoresPerSocket=4 RealMemory=3000\n"
	    "PartitionName=work Nodes=ALL Default=yes\n";
	for (int same = 0; same < 2; same++) {
		struct world *w = world_new(world_yaml);
		struct slurm_job job = {
		    .id = "7", .number = 7, .user = "ada", .phase = SLURM_JOB_RUNNING, .nodes = "n1"};
		world_edit(w, "partitions:",
			   arena_printf(w->arena, "adopted: sha256:%s\nslurm: { DefMemPerCPU: 900 }\npartitions:",
					digest_of(by_hand, strlen(by_hand)).hex));
		world_running(w);
		for (size_t i = 0; i < HOSTS; i++) {
			w->facts[i].record = w->facts[i].in_force_slurm = w->facts[i].in_force_cgroup = NULL;
			w->facts[i].slurm_conf = same ? by_hand : arena_printf(w->arena, "%s# edited\n", by_hand);
		}
		w->live.jobs = &job;
		w->live.job_count = 1;
		world_plan(w, OBSERVED_DIFFERS);
		/* That very file may be replaced, and no other. */
		assert_int_equal(world_has(&w->plan->findings, "foreign-slurm-conf"), !same);
		assert_int_equal(findings_count(&w->plan->findings, FINDING_STOP) > 0, !same);
		assert_int_equal(w->plan->step_count > 0, same);
		if (!same) {
			world_free(w);
			continue;
		}
		assert_int_equal(w->cluster->secrets[0].state, SECRET_KNOWN);
		assert_int_equal(w->plan->drains.len, 0);
		const struct slurm_activation *a = w->plan->activation;
		assert_int_equal(a->need, SLURM_NEED_RESTART_CTLD); /* n2's RealMemory */
		assert_int_equal(a->nodes_idle.len + a->nodes_added.len + a->nodes_removed.len, 0);
		assert_int_equal(a->partitions_changed.len, 0);
		/* What is corrected, each with its reason. */
		static const char *const corrected[] = {"SlurmctldPidFile", "SlurmdPidFile", "SlurmctldLogFile",
							"SlurmdLogFile",    "ReconfigFlags", "node n2 RealMemory"};
		for (size_t i = 0; i < a->len; i++) {
			if (i >= ARRAY_LEN(corrected))
				fail_msg("%s", a->reasons[i].subject);
			assert_string_equal(a->reasons[i].subject, corrected[i]);
			assert_non_null(a->reasons[i].why);
		}
		assert_int_equal(a->len, ARRAY_LEN(corrected));
		world_free(w);
	}
}

/* What was emptied by hand is in force nowhere: it is replaced, and no job is in the way of that. */
static void an_emptied_file_asks_for_nothing(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "# nothing is left\n", "SlurmctldHost=c1\nStateSaveLocation=/var/sp"};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct world *w = world_new(world_yaml);
		world_running(w);
		w->facts[0].slurm_conf = texts[i];
		world_resolve(w);
		world_plan(w, OBSERVED_DIFFERS);
		assert_int_equal(w->plan->need, SLURM_NEED_RECONFIGURE);
		assert_false(world_has(&w->plan->findings, "jobs-in-the-way"));
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_emptied_file_asks_for_nothing),
	    cmocka_unit_test(slurm_conf_is_what_the_file_says),
	    cmocka_unit_test(key_is_decided_by_record_and_daemons),
	    cmocka_unit_test(harm_is_found_before_anything_is_touched),
	    cmocka_unit_test(unmounted_or_closed_state_is_found),
	    cmocka_unit_test(service_is_restarted_when_its_input_changes),
	    cmocka_unit_test(a_home_that_cannot_be_made_leaves_out_its_host),
	    cmocka_unit_test(an_action_may_take_as_long_as_its_products),
	    cmocka_unit_test(first_start_and_no_change),
	    cmocka_unit_test(the_controller_that_leads_is_told_alone),
	    cmocka_unit_test(a_backup_that_is_new_starts_behind_the_reconfigure),
	    cmocka_unit_test(order_follows_the_kind_of_change),
	    cmocka_unit_test(a_node_that_joins_is_drained_before_its_slurmd_starts),
	    cmocka_unit_test(a_node_that_joins_is_drained_where_slurmctld_is_to_start),
	    cmocka_unit_test(a_node_that_joins_is_restarted_where_the_others_are),
	    cmocka_unit_test(a_node_that_served_never_joins),
	    cmocka_unit_test(a_node_that_leaves_is_named),
	    cmocka_unit_test(a_brief_look_is_no_proof_that_there_are_no_jobs),
	    cmocka_unit_test(what_jobs_refer_to_is_not_removed),
	    cmocka_unit_test(an_edited_file_hides_no_removal),
	    cmocka_unit_test(one_slurmd_gets_it_alone),
	    cmocka_unit_test(nodes_that_have_to_be_idle_are_kept_from_jobs),
	    cmocka_unit_test(no_condition_is_only_a_remark),
	    cmocka_unit_test(an_old_copy_makes_no_node_busy),
	    cmocka_unit_test(a_node_that_missed_a_change_is_left_alone),
	    cmocka_unit_test(a_partition_is_closed_before_it_leaves),
	    cmocka_unit_test(a_partition_that_somebody_made_keeps_its_jobs),
	    cmocka_unit_test(unreached_node_keeps_its_line),
	    cmocka_unit_test(record_survives_and_lies_are_refused),
	    cmocka_unit_test(an_adopted_cluster_is_corrected_under_its_jobs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
