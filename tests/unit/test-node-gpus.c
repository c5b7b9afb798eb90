/* GPUs of nodes from facts and record to slurm.conf, gres.conf and the plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/vec.h"
#include "model/gpus.h"
#include "modules/core/core.h"
#include "world.h"

static struct facts_gpu cards[] = {
    {.vendor = GPU_NVIDIA, .address = "0000:01:00.0", .type = "tesla_t4", .files = "/dev/nvidia0", .driver = "nvidia"},
    {.vendor = GPU_NVIDIA, .address = "0000:02:00.0", .type = "tesla_t4", .files = "/dev/nvidia1", .driver = "nvidia"},
};

/* Two cards in n1, and they are in force. */
static struct world *world_with_cards(void)
{
	struct world *w = world_new(world_yaml);
	w->facts[1].gpus = (struct facts_gpus){cards, ARRAY_LEN(cards)};
	world_running(w);
	return w;
}

static const char both[] = "\nNodeName=n1 Name=gpu Type=tesla_t4 File=/dev/nvidia[0-1] Flags=nvidia_gpu_env\n";

static void gpus_are_in_both_files(void **state)
{
	(void)state;
	struct world *w = world_with_cards();
	world_plan(w, OBSERVED_SAME);
	assert_int_equal(w->plan->need, SLURM_NEED_NOTHING);
	assert_int_equal(findings_count(&w->plan->findings, FINDING_NOTE), 0);
	assert_non_null(strstr(core_slurm_conf(w->cluster), " RealMemory=3800 Gres=gpu:tesla_t4:2 State=UNKNOWN\n"));
	assert_non_null(strstr(core_slurm_conf(w->cluster), "\nGresTypes=gpu\n"));
	assert_null(strstr(core_slurm_conf(w->cluster), "AccountingStorageTRES"));
	assert_non_null(strstr(core_gres_conf(w->cluster), both));
	assert_null(strstr(core_cgroup_conf(w->cluster), "ConstrainDevices"));
	world_free(w);

	w = world_with_cards(); /* what kernels can do now and could not is offered */
	bool accept[HOSTS] = {[1] = true, [2] = true};
	for (size_t i = 0; i < HOSTS; i++)
		w->facts[i].cgroup_devices = true;
	world_resolve(w);
	assert_null(strstr(core_cgroup_conf(w->cluster), "ConstrainDevices"));
	assert_int_equal(w->cluster->hosts[1].change, CHANGE_OTHER);
	w->options.decisions.accept.hosts = accept;
	world_resolve(w);
	assert_non_null(strstr(core_cgroup_conf(w->cluster), "\nConstrainDevices=yes\n"));
	world_free(w);

	w = world_with_cards(); /* not reached: as it was */
	w->given[1] = NULL;
	w->unreached[1] = "no route";
	world_resolve(w);
	assert_non_null(strstr(core_slurm_conf(w->cluster), " Gres=gpu:tesla_t4:2 "));
	assert_non_null(strstr(core_gres_conf(w->cluster), both));
	world_free(w);

	w = world_new(world_yaml); /* no GPU, no file */
	world_running(w);
	world_resolve(w);
	assert_null(core_gres_conf(w->cluster));
	world_free(w);
}

static void operators_gres_stay(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_edit(w, "partitions:\n",
		   "slurm: { gres_types: [bandwidth], accounting_storage_tres: [gres/gpu, license/a], "
		   "accounting_storage_type: accounting_storage/slurmdbd }\n"
		   "partitions:\n");
	world_resolve(w);
	assert_non_null(strstr(core_slurm_conf(w->cluster), "\nGresTypes=bandwidth\n"));
	w->facts[1].gpus = (struct facts_gpus){cards, ARRAY_LEN(cards)};
	world_resolve(w);
	assert_non_null(strstr(core_slurm_conf(w->cluster), "\nGresTypes=bandwidth,gpu\n"));
	assert_non_null(
	    strstr(core_slurm_conf(w->cluster), "\nAccountingStorageTRES=gres/gpu,license/a,gres/gpu:tesla_t4\n"));
	world_free(w);
}

