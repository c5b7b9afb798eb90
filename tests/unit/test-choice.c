/* Hosts that an operator chooses by what they are: decisions about a class, and -l. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "world.h"

/* c1 and n1 are small, n2 is big. */
static struct world *two_classes(void)
{
	struct world *w = world_new(world_yaml);
	world_edit(w,
		   "partitions:", "classes: [ { name: big, when: \"memory > 6 GB\" }, { name: small } ]\npartitions:");
	w->facts[2].hardware.memory = 8000;
	return w;
}

static const bool big[] = {true, false}, small[] = {false, true};

static void a_class_is_accepted(void **state)
{
	(void)state;
	struct world *w = two_classes();
	world_running(w);
	w->facts[1].hardware.cores = w->facts[1].hardware.cpus = 3;
	w->facts[2].hardware.cores = w->facts[2].hardware.cpus = 3;
	w->options.decisions.accept.classes = big;
	world_resolve(w);
	assert_int_equal(w->cluster->hosts[1].change, CHANGE_SHRANK);
	assert_int_equal(w->cluster->hosts[2].change, CHANGE_NONE);
	assert_int_equal(w->cluster->hosts[2].hardware.cpus, 3);
	world_free(w);
}

/* The controller is of the class, too, and no compute host: it is not meant. */
static void a_class_is_excluded_and_included(void **state)
{
	(void)state;
	struct world *w = two_classes();
	world_running(w);
	w->options.decisions.exclude.classes = small;
	w->options.decisions.exclusion = (struct record_exclusion){.who = "me", .when = "x", .reason = "y"};
	world_resolve(w);
	assert_non_null(w->cluster->hosts[1].excluded);
	assert_null(w->cluster->hosts[2].excluded);
	assert_int_equal(findings_count(&w->cluster->findings, FINDING_STOP), 0);

	world_running(w);
	w->options.decisions = (struct cluster_decisions){.include = {.classes = small}};
	world_resolve(w);
	assert_null(w->cluster->hosts[1].excluded);
	assert_true(w->cluster->hosts[1].serves);
	assert_int_equal(findings_count(&w->cluster->findings, FINDING_STOP), 0);
	world_free(w);
}

/* What is off is what it was; what was never there is said. */
static void the_record_tells_the_class_of_what_is_off(void **state)
{
	(void)state;
	struct world *w = two_classes();
	world_running(w);
	w->given[2] = NULL;
	w->unreached[2] = "it is off";
	w->options.decisions.exclude.classes = big;
	w->options.decisions.exclusion = (struct record_exclusion){.who = "me", .when = "x", .reason = "y"};
	world_resolve(w);
	assert_non_null(w->cluster->hosts[2].excluded);
	assert_false(world_has(&w->cluster->findings, "class-unknown"));

	w->facts[0].record = NULL;
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "class-unknown"));
	assert_true(world_has(&w->cluster->findings, "nobody-chosen"));
	world_free(w);
}

static void a_limit_to_nobody_stops(void **state)
{
	(void)state;
	struct world *w = two_classes();
	const struct inv_choice choice = {.classes = big};
	struct plan_options options = {.selected = &choice};
	world_running(w);
	world_plan(w, OBSERVED_SAME);
	w->plan = plan_make(w->cluster, w->catalogs, w->observed, &w->live, &options, w->arena);
	assert_true(w->plan->hosts[2].selected && !w->plan->hosts[0].selected && !w->plan->hosts[1].selected);
	assert_false(world_has(&w->plan->findings, "nobody-chosen"));

	w->facts[2].hardware.memory = 4000;
	world_plan(w, OBSERVED_SAME);
	w->plan = plan_make(w->cluster, w->catalogs, w->observed, &w->live, &options, w->arena);
	assert_true(world_has(&w->plan->findings, "nobody-chosen"));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_class_is_accepted),
	    cmocka_unit_test(a_class_is_excluded_and_included),
	    cmocka_unit_test(the_record_tells_the_class_of_what_is_off),
	    cmocka_unit_test(a_limit_to_nobody_stops),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
