#include "modules/scratch/scratch.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

const struct inv_section scratch_section = {
    .name = "scratch",
    .leaves = SCRATCH_CONF " or reeve's programs in /usr/local/libexec, " SCRATCH_BOOT ", and its directory",
    .parse = scratch_parse,
};

enum { RENAMED = 2511 }; /* release whose slurm.conf(5) has NamespaceType for JobContainerType */

const struct scratch *scratch_of(const struct cluster *c)
{
	return inventory_section(c->inv, NULL, scratch_section.name);
}

bool scratch_is_on(const struct cluster *c, size_t host)
{
	const struct cluster_host *h = &c->hosts[host];
	return h->inv->compute && h->serves && cluster_has_module(c, host, scratch_section.name);
}

/*
 * slurm.conf(5), PrologFlags: Contain is needed by the plugin, which works in the step that Contain begins a job with; Alloc runs
 * the prolog when the job gets its nodes, so that salloc's user has the directory, too.
 */
const struct scratch_param *scratch_params_of(const struct scratch *s, unsigned release, struct arena *arena)
{
	const struct scratch_param prolog[] = {{"Prolog", SCRATCH_PROLOG, false},   {"Epilog", SCRATCH_EPILOG, false},
					       {"TaskProlog", SCRATCH_TASK, false}, {"PrologFlags", "Alloc", true},
					       {"TmpFS", s->path, false},           {0}};
	const struct scratch_param older[] = {{"JobContainerType", "job_container/tmpfs", false},
					      {"PrologFlags", "Contain", true},
					      {"TmpFS", s->path, false},
					      {0}};
	const struct scratch_param newer[] = {{"NamespaceType", "namespace/tmpfs", false},
					      {"PrologFlags", "Contain", true},
					      {"TmpFS", s->path, false},
					      {0}};
	struct scratch_param *out = arena_calloc(arena, ARRAY_LEN(prolog), sizeof *out);
	if (s->prolog)
		memcpy(out, prolog, sizeof prolog);
	else
		memcpy(out, release >= RENAMED ? newer : older, sizeof older);
	return out;
}

static void params(const struct cluster *c, struct module_params *p)
{
	const struct scratch *s = scratch_of(c);
	if (!s)
		return;
	for (const struct scratch_param *x = scratch_params_of(s, c->release, p->arena); x->key; x++)
		params_default(p, c->inv, x->key, x->value);
}

const struct module scratch_module = {
    .name = "scratch",
    .summary = "local space and private directories for jobs",
    .section = &scratch_section,
    .ask = scratch_ask,
    .take = scratch_take,
    .measure = scratch_measure,
    .settle = scratch_settle,
    .params = params,
    .diagnoses = &scratch_diagnoses,
    .compile = scratch_compile,
    .verify = scratch_verify,
    .prove = scratch_prove,
    .guide = scratch_guide,
};
