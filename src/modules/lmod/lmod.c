#include "modules/lmod/lmod.h"

#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "conf/schema.h"
#include "modules/lmod/profile.sh.h"
#include "slurm/srun.h"

static void *parse(struct inv_reader *r, const struct conf_value *value)
{
	static const char *const nothing[] = {NULL};
	static const struct conf_key keys[] = {{"modulepath", false}, {NULL, false}};
	const struct conf_value *values[ARRAY_LEN(keys)] = {NULL};
	struct arena *arena = r->arena;
	struct diags *diags = r->diags;
	struct lmod *lmod = arena_alloc(arena, sizeof *lmod);
	lmod->modulepath = nothing;
	if (!value || value->kind == CONF_NULL)
		return lmod;
	lmod->at = value->at;
	const struct conf_value *const *paths;
	size_t count;
	if (conf_walk(value, "lmod", keys, values, diags) < 0 || !values[0] ||
	    conf_texts(values[0], "modulepath", arena, &paths, &count, diags) < 0)
		return lmod;
	const char **list = arena_calloc(arena, count + 1, sizeof *list);
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		if (conf_path(paths[i], "modulepath", &list[n], diags) == 0)
			n++;
	lmod->modulepath = list;
	return lmod;
}

const struct inv_section lmod_section = {
    .name = "lmod",
    .leaves = "the package lmod, /etc/lmod, and /etc/profile.d/zz-reeve-lmod.sh",
    .parse = parse,
};

static const char stdenv[] = "-- Written by reeve: the module that every login begins with.\n"
			     "help([[The cluster's standard environment.]])\n"
			     "whatis(\"Description: the cluster's standard environment\")\n";

static void compile(const struct cluster *c, size_t index, struct catalog *out)
{
	const struct lmod *lmod = inventory_section(c->inv, c->hosts[index].class, "lmod");
	static const struct package packages[] = {{"lmod", NULL}};
	catalog_packages(out, STAGE_PREPARE, packages, ARRAY_LEN(packages));
	_cleanup_strbuf_ struct strbuf path = {0};
	strbuf_adds(&path, "# Written by reeve: where Lmod looks for modules, in this order.\n");
	for (const char *const *p = lmod->modulepath; *p; p++)
		strbuf_addf(&path, "%s\n", *p);
	strbuf_adds(&path, "/etc/lmod/modules\n/usr/share/lmod/lmod/modulefiles\n");
	const char *text = arena_strndup(c->arena, path.data, path.len);
	catalog_file(out, STAGE_SERVICES, "/etc/lmod/modulespath", "root", "root", 0644, text, path.len);
	catalog_own_directory(out, STAGE_SERVICES, "/etc/lmod/modules", "root", "root", 0755);
	catalog_file(out, STAGE_SERVICES, "/etc/lmod/modules/StdEnv.lua", "root", "root", 0644, stdenv, strlen(stdenv));
	/* Lmod's manual, "How to set a default set of modules": read after lmod.sh, which defines `module`. */
	catalog_file(out, STAGE_SERVICES, "/etc/profile.d/zz-reeve-lmod.sh", "root", "root", 0644, profile_sh,
		     strlen(profile_sh));
	if (lmod->at.line)
		for (size_t i = 0; i < out->len; i++)
			if (!out->items[i].module && str_starts(out->items[i].id, "file:/etc/lmod"))
				out->items[i].origin = lmod->at;
}

/* Inside a batch job, on nodes that have the module and were idle: the batch shell itself, and a step on each node, list
 * StdEnv. */
enum { NOT_SUBMITTED = 5, NOT_STARTED = 6 }; /* exit statuses of the commands below */

static enum check_verdict judge(const struct check *check, const struct check_answer *answer, struct arena *arena,
				const char **ret_why)
{
	(void)check;
	if (!answer->status)
		return CHECK_HOLDS;
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
    "exec srun bash -c 'module -t avail 2>&1 | grep -q \"^StdEnv\" || exit 4'\n"
    "EOF\n"
    ") || exit 5\n"
    "for i in $(seq 300); do\n"
    "\tstate=$(squeue -h -j $job -o %%T 2>/dev/null)\n"
    "\tcase $state in PENDING | CONFIGURING | RUNNING) ;; *) break ;; esac\n"
    "\t[ $state != PENDING ] || [ $i -lt 150 ] || { scancel $job; exit 6; }\n"
    "\tsleep 0.1\n"
    "done\n"
    "scontrol show job $job | grep -o 'JobState=.* Reason=[^ ]*'\n"
    "scontrol show job $job | grep -q 'ExitCode=0:0' && scontrol show job $job | grep -Eq 'JobState=COMPLET'\n";

static void prove(const struct verify_context *v, const struct job_set *s, struct checks *checks)
{
	struct arena *a = checks->arena;
	if (s->user)
		return;
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
	const struct lmod *lmod = inventory_section(v->cluster->inv, NULL, "lmod");
	check->origin = lmod->at.line ? lmod->at : v->cluster->inv->cluster.at;
}

const struct module lmod_module = {
    .name = "lmod",
    .summary = "environment modules by Lmod",
    .section = &lmod_section,
    .compile = compile,
    .prove = prove,
};
