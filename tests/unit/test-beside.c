/* What stands beside slurm.conf: which parameters name what, and what is said of hosts that lack it. */
#include <errno.h>
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
#include "model/beside.h"
#include "facts/beside.h"
#include "slurm/beside.h"
#include "world.h"

/* "PATH READERS KIND" of what a parameter names, with ";" between. */
static const char *named(struct arena *arena, const char *param, const char *value)
{
	struct slurm_besides all = {0};
	const char *out = "";
	slurm_beside(param, value, arena, &all);
	for (size_t i = 0; i < all.len; i++)
		out = arena_printf(arena, "%s%s%s %u %d", out, *out ? ";" : "", all.items[i].path, all.items[i].readers,
				   (int)all.items[i].kind);
	return out;
}

static void parameters_name_what_their_readers_need(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	assert_string_equal(named(a, "Prolog", "/etc/slurm/p.sh"), "/etc/slurm/p.sh 2 0");
	assert_string_equal(named(a, "prologslurmctld", "/a,/b"), "/a 1 0;/b 1 0");
	assert_string_equal(named(a, "Prolog", "/etc/slurm/prolog.d/*"), "");
	assert_string_equal(named(a, "TaskProlog", "/x"), "/x 2 1");
	assert_string_equal(named(a, "RebootProgram", "/sbin/reboot -f"), "/sbin/reboot 2 0");
	assert_string_equal(named(a, "JobSubmitPlugins", "lua"), "job_submit_lua.so 1 3;/etc/slurm/job_submit.lua 1 2");
	assert_string_equal(named(a, "JobSubmitPlugins", "job_submit/all_partitions"),
			    "job_submit_all_partitions.so 1 3");
	assert_string_equal(named(a, "CliFilterPlugins", "lua"), "cli_filter_lua.so 3 3;/etc/slurm/cli_filter.lua 3 2");
	assert_string_equal(named(a, "AuthAltParameters", "jwt_key=/etc/slurm/jwt.key,x=1"), "/etc/slurm/jwt.key 1 2");
	assert_string_equal(named(a, "AuthAltTypes", "auth/jwt"), "auth_jwt.so 1 3");
	assert_string_equal(named(a, "MpiDefault", "none"), "");
	assert_string_equal(named(a, "PowerAction", "x Location=slurmd Program=/r -f\ny Location=slurmctld Program=/s"),
			    "/r 2 0;/s 1 0");
	assert_string_equal(named(a, "ResumeProgram", "x"), "");
	assert_string_equal(named(a, "ReturnToService", "2"), "");
	assert_string_equal(slurm_beside_package("auth_jwt.so"), "slurm-wlm-jwt-plugin");
}

static struct world *world_of(const char *slurm)
{
	char *text = xasprintf("%sslurm: { %s }\n", world_yaml, slurm);
	struct world *w = world_new(text);
	free(text);
	return w;
}

static void give(struct world *w, size_t host, const char *path, const char *type, unsigned mode, int error)
{
	struct facts_path *p = arena_alloc(w->arena, sizeof *p);
	*p = (struct facts_path){.path = path, .type = type, .mode = mode, .error = error};
	w->facts[host].beside.paths = p;
	w->facts[host].beside.path_count = 1;
}

static const struct finding *told(const struct world *w, const char *code, size_t *ret_count)
{
	const struct finding *found = NULL;
	*ret_count = 0;
	for (size_t i = 0; i < w->cluster->findings.len; i++)
		if (streq(w->cluster->findings.items[i].code, code)) {
			found = &w->cluster->findings.items[i];
			++*ret_count;
		}
	return found;
}