/* What slurmd would wait for and die of is left out of gres.conf; the node is to have what it had. */
static void missing_device_file_does_not_reach_slurmd(void **state)
{
	(void)state;
	struct world *w = world_with_cards();
	struct facts_gpu now[] = {cards[0], cards[1]};
	now[1].state = GPU_NO_FILE;
	now[1].missing = now[1].files;
	w->facts[1].gpus = (struct facts_gpus){now, ARRAY_LEN(now)};
	world_plan(w, OBSERVED_SAME);
	assert_true(world_has(&w->plan->findings, "gpu-device"));
	assert_true(world_has(&w->plan->findings, "shrank"));
	assert_string_equal(w->cluster->hosts[1].change_text, "gpu:tesla_t4:1 less");
	assert_int_equal(findings_count(&w->plan->findings, FINDING_HOST), 0); /* it gets that gres.conf */
	assert_int_equal(findings_count(&w->plan->findings, FINDING_STOP), 0);
	assert_non_null(strstr(core_slurm_conf(w->cluster), " Gres=gpu:tesla_t4:2 "));
	assert_non_null(strstr(core_gres_conf(w->cluster),
			       "\nNodeName=n1 Name=gpu Type=tesla_t4 File=/dev/nvidia0 Flags=nvidia_gpu_env\n"));
	assert_int_equal(w->plan->need, SLURM_NEED_RECONFIGURE);
	/* The record does not forget it. */
	struct record *record = cluster_record(w->cluster, w->arena);
	assert_int_equal(record_host(record, "n1")->gpus.len, 2);
	world_free(w);

	w = world_with_cards(); /* the last ones are gone altogether: the file stays, with nothing in it */
	w->facts[1].gpus = (struct facts_gpus){0};
	world_resolve(w);
	assert_non_null(core_gres_conf(w->cluster));
	assert_null(strstr(core_gres_conf(w->cluster), "NodeName"));
	world_free(w);
}

/* Drained by us or, where it was too late, by slurmctld: with its cards back it is verified and let in. */
static void node_with_its_cards_back_is_let_in(void **state)
{
	(void)state;
	static const char *const reasons[] = {"reeve: less than it was: gpu:tesla_t4:1 less",
					      "gres/gpu count reported lower than configured (1 < 2)"};
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		struct world *w = world_with_cards();
		w->nodes[0].flags = SLURM_NODE_DRAIN;
		w->nodes[0].reason = reasons[i];
		world_plan(w, OBSERVED_SAME);
		assert_int_equal(w->plan->waiting, 1);
		w->facts[1].gpus.len = 1;
		world_plan(w, OBSERVED_SAME);
		assert_int_equal(w->plan->waiting, 0);
		world_free(w);
	}
}

