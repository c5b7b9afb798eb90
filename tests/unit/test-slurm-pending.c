#include "slurm/pending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/vec.h"

static const char before[] = "NodeName=n[1-4] CPUs=8 RealMemory=64000 Features=fast,ib Gres=gpu:a100:2\n"
			     "PartitionName=batch Nodes=n[1-4] MaxTime=7-0 Default=YES\n"
			     "PartitionName=short Nodes=n[1-2] MaxTime=60\n";

static struct slurm_conf *conf_of(struct arena *a, const char *text)
{
	struct slurm_conf *conf = NULL;
	struct err err = {0};
	if (slurm_conf_parse(text, strlen(text), a, &conf, &err) < 0)
		fail_msg("%s", err.text);
	return conf;
}

static struct slurm_waits waits_of(struct arena *a, const char *now, const char *squeue)
{
	struct slurm_pending *jobs;
	struct slurm_waits waits = {0};
	struct err err = {0};
	size_t count;
	if (slurm_pending_parse(squeue, strlen(squeue), a, &jobs, &count, &err) < 0 ||
	    slurm_pending_waits(conf_of(a, before), conf_of(a, now), jobs, count, a, &waits, &err) < 0)
		fail_msg("%s", err.text);
	return waits;
}

static const char *changed(struct arena *a, const char *what, const char *with)
{
	const char *at = strstr(before, what);
	assert_non_null(at);
	return arena_printf(a, "%.*s%s%s", (int)(at - before), before, with, at + strlen(what));
}

static void each_cause_is_found(void **state)
{
	(void)state;
	static const struct {
		const char *what, *with, *job;
		enum slurm_wait_cause cause; /* SLURM_WAIT_CAUSES: none */
	} cases[] = {
	    {"MaxTime=7-0", "MaxTime=1:00:00", "batch|2-00:00:00|1|0||N/A|", SLURM_WAIT_TIME},
	    {"MaxTime=7-0", "MaxTime=1:00:00", "batch|1:00:00|1|0||N/A|", SLURM_WAIT_CAUSES},
	    /* It has no time of its own. */
	    {"MaxTime=7-0", "MaxTime=1:00:00", "batch|7-00:00:00|1|0||N/A|", SLURM_WAIT_CAUSES},
	    {"MaxTime=7-0", "MaxTime=1:00:00", "batch|UNLIMITED|1|0||N/A|", SLURM_WAIT_CAUSES},
	    /* It could not run before either. */
	    {"MaxTime=7-0", "MaxTime=1:00:00", "batch|9-00:00:00|1|0||N/A|", SLURM_WAIT_CAUSES},
	    /* Its other partition will do. */
	    {"MaxTime=60", "MaxTime=10", "short,batch|30:00|1|0||N/A|", SLURM_WAIT_CAUSES},
	    {"MaxTime=60", "MaxTime=10", "short|30:00|1|0||N/A|", SLURM_WAIT_TIME},
	    {"MaxTime=7-0", "MaxNodes=2", "batch|10:00|3|0||N/A|", SLURM_WAIT_NODES},
	    {"n[1-4] MaxTime", "n[1-2] MaxTime", "batch|10:00|3|0||N/A|", SLURM_WAIT_NODES},
	    {"n[1-4] MaxTime", "n[1-2] MaxTime", "batch|10:00|1|0||N/A|n3", SLURM_WAIT_NODELIST},
	    {"n[1-4] MaxTime", "n[1-2] MaxTime", "batch|10:00|1|0||N/A|n2", SLURM_WAIT_CAUSES},
	    {"64000", "32000", "batch|10:00|1|40000M||N/A|", SLURM_WAIT_MEMORY},
	    {"64000", "32000", "batch|10:00|1|39G||N/A|", SLURM_WAIT_MEMORY},
	    {"64000", "32000", "batch|10:00|1|31.5G||N/A|", SLURM_WAIT_MEMORY},
	    {"64000", "32000", "batch|10:00|1|31G||N/A|", SLURM_WAIT_CAUSES},
	    {"fast,ib", "fast", "batch|10:00|1|0|ib|N/A|", SLURM_WAIT_FEATURES},
	    {"fast,ib", "fast", "batch|10:00|1|0|fast&ib|N/A|", SLURM_WAIT_FEATURES},
	    {"fast,ib", "fast", "batch|10:00|1|0|fast|N/A|", SLURM_WAIT_CAUSES},
	    {"fast,ib", "slow", "batch|10:00|1|0|[ib*2]|N/A|", SLURM_WAIT_CAUSES},
	    {"gpu:a100:2", "gpu:a100:1", "batch|10:00|1|0||gres:gpu:2|", SLURM_WAIT_GRES},
	    {"gpu:a100:2", "gpu:h100:2", "batch|10:00|1|0||gres/gpu:a100:1|", SLURM_WAIT_GRES},
	    {"gpu:a100:2", "gpu:h100:2", "batch|10:00|1|0||gres:gpu:2|", SLURM_WAIT_CAUSES},
	    {"PartitionName=short Nodes=n[1-2] MaxTime=60\n", "", "short|10:00|1|0||N/A|", SLURM_WAIT_PARTITION},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		struct slurm_waits w = waits_of(a, changed(a, cases[i].what, cases[i].with),
						arena_printf(a, "pending|47|%s\n", cases[i].job));
		for (int c = 0; c < SLURM_WAIT_CAUSES; c++)
			if (w.by_cause[c].len != (c == (int)cases[i].cause))
				fail_msg("case %zu, %s: %s", i, cases[i].job, slurm_wait_text(c));
	}
}

static void jobs_are_grouped_in_their_order(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct slurm_waits w =
	    waits_of(a, changed(a, "MaxTime=7-0", "MaxTime=60 MaxNodes=2"),
		     "pending|47|batch|2-00:00:00|1|0||N/A|\npending|48_[1-3]|batch|2:00:00|1|0||N/A|\n"
		     "pending|49|batch|10:00|3|0||N/A|\nnot a job\n7|RUNNING|batch|ann|n1|||1|None\n");
	assert_int_equal(w.by_cause[SLURM_WAIT_TIME].len, 2);
	assert_string_equal(w.by_cause[SLURM_WAIT_TIME].items[0], "47");
	assert_string_equal(w.by_cause[SLURM_WAIT_TIME].items[1], "48_[1-3]");
	assert_int_equal(w.by_cause[SLURM_WAIT_NODES].len, 1);
}

static void times_are_read_as_slurm_writes_them(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t minutes;
	} cases[] = {{"60", 60},        {"7-0", 10080},
		     {"1:00:00", 60},   {"10:00", 10},
		     {"10:01", 11},     {"1-02:03:04", 1564},
		     {"1-02:03", 1563}, {"INFINITE", SLURM_UNLIMITED},
		     {"NOT_SET", 0},    {"1-", 0},
		     {"x", 0},          {"1:2:3:4", 0},
		     {"-1", 0}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(slurm_minutes(cases[i].text), cases[i].minutes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_cause_is_found),
	    cmocka_unit_test(jobs_are_grouped_in_their_order),
	    cmocka_unit_test(times_are_read_as_slurm_writes_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
