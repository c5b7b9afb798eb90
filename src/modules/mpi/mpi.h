/*
 * mpi: programs of MPI, started by Slurm.
 *
 *	mpi:				# nothing needs to be said
 *	  default: pmix			# what `srun` without --mpi takes
 *	  module: OpenMPI		# what is loaded before the test is compiled
 *
 * MPI itself comes with `software`, its module with `modulefiles`, and the library of Slurm's plugin with the base. `reeve verify mpi`
 * compiles a program on the nodes and runs it over them: a ring, and how quick messages are between the first two.
 */
#ifndef REEVE_MODULES_MPI_MPI_H
#define REEVE_MODULES_MPI_MPI_H

#include "modules/module.h"

enum mpi_code {
	MPI_VALUE_CODE = 1401, /* not a plugin of MpiDefault, or not the name of a module */
};

struct mpi {
	const char *plugin; /* MpiDefault */
	const char *load;   /* names of modules with spaces between; NULL: none */
	struct span at;     /* line 0: no section was written */
};

extern const struct module mpi_module;
extern const struct inv_section mpi_section;

void *mpi_parse(struct inv_reader *r, const struct conf_value *value);
void mpi_params(const struct cluster *cluster, struct module_params *params);

/* guide.c */
void mpi_guide(const struct inventory *inv, struct strbuf *out);

/* prove.c */
void mpi_prove(const struct verify_context *context, const struct job_set *set, struct checks *checks);

#endif
