/* What modules put into the stages comes into steps: all of it, once, in the order of the stages, as what it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/module.h"
#include "world.h"

static const char *const only_other[] = {"other", NULL};

/* A service of a module `other` in each stage, on n1; nothing else differs. */
static void plan_services(struct world *w, const char *const *chosen)
{
	const struct plan_options options = {.modules = chosen};
	world_plan(w, OBSERVED_SAME);
	struct catalog *c = arena_alloc(w->arena, sizeof *c);
	*c = *w->catalogs[1];
	c->items = arena_calloc(w->arena, c->len + STAGES, sizeof *c->items);
	memcpy(c->items, w->catalogs[1]->items, c->len * sizeof *c->items);
	c->cap = c->len + STAGES;
	struct observed *o = arena_calloc(w->arena, c->cap, sizeof *o);
	memcpy(o, w->observed[1], c->len * sizeof *o);
	for (enum stage stage = STAGES; stage-- > 0;) {
		const char *unit = arena_printf(w->arena, "%s.service", stage_name(stage));
		o[c->len] = (struct observed){.id = unit, .state = OBSERVED_MISSING, .why = "not there"};
		catalog_service(c, stage, unit, true, true, NULL)->module = "other";
	}
	w->catalogs[1] = c;
	w->observed[1] = o;
	w->plan = plan_make(w->cluster, w->catalogs, w->observed, &w->live, &options, w->arena);
}

static const struct resource *applied(const struct world *w, size_t step)
{
	const struct step *s = &w->plan->steps[step];
	assert_int_equal(s->len, 1);
	assert_int_equal(s->items[0].host, 1);
	assert_int_equal(s->items[0].count, 1);
	return s->items[0].resources[0];
}

static void a_service_in_any_stage_gets_its_step(void **state)
{
	(void)state;
	for (int only = 0; only < 2; only++) {
		struct world *w = world_new(world_yaml);
		world_running(w);
		plan_services(w, only ? only_other : NULL);
		assert_int_equal(w->plan->need, SLURM_NEED_NOTHING);
		assert_string_equal(world_titles(w), "prepare | servers | mounts | auth | database | activate other "
						     "modules | services | offers");
		for (enum stage stage = 0; stage < STAGES; stage++) {
			assert_string_equal(applied(w, stage)->service.unit,
					    arena_printf(w->arena, "%s.service", stage_name(stage)));
			/* Nothing of Slurm's has to be looked at for it. */
			assert_int_equal(w->plan->steps[stage].stage, stage);
			assert_false(w->plan->steps[stage].slurm);
		}
		world_free(w);
	}
}

static void file_servers_come_before_mounts_and_these_before_daemons(void **state)
{
	(void)state;
	static const enum stage order[] = {STAGE_PREPARE,  STAGE_SERVERS,  STAGE_MOUNTS,   STAGE_AUTH,
					   STAGE_DATABASE, STAGE_ACTIVATE, STAGE_SERVICES, STAGE_OFFERS};
	assert_int_equal(ARRAY_LEN(order), STAGES);
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		assert_int_equal(order[i], i);
}

/* How often a resource is in an action on n1, and in steps of what kind. */
static size_t times_applied(const struct world *w, const char *id, bool *ret_slurm)
{
	size_t n = 0;
	for (size_t i = 0; i < w->plan->step_count; i++)
		for (size_t k = 0; k < w->plan->steps[i].len; k++) {
			const struct action *a = &w->plan->steps[i].items[k];
			for (size_t r = 0; a->host == 1 && r < a->count; r++)
				if (streq(a->resources[r]->id, id)) {
					*ret_slurm = w->plan->steps[i].slurm;
					n++;
				}
		}
	return n;
}

/* Daemons have their own steps, whatever else there is to do beside them. */
static void nothing_is_applied_twice(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	bool slurm = false;
	w->slurmd_differs[1] = true;
	world_running(w);
	plan_services(w, NULL);
	assert_int_equal(times_applied(w, "service:slurmd.service", &slurm), 1);
	assert_true(slurm);
	assert_int_equal(times_applied(w, "service:activate.service", &slurm), 1);
	assert_false(slurm);
	plan_services(w, only_other);
	assert_int_equal(times_applied(w, "service:slurmd.service", &slurm), 0);
	world_free(w);
}

static void packages_keep_their_module_and_line(void **state)
{
	(void)state;
	char *text = xasprintf("%slmod:\n  modulepath: /srv/modules\n", world_yaml);
	struct world *w = world_new(text);
	free(text);
	world_plan(w, OBSERVED_MISSING);
	for (size_t i = 0; i < w->catalogs[1]->len; i++)
		if (w->catalogs[1]->items[i].type == RESOURCE_PACKAGES)
			((struct observed *)w->observed[1])[i].state = OBSERVED_MISSING;
	w->plan = plan_make(w->cluster, w->catalogs, w->observed, NULL, &(struct plan_options){0}, w->arena);
	const struct step *s = world_step(w, "prepare");
	assert_int_equal(s->len, 1);
	const struct action *a = &s->items[0];
	assert_int_equal(a->count, 2);
	for (size_t i = 0; i < a->count; i++)
		assert_ptr_equal(a->resources[i], catalog_find(w->catalogs[1], a->resources[i]->id));
	assert_string_equal(a->resources[0]->module, "core");
	assert_string_equal(a->resources[1]->module, "lmod");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_service_in_any_stage_gets_its_step),
	    cmocka_unit_test(file_servers_come_before_mounts_and_these_before_daemons),
	    cmocka_unit_test(nothing_is_applied_twice),
	    cmocka_unit_test(packages_keep_their_module_and_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
