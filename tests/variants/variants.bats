bats_require_minimum_version 1.5.0

# Clusters of other shapes than the demo's, on real nodes: a newer Debian with two controllers, one machine alone, a node that
# is down at first, nodes added and removed under running jobs. Each has a name and a network of its own. SUITE is the newer Debian:
# trixie (13), or forky.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export REEVE=${REEVE:?} REEVE_AGENT=${REEVE_AGENT:?}
	export DIR=$BATS_FILE_TMPDIR
	export SUITE=${SUITE:-trixie}
	case $SUITE in
	trixie) export RELEASE=24.11 ;;
	forky) export RELEASE=26.05 ;;
	*) return 1 ;;
	esac
	local name
	for name in var13 var12 var1 varm; do write_"$name" && down "$name"; done
}

teardown_file() {
	local name
	for name in var13 var12 var1 varm; do [ ! -e "$DIR/$name.yaml" ] || down "$name"; done
}

# Slurm $RELEASE. EXTRA is a line among the hosts, PARAMS a line under `slurm:`, NETWORK what `network` is.
write_var13() {
	cat >"$DIR/var13.yaml" <<-END
		reeve: 1
		cluster: var13
		slurm_version: "$RELEASE"
		hosts:
		  ceres:  10.79.20.11
		  pallas: 10.79.20.12
		  vesta:  10.79.20.13
		  ${EXTRA-}
		controllers: [ceres, pallas]
		state: /srv/shared/slurm/state
		compute: all
		partitions:
		  quick: { nodes: "vesta,pallas", max_time: "0:30:00" }
		  long:  { nodes: all, default: true }
		slurm:
		  ReturnToService: 2
		  ${PARAMS-}
		network: ${NETWORK-{\}}
		lab:
		  suite: $SUITE
		  binds: [/srv/shared]
	END
}

# Debian 12: Slurm 22.05. COMPUTE are the compute nodes.
write_var12() {
	cat >"$DIR/var12.yaml" <<-END
		reeve: 1
		cluster: var12
		hosts:
		  head:     10.79.21.10
		  "n[1-4]": "10.79.21.[11-14]"
		controllers: head
		compute: "${COMPUTE-n[1-3]}"
		partitions:
		  main: { nodes: all, default: true }
		  part: { nodes: n1, max_time: "1:00:00" }
		slurm:
		  ReturnToService: 2
	END
}

write_var1() {
	cat >"$DIR/var1.yaml" <<-END
		reeve: 1
		cluster: var1
		hosts:
		  lone: 10.79.22.11
		controllers: lone
		compute: lone
		partitions:
		  main: { nodes: all, default: true }
	END
}

# Two architectures.
write_varm() {
	cat >"$DIR/varm.yaml" <<-END
		reeve: 1
		cluster: varm
		hosts: { head: 10.79.23.10, amd: 10.79.23.11, arm: 10.79.23.12 }
		controllers: head
		compute: "amd,arm"
		partitions:
		  pc: { nodes: amd, default: true }
		  pi: { nodes: arm }
		lab:
		  nodes: { arm: { arch: arm64 } }
	END
}

lab() {
	local name=$1
	shift
	"$REEVE" -f "$DIR/$name.yaml" lab "$@"
}

# Twice: on a busy machine nodes may need longer than one waits for.
up() { lab "$1" up || lab "$1" up; }
down() { lab "$1" down --purge; }

in_node() {
	local name=$1 node=$2
	shift 2
	lab "$name" ssh "$node" -- "$@"
}

apply() {
	local name=$1
	shift
	"$REEVE" -f "$DIR/$name.yaml" --lab apply "$@"
}

nothing_to_change() {
	run apply "$1" --json
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(tail -n 1 <<<"$output" | jq -r '"\(.changed) \(.failed) \(.unreachable)"')" = "0 0 0" ]
}

# Nodes that are idle in a partition.
idle() { in_node "$1" "$2" "sinfo -h -p $3 -t idle -o %D"; }

# Submits a job that lasts, and prints its number once it runs.
long_job() {
	local name=$1 node=$2 id
	id=$(in_node "$name" "$node" "cd /tmp && sbatch --parsable --mem=50 $3 --wrap='srun sleep 3600'")
	in_node "$name" "$node" "for i in \$(seq 100); do [ \"\$(squeue -h -j $id -o %T)\" = RUNNING ] && exit; sleep 0.2; done; exit 1"
	echo "$id"
}

# The same run of it: not requeued, not started anew.
runs_on() { [ "$(in_node "$1" "$2" "scontrol show job $3 | grep -o 'JobState=[A-Z]*\|Restarts=[0-9]*' | xargs")" = "JobState=RUNNING Restarts=0" ]; }

@test "a newer Debian, two controllers: idle after one apply, nothing to change after that" {
	up var13
	run apply var13
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(idle var13 ceres quick)" = 2 ]
	[ "$(idle var13 ceres long)" = 3 ]
	[ "$(in_node var13 ceres scontrol ping | grep -c 'is UP')" = 2 ]
	in_node var13 ceres 'ps -o user= -C slurmctld' | grep -qx slurm
	in_node var13 vesta 'slurmd -V' | grep -qF " $RELEASE."
	run in_node var13 vesta command -v slurmctld
	[ "$status" -ne 0 ]
	nothing_to_change var13
}

