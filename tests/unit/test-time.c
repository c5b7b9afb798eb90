/* The module time: who asks whom, what stands in the way, and what chronyd's measurement means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/time/time.h"
#include "ward.h"

/* Lines of chrony.conf that are about others, with " | " between. */
static const char *conf_of(struct world *w, size_t host)
{
	const struct resource *r =
	    catalog_find(modules_compile(w->cluster, host, w->arena), "file:/etc/chrony/chrony.conf");
	const char *text = "";
	if (!r)
		return "none";
	char *rest = arena_strdup(w->arena, r->file.content);
	for (char *line; (line = str_next_line(&rest));)
		if (str_starts(line, "server ") || str_starts(line, "allow ") || str_starts(line, "local "))
			text = arena_printf(w->arena, "%s%s%s", text, *text ? " | " : "", line);
	return text;
}

static void everybody_asks_whom_the_file_says(void **state)
{
	(void)state;
	static const struct {
		const char *more, *conf[HOSTS];
	} cases[] = {
	    {"time:\n",
	     {"allow 10.0.0.2 | allow 10.0.0.3 | local stratum 10 orphan", "server 10.0.0.1 iburst",
	      "server 10.0.0.1 iburst"}},
	    {"time: { servers: [ntp.example.org, 10.9.9.9] }\n",
	     {"server ntp.example.org iburst | server 10.9.9.9 iburst",
	      "server ntp.example.org iburst | server 10.9.9.9 iburst",
	      "server ntp.example.org iburst | server 10.9.9.9 iburst"}},
	    {"time: { servers: ntp.example.org, serve: n2 }\n",
	     {"server 10.0.0.3 iburst", "server 10.0.0.3 iburst",
	      "server ntp.example.org iburst | allow 10.0.0.1 | allow 10.0.0.2"}},
	    {"time: { serve: ['n[1-2]'] }\n",
	     {"server 10.0.0.2 iburst | server 10.0.0.3 iburst",
	      "server 10.0.0.3 iburst | allow 10.0.0.1 | allow 10.0.0.3 | local stratum 10 orphan",
	      "server 10.0.0.2 iburst | allow 10.0.0.1 | allow 10.0.0.2 | local stratum 10 orphan"}},
	    {"time: { serve: class:big }\nclasses: [ { name: big, when: 'not controller' } ]\n",
	     {"server 10.0.0.2 iburst | server 10.0.0.3 iburst",
	      "server 10.0.0.3 iburst | allow 10.0.0.1 | allow 10.0.0.3 | local stratum 10 orphan",
	      "server 10.0.0.2 iburst | allow 10.0.0.1 | allow 10.0.0.2 | local stratum 10 orphan"}},
	    {"time:\nclasses: [ { name: head, when: controller, time: { servers: ntp.example.org } } ]\n",
	     {"server ntp.example.org iburst | allow 10.0.0.2 | allow 10.0.0.3", "server 10.0.0.1 iburst",
	      "server 10.0.0.1 iburst"}},
	    {"time: { servers: ntp.example.org }\nclasses: [ { name: head, when: controller, time: false } ]\n",
	     {"none", "server ntp.example.org iburst", "server ntp.example.org iburst"}},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_more(cases[i].more);
		world_resolve(w);
		for (size_t k = 0; k < HOSTS; k++)
			assert_string_equal(conf_of(w, k), cases[i].conf[k]);
		world_free(w);
	}
}

