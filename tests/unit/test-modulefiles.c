/* The module modulefiles: what is written for what is there, and what goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "modules/modulefiles/modulefiles.h"
#include "ward.h"

#define SUM "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define ARCHIVE "archive: 'https://example.org/x-{deb_arch}.tgz', sha256: { amd64: " SUM " }"

static struct world *world_of(const char *software)
{
	char *text = xasprintf("%smodulefiles:\nsoftware: %s\n", world_yaml, software);
	struct world *w = world_new(text);
	free(text);
	world_resolve(w);
	return w;
}

static const char *text_of(struct world *w, size_t host, const char *path)
{
	const struct catalog *c = modules_compile(w->cluster, host, w->arena);
	const struct resource *r = catalog_find(c, arena_printf(w->arena, "file:%s", path));
	return r ? r->file.content : "(none)";
}

static void it_says_what_the_software_is(void **state)
{
	(void)state;
	struct world *w =
	    world_of("{ x: { version: '1.2', " ARCHIVE ", module: { name: Tool, family: tools, conflict: [other], "
		     "prerequisites: [gcc/12], paths: { PATH: [bin, sbin], MANPATH: /usr/share/man }, "
		     "env: { X_HOME: '', X_LIB: lib } } } }");
	assert_string_equal(
	    text_of(w, 1, "/etc/lmod/modules/Tool/1.2.lua"),
	    "-- Written by reeve.\n"
	    "help([==[x, version 1.2]==])\n"
	    "whatis(\"Name: Tool\")\n"
	    "whatis(\"Version: 1.2\")\n"
	    "whatis(\"Description: x\")\n"
	    "family(\"tools\")\n"
	    "conflict(\"other\")\n"
	    "depends_on(\"gcc/12\")\n"
	    "local root = \"/opt/software/x/1.2/x86_64\"\n"
	    "if mode() == \"load\" and not isDir(root) then\n"
	    "  LmodError(root .. \" is not there: is it being installed, or its file system not mounted?\")\n"
	    "end\n"
	    "prepend_path(\"PATH\", pathJoin(root, \"sbin\"))\n"
	    "prepend_path(\"PATH\", pathJoin(root, \"bin\"))\n"
	    "prepend_path(\"MANPATH\", \"/usr/share/man\")\n"
	    "setenv(\"X_HOME\", root)\n"
	    "setenv(\"X_LIB\", pathJoin(root, \"lib\"))\n");
	assert_string_equal(text_of(w, 1, "/var/lib/reeve/modulefiles"), "/etc/lmod/modules/Tool/1.2.lua\n");
	world_free(w);
}

/* A host of another architecture, one that is not meant, and a package whose version is not known have none. */
static void only_what_is_there_has_one(void **state)
{
	(void)state;
	struct world *w = world_of("{ x: { version: '1', " ARCHIVE ", on: 'n1,n2' }, gcc: { apt: gcc-12 } }");
	w->facts[2].arch = "aarch64";
	struct err err = {0};
	json_t *answers = json_pack("{s:{s:{s:s}}}", "software.packages", "versions", "gcc-12", "12.2.0-14");
	assert_int_equal(modules_take(answers, w->arena, &w->facts[0].own, &err), 0);
	json_decref(answers);
	world_resolve(w);
	assert_string_equal(text_of(w, 0, "/var/lib/reeve/modulefiles"), "/etc/lmod/modules/gcc/12.2.0.lua\n");
	assert_null(strstr(text_of(w, 0, "/etc/lmod/modules/gcc/12.2.0.lua"), "root"));
	assert_string_equal(text_of(w, 1, "/var/lib/reeve/modulefiles"), "/etc/lmod/modules/x/1.lua\n");
	assert_string_equal(text_of(w, 2, "/var/lib/reeve/modulefiles"), "");
	world_free(w);
}

static void a_default_is_a_link_and_versions_stand_side_by_side(void **state)
{
	(void)state;
	struct world *w =
	    world_of("{ x: [ { version: '1', " ARCHIVE " }, { version: '2', " ARCHIVE ", default: true } ] }");
	const struct resource *link =
	    catalog_find(modules_compile(w->cluster, 1, w->arena), "link:/etc/lmod/modules/x/default");
	assert_string_equal(link->link.target, "2.lua");
	assert_string_equal(text_of(w, 1, "/var/lib/reeve/modulefiles"),
			    "/etc/lmod/modules/x/1.lua\n/etc/lmod/modules/x/2.lua\n/etc/lmod/modules/x/default\n");
	world_free(w);
}

