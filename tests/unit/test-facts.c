#include "modules/module.h"
#include "facts/facts.h"

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

static const char slurmd_line[] =
    "NodeName=dalt CPUs=8 Boards=1 SocketsPerBoard=2 CoresPerSocket=2 ThreadsPerCore=2 RealMemory=3797\n"
    "UpTime=0-00:01:02\n";

static const char sysfs[] = "/sys/devices/system/cpu/online:0-3\n"
			    "/sys/devices/system/cpu/cpu0/topology/physical_package_id:0\n"
			    "/sys/devices/system/cpu/cpu1/topology/physical_package_id:0\n"
			    "/sys/devices/system/cpu/cpu2/topology/physical_package_id:0\n"
			    "/sys/devices/system/cpu/cpu3/topology/physical_package_id:0\n"
			    "/sys/devices/system/cpu/cpu0/topology/core_id:0\n"
			    "/sys/devices/system/cpu/cpu1/topology/core_id:0\n"
			    "/sys/devices/system/cpu/cpu2/topology/core_id:1\n"
			    "/sys/devices/system/cpu/cpu3/topology/core_id:1\n";

static void hardware_is_read_from_slurmd_and_sysfs(void **state)
{
	(void)state;
	struct facts_hardware h;
	struct err err = {0};
	assert_int_equal(facts_parse_slurmd(slurmd_line, &h, &err), 0);
	assert_int_equal(h.sockets, 2);
	assert_int_equal(h.cores, 2);
	assert_int_equal(h.threads, 2);
	assert_int_equal(h.cpus, 8);
	assert_int_equal(h.memory, 3797);
	assert_int_equal(facts_parse_sysfs("MemTotal:        3888640 kB\n", sysfs, &h, &err), 0);
	assert_int_equal(h.sockets, 1);
	assert_int_equal(h.cores, 2);
	assert_int_equal(h.threads, 2);
	assert_int_equal(h.cpus, 4);
	assert_int_equal(h.memory, 3797);
}

static void impossible_hardware_is_refused(void **state)
{
	(void)state;
	const char *bad[] = {
	    "",
	    "NodeName=x CPUs=0 SocketsPerBoard=1 CoresPerSocket=1 ThreadsPerCore=1 RealMemory=1",
	    "NodeName=x CPUs=-1 SocketsPerBoard=1 CoresPerSocket=1 ThreadsPerCore=1 RealMemory=1",
	    "NodeName=x CPUs=1 SocketsPerBoard=1 CoresPerSocket=1 ThreadsPerCore=1 RealMemory=1000000000000",
	    "NodeName=x CPUs=1 SocketsPerBoard=1 CoresPerSocket=1 ThreadsPerCore=1",
	    "NodeName=x CPUs=99999999999999999999 SocketsPerBoard=1 CoresPerSocket=1 ThreadsPerCore=1 RealMemory=1",
	};
	struct facts_hardware h;
	struct err err = {0};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(facts_parse_slurmd(bad[i], &h, &err), -1);
}

static const char mounts[] = "22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw\n"
			     "30 22 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro\n"
			     "31 30 0:27 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory\n"
			     "32 30 0:28 / /sys/fs/cgroup/cpuset ro,nosuid - cgroup cgroup rw,cpuset\n"
			     "33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
			     "40 22 0:50 / /mnt/nfs rw,relatime - nfs4 allyrion:/mnt/usb1 rw,vers=4.2\n";

