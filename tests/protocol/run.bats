# reeve run: one command on many hosts, and what they said told once.
bats_require_minimum_version 1.5.0
load lib
load slurm
setup() { protocol_setup; }
teardown() { protocol_teardown; }

said() { grep -qF -- "$1" "$roots/out" || { echo "not said: $1"; return 1; }; }
error() { grep -qF -- "$1" "$roots/err" || { echo "no such error: $1"; return 1; }; }

# which HOST: a file that tells the hosts apart, as their own programs see it
line='cat "$REEVE_ROOT/proc/sys/kernel/hostname"'

@test "hosts that say the same are told once, with how it ended where it did not end well" {
	slurm_cluster c1 n1 n2 n3
	reeve run 'echo one; echo two >&2; exit $(grep -c n3 "$REEVE_ROOT/etc/machine-id")'
	[ "$status" -eq 1 ]
	printf '%s\n' 'c1,n[1-2] (3)' '    one' '    two' 'n3: exit status 1' '    one' '    two' | cmp - "$roots/out"
	error '4 hosts: 3 ended well, 1 failed'
	reeve run -l n2,n3 "$line"
	[ "$status" -eq 0 ]
	printf '%s\n' n2 '    n2' n3 '    n3' | cmp - "$roots/out"
}

@test "several arguments are a program and its arguments, as they are" {
	slurm_cluster c1 n1
	reeve run -l n1 -- printf '<%s>\n' 'a  b' '$HOME' -- -l ';' "it's"
	[ "$status" -eq 0 ]
	printf '%s\n' n1 '    <a  b>' '    <$HOME>' '    <-->' '    <-l>' '    <;>' "    <it's>" | cmp - "$roots/out"
	reeve run -l n1 printf '%s\n' --
	said '    --'
	reeve run -l n1 no-such-program
	[ "$status" -eq 1 ]
	said 'n1: exit status 127'
}

@test "what cannot be asked, does not end, is not text or is too much is said" {
	slurm_cluster c1 n1 n2
	reeve run -t 1 -l n1 'echo begun; sleep 600'
	[ "$status" -eq 1 ]
	said 'n1: it had not ended after 1 s'
	reeve run -l n1 'printf "a\033[31mb\377"'
	[ "$(grep -c $'\033' "$roots/out")" = 0 ]
	reeve run -l n1 'head -c 3000000 /dev/zero | tr "\0" x | fold -w 1000'
	said 'only the first MiB was taken'
	reeve run -l n1 'kill -KILL $$'
	said 'n1: it was ended by a signal'
	rm -r "$roots/n2.fen"
	reeve run true
	[ "$status" -eq 3 ]
	said 'n2: '
	error '3 hosts: 2 ended well, 1 not reached'
	reeve run --json 'echo x'
	[ "$status" -eq 3 ]
	python3 - "$roots/out" <<-'P'
		import json, sys
		hosts = {h["name"]: h for h in json.load(open(sys.argv[1]))["hosts"]}
		assert hosts["c1"] == {"name": "c1", "status": 0, "late": False, "cut": False, "output": "x\n"}, hosts
		assert set(hosts["n2"]) == {"name", "error"}, hosts
	P
}

@test "misuse is refused before any host is asked" {
	slurm_cluster c1 n1
	for wrong in '' '-t 0 true' '-t x true' '-u -x true' '-l nobody true'; do
		# shellcheck disable=SC2086 # words
		reeve run $wrong
		[ "$status" -eq 64 ]
		[ ! -s "$roots/out" ]
	done
}

@test "ssh goes to the address, user and port of cluster.yaml, with the keys that were accepted" {
	slurm_cluster c1 n1
	sed -i 's/^  n1: .*/  n1: { address: 10.0.0.9, user: op, port: 2222 }/' "$REEVE_CLUSTER"
	cat >"$roots/ssh" <<-'E'
		#!/bin/sh
		printf '%s\n' "$@"
	E
	chmod +x "$roots/ssh"
	export REEVE_SSH=$roots/ssh XDG_CONFIG_HOME=$roots/config
	reeve ssh n1
	[ "$status" -eq 0 ]
	[ "$(tail -n 6 "$roots/out" | paste -sd' ')" = "-l op -p 2222 -- 10.0.0.9" ]
	said "$roots/config/reeve/known_hosts"
	said StrictHostKeyChecking=yes
	run ! grep -q BatchMode "$roots/out"
	reeve ssh n1 -- ls '/a b' -l
	[ "$(tail -n 3 "$roots/out" | paste -sd' ')" = "ls '/a b' -l" ]
	reeve ssh n1 'ls | wc'
	[ "$(tail -n 1 "$roots/out")" = 'ls | wc' ]
	reeve ssh n2
	[ "$status" -eq 64 ]
	error "has no host 'n2'; did you mean 'n1'?"
}
