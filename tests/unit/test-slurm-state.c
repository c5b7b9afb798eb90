/* Outputs in tests/unit/slurm were recorded from Debian's 22.05.8 and 24.11.5; only the kernel's name was changed. */
#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "slurm/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const releases[] = {"22.05", "24.11"};

static void load(const char *release, const char *name, struct strbuf *out)
{
	struct err err = {0};
	_cleanup_free_ char *path = xasprintf("%s/slurm/%s/%s", UNIT_DATA, release, name);
	strbuf_reset(out);
	if (file_read(path, 1 << 20, out, &err) < 0)
		fail_msg("%s", err.text);
}

static void nodes_as_recorded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(releases); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		_cleanup_strbuf_ struct strbuf text = {0};
		struct slurm_node_state *nodes;
		struct err err = {0};
		size_t count;
		load(releases[i], "nodes", &text);
		assert_int_equal(slurm_nodes_parse(text.data, text.len, a, &nodes, &count, &err), 0);
		assert_int_equal(count, 4);
		assert_string_equal(nodes[0].name, "ctl");
		assert_int_equal(nodes[0].base, SLURM_NODE_ALLOCATED);
		assert_int_equal(nodes[0].flags, 0);
		assert_int_equal(nodes[0].memory_mib, 1000);
		assert_int_equal(nodes[0].cpus, 2);
		assert_int_equal(nodes[0].cpus_allocated, 2);
		assert_int_equal(nodes[0].sockets, 2);
		assert_int_equal(nodes[0].cores, 1);
		assert_int_equal(nodes[0].threads, 1);
		assert_int_equal(nodes[0].boards, 1);
		assert_int_equal(nodes[0].weight, 1);
		assert_string_equal(nodes[0].version, i == 0 ? "22.05.8" : "24.11.5");
		assert_string_equal(nodes[0].arch, "x86_64");
		assert_string_equal(nodes[0].os, "Linux 6.1.0-37-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1");
		assert_string_equal(nodes[0].address, "10.9.0.1");
		assert_string_equal(nodes[0].features, "pi,mem8g");
		assert_string_equal(nodes[0].partitions, "general,debug");
		assert_true(str_starts(nodes[0].boot_time, "2026-11-22T"));
		assert_true(str_starts(nodes[0].slurmd_start_time, "2026-11-22T"));
		assert_null(nodes[0].reason);
		assert_null(nodes[0].gres);
		assert_true(slurm_node_is_usable(&nodes[0]));
		assert_false(slurm_node_is_idle(&nodes[0]));
		assert_int_equal(nodes[1].base, SLURM_NODE_DOWN);
		assert_int_equal(nodes[1].flags, SLURM_NODE_NO_RESPOND);
		assert_string_equal(nodes[1].reason, "being mended");
		assert_null(nodes[1].reason_by);
		assert_null(nodes[1].version);
		assert_null(nodes[1].boot_time);
		assert_false(slurm_node_is_usable(&nodes[1]));
		assert_int_equal(nodes[2].base, SLURM_NODE_UNKNOWN);
		assert_int_equal(nodes[2].flags, SLURM_NODE_DRAIN | SLURM_NODE_NO_RESPOND);
		assert_string_equal(nodes[2].reason, "reeve: low | memory, see log");
		assert_true(str_starts(nodes[2].reason_by, "root@2026-11-22T"));
		assert_string_equal(nodes[2].state_text, "UNKNOWN+DRAIN+NOT_RESPONDING");
		assert_int_equal(nodes[3].weight, 5);
	}
}

