# Exit status 0 says: every compute node that should serve does, or is busy serving. What else there is to say has names.
load lib
load slurm

setup() {
	protocol_setup
	slurm_cluster c1 n1 n2 n3
	reeve apply
	[ "$status" -eq 0 ]
}

teardown() { protocol_teardown; }

said() { grep -qF -- "$1" "$roots/out" "$roots/err" || { echo "not said: $1"; return 1; }; }
unsaid() { ! grep -qF -- "$1" "$roots/out" "$roots/err" || { echo "said: $1"; return 1; }; }

json() {
	tail -n 1 "$roots/out" | python3 -c "import json, sys; o = json.load(sys.stdin); sys.exit(0 if ($1) else 'not so: $1: %s' % o)"
}

# becomes NODE STATE [REASON]
becomes() { sed -i "s|^\(NodeName=$1 .*State=\).*|\1$2${3:+ Reason=$3 [ann@2026-11-26T23:31:45]}|" "$roots/nodes"; }
# srun_does SHELL...: what becomes of a job; $* are its options
srun_does() { printf '%s\n' "$@" >"$roots/srun"; }
change() { printf 'slurm: { MinJobAge: %d }\n' "$1" | cat "$roots/first.yaml" - >"$REEVE_CLUSTER"; }
first() { cp "$REEVE_CLUSTER" "$roots/first.yaml"; }

@test "a job of the defaults ran in each partition, and it is said where" {
	echo '  more: { nodes: all }' >>"$REEVE_CLUSTER"
	reeve apply
	[ "$status" -eq 0 ]
	said 'verified: 3 nodes registered, MUNGE credentials decoded both ways'
	said 'a job ran on n[1-3] (partition main) as root'
	said 'a job ran on n1 (partition more) as root'
	said 'try: srun -N3 hostname'
	! grep -E -- '--(mem|time)' "$roots/asked"
	reeve apply
	[ "$status" -eq 0 ]
	said 'nothing to change; 3 nodes: 3 idle'
}

@test "it runs as a user, too, where controller and nodes know one" {
	for host in c1 n1 n2; do echo 'ann:x:1000:1000::/home/ann:/bin/bash' >>"$roots/$host.fen/etc/passwd"; done
	: >"$roots/asked"
	srun_does 'echo "as ${AS:-root} $*" >>asked'
	reeve apply --verify
	[ "$status" -eq 0 ]
	said 'a job ran on n[1-3] (partition main) as root'
	said 'a job ran on n[1-2] (partition main) as ann'
	grep -q '^as ann .*--nodelist=n\[1-2\]' "$roots/asked"
}

@test "what is there can be verified alone, also where cluster.yaml wants something else" {
	reeve verify
	[ "$status" -eq 0 ]
	said 'a job ran on n[1-3] (partition main) as root'
	! grep -qE 'not-applied|measured|nothing to change' "$roots/out" "$roots/err"
	first
	change 300
	before=$(cat "$roots/c1.fen/etc/slurm/slurm.conf")
	reeve verify
	[ "$status" -eq 0 ]
	said 'cluster.yaml wants changes: what is there now is verified [not-applied]'
	[ "$(cat "$roots/c1.fen/etc/slurm/slurm.conf")" = "$before" ]
}

@test "a site's own rules are no failure" {
	for host in c1 n1 n2 n3; do echo 'ann:x:1000:1000::/home/ann:/bin/bash' >>"$roots/$host.fen/etc/passwd"; done
	srun_does '[ -z "$AS" ] || { echo "srun: error: Unable to allocate resources: User'"'"'s group not permitted to use this partition" >&2; exit 1; }'
	reeve apply --verify
	[ "$status" -eq 0 ]
	said 'a job ran on n[1-3] (partition main) as root'
	said "no test job as ann in partition main: Unable to allocate resources: User's group not permitted to use this partition [unproven]"
}

@test "nodes that others drained are named with reason and hand, and no success" {
	becomes n1 IDLE+DRAIN 'bad fan'
	becomes n3 MIXED+DRAIN 'bad fan'
	reeve apply
	[ "$status" -eq 3 ]
	said 'warning: n[1,3] are drained: bad fan (ann, since 2026-11-26T23:31:45) [not-serving]'
	said 'fix: fix the cause, then: reeve resume n[1,3]'
	said 'nothing to change; 3 nodes: 1 idle, 2 not in service'
	reeve --json apply --verify
	[ "$status" -eq 3 ]
	json 'o["verified"] and o["not_serving"] == 2 and o["proven"] == [{"partition": "main", "user": "root", "nodes": "n2"}]'
}

@test "no node that can take a job is a failure" {
	for node in n1 n2 n3; do becomes $node IDLE+DRAIN 'Prolog error'; done
	reeve apply
	[ "$status" -eq 1 ]
	said 'n[1-3] are drained: Prolog error'
	said 'no compute node can take a job'
	reeve apply --verify
	[ "$status" -eq 1 ]
}

