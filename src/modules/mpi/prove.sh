# In an allocation, from where it was made: PLUGIN MODULES. The program comes on standard input. Status 3: it cannot be compiled.
at=/tmp/reeve-ring.$SLURM_JOB_ID
# As in every user's job: without one Open MPI 5 compiles nothing.
HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
export HOME
run() { srun --ntasks-per-node=1 "$@"; }
run bash -lc "[ -z '$2' ] || module load $2 || exit 3; mpicc -O2 -x c -o $at - || exit 3" || exit 3
tasks=$SLURM_JOB_NUM_NODES
[ "$tasks" -gt 1 ] || set -- "$1" "$2" --ntasks=2 --ntasks-per-node=2 --overcommit
plugin=$1 modules=$2
shift 2
if [ $# -gt 0 ]; then
	srun "$@" --mpi="$plugin" bash -lc "[ -z '$modules' ] || module load $modules; exec $at" </dev/null
else
	run --mpi="$plugin" bash -lc "[ -z '$modules' ] || module load $modules; exec $at" </dev/null
fi
status=$?
run rm -f "$at"
exit $status
