#include "slurm/why.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

static const char nodes_text[] =
    "NodeName=n1 Arch=x86_64 CPUAlloc=0 CPUTot=8 AvailableFeatures=fast,ib Gres=gpu:a100:2 RealMemory=64000 State=IDLE "
    "Partitions=main,short Version=24.11.5\n"
    "NodeName=n2 Arch=x86_64 CPUAlloc=8 CPUTot=8 AvailableFeatures=fast RealMemory=64000 State=ALLOCATED "
    "Partitions=main "
    "Version=24.11.5\n"
    "NodeName=n3 Arch=x86_64 CPUAlloc=0 CPUTot=8 AvailableFeatures=fast RealMemory=32000 State=IDLE+DRAIN "
    "Partitions=main "
    "Version=24.11.5 Reason=bad fan [root@2026-11-27T09:12:44]\n"
    "NodeName=n4 Arch=x86_64 CPUAlloc=0 CPUTot=4 RealMemory=8000 State=DOWN* Partitions=main Version=24.11.5\n";
static const char partitions_text[] = "PartitionName=main AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL Default=YES "
				      "MaxNodes=3 MaxTime=1-00:00:00 MinNodes=0 "
				      "Nodes=n[1-4] State=UP TotalCPUs=28 TotalNodes=4\n"
				      "PartitionName=short AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL Default=NO "
				      "MaxNodes=1 MaxTime=01:00:00 MinNodes=0 "
				      "Nodes=n1 State=DOWN TotalCPUs=8 TotalNodes=1\n";
static const char waiting_text[] = "why\t7\tPENDING\tbob\t(null)\tnormal\tmain\t1\t1\t1\t0\t(null)\tN/A\t1:00\tx\tN/"
				   "A\tN/A\t\t\t\t(null)\t(null)\t900\tResources\n"
				   "why\t8\tPENDING\tbob\t(null)\tnormal\tother\t1\t1\t1\t0\t(null)\tN/A\t1:00\tx\tN/"
				   "A\tN/A\t\t\t\t(null)\t(null)\t900\tResources\n";

static struct slurm_why_scene scene_of(struct arena *a)
{
	struct slurm_node_state *nodes = NULL;
	struct slurm_partition_state *partitions = NULL;
	struct slurm_reservation *reservations = NULL;
	struct slurm_why_job *waiting = NULL;
	struct slurm_why_scene s = {0};
	struct err err = {0};
	static const char resv[] = "ReservationName=maint StartTime=2026-12-01T08:00:00 EndTime=2026-12-01T12:00:00 "
				   "Nodes=n1 NodeCnt=1 PartitionName=main Flags=MAINT State=INACTIVE\n";
	if (slurm_nodes_parse(nodes_text, strlen(nodes_text), a, &nodes, &s.node_count, &err) < 0 ||
	    slurm_partitions_parse(partitions_text, strlen(partitions_text), a, &partitions, &s.partition_count, &err) <
		0 ||
	    slurm_reservations_parse(resv, strlen(resv), a, &reservations, &s.reservation_count, &err) < 0 ||
	    slurm_why_parse(waiting_text, strlen(waiting_text), a, &waiting, &s.waiting_count, &err) < 0)
		fail_msg("%s", err.text);
	s.nodes = nodes;
	s.partitions = partitions;
	s.reservations = reservations;
	s.waiting = waiting;
	return s;
}

/* What differs from a job of one node and one CPU in main; NULL: as there. */
struct wish {
	const char *state, *partition, *nodes, *node_cpus, *memory, *features, *gres, *limit, *asked, *excluded,
	    *reservation, *dependency, *start, *reason;
};

#define OR(x, y) ((x) ? (x) : (y))

static struct slurm_why explained(struct arena *a, const struct wish *w)
{
	const char *line =
	    arena_printf(a,
			 "why\t12\t%s\talice\tlab\thigh\t%s\t%s\t2\t%s\t%s\t%s\t%s\t%s\t2026-11-28T10:00:00\t%s\tN/"
			 "A\t\t%s\t%s\t%s\t%s\t500\t%s\n",
			 OR(w->state, "PENDING"), OR(w->partition, "main"), OR(w->nodes, "1"), OR(w->node_cpus, "1"),
			 OR(w->memory, "0"), OR(w->features, "(null)"), OR(w->gres, "N/A"), OR(w->limit, "1:00:00"),
			 OR(w->start, "N/A"), OR(w->asked, ""), OR(w->excluded, ""), OR(w->reservation, "(null)"),
			 OR(w->dependency, "(null)"), OR(w->reason, "Resources"));
	struct slurm_why_job *jobs;
	struct slurm_why_scene scene = scene_of(a);
	struct err err = {0};
	size_t count;
	if (slurm_why_parse(line, strlen(line), a, &jobs, &count, &err) < 0)
		fail_msg("%s: %s", line, err.text);
	assert_int_equal(count, 1);
	return slurm_why_explain(&jobs[0], &scene, a);
}

