/* Modules by class: what hosts get, what is verified where, and what is said of a host that loses one. */
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

/* n1 has 8 cores, the others 4. */
static struct world *world_of(const char *more)
{
	struct world *w = world_more(more);
	w->facts[1].hardware.cores = w->facts[1].hardware.cpus = 8;
	return w;
}

/* The content of /etc/lmod/modulespath; NULL: the host gets no lmod. */
static const char *modulepath(struct world *w, size_t host)
{
	const struct catalog *c = modules_compile(w->cluster, host, w->arena);
	for (size_t i = 0; i < c->len; i++)
		if (streq(c->items[i].id, "file:/etc/lmod/modulespath"))
			return c->items[i].file.content;
	return NULL;
}

static void hosts_get_what_their_class_chooses(void **state)
{
	(void)state;
	struct world *w = world_of("lmod: { modulepath: /srv/all }\n"
				   "classes:\n"
				   "  - { name: big, when: 'cpus >= 8', lmod: { modulepath: [/srv/big, /srv/all] } }\n"
				   "  - { name: head, when: controller, lmod: false }\n");
	world_resolve(w);
	assert_null(modulepath(w, 0));
	assert_non_null(strstr(modulepath(w, 1), "\n/srv/big\n/srv/all\n"));
	assert_null(strstr(modulepath(w, 2), "/srv/big"));
	assert_non_null(strstr(modulepath(w, 2), "\n/srv/all\n"));
	assert_true(cluster_has_module(w->cluster, 0, "core") && !cluster_has_module(w->cluster, 0, "lmod"));
	world_free(w);
}

static const char *checked(struct world *w)
{
	bool yes[HOSTS] = {true, true, true};
	const struct verify_context v = {
	    .cluster = w->cluster, .controller = 0, .present = yes, .idle = yes, .job_name = "reeve-verify-7"};
	struct checks checks = {.arena = w->arena};
	struct job_set *sets;
	size_t count = verify_job_sets(&v, "lmod", w->arena, &sets);
	for (size_t i = 0; i < count; i++)
		module_named("lmod")->prove(&v, &sets[i], &checks);
	assert_true(checks.len <= 1);
	return checks.len ? checks.items[0].argv[2] : "";
}

static void only_nodes_that_have_lmod_are_asked_for_it(void **state)
{
	(void)state;
	struct world *w = world_of("lmod:\n");
	world_resolve(w);
	assert_non_null(strstr(checked(w), "--nodes=2 "));
	assert_non_null(strstr(checked(w), " --nodelist=n[1-2] "));
	assert_non_null(strstr(checked(w), "#!/bin/bash\n"));
	world_free(w);

	w = world_of("lmod:\nclasses: [ { name: big, when: 'cpus >= 8', lmod: false } ]\n");
	world_resolve(w);
	assert_non_null(strstr(checked(w), "--nodes=1 "));
	assert_non_null(strstr(checked(w), " --nodelist=n2 "));
	world_free(w);

	/* The controller's shell has no `module` to hand on. */
	w = world_of("classes: [ { name: big, when: 'cpus >= 8', lmod: true } ]\n");
	world_resolve(w);
	assert_non_null(strstr(checked(w), " --nodelist=n1 "));
	assert_non_null(strstr(checked(w), "#!/bin/bash -l\n"));
	world_free(w);

	w = world_of("lmod:\nclasses: [ { name: all, lmod: false } ]\n");
	world_resolve(w);
	assert_string_equal(checked(w), "");
	world_free(w);
}

