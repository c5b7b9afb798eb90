/* The parts of the lab that need no root: which apt sources are Debian's, which subnet the nodes lie in. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "lab/backend.h"
#include "lab/bridge.h"
#include "lab/cgroups.h"
#include "lab/fault.h"
#include "lab/image.h"
#include "lab/lab.h"
#include "lab/made.h"
#include "lab/place.h"
#include "lab/sources.h"

#define SIGNED "Signed-By: " SOURCES_KEYRING "\n\n"

static void expect_sources(const char *text, bool one_line, const char *suite, const char *want)
{
	_cleanup_free_ char *copy = xstrdup(text);
	_cleanup_strbuf_ struct strbuf out = {0};

	sources_take(copy, one_line, "bookworm", suite, &out);
	assert_string_equal(strbuf_str(&out), want);
}

static void test_sources_lines(void **state)
{
	(void)state;
	expect_sources(
	    "deb http://mirror.example/debian bookworm main contrib # ours\n"
	    "deb-src http://mirror.example/debian bookworm main\n"
	    "# deb http://other.example/debian bookworm main\n"
	    "deb [arch=amd64 signed-by=/usr/share/keyrings/docker.gpg] https://docs.example/linux bookworm main\n"
	    "deb https://apt.example/pg bookworm-pgdg main\n"
	    "deb cdrom:[Debian]/ bookworm main\n",
	    true, "bookworm",
	    "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main contrib\n" SIGNED);
}

static void test_sources_stanzas(void **state)
{
	const char *text =
	    "# a comment\n"
	    "Types: deb deb-src\n"
	    "URIs: http://mirror.example/debian\n"
	    "Suites: bookworm\n bookworm-updates\n"
	    "Components: main\n"
	    "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
	    "\n"
	    "Types: deb\nURIs: https://node.example/x\nSuites: nodistro\nComponents: main\n"
	    "\n"
	    "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\n"
	    "\n"
	    "Types: deb\nURIs: http://vendor.example/debian\nSuites: bookworm\nComponents: main\n"
	    "Signed-By: /usr/share/keyrings/vendor.gpg\n";
	(void)state;
	expect_sources(text, false, "bookworm",
		       "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\n"
		       "Components: main\n" SIGNED);
	expect_sources(text, false, "trixie",
		       "Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie trixie-updates\n"
		       "Components: main\n" SIGNED);
}

/* An entry for the wanted suite and one of the machine's own that becomes it are one entry. */
static void test_sources_once(void **state)
{
	(void)state;
	expect_sources("deb http://m/debian bookworm main\ndeb http://m/debian trixie main\n", true, "trixie",
		       "Types: deb\nURIs: http://m/debian\nSuites: trixie\nComponents: main\n" SIGNED);
}

static void expect_subnet(const char *const *addresses, size_t count, const char *net, const char *gateway)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct err err = {0};
	struct subnet s;

	assert_int_equal(subnet_of(addresses, count, &s, &err), 0);
	assert_string_equal(subnet_text(arena, &s), net);
	assert_string_equal(subnet_address(arena, s.gateway), gateway);
}

static void test_subnet(void **state)
{
	(void)state;
	expect_subnet((const char *const[]){"10.4.0.11", "10.4.0.19"}, 2, "10.4.0.0/24", "10.4.0.1");
	expect_subnet((const char *const[]){"10.4.0.1", "10.4.0.2"}, 2, "10.4.0.0/24", "10.4.0.3");
	expect_subnet((const char *const[]){"10.4.0.10", "10.5.0.1"}, 2, "10.4.0.0/15", "10.4.0.1");
	/* a last address of a network cannot be a node's */
	expect_subnet((const char *const[]){"10.4.0.255"}, 1, "10.4.0.0/23", "10.4.0.1");
	expect_subnet((const char *const[]){"10.4.1.0"}, 1, "10.4.0.0/23", "10.4.0.1");
}

