#!/usr/bin/env bats
# init and facts of this machine, with the real agent, without ssh.
load helper

setup_file() {
	mkdir -p "$BATS_FILE_TMPDIR/agents"
	cp "$REEVE_AGENT" "$BATS_FILE_TMPDIR/agents/reeve-agent"
	export REEVE_AGENT_DIR=$BATS_FILE_TMPDIR/agents
}

@test "init writes a file that check accepts, and does not overwrite it" {
	reeve init
	[ "$status" -eq 0 ]
	[ "$(cat out)" = "wrote cluster.yaml: 1 host; now: reeve apply" ]
	reeve check
	[ "$status" -eq 0 ]
	[ "$(cat out)" = "cluster.yaml: ok, 1 host, 1 partition" ]
	grep -qE '^  [a-z0-9"._-]+: +local ' cluster.yaml
	echo mine >cluster.yaml
	reeve init
	[ "$status" -eq 1 ]
	[ ! -s out ]
	grep -q 'is there already' err
	[ "$(cat cluster.yaml)" = mine ]
	reeve init --force
	[ "$status" -eq 0 ]
	grep -q '^controllers:' cluster.yaml
}

@test "init writes elsewhere, and to standard output" {
	reeve init -o other.yaml --name fen
	[ "$status" -eq 0 ]
	[ ! -e cluster.yaml ]
	grep -q '^cluster: fen ' other.yaml
	reeve init -o -
	[ "$status" -eq 0 ]
	cp out piped.yaml
	reeve check piped.yaml
	[ "$status" -eq 0 ]
	reeve init -o /no/such/directory/cluster.yaml
	[ "$status" -eq 1 ]
	[ ! -s out ]
}

@test "facts says what this machine is" {
	reeve init
	reeve facts
	[ "$status" -eq 0 ]
	[ "$(wc -l <out)" -eq 2 ]
	head -1 out | grep -q '^HOST '
	grep -q " $(uname -m) " out
	reeve facts --json
	[ "$status" -eq 0 ]
	python3 - <<-'PY'
		import json, os
		d = json.load(open("out"))
		h = d["hosts"][0]
		assert d["unreachable"] == 0 and h["reached"] is True
		assert h["arch"] == os.uname().machine and h["hostname"] == os.uname().nodename
		total = int([l for l in open("/proc/meminfo") if l.startswith("MemTotal")][0].split()[1])
		assert h["hardware"]["memory_mib"] == total // 1024
	PY
}

@test "a host that cannot be reached is named; all of them unreachable is a failure, some status 3" {
	cat >ssh <<-'SH'
		#!/bin/sh
		echo "ssh: connect to host: No route to host" >&2
		exit 255
	SH
	chmod +x ssh
	export REEVE_SSH=$PWD/ssh HOME=$PWD
	sed 's/d: { address: local, .*}/d: { address: local, slurm_address: d.example } }/' good.yaml >cluster.yaml
	reeve facts
	[ "$status" -eq 3 ]
	[ "$(wc -l <out)" -eq 2 ]
	for host in a b c; do grep -q "^$host: unreachable: " err; done
	reeve facts -l a,b
	[ "$status" -eq 1 ]
	[ ! -s out ]
	reeve facts --json -l a,d
	[ "$status" -eq 3 ]
	python3 -c 'import json; d = json.load(open("out")); assert d["unreachable"] == 1 and not d["hosts"][0]["reached"]'
	rm cluster.yaml
	reeve init a.example
	[ "$status" -eq 1 ]
	[ ! -e cluster.yaml ]
}
