/* Jobs that prove something: how they are asked for, and what their end means. */
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/module.h"
#include "slurm/srun.h"

/* --immediate keeps it from waiting for what is not idle any more. */
const char *const *verify_job_argv(const struct verify_context *v, const struct job_set *s, const char *const *command,
				   struct arena *a)
{
	VEC(const char *) argv = {0};
	if (s->user) {
		*vec_push_in(a, &argv) = "setpriv";
		*vec_push_in(a, &argv) = arena_printf(a, "--reuid=%s", s->user);
		*vec_push_in(a, &argv) = arena_printf(a, "--regid=%ld", s->gid);
		*vec_push_in(a, &argv) = "--init-groups";
	}
	*vec_push_in(a, &argv) = "srun";
	*vec_push_in(a, &argv) = arena_printf(a, "--job-name=%s", v->job_name);
	*vec_push_in(a, &argv) = arena_printf(a, "--partition=%s", s->partition->name);
	*vec_push_in(a, &argv) = arena_printf(a, "--nodes=%zu", s->count);
	*vec_push_in(a, &argv) = "--ntasks-per-node=1";
	*vec_push_in(a, &argv) = arena_printf(a, "--nodelist=%s", s->hostlist);
	if (s->reservation)
		*vec_push_in(a, &argv) = arena_printf(a, "--reservation=%s", s->reservation);
	if (v->hurry)
		*vec_push_in(a, &argv) = "--time=1";
	*vec_push_in(a, &argv) = "--immediate=15";
	for (; *command; command++)
		*vec_push_in(a, &argv) = *command;
	*vec_push_in(a, &argv) = NULL;
	return argv.items;
}

const char *const *verify_allocation_argv(const struct verify_context *v, const struct job_set *s,
					  const char *const *command, struct arena *a)
{
	const char *const *words = verify_job_argv(v, s, command, a);
	VEC(const char *) argv = {0};
	for (bool begun = false; *words; words++) {
		bool first = !begun && streq(*words, "srun");
		*vec_push_in(a, &argv) = first ? "salloc" : *words;
		begun |= first;
	}
	*vec_push_in(a, &argv) = NULL;
	return argv.items;
}

const char *verify_job_said(const char *errors, struct arena *a)
{
	enum { LINE_BYTES = 300 };
	const char *last = NULL;
	char *rest = arena_strdup(a, errors);
	for (char *line; (line = str_next_line(&rest));)
		if (line[strspn(line, "- \t")] && !str_starts(line, "srun: error:") && !str_starts(line, "salloc:"))
			last = line;
	return last ? str_printable(a, last, strnlen(last, LINE_BYTES)) : NULL;
}

bool verify_is_missing(const struct verify_context *v, struct span origin)
{
	for (const struct resource *const *r = v->missing; r && *r; r++)
		if (origin.line && (*r)->origin.line == origin.line && (*r)->origin.column == origin.column)
			return true;
	return false;
}

enum check_verdict verify_job_end(const struct check_answer *answer, struct arena *arena, const char **ret_why)
{
	static const enum check_verdict ends[] = {
	    [SLURM_SRUN_FAILED] = CHECK_FAILED,
	    [SLURM_SRUN_NO_NODE] = CHECK_NOT_RUN,
	    [SLURM_SRUN_DENIED] = CHECK_REFUSED,
	};
	if (!answer->status)
		return CHECK_HOLDS;
	bool silent = answer->status < 0 && !*answer->errors;
	*ret_why = silent ? "srun did not end in time" : slurm_srun_error(answer->errors, arena);
	return ends[slurm_srun_end(answer->errors)];
}