static void class_joins_its_gres_or_gives_its_own(void **state)
{
	(void)state;
	const struct {
		const char *given, *line;
		bool ours;
	} cases[] = {
	    {"bandwidth:500", " Gres=bandwidth:500,gpu:tesla_t4:2 State=UNKNOWN\n", true},
	    {"gpu:2", " Gres=gpu:2 State=UNKNOWN\n", false},
	    {"bandwidth:500,gpu:old:2", " Gres=bandwidth:500,gpu:old:2 State=UNKNOWN\n", false},
	    {"gpumem:2", " Gres=gpumem:2,gpu:tesla_t4:2 State=UNKNOWN\n", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_new(world_yaml);
		world_edit(w, "partitions:\n",
			   arena_printf(w->arena,
					"classes:\n  - { name: gpu, when: gpus >= 2, gres: \"%s\" }\npartitions:\n",
					cases[i].given));
		w->facts[1].gpus = (struct facts_gpus){cards, ARRAY_LEN(cards)};
		world_resolve(w);
		assert_non_null(strstr(core_slurm_conf(w->cluster), cases[i].line));
		assert_null(w->cluster->hosts[2].class);
		assert_int_equal(core_gres_conf(w->cluster) != NULL, cases[i].ours);
		world_free(w);
	}
}

static void another_gpu_is_offered_and_needs_an_idle_node(void **state)
{
	(void)state;
	static const bool n1[HOSTS] = {false, true, false};
	struct facts_gpu now[] = {cards[0], cards[1], cards[1]};
	struct slurm_job job = {
	    .id = "7", .user = "a", .partitions = "work", .nodes = "n1", .phase = SLURM_JOB_RUNNING};
	now[2].files = "/dev/nvidia2";
	for (size_t i = 0; i < 2; i++) {
		struct world *w = world_with_cards();
		w->facts[1].gpus = (struct facts_gpus){now, ARRAY_LEN(now)};
		world_plan(w, OBSERVED_SAME);
		assert_true(world_has(&w->plan->findings, "changed"));
		assert_string_equal(w->cluster->hosts[1].change_text, "gpu:tesla_t4:1 more");
		assert_int_equal(w->plan->need, SLURM_NEED_NOTHING);
		w->options.decisions.accept.hosts = n1;
		w->live.jobs = &job;
		w->live.job_count = i;
		world_plan(w, OBSERVED_DIFFERS);
		assert_int_equal(world_has(&w->plan->findings, "node-busy"), i);
		assert_int_equal(w->plan->need, SLURM_NEED_RESTART_BOTH);
		assert_int_equal(record_host(cluster_record(w->cluster, w->arena), "n1")->gpus.len, 3);
		world_free(w);
	}
}

/* Where slurmd has the plugin, and where the node was left alone it stays as it was. */
static void nvml_is_asked_where_it_is(void **state)
{
	(void)state;
	static const char nvml[] = "gpus: { autodetect: nvml }\npartitions:\n";
	static const char with_nvml[] =
	    "\nNodeName=n1 AutoDetect=nvml Name=gpu Type=tesla_t4 File=/dev/nvidia[0-1] Flags=nvidia_gpu_env\n";
	struct slurm_job job = {
	    .id = "7", .user = "a", .partitions = "work", .nodes = "n1", .phase = SLURM_JOB_RUNNING};
	struct world *w = world_with_cards();
	world_edit(w, "partitions:\n", nvml);
	world_plan(w, OBSERVED_SAME);
	assert_non_null(strstr(core_gres_conf(w->cluster), both));
	assert_true(world_has(&w->plan->findings, "gpu-autodetect"));
	assert_int_equal(w->plan->need, SLURM_NEED_NOTHING);
	assert_false(w->cluster->record_differs);

	w->facts[1].gpu_plugins = 1U << GPU_PLUGIN_NVIDIA | 1U << GPU_PLUGIN_RSMI;
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "gpu-autodetect"));

	w->facts[1].gpu_plugins |= 1U << GPU_PLUGIN_NVML;
	world_plan(w, OBSERVED_SAME);
	assert_non_null(strstr(core_gres_conf(w->cluster), with_nvml));
	assert_false(world_has(&w->plan->findings, "gpu-autodetect"));
	assert_false(world_has(&w->plan->findings, "node-busy"));
	assert_true(w->cluster->record_differs);
	assert_int_equal(w->plan->need, SLURM_NEED_RESTART_BOTH);
	/* Its jobs hold GPUs by their number, which would be another. */
	w->live.jobs = &job;
	w->live.job_count = 1;
	world_plan(w, OBSERVED_SAME);
	assert_true(world_has(&w->plan->findings, "node-busy"));
	w->live.job_count = 0;

	world_running(w);
	world_plan(w, OBSERVED_SAME);
	assert_int_equal(w->plan->need, SLURM_NEED_NOTHING);
	assert_false(w->cluster->record_differs);
	w->given[1] = NULL;
	w->unreached[1] = "no route";
	world_resolve(w);
	assert_non_null(strstr(core_gres_conf(w->cluster), with_nvml));
	assert_false(world_has(&w->cluster->findings, "gpu-autodetect"));
	w->given[1] = &w->facts[1];

	/* The class goes before the file. */
	world_edit(w, "partitions:\n",
		   "gpus: { autodetect: nvml }\nclasses: [ { name: all, gpus: { autodetect: off } } ]\npartitions:\n");
	world_resolve(w);
	assert_non_null(strstr(core_gres_conf(w->cluster), both));
	/* Two that differ would end slurmd. */
	world_edit(w, "partitions:\n",
		   "gpus: { autodetect: nvml }\n"
		   "classes: [ { name: all, gres_conf: [\"AutoDetect=off\"] } ]\npartitions:\n");
	world_resolve(w);
	assert_null(strstr(core_gres_conf(w->cluster), "AutoDetect=nvml"));
	assert_non_null(strstr(core_gres_conf(w->cluster), both));
	world_edit(w, "partitions:\n", "classes: [ { name: all, gpus: { autodetect: nvml } } ]\npartitions:\n");
	world_resolve(w);
	assert_non_null(strstr(core_gres_conf(w->cluster), with_nvml));
	world_free(w);
}

