/* What a plan makes of nodes that join, leave, were not reached or are tried first: all of it pure. */
#include "plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modules/core/core.h"
#include "world.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_node_that_joins_is_drained_before_its_slurmd_starts),
	    cmocka_unit_test(a_node_that_joins_is_drained_where_slurmctld_is_to_start),
	    cmocka_unit_test(a_node_that_joins_is_restarted_where_the_others_are),
	    cmocka_unit_test(a_node_that_served_never_joins),
	    cmocka_unit_test(a_node_that_leaves_is_named),
	    cmocka_unit_test(one_slurmd_gets_it_alone),
	    cmocka_unit_test(unreached_node_keeps_its_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
