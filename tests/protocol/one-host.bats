# One host's word is that host's: compute hosts that lie, and controllers whose copies differ, in whole runs.
load lib
load slurm

setup() {
	protocol_setup
	export HONEST_SSH=$REEVE_SSH REEVE_SSH=$BATS_TEST_DIRNAME/lying-ssh
}

teardown() { protocol_teardown; }

not() { ! "$@"; }

installed() {
	slurm_cluster "$@"
	reeve apply
	[ "$status" -eq 0 ]
}

lie() { cat >"$roots/$1.fen/lie"; }
edit() { echo '# edited' >>"$roots/$1.fen/etc/slurm/slurm.conf"; }
is_edited() { grep -q '# edited' "$roots/$1.fen/etc/slurm/slurm.conf"; }
recorded() { python3 -c "import json; print(json.load(open('$roots/${2:-c1}.fen/var/lib/reeve/record.json'))['$1'])"; }
fingerprint() { python3 -c "import json; print(json.load(open('$roots/c1.fen/var/lib/reeve/record.json'))['secrets']['munge.key'])"; }
error() { grep -qF -- "$1" "$roots/err" || { echo "not said: $1"; return 1; }; }

@test "what is wrong with a compute host leaves it out, and it can be excluded and removed" {
	installed c1 n1 n2
	lie n2 <<<'if "hostname" in ok.get("items", {}): ok["start"] += 3600000; ok["end"] += 3600000'
	edit n1
	reeve apply
	[ "$status" -eq 3 ]
	grep -qE 'n2: its clock is (3599|3600) s ahead of that of c1' "$roots/err"
	not is_edited n1
	reeve exclude --reason compromised n2
	[ "$status" -eq 0 ]
	reeve remove n2
	[ "$status" -eq 0 ]
	not grep -q n2 "$roots/n1.fen/etc/slurm/slurm.conf"
}

@test "a file with an epoch locks nobody out, whatever it says and wherever it is" {
	installed c1 n1 n2
	local at text
	at=$(recorded epoch)
	for text in 1099511627776 99999 garbage ''; do
		echo "$text" >"$roots/n2.fen/var/lib/reeve/epoch"
		[ "$text" != garbage ] || echo "$text" >"$roots/c1.fen/var/lib/reeve/epoch"
		edit n2
		reeve apply
		[ "$status" -eq 0 ]
		error "n2: its /var/lib/reeve/epoch"
		not is_edited n2
		[ "$(cat "$roots/n2.fen/var/lib/reeve/epoch")" -lt $((at + 100)) ]
	done
	# One that lies about it all the time changes nothing.
	lie n2 <<<'if "epoch" in ok.get("items", {}): ok["items"]["epoch"] = {"text": "1099511627776\n"}'
	reeve apply
	[ "$status" -eq 0 ]
	[ "$(cat "$roots/c1.fen/var/lib/reeve/epoch")" -lt $((at + 100)) ]
}

@test "the next holder gives the MUNGE key where one lies" {
	installed c1 n1 n2
	echo "a fresh key, as the package makes one on a controller that was reinstalled" >"$roots/c1.fen/etc/munge/munge.key"
	cp "$roots/c1.fen/etc/munge/munge.key" "$roots/n1.fen/etc/munge/munge.key"
	lie n1 <<<"if 'secret.0' in ok.get('items', {}): ok['items']['secret.0'] = {'hex': '$(fingerprint)', 'ctime': 1}"
	reeve apply
	error "n1: it says that it has the cluster's MUNGE key, and does not give it"
	cmp "$roots/c1.fen/etc/munge/munge.key" "$roots/n2.fen/etc/munge/munge.key"
}

@test "no compute host takes the others' confinement away" {
	slurm_cluster c1 n1 n2
	local h
	for h in c1 n1 n2; do
		mkdir -p "$roots/$h.fen/proc/self"
		echo '24 30 0:22 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw' >"$roots/$h.fen/proc/self/mountinfo"
	done
	reeve apply
	[ "$status" -eq 0 ]
	: >"$roots/n2.fen/proc/self/mountinfo"
	edit n1
	reeve apply
	[ "$status" -eq 3 ]
	error "n2: below its baseline"
	not is_edited n1
	grep -q proctrack/cgroup "$roots/n1.fen/etc/slurm/slurm.conf"
	grep -q 'NodeName=n2 State=DRAIN Reason=reeve: less than it was' "$roots/told"
}

three_controllers() {
	slurm_cluster c1 n1 n2
	slurm_host c2
	slurm_host c3
	sed -i 's/^  c1: c1.fen/  c1: c1.fen\n  c2: c2.fen\n  c3: c3.fen/; s|^controllers: .*|controllers: [c1, c2, c3]\nstate: /srv/state|' \
		"$roots/cluster.yaml"
	local h
	for h in c1 c2 c3; do
		mkdir -p "$roots/$h.fen/proc/self" "$roots/$h.fen/srv/state"
		echo '31 30 0:44 / /srv/state rw - nfs4 fs:/state rw' >"$roots/$h.fen/proc/self/mountinfo"
	done
	record c1 7 ''
	cp "$roots/c1.fen/var/lib/reeve/record.json" "$roots/c2.fen/var/lib/reeve/"
}

@test "one of three controllers does not decide what the record says" {
	three_controllers
	record c3 1000000 '{"name":"n1","who":"x","reason":"y","when":"2026-01-01T00:00:00Z","leaving":false,"removed":false}'
	reeve plan
	grep -q "c3: its copy of the cluster's record differs from that of c1" "$roots/out"
	not grep -q 'stop what has no role here' "$roots/out"
	rm "$roots/c2.fen/var/lib/reeve/record.json"
	reeve plan
	[ "$status" -eq 1 ]
	grep -q 'c1: run 7 .*; c2: none; c3: run 1000000' "$roots/out"
}

@test "who says falsely that it has the key is named, and another gives it" {
	installed c1 n1 n2
	local key
	key=$(fingerprint)
	echo "another key, long enough for munge to take it, too" >"$roots/c1.fen/etc/munge/munge.key"
	lie c1 <<<'if "secret.0" in ok.get("items", {}): ok["items"]["secret.0"] = {"hex": "'"$key"'", "ctime": 1}'
	rm "$roots/n1.fen/etc/munge/munge.key"
	reeve apply
	error 'warning: c1: it says that it has the cluster'"'"'s MUNGE key, and does not give it: it gave another one [key-false]'
	cmp "$roots/n1.fen/etc/munge/munge.key" "$roots/n2.fen/etc/munge/munge.key"
}

@test "a controller that cannot write to the state directory stops the run, one that cannot be asked leaves it" {
	three_controllers
	script c1.fen runuser <<<$'#!/bin/sh\necho "runuser: user slurm does not exist" >&2\nexit 1'
	script c2.fen runuser <<<$'#!/bin/sh\necho "sh: cannot create: Permission denied" >&2\necho'
	reeve apply
	[ "$status" -eq 1 ]
	error 'c1: the state directory /srv/state could not be examined: runuser: user slurm does not exist [state-ask]'
	error 'c2: the user slurm cannot write to /srv/state: sh: cannot create: Permission denied [state-write]'
}
