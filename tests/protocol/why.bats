# reeve why and reeve logs over whole runs. What is made of a job's line is in tests/unit/test-slurm-why.c.
bats_require_minimum_version 1.5.0
load lib
load slurm
setup() { protocol_setup; }
teardown() { protocol_teardown; }

said() { grep -qF -- "$1" "$roots/out" || { echo "not said: $1"; return 1; }; }
unsaid() { ! grep -qF -- "$1" "$roots/out" || { echo "said: $1"; return 1; }; }
error() { grep -qF -- "$1" "$roots/err" || { echo "no such error: $1"; return 1; }; }

# A cluster that was applied, and a squeue that knows the lines of $roots/why.
cluster() {
	slurm_cluster c1 n1 n2
	reeve apply core
	[ "$status" -eq 0 ]
	script c1.fen squeue <<-'E'
		#!/bin/sh
		cd "$REEVE_ROOT/.."
		case " $* " in
		*" -j 12 "*) cat why ;;
		*" -j "*) echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1 ;;
		*why*) cat why ;;
		*) cat jobs ;;
		esac
	E
	printf 'why\t12\tPENDING\tana\t(null)\tnormal\tmain\t3\t3\t1\t0\t(null)\tN/A\t1:00\t2026-11-28T10:00:00\tN/A\tN/A\t\t\t\t(null)\t(null)\t9\tResources\n' >"$roots/why"
	for n in n1 n2; do
		echo "NodeName=$n Arch=x86_64 CPUAlloc=0 CPUTot=4 RealMemory=7556 State=IDLE Partitions=main Version=22.05.8 SlurmdStartTime=1"
	done >"$roots/nodes"
}

@test "a job that waits is explained with its figures, and one that is not known is told so" {
	cluster
	reeve why 12
	[ "$status" -eq 0 ]
	said 'job 12 of ana, PENDING, submitted 2026-11-28T10:00:00: it is next, and waits until enough of its nodes are free; and there are not as many nodes'
	said '    partition main: 2 of 2 nodes fit, of which 2 idle, 0 in use, 0 drained or down'
	said '    fix: `scontrol update JobId=12` with less'
	reeve why --json 12
	python3 -c 'import json, sys; j = json.load(open(sys.argv[1]))["jobs"]; assert len(j) == 1 and j[0]["reason"] == "Resources", j' "$roots/out"
	reeve why 13
	[ "$status" -eq 1 ]
	error 'slurmctld does not know job 13 (any more)'
	printf 'nonsense\n' >"$roots/why"
	reeve why 12
	[ "$status" -eq 1 ]
	error 'squeue printed a line that is not of a job'
}

@test "a node is explained by what slurmctld says and by what is wrong there" {
	cluster
	reeve why n1
	[ "$status" -eq 0 ]
	said 'n1: IDLE'
	sed -i '/^NodeName=n1 /{s/State=IDLE/State=IDLE+DRAIN/;s/$/ Reason=bad_fan [root@2026-11-27T09:12:44]/}' "$roots/nodes"
	reeve why n1
	[ "$status" -eq 1 ]
	said 'n1: IDLE+DRAIN: bad_fan (root@2026-11-27T09:12:44)'
	unsaid n2
	for wrong in '' 'n1 n2' nx 12x 1_ _1 99999999999; do
		# shellcheck disable=SC2086 # words
		reeve why $wrong
		[ "$status" -eq 64 ]
	done
}

@test "logs are merged by time, of a node or of all that names a job" {
	cluster
	mkdir -p "$roots"/{c1,n1}.fen/var/log/slurm
	rm "$roots"/*.fen/bin/tail # the stand-in knows one file
	printf '%s\n' '[2026-11-28T10:00:01.100] sched: Allocate JobId=12 NodeList=n1' '[2026-11-28T10:00:03.000] _job_complete: JobId=12 done' \
		'[2026-11-28T10:00:03.500] sched: Allocate JobId=123 NodeList=n1' >"$roots/c1.fen/var/log/slurm/slurmctld.log"
	printf '%s\n' '[2026-11-28T10:00:00.000] slurmd started' '[2026-11-28T10:00:01.500] Launching batch job 12 for UID 7' \
		'[2026-11-28T10:00:02.000] [12.batch] error: it failed' '[2026-11-28T10:00:02.500] debug:  nothing' \
		'no line of a log' >"$roots/n1.fen/var/log/slurm/slurmd.log"
	reeve logs 12
	[ "$status" -eq 0 ]
	printf '%s\n' '2026-11-28T10:00:01.100 c1 slurmctld: sched: Allocate JobId=12 NodeList=n1' \
		'2026-11-28T10:00:01.500 n1 slurmd: Launching batch job 12 for UID 7' \
		'2026-11-28T10:00:02.000 n1 slurmd: [12.batch] error: it failed' \
		'2026-11-28T10:00:03.000 c1 slurmctld: _job_complete: JobId=12 done' | cmp - <(grep -a 'slurmd:\|slurmctld:' "$roots/out")
	reeve logs n1 -n 3
	[ "$status" -eq 0 ]
	unsaid debug
	said '[12.batch] error: it failed'
	unsaid slurmctld
	reeve logs n1 -v
	said 'debug:  nothing'
	reeve logs --json 12
	python3 -c 'import json, sys; l = json.load(open(sys.argv[1]))["lines"]; assert [x["host"] for x in l] == ["c1", "n1", "n1", "c1"], l' "$roots/out"
	for wrong in '' '-n 0 n1' '-n x n1' nx '-F --json n1'; do
		# shellcheck disable=SC2086 # words
		reeve logs $wrong
		[ "$status" -eq 64 ]
	done
}

@test "logs -F goes on with what is written" {
	cluster
	mkdir -p "$roots/n1.fen/var/log/slurm"
	rm "$roots/n1.fen/bin/tail"
	echo '[2026-11-28T10:00:01.000] first' >"$roots/n1.fen/var/log/slurm/slurmd.log"
	"$REEVE" logs -F n1 >"$roots/out" 2>"$roots/err" </dev/null &
	local run=$! n=300
	until grep -q first "$roots/out"; do
		[ $((n -= 1)) -gt 0 ]
		sleep 0.1
	done
	echo '[2026-11-28T10:00:02.000] second' >>"$roots/n1.fen/var/log/slurm/slurmd.log"
	until grep -q second "$roots/out"; do
		[ $((n -= 1)) -gt 0 ]
		sleep 0.1
	done
	kill -INT "$run"
	wait "$run"
	[ "$(grep -c first "$roots/out")" = 1 ]
}
