/* The module software: what is read, what a recipe gives, who makes what, and what is removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/software/software.h"
#include "ward.h"

#define SUM "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define TOOLS \
	"tools: { version: '2.1', archive: 'https://example.org/tools-{version}.tar.xz', strip: 1, sha256: " SUM " }"

static struct world *world_of(const char *software)
{
	char *text = xasprintf("%ssoftware: %s\n", world_yaml, software);
	struct world *w = world_new(text);
	free(text);
	world_resolve(w);
	return w;
}

static void what_cannot_be_is_found_in_the_file(void **state)
{
	(void)state;
	static const struct {
		const char *software, *faults;
	} cases[] = {
	    {"", ""},
	    {"{ " TOOLS " }", ""},
	    {"{ gcc: { apt: gcc-12 } }", ""},
	    {"{ golang: }", ""},
	    {"[ gcc ]", "101 'software' should be a map of names, this is a list"},
	    {"{ gcc: { apt: -gcc } }", "1206 'apt' of gcc: '-gcc' is not the name of a package"},
	    {"{ -gcc: { apt: gcc } }", "1206 '-gcc' cannot be the name of software: letters, digits and ._+- in it"},
	    {"{ gcc: 12 }", "101 'gcc' should be a map"},
	    {"{ nothing: }", "1201 nothing: nothing says where it comes from, and there is no recipe of this name"},
	    {"{ x: { apt: gcc, archive: 'https://example.org/x' } }",
	     "1201 x says more than once where it comes from: one of apt, deb, archive, installer, source and image"},
	    {"{ x: { archive: 'https://example.org/x.tar' } }", "103 x has no 'version'"},
	    {"{ x: { version: 1.10, archive: 'https://example.org/x.tar' } }",
	     "110 'version' of x is a number here, and versions are texts: as a number 22.10 is 22.1"},
	    {"{ x: { version: 'a:1', archive: 'https://example.org/x.tar' } }",
	     "1206 'version' of x: 'a:1' cannot be the name of a directory"},
	    {"{ x: { version: '1', archive: 'https://example.org/x.tar' } }", "1204 x 1 has no SHA-256"},
	    {"{ x: { version: '1', archive: 'https://example.org/x.tar', sha256: abc } }",
	     "1204 'sha256' of x: 'abc' is not a SHA-256: 64 digits 0-9 and a-f"},
	    {"{ x: { version: '1', archive: 'https://example.org/{deb_arch}.tar', sha256: " SUM " } }",
	     "1204 x 1 has no SHA-256"},
	    {"{ x: { version: '1', archive: 'gopher://x/x.tar', sha256: " SUM " } }",
	     "1203 'archive' of x: 'gopher://x/x.tar' is not a URL of http or https and not the name of a file"},
	    {"{ x: { version: '1', archive: 'https://example.org/{os}.tar', sha256: " SUM " } }",
	     "1203 'archive' of x: 'https://example.org/{os}.tar' is not a URL of http or https and not the name of a "
	     "file"},
	    {"{ x: { version: '1', archive: no-such.tar } }", "1204 x 1 has no SHA-256"},
	    {"{ x: { version: '1', archive: no-such.tar, sha256: " SUM " } }",
	     "1205 'archive' of x: the file no-such.tar does not exist"},
	    {"{ x: { version: '1', source: 'https://example.org/x.tar', sha256: " SUM " } }", "103 x has no 'steps'"},
	    {"{ x: { version: '1', deb: 'https://example.org/x.deb', sha256: " SUM " } }",
	     "1206 'deb' of x: the name of the file 'x.deb' is not that of a package, NAME_VERSION_ARCH.deb"},
	    {"{ x: { apt: gcc, steps: make } }", "101 'steps' of x: a package of the nodes has none"},
	    {"{ x: { recipe: golnag } }", "1202 there is no recipe 'golnag'"},
	    {"{ golang: { version: '0.1' } }", "1204 golang: its recipe has no SHA-256 for version 0.1"},
	    {"{ files: /no/such/directory }",
	     "1205 'files' of 'software': the directory /no/such/directory does not exist"},
	    {"{ prefix: /usr/lib }", "109 'prefix' of 'software': /usr/lib is under /usr/lib, the system's"},
	    {"{ x: [ { apt: gcc }, { apt: gdb } ] }", "1207 x of the distribution is there twice"},
	    {"{ x: { apt: gcc, module: { paths: { 'A B': [bin] } } } }",
	     "1206 'paths' of the module of x: 'A B' is not a variable with a path for its value"},
	    {"{ x: { apt: gcc, module: { paths: { PATH: ['../x'] } } } }",
	     "1206 'paths' of the module of x: 'PATH' is not a variable with a path for its value"},
	    {"{ x: { apt: gcc, module: { name: 'a\") os.exit(\"' } } }",
	     "101 'name' of x should be a text on one line without quotes and backslashes, or a list of such"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(world_faults(arena_printf(a, "software: %s\n", cases[i].software), a),
				    cases[i].faults);
	assert_string_equal(world_faults("classes: [ { name: odd, software: { gcc: } } ]\n", a),
			    "1208 'software' of a class is true or false: each entry says who has it");
}

/* "ID@stage ..." of what the module wants on a host. */
static const char *wanted(struct world *w, size_t host)
{
	const struct catalog *c = modules_compile(w->cluster, host, w->arena);
	const char *all = "";
	for (size_t i = 0; i < c->len; i++)
		if (streq(c->items[i].module, "software"))
			all = arena_printf(w->arena, "%s%s%s@%s", all, *all ? " " : "", c->items[i].id,
					   stage_name(c->items[i].stage));
	return all;
}

