/* In a job's login shell each module can be loaded, alone. */
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/modulefiles/load.sh.h"
#include "modules/modulefiles/modulefiles.h"

enum { PROVE_MS = 120000 };

static enum check_verdict judge(const struct check *check, const struct check_answer *answer, struct arena *arena,
				const char **ret_why)
{
	static const char mark[] = "module: ";
	(void)check;
	if (answer->status && str_starts(answer->out, mark)) {
		*ret_why = str_printable(arena, answer->out + strlen(mark), strcspn(answer->out, "\n") - strlen(mark));
		return CHECK_FAILED;
	}
	return verify_job_end(answer, arena, ret_why);
}

/* Those that are at the top of the hierarchy on the first of the nodes. */
static const char *const *load_argv(const struct verify_context *v, const struct job_set *set, struct arena *a)
{
	const struct cluster *c = v->cluster;
	const struct modulefiles all = modulefiles_of(c, inventory_host(c->inv, set->names[0])->index, a);
	VEC(const char *) argv = {0};
	for (size_t i = 0; i < 4; i++)
		*vec_push_in(a, &argv) = (const char *const[]){"bash", "-lc", load_sh, "bash"}[i];
	for (size_t i = 0; i < all.len; i++)
		if (!all.items[i].of->module->under && !verify_is_missing(v, all.items[i].of->at))
			*vec_push_in(a, &argv) =
			    arena_printf(a, "%s/%s", all.items[i].of->module->name, all.items[i].of->version);
	*vec_push_in(a, &argv) = NULL;
	return argv.len > 5 ? argv.items : NULL;
}

void modulefiles_prove(const struct verify_context *v, const struct job_set *set, struct checks *checks)
{
	struct arena *a = checks->arena;
	if (set->user ||
	    !cluster_has_module(v->cluster, inventory_host(v->cluster->inv, set->names[0])->index, "modulefiles"))
		return;
	const char *const first[] = {set->names[0], NULL};
	const struct job_set one = verify_job_subset(set, first, a);
	const char *const *command = load_argv(v, &one, a);
	if (!command)
		return;
	struct check *check =
	    checks_add_for_all(checks, v, "modulefiles", arena_printf(a, "modulefiles:load:%s", set->label),
			       arena_printf(a, "each module can be loaded in a job on %s", one.hostlist));
	check->argv = verify_job_argv(v, &one, command, a);
	check->timeout_ms = PROVE_MS;
	check->judge = judge;
	check->fix = "does the host have lmod? `module load` there says more";
	check->origin = v->cluster->inv->cluster.at;
}
