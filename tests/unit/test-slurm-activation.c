#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "slurm/activation.h"
#include "slurm/gres.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char before[] = "ClusterName=c\nSlurmctldHost=a\nSlurmctldHost=b\nMaxJobCount=1000\nReturnToService=1\n"
			     "SchedulerParameters=defer\nTaskPlugin=task/none\n"
			     "NodeName=DEFAULT CPUs=4\n"
			     "NodeName=n[1-3] RealMemory=7000\nNodeName=x RealMemory=3000 Gres=gpu:1\n"
			     "PartitionName=p Nodes=n[1-3] Default=YES\nPartitionName=q Nodes=x\n";

static struct slurm_activation *compared(struct arena *a, unsigned release, const char *old, const char *now)
{
	struct slurm_conf *old_conf = NULL, *new_conf = NULL;
	struct slurm_activation *out = NULL;
	struct err err = {0};
	if ((old && slurm_conf_parse(old, strlen(old), a, &old_conf, &err) < 0) ||
	    slurm_conf_parse(now, strlen(now), a, &new_conf, &err) < 0 ||
	    slurm_activation_of(release, old_conf, new_conf, a, &out, &err) < 0)
		fail_msg("%s", err.text);
	return out;
}

/* `before` with the first `what` replaced by `with`. */
static const char *changed(struct arena *a, const char *what, const char *with)
{
	const char *at = strstr(before, what);
	assert_non_null(at);
	return arena_printf(a, "%.*s%s%s", (int)(at - before), before, with, at + strlen(what));
}