static void where_nothing_is_shared_each_host_makes_its_own(void **state)
{
	(void)state;
	struct world *w = world_of("{ " TOOLS ", gcc: { apt: [gcc-12, gdb], on: n1 } }");
	assert_string_equal(wanted(w, 1), "group:software@prepare user:software@prepare directory:/opt/software@auth "
					  "packages:curl@prepare product:/opt/software/tools/2.1@services "
					  "packages:gcc-12@prepare spool:software@prepare");
	assert_null(strstr(wanted(w, 0), "gcc-12"));
	const struct resource *r =
	    catalog_find(modules_compile(w->cluster, 0, w->arena), "product:/opt/software/tools/2.1");
	assert_non_null(r);
	assert_string_equal(r->product.user, "software");
	assert_int_equal(r->product.source_count, 1);
	assert_string_equal(r->product.sources->name, "tools-2.1.tar.xz");
	assert_string_equal(r->product.sources->urls[0], "https://example.org/tools-2.1.tar.xz");
	assert_int_equal(r->product.sources->unpack, SOURCE_INTO_PREFIX);
	assert_int_equal(r->product.sources->strip, 1);
	assert_true(str_starts(r->product.path, "/opt/software/tools/.2.1-"));
	assert_null(r->product.script);
	assert_true(r->origin.line > 0);
	assert_true(r->alone);
	assert_string_equal(r->needs, "packages:curl");
	const struct resource *spool = catalog_find(modules_compile(w->cluster, 0, w->arena), "spool:software");
	assert_string_equal(spool->spool.keep[0], SUM);
	assert_null(spool->spool.keep[1]);
	assert_string_equal(spool->spool.products[0], r->product.path);
	assert_null(spool->spool.products[1]);
	world_free(w);
}

