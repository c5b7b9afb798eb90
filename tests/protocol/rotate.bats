# reeve rotate-key over scratch roots: what all hosts have afterwards, what speaks against it, and what becomes of one that was cut off.
load lib
load slurm

setup() {
	protocol_setup
	slurm_cluster c1 n1 n2
	reeve apply
	[ "$status" -eq 0 ]
	cp "$roots/c1.fen/etc/munge/munge.key" "$roots/old.key"
}
teardown() {
	: >"$roots/go"
	protocol_teardown
}

told() { grep -qF -- "$1" "$roots/out" "$roots/err" || { echo "not told: $1"; return 1; }; }
key() { echo "$roots/$1.fen/etc/munge/munge.key"; }
not() { ! "$@"; }
recorded() { python3 -c "import json; print(json.load(open('$roots/c1.fen/var/lib/reeve/record.json'))['secrets']['munge.key'])"; }
restarted() { cut -d' ' -f3 "$roots/$1.fen/units/munge.service"; }
nothing_beside() { [ -z "$(find "$roots"/*.fen/etc/munge -name '*.next')" ]; }
# all_have FILE; all_but_old: the same one, and not the old
all_have() {
	local host
	for host in c1 n1 n2; do cmp "$1" "$(key $host)" || return 1; done
	nothing_beside
}
all_have_a_new_one() { all_have "$(key c1)" && not cmp -s "$roots/old.key" "$(key c1)"; }
until_true() {
	local n=300
	while ! "$@" 2>/dev/null; do
		[ $((n -= 1)) -gt 0 ] || { echo "never: $*"; cat "$roots/err"; return 1; }
		sleep 0.1
	done
}
off() {
	echo "ssh: connect to host $1.fen port 22: No route to host" >"$roots/$1.fen/gone"
	printf 'say=gone\nexit=255\n' >"$roots/$1.fen/behaviour"
}
on() { : >"$roots/$1.fen/behaviour"; }

@test "all hosts get a new key, it is recorded, and munged is restarted everywhere" {
	local before host at
	before=$(recorded)
	declare -A at
	for host in c1 n1 n2; do at[$host]=$(restarted $host); done
	reeve rotate-key --dry-run
	[ "$status" -eq 2 ]
	told 'a new MUNGE key would be put beside the old one on 3 hosts (c1,n[1-2])'
	all_have "$roots/old.key"
	reeve --json rotate-key --dry-run
	[ "$(python3 -c "import json; print(json.load(open('$roots/out'))['hosts'])")" = 'c1,n[1-2]' ]
	reeve rotate-key
	[ "$status" -eq 0 ]
	told 'the MUNGE key was exchanged on 3 hosts; credentials between hosts failed for at most'
	all_have_a_new_one
	[ "$(stat -c '%a %u %s' "$(key n2)")" = "400 100 128" ]
	not [ "$(recorded)" = "$before" ]
	for host in c1 n1 n2; do [ "$(restarted $host)" -gt "${at[$host]}" ]; done
	not grep -q '^\(stop\|reconfigure\)' "$roots/told"
	reeve apply
	[ "$status" -eq 0 ]
	told 'nothing to change'
	not grep -rqaF "$(head -c 16 "$(key c1)" | base64 | head -c 20)" "$roots/c1.fen/var/log/reeve" "$roots/c1.fen/var/lib/reeve/record.json"
}

@test "the operator's own key is taken where nobody else can read it, and is another" {
	head -c 64 /dev/urandom >"$roots/mine"
	chmod 644 "$roots/mine"
	reeve rotate-key --key-file "$roots/mine"
	[ "$status" -eq 1 ]
	told 'can be read by others'
	chmod 600 "$roots/mine"
	reeve rotate-key --key-file "$roots/mine"
	[ "$status" -eq 0 ]
	all_have "$roots/mine"
	reeve rotate-key --key-file "$roots/mine"
	[ "$status" -eq 1 ]
	told '[rotate-key]'
	head -c 31 /dev/urandom >"$roots/short"
	chmod 600 "$roots/short"
	reeve rotate-key --key-file "$roots/short"
	[ "$status" -eq 1 ]
	told 'has 31 bytes; a MUNGE key has 32 to 4096'
	all_have "$roots/mine"
}

