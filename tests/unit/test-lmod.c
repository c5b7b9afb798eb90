/* The module lmod: what is read, and what each host gets of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/lmod/lmod.h"
#include "world.h"

/* What the host gets of that id: its content, "" where it has none; NULL: it does not get it. */
static const char *content_of(const struct world *w, size_t host, const char *id)
{
	const struct resource *r = catalog_find(modules_compile(w->cluster, host, w->arena), id);
	if (!r)
		return NULL;
	return r->type == RESOURCE_FILE ? arena_strndup(w->arena, r->file.content, r->file.size) : "";
}

static void what_cannot_be_is_found_in_the_file(void **state)
{
	(void)state;
	static const struct {
		const char *lmod, *faults;
	} cases[] = {
	    {"{ modulepath: [/srv/m, '/srv/{arch}/x-{deb_arch}'], load: [gcc/12.2, OpenMPI], cache: /srv/c }", ""},
	    {"{ modulepath: '/srv/{host}' }",
	     "109 modulepath '/srv/{host}' has other bytes than letters, digits and /._+@~-"},
	    {"{ modulepath: srv/m }", "109 modulepath 'srv/m' is not absolute"},
	    {"{ load: ['a\") os.execute(\"'] }", "1101 'a\") os.execute(\"' is not the name of a module"},
	    {"{ load: [-v, gcc] }", "1101 '-v' is not the name of a module"},
	    {"{ cache: '/srv/{arch}' }", "109 cache '/srv/{arch}' has other bytes than letters, digits and /._+@~-"},
	    {"{ shells: [zsh] }", "102 unknown key 'shells' in lmod"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(world_faults(arena_printf(a, "lmod: %s\n", cases[i].lmod), a), cases[i].faults);
}

static void a_tree_is_that_of_the_hosts_architecture(void **state)
{
	(void)state;
	struct world *w =
	    world_more("lmod: { modulepath: [/srv/m, '/srv/{arch}/x-{deb_arch}'], load: [gcc/12.2, b] }\n");
	w->facts[2].arch = "aarch64";
	world_resolve(w);
	assert_non_null(
	    strstr(content_of(w, 1, "file:/etc/lmod/modulespath"), "\n/srv/m\n/srv/x86_64/x-amd64\n/etc/lmod"));
	assert_non_null(
	    strstr(content_of(w, 2, "file:/etc/lmod/modulespath"), "\n/srv/m\n/srv/aarch64/x-arm64\n/etc/lmod"));
	assert_non_null(
	    strstr(content_of(w, 1, "file:/etc/lmod/modules/StdEnv.lua"), "\nload(\"gcc/12.2\")\nload(\"b\")\n"));
	assert_non_null(content_of(w, 1, "block:/etc/zsh/zshenv"));
	assert_non_null(content_of(w, 1, "absent:/etc/lmod/reeve-cache.lua"));
	world_free(w);
}

/* The first controller that has the module; else the first host. All trees are in it, and no host that is away changes that. */
static void one_host_builds_the_cache(void **state)
{
	(void)state;
	static const char unit[] = "file:/etc/systemd/system/" LMOD_CACHE_UNIT;
	struct world *w =
	    world_more("lmod: { modulepath: ['/srv/{arch}', /srv/m], cache: /srv/c }\n"
		       "classes: [ { name: big, when: 'cpus >= 8', lmod: { modulepath: [/srv/big, /srv/m] } } ]\n");
	world_resolve(w);
	assert_int_equal(lmod_builder(w->cluster), 0);
	assert_non_null(strstr(content_of(w, 0, unit),
			       "/usr/local/libexec/reeve-lmod-cache /srv/c /srv/x86_64 /srv/aarch64 "
			       "/srv/m /srv/big\nReadWritePaths=/srv/c\n"));
	for (size_t i = 0; i < HOSTS; i++) {
		assert_true(!content_of(w, i, unit) == (i != 0));
		assert_true(!content_of(w, i, "directory:/srv/c") == (i != 0));
		assert_non_null(strstr(content_of(w, i, "file:/etc/lmod/reeve-cache.lua"), "\"/srv/c/timestamp\""));
	}
	world_free(w);
	w = world_more("lmod: { cache: /srv/c }\nclasses: [ { name: head, when: controller, lmod: false } ]\n");
	world_resolve(w);
	assert_int_equal(lmod_builder(w->cluster), 1);
	world_free(w);
	w = world_more("lmod:\n");
	world_resolve(w);
	assert_int_equal(lmod_builder(w->cluster), SIZE_MAX);
	world_free(w);
}

/* Takes the reference. */
static void tell(struct world *w, size_t host, json_t *answers)
{
	struct err err = {0};
	assert_int_equal(modules_take(answers, w->arena, &w->facts[host].own, &err), 0);
	json_decref(answers);
}

static void tell_that_nothing_is_mounted(struct world *w)
{
	for (size_t i = 0; i < HOSTS; i++)
		tell(w, i, json_pack("{s:{s:i}}", "storage.list", "errno", 2));
}

/* Root of the controllers is root on a mount unless the file says otherwise; of its server it always is. */
static void who_builds_the_cache_is_root_where_it_lies(void **state)
{
	(void)state;
	static const struct {
		const char *server, *root;
		size_t builder;
	} cases[] = {
	    {"10.9.9.9", "", 0},           {"n2", "", 0}, {"n2", ", root: n1", 1}, {"n1", ", root: n2", 1},
	    {"10.9.9.9", ", root: n2", 0}, {"c1", "", 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = xasprintf("storage: { nfs: [ { server: %s, export: /srv/x, mount: /mnt/x%s } ] }\n"
				       "lmod: { cache: /mnt/x/cache }\n",
				       cases[i].server, cases[i].root);
		struct world *w = world_more(text);
		free(text);
		tell_that_nothing_is_mounted(w);
		world_resolve(w);
		assert_int_equal(lmod_builder(w->cluster), cases[i].builder);
		assert_false(world_has(&w->cluster->findings, "lmod-cache"));
		world_free(w);
	}
}

static void a_cache_that_nobody_can_make_is_said(void **state)
{
	(void)state;
	struct world *w = world_more(
	    "storage: { nfs: [ { server: n2, export: /srv/x, mount: /mnt/x, root: n2 } ] }\n"
	    "classes: [ { name: big, when: 'not controller', lmod: false } ]\nlmod: { cache: /mnt/x/cache }\n");
	tell_that_nothing_is_mounted(w);
	world_resolve(w);
	assert_int_equal(lmod_builder(w->cluster), SIZE_MAX);
	assert_true(world_has(&w->cluster->findings, "lmod-cache"));
	assert_null(content_of(w, 0, "directory:/mnt/x/cache"));
	world_free(w);
}

/* What a builder made, its trees in it, may be of another number: it becomes the new one's. What somebody else made does not. */
static void a_cache_changes_hands_from_builder_to_builder(void **state)
{
	(void)state;
	static const struct {
		int uid, trees;
		bool ours;
	} cases[] = {{998, 998, true}, {998, 0, false}, {0, 0, false}, {998, 997, false}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_more("lmod: { cache: /srv/c }\n");
		tell(w, 0,
		     json_pack("{s:{s:s, s:i}, s:{s:s, s:i}}", "lmod.cache", "type", "directory", "uid", cases[i].uid,
			       "lmod.trees", "type", "file", "uid", cases[i].trees));
		world_resolve(w);
		const struct resource *r = catalog_find(modules_compile(w->cluster, 0, w->arena), "directory:/srv/c");
		assert_int_equal(r->directory.ours, cases[i].ours);
		world_free(w);
	}
}

/* By another that does, or when there is to be no cache any more. One that never did is asked nothing of systemd. */
static void who_built_the_cache_does_no_more(void **state)
{
	(void)state;
	static const char timer[] = "service:" LMOD_CACHE_TIMER;
	static const char *const files[] = {"absent:" LMOD_UNITS LMOD_CACHE_TIMER, "absent:" LMOD_UNITS LMOD_CACHE_UNIT,
					    "absent:/usr/local/libexec/reeve-lmod-cache"};
	for (int none = 0; none < 2; none++) {
		struct world *w = world_more(none ? "lmod:\n" : "lmod: { cache: /srv/c }\n");
		tell(w, 0, json_pack("{s:{s:s}}", "lmod.timer", "type", "file"));
		tell(w, 1, json_pack("{s:{s:s}}", "lmod.timer", "type", "file"));
		tell(w, 2, json_pack("{s:{s:i}}", "lmod.timer", "errno", 2));
		world_resolve(w);
		for (size_t host = 0; host < HOSTS; host++) {
			const struct resource *r = catalog_find(modules_compile(w->cluster, host, w->arena), timer);
			bool builds = !none && host == 0;
			assert_true(!r == (host == 2));
			if (r)
				assert_true(r->service.running == builds && r->service.enabled == builds);
			for (size_t i = 0; i < ARRAY_LEN(files); i++)
				assert_true(!content_of(w, host, files[i]) == (builds || host == 2));
		}
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_cannot_be_is_found_in_the_file),
	    cmocka_unit_test(a_tree_is_that_of_the_hosts_architecture),
	    cmocka_unit_test(one_host_builds_the_cache),
	    cmocka_unit_test(who_builds_the_cache_is_root_where_it_lies),
	    cmocka_unit_test(a_cache_that_nobody_can_make_is_said),
	    cmocka_unit_test(a_cache_changes_hands_from_builder_to_builder),
	    cmocka_unit_test(who_built_the_cache_does_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
