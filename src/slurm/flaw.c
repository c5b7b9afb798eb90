/*
 * Every row is a line of Slurm's changelog, under the version that is `until`. Left out are those of releases before their first
 * numbered one, of daemons that reeve does not run, and those that only what reeve tests beforehand can meet (a reconfigure
 * that fails: the configuration was read by a slurmctld aside).
 */
#include "slurm/flaw.h"

#include <string.h>

#include "base/str.h"

#define KILLS \
	"jobs live through it. Where slurmctld does not come back: systemctl kill -s KILL slurmctld, then systemctl " \
	"start " \
	"slurmctld, and reeve apply again"
#define CRASHES \
	"jobs live through it. Where slurmctld does not come back: systemctl start slurmctld, and reeve apply again"

static const struct slurm_flaw table[] = {
    {2205, 0, 7, SLURM_ACT_RECONFIGURE, .slurmd = true,
     .what = "a slurmd that is told to read its configuration while it starts can crash",
     .fix = "where a slurmd does not come back: systemctl start slurmd on its node; jobs live through it"},
    {2302, 0, 7, SLURM_ACT_RECONFIGURE, .what = "slurmctld can crash when it reads its configuration again",
     .fix = CRASHES},
    {2302, 2, 4, SLURM_ACT_RECONFIGURE | SLURM_ACT_STOP, .gres = true,
     .what = "slurmctld keeps the GRES that it had, and says 'Attempt to change gres'",
     .fix = "install a later 23.02 first"},
    {2311, 0, 1, SLURM_ACT_RECONFIGURE,
     .what = "slurmctld can crash when it reads its configuration again after a "
	     "job was resized",
     .fix = CRASHES},
    {2311, 0, 7, SLURM_ACT_RECONFIGURE | SLURM_ACT_STOP,
     .what = "slurmctld can hang when it stops or reads its configuration again", .fix = KILLS},
    {2311, 0, 8, SLURM_ACT_RECONFIGURE, .key = "PrologSlurmctld",
     .what = "slurmctld can crash when it reads its configuration again while a PrologSlurmctld runs", .fix = CRASHES},
    {2405, 0, 2, SLURM_ACT_RECONFIGURE, .key = "SlurmctldParameters", .word = "enable_rpc_queue",
     .what = "slurmctld can crash when it reads its configuration again", .fix = CRASHES},
    {2405, 0, 5, SLURM_ACT_RECONFIGURE, .backup = true,
     .what = "a backup that is in charge can crash when it reads its configuration again, and two slurmctlds can be in "
	     "charge at once",
     .fix = "start slurmctld on the primary, and wait until scontrol ping shows it in charge, before apply"},
    {2411, 0, 1, SLURM_ACT_RECONFIGURE, .backup = true,
     .what = "a backup that is in charge can crash when it reads its configuration again, and two slurmctlds can be in "
	     "charge at once",
     .fix = "start slurmctld on the primary, and wait until scontrol ping shows it in charge, before apply"},
    {2411, 0, 5, SLURM_ACT_RECONFIGURE | SLURM_ACT_STOP,
     .what = "slurmctld can crash when it stops or reads its configuration again", .fix = CRASHES},
    {2411, 0, 6, SLURM_ACT_RECONFIGURE | SLURM_ACT_STOP,
     .what = "slurmctld can hang for good when it stops or reads its configuration again", .fix = KILLS},
    {2505, 0, 4, SLURM_ACT_STOP, .key = "SuspendProgram",
     .what = "a slurmctld that stops waits for all scripts of power saving", .fix = KILLS},
    {2505, 0, 7, SLURM_ACT_RECONFIGURE, .what = "slurmctld can crash when it reads its configuration again",
     .fix = CRASHES},
    {2505, 0, 8, SLURM_ACT_RECONFIGURE | SLURM_ACT_STOP,
     .what = "slurmctld can hang when it stops or reads its configuration again while a client is slow", .fix = KILLS},
    {2511, 0, 3, SLURM_ACT_RECONFIGURE, .gres = true,
     .what = "slurmctld can crash when it reads its configuration again after a change of GRES", .fix = CRASHES},
    {2511, 0, 3, SLURM_ACT_STOP, .what = "a slurmctld that stops can hang, and not write down what it knows last",
     .fix = KILLS},
    {2511, 0, 4, SLURM_ACT_RECONFIGURE, .what = "slurmctld can crash when it reads its configuration again",
     .fix = CRASHES},
    {2511, 0, 5, SLURM_ACT_RECONFIGURE, .slurmd = true, .cgroup_v2 = true,
     .what = "slurmd can fail to read its configuration again where control groups are of version 2",
     .fix = "where a slurmd does not have the new configuration: systemctl restart slurmd on its node; jobs live "
	    "through it"},
    {2511, 0, 6, SLURM_ACT_RECONFIGURE | SLURM_ACT_STOP,
     .what = "slurmctld can hang when it stops or reads its configuration again while a client is slow", .fix = KILLS},
    {2511, 0, 7, SLURM_ACT_RECONFIGURE | SLURM_ACT_STOP, .key = "AccountingStorageType", .word = "slurmdbd",
     .what = "slurmctld can crash or hang when it stops or reads its configuration again", .fix = KILLS},
    {2511, 0, 7, SLURM_ACT_RECONFIGURE, .key = "AuthType", .word = "auth/slurm",
     .what = "slurmctld can crash when it reads its configuration again", .fix = CRASHES},
    {2605, 0, 2, SLURM_ACT_STOP, .what = "slurmctld can crash when it stops", .fix = CRASHES},
    {0},
};

const struct slurm_flaw *slurm_flaw_table(void)
{
	return table;
}

static bool has_word(const struct slurm_conf *conf, const struct slurm_flaw *f)
{
	const char *value = conf ? slurm_conf_get(conf, f->key) : NULL;
	return value && (!f->word || strcasestr(value, f->word));
}

static bool fits(const struct slurm_flaw *f, const struct slurm_flaw_case *c)
{
	return f->release == c->version.release && c->version.micro >= f->from && c->version.micro < f->until &&
	       (f->acts & c->acts) && f->slurmd == c->slurmd && (!f->cgroup_v2 || c->cgroup_v2) &&
	       (!f->gres || c->gres) && (!f->backup || c->backup) && (!f->key || has_word(c->conf, f));
}

const struct slurm_flaw *slurm_flaw_next(const struct slurm_flaw_case *c, size_t *at)
{
	while (table[*at].release) {
		const struct slurm_flaw *f = &table[(*at)++];
		if (fits(f, c))
			return f;
	}
	return NULL;
}
