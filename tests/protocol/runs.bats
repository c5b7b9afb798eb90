# Whole runs of reeve over hosts that are scratch roots: what is said, and what a program may read.
load lib
load slurm
setup() { protocol_setup; }
teardown() { protocol_teardown; }

said() { grep -qF -- "$1" "$roots/out" || { echo "not said: $1"; return 1; }; }
unsaid() { ! grep -qF -- "$1" "$roots/out" || { echo "said: $1"; return 1; }; }

# json EXPRESSION: of the last line on standard output, called `o`
json() {
	tail -n 1 "$roots/out" | python3 -c "import json, sys; o = json.load(sys.stdin); sys.exit(0 if ($1) else 'not so: $1')"
}

@test "what nobody was asked is no first installation" {
	slurm_cluster c1 n1
	rm -r "$roots/c1.fen" "$roots/n1.fen"
	reeve plan
	[ "$status" -eq 1 ]
	said 'jobs: unknown: no controller was reached'
	unsaid 'first installation'
}

@test "a first installation is one" {
	slurm_cluster c1 n1
	echo inactive disabled 0 | tee "$roots/c1.fen/units/slurmctld.service" >"$roots/n1.fen/units/slurmd.service"
	printf '#!/bin/sh\nexit 1\n' >"$roots/c1.fen/bin/scontrol"
	reeve plan
	[ "$status" -eq 2 ]
	said 'jobs: none, this is a first installation'
}

@test "a plan counts the hosts that it is about" {
	slurm_cluster c1 n1 n2
	reeve apply
	[ "$status" -eq 0 ]
	reeve plan
	[ "$status" -eq 0 ]
	said 'nothing to change on 3 hosts'
	reeve plan -l n2
	[ "$status" -eq 0 ]
	said 'nothing to change on 1 host'
	rm -r "$roots/n1.fen"
	reeve plan
	said 'nothing to change on 2 hosts'
}

@test "status says which nodes are to be drained, or let in again" {
	slurm_cluster c1 n1 n2
	reeve apply
	reeve status
	said 'drift: none'
	reeve --json status
	json 'o["in_order"] and not o["drains"] and o["drift"] == 0'

	sed -i s/7812/3000/ "$roots/n2.fen/bin/slurmd"
	reeve status
	unsaid 'drift: none'
	said 'to be drained: n2: reeve: less than it was'
	reeve --json status
	json 'not o["in_order"] and o["drains"][0]["nodes"] == "n2"'
	reeve apply
	[ "$status" -eq 3 ]
	reeve status
	said 'drift: none'

	sed -i s/3000/7812/ "$roots/n2.fen/bin/slurmd"
	reeve status
	unsaid 'drift: none'
	said '1 node drained in an earlier run: to be verified and resumed'
	reeve --json status
	json 'not o["in_order"] and o["waiting"] == 1'
}

@test "a file that is to go is told as one that goes" {
	slurm_cluster c1 n1
	reeve apply
	[ "$status" -eq 0 ]
	head -n 1 "$roots/n1.fen/etc/slurm/slurm.conf" >"$roots/n1.fen/etc/slurm/topology.conf"
	reeve status
	said 'topology.conf on n1: is still there'
	reeve plan
	said '- absent:/etc/slurm/topology.conf'
}

@test "plan and status are one JSON object, and the way there is on standard error" {
	slurm_cluster c1 n1
	for command in plan status; do
		reeve --json "$command"
		[ "$(wc -l <"$roots/out")" -eq 1 ]
		json 'o["cluster"] == "fen"'
		grep -q '^facts$' "$roots/err"
	done
}