static void jobs_as_recorded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(releases); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		_cleanup_strbuf_ struct strbuf text = {0};
		struct slurm_job *jobs;
		struct err err = {0};
		size_t count, holding = 0;
		load(releases[i], "jobs", &text);
		assert_int_equal(slurm_jobs_parse(text.data, text.len, a, &jobs, &count, &err), 0);
		assert_int_equal(count, 8);
		assert_string_equal(jobs[0].id, "6");
		assert_int_equal(jobs[0].number, 6);
		assert_int_equal(jobs[0].phase, SLURM_JOB_PENDING);
		assert_string_equal(jobs[0].partitions, "debug");
		assert_string_equal(jobs[0].user, "kim");
		assert_null(jobs[0].nodes);
		assert_string_equal(jobs[0].asked_nodes, "n[1-2]");
		assert_string_equal(jobs[0].reservation, "r2");
		assert_int_equal(jobs[0].node_count, 2);
		assert_string_equal(jobs[1].partitions, "debug,general");
		assert_string_equal(jobs[1].reason, "ReqNodeNotAvail, UnavailableNodes:n2");
		assert_null(jobs[1].reservation);
		assert_string_equal(jobs[2].id, "3_[3-6%2]");
		assert_int_equal(jobs[2].number, 3);
		assert_int_equal(jobs[5].phase, SLURM_JOB_RUNNING);
		assert_string_equal(jobs[5].nodes, "ctl");
		assert_int_equal(jobs[7].phase, SLURM_JOB_SUSPENDED);
		for (size_t j = 0; j < count; j++)
			holding += slurm_job_holds_nodes(&jobs[j]);
		assert_int_equal(holding, 3);
	}
}

static void jobs_in_other_states(void **state)
{
	(void)state;
	static const char text[] = "7+1|COMPLETING|p|u|n1||(null)|1|None\n8|NEWSTATE|p|u|n1||(null)|1|a|b\n"
				   "9|COMPLETED|p|u|n1|||1|None\n10_4|CONFIGURING|p|u|n[1-3]|n1|r|3|\n";
	_cleanup_arena_ struct arena *a = arena_new();
	struct slurm_job *jobs;
	size_t count;
	assert_int_equal(slurm_jobs_parse(text, strlen(text), a, &jobs, &count, NULL), 0);
	assert_int_equal(count, 4);
	assert_int_equal(jobs[0].phase, SLURM_JOB_COMPLETING);
	assert_int_equal(jobs[1].phase, SLURM_JOB_UNKNOWN);
	assert_string_equal(jobs[1].reason, "a|b");
	assert_true(slurm_job_holds_nodes(&jobs[1]));
	assert_false(slurm_job_holds_nodes(&jobs[2]));
	assert_int_equal(jobs[3].phase, SLURM_JOB_RUNNING);
	assert_string_equal(jobs[3].reason, "");
}

static void the_cluster_as_recorded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(releases); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		_cleanup_strbuf_ struct strbuf text = {0};
		struct slurm_partition_state *partitions;
		struct slurm_reservation *reservations;
		struct slurm_controller *controllers;
		struct err err = {0};
		size_t count;
		load(releases[i], "partitions", &text);
		assert_int_equal(slurm_partitions_parse(text.data, text.len, a, &partitions, &count, &err), 0);
		assert_int_equal(count, 2);
		assert_string_equal(partitions[0].name, "general");
		assert_string_equal(partitions[0].state, "UP");
		assert_string_equal(partitions[0].nodes, "ctl,n[1-2]");
		assert_true(partitions[0].is_default);
		assert_int_equal(partitions[0].total_cpus, 10);
		assert_int_equal(partitions[1].total_nodes, 4);
		assert_false(partitions[1].is_default);
		assert_string_equal(partitions[1].nodes, "ctl,low,n[1-2]");
		assert_string_equal(slurm_field_get(partitions[1].text, "MaxTime", a), "01:00:00");
		assert_null(slurm_field_get(partitions[1].text, "axTime", a));
		load(releases[i], "reservations", &text);
		assert_int_equal(slurm_reservations_parse(text.data, text.len, a, &reservations, &count, &err), 0);
		assert_int_equal(count, 2);
		assert_string_equal(reservations[0].name, "maint");
		assert_string_equal(reservations[0].nodes, "n1");
		assert_null(reservations[0].partition);
		assert_string_equal(reservations[0].flags, "MAINT,SPEC_NODES");
		assert_string_equal(reservations[1].partition, "debug");
		assert_string_equal(reservations[1].state, "INACTIVE");
		load(releases[i], "ping", &text);
		assert_int_equal(slurm_ping_parse(text.data, text.len, a, &controllers, &count, &err), 0);
		assert_int_equal(count, 2);
		assert_string_equal(controllers[0].host, "ctl");
		assert_true(controllers[0].up && controllers[0].index == 0);
		assert_string_equal(controllers[1].host, "bak");
		assert_true(!controllers[1].up && controllers[1].index == 1);
		load(releases[i], "ping-down", &text);
		assert_int_equal(slurm_ping_parse(text.data, text.len, a, &controllers, &count, &err), 0);
		assert_false(controllers[0].up || controllers[1].up);
	}
}

