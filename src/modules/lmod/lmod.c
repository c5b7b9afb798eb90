#include "modules/lmod/lmod.h"

#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "conf/schema.h"

static void *parse(const struct conf_value *value, struct arena *arena, struct diags *diags)
{
	static const char *const nothing[] = {NULL};
	static const struct conf_key keys[] = {{"modulepath", false}, {NULL, false}};
	const struct conf_value *values[ARRAY_LEN(keys)] = {NULL};
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

/* Lmod's manual, "How to set a default set of modules": read after lmod.sh, which defines `module`. */
static const char profile[] = "# Written by reeve.\n"
			      "if [ -n \"${LMOD_CMD:-}\" ] && [ -z \"${__Init_Default_Modules:-}\" ]; then\n"
			      "\texport __Init_Default_Modules=1\n"
			      "\texport LMOD_SYSTEM_DEFAULT_MODULES=${LMOD_SYSTEM_DEFAULT_MODULES:-StdEnv}\n"
			      "\tmodule --initial_load --no_redirect restore\n"
			      "elif [ -n \"${LMOD_CMD:-}\" ]; then\n"
			      "\tmodule refresh\n"
			      "fi\n";

static void compile(const struct cluster *c, size_t index, struct catalog *out)
{
	const struct inv_host *h = c->hosts[index].inv;
	const struct lmod *lmod = inventory_section(c->inv, c->hosts[index].class, "lmod");
	if (!h->compute && !h->controller)
		return;
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
	catalog_file(out, STAGE_SERVICES, "/etc/profile.d/zz-reeve-lmod.sh", "root", "root", 0644, profile,
		     strlen(profile));
	if (lmod->at.line)
		for (size_t i = 0; i < out->len; i++)
			if (!out->items[i].module && str_starts(out->items[i].id, "file:/etc/lmod"))
				out->items[i].origin = lmod->at;
}

/* Inside a batch job, on every node that has the module and was idle: the batch shell itself, and a step on each node, list
 * StdEnv. */
static const char *judge(const struct check *check, int status, const char *out, const char *errors,
			 struct arena *arena)
{
	(void)check;
	if (!status)
		return NULL;
	const char *text = *out ? out : errors;
	return arena_printf(arena, "`module avail` inside a batch job does not show StdEnv (status %d): %s", status,
			    str_printable(arena, text, strcspn(text, "\n")));
}

static void verify(const struct verify_context *v, struct checks *checks)
{
	struct arena *a = checks->arena;
	struct job_set *sets;
	size_t count = verify_job_sets(v, "lmod", a, &sets);
	/* What a batch script knows comes from the shell that submits it; where that has no modules, a login shell has. */
	const char *shell = modules_has(v->cluster, v->controller, "lmod") ? "" : " -l";
	for (size_t i = 0; i < count; i++) {
		const struct job_set *s = &sets[i];
		struct check *check =
		    checks_add(checks, "lmod", arena_printf(a, "lmod:avail:%s", s->label),
			       arena_printf(a, "`module avail` works inside a batch job on %zu node%s", s->count,
					    s->count == 1 ? "" : "s"),
			       v->controller);
		const char **argv = arena_calloc(a, 4, sizeof *argv);
		argv[0] = "bash";
		argv[1] = "-lc";
		/* `sbatch --wait` looks every two seconds at first; asking ourselves is quicker. */
		argv[2] = arena_printf(
		    a,
		    "job=$(sbatch --parsable --job-name=reeve-verify-lmod --partition=%s --nodes=%zu "
		    "--ntasks-per-node=1 --nodelist=%s --time=2 --mem=64 --output=/dev/null <<'EOF'\n"
		    "#!/bin/bash%s\n"
		    "module -t avail 2>&1 | grep -q '^StdEnv' || exit 3\n"
		    "exec srun bash -c 'module -t avail 2>&1 | grep -q \"^StdEnv\" || exit 4'\n"
		    "EOF\n"
		    ") || exit 5\n"
		    "for i in $(seq 600); do\n"
		    "\tsqueue -h -j $job -o %%T 2>/dev/null | grep -Eq 'PENDING|CONFIGURING|RUNNING' || break\n"
		    "\tsleep 0.1\n"
		    "done\n"
		    "scontrol show job $job | grep -o 'JobState=.* Reason=[^ ]*'\n"
		    "scontrol show job $job | grep -q 'ExitCode=0:0' && scontrol show job $job | grep -Eq "
		    "'JobState=COMPLET'\n",
		    s->partition->name, s->count, s->hostlist, shell);
		check->argv = argv;
		check->timeout_ms = 90000;
		check->judge = judge;
		const struct lmod *lmod = inventory_section(v->cluster->inv, NULL, "lmod");
		check->origin = lmod->at.line ? lmod->at : v->cluster->inv->cluster.at;
	}
}

const struct module lmod_module = {
    .name = "lmod",
    .section = &lmod_section,
    .compile = compile,
    .verify = verify,
};
