#include "modules/core/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "base/str.h"
#include "slurm/param.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static char *conf(const char *text)
{
	struct err err = {0};
	char *out = NULL;
	if (scratch_conf(text, strlen(text), "ctl", 6817, "/tmp/new", arena, &out, &err) < 0)
		fail_msg("%s", err.text);
	return out;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part ? part : "", text ? text : "");
}

static void assert_has_not(const char *text, const char *part)
{
	if (strcasestr(text, part))
		fail_msg("'%s' is in:\n%s", part ? part : "", text ? text : "");
}

static void conf_leaves_out_what_acts(void **state)
{
	(void)state;
	char *out =
	    conf("ClusterName=c PrologSlurmctld=/pro\nslurmctldhost=a(1.2.3.4)\nSlurmctldHost=b\n"
		 "StateSaveLocation = /real \\\n  MailProg=/m SlurmUser=slurm\nProlog=\"/a b\" ReturnToService=2\n"
		 "EpilogSlurmctld=/e\nSuspendTime=60\nJobCompType=jobcomp/script\n#Comment=1\nSelctType=x\n"
		 "PowerAction=cold Location=slurmd Program=\"/act z\"\n"
		 "RebootProgram=/r\nHealthCheckProgram=/h\nSlurmctldPrimaryOnProg=/on\nSlurmdTimeout=300\n");
	assert_has(out, "ClusterName=c ");
	assert_has(out, "SlurmUser=slurm");
	assert_has(out, "ReturnToService=2");
	assert_has(out, "SelctType=x");
	assert_has(out, "SlurmctldHost=ctl(192.0.2.1)\n");
	assert_has(out, "StateSaveLocation=/tmp/new/state\n");
	assert_has(out, "\nSlurmdTimeout=0\n");
	static const char *const gone[] = {"1.2.3.4",     "/pro\n",          "/real", "/m\n", "/a b", "/e\n",
					   "SuspendTime", "JobComp",         "Comm",  "/r\n", "/h\n", "/on\n",
					   "=300",        "SlurmctldHost=b", "/act",  "cold"};
	for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
		assert_has_not(out, gone[i]);
}

/* Slurm's own checks of one parameter against another (read_config.c, gres.c, controller.c, *_init of 22.05 to 24.11): both
 * stay, or both go, with a database and without. */
static void conf_stays_consistent(void **state)
{
	(void)state;
	static const struct {
		const char *wants, *wanted;
	} pairs[] = {
	    {"JobContainerType=job_container/tmpfs", "PrologFlags=Contain"},
	    {"PrologFlags=X11,Contain", "ProctrackType=proctrack/cgroup"},
	    {"SlurmSchedLogLevel=1", "SlurmSchedLogFile=/log"},
	    {"PreemptMode=SUSPEND,GANG", "PreemptType=preempt/partition_prio"},
	    {"SelectType=select/cons_tres", "SelectTypeParameters=CR_Core"},
	    {"RoutePlugin=route/topology", "TopologyPlugin=topology/tree"},
	    {"AuthAltTypes=auth/jwt", "AuthAltParameters=jwt_key=/k"},
	    {"GresTypes=gpu", "SelectType=select/cons_tres"},
	    {"JobCompLoc=/jobs", "JobCompType=jobcomp/filetxt"},
	    {"SuspendTime=60", "SuspendProgram=/s"},
	    {"BurstBufferParameters=x", "BurstBufferType=burst_buffer/lua"},
	    {"HealthCheckInterval=60", "HealthCheckProgram=/h"},
	    {"PrEpParameters=x", "PrEpPlugins=prep/script"},
	    {"JobAcctGatherParams=NoOverMemoryKill", "JobAcctGatherType=jobacct_gather/cgroup"},
	};
	static const char *const with_slurmdbd[] = {"AccountingStorageTRES=gres/gpu", "AccountingStorageEnforce=limits",
						    "PriorityType=priority/multifactor", "FederationParameters=x",
						    "TrackWCKey=yes"};
	static const char dbd[] = "AccountingStorageType=accounting_storage/slurmdbd";
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
			const char *out = conf(arena_printf(arena, "ClusterName=c\n%s\n%s\n%s\n", k ? dbd : "",
							    pairs[i].wants, pairs[i].wanted));
			if (!strstr(out, pairs[i].wants) != !strstr(out, pairs[i].wanted))
				fail_msg("%s without %s in:\n%s", pairs[i].wants, pairs[i].wanted, out);
		}
	for (size_t i = 0; i < sizeof with_slurmdbd / sizeof *with_slurmdbd; i++)
		assert_has_not(conf(arena_printf(arena, "%s\n%s\n", dbd, with_slurmdbd[i])), with_slurmdbd[i]);
}

