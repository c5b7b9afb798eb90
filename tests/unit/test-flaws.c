/* Releases that are known to do something badly: the table, and what a plan says of it. */
#include "slurm/flaw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/vec.h"
#include "world.h"

static void rows_are_sound(void **state)
{
	(void)state;
	size_t rows = 0;
	for (const struct slurm_flaw *f = slurm_flaw_table(); f->release; f++, rows++) {
		assert_true(slurm_release_known(f->release));
		assert_true(f->from < f->until && f->acts && f->what && f->fix && (f->key || !f->word));
		assert_true(!rows || f[-1].release <= f->release);
		/* slurmd is told to read again, and never counted as stopped */
		assert_true(!f->slurmd || f->acts == SLURM_ACT_RECONFIGURE);
	}
	assert_true(rows > 10);
}

/* What fits, by the patch level that has the mend: "6 8"; "": nothing. */
static const char *fitting(struct arena *a, const char *version, const char *conf, const struct slurm_flaw_case *more)
{
	struct slurm_flaw_case c = *more;
	struct slurm_conf *parsed = NULL;
	const struct slurm_flaw *f;
	const char *out = "";
	size_t at = 0;
	assert_int_equal(slurm_version_parse(version, &c.version, NULL), 0);
	if (conf)
		assert_int_equal(slurm_conf_parse(conf, strlen(conf), a, &parsed, NULL), 0);
	c.conf = parsed;
	while ((f = slurm_flaw_next(&c, &at)))
		out = arena_printf(a, "%s%s%u", out, *out ? " " : "", f->until);
	return out;
}

static void the_patch_level_decides(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	static const struct {
		const char *version;
		struct slurm_flaw_case c;
		const char *conf, *want;
	} cases[] = {
	    {"24.11.5-4+deb13u1", {.acts = SLURM_ACT_RECONFIGURE}, NULL, "6"},
	    {"slurm 24.11.5", {.acts = SLURM_ACT_STOP}, NULL, "6"},
	    {"24.11.4", {.acts = SLURM_ACT_STOP}, NULL, "5 6"},
	    {"24.11.6", {.acts = SLURM_ACT_RECONFIGURE | SLURM_ACT_STOP}, NULL, ""},
	    {"24.11.5", {.acts = 0}, NULL, ""},
	    {"24.11.0", {.acts = SLURM_ACT_RECONFIGURE, .backup = true}, NULL, "1 5 6"},
	    {"24.11.0", {.acts = SLURM_ACT_RECONFIGURE}, NULL, "5 6"},
	    {"24.11.5", {.acts = SLURM_ACT_RECONFIGURE, .slurmd = true}, NULL, ""},
	    {"22.05.8-4+deb12u3", {.acts = SLURM_ACT_RECONFIGURE | SLURM_ACT_STOP}, NULL, ""},
	    {"22.05.6", {.acts = SLURM_ACT_RECONFIGURE, .slurmd = true}, NULL, "7"},
	    {"23.02.1", {.acts = SLURM_ACT_RECONFIGURE, .gres = true}, NULL, "7"},
	    {"23.02.2", {.acts = SLURM_ACT_RECONFIGURE, .gres = true}, NULL, "7 4"},
	    {"25.05.6", {.acts = SLURM_ACT_RECONFIGURE}, NULL, "7 8"},
	    {"25.05.7", {.acts = SLURM_ACT_RECONFIGURE}, NULL, "8"},
	    {"25.11.4", {.acts = SLURM_ACT_RECONFIGURE, .slurmd = true, .cgroup_v2 = true}, NULL, "5"},
	    {"25.11.4", {.acts = SLURM_ACT_RECONFIGURE, .slurmd = true}, NULL, ""},
	    {"25.11.6", {.acts = SLURM_ACT_RECONFIGURE}, "AuthType=auth/munge\n", ""},
	    {"25.11.6", {.acts = SLURM_ACT_RECONFIGURE}, "AuthType=auth/slurm\n", "7"},
	    {"25.11.6", {.acts = SLURM_ACT_STOP}, "AccountingStorageType=accounting_storage/slurmdbd\n", "7"},
	    {"24.05.1", {.acts = SLURM_ACT_RECONFIGURE}, "SlurmctldParameters=a,enable_rpc_queue\n", "2"},
	    {"23.11.7", {.acts = SLURM_ACT_RECONFIGURE}, "PrologSlurmctld=/usr/bin/true\n", "8"},
	    {"26.05.5", {.acts = SLURM_ACT_RECONFIGURE | SLURM_ACT_STOP, .gres = true, .backup = true}, NULL, ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got = fitting(a, cases[i].version, cases[i].conf, &cases[i].c);
		if (!streq(got, cases[i].want))
			fail_msg("%zu, %s: '%s', not '%s'", i, cases[i].version, got, cases[i].want);
	}
}

static const struct finding *finding_of(const struct world *w)
{
	for (size_t i = 0; i < w->plan->findings.len; i++)
		if (streq(w->plan->findings.items[i].code, "slurm-flaw"))
			return &w->plan->findings.items[i];
	return NULL;
}

/* A cluster that runs with that version, and is to have another slurm.conf. */
static struct world *changing(const char *version, const char *with)
{
	struct world *w = world_new(world_yaml);
	for (size_t i = 0; i < HOSTS; i++)
		w->facts[i].roles[ROLE_CONTROLLER].package.installed = w->facts[i].roles[ROLE_NODE].package.installed =
		    w->facts[i].roles[ROLE_CLIENT].package.installed = version;
	world_running(w);
	if (with)
		world_edit(w, "partitions:\n", with);
	world_plan(w, with ? OBSERVED_DIFFERS : OBSERVED_SAME);
	return w;
}

static void a_plan_names_what_it_has_daemons_do(void **state)
{
	(void)state;
	const char *waits = "slurm: { KillWait: 44 }\npartitions:\n";
	struct world *w = changing("24.11.5-4+deb13u1", waits);
	const struct finding *f = finding_of(w);
	assert_non_null(f);
	assert_int_equal(f->weight, FINDING_NOTE);
	assert_string_equal(f->what, "Slurm 24.11.5 on c1: slurmctld can hang for good when it stops or reads its "
				     "configuration again; fixed in 24.11.6");
	assert_non_null(strstr(f->fix, "systemctl kill -s KILL slurmctld"));
	assert_true(w->plan->step_count > 0);
	world_free(w);

	w = changing("24.11.5-4+deb13u1", NULL); /* nobody is told anything */
	assert_null(finding_of(w));
	world_free(w);

	w = changing("24.11.6-1", waits);
	assert_null(finding_of(w));
	world_free(w);

	w = changing("22.05.6-1", waits); /* slurmds are told by slurmctld; those of all nodes in one */
	f = finding_of(w);
	assert_non_null(f);
	assert_true(str_starts(f->what, "Slurm 22.05.6 on n[1-2]: "));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_are_sound),
	    cmocka_unit_test(the_patch_level_decides),
	    cmocka_unit_test(a_plan_names_what_it_has_daemons_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
