bats_require_minimum_version 1.5.0

# MPI on real nodes: the distribution's, compiled and run as a user would over four nodes, in Slurm's two releases. It installs compilers on
# each node, which takes minutes. SUITES names the suites.

load_suites() { echo "${SUITES:-bookworm trixie}"; }

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export lab=$BATS_FILE_TMPDIR
}

# cluster SUITE NET
cluster() {
	export REEVE_CLUSTER=$lab/$1.yaml
	cat >"$REEVE_CLUSTER" <<-E
		reeve: 1
		cluster: mpi$1
		hosts: { c1: 10.$2.0.11, "n[1-4]": "10.$2.0.[12-15]" }
		controllers: [c1]
		compute: ["n[1-4]"]
		partitions: { batch: { nodes: all, default: true } }
		modules: [core, users, lmod, software, modulefiles, mpi]
		lab: { suite: $1, binds: [/srv/home] }
		users: { home: /srv/home, accounts: { alice: 2001 } }
		software: { openmpi: { on: "n[1-4]" } }
	E
}

on() { "$REEVE" lab ssh "$@"; }

alice() { on n1 "runuser -u alice -- bash -lc 'cd; $1' 2>&1"; }

works() {
	"$REEVE" lab up >&2
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	run "$REEVE" --lab verify mpi
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" =~ "an MPI program runs on n[1-4]: "[0-9.]+" us and "[0-9]+" MB/s between n1 and n2" ]]
	[[ "$output" = *"verified: jobs ran for mpi"* ]]
	[[ "$output" != *"nothing to change"* ]]
	on c1 "cat >/srv/home/alice/hello.c; chown alice: /srv/home/alice/hello.c" <<-'E'
		#include <mpi.h>
		#include <stdio.h>
		int main(int argc, char **argv)
		{
			int rank, sum;
			MPI_Init(&argc, &argv);
			MPI_Comm_rank(MPI_COMM_WORLD, &rank);
			MPI_Reduce(&rank, &sum, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
			if (rank == 0)
				printf("sum %d\n", sum);
			MPI_Finalize();
			return 0;
		}
	E
	[ "$(alice 'module load OpenMPI && mpicc -o hello hello.c && srun -N4 --ntasks-per-node=1 ./hello')" = "sum 6" ]
	[ "$(alice 'module load OpenMPI && srun --mpi=pmix -N4 --ntasks-per-node=1 ./hello')" = "sum 6" ]
	alice 'module load OpenMPI; sbatch -W -N4 --ntasks-per-node=1 -o out --wrap "mpirun ./hello"'
	run on c1 'cat /srv/home/alice/out'
	echo "$output"
	[ "${lines[-1]}" = "sum 6" ]
}

@test "Debian 12: compiled by a user, started by srun and by mpirun, measured by reeve" {
	[[ " $(load_suites) " == *" bookworm "* ]] || skip "not among SUITES"
	cluster bookworm 63
	works
	"$REEVE" lab down >&2
}

@test "Debian 13: the same" {
	[[ " $(load_suites) " == *" trixie "* ]] || skip "not among SUITES"
	cluster trixie 64
	works
	"$REEVE" lab down >&2
}

teardown_file() {
	for suite in bookworm trixie; do
		[ ! -e "$lab/$suite.yaml" ] || "$REEVE" --file "$lab/$suite.yaml" lab down >&2
	done
}