@test "at the end of a run nobody is still working" {
	slurm_cluster c1 n1
	reeve --json apply
	[ "$status" -eq 0 ]
	json 'o["ok"] and [h["state"] for h in o["hosts"]] == ["done", "done"]'
	python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]' <"$roots/out"

	# A configuration that slurmctld would not start with ends the next one for all.
	sed -i "s/@parse 0/@parse 1/; s/@\$w.up 100/@\$w.exited 1/" "$roots/c1.fen/bin/sh"
	printf 'slurm: { MinJobAge: 600 }\n' >>"$REEVE_CLUSTER"
	reeve --json apply
	[ "$status" -eq 1 ]
	json 'not o["ok"] and [h["state"] for h in o["hosts"]] == ["stopped", "stopped"]'
}

# keys COMMAND: of the object, as reeve(1) lists them
keys() {
	sed -n '/^# JSON/,/^# EXIT/p' "$BATS_TEST_DIRNAME/../../docs/man/reeve.1.scd" |
		awk -v command="*$1*" 'index($0, command) == 1 { on = 1; next } /^$/ { on = 0 } on' | sed 's/([^)]*)//g' |
		grep -oE '\*[a-z_]+\*' | tr -d '*' | sort
}

@test "the objects have the keys that the manual names" {
	slurm_cluster c1 n1
	for command in check plan status apply; do
		reeve --json "$command"
		if [ "$command" = check ]; then
			python3 -c 'import json, sys; print("\n".join(sorted(json.load(sys.stdin))))' <"$roots/out" >"$roots/keys"
		else
			tail -n 1 "$roots/out" | python3 -c 'import json, sys; print("\n".join(sorted(json.load(sys.stdin))))' >"$roots/keys"
		fi
		diff "$roots/keys" <({ echo schema; keys "$command"; } | grep -vxE 'phase|host|state|text|event|where|note|apply' | sort)
	done
}

excluded='{"name":"n2","who":"me","reason":"fan","when":"2026-01-01T00:00:00Z","leaving":false,"removed":false}'

@test "no run waits for an excluded node that is off" {
	slurm_cluster c1 n1 n2
	record c1 3 "$excluded"
	echo black-hole=yes >"$roots/n2.fen/behaviour"
	SECONDS=0
	reeve plan
	[ "$SECONDS" -lt 15 ]
	[ "$status" -eq 2 ]
	said 'note: n2: it is excluded, does not answer, and was not waited for [unreached]'
	unsaid 'skipped: n1'
}

@test "an excluded node that comes back is in the run, with an old slurmd" {
	slurm_cluster c1 n1 n2
	reeve apply
	reeve exclude n2 --reason fan
	[ "$status" -eq 0 ]
	echo active enabled 1 >"$roots/n2.fen/units/slurmd.service"
	echo delay=2500 >"$roots/n2.fen/behaviour"
	echo delay=2000 >"$roots/n1.fen/behaviour"
	reeve plan
	[ "$status" -eq 2 ]
	unsaid unreached
	said 'service:slurmd.service  (activate: n2)'
	reeve apply
	[ "$status" -eq 0 ]
	grep -q ^inactive "$roots/n2.fen/units/slurmd.service"
}

@test "an excluded node that is wanted now is waited for" {
	slurm_cluster c1 n1 n2
	reeve apply
	reeve exclude n2 --reason fan
	echo delay=4500 >"$roots/n2.fen/behaviour"
	reeve plan
	said 'note: n2: it is excluded'
	reeve include n2
	[ "$status" -eq 0 ]
	reeve status
	unsaid 'n2 excluded'
}

@test "the copy of slurmctld's state that a restart keeps is in the host's own root" {
	slurm_cluster c1 n1
	reeve apply
	echo 'slurm: { MaxJobCount: 4321 }' >>"$roots/cluster.yaml"
	reeve apply
	[ "$status" -eq 0 ]
	ls "$roots"/c1.fen/var/lib/reeve/snapshots/state-*.tar
}

@test "where ping is not installed no latency is measured, and that is said" {
	slurm_cluster c1 n1 n2
	for node in n1 n2; do script $node.fen sh <<<$'#!/bin/sh\necho ping'; done
	reeve facts --measure network
	grep -q '^note: n1: ping is not installed: no latency from here \[no-ping\]$' "$roots/out" "$roots/err"
}
