/* The module mpi: what is read, whose MpiDefault holds, and what the ring's answer means. */
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
#include "modules/mpi/mpi.h"
#include "ward.h"

static struct world *world_of(const char *more)
{
	struct world *w = world_more(more);
	world_resolve(w);
	return w;
}

static void what_cannot_be_is_found_in_the_file(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	assert_string_equal(world_faults("mpi:\n", a), "");
	assert_string_equal(world_faults("mpi: { default: pmi2, module: [gcc/12, MPICH] }\n", a), "");
	assert_string_equal(world_faults("mpi: { default: openmpi }\n", a),
			    "1401 'openmpi' is not a plugin of Slurm's for MPI");
	assert_string_equal(world_faults("mpi: { module: '$(reboot)' }\n", a),
			    "1401 '$(reboot)' is not the name of a module");
}

static void one_of_three_says_the_default(void **state)
{
	(void)state;
	static const struct {
		const char *more, *line;
	} cases[] = {
	    {"", "\nMpiDefault=none\n"},
	    {"mpi:\n", "\nMpiDefault=pmix\n"},
	    {"mpi: { default: pmi2 }\n", "\nMpiDefault=pmi2\n"},
	    {"mpi:\nslurm: { MpiDefault: none }\n", "\nMpiDefault=none\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_of(cases[i].more);
		const char *conf = core_slurm_conf(w->cluster), *first = strstr(conf, "\nMpiDefault=");
		assert_non_null(strstr(conf, cases[i].line));
		assert_null(strstr(first + 2, "MpiDefault="));
		assert_false(world_has(&w->cluster->findings, "param-owner"));
		assert_true(modules_compile(w->cluster, 1, w->arena)->len > 0); /* it has no resources of its own */
		world_free(w);
	}
}

static void the_ring_goes_round(void **state)
{
	(void)state;
	static const struct {
		struct check_answer answer;
		enum check_verdict verdict;
		const char *why;
	} cases[] = {
	    {{0, "ring of 2, sum 1: 38.1 us and 921 MB/s between n1 and n2\n", ""},
	     CHECK_HOLDS,
	     "38.1 us and 921 MB/s between n1 and n2"},
	    {{0, "ring of 1\nring of 1\n", ""},
	     CHECK_FAILED,
	     "each process thinks that it is alone: MPI was not built for Slurm's plugin 'pmix', or its PMIx and "
	     "Slurm's do not "
	     "understand each other"},
	    {{0, "ring of 2, sum 7: 1.0 us and 1 MB/s between n1 and n2\n", ""},
	     CHECK_FAILED,
	     "the ring is wrong: ring of 2, sum 7: 1.0 us and 1 MB/s between n1 and n2"},
	    {{3, "", "bash: line 1: mpicc: command not found\nsrun: error: n1: task 0: Exited with exit code 3\n"},
	     CHECK_FAILED,
	     "its program cannot be compiled there: bash: line 1: mpicc: command not found"},
	    {{3, "",
	      "--------\nIt looks like opal_init failed\n\n--------\nsrun: error: n1: task 0: Exited with exit code "
	      "3\n"},
	     CHECK_FAILED,
	     "its program cannot be compiled there: It looks like opal_init failed"},
	    {{0, "", ""}, CHECK_FAILED, "it printed nothing"},
	};
	struct world *w = world_of("mpi:\n");
	const char *const names[] = {"n1", "n2", NULL};
	const struct job_set set = {
	    .partition = w->inv->partitions, .label = "work", .names = names, .hostlist = "n[1-2]", .count = 2};
	struct verify_context v = {.cluster = w->cluster, .job_name = "reeve-1"};
	struct checks checks = {.arena = w->arena};
	mpi_prove(&v, &set, &checks);
	assert_int_equal(checks.len, 0);
	v.asked = true;
	mpi_prove(&v, &set, &checks);
	assert_int_equal(checks.len, 1);
	const struct check *c = &checks.items[0];
	assert_string_equal(c->argv[0], "salloc");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *why = NULL;
		assert_int_equal(c->judge(c, &cases[i].answer, w->arena, &why), cases[i].verdict);
		assert_string_equal(why, cases[i].why);
	}
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_cannot_be_is_found_in_the_file),
	    cmocka_unit_test(one_of_three_says_the_default),
	    cmocka_unit_test(the_ring_goes_round),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