@test "a newer Debian: a reconfigure, an added node; jobs live" {
	local job
	job=$(long_job var13 ceres "-w pallas -p long")
	EXTRA="juno: 10.79.20.14" PARAMS="scheduler_parameters: [bf_continue]" write_var13
	up var13
	run apply var13
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" != *"restart slurm"* ]]
	in_node var13 vesta scontrol show config | grep -q 'SchedulerParameters *= bf_continue'
	[ "$(in_node var13 ceres 'sinfo -h -n juno -p long -o %T')" = idle ]
	runs_on var13 ceres "$job"
	nothing_to_change var13
	runs_on var13 ceres "$job"
}

topology() { in_node var13 vesta scontrol show topology; }

# The nodes that a job with these options gets.
nodes_of() { in_node var13 ceres "srun -Q --mem=20 $* printenv SLURMD_NODENAME" | sort | xargs; }

# apply, and slurmctld and the slurmds are not restarted.
by_reconfigure() {
	run apply var13
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"scontrol reconfigure"* && "$output" != *"restart slurm"* ]]
}

@test "a newer Debian: switches, and a job that keeps to one; they change by a reconfigure; jobs live" {
	local job
	job=$(in_node var13 ceres 'squeue -h -t R -o %A')
	local network='core: { switches: "leaf[1-2]" }, leaf1: { nodes: "ceres,juno,vesta" }, leaf2: { nodes: pallas }'
	EXTRA="juno: 10.79.20.14" NETWORK="{ switches: { $network } }" write_var13
	by_reconfigure
	run -0 topology
	echo "$output"
	[[ "$output" == *"SwitchName=core Level=1"*"Switches=leaf[1-2]"* ]]
	[[ "$output" == *"SwitchName=leaf1 Level=0"*"Nodes=ceres,juno,vesta"* ]]
	[ "$(nodes_of -N3 --switches=1)" = "ceres juno vesta" ]
	network='core: { switches: "leaf[1-2]" }, leaf1: { nodes: ceres }, leaf2: { nodes: "juno,pallas,vesta" }'
	EXTRA="juno: 10.79.20.14" NETWORK="{ switches: { $network } }" write_var13
	by_reconfigure
	[ "$(nodes_of -N3 --switches=1)" = "juno pallas vesta" ]
	runs_on var13 ceres "$job"
	nothing_to_change var13
}

@test "a newer Debian: blocks instead, and a job that keeps to one; they change, and go; jobs live" {
	local job
	job=$(in_node var13 ceres 'squeue -h -t R -o %A')
	EXTRA="juno: 10.79.20.14" NETWORK='{ blocks: { b1: "ceres,juno", b2: "pallas,vesta" } }' write_var13
	by_reconfigure
	run -0 topology
	echo "$output"
	[[ "$output" == *"BlockName=b1 "*"Nodes=ceres,juno BlockSize=2"* ]]
	[[ "$output" == *"BlockName=b2 "*"Nodes=pallas,vesta BlockSize=2"* ]]
	in_node var13 vesta scontrol show config | grep -q 'TopologyPlugin *= topology/block'
	[ "$(nodes_of -N2 --segment=2 -x juno)" = "pallas vesta" ]
	run in_node var13 ceres 'srun --immediate=5 -N2 --segment=2 -x juno,vesta true'
	echo "$output"
	[ "$status" -ne 0 ]
	EXTRA="juno: 10.79.20.14" NETWORK='{ blocks: { b1: "ceres,vesta", b2: "juno,pallas" }, block_sizes: [2, 4] }' write_var13
	by_reconfigure
	[ "$(nodes_of -N2 --segment=2 -x juno)" = "ceres vesta" ]
	runs_on var13 ceres "$job"
	nothing_to_change var13
	EXTRA="juno: 10.79.20.14" write_var13
	by_reconfigure
	run in_node var13 vesta ls /etc/slurm/topology.conf
	[ "$status" -ne 0 ]
	[ "$(nodes_of -N4)" = "ceres juno pallas vesta" ]
	runs_on var13 ceres "$job"
	nothing_to_change var13
}

@test "a newer Debian: a node is taken out, back in, and removed, by a reconfigure; jobs live" {
	local job
	job=$(long_job var13 ceres "-w pallas -p long")
	reeve() { "$REEVE" -f "$DIR/var13.yaml" --lab "$@"; }
	run -0 reeve exclude vesta --reason "bad card"
	echo "$output"
	[[ "$output" != *"restart slurm"* ]]
	[ "$(in_node var13 ceres 'sinfo -h -p quick -o %D')" = 1 ]
	in_node var13 ceres 'scontrol show node vesta | grep -q "Reason=reeve: excluded: bad card"'
	run in_node var13 vesta systemctl is-active slurmd
	[ "$output" = inactive ]
	nothing_to_change var13
	run -0 reeve include vesta
	echo "$output"
	[ "$(in_node var13 ceres 'sinfo -h -n vesta -p quick -o %T')" = idle ]
	run -0 reeve remove juno
	echo "$output"
	[[ "$output" != *"restart slurm"* ]]
	run in_node var13 ceres scontrol show node juno
	[[ "$output" == *"not found"* ]]
	runs_on var13 ceres "$job"
	nothing_to_change var13
}