static json_t *answer(const char *hostname)
{
	json_t *run = json_pack("{s:i, s:s, s:s, s:b}", "status", 0, "out", slurmd_line, "err", "", "cut", 0);
	json_t *all = json_pack(
	    "{s:I, s:I, s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:o, s:{s:{s:{s:i, s:i}}}, "
	    "s:{s:{s:s}}, s:{s:i, s:s}, s:{s:{s:{s:s, s:s, s:s, s:i}, s:{s:s, s:s, s:s, s:i}}}}}",
	    "start", (json_int_t)10500, "end", (json_int_t)10540, "items", "hostname", "text", hostname, "kernel",
	    "text", "6.1.0-37-amd64\n", "boot", "text", "6a2b0f7e-0000-4000-8000-000000000001\n", "meminfo", "text",
	    "MemTotal: 3888640 kB\n", "mounts", "text", mounts, "os", "text",
	    "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n", "hardware", run, "users", "users", "slurm",
	    "uid", 64030, "gid", 64030, "packages", "versions", "munge", "0.5.15-2", "candidates", "status", 0, "out",
	    "slurmctld:\n  Installed: (none)\n  Candidate: 22.05.8-4+deb12u3\nmunge:\n  Candidate: (none)\n", "units",
	    "units", "munge.service", "load", "loaded", "active", "active", "file", "enabled", "since", 1234,
	    "slurmd.service", "load", "not-found", "active", "inactive", "file", "", "since", 0);
	json_object_set_new(json_object_get(all, "items"), "systemd", json_pack("{s:s}", "type", "directory"));
	return all;
}

static void answer_becomes_facts(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct err err = {0};
	struct facts_scope scope = {.roles = module_roles, .controller = true, .state = "/mnt/nfs/slurm/state"};
	json_t *json = answer("bettley\n");
	/* slurmctld 24.11's file clustername, which says the cluster's ID, too. */
	json_object_set_new(json_object_get(json, "items"), "state.cluster",
			    json_pack("{s:s}", "text", "goldentooth|2012\n"));
	struct facts *f = facts_decode(json, &scope, "x86_64", 10000, 10060, a, &err);
	json_decref(json);
	if (!f)
		fail_msg("%s", err.text);
	assert_string_equal(f->hostname, "bettley");
	assert_string_equal(f->suite, "bookworm");
	assert_int_equal(f->clock_offset_ms, 490);
	assert_int_equal(f->clock_error_ms, 10);
	assert_int_equal(f->roles[ROLE_CONTROLLER].uid, 64030);
	assert_int_equal(f->roles[ROLE_AUTH].uid, -1);
	assert_string_equal(f->roles[ROLE_AUTH].package.installed, "0.5.15-2");
	assert_null(f->roles[ROLE_CONTROLLER].package.installed);
	assert_string_equal(f->roles[ROLE_CONTROLLER].package.candidate, "22.05.8-4+deb12u3");
	assert_true(f->roles[ROLE_AUTH].unit.loaded);
	assert_string_equal(f->roles[ROLE_AUTH].unit.active, "active");
	assert_int_equal(f->roles[ROLE_AUTH].unit.since_us, 1234);
	assert_string_equal(f->roles[ROLE_CONTROLLER].unit.active, "unknown");
	assert_false(f->roles[ROLE_NODE].unit.loaded);
	assert_int_equal(f->cgroup, CGROUP_HYBRID);
	assert_true(f->cgroup_memory);
	assert_false(f->cgroup_cpuset);
	assert_string_equal(f->state_source, "allyrion:/mnt/usb1");
	assert_string_equal(f->state_mount, "/mnt/nfs");
	assert_int_equal(f->state_len, 4);
	assert_string_equal(f->state_cluster, "goldentooth");
	assert_null(f->uid_taken);
}

/* In a container that is shown version 2 alone, by a kernel that has version 1: slurmd's plugin ends it there. */
static void groups_of_version_2_beside_version_1_are_none(void **state)
{
	(void)state;
	static const struct {
		const char *init;
		bool usable;
	} cases[] = {{"0::/init.scope\n", true}, {"2:memory:/\n1:cpu:/\n0::/init.scope\n", false}, {NULL, true}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		struct err err = {0};
		struct facts_scope scope = {.roles = module_roles};
		json_t *json = answer("bettley\n"), *items = json_object_get(json, "items");
		json_object_set_new(items, "mounts",
				    json_pack("{s:s}", "text",
					      "22 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
					      "30 22 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw\n"));
		json_object_set_new(items, "controllers", json_pack("{s:s}", "text", "cpuset cpu memory\n"));
		if (cases[i].init)
			json_object_set_new(items, "init.groups", json_pack("{s:s}", "text", cases[i].init));
		struct facts *f = facts_decode(json, &scope, "x86_64", 10000, 10060, a, &err);
		json_decref(json);
		assert_non_null(f);
		assert_int_equal(f->cgroup, CGROUP_V2);
		assert_int_equal(facts_cgroup_use(f), cases[i].usable ? CGROUP_USE_ALL : 0);
	}
}

