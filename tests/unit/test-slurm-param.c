#include "base/str.h"
#include "base/vec.h"
#include "slurm/param.h"
#include "slurm/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

#include <cmocka.h>

static void versions_are_read_as_packages_write_them(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned release, micro;
	} good[] = {
	    {"22.05", 2205, 0},           {"22.05.8", 2205, 8},     {"22.05.8-4+deb12u3", 2205, 8},
	    {"24.11.5-4", 2411, 5},       {"1:24.11.5-4", 2411, 5}, {"slurm-wlm 22.05.8", 2205, 8},
	    {"slurm 24.11.5\n", 2411, 5}, {"25.11.0rc2", 2511, 0},  {"25.11.0~rc1-1", 2511, 0},
	    {"23.11-1", 2311, 0},
	};
	static const char *const bad[] = {"",       "22",     "22.5",      "2.05",  "22.05.",   "22.06",      "22,05",
					  "v22.05", "22.05x", "22.05.8_4", "slurm", "99999.05", "22.05.88888"};
	struct slurm_version v;
	struct err err = {0};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(slurm_version_parse(good[i].text, &v, &err), 0);
		assert_int_equal(v.release, good[i].release);
		assert_int_equal(v.micro, good[i].micro);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(slurm_version_parse(bad[i], &v, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
	}
	char out[8];
	assert_string_equal(slurm_release_print(2205, out), "22.05");
}

static void windows_are_two_releases_and_three_from_24_11(void **state)
{
	(void)state;
	assert_true(slurm_release_accepts(2205, 2205));
	assert_true(slurm_release_accepts(2205, 2011));
	assert_false(slurm_release_accepts(2205, 2002));
	assert_false(slurm_release_accepts(2205, 2302));
	assert_true(slurm_release_accepts(2405, 2302));
	assert_false(slurm_release_accepts(2405, 2205));
	assert_true(slurm_release_accepts(2411, 2302));
	assert_false(slurm_release_accepts(2411, 2205));
	assert_true(slurm_release_accepts(2511, 2405));
	assert_false(slurm_release_accepts(2511, 2311));
	assert_false(slurm_release_accepts(2206, 2206));
	assert_false(slurm_release_accepts(2411, 2402));
	assert_int_equal(slurm_release_oldest_accepted(2205), 2011);
	assert_int_equal(slurm_release_oldest_accepted(2605), 2411);
	assert_int_equal(slurm_release_oldest_accepted(2108), 0);
	/* newer than all that are known: as the next one */
	assert_true(slurm_release_usable(2611));
	assert_false(slurm_release_known(2611));
	assert_false(slurm_release_usable(2607));
	assert_true(slurm_release_accepts(2611, 2611));
	assert_true(slurm_release_accepts(2611, 2505));
	assert_false(slurm_release_accepts(2611, 2411));
	assert_false(slurm_release_accepts(2605, 2611));
	assert_true(slurm_release_known(2511));
	assert_false(slurm_release_known(2108));
}

static void tables_are_sorted_and_sound(void **state)
{
	(void)state;
	static const size_t at_least[] = {230, 25, 40, 25, 12};
	for (enum slurm_section s = SLURM_GLOBAL; s <= SLURM_GRES; s++) {
		const struct slurm_param *table = slurm_param_table(s);
		size_t count = 0;
		for (const struct slurm_param *p = table; p->name; p++, count++) {
			if (p > table)
				assert_true(strcasecmp(p[-1].name, p->name) < 0);
			assert_ptr_equal(slurm_param_find(s, p->name), p);
			assert_true(p->since == 0 || slurm_release_known(p->since));
			assert_true(p->until == 0 || p->until >= p->since);
			assert_true(p->until == 0 || p->note != NULL);
			assert_true((p->type == SLURM_WORD || p->type == SLURM_WORDS) == (p->words != NULL));
			if (p->type == SLURM_UINT || p->type == SLURM_UINT_INF)
				assert_true(p->min < p->max);
			for (const struct slurm_word *w = p->words; w && w->name; w++) {
				assert_true(w->since == 0 || slurm_release_known(w->since));
				assert_true(w->until == 0 || slurm_release_known(w->until));
			}
		}
		assert_true(count >= at_least[s]);
	}
}

