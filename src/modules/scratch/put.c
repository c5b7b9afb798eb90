/* What a compute host gets. */
#include <string.h>

#include "base/str.h"
#include "modules/scratch/epilog.sh.h"
#include "modules/scratch/prolog.sh.h"
#include "modules/scratch/scratch.h"
#include "modules/scratch/task.sh.h"

static void put_text(struct catalog *out, const char *path, mode_t mode, const char *text)
{
	catalog_file(out, STAGE_PREPARE, path, "root", "root", mode, text, strlen(text));
}

/* slurmd reads it when it starts, and a job's own steps may read it later: it comes with slurm.conf. */
static void put_conf(const struct cluster *c, const struct scratch *s, struct catalog *out)
{
	const char *dirs = s->private == SCRATCH_USUAL ? "" : " Dirs=";
	const char *text = arena_printf(
	    out->arena, CLUSTER_CONF_MARK "; the same on every node.\nAutoBasePath=true\nBasePath=%s%s%s\n", s->jobs,
	    dirs, *dirs ? scratch_private(s, ",", out->arena) : "");
	struct resource *r = catalog_file(out, STAGE_ACTIVATE, SCRATCH_CONF, "root", "root", 0644, text, strlen(text));
	r->role = ROLE_NODE;
	r->file.over_link = c->replace;
}

static void put_program(const struct scratch *s, struct catalog *out, const char *path, const char *body)
{
	put_text(out, path, 0755,
		 arena_printf(out->arena, "#!/bin/sh\n# Written by reeve from cluster.yaml.\nset -- '%s'\n%s", s->jobs,
			      body));
}

/* Jobs of before may be running when the other way is chosen, with what it needs: that goes last. */
static void drop_other(const struct scratch *s, const struct scratch_there *t, struct catalog *out)
{
	static const char *const programs[] = {SCRATCH_PROLOG, SCRATCH_EPILOG, SCRATCH_TASK, NULL};
	for (const char *const *p = programs; !s->prolog && *p; p++)
		catalog_absent(out, STAGE_SERVICES, *p);
	if (s->prolog && t && t->ours)
		catalog_absent(out, STAGE_SERVICES, SCRATCH_CONF);
}

void scratch_compile(const struct cluster *c, size_t host, struct catalog *out)
{
	const struct scratch *s = scratch_of(c);
	size_t first = out->len;
	if (!s || !scratch_is_on(c, host))
		return;
	catalog_directory(out, STAGE_AUTH, s->jobs, "root", "root", 0755);
	put_text(out, SCRATCH_BOOT, 0644,
		 arena_printf(out->arena,
			      "# Written by reeve: at a boot no job runs, and what is here belongs to none.\n"
			      "R! %s/*\n",
			      s->jobs));
	if (s->prolog) {
		put_program(s, out, SCRATCH_PROLOG, prolog_sh);
		put_program(s, out, SCRATCH_EPILOG, epilog_sh);
		put_program(s, out, SCRATCH_TASK, task_sh);
	} else {
		put_conf(c, s, out);
	}
	drop_other(s, module_own(c->hosts[host].facts, &scratch_module), out);
	for (size_t i = first; s->at.line && i < out->len; i++)
		out->items[i].origin = s->at;
}