/* A user or a group with the number that Slurm's packages want; what getent says otherwise is nobody. */
static void who_has_slurms_uid(void **state)
{
	(void)state;
	static const struct {
		const char *item, *out;
		int status;
		const char *by;
	} cases[] = {
	    {"uid", "alice:x:64030:1000::/home/alice:/bin/bash\n", 0, "alice"},
	    {"gid", "staff:x:64030:\n", 0, "staff"},
	    {"uid", "slurm:x:64030:64030::/:/bin/false\n", 0, NULL},
	    {"uid", "", 2, NULL},
	    {"uid", "", 0, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		struct err err = {0};
		struct facts_scope scope = {.roles = module_roles};
		json_t *json = answer("bettley\n");
		json_object_set_new(json_object_get(json, "items"), cases[i].item,
				    json_pack("{s:i, s:s, s:s, s:b}", "status", cases[i].status, "out", cases[i].out,
					      "err", "", "cut", 0));
		struct facts *f = facts_decode(json, &scope, "x86_64", 10000, 10060, a, &err);
		json_decref(json);
		if (!f)
			fail_msg("%s", err.text);
		assert_true(str_same(f->uid_taken, cases[i].by));
	}
}

/* Somebody's slurm.conf must not be taken for none because it is no UTF-8, too long, or no file. */
static void a_configuration_that_is_no_text_is_there(void **state)
{
	(void)state;
	static const struct {
		const char *key, *value;
		int number;
		const char *expected; /* NULL: none */
	} cases[] = {
	    {"text", "ClusterName=c\n", 0, "ClusterName=c\n"},
	    {"b64", "I/wAeAo=", 0, "#\xfc?x\n"},
	    {"errno", NULL, EFBIG, "# it cannot be read\n"},
	    {"errno", NULL, EISDIR, "# it cannot be read\n"},
	    {"errno", NULL, ENOENT, NULL},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	struct facts_scope scope = {.roles = module_roles};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *json = answer("dalt\n");
		json_object_set_new(json_object_get(json, "items"), "slurm.conf",
				    cases[i].value ? json_pack("{s:s}", cases[i].key, cases[i].value)
						   : json_pack("{s:i}", cases[i].key, cases[i].number));
		struct err err = {0};
		struct facts *f = facts_decode(json, &scope, "x86_64", 0, 0, a, &err);
		json_decref(json);
		if (!f)
			fail_msg("%s", err.text);
		if (cases[i].expected)
			assert_string_equal(f->slurm_conf, cases[i].expected);
		else
			assert_null(f->slurm_conf);
	}
}

static void lying_host_is_refused(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct facts_scope scope = {.roles = module_roles};
	const char *names[] = {"", "-x", "a b", "x;reboot", "\033[2J"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct err err = {0};
		json_t *json = answer(names[i]);
		assert_null(facts_decode(json, &scope, "x86_64", 0, 1, a, &err));
		assert_int_equal(err.code, ERR_PROTOCOL);
		json_decref(json);
	}
}

static void what_was_not_said_is_not_taken_for_nothing(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct facts_scope scope = {.roles = module_roles};
	const char *names[] = {"packages", "users", "units", "hardware"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct err err = {0};
		json_t *json = answer("bettley\n");
		json_object_set_new(json_object_get(json, "items"), names[i],
				    json_pack("{s:s, s:b}", "error", "its disk is\nbroken", "late", i % 2));
		assert_null(facts_decode(json, &scope, "x86_64", 0, 1, a, &err));
		assert_null(strchr(err.text, '\n'));
		json_decref(json);
	}
}

static void a_machine_without_systemd_has_no_units(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct facts_scope scope = {.roles = module_roles};
	struct err err = {0};
	json_t *json = answer("bettley\n");
	json_object_set_new(json_object_get(json, "items"), "units",
			    json_pack("{s:s, s:b}", "error", "systemctl ended with status 1", "late", 0));
	json_object_set_new(json_object_get(json, "items"), "systemd", json_pack("{s:i}", "errno", ENOENT));
	struct facts *f = facts_decode(json, &scope, "x86_64", 0, 1, a, &err);
	json_decref(json);
	assert_non_null(f);
	assert_string_equal(f->roles[ROLE_NODE].unit.active, "unknown");
}

static void ids_that_are_none_are_refused(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct facts_scope scope = {.roles = module_roles};
	const json_int_t bad[] = {-1, 0xFFFFFFFF, INT64_MAX};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = {0};
		json_t *json = answer("bettley\n");
		json_object_set_new(json_object_get(json, "items"), "users",
				    json_pack("{s:{s:{s:I, s:i}}}", "users", "slurm", "uid", bad[i], "gid", 1));
		assert_null(facts_decode(json, &scope, "x86_64", 0, 1, a, &err));
		assert_int_equal(err.code, ERR_PROTOCOL);
		json_decref(json);
	}
}