@test "a newer Debian: logs are rotated, and the daemons write the new ones" {
	in_node var13 ceres 'logrotate -f /etc/logrotate.d/slurmctld && logrotate -f /etc/logrotate.d/slurmd'
	in_node var13 ceres 'srun -n1 -w ceres --mem=20 true; test -s /var/log/slurm/slurmctld.log'
	[ "$(in_node var13 ceres stat -c %U /var/log/slurm/slurmctld.log)" = slurm ]
	nothing_to_change var13
	down var13
}

@test "a node that is down at first is left behind and named; the next apply brings it in; jobs live" {
	local job
	up var12
	lab var12 fault n3 stop
	run -3 apply var12
	echo "$output"
	[[ "$output" == *"skipped: n3"* ]]
	[ "$(idle var12 head main)" = 2 ]
	[ "$(idle var12 head part)" = 1 ]
	job=$(long_job var12 head "-w n1 -p part")
	lab var12 fault n3 start
	up var12
	run -1 apply var12 -l n3
	[[ "$output" == *"-l cannot be used"* ]]
	run apply var12
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(in_node var12 head 'sinfo -h -n n3 -p main -o %T')" = idle ]
	runs_on var12 head "$job"
	nothing_to_change var12
}

@test "all nodes at once: an exclusion that is interrupted, and one include; jobs live" {
	local job pid
	job=$(in_node var12 head 'squeue -h -t R -o %A')
	"$REEVE" -f "$DIR/var12.yaml" --lab exclude "n[1-3]" --reason "they move" >"$DIR/out" 2>&1 &
	pid=$!
	for _ in $(seq 240); do
		! grep -q "waiting for 1 job: $job" "$DIR/out" || break
		sleep 0.25
	done
	kill -INT $pid
	run ! wait $pid
	cat "$DIR/out"
	[ "$(in_node var12 head 'sinfo -h -p main -t drain -o %D' | awk '{ n += $1 } END { print n }')" = 3 ]
	run -0 "$REEVE" -f "$DIR/var12.yaml" --lab include "n[1-3]"
	echo "$output"
	[[ "$output" == *"n[1-3]: verified, resumed"* ]]
	[[ "$output" == *"a job ran on "*"(partition main)"* ]]
	[ "$(idle var12 head main)" = 2 ]
	runs_on var12 head "$job"
	nothing_to_change var12
}

@test "-l mends what is a host's own" {
	in_node var12 n2 'systemctl stop slurmd; echo >/etc/logrotate.d/slurmd'
	run apply var12 -l n2
	echo "$output"
	[ "$status" -eq 0 ]
	in_node var12 n2 'systemctl is-active slurmd && grep -q slurmd.log /etc/logrotate.d/slurmd'
	nothing_to_change var12
}

@test "Slurm 22.05: a node is added and an idle one removed under a job; one that a job holds stays" {
	local job
	job=$(in_node var12 head 'squeue -h -t R -o %A')
	COMPUTE="n[1-4]" write_var12
	run apply var12
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(in_node var12 head 'sinfo -h -n n4 -p main -o %T')" = idle ]
	runs_on var12 head "$job"
	COMPUTE="n[1-2,4]" write_var12
	run apply var12
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$(in_node var12 head 'sinfo -h -n n3 -o %T')" ]
	runs_on var12 head "$job"
	COMPUTE="n[2,4]" write_var12
	sed -i 's/nodes: n1,/nodes: n2,/' "$DIR/var12.yaml"
	run -1 apply var12
	echo "$output"
	[[ "$output" == *"node n1 would be removed, and job $job runs on n1"* ]]
	runs_on var12 head "$job"
	down var12
}

@test "one machine alone: init and apply, without ssh" {
	up var1
	tar -C / -cf - "${REEVE#/}" "${REEVE_AGENT#/}" | in_node var1 lone 'mkdir -p /opt/reeve && tar -C /opt/reeve -xf - --transform "s|.*/||"'
	in_node var1 lone 'apt-get -q -y --no-install-recommends install libfyaml0 libuv1 libjansson4 libsodium23' >&2
	run in_node var1 lone 'cd /root && /opt/reeve/reeve init && PATH= /opt/reeve/reeve apply'
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(idle var1 lone main)" = 1 ]
	[ "$(in_node var1 lone 'srun hostname')" = lone ]
	run -0 in_node var1 lone 'cd /root && /opt/reeve/reeve apply'
	[[ "$output" == *"nothing to change"* ]]
}

@test "an arm64 node among amd64 ones" {
	up varm
	run apply varm
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"a job ran on "*"(partition pi)"* ]]
	[ "$(in_node varm head 'srun -p pi uname -m')" = aarch64 ]
	[ "$(in_node varm head 'srun -p pc uname -m')" = x86_64 ]
	nothing_to_change varm
}