static void topology_yaml_silences_the_network(void **state)
{
	(void)state;
	static const char *const versions[] = {"24.11.5-4", "25.05.3-1", "26.05.5-1"};
	static const char network[] = "network: { switches: { leaf: { nodes: \"n[1-2]\" } } }\n";
	for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
		struct world *w = world_more(network);
		struct facts_scope scope = {0};
		size_t count;
		beside_scope(w->inv, &w->inv->hosts[1], w->arena, &scope);
		assert_int_equal(scope.path_count, 1);
		for (size_t i = 0; i < HOSTS; i++)
			for (enum role r = 0; r < ROLES; r++)
				if (r != ROLE_AUTH)
					w->facts[i].roles[r].package.installed = versions[v];
		give(w, 1, scope.paths[0], "file", 0644, 0);
		world_resolve(w);
		const struct finding *f = told(w, "topology", &count);
		assert_int_equal(count, v ? 1 : 0);
		assert_true(!f || (f->weight == FINDING_HOST && streq(f->host, "n1")));
		give(w, 1, scope.paths[0], NULL, 0, ENOENT);
		world_resolve(w);
		told(w, "topology", &count);
		assert_int_equal(count, 0);
		world_free(w);
	}
	struct world *w = world_new(world_yaml); /* nobody asks where nothing is written */
	struct facts_scope scope = {0};
	beside_scope(w->inv, &w->inv->hosts[1], w->arena, &scope);
	assert_int_equal(scope.path_count, 0);
	world_free(w);
}

static void what_one_node_lacks_is_that_nodes(void **state)
{
	(void)state;
	struct world *w = world_of("Prolog: /p.sh");
	size_t count;
	give(w, 1, "/p.sh", "file", 0755, 0);
	give(w, 2, "/p.sh", NULL, 0, ENOENT);
	world_resolve(w);
	const struct finding *f = told(w, "beside", &count);
	assert_int_equal(count, 1);
	assert_int_equal(f->weight, FINDING_HOST);
	assert_string_equal(f->host, "n2");
	assert_string_equal(f->what, "Prolog: /p.sh does not exist");
	world_free(w);
}

static void what_all_nodes_lack_stops_the_run(void **state)
{
	(void)state;
	struct world *w = world_of("Prolog: /p.sh");
	size_t count;
	give(w, 1, "/p.sh", "file", 0644, 0);
	give(w, 2, "/p.sh", "directory", 0755, 0);
	world_resolve(w);
	const struct finding *f = told(w, "beside", &count);
	assert_int_equal(count, 1);
	assert_int_equal(f->weight, FINDING_STOP);
	assert_null(f->host);
	assert_non_null(strstr(f->what, "is not executable (mode 0644) on n[1-2]"));
	world_free(w);
}

static void a_controller_needs_its_own(void **state)
{
	(void)state;
	static const char *const plugins[] = {"auth_munge.so", NULL};
	struct world *w = world_of("AuthAltTypes: auth/jwt");
	size_t count;
	world_resolve(w);
	told(w, "beside", &count);
	assert_int_equal(count, 0); /* Slurm is not installed: nothing is known */
	w->facts[0].beside.plugins = plugins;
	world_resolve(w);
	const struct finding *f = told(w, "beside", &count);
	assert_int_equal(count, 1);
	assert_int_equal(f->weight, FINDING_STOP);
	assert_string_equal(f->host, "c1");
	assert_non_null(strstr(f->fix, "apt-get install slurm-wlm-jwt-plugin"));
	world_free(w);
}

static void what_everybody_may_write_is_a_warning(void **state)
{
	(void)state;
	struct world *w = world_of("Prolog: /p.sh");
	size_t count;
	give(w, 1, "/p.sh", "file", 0777, 0);
	give(w, 2, "/p.sh", "file", 0755, 0);
	world_resolve(w);
	const struct finding *f = told(w, "writable", &count);
	assert_int_equal(count, 1);
	assert_string_equal(f->host, "n1");
	told(w, "beside", &count);
	assert_int_equal(count, 0);
	world_free(w);
}

static void names_are_looked_up_where_they_are_read(void **state)
{
	(void)state;
	static const char *const names[] = {"head.example", NULL};
	struct world *w = world_new(world_yaml);
	size_t count;
	for (size_t i = 0; i < 2; i++) {
		w->facts[i].beside.unresolved = names;
		w->facts[i].beside.unresolved_count = 1;
	}
	world_resolve(w);
	told(w, "unresolved", &count);
	assert_int_equal(count, 2);
	for (size_t i = 0; i < w->cluster->findings.len; i++) {
		const struct finding *f = &w->cluster->findings.items[i];
		if (streq(f->code, "unresolved"))
			assert_int_equal(f->weight, streq(f->host, "c1") ? FINDING_WARNING : FINDING_HOST);
	}
	world_free(w);
}

