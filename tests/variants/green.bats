bats_require_minimum_version 1.5.0

# Green means green, on real nodes: what keeps jobs from running is named, and nothing of it ends with exit status 0. The tests build
# on one another, in this order. SUITE is the suite of the nodes.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export REEVE=${REEVE:?} DIR=$BATS_FILE_TMPDIR
	export REEVE_CLUSTER=$DIR/cluster.yaml
	cat >"$DIR/base.yaml" <<-EOF
		reeve: 1
		cluster: testgreen
		hosts: { "g[1-3]": "10.87.0.[11-13]" }
		controllers: g1
		compute: all
		partitions:
		  main: { nodes: all, default: true }
		lab: { suite: ${SUITE:-bookworm} }
	EOF
	cp "$DIR/base.yaml" "$REEVE_CLUSTER"
	"$REEVE" lab down || true
	"$REEVE" lab up
}

teardown_file() { "$REEVE" lab down; }

on() {
	local node=$1
	shift
	"$REEVE" lab ssh "$node" -- "$@"
}

# apply STATUS ARGUMENT...: what it says is in $output
apply() {
	local want=$1
	shift
	run "$REEVE" --lab apply "$@"
	echo "$output"
	[ "$status" -eq "$want" ]
}

wants() { { cat "$DIR/base.yaml"; printf '%s\n' "$@"; } >"$REEVE_CLUSTER"; }
state_of() { on g1 scontrol show node "$1" -o | grep -o 'State=[^ ]*'; }

until_true() {
	local n=$(($1 * 2))
	shift
	until "$@"; do
		[ $((n -= 1)) -gt 0 ] || return 1
		sleep 0.5
	done
}
idle() { [ "$(on g1 sinfo -h -p main -t idle -o %D)" = "$1" ]; }

@test "a first apply says what was proven, and as whom" {
	for node in g1 g2 g3; do on $node useradd -m -u 2000 ann; done
	apply 0
	[[ $output == *"verified: 3 nodes registered, MUNGE credentials decoded both ways"* ]]
	[[ $output == *"a job ran on g[1-3] (partition main) as root and ann"* ]]
	[[ $output == *"try: srun -N3 hostname"* ]]
	run on g1 srun -N3 hostname
	[ "$status" -eq 0 ]
	apply 0
	[[ $output == *"nothing to change; 3 nodes: 3 idle"* ]]
}

@test "a drained node is no success, and resume lets it in" {
	on g1 scontrol update NodeName=g2 State=DRAIN Reason=fan
	apply 3
	[[ $output == *"g2 is drained: fan (root, since "* ]]
	[[ $output == *"reeve resume g2"* ]]
	run "$REEVE" --lab resume g2
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"g2 was drained: fan (root@"* && $output == *"g2: verified, resumed"* ]]
	[ "$(state_of g2)" = State=IDLE ]
	[[ $(on g1 scontrol show reservations) == "No reservations in the system" ]]
}

@test "a prolog that is missing is named, and the run that corrects it lets the nodes in" {
	wants 'slurm: { Prolog: /etc/slurm/prolog.sh }'
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 1 ]
	# Where it is found before a daemon is told anything, no node is drained.
	if [[ $(state_of g1) == *DRAIN* ]]; then
		[[ $output == *"the test job got it drained: Prolog error"* ]]
		[[ $output == *"no compute node can take a job"* ]]
		on g1 sinfo -R | grep -q 'reeve: test job: Pro'
	fi
	cp "$DIR/base.yaml" "$REEVE_CLUSTER"
	apply 0
	until_true 30 idle 3
	apply 0
	[[ $output == *"nothing to change; 3 nodes: 3 idle"* ]]
}

@test "a slurmd that is stopped is found, though slurmctld takes its node for idle" {
	on g3 'kill -STOP $(systemctl show -P MainPID slurmd)'
	apply 3
	[[ $output == *"g3: slurmd hangs"* ]]
	apply 3 --verify
	[[ $output == *"a job ran on g[1-2] (partition main)"* ]]
	on g3 'kill -CONT $(systemctl show -P MainPID slurmd)'
	until_true 60 idle 3
	apply 0 --verify
}

@test "a default that no node can satisfy is no success" {
	sed 's/default: true }/default: true, def_mem_per_node: 900000 }/' "$DIR/base.yaml" >"$REEVE_CLUSTER"
	apply 1
	[[ $output == *"partition main: DefMemPerNode=900000 is more memory than any of its nodes has"* ]]
	cp "$DIR/base.yaml" "$REEVE_CLUSTER"
	apply 0 --verify
	[[ $output == *"a job ran on g[1-3] (partition main)"* ]]
}

@test "a queue of people's jobs makes no apply fail" {
	on g1 "cat >/root/stream.sh" <<-'EOF'
		while [ ! -e /root/enough ]; do
			sbatch -n1 --mem=10 -o /dev/null --wrap "sleep 2" >/dev/null 2>&1
			sleep 0.3
		done
	EOF
	on g1 "nohup bash /root/stream.sh >/dev/null 2>&1 &"
	sleep 5
	for i in 1 2 3; do
		wants "slurm: { KillWait: $((30 + i)) }"
		apply 0
	done
	on g1 "touch /root/enough; scancel -u root"
	until_true 60 idle 3
}