/* What has no part in Slurm is set up for its sake, and gets nothing else. */
static void who_serves_needs_no_role(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct diags diags;
	struct err err = {0};
	struct world *w = world_more("");
	const char *with_door =
	    world_with(w, world_yaml, "controllers:", "  door: 10.0.0.9\n  other: 10.0.0.8\ncontrollers:");
	const char *text = arena_printf(a, "%slmod:\ntime: { serve: [n1, door] }\n", with_door);
	struct inventory *inv = inventory_parse("t.yaml", text, strlen(text), module_sections, &diags, a, &err);
	assert_non_null(inv);
	const struct inv_host *door = inventory_host(inv, "door");
	assert_false(inventory_has_role(door));
	assert_true(inventory_takes_part(door) && inventory_is_needed(door, "time") &&
		    !inventory_is_needed(door, "lmod"));
	assert_false(inventory_takes_part(inventory_host(inv, "other")));
	assert_null(inventory_host(inv, "n1")->needed_by);
	diags_free(&diags);
	text = arena_printf(a, "%smodules: [lmod]\nlmod:\ntime: { serve: [n1, door] }\n", with_door);
	inv = inventory_parse("t.yaml", text, strlen(text), module_sections, &diags, a, &err);
	assert_false(inventory_takes_part(inventory_host(inv, "door")));
	diags_free(&diags);
	world_free(w);
}

/* Of other modules nothing changes, and whoever has no `time` gets none of it. */
static void who_serves_is_set_first_and_all_before_munge(void **state)
{
	(void)state;
	struct world *w = world_more("time:\n");
	world_resolve(w);
	for (size_t i = 0; i < HOSTS; i++) {
		const struct resource *r =
		    catalog_find(modules_compile(w->cluster, i, w->arena), "service:chrony.service");
		assert_int_equal(r->stage, i ? STAGE_AUTH : STAGE_SERVERS);
		assert_string_equal(r->module, "time");
		assert_string_equal(r->service.inputs[0], "/etc/chrony/chrony.conf");
	}
	assert_true(STAGE_SERVERS < STAGE_AUTH);
	world_free(w);
	w = world_more("");
	world_resolve(w);
	assert_string_equal(conf_of(w, 1), "none");
	json_t *asked = modules_ask(w->inv, &w->inv->hosts[1]);
	assert_int_equal(json_array_size(asked), 0);
	json_decref(asked);
	world_free(w);
}

static void tell(struct world *w, size_t host, const char *what)
{
	struct err err = {0};
	json_t *answers = json_pack("{s:{s:i}, s:{s:i}}", "time.container", "errno", 2, "time.ntpd", "errno", 2);
	json_object_set_new(answers, what, json_pack("{s:s}", "type", "file"));
	assert_int_equal(modules_take(answers, w->arena, &w->facts[host].own, &err), 0);
	json_decref(answers);
}

static void a_container_measures_and_sets_nothing(void **state)
{
	(void)state;
	struct world *w = world_more("time:\n");
	tell(w, 1, "time.container");
	tell(w, 2, "time.nothing");
	world_resolve(w);
	static const char id[] = "file:/etc/systemd/system/chrony.service.d/reeve.conf";
	const struct resource *r = catalog_find(modules_compile(w->cluster, 1, w->arena), id);
	assert_non_null(r);
	assert_non_null(strstr(r->file.content, "ExecStart=!/usr/sbin/chronyd -x "));
	assert_null(catalog_find(modules_compile(w->cluster, 2, w->arena), id));
	world_free(w);
}

/* What Debian would remove for chrony is not removed. */
static void another_time_daemon_keeps_its_host(void **state)
{
	(void)state;
	struct world *w = world_more("time:\nclasses: [ { name: head, when: controller, time: false } ]\n");
	tell(w, 0, "time.ntpd");
	tell(w, 1, "time.ntpd");
	tell(w, 2, "time.nothing");
	world_resolve(w);
	size_t n = 0;
	for (size_t i = 0; i < w->cluster->findings.len; i++)
		if (streq(w->cluster->findings.items[i].code, "time-daemon")) {
			assert_string_equal(w->cluster->findings.items[i].host, "n1");
			assert_int_equal(w->cluster->findings.items[i].weight, FINDING_HOST);
			n++;
		}
	assert_int_equal(n, 1);
	assert_non_null(w->cluster->hosts[1].blamed);
	world_free(w);
}