static void where_it_is_shared_one_host_makes_it(void **state)
{
	(void)state;
	struct world *w = world_of("{ prefix: /mnt/apps, shared: true, " TOOLS
				   ", x: { version: '1', source: 'https://example.org/x.tgz', sha256: " SUM
				   ", steps: make, job: true, build_packages: [make] } }");
	assert_non_null(strstr(wanted(w, 0), "directory:/mnt/apps@auth"));
	assert_non_null(strstr(wanted(w, 0), "product:/mnt/apps/tools/2.1@services"));
	assert_null(strstr(wanted(w, 0), "product:/mnt/apps/x/1"));
	assert_string_equal(wanted(w, 1), "group:software@prepare user:software@prepare packages:make@prepare "
					  "product:/mnt/apps/x/1/x86_64@services spool:software@prepare");
	assert_string_equal(wanted(w, 2), "group:software@prepare user:software@prepare spool:software@prepare");
	const struct resource *r =
	    catalog_find(modules_compile(w->cluster, 1, w->arena), "product:/mnt/apps/x/1/x86_64");
	assert_string_equal(r->product.run[0], "srun");
	assert_string_equal(r->product.run[2], "--partition=work");
	assert_string_equal(r->product.run[3], "--nodelist=n1");
	assert_non_null(strstr(r->product.script, "\nmake\n"));
	assert_int_equal(r->product.sources->unpack, SOURCE_INTO_BUILD);
	/* The next of its architecture where the first is away. */
	w->given[1] = NULL;
	w->unreached[1] = "no route to host";
	world_resolve(w);
	assert_non_null(strstr(wanted(w, 2), "product:/mnt/apps/x/1/x86_64"));
	world_free(w);
}

/* Where the controllers' root is nobody on the server, another host makes the directory, and they still unpack. */
static void the_prefix_is_made_where_root_is_root(void **state)
{
	(void)state;
	struct world *w =
	    world_of("{ prefix: /mnt/apps, " TOOLS
		     " }\nstorage: { nfs: [ { server: n1, export: /disk, mount: /mnt/apps, root: n2 } ] }");
	for (size_t i = 0; i < 3; i++) {
		struct err err = {0};
		json_t *answers = json_pack("{s:{s:i}}", "storage.list", "errno", 2);
		assert_int_equal(modules_take(answers, w->arena, &w->facts[i].own, &err), 0);
		json_decref(answers);
	}
	world_resolve(w);
	assert_null(strstr(wanted(w, 0), "directory:/mnt/apps@auth"));
	assert_non_null(strstr(wanted(w, 0), "product:/mnt/apps/tools/2.1@services"));
	assert_non_null(strstr(wanted(w, 1), "directory:/mnt/apps@auth"));
	assert_null(strstr(wanted(w, 2), "directory:/mnt/apps@auth"));
	world_free(w);
}

static void an_architecture_has_its_own(void **state)
{
	(void)state;
	struct world *w = world_of("{ prefix: /mnt/apps, shared: true, x: { version: '1', archive: "
				   "'https://example.org/x-{deb_arch}-{upstream_arch}.tgz', archs: { aarch64: arm }, "
				   "sha256: { arm64: " SUM " } } }");
	w->facts[2].arch = "aarch64";
	world_resolve(w);
	const struct resource *r =
	    catalog_find(modules_compile(w->cluster, 0, w->arena), "product:/mnt/apps/x/1/aarch64");
	assert_string_equal(r->product.sources->urls[0], "https://example.org/x-arm64-arm.tgz");
	assert_null(strstr(wanted(w, 0), "x86_64"));
	assert_true(world_has(&w->cluster->findings, "software-arch"));
	world_free(w);
}

static void a_package_from_elsewhere_is_on_the_hosts(void **state)
{
	(void)state;
	struct world *w = world_of(
	    "{ x: { version: '1.5', deb: 'https://example.org/tool-x_{version}_{deb_arch}.deb', sha256: { amd64: " SUM
	    " }, on: n1 } }");
	assert_string_equal(wanted(w, 0), "spool:software@prepare");
	assert_string_equal(wanted(w, 1), "packages:curl@prepare packages:tool-x@prepare spool:software@prepare");
	const struct resource *r = catalog_find(modules_compile(w->cluster, 1, w->arena), "packages:tool-x");
	assert_string_equal(r->packages.items->version, "1.5");
	assert_string_equal(r->packages.items->deb->urls[0], "https://example.org/tool-x_1.5_amd64.deb");
	world_free(w);
}