@test "people's jobs that were quicker are a note with names" {
	srun_does '[ ! -e once ] && { touch once; sed -i "s/^\(NodeName=n3 .*State=\).*/\1ALLOCATED/" nodes' \
		'echo "srun: error: Unable to allocate resources: Requested nodes are busy" >&2; exit 1; }'
	reeve apply --verify
	[ "$status" -eq 0 ]
	said 'note: no test job on n3: busy with jobs'
	said 'a job ran on n[1-2] (partition main) as root'
	grep -q -- '--nodelist=n\[1-2\]' "$roots/asked"
}

@test "a queue before the test job is a note, an empty one is not" {
	srun_does 'echo "srun: error: Unable to allocate resources: Requested nodes are busy" >&2; exit 1'
	echo '9|PENDING|main|kim|||(null)|1|Priority' >"$roots/jobs"
	reeve apply --verify
	[ "$status" -eq 0 ]
	said 'note: no test job on n[1-3]: busy with jobs'
	: >"$roots/jobs"
	reeve apply --verify
	[ "$status" -eq 1 ]
	said 'the test job did not start on n[1-3] (partition main) although idle'
}

@test "what slurmctld refuses on every node is said once, and as it said it" {
	srun_does 'echo "srun: error: Memory specification can not be satisfied" >&2' \
		'echo "srun: error: Unable to allocate resources: Requested node configuration is not available" >&2; exit 1'
	reeve apply --verify
	[ "$status" -eq 1 ]
	said 'the test job failed on n[1-3] (partition main): Memory specification can not be satisfied'
	[ "$(grep -c 'Memory specification' "$roots/err")" -eq 1 ]
}

@test "a node that srun names is that node's fault, and the others are proven" {
	echo '[2026-11-26T23:31:42.100] error: unable to bind' | tee "$roots/n2.fen/slurmd.log"
	mkdir -p "$roots/n2.fen/var/log/slurm"
	mv "$roots/n2.fen/slurmd.log" "$roots/n2.fen/var/log/slurm/slurmd.log"
	srun_does 'case "$*" in *"n[1-3]"*) echo "srun: error: Task launch for StepId=4.0 failed on node n2: Communication connection failure" >&2' \
		'	echo "srun: error: Application launch failed: Communication connection failure" >&2; exit 1 ;; esac'
	reeve apply --verify
	[ "$status" -eq 3 ]
	said 'n2: the test job could not be started: Task launch for StepId=4.0 failed on node n2: Communication connection failure'
	said "the last complaint in slurmd's log: error: unable to bind"
	said 'a job ran on n[1,3] (partition main) as root'
}

@test "nodes that the test job got drained are let in again by the run after the cause is gone" {
	first
	srun_does '[ ! -e broken ] || { sed -i "s/^\(NodeName=n[12] .*State=IDLE\)$/\1+DRAIN Reason=Prolog error [root@2026-11-26T23:31:45]/" nodes' \
		'	echo "srun: error: Unable to allocate resources: Requested nodes are busy" >&2; exit 1; }'
	touch "$roots/broken"
	change 600
	reeve apply
	[ "$status" -eq 1 ] || [ "$status" -eq 3 ]
	said 'n[1-2]: the test job got it drained: Prolog error'
	grep -qx 'update NodeName=n1 State=DRAIN Reason=reeve: test job: Prolog error' "$roots/told"
	rm "$roots/broken"
	: >"$roots/told"
	: >"$roots/asked"
	change 700
	reeve apply
	[ "$status" -eq 0 ]
	said 'n[1-2]: verified, resumed'
	# Nobody else's job got there before ours.
	grep -q '^create reservation .*Users=root Nodes=n\[1-2\] ' "$roots/told"
	grep -q -- '--nodelist=n\[1-2\] --reservation=' "$roots/asked"
	[ "$(grep -nE '^(create|update|delete)' "$roots/told" | cut -d: -f2 | cut -d' ' -f1 | paste -sd' ')" = 'create update delete' ]
}

@test "a node on which no job ran is drained again before its reservation ends" {
	becomes n1 IDLE+DRAIN 'reeve: test job: Prolog error'
	srun_does 'case "$*" in *n1*) echo "srun: error: Task launch for StepId=4.0 failed on node n1: Job prolog failed" >&2; exit 1 ;; esac'
	reeve apply
	[ "$status" -eq 3 ]
	[ "$(tail -n 2 "$roots/told" | cut -d' ' -f1 | paste -sd' ')" = 'update delete' ]
	grep -q '^update NodeName=n1 State=DRAIN Reason=reeve: test job: the test job could not be started' "$roots/told"
	grep -q '^NodeName=n1 .*DRAIN' "$roots/nodes"
}

