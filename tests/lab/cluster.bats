bats_require_minimum_version 1.5.0

# The goldentooth cluster, deployed on nine real nodes and then treated as clusters are: changed, broken, interrupted, with jobs on it
# all the time. The tests build on one another, in this order. REEVE is the program as it is deployed.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export REEVE=${REEVE:?} DIR=$BATS_FILE_TMPDIR
	export REEVE_CLUSTER=$DIR/cluster.yaml
	# what users need beside `module` takes minutes to install, and has tests of its own
	# and so have hosts that are not like the others (made.bats)
	sed -E -e 's/^cluster: .*/cluster: testtooth/' -e 's/10\.4\.0\./10.81.0./' -e 's/^lab:/modules: [core, storage, lmod]\n&/' \
		-e '/^(classes|time|users|software|modulefiles|mpi|scratch|containers):/,/^$/d' \
		-e '/^  (karstark|lipps|velaryon|gpu|memory):/d' -e '/^  nodes:/,$d' \
		-e 's/, karstark, lipps, velaryon]/]/' -e 's/"class:pi8"/all/' \
		"$BATS_TEST_DIRNAME/../../examples/goldentooth/cluster.yaml" >"$REEVE_CLUSTER"
	"$REEVE" lab down || true
	"$REEVE" lab up
}

teardown_file() {
	"$REEVE" lab down
}

on() {
	local node=$1
	shift
	"$REEVE" lab ssh "$node" -- "$@"
}

# shellcheck disable=SC2120 # options are given by some
apply() { "$REEVE" --lab apply "$@"; }

# The last line of apply --json: `summary changed` and so on.
summary() { tail -n 1 "$DIR/json" | python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
apply_json() { "$REEVE" --lab apply --json "$@" >"$DIR/json" 2>"$DIR/err"; }

# set KEY VALUE: under `slurm:`
set_slurm() {
	sed -i "/^  $1:/d" "$REEVE_CLUSTER"
	sed -i "s|^slurm:.*|&\n  $1: $2|" "$REEVE_CLUSTER"
}

jobs_now() { on bettley squeue -h -a -r -o "%i" | sort; }

# Jobs that were there before are there, and neither failed nor were requeued.
jobs_live() {
	local job text
	while read -r job; do
		text=$(on bettley scontrol show job "$job" </dev/null)
		if ! grep -Eq 'JobState=(RUNNING|PENDING|SUSPENDED)' <<<"$text" || ! grep -q 'Restarts=0' <<<"$text"; then
			echo "job $job did not live: $text"
			return 1
		fi
	done <"$DIR/jobs"
}

# Mounts of one name on every machine, and not one directory.
@test "controllers that do not share their state stop the run before a daemon starts" {
	local node
	for node in bettley cargyll dalt; do
		on $node "mount -t tmpfs tmpfs /mnt/nfs && chmod 755 /mnt/nfs"
	done
	run apply
	echo "$output"
	for node in bettley cargyll dalt; do
		on $node umount /mnt/nfs
	done
	[ "$status" -eq 1 ]
	[[ $output == *"state-share"* ]]
	[[ $output == *"cargyll,dalt: it does not see in /mnt/nfs/slurm/state what bettley wrote there"* ]]
	[ "$(on bettley systemctl is-active slurmctld)" != active ]
	[ "$(on fenn systemctl is-active slurmd)" != active ]
}

@test "a first apply makes a healthy cluster, and says so" {
	run apply_json
	cat "$DIR/err" "$DIR/json"
	[ "$status" -eq 0 ]
	[ "$(summary failed)" = 0 ]
	[ "$(summary unreachable)" = 0 ]
	[ "$(summary changed)" -gt 80 ]
	run on bettley sinfo
	echo "$output"
	[ "${lines[1]}" = "general*     up   infinite      9   idle bettley,cargyll,dalt,erenford,fenn,gardener,harlton,inchfield,jast" ]
	[ "${lines[2]}" = "debug        up   infinite      9   idle bettley,cargyll,dalt,erenford,fenn,gardener,harlton,inchfield,jast" ]
	[ "$(on cargyll srun -N9 hostname | sort | tr '\n' ' ')" = "bettley cargyll dalt erenford fenn gardener harlton inchfield jast " ]
}

@test "a second apply finds nothing to do, and plan says the same" {
	run apply_json
	cat "$DIR/err"
	[ "$status" -eq 0 ]
	[ "$(summary changed)" = 0 ]
	run "$REEVE" --lab plan
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"nothing to change on 10 hosts"* ]]
	run "$REEVE" --lab apply
	[[ $output == *"nothing to change"* ]]
}