static void each_change_has_its_need(void **state)
{
	(void)state;
	static const struct {
		const char *what, *with;
		enum slurm_need in_2205, in_2311, in_2411;
		const char *subject;
	} cases[] = {
	    {"ReturnToService=1", "ReturnToService=2", SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE,
	     SLURM_NEED_RECONFIGURE, "ReturnToService"},
	    {"MaxJobCount=1000", "MaxJobCount=2000", SLURM_NEED_RESTART_CTLD, SLURM_NEED_RECONFIGURE,
	     SLURM_NEED_RECONFIGURE, "MaxJobCount"},
	    {"MaxJobCount=1000\n", "", SLURM_NEED_RESTART_CTLD, SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE,
	     "MaxJobCount"},
	    {"MaxJobCount", "GresTypes=gpu\nMaxJobCount", SLURM_NEED_RESTART_BOTH, SLURM_NEED_RECONFIGURE,
	     SLURM_NEED_RECONFIGURE, "GresTypes"},
	    {"MaxJobCount", "AccountingStorageTRES=gres/gpu\nMaxJobCount", SLURM_NEED_RESTART_CTLD,
	     SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE, "AccountingStorageTRES"},
	    {"SlurmctldHost=b", "SlurmctldHost=d", SLURM_NEED_RESTART_CTLD, SLURM_NEED_RECONFIGURE,
	     SLURM_NEED_RECONFIGURE, "SlurmctldHost"},
	    {"SlurmctldHost=a\nSlurmctldHost=b", "SlurmctldHost=b\nSlurmctldHost=a", SLURM_NEED_RESTART_CTLD,
	     SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE, "SlurmctldHost"},
	    {"MaxJobCount", "SlurmdPort=7000\nMaxJobCount", SLURM_NEED_RESTART_BOTH, SLURM_NEED_RESTART_BOTH,
	     SLURM_NEED_RESTART_BOTH, "SlurmdPort"},
	    {"MaxJobCount", "AuthType=auth/slurm\nMaxJobCount", SLURM_NEED_STOP_ALL, SLURM_NEED_STOP_ALL,
	     SLURM_NEED_STOP_ALL, "AuthType"},
	    {"task/none", "task/affinity", SLURM_NEED_RESTART_SLURMD, SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE,
	     "TaskPlugin"},
	    {"=defer", "=defer,bf_window=60", SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE,
	     "SchedulerParameters"},
	    {"=defer", "=defer,no_backup_scheduling", SLURM_NEED_RESTART_CTLD, SLURM_NEED_RECONFIGURE,
	     SLURM_NEED_RECONFIGURE, "SchedulerParameters"},
	    {"MaxJobCount", "CommunicationParameters=EnableIPv6\nMaxJobCount", SLURM_NEED_RESTART_BOTH,
	     SLURM_NEED_RESTART_BOTH, SLURM_NEED_RESTART_BOTH, "CommunicationParameters"},
	    {"7000", "6900", SLURM_NEED_RESTART_CTLD, SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE,
	     "node n[1-3] RealMemory"},
	    {"RealMemory=3000", "RealMemory=3000 Weight=5", SLURM_NEED_RESTART_CTLD, SLURM_NEED_RECONFIGURE,
	     SLURM_NEED_RECONFIGURE, "node x Weight"},
	    {"RealMemory=3000", "RealMemory=3000 Feature=pi", SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE,
	     SLURM_NEED_RECONFIGURE, "node x Features"},
	    {"RealMemory=7000", "RealMemory=7000 CPUs=8", SLURM_NEED_RESTART_BOTH, SLURM_NEED_RESTART_BOTH,
	     SLURM_NEED_RECONFIGURE, "node n[1-3] CPUs"},
	    {"gpu:1", "gpu:2", SLURM_NEED_RESTART_BOTH, SLURM_NEED_RESTART_BOTH, SLURM_NEED_RECONFIGURE, "node x Gres"},
	    {"RealMemory=3000", "RealMemory=3000 Port=7001", SLURM_NEED_RESTART_BOTH, SLURM_NEED_RESTART_BOTH,
	     SLURM_NEED_RESTART_BOTH, "node x Port"},
	    {"n[1-3] Real", "n[1-4] Real", SLURM_NEED_NODES, SLURM_NEED_NODES, SLURM_NEED_RECONFIGURE, "node n4"},
	    {"n[1-3] Real", "n[1-2] Real", SLURM_NEED_NODES, SLURM_NEED_NODES, SLURM_NEED_RECONFIGURE, "node n3"},
	    {"Nodes=x", "Nodes=x MaxTime=60", SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE,
	     "partition q MaxTime"},
	    {"MaxJobCount", "DefMemPerCPU=900\nMaxJobCount", SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE,
	     SLURM_NEED_RECONFIGURE, "DefMemPerCPU"},
	    {"Nodes=x", "Nodes=x DefMemPerCPU=900", SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE,
	     SLURM_NEED_RECONFIGURE, "partition q DefMemPerCPU"},
	    {"PartitionName=q Nodes=x\n", "", SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE,
	     "partition q"},
	    {"PartitionName=q", "DownNodes=x State=DOWN\nPartitionName=q", SLURM_NEED_RECONFIGURE,
	     SLURM_NEED_RECONFIGURE, SLURM_NEED_RECONFIGURE, "DownNodes"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *now = changed(a, cases[i].what, cases[i].with);
		struct slurm_activation *out = compared(a, 2205, before, now);
		assert_string_equal(slurm_need_name(out->need), slurm_need_name(cases[i].in_2205));
		assert_true(out->len >= 1);
		assert_string_equal(out->reasons[0].subject, cases[i].subject);
		assert_non_null(out->reasons[0].why);
		assert_int_equal(compared(a, 2311, before, now)->need, cases[i].in_2311);
		assert_int_equal(compared(a, 2411, before, now)->need, cases[i].in_2411);
	}
}

static void what_means_the_same_needs_nothing(void **state)
{
	(void)state;
	static const char same[] =
	    "# a comment\nclustername=c\nReturnToService=1\nSlurmctldHost=a\nSlurmctldHost=b\n"
	    "SchedulerParameters=\"defer\"\nTaskPlugin=task/none MaxJobCount=1\nMaxJobCount=1000\n"
	    "NodeName=x RealMemory=3000 CPUs=4 Gres=gpu:1\n"
	    "NodeName=n1,n2 RealMemory=7000 Procs=4\nNodeName=n3 CPUs=4 RealMemory=7000\n"
	    "PartitionName=q Nodes=x\nPartitionName=p Default=YES Nodes=n[1-3]\n";
	_cleanup_arena_ struct arena *a = arena_new();
	struct slurm_activation *out = compared(a, 2205, before, same);
	assert_int_equal(out->len, 0);
	assert_int_equal(out->need, SLURM_NEED_NOTHING);
	assert_int_equal(out->nodes_changed.len + out->partitions_changed.len, 0);
}

static void lists_say_whom_it_touches(void **state)
{
	(void)state;
	static const char now[] =
	    "ClusterName=c\nNodeName=n[2-4] RealMemory=7000 CPUs=8\nNodeName=x CPUs=4 RealMemory=2900 "
	    "Gres=gpu:1\nPartitionName=p Nodes=n[2-4]\nPartitionName=r Nodes=x\n";
	_cleanup_arena_ struct arena *a = arena_new();
	struct slurm_activation *out = compared(a, 2205, before, now);
	assert_int_equal(out->nodes_added.len, 1);
	assert_string_equal(out->nodes_added.items[0], "n4");
	assert_int_equal(out->nodes_removed.len, 1);
	assert_string_equal(out->nodes_removed.items[0], "n1");
	assert_int_equal(out->nodes_idle.len, 2);
	assert_string_equal(out->nodes_idle.items[0], "n2");
	assert_string_equal(out->nodes_idle.items[1], "n3");
	assert_int_equal(out->nodes_changed.len, 3);
	assert_int_equal(out->partitions_added.len, 1);
	assert_string_equal(out->partitions_removed.items[0], "q");
	assert_string_equal(out->partitions_changed.items[0], "p");
	assert_int_equal(out->need, SLURM_NEED_NODES);
	const struct slurm_reason *memory = NULL;
	for (size_t i = 0; i < out->len; i++)
		if (streq(out->reasons[i].subject, "node x RealMemory"))
			memory = &out->reasons[i];
	assert_non_null(memory);
	assert_string_equal(memory->old_value, "3000");
	assert_string_equal(memory->new_value, "2900");
}

static void nothing_running_means_start(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	assert_int_equal(compared(a, 2411, NULL, before)->need, SLURM_NEED_START);
}

static void needs_join(void **state)
{
	(void)state;
	for (enum slurm_need x = SLURM_NEED_NOTHING; x <= SLURM_NEED_START; x++)
		for (enum slurm_need y = SLURM_NEED_NOTHING; y <= SLURM_NEED_START; y++) {
			assert_int_equal(slurm_need_join(x, y), slurm_need_join(y, x));
			assert_true(slurm_need_join(x, y) >= x);
		}
	assert_int_equal(slurm_need_join(SLURM_NEED_RESTART_SLURMD, SLURM_NEED_RESTART_CTLD), SLURM_NEED_RESTART_BOTH);
}

static void bad_files_are_errors(void **state)
{
	(void)state;
	static const char bad[] = "NodeName=n[1-2]\nNodeName=n2\n";
	_cleanup_arena_ struct arena *a = arena_new();
	struct slurm_conf *good_conf, *bad_conf;
	struct slurm_activation *out = NULL;
	struct err err = {0};
	assert_int_equal(slurm_conf_parse(bad, strlen(bad), a, &bad_conf, NULL), 0);
	assert_int_equal(slurm_conf_parse(before, strlen(before), a, &good_conf, NULL), 0);
	assert_int_equal(slurm_activation_of(2205, good_conf, bad_conf, a, &out, &err), -1);
	assert_string_equal(err.text, "the new slurm.conf: line 2: node n2 is described twice");
	assert_int_equal(slurm_activation_of(2205, bad_conf, good_conf, a, &out, &err), -1);
	assert_string_equal(err.text, "the slurm.conf in force: line 2: node n2 is described twice");
	assert_null(out);
}

static void ten_thousand_nodes_are_quick(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	_cleanup_strbuf_ struct strbuf old = {0};
	_cleanup_strbuf_ struct strbuf now = {0};
	for (int i = 0; i < 10000; i++) {
		strbuf_addf(&old, "NodeName=n%d CPUs=4 RealMemory=4000\n", i);
		strbuf_addf(&now, "NodeName=n%d CPUs=4 RealMemory=%d\n", i, i % 2 ? 3900 : 4000);
	}
	uint64_t start = clock_ms();
	struct slurm_activation *out = compared(a, 2205, old.data, now.data);
	assert_true(clock_ms() - start < 3000); /* 120 ms with sanitizers on an idle machine */
	assert_int_equal(out->len, 1);
	assert_int_equal(out->nodes_changed.len, 5000);
}

/* What a configuration that somebody wrote by hand says in other words. */
static void other_words_need_nothing(void **state)
{
	(void)state;
	static const char by_hand[] =
	    "ClusterName=Hall\nControlMachine=a\nControlAddr=10.0.0.1\nBackupController=b\n"
	    "StateSaveLocation=/srv/state/\n"
	    "NodeName=n1 NodeAddr=10.0.1.1 CPUs=4 Boards=1 SocketsPerBoard=1 CoresPerSocket=4\n"
	    "NodeName=n2 NodeAddr=10.0.1.2 CPUs=4 Sockets=1 CoresPerSocket=4 Feature=x\n"
	    "NodeName=localnode NodeAddr=localhost\n"
	    "NodeSet=s Nodes=n[1-2]\nPartitionName=p Nodes=s Default=Yes State=up\n"
	    "PartitionName=q Nodes=ALL\n";
	static const char by_reeve[] =
	    "ClusterName=hall\nSlurmctldHost=a(10.0.0.1)\nSlurmctldHost=b\nAuthType=auth/munge\n"
	    "StateSaveLocation=/srv/state\nReturnToService=0\nDefMemPerNode=0\nSelectType=select/linear\n"
	    "NodeName=n1 NodeAddr=10.0.1.1 CPUs=4 Sockets=1 CoresPerSocket=4 ThreadsPerCore=1 State=UNKNOWN\n"
	    "NodeName=n2 NodeAddr=10.0.1.2 CPUs=4 Sockets=1 CoresPerSocket=4 Features=x State=UNKNOWN\n"
	    "NodeName=localnode NodeAddr=127.0.0.1 CPUs=1\n"
	    "NodeSet=s Nodes=n[1-2]\nPartitionName=p Nodes=n[1-2] Default=YES State=UP\n"
	    "PartitionName=q Nodes=localnode,n[1-2] State=UP\n";
	_cleanup_arena_ struct arena *a = arena_new();
	struct slurm_activation *out = compared(a, 2205, by_hand, by_reeve);
	if (out->len)
		fail_msg("%s: %s -> %s", out->reasons[0].subject, out->reasons[0].old_value, out->reasons[0].new_value);
	/* From 24.11 on the default is another. */
	out = compared(a, 2411, by_hand, by_reeve);
	assert_int_equal(out->len, 1);
	assert_string_equal(out->reasons[0].subject, "SelectType");
	/* Each node its own address, in whatever groups they stand. */
	out = compared(a, 2205, "NodeName=n[1-2] NodeAddr=10.0.0.[1-2]\n",
		       "NodeName=n1 NodeAddr=10.0.0.1\nNodeName=n2 NodeAddr=10.0.0.3\n");
	assert_int_equal(out->len, 1);
	assert_string_equal(out->reasons[0].subject, "node n2 NodeAddr");
}

/* The same value in another spelling, and Slurm's own default written out. */
static void spelling_is_no_change(void **state)
{
	(void)state;
	static const struct {
		const char *old, *now;
		size_t changes;
	} cases[] = {
	    {"TaskPlugin=affinity,cgroup\n", "TaskPlugin=task/affinity,task/Cgroup\n", 0},
	    {"TaskPlugin=task/affinity\n", "TaskPlugin=task/affinity,task/cgroup\n", 1},
	    {"TaskPlugin=affinity\n", "TaskPlugin=cgroup\n", 1},
	    {"HealthCheckInterval=02\n", "HealthCheckInterval=2\n", 0},
	    {"HealthCheckInterval=010\n", "HealthCheckInterval=10\n", 1},
	    {"SelectType=select/cons_tres\n", "SelectType=select/cons_tres\nSelectTypeParameters=CR_Core_Memory\n", 0},
	    {"SelectType=select/linear\n", "SelectType=select/linear\nSelectTypeParameters=CR_Core_Memory\n", 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		struct slurm_activation *out = compared(a, 2205, cases[i].old, cases[i].now);
		if (out->len != cases[i].changes)
			fail_msg("%s%s", cases[i].old, cases[i].now);
	}
}

/* What a file that is included may have described is not new. */
static void an_include_may_hold_what_is_missing(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct slurm_activation *out = compared(a, 2205, "ClusterName=c\nInclude nodes.conf\nNodeName=n1\n",
						"ClusterName=c\nNodeName=n2\nPartitionName=p Nodes=n2\n");
	assert_int_equal(out->nodes_added.len + out->partitions_added.len, 0);
	assert_int_equal(out->nodes_removed.len, 1);
	assert_true(out->need >= SLURM_NEED_RESTART_BOTH);
}

/* Jobs live through another cut of the same cores, and through no other number of them. */
static void the_same_cores_in_other_sockets_want_no_idle_node(void **state)
{
	(void)state;
	static const char *const now[] = {"Sockets=1 CoresPerSocket=8",
					  "Sockets=2 CoresPerSocket=4 CPUs=8",
					  "Boards=2 SocketsPerBoard=2 CoresPerSocket=2",
					  "Sockets=1 CoresPerSocket=4",
					  "Sockets=1 CoresPerSocket=4 ThreadsPerCore=2",
					  "CPUs=16"};
	for (size_t i = 0; i < ARRAY_LEN(now); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		struct slurm_activation *out = compared(a, 2205, "ClusterName=c\nNodeName=n1 CPUs=8\n",
							arena_printf(a, "ClusterName=c\nNodeName=n1 %s\n", now[i]));
		assert_int_equal(out->nodes_idle.len, i < 3 ? 0 : 1);
		assert_int_equal(out->nodes_changed.len, 1);
		assert_int_equal(out->need, SLURM_NEED_RESTART_BOTH);
		assert_string_equal(out->reasons[0].old_value, i == 2 ? "1" : "8");
	}
}

/* A condition holds whether the parameter comes, goes or changes. */
static void every_condition_holds_both_ways(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	size_t conditions = 0;
	const char *name;
	for (size_t i = 0; (name = slurm_effect_name(SLURM_GLOBAL, i)); i++) {
		const char *one = arena_printf(a, "NodeName=n1\n%s=one\n", name),
			   *two = arena_printf(a, "NodeName=n1\n%s=two\n", name);
		const struct {
			const char *old, *now;
		} ways[] = {{"NodeName=n1\n", one}, {one, "NodeName=n1\n"}, {one, two}};
		if (strcmp(name, "SlurmctldHost") == 0)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(ways); k++) {
			const struct slurm_activation *now = compared(a, 2205, ways[k].old, ways[k].now),
						      *then = compared(a, 2411, ways[k].old, ways[k].now);
			assert_int_equal(now->len, 1);
			assert_string_equal(now->reasons[0].key, name);
			assert_null(now->reasons[0].nodes);
			bool goes = strcmp(name, "GresTypes") == 0 && k > 0;
			enum slurm_condition wanted =
			    goes ? SLURM_IDLE_NODES : slurm_effect_of_param(2205, name, NULL, NULL).condition;
			assert_int_equal(now->reasons[0].condition, wanted);
			conditions += wanted != SLURM_WITH_JOBS;
			/* What a later release reads at reconfigure is as hard for jobs, but for what its manual says. */
			if (strcmp(name, "JobAcctGatherType") != 0)
				assert_int_equal(then->reasons[0].condition, wanted);
		}
	}
	assert_true(conditions > 30);
	/* A slurmctld or a step of hash/k12 cannot even be asked to reconfigure by what has hash/sha3. */
	const struct slurm_activation *hash = compared(a, 2411, "HashPlugin=hash/k12\n", "HashPlugin=hash/sha3\n");
	assert_int_equal(hash->need, SLURM_NEED_RESTART_BOTH);
	assert_int_equal(hash->reasons[0].condition, SLURM_IDLE_NODES);
	assert_true(hash->reasons[0].apart && hash->reasons[0].slurmd);
	assert_int_equal(compared(a, 2411, "", "HashPlugin=k12\nTLSType=tls/none\n")->need, SLURM_NEED_NOTHING);
	assert_int_equal(compared(a, 2411, "", "TLSType=tls/s2n\n")->reasons[0].condition, SLURM_IDLE_NODES);
	/* The one way in which jobs are kept. */
	assert_int_equal(
	    compared(a, 2205, "SelectType=select/cons_res\n", "SelectType=select/cons_tres\n")->reasons[0].condition,
	    SLURM_WITH_JOBS);
	/* Running steps report to a controller that they know of. */
	assert_int_equal(compared(a, 2205, "SlurmctldHost=a\n", "SlurmctldHost=b\n")->reasons[0].condition,
			 SLURM_IDLE_NODES);
	assert_int_equal(
	    compared(a, 2205, "SlurmctldHost=a\n", "SlurmctldHost=b\nSlurmctldHost=a\n")->reasons[0].condition,
	    SLURM_WITH_JOBS);
	assert_int_equal(compared(a, 2411, "SlurmctldHost=a\n", "SlurmctldHost=b\n")->reasons[0].condition,
			 SLURM_WITH_JOBS);
}

/* A line of a few bytes names every node there can be, and a file has any number of lines: what they would take is found
 * before it is taken. */
static void gres_of_more_nodes_than_there_are(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	_cleanup_strbuf_ struct strbuf text = {0};
	struct names nodes = {0};
	struct err err = {0};
	for (int i = 0; i < 20000; i++)
		strbuf_addf(&text, "NodeName=a[0-65535] Name=gpu Type=t%d AutoDetect=nvml\n", i);
	assert_int_equal(slurm_gres_check(strbuf_str(&text), &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_true(str_starts(err.text, "line 5:"));
	slurm_gres_reordered(strbuf_str(&text), "", a, &nodes);
	assert_int_equal(nodes.len, 65536);
	assert_true(arena_size(a) < 32 << 20);
	assert_int_equal(slurm_gres_need(2205, strbuf_str(&text), "Name=gpu NodeName=n1 Type=x\n"),
			 SLURM_NEED_RESTART_BOTH);
	assert_int_equal(slurm_gres_check("NodeName=n[1-100] Name=gpu Type=a\nNodeName=n[101-200] Name=gpu\n", &err),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_change_has_its_need),
	    cmocka_unit_test(every_condition_holds_both_ways),
	    cmocka_unit_test(what_means_the_same_needs_nothing),
	    cmocka_unit_test(other_words_need_nothing),
	    cmocka_unit_test(spelling_is_no_change),
	    cmocka_unit_test(an_include_may_hold_what_is_missing),
	    cmocka_unit_test(lists_say_whom_it_touches),
	    cmocka_unit_test(the_same_cores_in_other_sockets_want_no_idle_node),
	    cmocka_unit_test(nothing_running_means_start),
	    cmocka_unit_test(needs_join),
	    cmocka_unit_test(gres_of_more_nodes_than_there_are),
	    cmocka_unit_test(bad_files_are_errors),
	    cmocka_unit_test(ten_thousand_nodes_are_quick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
