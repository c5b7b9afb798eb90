/*
 * One host's word is that host's. Every lie and fault of a compute host, in a first installation and in a cluster at work: none
 * stops the run, and what the other hosts get is byte for byte what they get where that host is off.
 */
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
#include "modules/module.h"
#include "world.h"

enum { LIAR = 2 };

struct lie {
	const char *name;
	void (*tell)(struct world *w, struct facts *f);
	const char *code; /* of the finding that leaves it out; NULL: nothing is wrong with that */
};

static void clock_ahead(struct world *w, struct facts *f)
{
	(void)w;
	f->clock_offset_ms = 3600000;
}

static void clock_behind(struct world *w, struct facts *f)
{
	(void)w;
	f->clock_offset_ms = INT64_MIN / 4;
}

static void hostname(struct world *w, struct facts *f)
{
	(void)w;
	f->hostname = "c1";
}

static void uid(struct world *w, struct facts *f)
{
	(void)w;
	f->slurm_uid = 5;
}

static void version(struct world *w, struct facts *f)
{
	(void)w;
	f->slurmd.installed = "24.11.5-4";
}

static void no_package(struct world *w, struct facts *f)
{
	(void)w;
	f->slurmd = f->slurm_client = (struct facts_package){0};
}

static void foreign(struct world *w, struct facts *f)
{
	(void)w;
	f->slurm_conf = "ClusterName=x\n";
	f->in_force_slurm = NULL;
}

static void machine_id(struct world *w, struct facts *f)
{
	f->machine_id = w->facts[0].machine_id;
}

static const struct lie lies[] = {
    {"nothing", NULL, NULL},
    {"a clock that is ahead", clock_ahead, "clock-skew"},
    {"a clock that is far behind", clock_behind, "clock-skew"},
    {"another host's name", hostname, "hostname"},
    {"another uid of slurm", uid, "slurm-uid"},
    {"a release that does not fit", version, "slurm-versions"},
    {"no package", no_package, "no-slurm-package"},
    {"somebody's slurm.conf", foreign, "foreign-slurm-conf"},
    {"a machine-id twice", machine_id, NULL},
};

/* All that another host would get, as text. */
static const char *given_to(const struct world *w, size_t host)
{
	json_t *list = json_array();
	const struct catalog *c = modules_compile(w->cluster, host, w->arena);
	for (size_t i = 0; i < c->len; i++) {
		json_t *o = resource_encode(&c->items[i]);
		if (c->items[i].type == RESOURCE_FILE && c->items[i].file.content)
			json_object_set_new(o, "text", json_string(c->items[i].file.content));
		json_array_append_new(list, o);
	}
	char *text = json_dumps(list, JSON_INDENT(1) | JSON_SORT_KEYS);
	const char *copy = arena_strdup(w->arena, text);
	free(text);
	json_decref(list);
	return copy;
}

static struct world *new_world(bool running)
{
	struct world *w = world_new(world_yaml);
	if (running)
		world_running(w);
	return w;
}

static void one_hosts_word_is_that_hosts(void **state)
{
	(void)state;
	for (unsigned k = 0; k < ARRAY_LEN(lies) * 2; k++) {
		const struct lie *lie = &lies[k / 2];
		bool running = k % 2;
		struct world *w = new_world(running);
		/* Honest, and where it serves already, or where the lie is believed, that is what all get. */
		bool off = lie->code && !running;
		w->given[LIAR] = off ? NULL : &w->facts[LIAR];
		w->unreached[LIAR] = off ? "it is off" : NULL;
		world_plan(w, OBSERVED_SAME);
		const char *expected[] = {given_to(w, 0), given_to(w, 1)};
		size_t steps = w->plan->step_count;

		w->given[LIAR] = &w->facts[LIAR];
		w->unreached[LIAR] = NULL;
		if (lie->tell)
			lie->tell(w, &w->facts[LIAR]);
		world_plan(w, OBSERVED_SAME);
		if (findings_count(&w->plan->findings, FINDING_STOP))
			fail_msg("%s stops the run", lie->name);
		for (size_t i = 0; i < LIAR; i++)
			if (!streq(given_to(w, i), expected[i]))
				fail_msg("%s changes what %s gets", lie->name, w->inv->hosts[i].name);
		assert_int_equal(w->plan->step_count, steps);
		if (!lie->code) {
			assert_non_null(w->cluster->hosts[LIAR].facts);
			world_free(w);
			continue;
		}
		if (!world_has(&w->plan->findings, lie->code))
			fail_msg("%s is not said", lie->name);
		assert_int_equal(findings_count(&w->plan->findings, FINDING_HOST), 1);
		assert_string_equal(w->plan->findings.items[0].host, "n2");
		assert_null(w->cluster->hosts[LIAR].facts);
		assert_non_null(w->cluster->hosts[LIAR].blamed);
		assert_string_equal(w->cluster->hosts[LIAR].unreached, w->cluster->hosts[LIAR].blamed);
		assert_int_equal(w->cluster->hosts[LIAR].listed, running);
		world_free(w);
	}
}