@test "memory and CPUs from /proc and /sys are what slurmd counts" {
	on fenn slurmd -C >"$DIR/slurmd"
	"$REEVE" --lab facts --json >"$DIR/facts" 2>"$DIR/err"
	cat "$DIR/slurmd" "$DIR/facts"
	local memory cpus
	memory=$(grep -o 'RealMemory=[0-9]*' "$DIR/slurmd" | cut -d= -f2)
	cpus=$(grep -o 'CPUs=[0-9]*' "$DIR/slurmd" | cut -d= -f2)
	grep -Eq "\"memory[a-z_]*\": *$memory" "$DIR/facts"
	grep -Eq "\"cpus\": *$cpus" "$DIR/facts"
	# The configured value of a node that was measured before slurmd was there fits under what slurmd reports.
	[ "$(on fenn cat /proc/meminfo | awk '/MemTotal/ {print int($2 / 1024)}')" = "$memory" ]
}

@test "jobs of all kinds live through a reconfigure and a restart" {
	on bettley sbatch -N2 -J long --wrap "sleep 3000"
	on bettley sbatch --array=1-3 -J array --wrap "sleep 3000"
	on bettley sbatch --hold -J held --wrap hostname
	on bettley sbatch -N1 --nodelist=jast --begin=now+2hours -J later --wrap hostname
	on bettley scontrol create reservation=kept starttime=now+1hour duration=60 nodes=jast users=root
	on bettley "sbatch -N1 --nodelist=fenn -J suspended --wrap 'sleep 3000'"
	for _ in $(seq 60); do
		[ "$(on bettley squeue -h -t R -n suspended -o %i | wc -l)" -eq 0 ] || break
		sleep 0.5
	done
	on bettley "scontrol suspend \$(squeue -h -n suspended -o %i)"
	jobs_now | tee "$DIR/jobs"
	[ "$(wc -l <"$DIR/jobs")" -eq 7 ]

	set_slurm MinJobAge 200
	run "$REEVE" --lab plan
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"activation: reconfigure"* ]]
	[[ $output == *"touched: none"* ]]
	run apply
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"scratch slurmctld started"* ]]
	on bettley scontrol show config | grep -q 'MinJobAge  *= 200'
	jobs_live

	local before
	before=$(on fenn systemctl show -P MainPID slurmd)
	set_slurm MaxJobCount 20000
	run apply
	echo "$output"
	[ "$status" -eq 0 ]
	on bettley scontrol show config | grep -q 'MaxJobCount  *= 20000'
	# Only slurmctld reads it at its start: no slurmd was restarted for it.
	[ "$(on fenn systemctl show -P MainPID slurmd)" = "$before" ]
	jobs_live
	on bettley scontrol show reservation kept | grep -q jast
}

@test "what administrators did is left, and shown" {
	on bettley "scontrol update nodename=harlton state=drain reason='bad fan'"
	on bettley scontrol update partitionname=debug state=drain
	set_slurm MinJobAge 201
	run apply # harlton does not serve, and that is said
	echo "$output"
	[ "$status" -eq 3 ]
	on bettley scontrol show node harlton | grep -q 'Reason=bad fan'
	on bettley scontrol show partition debug | grep -q State=DRAIN
	run "$REEVE" --lab plan
	echo "$output"
	[[ $output == *"bad fan"* ]]
	[[ $output == *"partition debug is DRAIN"* ]]
	# After a restart slurmctld has not heard of a node whose slurmd is down: that makes it no new one.
	on harlton systemctl stop slurmd
	on bettley systemctl restart slurmctld
	run apply
	echo "$output"
	[ "$status" -eq 3 ]
	[[ $output != *"that join"* ]]
	on bettley scontrol show node harlton | grep -q 'Reason=bad fan'
	[ "$(on bettley sinfo -h -N -p general -o %T | grep -c drain)" = 1 ]
	on bettley scontrol update nodename=harlton state=resume
	on bettley scontrol update partitionname=debug state=up
}

