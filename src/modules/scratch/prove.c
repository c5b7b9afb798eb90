/* A job, of root's and of a user's, that writes what it may, and another one behind it that finds nothing of that. */
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/scratch/prove.sh.h"
#include "modules/scratch/scratch.h"

enum { PROVE_MS = 90000 };

#define SAYS "scratch: "

/* The step in which the plugin works is begun by a prolog of Slurm's own, and srun says no more than that. */
static const char *with_cause(const struct scratch *s, const char *why, struct arena *arena)
{
	if (s->prolog ||
	    (!strcasestr(why, "prolog") && !strcasestr(why, "launch failed") && !strcasestr(why, "not ready")))
		return why;
	return arena_printf(arena,
			    "%s: slurmd could not give the job a mount namespace, its log says why; where the kernel "
			    "has none for it, `how: prolog` does without",
			    why);
}

static enum check_verdict judge(const struct check *check, const struct check_answer *answer, struct arena *arena,
				const char **ret_why)
{
	const char *says = strstr(answer->out, SAYS);
	if (!answer->status)
		return CHECK_HOLDS;
	if (says) {
		says += strlen(SAYS);
		*ret_why = str_printable(arena, says, strcspn(says, "\n"));
		return CHECK_FAILED;
	}
	enum check_verdict end = verify_job_end(answer, arena, ret_why);
	if (end == CHECK_FAILED)
		*ret_why = with_cause(check->about, *ret_why, arena);
	return end;
}

static const char *const *argv_of(const struct verify_context *v, const struct job_set *set, const struct scratch *s,
				  struct arena *a)
{
	static const char *const none[] = {NULL};
	const char *const head[] = {
	    "sh", "-c", prove_sh, "sh", s->prolog ? "prolog" : "namespace", s->jobs, scratch_private(s, " ", a)};
	VEC(const char *) argv = {0};
	for (size_t i = 0; i < ARRAY_LEN(head); i++)
		*vec_push_in(a, &argv) = head[i];
	for (const char *const *word = verify_job_argv(v, set, none, a); *word; word++)
		*vec_push_in(a, &argv) = *word;
	*vec_push_in(a, &argv) = NULL;
	return argv.items;
}

void scratch_prove(const struct verify_context *v, const struct job_set *set, struct checks *checks)
{
	struct arena *a = checks->arena;
	const struct scratch *s = scratch_of(v->cluster);
	if (!s)
		return;
	struct check *check = checks_add_for_all(
	    checks, v, "scratch", arena_printf(a, "scratch:job:%s:%s", set->label, set->user ? set->user : "root"),
	    arena_printf(a, "a job on %s has scratch of its own, and leaves none", set->hostlist));
	check->argv = argv_of(v, set, s, a);
	check->timeout_ms = PROVE_MS;
	check->judge = judge;
	check->about = s;
	check->origin = s->at.line ? s->at : v->cluster->inv->cluster.at;
}
