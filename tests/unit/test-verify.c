/* What is proven, and what is said where it is not: the judges behind verification, all of them pure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/core/core.h"
#include "plan/serving.h"
#include "run/verify.h"
#include "slurm/slurmd-log.h"
#include "slurm/srun.h"

static void srun_says_whether_the_job_or_the_nodes_were_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *errors;
		enum slurm_srun_end end;
		const char *first;
	} cases[] = {
	    {"srun: error: Unable to allocate resources: Requested nodes are busy\n", SLURM_SRUN_NO_NODE,
	     "Unable to allocate resources: Requested nodes are busy"},
	    {"srun: job 7 queued and waiting for resources\nsrun: error: Unable to allocate resources: Connection "
	     "timed out\n",
	     SLURM_SRUN_NO_NODE, "Unable to allocate resources: Connection timed out"},
	    {"srun: error: Memory specification can not be satisfied\n"
	     "srun: error: Unable to allocate resources: Requested node configuration is not available\n",
	     SLURM_SRUN_FAILED, "Memory specification can not be satisfied"},
	    {"srun: error: Unable to allocate resources: User's group not permitted to use this partition\n",
	     SLURM_SRUN_DENIED, "Unable to allocate resources: User's group not permitted to use this partition"},
	    {"srun: error: Task launch for StepId=4.0 failed on node c2: Communication connection failure\n"
	     "srun: error: Application launch failed: Communication connection failure\n",
	     SLURM_SRUN_FAILED, "Task launch for StepId=4.0 failed on node c2: Communication connection failure"},
	    {"bash: srun: command not found\n", SLURM_SRUN_FAILED, "bash: srun: command not found"},
	    {"", SLURM_SRUN_FAILED, "srun did not say why"},
	};
	_cleanup_arena_ struct arena *arena = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(slurm_srun_end(cases[i].errors), cases[i].end);
		assert_string_equal(slurm_srun_error(cases[i].errors, arena), cases[i].first);
	}
	assert_true(slurm_srun_blames(cases[4].errors, "c2"));
	assert_false(slurm_srun_blames(cases[4].errors, "c"));
	assert_false(slurm_srun_blames(cases[4].errors, "c22"));
	assert_false(slurm_srun_blames(cases[2].errors, "c2"));
}

static void a_log_s_complaint_is_of_the_daemon_that_runs(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	static const char log[] =
	    "mand line: x\n"
	    "[2026-11-26T23:31:40.100] error: an old one\n"
	    "[2026-11-26T23:31:41.100] slurmd version 22.05.8 started\n"
	    "[2026-11-26T23:31:42.100] error: Unable to register: Unable to contact slurm controller\n"
	    "[2026-11-26T23:31:43.100] debug: nothing\n";
	assert_string_equal(slurmd_log_complaint(log, arena),
			    "error: Unable to register: Unable to contact slurm controller");
	assert_null(slurmd_log_complaint("[2026] error: old\n[2026] slurmd version 24.11.5 started\n", arena));
	assert_string_equal(slurmd_log_complaint("[2026] slurmd version 24.11.5 started\n[2026] fatal: no cgroup\n"
						 "[2026] error: and then\n",
						 arena),
			    "fatal: no cgroup");
	assert_null(slurmd_log_complaint("", arena));
	assert_string_equal(slurmd_log_path("/var/log/%n/slurmd-%h.log", "host1", "n1", arena),
			    "/var/log/n1/slurmd-host1.log");
}

/* It ended before it had a log: what stands there is of another start. */
static void what_was_fatal_is_the_cause(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	static const char told[] =
	    "slurmd.service was started and is now activating (auto-restart, exit-code); its journal: "
	    "Started slurmd.service - Slurm node daemon.; slurmd: fatal: Cannot use BcastAddr; "
	    "fatal: Cannot use BcastAddr; slurmd.service: Failed with result 'exit-code'.";
	static const char silent[] = "slurmd.service was started and is now failed";
	assert_string_equal(slurmd_log_cause("error: MPI: no pmix", told, arena), "fatal: Cannot use BcastAddr");
	assert_string_equal(slurmd_log_cause(NULL, told, arena), "fatal: Cannot use BcastAddr");
	assert_string_equal(slurmd_log_cause("fatal: no cgroup", told, arena), "fatal: no cgroup");
	assert_string_equal(slurmd_log_cause("error: MPI: no pmix", silent, arena), "error: MPI: no pmix");
	assert_string_equal(slurmd_log_cause(NULL, silent, arena), silent);
	assert_string_equal(slurmd_log_cause("error: x", "fatal: at the end", arena), "fatal: at the end");
	assert_null(slurmd_log_cause(NULL, NULL, arena));
}