/* nvidia-smi took too long: the node is what it was, and is not drained for it. */
static void a_divided_card_is_recalled(void **state)
{
	(void)state;
	static const char files[] = "/dev/nvidia0,/dev/nvidia-caps/nvidia-cap3,/dev/nvidia-caps/nvidia-cap4";
	struct facts_gpu instance[] = {{.vendor = GPU_NVIDIA,
					.address = "0000:01:00.0",
					.type = "a100_3g.20gb",
					.files = files,
					.driver = "nvidia",
					.instance = true}};
	struct facts_gpu silent[] = {{.vendor = GPU_NVIDIA,
				      .state = GPU_NO_PROFILE,
				      .address = "0000:01:00.0",
				      .type = "a100",
				      .files = "/dev/nvidia0",
				      .driver = "nvidia",
				      .caps = "/dev/nvidia-caps/nvidia-cap3"}};
	struct world *w = world_new(world_yaml);
	world_edit(w, "partitions:\n", "classes: [ { name: gpu, when: gpus >= 1 } ]\npartitions:\n");
	w->facts[1].gpus = (struct facts_gpus){instance, 1};
	world_running(w);
	w->facts[1].gpus = (struct facts_gpus){silent, 1};
	world_plan(w, OBSERVED_SAME);
	assert_int_equal(w->plan->need, SLURM_NEED_NOTHING);
	assert_int_equal(w->cluster->hosts[1].change, CHANGE_NONE);
	assert_string_equal(w->cluster->hosts[1].class->name, "gpu");
	assert_false(w->cluster->record_differs);
	assert_true(world_has(&w->plan->findings, "gpu-mig"));
	assert_non_null(strstr(core_gres_conf(w->cluster), files));

	silent[0].caps = "/dev/nvidia-caps/nvidia-cap5";
	world_plan(w, OBSERVED_SAME);
	assert_int_equal(w->cluster->hosts[1].change, CHANGE_SHRANK);
	assert_null(strstr(core_gres_conf(w->cluster), files));
	world_free(w);
}

static void foreign_gres_conf_is_not_replaced(void **state)
{
	(void)state;
	struct world *w = world_with_cards();
	w->facts[2].gres_conf = "Name=gpu File=/dev/nvidia0\n";
	world_resolve(w); /* where reeve's was in force it is drift */
	assert_false(world_has(&w->cluster->findings, "foreign-gres-conf"));
	w->facts[2].in_force_gres = NULL;
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "foreign-gres-conf"));
	w->options.replace = true;
	world_resolve(w);
	assert_false(world_has(&w->cluster->findings, "foreign-gres-conf"));
	world_free(w);

	w = world_new(world_yaml); /* where reeve has nothing to put there, it may stay */
	w->facts[2].gres_conf = "Name=bandwidth Count=10G\n";
	world_resolve(w);
	assert_false(world_has(&w->cluster->findings, "foreign-gres-conf"));
	world_free(w);
}

/* Cores of gres.conf are those of the node, by what was measured. */
static void cores_that_a_node_lacks_are_found(void **state)
{
	(void)state;
	static const struct {
		const char *key;
		bool bad;
	} cases[] = {
	    {"Cores=0-3", false}, {"Cores=2-4", true}, {"CPUs=0,7", true}, {"Count=8", false}, {"cores=40-63", true}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_new(world_yaml);
		world_edit(w, "partitions:\n",
			   arena_printf(w->arena,
					"classes: [{ name: cards, when: \"name == 'n2'\", Gres: \"gpu:1\",\n"
					"  gres_conf: [\"Name=gpu File=/dev/card0 %s\"] }]\npartitions:\n",
					cases[i].key));
		world_resolve(w);
		assert_int_equal(world_has(&w->cluster->findings, "gres-cores"), cases[i].bad);
		world_free(w);
	}
}

