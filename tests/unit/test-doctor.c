#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doctor/group.h"
#include "ward.h"

static void test_nothing_is_wrong_with_the_healthy(void **state)
{
	(void)state;
	struct ward *x = ward_new();
	assert_string_equal(ward_causes(x), "");
	ward_free(x);
}

static void test_munged_explains_its_host(void **state)
{
	(void)state;
	struct ward *x = ward_new();
	ward_set_unit(x, 1, "munge.service", "inactive", "success");
	x->w->nodes[0].base = SLURM_NODE_DOWN;
	x->w->nodes[0].flags = SLURM_NODE_NO_RESPOND;
	x->w->nodes[0].reason = "Not responding";
	x->w->nodes[1].flags = SLURM_NODE_NO_RESPOND;
	assert_string_equal(ward_causes(x), "munged-stopped n1, node-silent n2");
	assert_string_equal(x->findings.items[0].cure, "systemctl start munge.service");
	assert_string_equal(x->findings.items[0].cure_on, "n1");
	ward_free(x);
}

/* Each fault alone: what is put into which patient, and what is to be found. */
/* Rows that need what is not known are silent. */
static void test_unknown_is_no_finding(void **state)
{
	(void)state;
	struct ward *x = ward_new();
	for (size_t i = 0; i < HOSTS; i++)
		json_object_clear(x->answers[i]);
	assert_string_equal(ward_causes(x), "");
	x->d.slurm = (struct doctor_slurm){.up = false};
	x->d.catalogs = NULL;
	x->d.observed = NULL;
	x->d.now_ms = NULL;
	assert_string_equal(ward_causes(x), "");
	ward_free(x);
}

/* All that rows ask for of all hosts fits one message, and is asked once. */
static void test_each_question_is_asked_once(void **state)
{
	(void)state;
	struct ward *x = ward_new();
	for (size_t host = 0; host < HOSTS; host++) {
		json_t *items = doctor_items(x->w->cluster, host, x->d.others, x->w->arena), *names = json_object();
		for (size_t i = 0; i < json_array_size(items); i++) {
			const char *name = json_string_value(json_object_get(json_array_get(items, i), "name"));
			assert_null(json_object_get(names, name));
			json_object_set_new(names, name, json_true());
		}
		assert_true(json_array_size(items) < 100);
		json_decref(names);
		json_decref(items);
	}
	ward_free(x);
}

/* Whatever the relation says, each finding is shown once, under something that is shown. */
static void test_every_finding_hangs_on_one_that_is_at_the_top(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct findings f = {.arena = arena};
	for (int code = 0; code < FINDING_CODE_COUNT; code++)
		for (int host = 0; host < 2; host++)
			finding_add(&f, FINDING_WARNING, (enum finding_code)code, host ? "n1" : NULL, "x");
	doctor_explain(&f);
	for (size_t i = 0; i < f.len; i++)
		if (f.items[i].cause)
			assert_int_equal(f.items[f.items[i].cause - 1].cause, 0);
	arena_free(arena);
}

static void test_equal_findings_are_one_group(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct findings f = {.arena = arena};
	const struct doctor_group *g;
	finding_add(&f, FINDING_NOTE, CODE_LEAVES, NULL, "a note");
	for (int i = 1; i <= 3; i++) {
		const char *name = arena_printf(arena, "n%d", i);
		struct finding *x =
		    finding_add(&f, FINDING_STOP, CODE_MUNGED_STOPPED, name, "munge on %s is off", name);
		x->fix = arena_printf(arena, "ssh %s systemctl start munge", name);
		x->evidence = arena_printf(arena, "line %d", i);
	}
	for (int i = 1; i <= 2; i++) {
		struct finding *x =
		    finding_add(&f, FINDING_STOP, CODE_NODE_DOWN, arena_printf(arena, "n%d", i), "down");
		x->cause = 1 + (size_t)i;
	}
	assert_int_equal(doctor_group(&f, FINDING_NOTE, arena, &g), 2);
	assert_string_equal(g[0].hosts, "n[1-3]");
	assert_string_equal(g[0].what, "munge on n[1-3] is off");
	assert_string_equal(g[0].fix, "ssh n[1-3] systemctl start munge");
	assert_int_equal(g[0].evidence_count, 3);
	assert_string_equal(g[0].evidence[1], "n2: line 2");
	assert_int_equal(g[0].effect_count, 1);
	assert_string_equal(g[0].effects[0].hosts, "n[1-2]");
	assert_null(g[1].hosts);
	assert_int_equal(doctor_group(&f, FINDING_WARNING, arena, &g), 1);
	arena_free(arena);
}

/* The same question of two rows is one item, and its answer is found under the same name, however long the path. */
static void test_questions_have_names(void **state)
{
	(void)state;
	struct ward *x = ward_new();
	char path[200];
	memset(path, 'a', sizeof path);
	path[0] = '/';
	path[sizeof path - 1] = '\0';
	json_t *items = json_array();
	doctor_ask_read(items, path, 10);
	doctor_ask_read(items, path, 10);
	doctor_ask_unit(items, "a.service");
	doctor_ask_unit(items, "b.service");
	doctor_ask_unit(items, "a.service");
	doctor_ask_process(items, "slurmd");
	doctor_ask_process(items, "slurmctld");
	assert_int_equal(json_array_size(items), 3);
	const char *name = json_string_value(json_object_get(json_array_get(items, 0), "name"));
	assert_true(strlen(name) <= 64);
	json_object_set_new(x->answers[1], name, json_pack("{s:s}", "text", "hello"));
	assert_string_equal(doctor_read(&x->d, 1, path, NULL), "hello");
	assert_int_equal(json_array_size(json_object_get(json_array_get(items, 1), "units")), 2);
	json_object_set_new(x->answers[1], "processes",
			    json_pack("{s:{s:{s:s, s:s, s:{s:s}}}}", "entries", "12", "comm", "slurmd\n", "stat",
				      "12 (slurmd) T 1 12\n", "exe", "link", "/usr/sbin/slurmd (deleted)"));
	struct doctor_process p[2];
	assert_int_equal(doctor_processes(&x->d, 1, "slurmd", p, 2), 1);
	assert_int_equal(p[0].pid, 12);
	assert_int_equal(p[0].state, 'T');
	assert_true(p[0].replaced);
	assert_int_equal(doctor_processes(&x->d, 1, "slurmctld", p, 2), 0);
	json_object_del(x->answers[2], "processes");
	assert_int_equal(doctor_processes(&x->d, 2, "slurmd", p, 2), -1);
	json_decref(items);
	ward_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing_is_wrong_with_the_healthy),
	    cmocka_unit_test(test_munged_explains_its_host),
	    cmocka_unit_test(test_unknown_is_no_finding),
	    cmocka_unit_test(test_each_question_is_asked_once),
	    cmocka_unit_test(test_every_finding_hangs_on_one_that_is_at_the_top),
	    cmocka_unit_test(test_equal_findings_are_one_group),
	    cmocka_unit_test(test_questions_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