static const char *verdict(enum slurm_section section, const char *name, unsigned release, const char *value)
{
	static struct err err;
	const struct slurm_param *p = slurm_param_find(section, name);
	assert_non_null(p);
	err = (struct err){0};
	if (slurm_param_check(p, release, value, &err) == 0)
		return "";
	assert_int_equal(err.code, ERR_INPUT);
	return err.text;
}

static void values_are_checked_by_type(void **state)
{
	(void)state;
	static const struct {
		enum slurm_section section;
		const char *name, *value;
		bool good;
	} cases[] = {
	    {SLURM_GLOBAL, "returntoservice", "2", true},
	    {SLURM_GLOBAL, "ReturnToService", "3", false},
	    {SLURM_GLOBAL, "ReturnToService", "02", false},
	    {SLURM_GLOBAL, "ReturnToService", "-1", false},
	    {SLURM_GLOBAL, "SlurmdTimeout", "300", true},
	    {SLURM_GLOBAL, "SlurmdTimeout", "5m", false},
	    {SLURM_GLOBAL, "SlurmdTimeout", "65536", false},
	    {SLURM_GLOBAL, "DefMemPerCPU", "UNLIMITED", true},
	    {SLURM_GLOBAL, "DefMemPerCPU", "900", true},
	    {SLURM_GLOBAL, "SchedulerType", "sched/backfill", true},
	    {SLURM_GLOBAL, "SchedulerType", "sched/backfil", false},
	    {SLURM_GLOBAL, "SelectTypeParameters", "CR_Core_Memory,CR_LLN", true},
	    {SLURM_GLOBAL, "SelectTypeParameters", "CR_Core_Memory,,CR_LLN", false},
	    {SLURM_GLOBAL, "SelectTypeParameters", "CR_Core_Memory,", false},
	    {SLURM_GLOBAL, "SchedulerParameters", "bf_window=1440,defer", true},
	    {SLURM_GLOBAL, "SchedulerParameters", "bf_windo=1440", false},
	    {SLURM_GLOBAL, "TaskPlugin", "task/affinity,task/cgroup", true},
	    {SLURM_GLOBAL, "SlurmctldDebug", "debug2", true},
	    {SLURM_GLOBAL, "SlurmctldDebug", "3", true},
	    {SLURM_GLOBAL, "SlurmctldDebug", "loud", false},
	    {SLURM_GLOBAL, "SlurmctldLogFile", "/var/log/slurm/slurmctld.log", true},
	    {SLURM_GLOBAL, "SlurmctldLogFile", "slurmctld.log", false},
	    {SLURM_GLOBAL, "SlurmctldLogFile", "/var/log/a b", false},
	    {SLURM_GLOBAL, "SlurmctldPort", "6817-6819", true},
	    {SLURM_GLOBAL, "SlurmctldPort", "6819-6817", false},
	    {SLURM_GLOBAL, "SlurmctldPort", "70000", false},
	    {SLURM_GLOBAL, "UsePAM", "yes", true},
	    {SLURM_GLOBAL, "UsePAM", "maybe", false},
	    {SLURM_GLOBAL, "PriorityMaxAge", "7-0", true},
	    {SLURM_GLOBAL, "PriorityMaxAge", "7-0:00:00", true},
	    {SLURM_GLOBAL, "PriorityMaxAge", "7d", false},
	    {SLURM_GLOBAL, "GresTypes", "gpu,mps", true},
	    {SLURM_GLOBAL, "GresTypes", "gpu mps", false},
	    {SLURM_GLOBAL, "MailDomain", "x\nProlog=/tmp/evil", false},
	    {SLURM_GLOBAL, "MailDomain", "x # y", false},
	    {SLURM_GLOBAL, "MailDomain", "x\"", false},
	    {SLURM_GLOBAL, "MailDomain", "x\\", false},
	    {SLURM_GLOBAL, "MailDomain", "", false},
	    {SLURM_PARTITION, "MaxTime", "INFINITE", true},
	    {SLURM_PARTITION, "MaxTime", "2-00:00:00", true},
	    {SLURM_PARTITION, "MaxTime", "60", true},
	    {SLURM_PARTITION, "MaxTime", "1:2:3:4", false},
	    {SLURM_PARTITION, "MaxTime", "2-", false},
	    {SLURM_PARTITION, "MaxNodes", "UNLIMITED", true},
	    {SLURM_PARTITION, "State", "up", true},
	    {SLURM_PARTITION, "State", "sideways", false},
	    {SLURM_PARTITION, "OverSubscribe", "FORCE:4", true},
	    {SLURM_PARTITION, "OverSubscribe", "SHARE", false},
	    {SLURM_PARTITION, "OverSubscribe", "NO:4", false},
	    {SLURM_PARTITION, "OverSubscribe", "FORCE,YES", false},
	    {SLURM_PARTITION, "OverSubscribe", "FORCE:0", false},
	    {SLURM_PARTITION, "OverSubscribe", "YES:1", false},
	    {SLURM_PARTITION, "OverSubscribe", "yes:2", true},
	    {SLURM_PARTITION, "Shared", "EXCLUSIVE", true},
	    {SLURM_PARTITION, "SelectTypeParameters", "NONE", false},
	    {SLURM_PARTITION, "SelectTypeParameters", "CR_Socket_Memory", true},
	    {SLURM_GLOBAL, "MaxDBDMsgs", "1", false},
	    {SLURM_GLOBAL, "DebugFlags", "Backfill,Gres", true},
	    {SLURM_GLOBAL, "DebugFlags", "All", false},
	    {SLURM_GLOBAL, "AccountingStorageEnforce", "none", false},
	    {SLURM_PARTITION, "AllocNodes", "n[1-4]", true},
	    {SLURM_PARTITION, "AllocNodes", "n[1-", false},
	    {SLURM_NODE, "RealMemory", "3797", true},
	    {SLURM_NODE, "RealMemory", "0", false},
	    {SLURM_NODE, "RealMemory", "18446744073709551615", false},
	    {SLURM_CGROUP, "ConstrainCores", "yes", true},
	    {SLURM_CGROUP, "MaxRAMPercent", "98.5", true},
	    {SLURM_CGROUP, "MaxRAMPercent", "x", false},
	    {SLURM_CGROUP, "MaxRAMPercent", ".", false},
	    {SLURM_GRES, "File", "/dev/nvidia[0-3]", true},
	    {SLURM_GRES, "File", "nvidia0", false},
	    {SLURM_GRES, "Flags", "CountOnly,one_sharing", true},
	    {SLURM_GRES, "Flags", "CountsOnly", false},
	    {SLURM_GRES, "AutoDetect", "nvml", true},
	    {SLURM_GRES, "AutoDetect", "nvidia", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(*verdict(cases[i].section, cases[i].name, 2205, cases[i].value) == '\0',
				 cases[i].good);
}

static void what_came_and_went_with_26_05(void **state)
{
	(void)state;
	static const struct {
		enum slurm_section section;
		const char *name, *value;
		bool before, now;
	} cases[] = {
	    {SLURM_GLOBAL, "HealthCheckTimeout", "30", false, true},
	    {SLURM_GLOBAL, "HealthCheckTimeout", "0", false, false},
	    {SLURM_GLOBAL, "HealthCheckNodeState", "REBOOT_ONLY", false, true},
	    {SLURM_GLOBAL, "MetricsParameters", "ignore_private_data", false, true},
	    {SLURM_GLOBAL, "LicenseParameters", "RemoteFuzzyMatch", false, true},
	    {SLURM_GLOBAL, "DebugFlags", "thread", false, true},
	    {SLURM_GLOBAL, "TopologyPlugin", "topology/ring", false, true},
	    {SLURM_GLOBAL, "LaunchParameters", "mem_sort", true, false},
	    {SLURM_GLOBAL, "SchedulerParameters", "enable_job_state_cache", true, false},
	    {SLURM_PARTITION, "Exclusive", "USER", false, true},
	    {SLURM_PARTITION, "Exclusive", "YES", false, false},
	    {SLURM_PARTITION, "ExclusiveTopo", "YES", true, true},
	    {SLURM_NODE, "SuspendTime", "300", false, true},
	    {SLURM_CGROUP, "CgroupJobIdPaths", "yes", false, true},
	    {SLURM_GRES, "AutoDetect", "full", false, true},
	    {SLURM_GRES, "Flags", "env_uuid", false, true},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(*verdict(cases[i].section, cases[i].name, 2511, cases[i].value) == '\0',
				 cases[i].before);
		/* and so with all that come after it and are not known */
		for (unsigned release = 2605; release <= 2611; release += 6)
			assert_int_equal(*verdict(cases[i].section, cases[i].name, release, cases[i].value) == '\0',
					 cases[i].now);
	}
}

static void errors_name_what_is_allowed(void **state)
{
	(void)state;
	assert_string_equal(verdict(SLURM_GLOBAL, "SchedulerType", 2205, "sched/backfil"),
			    "SchedulerType: 'sched/backfil' is not known (did you mean 'sched/backfill'?); allowed: "
			    "sched/backfill, sched/builtin");
	assert_string_equal(verdict(SLURM_GLOBAL, "SelectType", 2411, "select/cons_res"),
			    "SelectType: 'select/cons_res' was removed after 23.02; allowed: select/cons_tres, "
			    "select/linear");
	assert_string_equal(verdict(SLURM_GLOBAL, "AuthType", 2205, "auth/slurm"),
			    "AuthType: 'auth/slurm' came with 23.11; allowed: auth/munge");
	assert_string_equal(verdict(SLURM_GLOBAL, "MaxBatchRequeue", 2205, "5"),
			    "Slurm 22.05 has no MaxBatchRequeue: it came with 23.02");
	assert_string_equal(verdict(SLURM_GLOBAL, "RoutePlugin", 2411, "route/default"),
			    "Slurm 24.11 has no RoutePlugin: 23.02 was the last to have it; removed in 23.11: use "
			    "TopologyParam=RouteTree");
	assert_string_equal(verdict(SLURM_GLOBAL, "FastSchedule", 2205, "1"),
			    "FastSchedule was removed: SlurmdParameters=config_overrides does what FastSchedule=2 did");
	assert_string_equal(verdict(SLURM_CGROUP, "EnableControllers", 2205, "yes"),
			    "Slurm 22.05 has no EnableControllers: it came with 23.02");
	assert_string_equal(verdict(SLURM_GLOBAL, "ReturnToService", 2205, "7"),
			    "ReturnToService: '7' is not a whole number from 0 to 2");
	assert_string_equal(verdict(SLURM_PARTITION, "MaxNodes", 2205, "x"),
			    "MaxNodes: 'x' is not a whole number from 0 on, or INFINITE");
}

static void releases_differ(void **state)
{
	(void)state;
	assert_string_equal(verdict(SLURM_GLOBAL, "SelectType", 2205, "select/cons_res"), "");
	assert_string_equal(verdict(SLURM_GLOBAL, "AuthType", 2411, "auth/slurm"), "");
	assert_string_equal(verdict(SLURM_GLOBAL, "AuthType", 0, "auth/slurm"), "");
	assert_string_equal(verdict(SLURM_GLOBAL, "CertgenType", 2605, "certgen/script"), "");
	assert_string_equal(verdict(SLURM_CGROUP, "ConstrainKmemSpace", 2302, "no"), "");
	assert_string_not_equal(verdict(SLURM_CGROUP, "ConstrainKmemSpace", 2311, "no"), "");
	assert_string_not_equal(verdict(SLURM_CGROUP, "CgroupReleaseAgentDir", 2205, "/x"), "");
}

static bool among(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (streq(*names, name))
			return true;
	return false;
}

static void names_are_those_of_the_release(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	const char *const *old = slurm_param_names(SLURM_GLOBAL, 2205, a);
	const char *const *new_names = slurm_param_names(SLURM_GLOBAL, 2511, a);
	const char *const *any = slurm_param_names(SLURM_GLOBAL, 0, a);
	assert_true(among(old, "JobContainerType") && !among(new_names, "JobContainerType"));
	assert_true(!among(old, "NamespaceType") && among(new_names, "NamespaceType"));
	assert_true(among(any, "JobContainerType") && among(any, "NamespaceType"));
	assert_false(among(any, "FastSchedule"));
	assert_string_equal(str_nearest("ReturnToServcie", old), "ReturnToService");
	assert_null(slurm_param_find(SLURM_GLOBAL, "ReturnToServcie"));
}

static void owned_parameters_say_what_to_use(void **state)
{
	(void)state;
	const struct slurm_owned *o = slurm_param_owned(SLURM_GLOBAL, "clustername");
	assert_non_null(o);
	assert_string_equal(o->instead, "cluster");
	assert_string_equal(slurm_param_owned(SLURM_GLOBAL, "SlurmctldHost")->instead, "controllers");
	assert_string_equal(slurm_param_owned(SLURM_GLOBAL, "StateSaveLocation")->instead, "state");
	assert_non_null(slurm_param_owned(SLURM_GLOBAL, "Include"));
	assert_non_null(slurm_param_owned(SLURM_PARTITION, "nodes"));
	assert_null(slurm_param_owned(SLURM_GLOBAL, "ReturnToService"));
	assert_null(slurm_param_owned(SLURM_NODE, "ClusterName"));
}

static void actions_have_a_form(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		bool good;
	} cases[] = {
	    {"cold Location=slurmd Program=/sbin/reboot", true},
	    {"cold location=SLURMCTLD program=/sbin/reboot --force now", true},
	    {"a Location=slurmd Program=/x\nb Location=slurmctld Program=/y", true},
	    {"a Location=slurmd Program=/x\na Location=slurmctld Program=/y", false},
	    {"a Location=nowhere Program=/x", false},
	    {"a Location=slurmd Program=x", false},
	    {"a Location=slurmd", false},
	    {"a", false},
	    {"a Program=/x Location=slurmd", false},
	    {"-a Location=slurmd Program=/x", false},
	    {"a Location=slurmd Program=/x\ty", false},
	};
	const struct slurm_param *actions = slurm_param_find(SLURM_GLOBAL, "PowerAction");
	const struct slurm_param *resume = slurm_param_find(SLURM_GLOBAL, "ResumeProgram");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if ((slurm_param_check(actions, 2605, cases[i].value, NULL) == 0) != cases[i].good)
			fail_msg("%s", cases[i].value);
	assert_int_equal(slurm_param_check(actions, 2511, cases[0].value, NULL), -1);
	assert_int_equal(slurm_param_check(resume, 2605, "cold", NULL), 0);
	assert_int_equal(slurm_param_check(resume, 2511, "cold", NULL), -1);
	assert_int_equal(slurm_param_check(resume, 2605, "not/absolute", NULL), -1);
	assert_int_equal(slurm_param_check(resume, 2511, "/usr/sbin/resume", NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(versions_are_read_as_packages_write_them),
	    cmocka_unit_test(windows_are_two_releases_and_three_from_24_11),
	    cmocka_unit_test(tables_are_sorted_and_sound),
	    cmocka_unit_test(values_are_checked_by_type),
	    cmocka_unit_test(what_came_and_went_with_26_05),
	    cmocka_unit_test(actions_have_a_form),
	    cmocka_unit_test(errors_name_what_is_allowed),
	    cmocka_unit_test(releases_differ),
	    cmocka_unit_test(names_are_those_of_the_release),
	    cmocka_unit_test(owned_parameters_say_what_to_use),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
