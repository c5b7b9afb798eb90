/* A program that is compiled on the nodes and goes round over all of them. Only where it was asked for: it takes some seconds. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "modules/mpi/mpi.h"
#include "modules/mpi/prove.sh.h"
#include "modules/mpi/ring.c.txt.h"
#include "slurm/srun.h"

enum { PROVE_MS = 120000, NOT_COMPILED = 3 };

struct proof {
	size_t count; /* of processes */
	const struct mpi *mpi;
};

static const char *line_with(const char *text, const char *word, struct arena *arena)
{
	const char *at = strstr(text, word);
	return at ? str_printable(arena, at, strcspn(at, "\n")) : NULL;
}

static enum check_verdict judge(const struct check *check, const struct check_answer *answer, struct arena *arena,
				const char **ret_why)
{
	const struct proof *proof = check->about;
	const char *line = line_with(answer->out, "ring of ", arena), *last = verify_job_said(answer->errors, arena);
	size_t n = proof->count;
	if (line && str_starts(line, "ring of 1")) {
		*ret_why = arena_printf(
		    arena,
		    "each process thinks that it is alone: MPI was not built for Slurm's plugin '%s', or its "
		    "PMIx and Slurm's do not understand each other",
		    proof->mpi->plugin);
		return CHECK_FAILED;
	}
	if (!answer->status && line && strstr(line, arena_printf(arena, "ring of %zu, sum %zu:", n, n * (n - 1) / 2))) {
		*ret_why = strchr(line, ':') + 2;
		return CHECK_HOLDS;
	}
	if (answer->status == NOT_COMPILED) {
		*ret_why = arena_printf(arena, "its program cannot be compiled there: %s",
					last ? last : "mpicc gives no reason");
		return CHECK_FAILED;
	}
	enum check_verdict end = verify_job_end(answer, arena, ret_why);
	if (end == CHECK_HOLDS || (end == CHECK_FAILED && last))
		*ret_why = line   ? arena_printf(arena, "the ring is wrong: %s", line)
			   : last ? last
				  : "it printed nothing";
	return end == CHECK_HOLDS ? CHECK_FAILED : end;
}

void mpi_prove(const struct verify_context *v, const struct job_set *set, struct checks *checks)
{
	struct arena *a = checks->arena;
	if (!v->asked || set->user)
		return;
	struct proof *proof = arena_alloc(a, sizeof *proof);
	*proof = (struct proof){.count = set->count > 1 ? set->count : 2,
				.mpi = inventory_section(v->cluster->inv, NULL, mpi_section.name)};
	struct check *check = checks_add_for_all(checks, v, "mpi", arena_printf(a, "mpi:ring:%s", set->label),
						 arena_printf(a, "an MPI program runs on %s", set->hostlist));
	const char *const command[] = {
	    "bash", "-c", prove_sh, "bash", proof->mpi->plugin, proof->mpi->load ? proof->mpi->load : "", NULL};
	check->argv = verify_allocation_argv(v, set, command, a);
	check->input = ring_c_txt;
	check->timeout_ms = PROVE_MS;
	check->judge = judge;
	check->about = proof;
	check->fix = "docs/handbook/mpi.md says what has to fit together";
	check->origin = proof->mpi->at.line ? proof->mpi->at : v->cluster->inv->cluster.at;
}