/* Only what it is made of tells one from another. */
static void a_product_is_what_it_is_made_of(void **state)
{
	(void)state;
	static const char *const same[] = {"", ", on: all", ", mirrors: 'https://example.net/y.tgz'", ", timeout: 60"};
	static const char *const other[] = {", strip: 2", ", steps: 'rm -r \"$PREFIX\"/doc'"};
	const char *first = NULL;
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(same) + ARRAY_LEN(other); i++) {
		const char *more = i < ARRAY_LEN(same) ? same[i] : other[i - ARRAY_LEN(same)];
		struct world *w = world_of(arena_printf(
		    a, "{ x: { version: '1', archive: 'https://example.org/x.tgz', sha256: " SUM "%s } }", more));
		const char *path = arena_strdup(
		    a,
		    catalog_find(modules_compile(w->cluster, 0, w->arena), "product:/opt/software/x/1")->product.path);
		first = first ? first : path;
		assert_int_equal(streq(path, first), i < ARRAY_LEN(same));
		world_free(w);
	}
}

/* An entry says what its recipe does not; one from elsewhere takes nothing of it. */
static void a_recipe_gives_what_is_not_written(void **state)
{
	(void)state;
	struct world *w = world_of("{ golang: , go: { recipe: golang }, gcc: { apt: gcc-12 } }");
	const struct software *s = software_of(w->cluster);
	assert_int_equal(s->count, 3);
	assert_string_equal(s->items[0].module.name, "Golang");
	assert_string_equal(s->items[1].name, "go");
	assert_string_equal(s->items[0].version, s->items[1].version);
	assert_non_null(s->items[0].files[0].name);
	assert_non_null(s->items[0].check);
	assert_string_equal(s->items[2].module.name, "gcc");
	world_free(w);
	w = world_of("{ golang: { apt: golang-go } }");
	assert_int_equal(software_of(w->cluster)->items[0].kind, SOFTWARE_APT);
	assert_null(software_of(w->cluster)->items[0].check);
	world_free(w);
}

/* All that the program brings can be read. */
static void every_recipe_is_good(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	for (const struct software_recipe *r = software_recipes; r->name; r++)
		assert_string_equal(world_faults(arena_printf(a, "software: { %s: }\n", r->name), a), "");
}

static void tell(struct world *w, size_t host, const char *users)
{
	struct err err = {0};
	json_t *answers = json_pack("{s:{s:s}}", "software.users", "out", users);
	assert_int_equal(modules_take(answers, w->arena, &w->facts[host].own, &err), 0);
	json_decref(answers);
}

static void what_is_in_use_stays(void **state)
{
	(void)state;
	static const char gone[] = "{ prefix: /mnt/apps, shared: true, x: { version: '1', absent: true, archive: "
				   "'https://example.org/x.tgz' } }";
	struct world *w = world_of(gone);
	const struct resource *r = catalog_find(modules_compile(w->cluster, 0, w->arena), "product:/mnt/apps/x/1");
	assert_true(r->product.gone);
	assert_string_equal(r->product.path, "/mnt/apps/x/.1-000000000000");
	tell(w, 2, "0 812 alice 42\n7 1 root -\nnonsense\n");
	world_resolve(w);
	assert_null(catalog_find(modules_compile(w->cluster, 0, w->arena), "product:/mnt/apps/x/1"));
	assert_true(world_has(&w->cluster->findings, "software-in-use"));
	assert_string_equal(w->cluster->findings.items[0].what,
			    "x 1 is not removed: process 812 (alice, job 42) uses it");
	world_free(w);
}

