bats_require_minimum_version 1.5.0

# A cluster that somebody made by hand, with jobs, a reservation and a drained node: it is adopted and goes on. The tests
# build on one another, in this order.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export REEVE=${REEVE:?} DIR=$BATS_FILE_TMPDIR
	export REEVE_CLUSTER=$DIR/lab.yaml
	cat >"$REEVE_CLUSTER" <<-END
		reeve: 1
		cluster: handmade
		hosts: { ahead: 10.88.0.10, "an[1-3]": "10.88.0.[11-13]" }
		controllers: ahead
		compute: "an[1-3]"
		partitions: { any: { nodes: all, default: true } }
	END
	"$REEVE" lab down || true
	"$REEVE" lab up
	make_by_hand
	export REEVE_CLUSTER=$DIR/cluster.yaml
}

teardown_file() {
	REEVE_CLUSTER=$DIR/lab.yaml "$REEVE" lab down
}

on() {
	local node=$1
	shift
	REEVE_CLUSTER=$DIR/lab.yaml "$REEVE" lab ssh "$node" -- "$@"
}

each() {
	local node
	for node in ahead an1 an2 an3; do
		on $node "$@" </dev/null &
	done
	wait
}

# As its owner made it, some years ago.
make_by_hand() {
	local node file
	mkdir -p "$DIR/etc"
	cat >"$DIR/etc/slurm.conf" <<-END
		# our cluster. Ask Ruth before you change anything!
		ClusterName=handmade
		SlurmctldHost=ahead(10.88.0.10)
		SlurmUser=slurm
		StateSaveLocation=/var/lib/slurm/slurmctld
		SlurmdSpoolDir=/var/lib/slurm/slurmd
		SlurmctldPidFile=/run/slurmctld.pid
		SlurmdPidFile=/run/slurmd.pid
		SlurmctldLogFile=/var/log/slurm/slurmctld.log
		SlurmdLogFile=/var/log/slurm/slurmd.log
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/affinity
		SelectType=select/cons_tres
		SelectTypeParameters=CR_Core_Memory
		DefMemPerCPU=200
		MinJobAge=86400
		GresTypes=fpga,scratch
		TopologyPlugin=topology/tree
		include nodes.conf
		PartitionName=short Nodes=ALL Default=YES MaxTime=2:00:00
		PartitionName=long  Nodes=an[2-3] MaxTime=7-0 PriorityJobFactor=10
	END
	cat >"$DIR/etc/nodes.conf" <<-END
		NodeName=an1 NodeAddr=10.88.0.11 CPUs=2 RealMemory=2000 Gres=fpga:u250:1,scratch:100 Feature=board
		NodeName=an[2-3] NodeAddr=10.88.0.[12-13] CPUs=2 RealMemory=2000 Gres=scratch:400 Weight=10
	END
	cat >"$DIR/etc/gres.conf" <<-END
		NodeName=an1 Name=fpga Type=u250 File=/dev/fpga0
		NodeName=an1 Name=scratch Count=100 Flags=CountOnly
		NodeName=an[2-3] Name=scratch Count=400 Flags=CountOnly
	END
	cat >"$DIR/etc/topology.conf" <<-END
		SwitchName=upstairs   Nodes=an1
		SwitchName=downstairs Nodes=an[2-3] LinkSpeed=1000
		SwitchName=backbone   Switches=upstairs,downstairs
	END
	printf 'ConstrainCores=no\nConstrainRAMSpace=no\nAllowedSwapSpace=10\n' >"$DIR/etc/cgroup.conf"
	head -c 128 /dev/urandom >"$DIR/munge.key"
	each "mknod -m 666 /dev/fpga0 c 10 250; apt-get -q -y --no-install-recommends install munge slurmd slurm-client >/dev/null 2>&1"
	on ahead "systemctl disable -q slurmd; apt-get -q -y --no-install-recommends install slurmctld >/dev/null 2>&1" </dev/null
	for node in ahead an1 an2 an3; do
		for file in slurm.conf nodes.conf gres.conf topology.conf cgroup.conf; do
			on $node "mkdir -p /etc/slurm /var/log/slurm && chown slurm /var/log/slurm && cat >/etc/slurm/$file" <"$DIR/etc/$file"
		done
		on $node "cat >/etc/munge/munge.key && chown munge: /etc/munge/munge.key && chmod 400 /etc/munge/munge.key" <"$DIR/munge.key"
	done
	each 'systemctl enable munge; systemctl restart munge
		unit=slurmd; [ "$(hostname)" != ahead ] || unit=slurmctld
		mkdir -p /etc/systemd/system/$unit.service.d
		printf "[Service]\nPIDFile=/run/$unit.pid\n" >/etc/systemd/system/$unit.service.d/pid.conf
		systemctl daemon-reload; systemctl enable $unit; systemctl restart $unit' >&2
	on ahead 'for i in $(seq 60); do sinfo -h -o %T | grep -qx idle && exit; sleep 1; done; sinfo; exit 1' >&2
}

sleeper() { on ahead "cd /tmp; sbatch --parsable --output=/dev/null $1 --wrap 'exec sleep 3000'"; }

