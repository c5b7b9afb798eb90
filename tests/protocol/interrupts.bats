# A run that is interrupted: what is stopped is started first, or named last; status and plan say that it was cut off.
load lib
load slurm

# A third node joins, for which slurmctld is stopped (22.05); and meanwhile the run waits at the restart of a
# slurmd until there is a file `go`.
setup() {
	protocol_setup
	slurm_cluster c1 n1 n2
	reeve apply
	[ "$status" -eq 0 ]
	slurm_host n3
	script c1.fen runuser <<<$'#!/bin/sh\nexit 0'
	sed -i 's/^  n2: n2.fen/&\n  n3: n3.fen/; s/compute: \[n1,n2\]/compute: [n1,n2,n3]/' "$REEVE_CLUSTER"
	echo "n1 n2 n3" >"$roots/names"
	echo "NodeName=n3 Arch=x86_64 CPUAlloc=0 CPUTot=4 Version=22.05.8 RealMemory=7556 SlurmdStartTime=1 State=IDLE" >>"$roots/nodes"
	local node
	for node in n1 n2; do
		mv "$roots/$node.fen/bin/systemctl" "$roots/$node.fen/bin/systemctl.real"
		script $node.fen systemctl <<-'E'
			#!/bin/sh
			case "$*" in
			*start*slurmd.service)
				if grep -q ^inactive "$REEVE_ROOT/../c1.fen/units/slurmctld.service"; then
					: >"$REEVE_ROOT/../reached"
					n=300
					while [ ! -e "$REEVE_ROOT/../go" ] && [ $((n -= 1)) -gt 0 ]; do sleep 0.1; done
				fi ;;
			esac
			exec "$0.real" "$@"
		E
	done
}
teardown() {
	: >"$roots/go"
	[ -z "$run" ] || ! kill -0 "$run" 2>/dev/null || kill -9 "$run"
	protocol_teardown
}

told() { grep -qF -- "$1" "$roots/out" "$roots/err" || { echo "not told: $1"; cat "$roots/err"; return 1; }; }
untold() { ! grep -qF -- "$1" "$roots/out" "$roots/err" || { echo "told: $1"; return 1; }; }
until_true() {
	local n=300
	while ! "$@" 2>/dev/null; do
		[ $((n -= 1)) -gt 0 ] || { echo "never: $*"; cat "$roots/err"; return 1; }
		sleep 0.1
	done
}
slurmctld() { cut -d' ' -f1 "$roots/c1.fen/units/slurmctld.service"; }

# begin: reeve apply, until slurmctld is stopped
begin() {
	"$REEVE" apply >"$roots/out" 2>"$roots/err" </dev/null &
	run=$!
	until_true test -e "$roots/reached"
	[ "$(slurmctld)" = inactive ]
}
# end STATUS
end() {
	local got=0
	wait "$run" || got=$?
	run=
	cat "$roots/out" "$roots/err"
	[ "$got" -eq "$1" ] || { echo "status $got"; return 1; }
}
# lose: a run that is killed, and whose agents have ended
lose() {
	begin
	kill -9 "$run"
	end 137
	: >"$roots/go"
	until_true flock -n "$roots/c1.fen/var/lib/reeve/lock" true
	until_true flock -n "$roots/n1.fen/var/lib/reeve/lock" true
}
# completed: the same command goes on, and nothing is said of it any more
completed() {
	: >"$roots/go"
	reeve plan
	told 'was cut off'
	told 'fix: `reeve apply` completes it'
	reeve status
	told 'was cut off'
	reeve apply
	[ "$status" -eq 0 ]
	[ "$(slurmctld)" = active ]
	reeve plan
	[ "$status" -eq 0 ]
	untold 'was cut off'
}

@test "the first signal starts what is stopped, and then ends the run" {
	begin
	kill -INT "$run"
	until_true grep -q 'finishing: slurmctld is stopped on c1; Ctrl-C again to stop at once' "$roots/err"
	: >"$roots/go"
	end 130
	[ "$(slurmctld)" = active ]
	untold skipped
	untold 'is stopped on c1: '
	tail -n 2 "$roots/err" | grep -q "^error: interrupted at the step 'start slurmctld on the primary'" ||
		tail -n 2 "$roots/err" | grep -q '^error: interrupted at the step'
	tail -n 1 "$roots/err" | grep -qF 'fix: `reeve apply` goes on from there'
	completed
}

@test "a second signal ends it at once, and the last words name what is stopped" {
	begin
	kill -TERM "$run"
	until_true grep -q 'finishing: slurmctld is stopped' "$roots/err"
	kill -TERM "$run"
	end 143
	[ "$(slurmctld)" = inactive ]
	untold skipped
	tail -n 2 "$roots/err" | grep -q '^error: interrupted at the step .*: slurmctld is stopped on c1 \[cut-off\]'
	tail -n 1 "$roots/err" | grep -qF 'fix: run `reeve apply` now: it starts it, and completes the rest'
	completed
}

@test "an operator who is lost leaves the same mark" {
	lose
	completed
}

@test "test jobs that a lost run left are ended by the next one, and nobody else's" {
	lose
	printf '%s\n' '7 reeve-verify-1' '8 reeve-verify-99999' '9 reeve-verify-mine' '10 alice' >"$roots/strays"
	script c1.fen squeue <<-'E'
		#!/bin/sh
		cd "$REEVE_ROOT/.."
		case "$*" in *"%A %j"*) cat strays ;; *" -n "*) cat ours 2>/dev/null || true ;; *) cat jobs ;; esac
	E
	script c1.fen scancel <<-'E'
		#!/bin/sh
		cd "$REEVE_ROOT/.."
		echo "scancel $*" >>ended
		for job; do sed -i "/^$job /d" strays; done
	E
	reeve apply
	[ "$status" -eq 0 ]
	told 'ended 1 test job of a run that was cut off'
	[ "$(cat "$roots/ended")" = "scancel 7" ]
	printf '%s\n' '7 reeve-verify-1' >"$roots/strays"
	reeve apply
	untold 'ended 1 test job'
}

@test "before anything is stopped a signal ends the run at once" {
	script c1.fen sh <<-'E'
		#!/bin/sh
		: >"$REEVE_ROOT/../reached"
		sleep 20
	E
	"$REEVE" apply >"$roots/out" 2>"$roots/err" </dev/null &
	run=$!
	until_true test -e "$roots/reached"
	kill -HUP "$run"
	end 129
	[ "$(slurmctld)" = active ]
	untold finishing
	untold skipped
}