/* The same of the controller is the cluster's trouble. */
static void of_a_controller_it_stops(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(lies); k++) {
		/* It is alone: it cannot differ from itself. */
		if (!lies[k].code || lies[k].tell == clock_ahead || lies[k].tell == clock_behind ||
		    lies[k].tell == uid || lies[k].tell == version || lies[k].tell == no_package)
			continue;
		struct world *w = new_world(true);
		lies[k].tell(w, &w->facts[0]);
		if (lies[k].tell == hostname)
			w->facts[0].hostname = "other";
		world_plan(w, OBSERVED_SAME);
		if (!findings_count(&w->plan->findings, FINDING_STOP))
			fail_msg("%s does not stop", lies[k].name);
		assert_non_null(w->cluster->hosts[0].facts);
		world_free(w);
	}
}

/* To take a host out, nothing that it says matters, and nothing is said of it. */
static void what_leaves_is_not_judged(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(lies) * 2; k++) {
		struct world *w = new_world(true);
		bool chosen[HOSTS] = {[LIAR] = true};
		if (lies[k / 2].tell)
			lies[k / 2].tell(w, &w->facts[LIAR]);
		w->options.decisions.exclude.hosts = chosen;
		w->options.decisions.exclusion = (struct record_exclusion){
		    .who = "me", .when = "2026-11-25T20:00:00Z", .reason = "bad", .leaving = k % 2};
		world_plan(w, OBSERVED_SAME);
		if (findings_count(&w->plan->findings, FINDING_HOST))
			fail_msg("%s: %s", lies[k / 2].name, w->plan->findings.items[0].what);
		assert_int_equal(cluster_is_out(&w->cluster->hosts[LIAR]), k % 2 == 0);
		world_free(w);
	}
}

static const char three[] = "reeve: 1\ncluster: tiny\nhosts:\n  c1: 10.0.0.1\n  c2: 10.0.0.2\n  c3: 10.0.0.3\n"
			    "controllers: [c1, c2, c3]\nstate: /srv/state\ncompute: all\npartitions:\n"
			    "  work: { nodes: all, default: true }\n";

/* Which of three controllers has the wrong clock or uid does not depend on their order. */
static void most_of_the_controllers_are_right(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 6; k++) {
		struct world *w = world_new(three);
		struct facts *wrong = &w->facts[k / 2];
		if (k % 2)
			wrong->slurm_uid = 5;
		else
			wrong->clock_offset_ms = k % 4 ? 600000 : -600000;
		world_resolve(w);
		size_t said = 0;
		for (size_t i = 0; i < w->cluster->findings.len; i++) {
			const struct finding *f = &w->cluster->findings.items[i];
			if (!streq(f->code, k % 2 ? "slurm-uid" : "clock-skew"))
				continue;
			said++;
			assert_string_equal(f->host, w->inv->hosts[k / 2].name);
			assert_int_equal(f->weight, FINDING_STOP);
		}
		assert_int_equal(said, 1);
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_hosts_word_is_that_hosts),
	    cmocka_unit_test(of_a_controller_it_stops),
	    cmocka_unit_test(what_leaves_is_not_judged),
	    cmocka_unit_test(most_of_the_controllers_are_right),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