/* Every parameter that names a file, by the table of parameters: only what is read, and by nobody in the rehearsal, stays. */
static void conf_names_no_file_of_the_host(void **state)
{
	(void)state;
	static const char *const stay[] = {"PluginDir",     "PlugStackConfig", "SlurmdLogFile",
					   "SlurmdPidFile", "SlurmdSpoolDir",  "TmpFS"};
	size_t seen = 0;
	for (const struct slurm_param *p = slurm_param_table(SLURM_GLOBAL); p->name; p++) {
		bool stays = false;
		for (size_t i = 0; i < sizeof stay / sizeof *stay; i++)
			stays |= strcmp(stay[i], p->name) == 0;
		if (p->type != SLURM_PATH && !strstr(p->name, "Prolog") && !strstr(p->name, "Prog"))
			continue;
		if (strstr(p->name, "Timeout") || strcmp(p->name, "PrologFlags") == 0)
			continue;
		const char *out = conf(arena_printf(arena, "ClusterName=c\n%s=/of/the/host\n", p->name));
		if (!strstr(out, "/of/the/host") == stays)
			fail_msg("%s", p->name);
		seen++;
	}
	assert_true(seen > 25);
}

/* The state directory is a copy, and covered: what is in it is named where the copy is. */
static void conf_finds_keys_in_the_copy(void **state)
{
	(void)state;
	char *out = conf("StateSaveLocation=/var/state\nAuthAltTypes=auth/jwt\n"
			 "AuthAltParameters=jwt_key=/var/state/jwt.key,other=/var/statement\n");
	assert_has(out, "AuthAltParameters=jwt_key=/tmp/new/state/jwt.key,other=/var/statement\n");
}

static void conf_keeps_line_numbers(void **state)
{
	(void)state;
	char *out = conf("# one\nProlog=/x \\\n  Epilog=/y\nAuthType=auth/munge # why\n\nNodeName=a CPUs=2\n"), *line;
	for (int i = 1; (line = str_next_line(&out)) && i < 6; i++)
		if (i == 4)
			assert_string_equal(line, "AuthType=auth/munge ");
	assert_string_equal(line, "NodeName=a CPUs=2 NodeAddr=198.1179649");
}

static void conf_gives_nodes_numeric_addresses(void **state)
{
	(void)state;
	char *out = conf("NodeName=DEFAULT CPUs=4\nNodeName=n[1-3] nodeaddr=10.0.0.[1-3] CPUs=2 BcastAddr=b[1-3]\n"
			 "NodeName=x\nNodeName=b[1 CPUs=2\nNodeName=m[1-70000] CPUs=1\n"
			 "PartitionName=p Nodes=n[1-3] SuspendTime=3 QOS=high Prolog=1\n");
	assert_has(out, "NodeName=DEFAULT CPUs=4\n");
	assert_has(out,
		   "CPUs=2  NodeAddr=198.[1179649-1179651]\nNodeName=x NodeAddr=198.1179652\nNodeName=b[1 CPUs=2\n");
	assert_has_not(out, "10.0.0");
	assert_has_not(out, "Bcast");
	assert_has(out, "PartitionName=p Nodes=n[1-3]  QOS=high Prolog=1\n");
	out = conf("NodeName=m[1-65536] CPUs=1\nNodeName=k[1-65530] CPUs=1\nNodeName=l[1-10] CPUs=1\n");
	assert_has(out, "NodeAddr=198.[1179649-1245184]\n");
	assert_has(out, "NodeAddr=198.[1245185-1310714]\n");
	assert_has(out, "NodeAddr=198.[1310715-1310718],198.[1179649-1179654]\n");
}

