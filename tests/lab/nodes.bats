bats_require_minimum_version 1.5.0

# A node's life on real nodes: classes, partitions over them, taken out and back in, removed, shrunk and accepted, with jobs on the
# cluster all the time. The tests build on one another, in this order.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export REEVE=${REEVE:?} DIR=$BATS_FILE_TMPDIR
	export REEVE_CLUSTER=$DIR/cluster.yaml
	cat >"$REEVE_CLUSTER" <<-'EOF'
		reeve: 1
		cluster: testlife
		hosts:
		  ctl: 10.83.0.11
		  big1: 10.83.0.12
		  big2: 10.83.0.13
		  old1: 10.83.0.14
		  old2: 10.83.0.15
		controllers: [ctl]
		compute: "big[1-2],old[1-2]"
		classes:
		  - { name: big, when: 'name ~ "big*" and memory >= 1 GB', features: [fast, new], weight: 10, reserve: 1 GB,
		      expect: "cpus >= 1" }
		  - { name: tiny, when: "memory < 64 MB", exclude: "too small" }
		  - { name: rest, features: [slow] }
		partitions:
		  main: { nodes: all, default: true }
		  fast: { nodes: "class:big", max_time: 1-00:00:00 }
		  both: { nodes: ["partition:fast", old1] }
	EOF
	"$REEVE" lab down || true
	"$REEVE" lab up
}

teardown_file() { "$REEVE" lab down; }

on() {
	local node=$1
	shift
	"$REEVE" lab ssh "$node" -- "$@"
}

reeve() { "$REEVE" --lab "$@"; }

nodes_of() { on ctl sinfo -h -p "$1" -N -o %N | sort -u | paste -sd, -; }
state_of() { on ctl scontrol show node "$1" | grep -o 'State=[^ ]*'; }
job_state() { on ctl squeue -h -a -j "$1" -o %T; }

wait_for() {
	local n=0
	until "$@"; do
		n=$((n + 1))
		[ $n -lt 60 ] || return 1
		sleep 0.5
	done
}
runs() { [ "$(job_state "$1")" = RUNNING ]; }

# Reckoned from /proc before slurmd is there; slurmd is the judge, and here it counts less.
@test "what slurmd counts is in the first configuration already" {
	on old2 "printf '%s\n' '#!/bin/sh' '[ -x /usr/sbin/slurmd ] || exit 127' \
		'/usr/sbin/slurmd \"\$@\" | sed s/RealMemory=[0-9]*/RealMemory=5000/' >/usr/local/sbin/slurmd; chmod 755 /usr/local/sbin/slurmd"
	run reeve apply
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"slurmd reports other hardware than estimated"* ]]
	on ctl scontrol show node old2 | grep -q "RealMemory=4750 "
	run reeve apply
	[[ $output == *"nothing to change"* ]]
	on old2 rm /usr/local/sbin/slurmd
	reeve accept old2
	run on ctl scontrol show node old2
	[[ $output != *"RealMemory=4750 "* ]]
	# Up to 23.02 slurmctld shows new memory after a reconfigure, and goes on with the old.
	on ctl srun -w old2 --mem=6000 hostname
}

@test "hosts get classes from what they are, and partitions are made of them" {
	[ "$(nodes_of fast)" = big1,big2 ]
	[ "$(nodes_of both)" = big1,big2,old1 ]
	[ "$(nodes_of main)" = big1,big2,old1,old2 ]
	on ctl srun -C "fast&new" -N2 hostname | sort | paste -sd, - | grep -x big1,big2
	run on ctl srun --immediate=5 -p fast -C slow hostname
	[ "$status" -ne 0 ]
	run reeve facts
	echo "$output"
	[[ $output == *"big[1-2]: big"* ]]
	[[ $output == *"old2: rest"* ]]
	[[ $output == *"not big: name ~ \"big*\""* ]]
	[[ $output == *"not tiny: memory < 64 MB: it has "* ]]
	run reeve facts -l class:big
	[[ $output == *big1* && $output != *old1* ]]
	memory=$(on big1 slurmd -C | grep -o 'RealMemory=[0-9]*' | cut -d= -f2)
	[ "$(on ctl scontrol show node big1 | grep -o 'RealMemory=[0-9]*')" = "RealMemory=$((memory - 1024))" ]
	run reeve apply
	[[ $output == *"nothing to change"* ]]
}