static const char good[] = "0A47000B,10.71.0.11,11,1795788212.458828551,0.000020014,-0.000002884,0.000002884,-0.780,"
			   "-0.000,39.340,0.000056605,0.000425273,2.0,Normal\n";
static const char silent[] =
    "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,"
    "1.000000000,0.0,Not synchronised\n";
static const char far[] = "0A47000B,10.71.0.11,11,1795788212.458828551,-3.250020014,-0.000002884,0.000002884,-0.780,"
			  "-0.000,39.340,0.000056605,0.000425273,2.0,Normal\n";

static void a_skew_is_measured(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	assert_null(time_fault(good, a));
	assert_string_equal(time_fault(silent, a), "its clock follows no server: none has answered yet");
	assert_string_equal(time_fault(far, a), "its clock is 3 s off from its servers");
	static const char *const nonsense[] = {"",
					       "\n",
					       "a,b,c",
					       "506 Cannot talk to daemon",
					       "0,0,0,0,nan,0,0,0,0,0,0,0,0,Normal",
					       "0,0,0,0,,0,0,0,0,0,0,0,0,Normal",
					       "0,0,0,0,3,0,0,0,0,0,0,0,0,Normal",
					       "0,0,0,0,.5,0,0,0,0,0,0,0,0,Normal",
					       "0,0,0,0,9999999999.0,0,0,0,0,0,0,0,0,Normal",
					       "0,0,0,0,0.1e5,0,0,0,0,0,0,0,0,Normal"};
	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++)
		assert_string_equal(time_fault(nonsense[i], a), "chronyd does not say how far its clock is off");
}

static void clocks_are_verified_where_they_are_set(void **state)
{
	(void)state;
	struct world *w = world_more("time:\nclasses: [ { name: head, when: controller, time: false } ]\n");
	const bool present[HOSTS] = {true, true, false};
	world_resolve(w);
	const struct verify_context v = {.cluster = w->cluster, .present = present};
	struct checks checks = {.arena = w->arena};
	module_named("time")->verify(&v, &checks);
	assert_int_equal(checks.len, 1);
	const struct check *c = &checks.items[0];
	assert_false(c->hosts[0] || c->hosts[2] || c->for_all);
	assert_true(c->hosts[1] && c->wait_ms);
	const char *why = NULL;
	assert_int_equal(c->judge(c, &(struct check_answer){0, good, ""}, w->arena, &why), CHECK_HOLDS);
	assert_int_equal(c->judge(c, &(struct check_answer){0, silent, ""}, w->arena, &why), CHECK_FAILED);
	assert_int_equal(c->judge(c, &(struct check_answer){1, "506 Cannot talk to daemon\n", ""}, w->arena, &why),
			 CHECK_FAILED);
	assert_string_equal(why, "chronyd does not answer: 506 Cannot talk to daemon");
	world_free(w);
}

static void doctor_says_which_clock(void **state)
{
	(void)state;
	static const struct {
		const char *out, *found;
		int status;
	} cases[] = {{good, "", 0}, {far, "time n1", 0}, {silent, "time n1", 0}, {"506 Cannot talk\n", "time n1", 1}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = xasprintf("%stime:\n", world_yaml);
		struct ward *x = ward_of(text);
		free(text);
		ward_tell(x, 1, "time.tracking",
			  json_pack("{s:i, s:s, s:s}", "status", cases[i].status, "out", cases[i].out, "err", ""));
		assert_string_equal(ward_causes(x), cases[i].found);
		ward_free(x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everybody_asks_whom_the_file_says),
	    cmocka_unit_test(who_serves_needs_no_role),
	    cmocka_unit_test(who_serves_is_set_first_and_all_before_munge),
	    cmocka_unit_test(a_container_measures_and_sets_nothing),
	    cmocka_unit_test(another_time_daemon_keeps_its_host),
	    cmocka_unit_test(a_skew_is_measured),
	    cmocka_unit_test(clocks_are_verified_where_they_are_set),
	    cmocka_unit_test(doctor_says_which_clock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
