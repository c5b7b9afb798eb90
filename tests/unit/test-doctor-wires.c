/* Ports, tried from where they are used. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "ward.h"

static void port_slurmctld(struct ward *x)
{
	ward_set_connect(x, 1, 0, 6817, ETIMEDOUT);
	ward_set_connect(x, 2, 0, 6817, 0);
	ward_set_node(x, SLURM_NODE_DOWN, SLURM_NODE_NO_RESPOND, "Not responding", "slurm@2026-11-27T01:00:00");
}

/* A firewall that refuses looks as if nobody listened, but from the host itself. */
static void port_slurmd(struct ward *x)
{
	ward_set_connect(x, 0, 1, 6818, ECONNREFUSED);
	ward_set_connect(x, 1, 1, 6818, 0);
	ward_set_connect(x, 0, 2, 6818, 0);
	ward_set_node(x, SLURM_NODE_IDLE, SLURM_NODE_NO_RESPOND, NULL, NULL);
}

static void port_srun(struct ward *x)
{
	ward_add_param(x, "SrunPortRange", "60001-60100");
	ward_set_connect(x, 1, 0, 60001, EHOSTUNREACH);
	ward_set_connect(x, 2, 0, 60001, ECONNREFUSED);
	ward_set_connect(x, 0, 0, 60001, 0);
}

static void port_srun_last(struct ward *x)
{
	ward_add_param(x, "SrunPortRange", "60001-60100");
	ward_set_connect(x, 1, 0, 60001, ECONNREFUSED);
	ward_set_connect(x, 1, 0, 60100, ETIMEDOUT);
	ward_set_connect(x, 0, 0, 60100, 0);
}

static void accounting_down(struct ward *x)
{
	ward_add_param(x, "AccountingStorageType", "accounting_storage/slurmdbd");
	ward_add_param(x, "AccountingStorageHost", "10.0.0.9");
	ward_set_connect(x, 0, 8, 6819, ECONNREFUSED);
}

static const struct {
	void (*inject)(struct ward *x);
	const char *found;
} faults[] = {
    {port_slurmctld, "port-slurmctld n1"}, {port_slurmd, "port-slurmd n1"},         {port_srun, "port-srun n1"},
    {port_srun_last, "port-srun n1"},      {accounting_down, "accounting-down c1"},
};

static void test_each_closed_port_is_found_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		struct ward *x = ward_new();
		faults[i].inject(x);
		assert_string_equal(ward_causes(x), faults[i].found);
		ward_free(x);
	}
}

/* Where nobody listens, or the other host says nothing, no wire is to blame; nor where it cannot be tried. */
static void test_a_wire_is_to_blame_only_where_both_ends_are_well(void **state)
{
	(void)state;
	static const struct {
		int from_controller, on_node;
		bool answers, found;
	} cases[] = {{ETIMEDOUT, ETIMEDOUT, true, true},
		     {ENETUNREACH, 0, true, true},
		     {ETIMEDOUT, 0, false, false},
		     {ECONNREFUSED, 0, true, true},
		     {ECONNREFUSED, ECONNREFUSED, true, false},
		     {EMFILE, 0, true, false},
		     {0, 0, true, false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ward *x = ward_new();
		ward_set_connect(x, 0, 1, 6818, cases[i].from_controller);
		ward_set_connect(x, 1, 1, 6818, cases[i].on_node);
		if (!cases[i].answers)
			x->given[1] = NULL;
		assert_string_equal(ward_causes(x), cases[i].found ? "port-slurmd n1" : "");
		ward_free(x);
	}
}

/* A backup of slurmdbd is as good, for a while; an accounting that was not asked for is nobody's concern. */
static void test_accounting_may_have_a_backup(void **state)
{
	(void)state;
	struct ward *x = ward_new();
	accounting_down(x);
	ward_add_param(x, "AccountingStorageBackupHost", "10.0.0.7");
	ward_set_connect(x, 0, 6, 6819, 0);
	assert_string_equal(ward_causes(x), "accounting-down c1");
	assert_int_equal(x->findings.items[0].weight, FINDING_WARNING);
	ward_set_connect(x, 0, 6, 6819, ETIMEDOUT);
	ward_causes(x);
	assert_int_equal(x->findings.items[0].weight, FINDING_STOP);
	ward_free(x);
	x = ward_new();
	ward_set_connect(x, 0, 8, 6819, ECONNREFUSED);
	assert_string_equal(ward_causes(x), "");
	ward_free(x);
}

/* What is found is said with both hosts and the port. */
static void test_a_closed_port_is_named_with_both_ends(void **state)
{
	(void)state;
	struct ward *x = ward_new();
	port_slurmctld(x);
	ward_causes(x);
	const struct finding *f = &x->findings.items[0];
	assert_string_equal(f->what, "it cannot connect to slurmctld on c1 (port 6817)");
	assert_string_equal(f->evidence, "n1 to 10.0.0.1 port 6817: no answer");
	assert_string_equal(f->fix, "let n1 through to TCP port 6817 of c1: see the firewalls of these hosts and "
				    "between them");
	ward_free(x);
	x = ward_new();
	port_slurmd(x);
	ward_causes(x);
	assert_string_equal(x->findings.items[0].what, "c1 cannot connect to its slurmd (port 6818)");
	ward_free(x);
}

/* Each wire is tried from where it is used, and from its own end. */
static void test_wires_are_tried_where_they_are_used(void **state)
{
	(void)state;
	static const char *const asked[HOSTS] = {"10.0.0.1 6817, 10.0.0.2 6818, 10.0.0.3 6818",
						 "10.0.0.1 6817, 10.0.0.2 6818", "10.0.0.1 6817, 10.0.0.3 6818"};
	struct ward *x = ward_new();
	for (size_t host = 0; host < HOSTS; host++) {
		json_t *items = doctor_items(x->w->cluster, host, NULL, x->w->arena), *list = NULL;
		const char *text = "";
		for (size_t i = 0; i < json_array_size(items); i++)
			if (json_object_get(json_array_get(items, i), "connect"))
				list = json_object_get(json_array_get(items, i), "connect");
		for (size_t i = 0; i < json_array_size(list); i++)
			text = arena_printf(x->w->arena, "%s%s%s %d", text, i ? ", " : "",
					    json_string_value(json_array_get(json_array_get(list, i), 0)),
					    (int)json_integer_value(json_array_get(json_array_get(list, i), 1)));
		assert_string_equal(text, asked[host]);
		json_decref(items);
	}
	json_t *items = json_array();
	const struct doctor_host h = doctor_host_of(&x->d, 0);
	static const struct facts_name known[] = {{"n1.fen", "fd00::2"}};
	doctor_ask_connect(&h, items, "n1.fen", 6818);
	assert_int_equal(json_array_size(items), 0);
	x->w->facts[0].beside.names = known;
	x->w->facts[0].beside.name_count = 1;
	doctor_ask_connect(&h, items, "n1.fen", 6818);
	assert_int_equal(json_array_size(items), 1);
	for (unsigned i = 0; i < 5000; i++)
		doctor_ask_connect(&h, items, "fd00::1", 1 + i);
	assert_int_equal(json_array_size(json_object_get(json_array_get(items, 0), "connect")), DOCTOR_CONNECTS);
	json_decref(items);
	ward_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_closed_port_is_found_alone),
	    cmocka_unit_test(test_a_wire_is_to_blame_only_where_both_ends_are_well),
	    cmocka_unit_test(test_accounting_may_have_a_backup),
	    cmocka_unit_test(test_a_closed_port_is_named_with_both_ends),
	    cmocka_unit_test(test_wires_are_tried_where_they_are_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