/* What is not installed yet has the version that apt would install; what is, its own. */
static void a_package_has_the_version_that_the_host_has(void **state)
{
	(void)state;
	struct world *w =
	    world_of("{ gcc: { apt: gcc-12 }, mpi: { apt: [openmpi-bin, libopenmpi-dev] }, x: { apt: x, on: n2 } }");
	struct err err = {0};
	json_t *first = json_pack("{s:{s:{s:s}}}", "software.packages", "versions", "gcc-12", "4:12.2.0+x~1-14+b2");
	json_t *more = modules_ask_more(w->inv, &w->inv->hosts[1], first);
	assert_int_equal(json_array_size(more), 1);
	char *text = json_dumps(more, JSON_COMPACT);
	assert_non_null(strstr(text, "[\"apt-cache\",\"policy\",\"openmpi-bin\"]"));
	free(text);
	json_decref(more);
	json_object_set_new(first, "software.candidates",
			    json_pack("{s:s}", "out", "openmpi-bin:\n  Installed: (none)\n  Candidate: 4.1.4-3+b1\n"));
	assert_int_equal(modules_take(first, w->arena, &w->facts[1].own, &err), 0);
	json_decref(first);
	world_resolve(w);
	const struct software *s = software_of(w->cluster);
	assert_string_equal(software_version(w->cluster, 1, &s->items[0]), "12.2.0");
	assert_string_equal(software_version(w->cluster, 1, &s->items[1]), "4.1.4");
	assert_null(software_version(w->cluster, 2, &s->items[1]));
	world_free(w);
}

static void all_that_is_there_is_looked_at_and_run(void **state)
{
	(void)state;
	struct world *w = world_of("{ x: { version: '1', archive: 'https://example.org/x.tgz', sha256: " SUM
				   ", check: bin/x --version }, gcc: { apt: gcc, check: gcc --version } }");
	const bool present[HOSTS] = {true, true, true};
	const struct verify_context v = {
	    .cluster = w->cluster, .present = present, .idle = present, .job_name = "reeve-1"};
	struct checks checks = {.arena = w->arena};
	const char *why = NULL;
	software_verify(&v, &checks);
	assert_int_equal(checks.len, 1);
	const struct check *c = &checks.items[0];
	assert_string_equal(c->argv_of[1][4], "/opt/software/x/1");
	assert_int_equal(c->judge(c, &(struct check_answer){1, "/opt/software/x/1\n", ""}, w->arena, &why),
			 CHECK_FAILED);
	assert_string_equal(why, "/opt/software/x/1 does not exist");
	const char *const names[] = {"n1", "n2", NULL};
	const struct job_set set = {
	    .partition = w->inv->partitions, .label = "work", .names = names, .hostlist = "n[1-2]", .count = 2};
	software_prove(&v, &set, &checks);
	assert_int_equal(checks.len, 2);
	c = &checks.items[1];
	assert_int_equal(c->judge(c, &(struct check_answer){0, "", ""}, w->arena, &why), CHECK_HOLDS);
	assert_int_equal(
	    c->judge(c, &(struct check_answer){1, "software: x on n1: gone\n", "srun: error"}, w->arena, &why),
	    CHECK_FAILED);
	assert_string_equal(why, "x on n1: gone");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_cannot_be_is_found_in_the_file),
	    cmocka_unit_test(where_nothing_is_shared_each_host_makes_its_own),
	    cmocka_unit_test(where_it_is_shared_one_host_makes_it),
	    cmocka_unit_test(the_prefix_is_made_where_root_is_root),
	    cmocka_unit_test(an_architecture_has_its_own),
	    cmocka_unit_test(a_package_from_elsewhere_is_on_the_hosts),
	    cmocka_unit_test(a_product_is_what_it_is_made_of),
	    cmocka_unit_test(a_recipe_gives_what_is_not_written),
	    cmocka_unit_test(every_recipe_is_good),
	    cmocka_unit_test(what_is_in_use_stays),
	    cmocka_unit_test(a_package_has_the_version_that_the_host_has),
	    cmocka_unit_test(all_that_is_there_is_looked_at_and_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