/* What reeve does not find by itself: a class says what it is, in Slurm's words. */
static void class_has_lines_of_its_own(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_edit(
	    w, "partitions:\n",
	    "classes: [{ name: boards, when: \"name == 'n2'\", Gres: \"fpga:u250:2,scratch:1T\",\n"
	    "  gres_conf: [\"name=fpga TYPE=u250 File=/dev/fpga[0-1]\", 'Name=scratch Count=1T Flags=CountOnly'] }]\n"
	    "slurm: { gres_types: scratch }\n"
	    "partitions:\n");
	w->facts[1].gpus = (struct facts_gpus){cards, ARRAY_LEN(cards)};
	for (size_t i = 0; i < HOSTS; i++)
		w->facts[i].cgroup_devices = true;
	world_resolve(w);
	assert_non_null(strstr(core_slurm_conf(w->cluster), "\nGresTypes=scratch,gpu,fpga\n"));
	assert_non_null(strstr(core_slurm_conf(w->cluster), " Gres=fpga:u250:2,scratch:1T "));
	assert_string_equal(core_gres_conf(w->cluster),
			    "# Written by reeve; the same on every host.\n"
			    "NodeName=n1 Name=gpu Type=tesla_t4 File=/dev/nvidia[0-1] Flags=nvidia_gpu_env\n"
			    "NodeName=n2 Name=fpga Type=u250 File=/dev/fpga[0-1]\n"
			    "NodeName=n2 Name=scratch Count=1T Flags=CountOnly\n");
	w->facts[1].gpus = (struct facts_gpus){0}; /* jobs are kept from other devices, too */
	world_resolve(w);
	assert_non_null(strstr(core_cgroup_conf(w->cluster), "\nConstrainDevices=yes\n"));
	assert_false(world_has(&w->cluster->findings, "gres-device"));
	static const char *const missing[] = {"/dev/fpga1"};
	w->facts[1].missing = w->facts[2].missing = missing;
	w->facts[1].missing_count = w->facts[2].missing_count = 1; /* n1 is of no class */
	world_resolve(w);
	assert_int_equal(findings_count(&w->cluster->findings, FINDING_HOST), 1);
	assert_true(world_has(&w->cluster->findings, "gres-device"));
	w->facts[2].missing_count = w->facts[1].missing_count = 0;
	world_edit(
	    w, "partitions:\n",
	    "classes: [{ name: detected, when: \"name == 'n2'\", Gres: \"gpu:2\", gres_conf: 'AutoDetect=nvml' }]\n"
	    "partitions:\n");
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "gres-autodetect"));
	w->facts[2].gpu_plugins = 1U << GPU_PLUGIN_NVML;
	world_resolve(w);
	assert_int_equal(findings_count(&w->cluster->findings, FINDING_HOST), 0);
	/* Whoever wrote the file that lies there, reeve has one to put in its place. */
	w->facts[2].gres_conf = "Name=fpga\n";
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "foreign-gres-conf"));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_divided_card_is_recalled),
	    cmocka_unit_test(nvml_is_asked_where_it_is),
	    cmocka_unit_test(gpus_are_in_both_files),
	    cmocka_unit_test(operators_gres_stay),
	    cmocka_unit_test(missing_device_file_does_not_reach_slurmd),
	    cmocka_unit_test(node_with_its_cards_back_is_let_in),
	    cmocka_unit_test(class_joins_its_gres_or_gives_its_own),
	    cmocka_unit_test(another_gpu_is_offered_and_needs_an_idle_node),
	    cmocka_unit_test(foreign_gres_conf_is_not_replaced),
	    cmocka_unit_test(cores_that_a_node_lacks_are_found),
	    cmocka_unit_test(class_has_lines_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
