# A host that costs too much is left out, with that reason; the others, and the run, are as they would be without it.
load lib
load slurm
setup() {
	protocol_setup
	export REAL_SSH=$REEVE_SSH REEVE_SSH=$BATS_TEST_DIRNAME/liar
}
teardown() { protocol_teardown; }

lie() { cat >"$roots/$1.fen/lie.py"; }
truth() { rm "$roots/$1.fen/lie.py"; }
said() { cat "$roots/out" "$roots/err" | grep -qF -- "$1" || { echo "not said: $1"; return 1; }; }

# left_out WORDS: n2 is, for that reason, and n1 has what it should have
left_out() {
	[ "$status" -eq 3 ]
	said "$1"
	grep -q '^NodeName=' "$roots/n1.fen/etc/slurm/slurm.conf"
}

@test "an answer that is longer than any may be" {
	slurm_cluster c1 n1 n2
	lie n2 <<-'P'
		def answer(request, message):
		    if request and request.get("verb") == "collect" and "ok" in message:
		        head = b'{"id":%d,"ok":{"items":{},"x":[' % message["id"]
		        return [frame(b"M", head + b"{}," * (10 << 20) + b"{}]}}")]
	P
	reeve apply
	left_out 'it sends more than the 12288 KiB that its answers may have'
}

@test "an answer of more values than a tree may have" {
	slurm_cluster c1 n1 n2
	lie n2 <<-'P'
		def answer(request, message):
		    if request and request.get("verb") == "collect" and "hostname" in message.get("ok", {}).get("items", {}):
		        entry = {"topology/physical_package_id": "0", "topology/core_id": "0"}
		        message["ok"]["items"]["gpu.cpus"] = {"entries": {"cpu%020d" % n: entry for n in range(20000)}}
		        return [frame(b"M", json.dumps(message).encode())]
	P
	reeve apply
	left_out 'JSON of more than 100000 values'
}

@test "events without end, and events of what is not there" {
	slurm_cluster c1 n1 n2
	lie n2 <<-'P'
		def answer(request, message):
		    if request and request.get("verb") == "apply" and "ok" in message:
		        event = {"id": message["id"], "event": {"id": "x" * (1 << 20), "result": "unchanged", "what": ""}}
		        return [frame(b"M", json.dumps(event).encode())] * 100 + [frame(b"M", json.dumps(message).encode())]
	P
	reeve apply
	left_out 'KiB that its answers may have'
}

@test "configuration of a few bytes that names every node there can be" {
	slurm_cluster c1 n1 n2
	echo 'network: { bandwidth_gres: 1 Gbit }' >>"$roots/cluster.yaml"
	reeve apply
	[ "$status" -eq 0 ]
	for i in $(seq 400); do echo "NodeName=a[0-65535] Name=gpu Type=t$i"; done >"$roots/n2.fen/etc/slurm/gres.conf"
	echo 'slurm: { SlurmdTimeout: 301 }' >>"$roots/cluster.yaml"
	reeve apply
	left_out '/etc/slurm/gres.conf costs too much to read: line 5: more nodes'
	grep -q SlurmdTimeout=301 "$roots/n1.fen/etc/slurm/slurm.conf"
}

@test "a controller's configuration that is longer than what was asked for" {
	slurm_cluster c1 n1
	reeve apply
	[ "$status" -eq 0 ]
	echo 'slurm: { SlurmdTimeout: 301 }' >>"$roots/cluster.yaml"
	lie c1 <<-'P'
		def answer(request, message):
		    if request and "in-force.slurm" in message.get("ok", {}).get("items", {}):
		        message["ok"]["items"]["in-force.slurm"] = {"text": "MailDomain=" + "x" * (5 << 20)}
		        return [frame(b"M", json.dumps(message).encode())]
	P
	reeve apply
	[ "$status" -eq 1 ]
	said 'bytes for in-force.slurm, where at most 4194304 are asked for'
}
