bats_require_minimum_version 1.5.0

# Compute nodes with an older Slurm than their controller's, three releases at most: Debian 13's 24.11 below forky's 26.05. The other way
# round nothing is touched. The tests build on one another, in this order.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export REEVE=${REEVE:?} DIR=$BATS_FILE_TMPDIR
	export REEVE_CLUSTER=$DIR/cluster.yaml
	write m1
	"$REEVE" lab down --purge || true
	"$REEVE" lab up || "$REEVE" lab up
}

teardown_file() { "$REEVE" lab down --purge; }

# write CONTROLLER
write() {
	local rest=m2
	[ "$1" != m2 ] || rest=m1
	cat >"$REEVE_CLUSTER" <<-E
		reeve: 1
		cluster: varmix
		hosts: { "m[1-3]": "10.79.24.[11-13]" }
		controllers: $1
		compute: ["$rest", m3]
		partitions: { main: { nodes: all, default: true } }
		lab:
		  suite: trixie
		  nodes: { m1: { suite: forky } }
	E
}

on() {
	local node=$1
	shift
	"$REEVE" lab ssh "$node" -- "$@"
}

@test "a newer slurmd than the controller's is left out before anything is touched" {
	write m2
	run "$REEVE" --lab plan
	echo "$output"
	[[ $output == *"skipped: m1: Slurm 26.05 here does not work with the controller's 24.11 on m2"* ]]
	[[ $output == *"never newer"* ]]
	run on m1 'test -e /etc/slurm/slurm.conf || command -v slurmd'
	[ "$status" -ne 0 ]
	write m1
}

@test "older slurmds below a newer controller: one apply, nothing to change after that, a user's job" {
	run -0 "$REEVE" --lab apply
	echo "$output"
	for node in m1 m2 m3; do on $node useradd -m -u 2000 ann; done
	on m1 'slurmctld -V' | grep -qF ' 26.05.'
	on m2 'slurmd -V' | grep -qF ' 24.11.'
	[ "$(on m1 sinfo -h -t idle -o %D)" = 2 ]
	[ "$(on m1 "cd /; runuser -u ann -- srun -N2 id -un" | xargs)" = "ann ann" ]
	run -0 "$REEVE" --lab apply
	echo "$output"
	[[ $output == *"nothing to change"* ]]
}

@test "a reconfigure, and a restart of all: a job lives" {
	local job
	job=$(on m1 "cd /tmp && sbatch --parsable --mem=50 -w m2 --wrap='srun sleep 3600'")
	on m1 "for i in \$(seq 100); do [ \"\$(squeue -h -j $job -o %T)\" = RUNNING ] && exit; sleep 0.2; done; exit 1"
	echo 'slurm: { KillWait: 33, CommunicationParameters: [NoInAddrAny] }' >>"$REEVE_CLUSTER"
	run -0 "$REEVE" --lab apply
	echo "$output"
	on m2 scontrol show config | grep -q 'KillWait *= 33'
	[ "$(on m1 squeue -h -j "$job" -o %T)" = RUNNING ]
	on m1 scancel "$job"
}
