/* Findings of the model that no other test makes, each from the smallest world in which it is so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "world.h"

static void key_from(struct world *w)
{
	w->facts[1].secrets[0].fingerprint = NULL;
	w->options.key_from = "n1";
}

static void new_key(struct world *w)
{
	world_running(w);
	w->options.new_key = true;
}

static void no_nodes(struct world *w)
{
	w->given[1] = w->given[2] = NULL;
	w->unreached[1] = w->unreached[2] = "No route to host";
}

static void record_cluster(struct world *w)
{
	world_running(w);
	const char *text = w->facts[0].record;
	w->facts[0].record = world_with(w, text, "\"tiny\"", "\"other\"");
}

static void slurm_pin(struct world *w)
{
	world_edit(w, "cluster: tiny\n", "cluster: tiny\nslurm_version: \"24.11\"\n");
}

static void slurm_release(struct world *w)
{
	for (size_t i = 0; i < HOSTS; i++)
		w->facts[i].roles[ROLE_CONTROLLER].package.installed = w->facts[i].roles[ROLE_NODE].package.installed =
		    w->facts[i].roles[ROLE_CLIENT].package.installed = "31.05.1-1";
}

static void state_cluster(struct world *w)
{
	w->facts[0].state_source = w->facts[0].state_mount = "/";
	w->facts[0].state_cluster = "other";
}

static void memory_lower(struct world *w)
{
	for (size_t i = 0; i < HOSTS; i++)
		w->facts[i].hardware.memory = 20000;
	world_running(w);
	w->facts[1].hardware.memory = 19700;
}

static void empty_partition(struct world *w)
{
	world_edit(w, "partitions:\n",
		   "classes: [ { name: big, when: \"memory > 900 GB\" }, { name: small } ]\n"
		   "partitions:\n  huge: { nodes: \"class:big\" }\n");
}

static void taken_back(struct world *w)
{
	static const bool chosen[HOSTS] = {false, true, false};
	world_running(w);
	w->options.decisions.exclude.hosts = chosen;
	w->options.decisions.exclusion = (struct record_exclusion){.who = "me", .when = "x", .reason = "y"};
	w->options.decisions.goes_on = true;
}

static const struct {
	void (*arrange)(struct world *w);
	const char *code;
} cases[] = {
    {key_from, "key-from"},
    {new_key, "new-key"},
    {no_nodes, "no-nodes"},
    {record_cluster, "record-cluster"},
    {slurm_pin, "slurm-pin"},
    {slurm_release, "slurm-release"},
    {state_cluster, "state-cluster"},
    {memory_lower, "memory-lower"},
    {empty_partition, "empty-partition"},
    {taken_back, "taken-back"},
};

static void test_each_is_made(void **state)
{
	(void)state;
	size_t missing = 0;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world *w = world_new(world_yaml);
		cases[i].arrange(w);
		world_resolve(w);
		if (!world_has(&w->cluster->findings, cases[i].code)) {
			print_error("%s was not found\n", cases[i].code);
			missing++;
		}
		world_free(w);
	}
	assert_int_equal(missing, 0);
}

/* -l says which hosts; a slurm.conf that changes is everybody's. */
static void test_limited(void **state)
{
	(void)state;
	static const bool chosen[HOSTS] = {false, true, false};
	const struct inv_choice choice = {.hosts = chosen};
	struct world *w = world_new(world_yaml);
	world_running(w);
	world_edit(w, "default: true", "default: true, max_time: 1-0");
	world_plan(w, OBSERVED_DIFFERS);
	struct plan_options options = {.selected = &choice};
	const struct plan *plan = plan_make(w->cluster, w->catalogs, w->observed, &w->live, &options, w->arena);
	assert_true(world_has(&plan->findings, "limited"));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_is_made),
	    cmocka_unit_test(test_limited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