static void states_of_nodes(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool known;
		enum slurm_node_base base;
		unsigned flags;
	} cases[] = {
	    {"IDLE", true, SLURM_NODE_IDLE, 0},
	    {"IDLE+DRAIN", true, SLURM_NODE_IDLE, SLURM_NODE_DRAIN},
	    {"MIXED+COMPLETING+DRAIN*", true, SLURM_NODE_MIXED,
	     SLURM_NODE_COMPLETING | SLURM_NODE_DRAIN | SLURM_NODE_NO_RESPOND},
	    {"DOWN*+DRAIN", true, SLURM_NODE_DOWN, SLURM_NODE_DRAIN | SLURM_NODE_NO_RESPOND},
	    {"IDLE+DRAIN+INVALID_REG", true, SLURM_NODE_IDLE, SLURM_NODE_DRAIN | SLURM_NODE_INVALID_REG},
	    {"idle*", true, SLURM_NODE_IDLE, SLURM_NODE_NO_RESPOND},
	    {"drained*", true, SLURM_NODE_IDLE, SLURM_NODE_DRAIN | SLURM_NODE_NO_RESPOND},
	    {"unk*", true, SLURM_NODE_UNKNOWN, SLURM_NODE_NO_RESPOND},
	    {"inval", true, SLURM_NODE_DOWN, SLURM_NODE_INVALID_REG},
	    {"idle~", true, SLURM_NODE_IDLE, SLURM_NODE_POWER},
	    {"mix-", true, SLURM_NODE_MIXED, SLURM_NODE_PLANNED},
	    {"IDLE+CLOUD+POWERED_DOWN", true, SLURM_NODE_IDLE, SLURM_NODE_POWER},
	    {"IDLE+BRANDNEW", true, SLURM_NODE_IDLE, SLURM_NODE_OTHER},
	    {"planned", false, SLURM_NODE_UNKNOWN, SLURM_NODE_PLANNED},
	    {"WHATEVER", false, SLURM_NODE_UNKNOWN, SLURM_NODE_OTHER},
	    {"", false, SLURM_NODE_UNKNOWN, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum slurm_node_base base;
		unsigned flags;
		assert_int_equal(slurm_node_state_parse(cases[i].text, &base, &flags), cases[i].known);
		assert_int_equal(base, cases[i].base);
		assert_int_equal(flags, cases[i].flags);
	}
}

static void nothing_is_not_an_error(void **state)
{
	(void)state;
	static const char none[] = "No reservations in the system\n";
	_cleanup_arena_ struct arena *a = arena_new();
	struct slurm_node_state *nodes;
	struct slurm_job *jobs;
	struct slurm_reservation *reservations;
	size_t count = 9;
	assert_int_equal(slurm_nodes_parse("", 0, a, &nodes, &count, NULL), 0);
	assert_int_equal(count, 0);
	assert_int_equal(slurm_jobs_parse("\n\n", 2, a, &jobs, &count, NULL), 0);
	assert_int_equal(count, 0);
	assert_int_equal(slurm_reservations_parse(none, strlen(none), a, &reservations, &count, NULL), 0);
	assert_int_equal(count, 0);
}