@test "exclude waits for the jobs; Ctrl-C leaves the node draining" {
	on ctl sbatch --parsable -w big2 -J stays --wrap "sleep 3000" >"$DIR/stays"
	on ctl sbatch --parsable -w old2 -J short --wrap "sleep 3000" >"$DIR/short"
	wait_for runs "$(cat "$DIR/short")"
	on ctl sbatch --parsable -w old2 --begin=now+2hours -J names --wrap hostname >"$DIR/names"
	run -64 reeve exclude old2 --reason 'a "bad" card'
	run -64 reeve exclude old2 --reason card --until 2026-02-30
	run -1 reeve exclude old2
	[[ $output == *"a reason is required"* ]]
	"$REEVE" --lab exclude old2 --reason "bad SD card" --until 2099-12-24 >"$DIR/out" 2>&1 &
	local pid=$!
	wait_for grep -q "waiting for 1 job: $(cat "$DIR/short")" "$DIR/out"
	kill -INT $pid
	wait $pid && false
	cat "$DIR/out"
	grep -q "what was drained stays so" "$DIR/out"
	[[ $(state_of old2) == *DRAIN* ]]
	on ctl scontrol show node old2 | grep -q "Reason=reeve: excluded: bad SD card"
	runs "$(cat "$DIR/short")"
	# An apply meanwhile neither resumes it nor stops its daemons.
	run reeve apply
	echo "$output"
	[ "$status" -eq 0 ]
	runs "$(cat "$DIR/short")"
	[[ $(state_of old2) == *DRAIN* ]]
	on old2 systemctl is-active slurmd
	run reeve status
	[[ $output == *"old2 excluded when their jobs are over: bad SD card"* ]]
}

@test "when they are over it leaves the partitions and keeps its line" {
	"$REEVE" --lab exclude old2 >"$DIR/out" 2>&1 &
	local pid=$!
	wait_for grep -q "waiting for 1 job" "$DIR/out"
	on ctl scancel "$(cat "$DIR/short")"
	wait $pid
	cat "$DIR/out"
	[ "$(nodes_of main)" = big1,big2,old1 ]
	on ctl grep -q 'NodeName=.*old' /etc/slurm/slurm.conf
	on ctl scontrol show node old2
	[ "$(job_state "$(cat "$DIR/names")")" = PENDING ]
	runs "$(cat "$DIR/stays")"
	for unit in slurmd munge; do
		run on old2 systemctl is-active $unit
		[ "$output" = inactive ]
		run on old2 systemctl is-enabled $unit
		[ "$output" = disabled ]
	done
	run reeve status
	echo "$output"
	[[ $output == *"old2 excluded: bad SD card ("*", until 2099-12-24)"* ]]
	run reeve apply
	[ "$status" -eq 0 ]
	[[ $output == *"nothing to change"* ]]
}

@test "an excluded node that comes up with its old slurmd does no harm and is named" {
	on old2 systemctl start munge slurmd
	sleep 2
	[[ $(state_of old2) == *DRAIN* ]]
	run reeve plan
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"service:slurmd.service  (activate: old2)"* ]]
	run reeve apply
	[ "$status" -eq 0 ]
	run on old2 systemctl is-active slurmd
	[ "$output" = inactive ]
	# A node that is off is no reason for anything else than 0.
	"$REEVE" lab fault old2 stop
	run reeve apply
	echo "$output"
	[ "$status" -eq 0 ]
	"$REEVE" lab fault old2 start
}

@test "include measures it afresh, verifies it and lets it in" {
	wait_for on old2 true
	run reeve include old2
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"old2: verified, resumed"* ]]
	[ "$(nodes_of main)" = big1,big2,old1,old2 ]
	on ctl srun -w old2 hostname
	[ "$(job_state "$(cat "$DIR/names")")" = PENDING ]
	run reeve apply
	[[ $output == *"nothing to change"* ]]
	run reeve status
	[[ $output != *excluded* ]]
}