static bool asks(const json_t *items, const char *name)
{
	size_t i;
	const json_t *item;
	json_array_foreach(items, i,
			   item) if (streq(json_string_value(json_object_get(item, "name")), name)) return true;
	return false;
}

/* Of a host in order nothing more is asked; of one without Slurm, what it would install and its CPUs. */
static void only_what_is_missing_is_asked_again(void **state)
{
	(void)state;
	const struct facts_scope plain = {.roles = module_roles, .compute = true},
				 controller = {.roles = module_roles, .controller = true};
	json_t *json = answer("bettley\n"), *items = json_object_get(json, "items");
	json_object_set_new(
	    items, "packages",
	    json_pack("{s:{s:s, s:s, s:s}}", "versions", "munge", "1", "slurmd", "2", "slurm-client", "2"));
	assert_null(facts_request_more(json, &plain));
	json_t *more = facts_request_more(json, &controller);
	assert_true(asks(more, "candidates"));
	assert_false(asks(more, "topology"));
	json_decref(more);
	json_object_set_new(items, "hardware", json_pack("{s:i, s:s}", "status", 127, "out", ""));
	more = facts_request_more(json, &plain);
	assert_true(asks(more, "topology"));
	assert_false(asks(more, "candidates"));
	json_decref(more);
	/* A file server, say: it has no Slurm, and all of it comes in one answer. */
	const struct facts_scope none = {.roles = module_roles};
	json_object_clear(json_object_get(items, "packages"));
	assert_null(facts_request_more(json, &none));
	more = facts_request(&none);
	assert_true(asks(more, "topology"));
	json_decref(more);
	json_decref(json);
}

static void request_names_are_distinct(void **state)
{
	(void)state;
	struct facts_scope scope = {
	    .roles = module_roles, .controller = true, .state = "/var/spool/slurmctld", .salt = "00"};
	json_t *items = facts_request(&scope), *seen = json_object();
	size_t i;
	json_t *item;
	json_array_foreach(items, i, item)
	{
		const char *name = json_string_value(json_object_get(item, "name"));
		assert_null(json_object_get(seen, name));
		json_object_set_new(seen, name, json_true());
	}
	assert_true(json_array_size(items) > 15);
	assert_non_null(json_object_get(seen, "state.2"));
	json_decref(items);
	json_decref(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hardware_is_read_from_slurmd_and_sysfs),
	    cmocka_unit_test(impossible_hardware_is_refused),
	    cmocka_unit_test(answer_becomes_facts),
	    cmocka_unit_test(groups_of_version_2_beside_version_1_are_none),
	    cmocka_unit_test(who_has_slurms_uid),
	    cmocka_unit_test(a_configuration_that_is_no_text_is_there),
	    cmocka_unit_test(lying_host_is_refused),
	    cmocka_unit_test(what_was_not_said_is_not_taken_for_nothing),
	    cmocka_unit_test(a_machine_without_systemd_has_no_units),
	    cmocka_unit_test(ids_that_are_none_are_refused),
	    cmocka_unit_test(only_what_is_missing_is_asked_again),
	    cmocka_unit_test(request_names_are_distinct),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