static void nonsense_is_refused(void **state)
{
	(void)state;
	static const char *const nodes[] = {
	    "hello\n",
	    "NodeName= State=IDLE\n",
	    "NodeName=n1\n",
	    "NodeName=../x State=IDLE\n",
	    "NodeName=n1 CPUTot=-3 State=IDLE\n",
	    "NodeName=n1 RealMemory=1e9 State=IDLE\n",
	    "NodeName=n1 CPUTot=99999999999 State=IDLE\n",
	};
	static const char *const jobs[] = {
	    "x\n",
	    "1|RUNNING|p|u|n1||r|1\n",
	    "0|RUNNING|p|u|n1||r|1|x\n",
	    "1;rm|RUNNING|p|u|n1||r|1|x\n",
	    "1|RUNNING|p|u|n1||r|-1|x\n",
	    "99999999999|RUNNING|p|u|n1||r|1|x\n",
	};
	_cleanup_arena_ struct arena *a = arena_new();
	struct slurm_node_state *n = NULL;
	struct slurm_job *j = NULL;
	struct err err = {0};
	size_t count = 3;
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		assert_int_equal(slurm_nodes_parse(nodes[i], strlen(nodes[i]), a, &n, &count, &err), -1);
		assert_int_equal(err.code, ERR_PROTOCOL);
	}
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
		assert_int_equal(slurm_jobs_parse(jobs[i], strlen(jobs[i]), a, &j, &count, &err), -1);
		assert_int_equal(err.code, ERR_PROTOCOL);
	}
	assert_int_equal(slurm_nodes_parse("a\0b", 3, a, &n, &count, &err), -1);
	assert_null(n);
	assert_null(j);
	assert_int_equal(count, 3);
}

/* A reason is free text: what it holds is not taken for the node's state. */
static void reasons_cannot_lie(void **state)
{
	(void)state;
	static const char text[] = "NodeName=n1 CPUAlloc=0 CPUTot=4 RealMemory=10 State=DOWN+DRAIN ThreadsPerCore=1 "
				   "Reason=x State=IDLE CPUTot=9 Version=9.9 \x1b[2J [kim@2026-11-22T10:00:00]\n";
	_cleanup_arena_ struct arena *a = arena_new();
	struct slurm_node_state *n;
	size_t count;
	assert_int_equal(slurm_nodes_parse(text, strlen(text), a, &n, &count, NULL), 0);
	assert_int_equal(n[0].base, SLURM_NODE_DOWN);
	assert_int_equal(n[0].cpus, 4);
	assert_null(n[0].version);
	assert_string_equal(n[0].reason, "x State=IDLE CPUTot=9 Version=9.9 ?[2J");
	assert_string_equal(n[0].reason_by, "kim@2026-11-22T10:00:00");
}

/* Every beginning of a recorded output, and every one with a byte changed, is read or refused, never worse. */
static void torn_outputs_do_no_harm(void **state)
{
	(void)state;
	static const char *const names[] = {"nodes", "jobs", "partitions", "reservations", "ping"};
	_cleanup_strbuf_ struct strbuf text = {0};
	unsigned seed = 5;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		load("22.05", names[i], &text);
		for (size_t cut = 0; cut < text.len; cut += 7) {
			_cleanup_arena_ struct arena *a = arena_new();
			struct slurm_node_state *n;
			struct slurm_job *j;
			struct slurm_partition_state *p;
			struct slurm_reservation *r;
			struct slurm_controller *c;
			size_t count;
			seed = seed * 1103515245U + 12345U;
			text.data[(seed >> 8) % text.len] = (char)(seed >> 20);
			slurm_nodes_parse(text.data, cut, a, &n, &count, NULL);
			slurm_jobs_parse(text.data, cut, a, &j, &count, NULL);
			slurm_partitions_parse(text.data, cut, a, &p, &count, NULL);
			slurm_reservations_parse(text.data, cut, a, &r, &count, NULL);
			slurm_ping_parse(text.data, cut, a, &c, &count, NULL);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nodes_as_recorded),       cmocka_unit_test(jobs_as_recorded),
	    cmocka_unit_test(jobs_in_other_states),    cmocka_unit_test(the_cluster_as_recorded),
	    cmocka_unit_test(states_of_nodes),         cmocka_unit_test(nothing_is_not_an_error),
	    cmocka_unit_test(nonsense_is_refused),     cmocka_unit_test(reasons_cannot_lie),
	    cmocka_unit_test(torn_outputs_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
