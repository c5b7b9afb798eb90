/* A cache that is there, and jobs that know `module`. */
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "modules/lmod/lmod.h"
#include "slurm/srun.h"

enum { CACHE_MS = 60000 };

/* It is built by a timer of its own: the check waits for the first time. */
static enum check_verdict judge_cache(const struct check *check, const struct check_answer *answer, struct arena *arena,
				      const char **ret_why)
{
	const struct lmod *lmod = check->about;
	if (!answer->status)
		return CHECK_HOLDS;
	*ret_why = arena_printf(arena, "%s/spiderT.lua does not exist: `journalctl -u " LMOD_CACHE_UNIT "` says why",
				lmod->cache);
	return CHECK_FAILED;
}

void lmod_verify(const struct verify_context *v, struct checks *checks)
{
	const struct lmod *lmod = inventory_section(v->cluster->inv, NULL, "lmod");
	size_t builder = lmod_builder(v->cluster);
	if (builder == SIZE_MAX || !v->present[builder])
		return;
	bool *hosts = arena_calloc(checks->arena, v->cluster->inv->host_count, sizeof *hosts);
	hosts[builder] = true;
	struct check *check =
	    checks_add(checks, "lmod", "lmod:cache", "Lmod's spider cache is there", CHECK_RUN, hosts);
	const char **argv = arena_calloc(checks->arena, 4, sizeof *argv);
	argv[0] = "test";
	argv[1] = "-s";
	argv[2] = arena_printf(checks->arena, "%s/spiderT.lua", lmod->cache);
	check->argv = argv;
	check->wait_ms = CACHE_MS;
	check->judge = judge_cache;
	check->about = lmod;
	check->origin = lmod->at;
}

/* Inside a batch job, on nodes that have the module and were idle: the batch shell itself, and a step on each node, list
 * StdEnv. */
enum { NOT_SUBMITTED = 5, NOT_STARTED = 6, NOT_LOADED = 7 }; /* exit statuses of the commands below */

static enum check_verdict judge(const struct check *check, const struct check_answer *answer, struct arena *arena,
				const char **ret_why)
{
	const struct lmod *lmod = check->about;
	if (!answer->status)
		return CHECK_HOLDS;
	if (answer->status == NOT_LOADED) {
		_cleanup_strbuf_ struct strbuf names = {0};
		for (const char *const *name = lmod->load; *name; name++)
			strbuf_addf(&names, " %s", *name);
		*ret_why =
		    arena_printf(arena, "StdEnv cannot be loaded (it loads:%s): `module load StdEnv` there says why",
				 strbuf_str(&names));
		return CHECK_FAILED;
	}
	const char *text = *answer->out ? answer->out : answer->errors;
	if (answer->status == NOT_SUBMITTED) {
		*ret_why = slurm_srun_error(answer->errors, arena);
		return slurm_srun_end(answer->errors) == SLURM_SRUN_DENIED ? CHECK_REFUSED : CHECK_FAILED;
	}
	*ret_why = answer->status == NOT_STARTED
		       ? "it was not started in time"
		       : arena_printf(arena, "`module avail` does not show StdEnv (status %d): %s", answer->status,
				      str_printable(arena, text, strcspn(text, "\n")));
	return answer->status == NOT_STARTED ? CHECK_NOT_RUN : CHECK_FAILED;
}

/* `sbatch --wait` looks every two seconds at first; asking ourselves is quicker. */
static const char submit[] =
    "job=$(sbatch --parsable --job-name=%s --partition=%s --nodes=%zu --ntasks-per-node=1 --nodelist=%s%s%s "
    "--output=/dev/null <<'EOF'\n"
    "#!/bin/bash%s\n"
    "module -t avail 2>&1 | grep -q '^StdEnv' || exit 3\n"
    "module load StdEnv >/dev/null 2>&1 || exit 7\n"
    "exec srun bash -c 'module -t avail 2>&1 | grep -q \"^StdEnv\" || exit 4'\n"
    "EOF\n"
    ") || exit 5\n"
    "for i in $(seq 300); do\n"
    "\tstate=$(squeue -h -j $job -o %%T 2>/dev/null)\n"
    "\tcase $state in PENDING | CONFIGURING | RUNNING) ;; *) break ;; esac\n"
    "\t[ $state != PENDING ] || [ $i -lt 150 ] || { scancel $job; exit 6; }\n"
    "\tsleep 0.1\n"
    "done\n"
    "scontrol show job $job | grep -q 'ExitCode=7:0' && exit 7\n"
    "scontrol show job $job | grep -o 'JobState=.* Reason=[^ ]*'\n"
    "scontrol show job $job | grep -q 'ExitCode=0:0' && scontrol show job $job | grep -Eq 'JobState=COMPLET'\n";

void lmod_prove(const struct verify_context *v, const struct job_set *s, struct checks *checks)
{
	struct arena *a = checks->arena;
	if (s->user)
		return;
	const struct lmod *lmod = inventory_section(v->cluster->inv, NULL, "lmod");
	/* What a batch script knows comes from the shell that submits it; where that has no modules, a login shell has. */
	const char *shell = cluster_has_module(v->cluster, v->controller, "lmod") ? "" : " -l";
	struct check *check =
	    checks_add_for_all(checks, v, "lmod", arena_printf(a, "lmod:avail:%s", s->label),
			       arena_printf(a, "`module avail` works inside a batch job on %s", s->hostlist));
	const char **argv = arena_calloc(a, 4, sizeof *argv);
	argv[0] = "bash";
	argv[1] = "-lc";
	argv[2] = arena_printf(a, submit, v->job_name, s->partition->name, s->count, s->hostlist,
			       s->reservation ? " --reservation=" : "", s->reservation ? s->reservation : "", shell);
	check->argv = argv;
	check->timeout_ms = 60000;
	check->judge = judge;
	check->about = lmod;
	check->origin = lmod->at.line ? lmod->at : v->cluster->inv->cluster.at;
}