static void test_subnet_errors(void **state)
{
	struct err err = {0};
	struct subnet s;
	(void)state;

	assert_int_equal(subnet_of(NULL, 0, &s, &err), -1);
	assert_int_equal(subnet_of((const char *const[]){"fd00::1"}, 1, &s, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_int_equal(subnet_of((const char *const[]){"10.0.0.1", "10.0.0.1"}, 2, &s, &err), -1);
	assert_int_equal(subnet_of((const char *const[]){"10.0.0.1", "192.168.0.1"}, 2, &s, &err), -1);
	assert_int_equal(subnet_parse("10.0.0.0/33", &s), -1);
	assert_int_equal(subnet_parse("10.0.0.0", &s), -1);
}

static int check_routes(const char *net, const char *table, struct err *err)
{
	_cleanup_free_ char *routes = xasprintf("Iface Destination Gateway Flags RefCnt Use Metric Mask\n%s", table);
	struct subnet s;

	assert_int_equal(subnet_parse(net, &s), 0);
	return subnet_check(&s, routes, "rv-mine", err);
}

static void test_subnet_routes(void **state)
{
	/* as /proc/net/route writes addresses: the bytes of the network in the machine's (little-endian) order */
	const char *table = "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
			    "eth0\t0000040A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
			    "rv-mine\t0000090A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
			    "rv-other\t0001080A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
	struct err err = {0};
	(void)state;

	assert_int_equal(check_routes("10.5.0.0/24", table, &err), 0);
	assert_int_equal(check_routes("10.9.0.0/24", table, &err), 0);
	assert_int_equal(check_routes("10.4.7.0/24", table, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	assert_non_null(strstr(err.text, "10.4.0.0/16 by eth0"));
	assert_int_equal(check_routes("10.8.0.0/16", table, &err), -1);
	assert_non_null(strstr(err.text, "10.8.1.0/24 by rv-other (another lab)"));
}

/* Bridges must not be longer than an interface's name, and different for clusters whose names begin alike. */
static void test_place(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct place a, b;
	struct err err = {0};
	(void)state;

	assert_int_equal(place_init(&a, arena, "golden-tooth-one", &err), 0);
	assert_int_equal(place_init(&b, arena, "golden-tooth-two", &err), 0);
	assert_true(strlen(a.bridge) < 16);
	assert_string_not_equal(a.bridge, b.bridge);
	assert_int_equal(place_init(&a, arena, "../etc", &err), -1);
	assert_int_equal(place_init(&a, arena, "", &err), -1);
	assert_null(lab_ssh_config(arena, "-x"));
}

static void test_fault_words(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	bool heal, other;
	(void)state;

	for (const struct fault *f = faults; f->name; f++) {
		assert_true(f->inject && f->heal && *f->help && *f->end_help);
		assert_ptr_equal(fault_named(f->name, &heal), f);
		assert_false(heal);
		assert_ptr_equal(fault_named(f->end_name, &other), f);
		assert_true(other);
		for (const char *const *b = f->backends; b && *b; b++)
			assert_non_null(backend_named(*b));
	}
	assert_null(fault_named("he", &heal));
	assert_string_equal(fault_words(arena), "stop, start, cut, heal");
}

static void test_faults_of_some_backends(void **state)
{
	static const char *const uml[] = {"uml", NULL};
	const struct fault some = {.name = "x", .backends = uml};
	(void)state;

	assert_true(fault_fits(&some, "uml"));
	assert_false(fault_fits(&some, "nspawn"));
	assert_true(fault_fits(&faults[0], "nspawn"));
}

static void a_machine_that_was_no_router_is_none(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	struct place p;
	assert_int_equal(place_init(&p, arena, "estate", NULL), 0);
	static const char drop[] = "iifname != \"rv-*\" oifname != \"rv-*\" drop;";
	assert_true(str_starts(p.bridge, "rv-"));
	assert_non_null(strstr(bridge_rules(&p, "10.4.0.0/24", true), drop));
	assert_null(strstr(bridge_rules(&p, "10.4.0.0/24", false), "drop"));
}

static void trees_of_other_systems_are_closed(void **state)
{
	(void)state;
	char dir[] = "/tmp/reeve-test-XXXXXX";
	struct stat st;
	assert_non_null(mkdtemp(dir));
	chmod(dir, 0755);
	_cleanup_free_ char *path = xasprintf("%s/a/labs", dir), *above = xasprintf("%s/a", dir);
	for (int i = 0; i < 2; i++) { /* made, and as an earlier release left it */
		assert_int_equal(place_private(path, NULL), 0);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
		chmod(path, 0755);
	}
	rmdir(path), rmdir(above), rmdir(dir);
}

/* The last lab that goes down removes the group that all labs share, in the middle of another's making its own. */
static void groups_are_made_beside_a_lab_that_goes(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct place ours, theirs;
	struct err err;
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(place_init(&ours, arena, "unitcomes", &err), 0);
	assert_int_equal(place_init(&theirs, arena, "unitgoes", &err), 0);
	pid_t other = fork();
	if (other == 0) {
		while (cgroups_remove(&theirs, NULL, &err) == 0)
			;
		_exit(1);
	}
	bool good = true;
	for (int i = 0; good && i < 40; i++) {
		int status;
		pid_t node = fork();
		if (node == 0) {
			if (cgroups_enter(&ours, "n1", 0, &err) == 0)
				_exit(0);
			fprintf(stderr, "%s\n", err.text);
			_exit(1);
		}
		good = waitpid(node, &status, 0) == node && status == 0 && cgroups_remove(&ours, NULL, &err) == 0;
	}
	/* before anything can fail: it would go on without us */
	bool beside = waitpid(other, NULL, WNOHANG) == 0;
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	assert_true(good);
	assert_true(beside);
}

static void memory_is_made_of_the_machines(void **state)
{
	(void)state;
	_cleanup_strbuf_ struct strbuf out = {0};
	made_meminfo("MemTotal:       24683620 kB\nMemFree:          869696 kB\nCached:          9000000 kB\n"
		     "SwapTotal:       4194304 kB\nActive(anon):         12 kB\nHugePages_Total:       3\n",
		     3797, &out);
	assert_string_equal(strbuf_str(&out),
			    "MemTotal:        3888128 kB\nMemFree:          869696 kB\nCached:          3888128 kB\n"
			    "SwapTotal:             0 kB\nActive(anon):         12 kB\nHugePages_Total:       3\n");
}

/* What starts in it decides about its control groups: by its package, not by others of a similar name. */
static void the_systemd_of_an_image_is_read(void **state)
{
	(void)state;
	static const struct {
		const char *status;
		unsigned version;
	} cases[] = {
	    {"Package: systemd-sysv\nVersion: 1\n\nPackage: systemd\nStatus: install ok installed\nVersion: "
	     "262~rc1-1\n\n"
	     "Package: tar\nVersion: 3\n",
	     262},
	    {"Package: a\nVersion: 1\n\nPackage: systemd\nVersion: 252.38-1~deb12u1\n", 252},
	    {"Package: a\nVersion: 1\n\nPackage: systemd\nStatus: x\n\nPackage: tar\nVersion: 300\n", 0},
	    {"Package: a\nVersion: 1\n", 0},
	};
	_cleanup_arena_ struct arena *arena = arena_new();
	char dir[] = "/tmp/reeve-images-XXXXXX";
	assert_non_null(mkdtemp(dir));
	const struct place p = {.arena = arena, .images = dir};
	struct err err = {0};
	const char *below = arena_printf(arena, "%s/one/tree/var/lib/dpkg", dir);
	assert_int_equal(image_systemd(&p, "one"), 0);
	assert_int_equal(dir_make(below, 0755, &err), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(place_write(arena_printf(arena, "%s/status", below), 0644, cases[i].status,
					     strlen(cases[i].status), &err),
				 0);
		assert_int_equal(image_systemd(&p, "one"), cases[i].version);
	}
	assert_int_equal(place_remove(dir, &err), 0);
}

/* What is released keeps its dates, unless this machine does without. */
static void dates_count_for_what_is_released(void **state)
{
	(void)state;
	_cleanup_strbuf_ struct strbuf old = {0}, next = {0};
	struct err err = {0};
	assert_int_equal(sources_options("bookworm", &old, &err), 0);
	assert_int_equal(sources_options(SOURCES_UNRELEASED, &next, &err), 0);
	assert_non_null(strstr(strbuf_str(&next), "Acquire::Check-Valid-Until \""));
	assert_non_null(strstr(strbuf_str(&next), "Acquire::Check-Date \""));
	assert_true(old.len <= next.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sources_lines),
	    cmocka_unit_test(test_sources_stanzas),
	    cmocka_unit_test(test_sources_once),
	    cmocka_unit_test(test_subnet),
	    cmocka_unit_test(test_subnet_errors),
	    cmocka_unit_test(test_subnet_routes),
	    cmocka_unit_test(test_place),
	    cmocka_unit_test(test_fault_words),
	    cmocka_unit_test(test_faults_of_some_backends),
	    cmocka_unit_test(a_machine_that_was_no_router_is_none),
	    cmocka_unit_test(trees_of_other_systems_are_closed),
	    cmocka_unit_test(groups_are_made_beside_a_lab_that_goes),
	    cmocka_unit_test(memory_is_made_of_the_machines),
	    cmocka_unit_test(the_systemd_of_an_image_is_read),
	    cmocka_unit_test(dates_count_for_what_is_released),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