/* All of it, as it would be read. */
static const char *text_of(struct arena *a, const struct slurm_why *w)
{
	const char *text = w->what;
	for (const char *const *f = w->figures; *f; f++)
		text = arena_printf(a, "%s\n%s", text, *f);
	return w->fix ? arena_printf(a, "%s\nfix: %s", text, w->fix) : text;
}

static void each_reason_has_its_figures(void **state)
{
	(void)state;
	static const struct {
		struct wish wish;
		const char *says[4], *not ; /* says: up to the first NULL */
	} cases[] = {
	    {{0},
	     {"until enough of its nodes are free", "it asks for 1 node, 2 CPUs",
	      "partition main: 4 of 4 nodes fit, of which 1 idle, 1 in use, 2 drained or down",
	      "n3 is IDLE+DRAIN: bad fan (root@2026-11-27T09:12:44)"},
	     "fix:"},
	    {{.start = "2026-11-28T12:30:00"}, {"Slurm expects to start it at 2026-11-28T12:30:00"}, NULL},
	    {{.memory = "40G"}, {"40G of memory", "partition main: 2 of 4 nodes fit"}, "for ever"},
	    {{.memory = "100G"},
	     {"partition main: 0 of 4 nodes fit", "it will wait for ever", "fix: `scontrol update JobId=12` with less"},
	     NULL},
	    {{.nodes = "2", .features = "ib"}, {"partition main: 1 of 4 nodes fit", "it will wait for ever"}, NULL},
	    /* Slurm's to judge */
	    {{.features = "ib&fast"}, {"partition main: 4 of 4 nodes fit"}, "for ever"},
	    {{.gres = "gres:gpu:1"}, {"partition main: 1 of 4 nodes fit", "gres:gpu:1"}, "for ever"},
	    {{.asked = "n[2-3]"}, {"on n[2-3]", "partition main: 2 of 4 nodes fit, of which 0 idle, 1 in use"}, NULL},
	    {{.excluded = "n1"}, {"not on n1", "partition main: 3 of 4 nodes fit"}, NULL},
	    {{.node_cpus = "8"}, {"partition main: 3 of 4 nodes fit"}, NULL},
	    /* It may start in the other one. */
	    {{.partition = "short,main", .memory = "40G", .features = "ib", .nodes = "1"},
	     {"partition short: 1 of 1 node fit", "partition main: 1 of 4"},
	     "for ever"},
	    {{.reason = "Priority"},
	     {"a higher priority", "its priority is 500; 1 job with a higher one waits: 7"},
	     "8"},
	    {{.reason = "ReqNodeNotAvail, UnavailableNodes:n3", .asked = "n3"},
	     {"drained, down, reserved", "n3 is IDLE+DRAIN"},
	     NULL},
	    {{.reason =
		  "(Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions)"},
	     {"down, drained, or kept", "partition main"},
	     NULL},
	    {{.reason = "PartitionTimeLimit", .limit = "2-00:00:00"},
	     {"it asks for 2-00:00:00; partition main allows 1-00:00:00", "JobId=12 TimeLimit"},
	     NULL},
	    {{.reason = "PartitionNodeLimit", .nodes = "4"}, {"it asks for 4 nodes", "MaxNodes=3"}, NULL},
	    {{.reason = "PartitionDown", .partition = "short"}, {"partition short is DOWN", "State=UP"}, NULL},
	    {{.reason = "Dependency", .dependency = "afterok:7(unfulfilled)"},
	     {"it waits for afterok:7(unfulfilled)"},
	     "fix:"},
	    {{.reason = "DependencyNeverSatisfied", .dependency = "afterok:7(failed)"},
	     {"it will never start", "`scancel 12`"},
	     NULL},
	    {{.reason = "BeginTime", .start = "2026-12-24T00:00:00"},
	     {"it starts at 2026-12-24T00:00:00 at the earliest"},
	     "expects"},
	    {{.reason = "JobHeldUser"}, {"its user holds it", "scontrol release 12"}, NULL},
	    {{.reason = "Reservation", .reservation = "maint"},
	     {"reservation maint is INACTIVE, from 2026-12-01T08:00:00"},
	     NULL},
	    {{.reason = "ReservationDeleted", .reservation = "gone"}, {"there is no reservation gone"}, NULL},
	    {{.reason = "QOSGrpCpuLimit"},
	     {"a limit of its QOS (high) is reached: at most so many CPUs of all jobs together",
	      "when jobs under the same limit have ended"},
	     NULL},
	    {{.reason = "AssocMaxGRESPerJob"},
	     {"a limit of its account and user (lab) is reached: at most so many GRES of one job", "ask for less"},
	     NULL},
	    {{.reason = "QOSMinNode"}, {"at least so many nodes", "ask for less"}, NULL},
	    {{.reason = "(launch failed requeued held)"}, {"could not be started on its nodes", "reeve logs 12"}, NULL},
	    {{.reason = "SomethingOfTomorrow\033[31m"}, {"Slurm's reason is 'SomethingOfTomorrow\\x1b[31m'"}, NULL},
	    {{.state = "RUNNING", .reason = "None"}, {"it runs"}, "it asks"},
	    {{.state = "OUT_OF_MEMORY", .reason = "OutOfMemory"}, {"more memory than it had asked for", "--mem"}, NULL},
	    {{.state = "TIMEOUT", .reason = "TimeLimit"}, {"time limit", "it asks for 1:00:00"}, NULL},
	    {{.state = "NEW_STATE", .reason = "None"}, {"it is NEW_STATE"}, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		struct slurm_why w = explained(a, &cases[i].wish);
		const char *text = text_of(a, &w);
		for (size_t k = 0; k < ARRAY_LEN(cases[i].says) && cases[i].says[k]; k++)
			if (!strstr(text, cases[i].says[k]))
				fail_msg("case %zu lacks '%s':\n%s", i, cases[i].says[k], text);
		if (cases[i].not &&strstr(text, cases[i].not ))
			fail_msg("case %zu has '%s':\n%s", i, cases[i].not, text);
	}
}

/* The names of 22.05, 24.11 and 26.05, from src/common/job_state_reason.c and, before, slurm_protocol_defs.c. */
static void every_reason_of_slurm_is_known(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new();
	_cleanup_strbuf_ struct strbuf text = {0};
	struct err err = {0};
	/* of jobs that ended, whose state says more */
	static const char *const ended[] = {"NonZeroExitCode", "RaisedSignal", "TimeLimit",
					    "InactiveLimit",   "OutOfMemory",  NULL};
	(void)state;
	if (file_read(UNIT_DATA "/slurm/reasons", 1 << 20, &text, &err) < 0)
		fail_msg("%s", err.text);
	char *rest = arena_strndup(a, text.data, text.len);
	size_t count = 0;
	for (char *line; rest && (line = str_next_line(&rest));) {
		bool skip = !*line;
		for (const char *const *e = ended; *e; e++)
			skip |= streq(line, *e);
		if (skip)
			continue;
		struct slurm_why w = explained(a, &(struct wish){.reason = line});
		if (strstr(w.what, "Slurm's reason is") || strstr(w.what, "something of"))
			fail_msg("%s: %s", line, w.what);
		count++;
	}
	assert_in_range(count, 200, 400);
}

static void lines_of_others_are_refused(void **state)
{
	static const char *const texts[] = {
	    "12 main x alice PD 0:00 1 (Resources)\n", "why\t12\n",
	    "why\t\tPENDING\tx\tx\tx\tx\t1\t1\t1\t0\tx\tx\tx\tx\tx\tx\tx\tx\tx\tx\tx\t1\tNone\n", "squeue: error\n"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		struct slurm_why_job *jobs;
		struct err err = {0};
		size_t count;
		assert_int_equal(slurm_why_parse(texts[i], strlen(texts[i]), a, &jobs, &count, &err), -1);
		assert_int_equal(err.code, ERR_PROTOCOL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_reason_has_its_figures),
	    cmocka_unit_test(every_reason_of_slurm_is_known),
	    cmocka_unit_test(lines_of_others_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