# What of the jobs must stay as it is.
jobs_now() { on ahead "squeue -a -h -S i -O 'JobID:8,StateCompact:4,NodeList:8,StartTime:20,Partition:8,tres-per-node:20'"; }

plan() { "$REEVE" --lab plan "$@"; }
apply() { "$REEVE" --lab apply "$@"; }

@test "a cluster made by hand runs jobs of all kinds" {
	sleeper "-w an1 -n1 --gres=fpga:1"
	sleeper "-p long -n1 --gres=scratch:50"
	sleeper "-H"
	sleeper "-p long -N2 --exclusive"
	on ahead "scontrol update node=an3 state=drain reason='fan rattles, Ruth'"
	on ahead "scontrol create reservation reservationname=course starttime=now+2days duration=60 users=root nodes=an1"
	on ahead 'for i in $(seq 30); do [ $(squeue -h -t R | wc -l) = 2 ] && exit; sleep 1; done; squeue; exit 1'
	jobs_now | tee "$DIR/jobs"
	on an1 "pgrep -x sleep" >"$DIR/sleep"
}

@test "adopt writes a cluster.yaml that is in order, and says what it did not take" {
	run "$REEVE" adopt --slurm-conf "$DIR/etc/slurm.conf" --slurm-version 22.05 -o "$REEVE_CLUSTER"
	echo "$output"
	[ "$status" -eq 0 ]
	cat "$REEVE_CLUSTER"
	run "$REEVE" check
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output != *warning* ]]
}

@test "plan shows what would be other, each with its reason, and nothing else" {
	run plan
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output != *"not written by reeve"* ]]
	[[ $output == *"jobs: 2 running, 2 pending; touched: none"* ]]
	sed -n '/^activation:/,/^steps:/s/^  \([^ ].*\): .* -> .*/\1/p' <<<"$output" | diff - <(printf '%s\n' \
		SlurmctldPidFile SlurmdPidFile ReconfigFlags "node an[1-3] RealMemory" "node an[1-3] Sockets" "node an[1-3] CoresPerSocket")
}

@test "what was edited in between is not overwritten" {
	on an2 "echo '# Ruth was here' >>/etc/slurm/gres.conf"
	run apply
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"an2: /etc/slurm/gres.conf was not written by reeve, and is not"*"adopted"* ]]
	on an2 "cat >/etc/slurm/gres.conf" <"$DIR/etc/gres.conf"
}

@test "apply keeps every job, the reservation, the drain and its reason" {
	run apply
	echo "$output"
	[ "$status" -eq 3 ]
	jobs_now | diff "$DIR/jobs" -
	on an1 "pgrep -x sleep" | diff "$DIR/sleep" -
	[ "$(on ahead "scontrol show node an3 | grep -o 'Reason=fan rattles, Ruth'")" = "Reason=fan rattles, Ruth" ]
	on ahead "scontrol show reservation course"
	on ahead "scontrol show node an3 | grep -q 'State=IDLE+DRAIN'"
}

@test "what was beside slurm.conf is in force as it was" {
	on ahead "head -n 1 /etc/slurm/{slurm,gres,topology,cgroup}.conf | grep -c 'Written by reeve'" | grep -qx 4
	on ahead "scontrol show topology" | tee "$DIR/topology"
	grep -q 'SwitchName=backbone.*Nodes=an\[1-3\] Switches=downstairs,upstairs' "$DIR/topology"
	on ahead "scontrol show node an1" | tee "$DIR/an1"
	grep -q 'Gres=fpga:u250:1,scratch:100' "$DIR/an1"
	on an1 "slurmd -G 2>&1" | tee "$DIR/gres"
	grep -q 'Name=fpga Type=u250 Count=1.*File=/dev/fpga0' "$DIR/gres"
	on ahead "grep -x AllowedSwapSpace=10 /etc/slurm/cgroup.conf"
	on ahead "srun -w an2 --gres=scratch:100 hostname" | grep -qx an2
	run -1 on ahead "srun --immediate=3 -w an1 --gres=fpga:1 true"
}

@test "from now on it is a cluster like any other" {
	sed -i '/^adopted:/d; /^  - sha256:/d' "$REEVE_CLUSTER"
	run plan
	echo "$output"
	[ "$status" -eq 0 ]
	run apply
	echo "$output"
	[ "$status" -eq 3 ]
	[[ $output == *"nothing to change"* ]]
}

@test "a partition leaves when no job names it, and is closed first" {
	cp "$REEVE_CLUSTER" "$DIR/before"
	sed -i 's/^partitions:$/&\n  night:\n    nodes: an1/' "$REEVE_CLUSTER"
	run apply
	echo "$output"
	[ "$status" -eq 3 ]
	on ahead "sbatch --parsable -H -p night --output=/dev/null --wrap true" >"$DIR/night"
	cp "$DIR/before" "$REEVE_CLUSTER"
	run apply
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"partition night would be removed, and job $(cat "$DIR/night") is in it"*"PartitionName=night State=DRAIN"* ]]
	on ahead "scancel $(cat "$DIR/night")"
	run apply
	echo "$output"
	[ "$status" -eq 3 ]
	[[ $output == *"close the partitions that leave to new jobs"* ]]
	run on ahead sinfo -h -o %R
	[[ $output != *night* ]]
	jobs_now | diff "$DIR/jobs" -
}