@test "a host that is off gets it later; one that may run jobs is cut off by the operator's word only" {
	off n2
	reeve rotate-key
	[ "$status" -eq 1 ]
	told 'slurmctld reaches it, and may start jobs there [key-busy]'
	cmp "$roots/old.key" "$(key c1)"
	echo '7|RUNNING|main|me|n2|||1|None' >"$roots/jobs"
	sed -i '/^NodeName=n2 /s/State=IDLE/State=IDLE*/' "$roots/nodes"
	reeve rotate-key --dry-run
	[ "$status" -eq 1 ]
	told 'jobs run there'
	reeve rotate-key --dry-run --without n2
	[ "$status" -eq 2 ]
	told 'n2 would be cut off'
	: >"$roots/jobs"
	reeve rotate-key
	[ "$status" -eq 3 ]
	told 'not on n2: `reeve apply` brings it there when it is back'
	cmp "$(key c1)" "$(key n1)"
	cmp "$roots/old.key" "$(key n2)"
	on n2
	sed -i '/^NodeName=n2 /s/State=IDLE\*/State=IDLE/' "$roots/nodes"
	reeve apply
	[ "$status" -eq 0 ]
	all_have_a_new_one
}

# hang_at WORDS: systemctl of n1 waits there until there is a file `go`
hang_at() {
	mv "$roots/n1.fen/bin/systemctl" "$roots/n1.fen/bin/systemctl.real"
	script n1.fen systemctl <<-E
		#!/bin/sh
		case "\$*" in
		"$1")
			: >"\$REEVE_ROOT/../reached"
			n=300
			while [ ! -e "\$REEVE_ROOT/../go" ] && [ \$((n -= 1)) -gt 0 ]; do sleep 0.1; done ;;
		esac
		exec "\$0.real" "\$@"
	E
}

begin() {
	"$REEVE" rotate-key >"$roots/out" 2>"$roots/err" </dev/null &
	run=$!
	until_true test -e "$roots/reached"
}

@test "one that was killed is said to be cut off, and completed by an apply" {
	hang_at "restart munge.service"
	begin
	kill -9 "$run"
	wait "$run" || true
	# n1 has the new key and runs with the old one; the others may have been restarted.
	: >"$roots/go"
	until_true flock -n "$roots/c1.fen/var/lib/reeve/lock" true
	until_true flock -n "$roots/n1.fen/var/lib/reeve/lock" true
	echo active enabled 1 >"$roots/n1.fen/units/munge.service"
	reeve plan
	told "a run was cut off, at the step 'restart what uses the MUNGE key'"
	reeve status
	told 'was cut off'
	reeve apply
	[ "$status" -eq 0 ]
	all_have_a_new_one
	[ "$(restarted n1)" -gt 1 ]
	reeve plan
	[ "$status" -eq 0 ]
	not told 'was cut off'
}

@test "Ctrl-C in the exchange waits for its end" {
	hang_at "restart munge.service"
	begin
	kill -INT "$run"
	until_true grep -q 'the MUNGE key is exchanged' "$roots/err"
	: >"$roots/go"
	local got=0
	wait "$run" || got=$?
	[ "$got" -eq 130 ]
	all_have_a_new_one
	told 'the key is exchanged; `reeve apply --verify` verifies it'
}

@test "where a host does not take the new key nothing is exchanged" {
	# An empty file system in its place, or a link: it cannot be written.
	mkdir "$(key n1).next"
	reeve rotate-key
	[ "$status" -eq 1 ]
	told 'n1: file:/etc/munge/munge.key.next'
	told '[key-busy]'
	rmdir "$(key n1).next"
	all_have "$roots/old.key"
	reeve rotate-key
	[ "$status" -eq 0 ]
	all_have_a_new_one
}

@test "what lies beside on hosts, and was recorded nowhere, goes with the next run" {
	head -c 128 /dev/urandom >"$(key n2).next"
	reeve apply
	[ "$status" -eq 0 ]
	all_have "$roots/old.key"
}