static void what_is_built_for_another_is_below_it(void **state)
{
	(void)state;
	struct world *w = world_of(
	    "{ mpi: [ { version: '4', " ARCHIVE " }, { version: '5', " ARCHIVE " } ], hdf5: { version: '1', " ARCHIVE
	    ", module: { under: mpi/5 } }, fftw: { version: '3', " ARCHIVE ", module: { under: mpi } } }");
	const char *tree = "prepend_path(\"MODULEPATH\", \"/etc/lmod/under/mpi/5\")\n";
	assert_non_null(strstr(text_of(w, 1, "/etc/lmod/modules/mpi/5.lua"), tree));
	assert_null(strstr(text_of(w, 1, "/etc/lmod/modules/mpi/4.lua"), tree));
	assert_non_null(strstr(text_of(w, 1, "/etc/lmod/modules/mpi/4.lua"),
			       "prepend_path(\"MODULEPATH\", \"/etc/lmod/under/mpi\")\n"));
	assert_non_null(strstr(text_of(w, 1, "/etc/lmod/under/mpi/5/hdf5/1.lua"), "hdf5, version 1"));
	assert_non_null(strstr(text_of(w, 1, "/etc/lmod/under/mpi/fftw/3.lua"), "fftw, version 3"));
	world_free(w);
}

static void what_is_not_wanted_any_more_goes_and_nothing_else(void **state)
{
	(void)state;
	struct world *w = world_of("{ x: { version: '2', " ARCHIVE " } }");
	struct err err = {0};
	json_t *answers = json_pack("{s:{s:s}}", "modulefiles.list", "text",
				    "/etc/lmod/modules/x/1.lua\n/etc/lmod/modules/x/2.lua\n/etc/passwd\n"
				    "/etc/lmod/modules/../../passwd\n");
	assert_int_equal(modules_take(answers, w->arena, &w->facts[1].own, &err), 0);
	json_decref(answers);
	world_resolve(w);
	const struct catalog *c = modules_compile(w->cluster, 1, w->arena);
	assert_non_null(catalog_find(c, "absent:/etc/lmod/modules/x/1.lua"));
	for (size_t i = 0, absent = 0; i < c->len; i++)
		if (c->items[i].type == RESOURCE_ABSENT && streq(c->items[i].module, "modulefiles"))
			assert_int_equal(++absent, 1);
	world_free(w);
}

static void each_is_loaded_by_a_job(void **state)
{
	(void)state;
	struct world *w = world_of("{ x: { version: '2', " ARCHIVE " } }");
	const bool present[HOSTS] = {true, true, true};
	const struct verify_context v = {
	    .cluster = w->cluster, .present = present, .idle = present, .job_name = "reeve-1"};
	struct checks checks = {.arena = w->arena};
	const char *const names[] = {"n1", "n2", NULL};
	const struct job_set set = {
	    .partition = w->inv->partitions, .label = "work", .names = names, .hostlist = "n[1-2]", .count = 2};
	modulefiles_prove(&v, &set, &checks);
	assert_int_equal(checks.len, 1);
	const struct check *c = &checks.items[0];
	size_t n = 0;
	while (c->argv[n])
		n++;
	assert_string_equal(c->argv[n - 1], "x/2");
	const char *why = NULL;
	assert_int_equal(c->judge(c, &(struct check_answer){0, "", ""}, w->arena, &why), CHECK_HOLDS);
	assert_int_equal(c->judge(c, &(struct check_answer){1, "module: n1: no such\n", "srun: error"}, w->arena, &why),
			 CHECK_FAILED);
	assert_string_equal(why, "n1: no such");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_says_what_the_software_is),
	    cmocka_unit_test(only_what_is_there_has_one),
	    cmocka_unit_test(a_default_is_a_link_and_versions_stand_side_by_side),
	    cmocka_unit_test(what_is_built_for_another_is_below_it),
	    cmocka_unit_test(what_is_not_wanted_any_more_goes_and_nothing_else),
	    cmocka_unit_test(each_is_loaded_by_a_job),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