/* What `scontrol show nodes -o` prints of a node. */
static struct slurm_node_state node(struct arena *arena, const char *name, const char *state, const char *reason)
{
	struct slurm_node_state *nodes;
	size_t count;
	struct err err;
	const char *line =
	    arena_printf(arena, "NodeName=%s CPUAlloc=0 CPUTot=4 Version=22.05.8 RealMemory=3878 State=%s %s%s\n", name,
			 state, reason ? "Reason=" : "", reason ? reason : "");
	assert_int_equal(slurm_nodes_parse(line, strlen(line), arena, &nodes, &count, &err), 0);
	return nodes[0];
}

static void a_node_serves_or_says_why_not(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum serving serving;
	} cases[] = {
	    {"IDLE", SERVING_IDLE},
	    {"IDLE+RESERVED", SERVING_IDLE},
	    {"MIXED", SERVING_BUSY},
	    {"ALLOCATED", SERVING_BUSY},
	    {"IDLE+COMPLETING", SERVING_BUSY},
	    {"IDLE+POWERED_DOWN", SERVING_ASLEEP},
	    {"DOWN+REBOOT_ISSUED", SERVING_ASLEEP},
	    {"IDLE+DRAIN", SERVING_NOT},
	    {"MIXED+DRAIN", SERVING_NOT},
	    {"DOWN", SERVING_NOT},
	    {"DOWN+NOT_RESPONDING", SERVING_NOT},
	    {"IDLE+COMPLETING+NOT_RESPONDING", SERVING_NOT},
	    {"IDLE+FAIL", SERVING_NOT},
	    {"UNKNOWN", SERVING_NOT},
	};
	_cleanup_arena_ struct arena *arena = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slurm_node_state n = node(arena, "n1", cases[i].text, NULL);
		if (serving_of(&n) != cases[i].serving)
			fail_msg("%s", cases[i].text);
	}
}

static void what_a_job_did_to_a_node_is_told_from_what_others_did(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	struct slurm_node_state idle = node(arena, "n1", "IDLE", NULL), busy = node(arena, "n1", "MIXED", NULL),
				prolog = node(arena, "n1", "IDLE+DRAIN", "Prolog error [root@2026-11-26T23:31:45]"),
				fan = node(arena, "n1", "IDLE+DRAIN", "fan [ann@2026-11-26T23:31:45]");
	const char *why;
	bool by_job;
	assert_int_equal(serving_since(&idle, &idle, arena, &why, &by_job), SERVING_IDLE);
	assert_int_equal(serving_since(&idle, &busy, arena, &why, &by_job), SERVING_BUSY);
	assert_int_equal(serving_since(&idle, &prolog, arena, &why, &by_job), SERVING_NOT);
	assert_true(by_job);
	assert_string_equal(why, "the test job got it drained: Prolog error");
	assert_int_equal(serving_since(&idle, &fan, arena, &why, &by_job), SERVING_NOT);
	assert_false(by_job);
	assert_string_equal(why, "it became drained while the test job was to run: fan");
	assert_int_equal(serving_since(&prolog, &prolog, arena, &why, &by_job), SERVING_NOT);
	assert_false(by_job);
	assert_int_equal(serving_since(&idle, NULL, arena, &why, &by_job), SERVING_NOT);
}

static void a_user_is_one_that_all_know_by_the_same_numbers(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	static const char head[] = "root:x:0:0::/root:/bin/bash\n"
				   "ann:x:1000:1000::/home/ann:/bin/bash\n"
				   "bob:x:1001:1001::/home/bob:/bin/sh\n"
				   "svc:x:1002:1002::/srv:/usr/sbin/nologin\n"
				   "nobody:x:65534:65534::/:/bin/sh\n";
	const char *passwd[] = {head, "ann:x:1005:1005::/home/ann:/bin/bash\nbob:x:1001:1001::/home/bob:/bin/sh\n",
				"bob:x:1001:1001::/home/bob:/bin/sh\nsvc:x:1002:1002::/srv:/usr/sbin/nologin\n", NULL};
	struct verify_user user;
	verify_choose_user(passwd, 4, 0, arena, &user);
	assert_string_equal(user.name, "bob");
	assert_int_equal(user.gid, 1001);
	assert_true(user.hosts[0] && user.hosts[1] && user.hosts[2] && !user.hosts[3]);
	const char *none[] = {"root:x:0:0::/root:/bin/bash\nbroken\n", head};
	verify_choose_user(none, 2, 0, arena, &user);
	assert_null(user.name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(srun_says_whether_the_job_or_the_nodes_were_wrong),
	    cmocka_unit_test(a_log_s_complaint_is_of_the_daemon_that_runs),
	    cmocka_unit_test(what_was_fatal_is_the_cause),
	    cmocka_unit_test(a_node_serves_or_says_why_not),
	    cmocka_unit_test(what_a_job_did_to_a_node_is_told_from_what_others_did),
	    cmocka_unit_test(a_user_is_one_that_all_know_by_the_same_numbers),
	};
	return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