static void conf_with_a_database_needs_none(void **state)
{
	(void)state;
	static const char text[] = "AccountingStorageEnforce=limits\nPriorityType=priority/multifactor\n"
				   "PartitionName=p Nodes=ALL QOS=high AllowQos=a MaxTime=5\n"
				   "AccountingStorageType=accounting_storage/%s\n";
	char *with = conf(arena_printf(arena, text, "slurmdbd")), *without = conf(arena_printf(arena, text, "none"));
	assert_has_not(with, "Enforce");
	assert_has_not(with, "slurmdbd");
	assert_has_not(with, "multifactor");
	assert_has_not(with, "QOS");
	assert_has(with, "MaxTime=5");
	assert_has(with, "PriorityType=priority/basic");
	assert_has(without, "AccountingStorageEnforce=limits");
	assert_has(without, "QOS=high AllowQos=a");
	assert_has_not(without, "priority/basic");
}

static void conf_puts_own_scheduler_words_first(void **state)
{
	(void)state;
	assert_has(conf("SchedulerParameters=bf_interval=30,defer\n"),
		   "\nSchedulerParameters=sched_interval=-1,bf_interval=10800,bf_interval=30,defer\n");
}

static void conf_refuses_other_files(void **state)
{
	(void)state;
	struct err err = {0};
	char *out;
	static const char text[] = "ClusterName=c\n INCLUDE /etc/slurm/more.conf\n";
	assert_int_equal(scratch_conf(text, strlen(text), "ctl", 1, "/d", arena, &out, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	assert_has(err.text, "line 2");
	assert_int_equal(scratch_conf("A=b\0C=d", 7, "ctl", 1, "/d", arena, &out, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
}

static void request_carries_all_texts(void **state)
{
	(void)state;
	struct err err = {0};
	struct scratch_test test = {.host = "ctl",
				    .state = "/var/state",
				    .user = "slurm",
				    .new_conf = "ClusterName=n\n",
				    .old_conf = "ClusterName=o\n",
				    .new_gres = "NodeName=n1 Name=gpu File=/dev/nvidia0\n",
				    .new_topology = "SwitchName=s Nodes=n[1-2]\n"};
	json_t *r = scratch_request(&test, &err);
	assert_non_null(r);
	json_t *argv = json_object_get(r, "argv");
	assert_string_equal(json_string_value(json_array_get(argv, 4)), "/var/state");
	size_t n = json_array_size(argv), sum = 0;
	for (size_t i = n - 6; i < n; i++)
		sum += strtoul(json_string_value(json_array_get(argv, i)), NULL, 10);
	const char *input = json_string_value(json_object_get(r, "input"));
	assert_int_equal(sum, strlen(input));
	assert_int_equal(strncmp(input, "ClusterName=n\nClusterName=n\nSlurmctldHost=ctl", 45), 0);
	assert_has(input,
		   "ClusterName=o\nSlurmctldHost=ctl(192.0.2.1)\nSlurmctldPort=6818\nStateSaveLocation=/tmp/old");
	assert_has(input, test.new_gres);
	assert_true(str_ends(input, "SwitchName=s Nodes=n[1-2]\n"));
	assert_string_equal(json_string_value(json_object_get(json_object_get(r, "sandbox"), "hostname")), "ctl");
	json_decref(r);
	test.old_conf = "Include x\n";
	r = scratch_request(&test, &err);
	assert_non_null(r);
	assert_string_equal(json_string_value(json_array_get(json_object_get(r, "argv"), n - 3)), "0");
	json_decref(r);
	test.new_conf = "Include x\n";
	assert_null(scratch_request(&test, &err));
	assert_int_equal(err.code, ERR_REFUSED);
}

/* ---- judging ---- */

static struct scratch_verdict judge(const char *report, const char *live)
{
	struct scratch_verdict v;
	struct err err = {0};
	if (scratch_judge(report, strlen(report), &(struct scratch_live){.jobs = live}, arena, &v, &err) < 0)
		fail_msg("%s", err.text);
	return v;
}

static const struct scratch_finding *nth(const struct scratch_verdict *v, enum scratch_kind kind, size_t n)
{
	for (size_t i = 0; i < v->findings.len; i++)
		if (v->findings.items[i].kind == kind && n-- == 0)
			return &v->findings.items[i];
	return NULL;
}

#define HEAD "@scratch 1\n@parse 0\n n1\n@state 108 23\n"

/* Output of 22.05.8 with node n3 taken out of the file, cut to what matters. */
static const char removed[] = HEAD
    "@new.up 400\n@new.jobs 0\n"
    " 6_[2-9]|PENDING|main|root|||(null)|1|JobArrayTaskLimit,NodeDown\n 5|PENDING|main|root|||(null)|1|JobHeldUser\n"
    " 1|RUNNING|main|root|ctl,n2||(null)|2|None\n 4|NODE_FAIL|main|root||(null)|(null)|1|NodeDown\n"
    " 6_1|RUNNING|main|root|n2||(null)|1|None\n 7|PENDING|main|root|||(null)|1|BadConstraints\n"
    "@new.nodes 0\n NodeName=n2 Arch=x State=IDLE+NOT_RESPONDING Reason=a\n"
    "@new.partitions 0\n PartitionName=main Nodes=n2 State=UP\n"
    "@new.reservations 0\n No reservations in the system\n"
    "@new.log\n slurmctld: error: Node n3 has vanished from configuration\n slurmctld: error: both\n"
    "@old.up 420\n@old.jobs 0\n"
    " 6_[3-9%2]|PENDING|main|root|||(null)|1|JobArrayTaskLimit\n 5|PENDING|main|root|||(null)|1|JobHeldUser\n"
    " 1|RUNNING|main|root|n2,ctl||(null)|2|None\n 4|RUNNING|main|root|n3|n3|(null)|1|None\n"
    " 6_1|RUNNING|main|root|n2||(null)|1|None\n 6_2|RUNNING|main|root|n3||(null)|1|None\n"
    " 7|PENDING|main|root|||(null)|1|Resources\n 9|PENDING|side|root|||(null)|1|Resources\n"
    " 8|COMPLETED|main|root|n3||(null)|1|None\n"
    "@old.nodes 0\n NodeName=n2 Arch=x State=IDLE Reason=a\n NodeName=n3 State=IDLE\n"
    "@old.partitions 0\n PartitionName=main Nodes=n[2-3] State=DOWN\n"
    "@old.reservations 0\n ReservationName=r1 Nodes=n3 NodeCnt=1\n"
    "@old.log\n slurmctld: error: both\n@end\n";

static void differences_are_the_new_ones_doing(void **state)
{
	(void)state;
	struct scratch_verdict v = judge(removed, NULL);
	assert_false(v.ok);
	assert_true(v.compared && v.over_state && !v.old_failed);
	assert_int_equal(v.ms, 400);
	assert_int_equal(v.jobs, 8);

	const struct scratch_finding *f = nth(&v, SCRATCH_JOB_CHANGED, 0);
	assert_string_equal(f->subject, "job 4");
	assert_string_equal(f->before, "RUNNING");
	assert_string_equal(f->after, "NODE_FAIL");
	assert_true(f->blocks);
	f = nth(&v, SCRATCH_JOB_CHANGED, 1);
	assert_string_equal(f->subject, "job 6_2");
	assert_string_equal(f->after, "PENDING");
	f = nth(&v, SCRATCH_JOB_CHANGED, 2);
	assert_string_equal(f->subject, "job 7");
	assert_string_equal(f->after, "BadConstraints");
	assert_null(nth(&v, SCRATCH_JOB_CHANGED, 3));
	assert_string_equal(nth(&v, SCRATCH_JOB_GONE, 0)->subject, "job 9");
	assert_null(nth(&v, SCRATCH_JOB_GONE, 1));
	assert_string_equal(nth(&v, SCRATCH_NODE_GONE, 0)->subject, "node n3");
	assert_null(nth(&v, SCRATCH_NODE_CHANGED, 0));
	assert_string_equal(nth(&v, SCRATCH_PARTITION_CHANGED, 0)->before, "DOWN");
	assert_true(nth(&v, SCRATCH_RESERVATION_GONE, 0)->blocks);
	assert_string_equal(nth(&v, SCRATCH_ERROR, 0)->text, "error: Node n3 has vanished from configuration");
	assert_null(nth(&v, SCRATCH_ERROR, 1));
}

static void equal_is_fine(void **state)
{
	(void)state;
	struct scratch_verdict v =
	    judge(HEAD "@new.up 9\n@new.jobs 0\n 1|RUNNING|p|u|n1||(null)|1|None\n@new.log\n"
		       "@old.up 9\n@old.jobs 0\n 1|RUNNING|p|u|n1||(null)|1|None\n@old.log\n@end\n",
		  NULL);
	assert_true(v.ok && v.compared);
	assert_int_equal(v.findings.len, 0);
	v = judge("@scratch 1\n@parse 0\n@state 0 0\n@new.up 9\n@new.jobs 0\n@new.log\n@end\n", NULL);
	assert_true(v.ok && !v.compared && !v.over_state);
}

static const char *with_jobs(const char *jobs)
{
	return arena_printf(arena, HEAD "@new.up 9\n@new.jobs 0\n%s@new.log\n@end\n", jobs);
}

static void live_jobs_move_on(void **state)
{
	(void)state;
	const char *after = with_jobs(" 1|COMPLETED|p|u|n1||(null)|1|None\n 2|RUNNING|p|u|n1||(null)|1|None\n"
				      " 3_4|RUNNING|p|u|n1||(null)|1|None\n 3_[5-9]|PENDING|p|u|||(null)|1|Priority\n");
	struct scratch_verdict v = judge(after, "1|RUNNING|p|u|n1||(null)|1|None\n2|PENDING|p|u|||(null)|1|Priority\n"
						"3_[4-9]|PENDING|p|u|||(null)|1|Priority\n");
	assert_true(v.ok && v.compared);
	assert_int_equal(v.jobs, 3);
	v = judge(after, "2|RUNNING|p|u|n[1-2]||(null)|2|None\n3_[4-12:2%3]|PENDING|p|u|||(null)|1|Priority\n");
	assert_false(v.ok);
	assert_string_equal(nth(&v, SCRATCH_JOB_CHANGED, 0)->before, "n[1-2]");
	assert_string_equal(nth(&v, SCRATCH_JOB_GONE, 0)->subject, "job 3_[4-12:2%3] (2 tasks)");
	assert_int_equal(v.findings.len, 2);
}

/* slurmctld writes its state down seconds later: what ended since is in the copy, and would be "lost" by a change that
 * has nothing to do with it. */
static void what_is_over_by_now_is_not_missed(void **state)
{
	(void)state;
	static const char report[] = HEAD
	    "@new.up 9\n@new.jobs 0\n 3_[4-9]|PENDING|p|u|||(null)|1|Priority\n@new.reservations 0\n@new.log\n"
	    "@old.up 9\n@old.jobs 0\n 2|PENDING|p|u|||(null)|1|Priority\n 3_[4-9]|PENDING|p|u|||(null)|1|Priority\n"
	    "@old.reservations 0\n ReservationName=kept Nodes=n1\n@old.log\n@end\n";
	struct scratch_live live = {.jobs = "3_[5-9]|PENDING|p|u|||(null)|1|Priority\n",
				    .reservations = "No reservations in the system\n"};
	struct scratch_verdict v;
	struct err err = {0};
	assert_int_equal(scratch_judge(report, strlen(report), &live, arena, &v, &err), 0);
	assert_true(v.ok && v.compared);
	assert_int_equal(v.findings.len, 0);
	live = (struct scratch_live){.jobs = "2|PENDING|p|u|||(null)|1|Priority\n",
				     .reservations = "ReservationName=kept Nodes=n1\n"};
	assert_int_equal(scratch_judge(report, strlen(report), &live, arena, &v, &err), 0);
	assert_false(v.ok);
	assert_string_equal(nth(&v, SCRATCH_JOB_GONE, 0)->subject, "job 2");
	assert_non_null(nth(&v, SCRATCH_RESERVATION_GONE, 0));
}

static void what_slurm_refuses_is_said(void **state)
{
	(void)state;
	struct scratch_verdict v = judge(
	    "@scratch 1\n@parse 1\n scontrol: error: Parse error in file /tmp/new/candidate.conf line 12: \" X\"\n"
	    " scontrol: fatal: Unable to process configuration file\n@state 0 0\n@new.exited 1\n@new.log\n"
	    " slurmctld: fatal: Invalid node names in partition side\n@end\n",
	    NULL);
	assert_false(v.ok);
	const struct scratch_finding *f = nth(&v, SCRATCH_PARSE, 0);
	assert_string_equal(f->subject, "slurm.conf:12");
	assert_string_equal(f->text, "error: Parse error in file slurm.conf line 12: \" X\"");
	assert_null(nth(&v, SCRATCH_FATAL, 0));
	v = judge(HEAD
		  "@new.exited 1\n@new.log\n slurmctld: error: no n5\n slurmctld: fatal: NAME MISMATCH.\n Has been x.\n"
		  " slurmctld: error: later\n@end\n",
		  NULL);
	assert_false(v.ok);
	assert_string_equal(nth(&v, SCRATCH_FATAL, 0)->text, "fatal: NAME MISMATCH. Has been x.");
	assert_string_equal(nth(&v, SCRATCH_ERROR, 0)->text, "error: no n5");
	assert_null(nth(&v, SCRATCH_FATAL, 1));
	v = judge(HEAD "@new.silent\n squeue: munge is away\n@new.log\n@end\n", NULL);
	assert_false(v.ok);
	assert_has(nth(&v, SCRATCH_FATAL, 0)->text, "munge is away");
	v = judge(HEAD "@new.up 5\n@new.jobs 1\n slurm_load_jobs error\n@new.log\n@end\n", NULL);
	assert_false(v.ok);
}

/* slurmctld remembers finished jobs for a while, and complains of what they asked for. */
static void what_is_over_is_nobodys_note(void **state)
{
	(void)state;
	static const char report[] = HEAD
	    "@new.up 5\n@new.jobs 0\n@new.log\n slurmctld: error: Invalid req_nodes (n3) for JobId=11\n"
	    " slurmctld: error: Invalid req_nodes (n3) for JobId=12_4(13)\n@old.up 5\n@old.jobs 0\n@old.log\n@end\n";
	struct scratch_verdict v = judge(report, "12_[1-9]|PENDING|main|root||n3|(null)|1|None\n");
	assert_int_equal(v.findings.len, 1);
	assert_has(v.findings.items[0].text, "JobId=12_4");
	assert_int_equal(judge(report, "1|PENDING|main|root||n3|(null)|1|None\n").findings.len, 0);
	assert_int_equal(judge(report, NULL).findings.len, 2);
}

static void what_happens_to_many_is_said_once(void **state)
{
	(void)state;
	_cleanup_strbuf_ struct strbuf report = {0};
	strbuf_adds(&report, HEAD "@new.up 5\n@new.jobs 0\n@new.log\n@old.up 5\n@old.jobs 0\n");
	for (int i = 1; i <= 30; i++)
		strbuf_addf(&report, " %d|PENDING|side|root|||(null)|1|Resources\n", i);
	strbuf_adds(&report, " 77|RUNNING|main|root|n1||(null)|1|None\n@old.log\n@end\n");
	struct scratch_verdict v = judge(strbuf_str(&report), NULL);
	assert_false(v.ok);
	assert_int_equal(v.findings.len, 2);
	assert_true(str_starts(v.findings.items[0].subject, "jobs 1, 2, 3, "));
	assert_has(v.findings.items[0].subject, "20 and 10 more");
	assert_string_equal(v.findings.items[1].subject, "job 77");
}

static void an_old_one_that_fails_compares_nothing(void **state)
{
	(void)state;
	struct scratch_verdict v = judge(HEAD "@new.up 5\n@new.jobs 0\n@new.log\n@old.exited 1\n@old.log\n"
					      " slurmctld: fatal: old is bad\n@end\n",
					 NULL);
	assert_true(v.ok && !v.compared);
	assert_string_equal(v.old_failed, "fatal: old is bad");
}

static void bad_reports_are_errors(void **state)
{
	(void)state;
	struct scratch_verdict v;
	static const struct {
		const char *text;
		enum err_code code;
	} cases[] = {
	    {"", ERR_PROTOCOL},
	    {HEAD "@new.up 5\n@new.jobs 0\n@new.log\n", ERR_PROTOCOL},
	    {"hello\n@end\n", ERR_PROTOCOL},
	    {"@scratch 1\n@failed there is no user slurm\n", ERR_FAILED},
	    {HEAD "@new.up 5\n@new.jobs 0\n nonsense\n@new.log\n@old.up 5\n@old.jobs 0\n@old.log\n@end\n",
	     ERR_PROTOCOL},
	    {HEAD
	     "@new.up 5\n@new.jobs 0\n@new.log\n@old.up 5\n@old.jobs 0\n 1_[9-4]|PENDING|p|u||||1|r\n@old.log\n@end\n",
	     ERR_PROTOCOL},
	    {HEAD
	     "@new.up 5\n@new.jobs 0\n@new.log\n@old.up 5\n@old.jobs 0\n 1_[0-99999999]|PENDING|p|u||||1|r\n@old.log\n"
	     "@end\n",
	     ERR_PROTOCOL},
	    {HEAD
	     "@new.up 5\n@new.jobs 0\n@new.log\n@old.up 5\n@old.jobs 0\n 1_[1x2]|PENDING|p|u||||1|r\n@old.log\n@end\n",
	     ERR_PROTOCOL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err = {0};
		assert_int_equal(
		    scratch_judge(cases[i].text, strlen(cases[i].text), &(struct scratch_live){0}, arena, &v, &err),
		    -1);
		assert_int_equal(err.code, cases[i].code);
	}
}

static void tasks_are_bounded(void **state)
{
	(void)state;
	_cleanup_strbuf_ struct strbuf jobs = {0};
	for (int i = 1; i < 40; i++)
		strbuf_addf(&jobs, "%d_[0-4000000]|PENDING|p|u||||1|r\n", i);
	struct scratch_verdict v;
	struct err err = {0};
	const char *report = with_jobs("");
	assert_int_equal(
	    scratch_judge(report, strlen(report), &(struct scratch_live){.jobs = strbuf_str(&jobs)}, arena, &v, &err),
	    -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(conf_leaves_out_what_acts),
	    TEST(conf_stays_consistent),
	    TEST(conf_names_no_file_of_the_host),
	    TEST(conf_finds_keys_in_the_copy),
	    TEST(conf_keeps_line_numbers),
	    TEST(conf_gives_nodes_numeric_addresses),
	    TEST(conf_with_a_database_needs_none),
	    TEST(conf_puts_own_scheduler_words_first),
	    TEST(conf_refuses_other_files),
	    TEST(request_carries_all_texts),
	    TEST(differences_are_the_new_ones_doing),
	    TEST(equal_is_fine),
	    TEST(live_jobs_move_on),
	    TEST(what_is_over_by_now_is_not_missed),
	    TEST(what_slurm_refuses_is_said),
	    TEST(what_is_over_is_nobodys_note),
	    TEST(what_happens_to_many_is_said_once),
	    TEST(an_old_one_that_fails_compares_nothing),
	    TEST(bad_reports_are_errors),
	    TEST(tasks_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