static const char *const three[] = {"n1", "n10", "c1"};

/* What is made of what a host says of these three names. */
static struct facts_beside resolved(const char *said, struct arena *a)
{
	const struct facts_scope scope = {.roles = module_roles, .names = three, .name_count = ARRAY_LEN(three)};
	json_t *items = json_pack("{s:{s:i, s:s}}", "names", "status", 0, "out", said);
	struct facts_beside b;
	facts_beside_decode(items, &scope, a, &b);
	json_decref(items);
	return b;
}

static void only_names_that_were_asked_for_are_believed(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct facts_beside b = resolved("10.0.0.7 STREAM n1\n\n= each\nn10\nevil = 10.0.0.1\nc1 = 999.0.0.1 x\n"
					 "n1 = fd00::1 STREAM n1 10.0.0.9 STREAM 10.0.0.8 RAW\n",
					 a);
	assert_int_equal(b.unresolved_count, 1);
	assert_string_equal(b.unresolved[0], "n10");
	assert_string_equal(facts_address(&b, "n1"), "10.0.0.9");
	assert_null(facts_address(&b, "n10"));
	assert_null(facts_address(&b, "c1"));
	assert_null(facts_address(&b, "evil"));
}

/* Where all are found, each is the next block of what getent prints, whatever it calls them; more blocks are nobody's. */
static void names_that_were_all_found_come_in_their_order(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct facts_beside b = resolved("10.0.0.1 RAW\n"
					 "fd00::1         STREAM n1.example.org\nfd00::1         DGRAM  \n"
					 "10.0.0.9        STREAM \n10.0.0.8        RAW    \n"
					 "x STREAM c1\n"
					 "fd00::2 STREAM c1\n"
					 "10.0.0.5 STREAM evil\n10.0.0.6 RAW",
					 a);
	assert_int_equal(b.unresolved_count, 0);
	assert_string_equal(facts_address(&b, "n1"), "10.0.0.9");
	assert_null(facts_address(&b, "n10"));
	assert_string_equal(facts_address(&b, "c1"), "fd00::2");
}

static void claims_are_held_against_what_was_measured(void **state)
{
	(void)state;
	static const struct {
		const char *more;
		bool told;
	} cases[] = {
	    {"slurm: { DefMemPerNode: 900000 }\n", true},
	    {"slurm: { DefMemPerNode: 100 }\n", false},
	    {"slurm: { DefMemPerNode: 2000, MaxMemPerNode: 1000 }\n", true},
	    {"slurm: { DefMemPerCPU: 900000 }\n", true},
	    {"classes: [{ name: all, MemSpecLimit: 900000 }]\n", true},
	    {"classes: [{ name: all, MemSpecLimit: 100 }]\n", false},
	    {"classes: [{ name: all, CoreSpecCount: 64 }]\n", true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = xasprintf("%s%s", world_yaml, cases[i].more);
		struct world *w = world_new(text);
		free(text);
		size_t count;
		world_resolve(w);
		told(w, "claim", &count);
		if ((count > 0) != cases[i].told)
			fail_msg("case %zu: %s", i, cases[i].more);
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parameters_name_what_their_readers_need),
	    cmocka_unit_test(topology_yaml_silences_the_network),
	    cmocka_unit_test(what_one_node_lacks_is_that_nodes),
	    cmocka_unit_test(what_all_nodes_lack_stops_the_run),
	    cmocka_unit_test(a_controller_needs_its_own),
	    cmocka_unit_test(what_everybody_may_write_is_a_warning),
	    cmocka_unit_test(names_are_looked_up_where_they_are_read),
	    cmocka_unit_test(only_names_that_were_asked_for_are_believed),
	    cmocka_unit_test(names_that_were_all_found_come_in_their_order),
	    cmocka_unit_test(claims_are_held_against_what_was_measured),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