@test "a job in a partition that somebody made with scontrol lives; without jobs the partition goes, and that is said" {
	on bettley scontrol create partitionname=hand nodes=harlton state=up
	job=$(on bettley "sbatch --parsable -p hand -o /dev/null --wrap 'sleep 300'")
	on bettley "for i in \$(seq 50); do squeue -h -j $job -o %T | grep -q RUNNING && exit; sleep 0.2; done; exit 1"
	set_slurm MinJobAge 202
	run apply
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"partition hand would be removed, and job $job is in it"* ]]
	[ "$(on bettley squeue -h -j "$job" -o %T)" = RUNNING ]
	on bettley scontrol show partition hand | grep -q State=UP
	on bettley scancel "$job"
	on bettley "for i in \$(seq 100); do [ -z \"\$(squeue -h -j $job -t R,CG)\" ] && exit; sleep 0.2; done; exit 1"
	run apply
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"slurmctld forgets it when it reads its configuration again"* ]]
}

@test "a configuration that slurmctld would die of never reaches it" {
	cp "$REEVE_CLUSTER" "$DIR/good.yaml"
	local pid
	pid=$(on bettley systemctl show -P MainPID slurmctld)
	set_slurm PreemptType preempt/nosuch
	run "$REEVE" check
	local checked=$status
	set_slurm PreemptType preempt/partition_prio
	set_slurm PreemptMode suspend
	run "$REEVE" check
	local beside=$status
	cp "$DIR/good.yaml" "$REEVE_CLUSTER"
	# Nothing that reeve knows: slurmctld itself has to be asked.
	set_slurm MCSPlugin mcs/group
	run apply
	echo "$output"
	cp "$DIR/good.yaml" "$REEVE_CLUSTER"
	[ "$checked" -eq 1 ]
	[ "$beside" -eq 1 ]
	[ "$status" -eq 1 ]
	[[ $output == *"MCSPlugin"* ]]
	[ "$(on bettley systemctl show -P MainPID slurmctld)" = "$pid" ]
	run -1 on bettley grep -q MCSPlugin /etc/slurm/slurm.conf
	run apply
	[ "$status" -eq 0 ]
	jobs_live
}

@test "a wrong key, stopped daemons and an edited file are named and mended" {
	on fenn "sed -i s/SlurmdTimeout=300/SlurmdTimeout=301/ /etc/slurm/slurm.conf"
	on gardener systemctl stop munge
	on harlton "dd if=/dev/urandom of=/etc/munge/munge.key bs=128 count=1 2>/dev/null; chmod 644 /etc/munge/munge.key"
	on jast systemctl stop slurmd
	run "$REEVE" --lab plan
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"service:munge.service  (auth: gardener)"* ]]
	[[ $output == *"file:/etc/munge/munge.key  (auth: harlton)"* ]]
	[[ $output == *"file:/etc/slurm/slurm.conf  (activate: fenn)"* ]]
	[[ $output == *"service:slurmd.service  (activate: jast)"* ]]
	run apply
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(on harlton stat -c '%a %U' /etc/munge/munge.key)" = "400 munge" ]
	on jast systemctl is-active slurmd
	on fenn grep -q SlurmdTimeout=300 /etc/slurm/slurm.conf
	apply_json
	[ "$(summary changed)" = 0 ]
	jobs_live
}

@test "no secret is in a plan, a log or what apply says" {
	local key
	key=$(on bettley od -An -tx1 -N16 /etc/munge/munge.key | tr -d ' \n')
	"$REEVE" --lab plan --json >"$DIR/plan" 2>&1
	run -1 grep -qi "$key" "$DIR/plan" "$DIR/json" "$DIR/err"
	run -1 on bettley grep -rqa "$(on bettley head -c 16 /etc/munge/munge.key | base64 | head -c 20)" /var/log/reeve /var/lib/reeve/record.json
	[ "$(on bettley stat -c %a /var/lib/reeve/record.json)" = 600 ]
}

# The first one is stopped while it holds the lock, so that the second one comes in time on any machine; where the first
# one had ended by then, again.
@test "the second operator is told who holds the lock" {
	local first n=0
	output=
	until [[ $output == *"[locked]"* ]]; do
		n=$((n + 1))
		[ $n -lt 10 ]
		set_slurm MinJobAge $((200 + n))
		"$REEVE" --lab apply >"$DIR/first" 2>&1 &
		first=$!
		while kill -0 $first 2>/dev/null && ! grep -q '^probe' "$DIR/first"; do sleep 0.02; done
		kill -STOP $first || true
		run apply
		kill -CONT $first || true
		wait $first
	done
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"this host is locked by $(id -un)@"*"apply\`, process $first [locked]"* ]]
	run apply
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"nothing to change"* ]]
}

