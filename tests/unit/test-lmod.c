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

static struct world *world_of(const char *more)
{
	char *text = xasprintf("%s%s", world_yaml, more);
	struct world *w = world_new(text);
	free(text);
	return w;
}

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
	struct world *w = world_of("lmod: { modulepath: [/srv/m, '/srv/{arch}/x-{deb_arch}'], load: [gcc/12.2, b] }\n");
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
	    world_of("lmod: { modulepath: ['/srv/{arch}', /srv/m], cache: /srv/c }\n"
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
	w = world_of("lmod: { cache: /srv/c }\nclasses: [ { name: head, when: controller, lmod: false } ]\n");
	world_resolve(w);
	assert_int_equal(lmod_builder(w->cluster), 1);
	world_free(w);
	w = world_of("lmod:\n");
	world_resolve(w);
	assert_int_equal(lmod_builder(w->cluster), SIZE_MAX);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_cannot_be_is_found_in_the_file),
	    cmocka_unit_test(a_tree_is_that_of_the_hosts_architecture),
	    cmocka_unit_test(one_host_builds_the_cache),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