/* Each partition has limits and defaults of its own, so that a job in one says little about another. */
static void each_partition_has_jobs_that_fit_it(void **state)
{
	(void)state;
	struct world *w = world_of("  both: { nodes: all }\n  single: { nodes: all, max_nodes: 1 }\n");
	w->facts[1].hardware.cores = w->facts[1].hardware.cpus = 4;
	bool yes[HOSTS] = {true, true, true};
	world_resolve(w);
	const struct verify_context v = {
	    .cluster = w->cluster, .present = yes, .idle = yes, .job_name = "reeve-verify-7"};
	struct job_set *sets;
	assert_int_equal(verify_job_sets(&v, "core", w->arena, &sets), 3);
	assert_string_equal(sets[0].hostlist, "n[1-2]");
	/* Of nodes that are alike one is enough, once a job ran on all of them. */
	assert_string_equal(sets[1].hostlist, "n1");
	assert_string_equal(sets[2].hostlist, "n1");
	struct checks checks = {.arena = w->arena};
	sets[0].user = "ann";
	sets[0].gid = 1000;
	module_named("core")->prove(&v, &sets[0], &checks);
	assert_string_equal(checks.items[0].argv[0], "setpriv");
	for (const char *const *a = checks.items[0].argv; *a; a++)
		if (str_starts(*a, "--mem") || str_starts(*a, "--time"))
			fail_msg("a user's job has no %s", *a);
	world_free(w);

	w = world_of("  single: { nodes: all, max_nodes: 1 }\n");
	world_resolve(w);
	const struct verify_context other = {.cluster = w->cluster, .present = yes, .idle = yes};
	assert_int_equal(verify_job_sets(&other, "core", w->arena, &sets), 3);
	assert_string_equal(sets[1].hostlist, "n1");
	assert_string_equal(sets[2].hostlist, "n2");
	world_free(w);
}

/* slurmd is not at localhost, where scontrol looks for it, once it listens at its node's address only. */
static void a_slurmd_is_asked_where_it_listens(void **state)
{
	(void)state;
	static const char *const comms[] = {"", "slurm: { communication_parameters: keepalivetime=30 }\n",
					    "slurm: { communication_parameters: [NoCtldInAddrAny] }\n",
					    "slurm: { communication_parameters: [keepalivetime=30, noinaddrany] }\n"};
	for (size_t i = 0; i < ARRAY_LEN(comms); i++) {
		struct world *w = world_of(comms[i]);
		bool yes[HOSTS] = {true, true, true};
		world_resolve(w);
		const struct verify_context v = {.cluster = w->cluster, .present = yes, .busy = yes};
		struct checks checks = {.arena = w->arena};
		module_named("core")->verify(&v, &checks);
		const struct check *check = &checks.items[checks.len - 1];
		assert_string_equal(check->id, "core:slurmd");
		assert_true(check->hosts[1] && check->hosts[2]);
		assert_string_equal(check->argv_of[2][i == 3 ? 1 : 0], i == 3 ? "SLURMD_NODENAME=n2" : "scontrol");
		world_free(w);
	}
}

static const struct finding *left(const struct world *w)
{
	for (size_t i = 0; i < w->cluster->findings.len; i++)
		if (streq(w->cluster->findings.items[i].code, "module-left"))
			return &w->cluster->findings.items[i];
	return NULL;
}

/* The next run finds what this one recorded. */
static void record_again(struct world *w)
{
	char *text = record_encode(cluster_record(w->cluster, w->arena));
	w->facts[0].record = arena_strdup(w->arena, text);
	free(text);
}