@test "killed at any moment, the next apply completes and the one after finds nothing" {
	local wait n=300
	for wait in 0.6 1.2 1.8 2.4; do
		n=$((n + 1))
		set_slurm MinJobAge $n
		set_slurm MaxJobCount $((20000 + n))
		setsid "$REEVE" --lab apply >/dev/null 2>&1 &
		local pid=$!
		sleep $wait
		kill -KILL -- -$pid 2>/dev/null || kill -KILL $pid 2>/dev/null || true
		wait $pid || true
		for _ in 1 2 3 4 5 6; do
			apply_json && break
			sleep 2
		done
		cat "$DIR/err"
		[ "$(summary failed)" = 0 ]
		on bettley scontrol show config | grep -q "MinJobAge  *= $n"
		apply_json
		[ "$(summary changed)" = 0 ]
	done
	jobs_live
}

@test "a node that is off is left behind and named; when it is back it is joined" {
	"$REEVE" lab fault inchfield stop
	set_slurm MinJobAge 203
	run apply
	echo "$output"
	[ "$status" -eq 3 ]
	[[ $output == *inchfield* ]]
	# It keeps its line.
	on bettley grep -q '^NodeName=.*inchfield' /etc/slurm/slurm.conf
	"$REEVE" lab fault inchfield start
	run apply
	echo "$output"
	[ "$status" -eq 0 ]
	on inchfield grep -q MinJobAge=203 /etc/slurm/slurm.conf
	jobs_live
}

@test "a compute node that calls itself otherwise is left out, and the others go on" {
	on jast hostname impostor
	set_slurm MinJobAge 204
	run apply
	on jast hostname jast
	echo "$output"
	[ "$status" -eq 3 ]
	[[ $output == *"calls itself 'impostor'"* ]]
	[[ $output == *"cluster.yaml:"* ]]
	on bettley grep -q MinJobAge=204 /etc/slurm/slurm.conf
	run -1 on jast grep -q MinJobAge=204 /etc/slurm/slurm.conf
	run apply
	[ "$status" -eq 0 ]
	on jast grep -q MinJobAge=204 /etc/slurm/slurm.conf
}

@test "a slurm.conf of somebody else's on a member is drift: shown, replaced and kept" {
	on erenford "echo ClusterName=other > /etc/slurm/slurm.conf"
	run apply
	echo "$output"
	[[ $output == *"erenford: /etc/slurm/slurm.conf was edited there"* ]]
	[ "$status" -eq 0 ]
	on erenford "grep -rq ClusterName=other /var/lib/reeve/backup"
}

@test "a node that a job runs on is not removed" {
	cp "$REEVE_CLUSTER" "$DIR/good.yaml"
	sed -i -e '/^  fenn: /d' -e '/^compute: /s/fenn,//' "$REEVE_CLUSTER"
	run apply
	cp "$DIR/good.yaml" "$REEVE_CLUSTER"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"node fenn would be removed"* ]]
	jobs_live
}

@test "a node that joins a cluster at work is drained until it is verified" {
	cp "$REEVE_CLUSTER" "$DIR/whole.yaml"
	sed -i 's/^compute: .*/compute: "bettley,cargyll,dalt,erenford,fenn,gardener,harlton,inchfield"/' "$REEVE_CLUSTER"
	run apply
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"asks for jast"* && $output == *"reservation kept holds jast"* ]]
	sed -i "/^$(on bettley squeue -h -a -n later -o %i)\$/d" "$DIR/jobs"
	on bettley scancel -n later
	on bettley scontrol delete reservation=kept
	run apply
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"jast leaves this cluster"* ]]
	on jast systemctl stop slurmd
	cp "$DIR/whole.yaml" "$REEVE_CLUSTER"
	run apply
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"drain the nodes that are to be kept from jobs"* ]]
	[[ $output == *"jast: verified, resumed"* ]]
	[ "$(on bettley sinfo -h -n jast -p general -o %T)" = idle ]
	jobs_live

	# Left so by a run that was cut off; and an administrator's drain.
	on bettley scontrol update NodeName=jast State=DRAIN Reason="reeve: joins, not verified yet"
	on bettley scontrol update NodeName=inchfield State=DRAIN Reason="a disk is broken"
	run "$REEVE" --lab plan
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"1 node drained in an earlier run"* ]]
	run apply
	echo "$output"
	[ "$status" -eq 3 ]
	[[ $output == *"jast: verified, resumed"* && $output == *"a job ran on "* ]]
	[ "$(on bettley sinfo -h -n jast -p general -o %T)" = idle ]
	[ "$(on bettley sinfo -h -n inchfield -p general -o %T)" = drained ]
	on bettley scontrol update NodeName=inchfield State=RESUME
}