@test "a dead node is excluded all the same; --requeue gives its job back" {
	on ctl sbatch --parsable --requeue -p main -C slow -J again --wrap "sleep 3000" >"$DIR/again"
	wait_for runs "$(cat "$DIR/again")"
	local node
	node=$(on ctl squeue -h -j "$(cat "$DIR/again")" -o %N)
	run reeve exclude "$node" --reason "fan" --requeue
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $(job_state "$(cat "$DIR/again")") =~ PENDING|RUNNING ]]
	on ctl scancel "$(cat "$DIR/again")"
	reeve include "$node"
	"$REEVE" lab fault old1 stop
	run reeve exclude old1 --reason "dead"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(nodes_of main)" = big1,big2,old2 ]
	"$REEVE" lab fault old1 start
	wait_for on old1 true
	run reeve include old1
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(nodes_of both)" = big1,big2,old1 ]
	runs "$(cat "$DIR/stays")"
}

@test "remove is refused while a job names the node, and undone" {
	run reeve remove old2
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"pending job $(cat "$DIR/names") asks for old2"* ]]
	[[ $(state_of old2) != *DRAIN* ]]
	on ctl scancel "$(cat "$DIR/names")"
	run reeve remove big2
	echo "$output"
	[ "$status" -eq 1 ]
	runs "$(cat "$DIR/stays")"
	[[ $(state_of big2) != *DRAIN* ]]
	run reeve remove old2
	echo "$output"
	[ "$status" -eq 0 ]
	run on ctl scontrol show node old2
	[[ $output == *"not found"* ]]
	run on old2 systemctl is-enabled slurmd
	[ "$output" = disabled ]
	runs "$(cat "$DIR/stays")"
	run reeve apply
	[[ $output == *"nothing to change"* ]]
	sed -i -e '/^  old2:/d' -e 's/old\[1-2\]/old1/' "$REEVE_CLUSTER"
	run reeve apply
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"nothing to change"* ]]
}

# slurmd's own count is the judge; this one has lost memory.
@test "a node that shrank is drained with the evidence, and serves again when it is accepted" {
	on old1 "mv /usr/sbin/slurmd /usr/sbin/slurmd.real; printf '%s\n' '#!/bin/sh' \
		'[ \"\$1\" != -C ] || exec sh -c \"slurmd.real -C | sed s/RealMemory=[0-9]*/RealMemory=3797/\"' \
		'exec /usr/sbin/slurmd.real \"\$@\"' >/usr/sbin/slurmd; chmod 755 /usr/sbin/slurmd"
	run reeve plan
	echo "$output"
	[[ $output == *"old1: below its baseline"*"memory 3797 MB, was "* ]]
	[[ $output == *"to be drained: old1: reeve: less than it was"* ]]
	run reeve apply
	echo "$output"
	[ "$status" -eq 3 ]
	[[ $(state_of old1) == *DRAIN* ]]
	on ctl scontrol show node old1 | grep -q "Reason=reeve: less than it was: memory 3797 MB"
	run reeve apply
	[[ $output == *"nothing to change"* ]]
	run reeve accept old1
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"old1: verified, resumed"* ]]
	on ctl scontrol show node old1 | grep -q "RealMemory=3608 "
	[[ $(state_of old1) != *DRAIN* ]]
	# Repaired: offered, and taken only when somebody says so.
	on old1 mv /usr/sbin/slurmd.real /usr/sbin/slurmd
	run reeve apply
	echo "$output"
	[[ $output == *"old1: differs from its baseline"*"reeve accept old1"* ]]
	on ctl scontrol show node old1 | grep -q "RealMemory=3608 "
	reeve accept old1
	run on ctl scontrol show node old1
	[[ $output != *"RealMemory=3608 "* ]]
	runs "$(cat "$DIR/stays")"
}

@test "--now cancels what runs there, --purge removes the packages" {
	run reeve exclude big2 --reason "sold" --now --purge
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$(job_state "$(cat "$DIR/stays")")" ]
	run on big2 dpkg-query -W -f '${db:Status-Status}' slurmd
	[[ $output != installed ]]
	run reeve apply
	[[ $output == *"nothing to change"* ]]
	run reeve include big2
	echo "$output"
	[ "$status" -eq 0 ]
	on ctl srun -w big2 hostname
	on ctl grep -c . /var/log/reeve/audit.log
	on ctl grep -q '"command":"reeve --lab exclude big2 --reason sold --now --purge"' /var/log/reeve/audit.log
}