@test "a slurmd that is stopped is no green, whatever slurmctld thinks" {
	mkdir -p "$roots/n2.fen/proc/1"
	echo '1 (slurmd) T 1 1' >"$roots/n2.fen/proc/1/stat"
	touch "$roots/n2.fen/hangs"
	reeve apply
	[ "$status" -eq 3 ]
	said 'n2: slurmd does not answer'
	rm "$roots/n2.fen/hangs" "$roots/n2.fen/proc/1/stat"
	# A busy node cannot have a test job: its slurmd is asked.
	becomes n3 ALLOCATED
	touch "$roots/n3.fen/hangs"
	reeve apply --verify
	[ "$status" -eq 3 ]
	said 'n3: slurmd does not answer'
	said 'a job ran on n[1-2] (partition main) as root'
}

@test "a slurmd that sleeps over a reconfigure is woken" {
	cp "$roots/nodes" "$roots/nodes.awake"
	sed -i '/^NodeName=n2 /s/ Version=[^ ]*//' "$roots/nodes"
	touch "$roots/n2.fen/asleep"
	reeve apply --verify
	[ "$status" -eq 0 ]
	said 'verified: 3 nodes registered'
	[ ! -e "$roots/n2.fen/asleep" ]
}

@test "a slurmd that did not register is quoted" {
	mkdir -p "$roots/n2.fen/var/log/slurm"
	printf '%s\n' '[2026] slurmd version 22.05.8 started' '[2026] error: Unable to register: Unable to contact slurm controller (connect failure)' \
		>"$roots/n2.fen/var/log/slurm/slurmd.log"
	sed -i 's/^\(NodeName=n2 .*\)Version=22.05.8 \(.*State=\).*/\1\2UNKNOWN/' "$roots/nodes"
	reeve apply
	[ "$status" -eq 3 ]
	said "n2: its slurmd has not registered; the last complaint in slurmd's log: error: Unable to register: Unable to contact slurm controller (connect failure)"
}

@test "a host that was left out is not judged again" {
	printf '#!/bin/sh\nexit 1\n' >"$roots/n2.fen/bin/munge"
	printf '#!/bin/sh\nexit 1\n' >"$roots/n2.fen/bin/unmunge"
	reeve apply --verify
	[ "$status" -eq 3 ]
	[ "$(grep -c '^skipped: n2: ' "$roots/err")" -eq 1 ]
	said 'a job ran on n[1,3] (partition main) as root'
}

@test "resume lets in what a person drained, tells who and why, and proves it first" {
	becomes n1 IDLE+DRAIN 'bad fan'
	becomes n3 IDLE+DRAIN 'other trouble'
	reeve resume n1
	[ "$status" -eq 3 ]
	said 'n1 was drained: bad fan (ann@2026-11-26T23:31:45)'
	said 'n1: verified, resumed'
	said 'n3 is drained: other trouble'
	grep -q '^NodeName=n1 .*State=IDLE$' "$roots/nodes"
	[ "$(grep -nE '^(create|update|delete)' "$roots/told" | cut -d: -f2 | cut -d' ' -f1 | paste -sd' ')" = 'create update delete' ]
	grep -q '"command":"reeve resume n1"' "$roots/c1.fen/var/log/reeve/audit.log"
	reeve resume n3
	[ "$status" -eq 0 ]
	reeve resume c1
	[ "$status" -eq 1 ]
	said 'c1: not a compute node'
	reeve include n1
	[ "$status" -eq 1 ]
	said 'fix: if it is drained for another reason: reeve resume n1'
	reeve exclude n2 --reason dust
	reeve resume n2
	[ "$status" -eq 1 ]
	said 'fix: reeve include n2'
}

@test "resume does not let in a node whose slurmd does not answer" {
	becomes n1 IDLE+DRAIN 'bad fan'
	touch "$roots/n1.fen/hangs"
	reeve resume n1
	[ "$status" -eq 3 ]
	said 'n1: slurmd does not answer'
	! grep -q State=RESUME "$roots/told"
}

@test "include says that a node is still drained, and by whom" {
	reeve exclude n2 --reason dust
	[ "$status" -eq 0 ]
	becomes n2 IDLE+DRAIN 'bad fan'
	reeve include n2
	[ "$status" -eq 3 ]
	said 'n2 is drained: bad fan (ann, since 2026-11-26T23:31:45)'
	said 'reeve resume n2'
}

@test "a controller that answers no other is no green, whether something changed or not" {
	first
	mv "$roots/c1.fen/bin/scontrol" "$roots/c1.fen/bin/scontrol.real"
	script c1.fen scontrol <<-'E'
		#!/bin/sh
		[ "$1" != ping ] || exec echo "Slurmctld(primary) at c1 is DOWN"
		exec "$REEVE_ROOT/bin/scontrol.real" "$@"
	E
	reeve apply
	[ "$status" -eq 3 ]
	said 'warning: c1: its slurmctld (the primary) does not answer `scontrol ping` [controller-down]'
	change 301
	reeve apply
	[ "$status" -eq 3 ]
	said 'does not answer `scontrol ping` [controller-down]'
	said 'a job ran on n[1-3] (partition main) as root'
}
