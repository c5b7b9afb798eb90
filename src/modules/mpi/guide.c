/* What users are told of MPI. */
#include "base/str.h"
#include "modules/mpi/mpi.h"

void mpi_guide(const struct inventory *inv, struct strbuf *out)
{
	const struct mpi *mpi = inventory_section(inv, NULL, mpi_section.name);
	strbuf_adds(out, "\n## MPI\n\n");
	if (mpi && mpi->load)
		strbuf_addf(out, "    module load %s\n", mpi->load);
	strbuf_adds(out, "    mpicc -o hello hello.c\n    srun --nodes=2 --ntasks-per-node=1 ./hello\n\n"
			 "`mpirun ./hello` in a batch script does the same with the job's nodes.\n");
}