static void a_host_that_loses_a_module_is_named_once(void **state)
{
	(void)state;
	static const char partitions[] = "partitions:\n";
	struct world *w = world_of("lmod:\n");
	world_running(w);
	world_resolve(w);
	assert_null(left(w));
	assert_false(w->cluster->record_differs);

	/* n2 cannot be reached, and has what it had. */
	world_edit(w, partitions, "classes: [ { name: all, modules: [] } ]\nlmod:\npartitions:\n");
	w->given[2] = NULL;
	w->unreached[2] = "no route";
	world_resolve(w);
	assert_non_null(left(w));
	assert_string_equal(left(w)->what,
			    "module lmod no longer applies to c1,n1; left in place: "
			    "the package lmod, /etc/lmod, /etc/profile.d/zz-reeve-lmod.sh with its like for other "
			    "shells, and reeve-lmod-cache.timer where it built the cache");
	assert_int_equal(left(w)->weight, FINDING_NOTE);
	assert_true(w->cluster->record_differs);
	record_again(w);
	w->given[2] = &w->facts[2];
	world_resolve(w);
	assert_non_null(left(w));
	assert_true(str_starts(left(w)->what, "module lmod no longer applies to n2; "));
	record_again(w);
	world_resolve(w);
	assert_null(left(w));
	assert_false(w->cluster->record_differs);
	assert_int_equal(w->cluster->record->module_count, 0);
	world_free(w);
}

static void lists_of_modules_in_a_record_are_believed_when_they_are_ones(void **state)
{
	(void)state;
	static const struct {
		const char *modules;
		bool good;
	} cases[] = {
	    {"{\"lmod\": \"n[1-3],head\"}", true}, {"{}", true},
	    {"{\"lmod\": \"n[1-\"}", false},       {"{\"lmod\": [\"n1\"]}", false},
	    {"{\"a b\": \"n1\"}", false},          {"[]", false},
	    {"{\"lmod\": \"n[1-99999]\"}", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		struct err err = {0};
		const struct record *r = record_decode(
		    arena_printf(
			arena,
			"{\"format\": 2, \"epoch\": 1, \"cluster\": \"a\", \"hosts\": [], \"generations\": [], "
			"\"modules\": %s}",
			cases[i].modules),
		    arena, &err);
		assert_int_equal(r != NULL, cases[i].good);
		if (r && r->module_count)
			assert_int_equal(r->modules[0].host_count, 4);
		if (!r)
			assert_non_null(strstr(err.text, "'modules'"));
	}
}

/* Its copy of the record would stand against the controllers' were it one again. */
static void who_is_no_controller_any_more_has_no_record(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_resolve(w);
	w->facts[2].roles[ROLE_CONTROLLER].unit.loaded = true;
	assert_null(catalog_find(modules_compile(w->cluster, 2, w->arena), "absent:" RECORD_PATH));
	world_running(w);
	world_resolve(w);
	assert_non_null(catalog_find(modules_compile(w->cluster, 2, w->arena), "absent:" RECORD_PATH));
	assert_null(catalog_find(modules_compile(w->cluster, 0, w->arena), "absent:" RECORD_PATH));
	world_free(w);
}

/* What a module asks for comes back to it alone. */
static void a_module_asks_and_takes_its_own(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	struct err err = {0};
	json_t *asked = modules_ask(w->inv, &w->inv->hosts[0]);
	assert_int_equal(json_array_size(asked), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(asked, 0), "name")), "core.credential");
	json_decref(asked);
	asked = modules_ask(w->inv, &w->inv->hosts[1]);
	assert_int_equal(json_array_size(asked), 0);
	json_decref(asked);

	static const struct {
		const char *name, *out;
		int status;
		bool good;
	} cases[] = {
	    {"core.credential", "MUNGE:AwQFAAA:\n", 0, true},
	    {"core.credential", "MUNGE:AwQFAAA:\n", 1, false},
	    {"core.credential", "munge: Error: Unable to access", 0, false},
	    {"credential", "MUNGE:AwQFAAA:\n", 0, false},
	    {"corelib.credential", "MUNGE:AwQFAAA:\n", 0, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *items =
		    json_pack("{s:{s:i, s:s}}", cases[i].name, "status", cases[i].status, "out", cases[i].out);
		assert_int_equal(modules_take(items, w->arena, &w->facts[0].own, &err), 0);
		json_decref(items);
		if (cases[i].good)
			assert_string_equal(core_credential(&w->facts[0]), "MUNGE:AwQFAAA:");
		else
			assert_null(core_credential(&w->facts[0]));
	}
	assert_null(core_credential(&w->facts[1]));
	world_free(w);
}

