# One run at a time: who is refused, by whom, and what only concerns one host.
load lib
load slurm
setup() {
	protocol_setup
	slurm_cluster c1 n1 n2
	script c1.fen runuser <<<$'#!/bin/sh\nexit 0'
}
teardown() {
	[ -z "$holding" ] || { : >"$roots/hold"; wait "$holding" || true; }
	protocol_teardown
}

told() { grep -qF -- "$1" "$roots/out" "$roots/err" || { echo "not told: $1"; return 1; }; }
untold() { ! grep -qF -- "$1" "$roots/out" "$roots/err" || { echo "told: $1"; return 1; }; }

# hold HOST: somebody else has its lock, until `let_go`
hold() {
	local lock=$roots/$1.fen/var/lib/reeve/lock n=50
	[ -p "$roots/hold" ] || mkfifo "$roots/hold"
	printf 'alice@laptop\n2026-11-26T23:31:45Z\n`reeve apply`, process 4711\n' >"$lock"
	flock "$lock" cat "$roots/hold" >/dev/null &
	holding=$!
	while flock -n "$lock" true; do
		[ $((n -= 1)) -gt 0 ] || return 1
		sleep 0.1
	done
}
let_go() {
	: >"$roots/hold"
	wait "$holding"
	holding=
}

@test "the controller's refusal ends the run, with who holds it, what, and what to do" {
	hold c1
	reeve apply
	[ "$status" -eq 1 ]
	told 'error: c1: this host is locked by alice@laptop since 2026-11-26T23:31:45Z: `reeve apply`, process 4711 [locked]'
	told 'fix: nothing was changed; start it again: `reeve apply --wait 600` waits'
	[ ! -e "$roots/c1.fen/etc/slurm/slurm.conf" ]
	for command in plan status; do
		reeve $command
		told 'a run is in progress: `reeve apply`, process 4711, by alice@laptop, started 2026-11-26T23:31:45Z [at-work]'
	done
	let_go
	reeve plan
	untold at-work
}

@test "--wait waits for the end of the other run" {
	hold c1
	"$REEVE" apply --wait 60 >"$roots/out" 2>"$roots/err" </dev/null &
	local run=$! n=200
	while ! grep -q 'waiting for the end of another run' "$roots/err"; do
		[ $((n -= 1)) -gt 0 ] || { cat "$roots/err"; return 1; }
		sleep 0.1
	done
	let_go
	wait "$run"
	[ -e "$roots/c1.fen/etc/slurm/slurm.conf" ]
}

@test "a compute host that refuses its lock is skipped, in its words, and no more" {
	hold n2
	reeve apply
	[ "$status" -eq 3 ]
	told 'skipped: n2: the lock was refused; n2 says: this host is locked by alice@laptop'
	[ -e "$roots/n1.fen/etc/slurm/slurm.conf" ]
	[ ! -e "$roots/n2.fen/etc/slurm/slurm.conf" ]
	let_go
	reeve apply
	[ "$status" -eq 0 ]
}

@test "a compute host that says of a later run is skipped" {
	reeve apply
	[ "$status" -eq 0 ]
	echo 800 >"$roots/n2.fen/var/lib/reeve/epoch"
	reeve apply
	[ "$status" -ne 1 ]
	reeve apply
	[ "$status" -ne 1 ]
}

@test "an excluded host with a foreign lock concerns nobody" {
	reeve apply
	reeve exclude n2 --reason fan
	[ "$status" -eq 0 ]
	hold n2
	printf 'slurm: { MinJobAge: 600 }\n' >>"$REEVE_CLUSTER"
	reeve apply
	[ "$status" -eq 0 ]
}
