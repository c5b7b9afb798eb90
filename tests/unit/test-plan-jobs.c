/* What a plan makes of running and waiting jobs: all of it pure. */
#include "plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/vec.h"
#include "modules/core/core.h"
#include "world.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_brief_look_is_no_proof_that_there_are_no_jobs),
	    cmocka_unit_test(what_jobs_refer_to_is_not_removed),
	    cmocka_unit_test(an_edited_file_hides_no_removal),
	    cmocka_unit_test(no_condition_is_only_a_remark),
	    cmocka_unit_test(an_old_copy_makes_no_node_busy),
	    cmocka_unit_test(nodes_that_have_to_be_idle_are_kept_from_jobs),
	    cmocka_unit_test(a_partition_is_closed_before_it_leaves),
	    cmocka_unit_test(a_partition_that_somebody_made_keeps_its_jobs),
	    cmocka_unit_test(an_adopted_cluster_is_corrected_under_its_jobs),
	    cmocka_unit_test(a_node_that_missed_a_change_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