@test "the primary fails, a backup takes over, and apply brings it back" {
	on bettley systemctl stop slurmctld
	on cargyll scontrol takeover
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		on cargyll squeue -h >/dev/null 2>&1 && break
		sleep 1
	done
	on cargyll squeue
	run apply
	echo "$output"
	[ "$status" -eq 0 ]
	on bettley systemctl is-active slurmctld
	jobs_live
}

@test "a backup that cannot be asked about the state is left behind, and the others go on" {
	on dalt chmod 000 /usr/sbin/runuser
	set_slurm MinJobAge 203
	run apply
	on dalt chmod 755 /usr/sbin/runuser
	echo "$output"
	[ "$status" -eq 3 ]
	[[ $output == *"dalt: the state directory"*"could not be examined"* ]]
	on bettley scontrol show config | grep -Eq 'MinJobAge += 203'
	run on dalt grep MinJobAge=203 /etc/slurm/slurm.conf
	[ "$status" -eq 1 ]
	run apply
	echo "$output"
	[ "$status" -eq 0 ]
	on dalt grep MinJobAge=203 /etc/slurm/slurm.conf
	jobs_live
}

@test "a reimaged first controller gets the cluster's key and record back" {
	on bettley "rm -rf /var/lib/reeve/record.json; dd if=/dev/urandom of=/etc/munge/munge.key bs=128 count=1 2>/dev/null; systemctl restart munge"
	run apply
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(on bettley sha256sum /etc/munge/munge.key)" = "$(on cargyll sha256sum /etc/munge/munge.key)" ]
	set_slurm MinJobAge 205
	apply
	[ "$(on bettley sha256sum /var/lib/reeve/record.json)" = "$(on cargyll sha256sum /var/lib/reeve/record.json)" ]
	jobs_live
}

# Slurm's plugin opens a library that comes with these packages. A slurmd that started without it jammed its node.
@test "OpenMPI that somebody installs later does the nodes no harm" {
	for node in bettley cargyll dalt fenn gardener; do on $node useradd --uid 4242 runner; done
	for node in fenn gardener; do
		on $node "apt-get -q -y --no-install-recommends install openmpi-bin libopenmpi-dev >/dev/null 2>&1"
	done
	run on fenn 'cd /tmp && setpriv --reuid=4242 --regid=4242 --clear-groups srun --mpi=pmix -w fenn,gardener hostname | sort'
	echo "$output"
	[ "$output" = $'fenn\ngardener' ]
	for _ in $(seq 60); do
		[ -n "$(on bettley squeue -h -u 4242)$(on bettley sinfo -h -t completing -n fenn,gardener)" ] || break
		sleep 0.5
	done
	[ -z "$(on bettley sinfo -h -t completing,down,drain -n fenn,gardener -o %N)" ]
	# The link is dpkg's from now on, and younger than slurmd.
	apply
	jobs_live
}

@test "lmod: apply of one module touches its own only" {
	on fenn rm /etc/lmod/modulespath
	on gardener rm /etc/logrotate.d/slurmd
	apply_json lmod
	[ "$(summary changed)" = 1 ]
	run -1 on gardener test -e /etc/logrotate.d/slurmd
	apply_json core
	[ "$(summary changed)" = 1 ]
	run on fenn bash -lc "module -t avail 2>&1"
	[[ $output == *StdEnv* ]]
}

@test "a rebooted node comes back by itself" {
	"$REEVE" lab fault harlton stop
	"$REEVE" lab fault harlton start
	for _ in $(seq 30); do
		on harlton systemctl is-active slurmd munge >/dev/null 2>&1 && break
		sleep 1
	done
	on harlton ls /run/slurmd/slurmd.pid
	run apply
	echo "$output"
	[ "$status" -eq 0 ]
}
