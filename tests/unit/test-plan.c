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
#include "base/vec.h"
#include "modules/core/core.h"
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

/* slurmd makes a control group for itself when it starts, whoever else wants one. */
static void without_control_groups_slurmd_looks_for_none(void **state)
{
	(void)state;
	static const struct {
		const char *version, *more;
		bool groups, off;
	} cases[] = {{"24.11.5-4", "", true, false},
		     {"24.11.5-4", "", false, true},
		     {"22.05.8-4", "", false, false}, /* which has no word for it */
		     {"24.11.5-4", "slurm: { JobAcctGatherType: jobacct_gather/cgroup }\n", false, false},
		     {"24.11.5-4", "cgroup: { CgroupPlugin: cgroup/v1 }\n", false, false}};
	for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
		struct world *w = world_more(cases[k].more);
		for (size_t i = 0; i < HOSTS; i++) {
			struct facts *f = &w->facts[i];
			f->roles[ROLE_CONTROLLER].package.installed = f->roles[ROLE_NODE].package.installed =
			    f->roles[ROLE_CLIENT].package.installed = cases[k].version;
			f->cgroup_freezer = f->cgroup_devices = f->cgroup_cpuset = f->cgroup_memory = cases[k].groups;
		}
		world_resolve(w);
		assert_int_equal(strstr(core_cgroup_conf(w->cluster), "\nCgroupPlugin=disabled\n") != NULL,
				 cases[k].off);
		world_free(w);
	}
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
	    cmocka_unit_test(slurm_conf_is_what_the_file_says),
	    cmocka_unit_test(without_control_groups_slurmd_looks_for_none),
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
	    cmocka_unit_test(record_survives_and_lies_are_refused),
	    cmocka_unit_test(an_emptied_file_asks_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