static void want_timeout(const struct cluster *c, struct module_params *p)
{
	params_default(p, c->inv, "slurmdtimeout", "30");
	params_default(p, c->inv, "PrologFlags", "Contain");
}

/* A parameter has one owner; what the operator wrote holds against all. */
static void two_modules_cannot_set_one_parameter(void **state)
{
	(void)state;
	static const struct module greedy = {.name = "lmod", .params = want_timeout};
	const struct module *const table[] = {module_slurm, &greedy, NULL};
	struct world *w = world_of("lmod:\n");
	world_resolve(w);
	assert_false(world_has(&w->cluster->findings, "param-owner"));
	struct module_params all = modules_params(table, w->cluster);
	assert_string_equal(all.items[0].key, "ClusterName");
	assert_string_equal(all.items[0].owner, "core");
	assert_string_equal(all.items[all.len - 1].key, "PrologFlags");
	assert_string_equal(all.items[all.len - 1].owner, "lmod");
	modules_check_params(table, w->cluster);
	const struct finding *f = &w->cluster->findings.items[w->cluster->findings.len - 1];
	assert_string_equal(f->code, "param-owner");
	assert_int_equal(f->weight, FINDING_STOP);
	assert_string_equal(f->what,
			    "the modules core and lmod both set slurmdtimeout in slurm.conf: to '300' and to '30'");
	world_free(w);

	w = world_of("lmod:\nslurm: { slurmd_timeout: 100 }\n");
	world_resolve(w);
	modules_check_params(table, w->cluster);
	assert_false(world_has(&w->cluster->findings, "param-owner"));
	world_free(w);

	w = world_of(""); /* not enabled */
	world_resolve(w);
	modules_check_params(table, w->cluster);
	assert_false(world_has(&w->cluster->findings, "param-owner"));
	world_free(w);
}

#define PMIX "/usr/lib/aarch64-linux-gnu/pmix2/lib/libpmix.so"

/* A library that slurmd's plugins open comes before slurmd, which is restarted for it; a release that needs none gets none. */
static void what_plugins_open_comes_before_their_daemon(void **state)
{
	(void)state;
	struct world *w = world_of("");
	w->facts[1].arch = "aarch64";
	w->facts[2].roles[ROLE_NODE].package.installed = "21.08.5-2";
	world_resolve(w);
	const struct catalog *c = modules_compile(w->cluster, 1, w->arena);
	const struct resource *link = catalog_find(c, "link:" PMIX);
	assert_non_null(link);
	assert_string_equal(link->link.target, "libpmix.so.2.6.2");
	const struct resource *slurmd = catalog_find(c, "service:slurmd.service");
	assert_string_equal(slurmd->service.inputs[0], PMIX);
	assert_null(slurmd->service.inputs[1]);
	assert_true(link < slurmd && link->stage < slurmd->stage);
	c = modules_compile(w->cluster, 2, w->arena);
	assert_null(catalog_find(c, "link:" PMIX));
	assert_null(catalog_find(c, "service:slurmd.service")->service.inputs);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_module_asks_and_takes_its_own),
	    cmocka_unit_test(two_modules_cannot_set_one_parameter),
	    cmocka_unit_test(hosts_get_what_their_class_chooses),
	    cmocka_unit_test(each_partition_has_jobs_that_fit_it),
	    cmocka_unit_test(a_slurmd_is_asked_where_it_listens),
	    cmocka_unit_test(only_nodes_that_have_lmod_are_asked_for_it),
	    cmocka_unit_test(a_host_that_loses_a_module_is_named_once),
	    cmocka_unit_test(who_is_no_controller_any_more_has_no_record),
	    cmocka_unit_test(what_plugins_open_comes_before_their_daemon),
	    cmocka_unit_test(lists_of_modules_in_a_record_are_believed_when_they_are_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
