/* What a job gets that names no memory: DefMemPerCPU, of the cluster and of each partition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "modules/core/core.h"
#include "world.h"

/* n1 has twice the memory of n2: 7744 MB and 3800 MB in slurm.conf, for 4 CPUs each. */
static struct world *uneven(const char *partitions)
{
	struct world *w = world_new(world_yaml);
	world_edit(w, "partitions:\n  work: { nodes: all, default: true }\n", partitions);
	w->facts[1].hardware.memory = 8000;
	world_resolve(w);
	return w;
}

/* The value on a line of slurm.conf: "" where it has none. */
static const char *on_line(struct world *w, const char *line)
{
	const char *at = strstr(core_slurm_conf(w->cluster), line);
	if (!at)
		return "";
	const char *text = arena_strndup(w->arena, at, strcspn(at, "\n"));
	const char *value = strstr(text, "DefMemPerCPU=");
	return value ? arena_strndup(w->arena, value + strlen("DefMemPerCPU="),
				     strcspn(value, " ") - strlen("DefMemPerCPU="))
		     : "";
}

static void alike_nodes_need_one_value(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_resolve(w);
	assert_non_null(strstr(core_slurm_conf(w->cluster), "\nDefMemPerCPU=950\n"));
	assert_string_equal(on_line(w, "PartitionName=work"), "");
	world_free(w);
}

static void a_small_node_lowers_nobody_elses(void **state)
{
	(void)state;
	struct world *w = uneven("partitions:\n  work: { nodes: all, default: true }\n  large: { nodes: n1 }\n"
				 "  tiny: { nodes: n2 }\n");
	assert_non_null(strstr(core_slurm_conf(w->cluster), "\nDefMemPerCPU=950\n"));
	assert_string_equal(on_line(w, "PartitionName=work"), "");
	assert_string_equal(on_line(w, "PartitionName=large"), "1936");
	assert_string_equal(on_line(w, "PartitionName=tiny"), "");
	world_free(w);
}

static void an_exclusion_changes_no_default(void **state)
{
	(void)state;
	struct world *w = uneven("partitions:\n  work: { nodes: all, default: true }\n  large: { nodes: n1 }\n");
	world_running(w);
	bool exclude[HOSTS] = {[2] = true};
	w->options.decisions.exclude.hosts = exclude;
	w->options.decisions.exclusion = (struct record_exclusion){.who = "root@x", .reason = "a fan", .when = "now"};
	world_resolve(w);
	assert_non_null(strstr(core_slurm_conf(w->cluster), "PartitionName=work Nodes=n1 "));
	assert_non_null(strstr(core_slurm_conf(w->cluster), "\nDefMemPerCPU=950\n"));
	assert_string_equal(on_line(w, "PartitionName=work"), "");
	assert_string_equal(on_line(w, "PartitionName=large"), "1936");
	world_free(w);
}

static void what_the_operator_wrote_stands(void **state)
{
	(void)state;
	struct world *w = uneven("partitions:\n  work: { nodes: all, default: true }\n"
				 "  large: { nodes: n1, def_mem_per_node: 100 }\n");
	assert_non_null(strstr(core_slurm_conf(w->cluster), "\nDefMemPerCPU=950\n"));
	assert_string_equal(on_line(w, "PartitionName=large"), "");
	world_free(w);

	static const char *const globals[] = {"DefMemPerNode: 0", "DefMemPerCPU: 800", "DefMemPerGPU: 800",
					      "SelectType: select/linear", "SelectTypeParameters: CR_Core"};
	for (size_t i = 0; i < sizeof globals / sizeof *globals; i++) {
		struct arena *arena = arena_new();
		w = uneven(arena_printf(arena,
					"partitions:\n  work: { nodes: all, default: true }\n  large: { nodes: n1 }\n"
					"slurm: { %s }\n",
					globals[i]));
		assert_null(strstr(core_slurm_conf(w->cluster), "DefMemPerCPU=9"));
		assert_string_equal(on_line(w, "PartitionName=large"), "");
		world_free(w);
		arena_free(arena);
	}
}

/* Slurm takes more CPUs for a job whose default is over MaxMemPerCPU. */
static void no_default_is_over_what_may_be_had(void **state)
{
	(void)state;
	struct world *w = uneven("partitions:\n  work: { nodes: all, default: true }\n"
				 "  large: { nodes: n1, max_mem_per_cpu: 1200 }\n  bound: { nodes: n1 }\n"
				 "slurm: { MaxMemPerCPU: 900 }\n");
	assert_non_null(strstr(core_slurm_conf(w->cluster), "\nDefMemPerCPU=900\n"));
	assert_string_equal(on_line(w, "PartitionName=large"), "1200");
	assert_string_equal(on_line(w, "PartitionName=bound"), "");
	world_free(w);
}

static void what_the_daemons_keep_is_no_jobs(void **state)
{
	(void)state;
	struct world *w = uneven("classes: [ { name: big, when: \"memory > 5 GB\", mem_spec_limit: 744 } ]\n"
				 "partitions:\n  work: { nodes: all, default: true }\n  large: { nodes: n1 }\n");
	assert_string_equal(on_line(w, "PartitionName=large"), "1750");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(alike_nodes_need_one_value),         cmocka_unit_test(a_small_node_lowers_nobody_elses),
	    cmocka_unit_test(an_exclusion_changes_no_default),    cmocka_unit_test(what_the_operator_wrote_stands),
	    cmocka_unit_test(no_default_is_over_what_may_be_had), cmocka_unit_test(what_the_daemons_keep_is_no_jobs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
