# reeve doctor over hosts that are scratch roots: each fault is put into one of them, and named on that host alone.
load lib
load slurm
setup() { protocol_setup; }
teardown() { protocol_teardown; }

# found CODE HOST: it is the one thing that is wrong, and nothing stands beside it at the top
found() {
	reeve --json doctor
	tail -n 1 "$roots/out" | python3 -c '
import json, sys
o = json.load(sys.stdin)
top = {(f["code"], f["host"] or "-") for f in o["findings"] if f["weight"] != "note" and "because" not in f}
want = {tuple(w.split(":")) for w in sys.argv[1:]}
sys.exit(0 if top == want else f"found {sorted(top)}, not {sorted(want)}")' "$@"
}

# A cluster of one controller and two nodes that was applied, and is as it should be.
healthy() {
	slurm_cluster c1 n1 n2
	reeve apply
	[ "$status" -eq 0 ]
	for node in c1 n1 n2; do unit "$node" chrony "active enabled 1"; done
}

unit() { echo "$3" >"$roots/$1.fen/units/$2.service"; }

@test "nothing is wrong with a healthy cluster, and doctor says so" {
	healthy
	reeve doctor
	[ "$status" -eq 0 ]
	grep -qx 'nothing wrong was found on 3 hosts' "$roots/out"
	found
	[ "$status" -eq 0 ]
}

@test "a finding has its host, its evidence and its fix, and only the hosts that were named are shown" {
	healthy
	unit n1 munge "failed enabled 0"
	mkdir -p "$roots/n1.fen/var/log/munge"
	printf '2026-11-27 Notice: Starting\n2026-11-27 Error: Keyfile is insecure\n2026-11-27 Notice: bye\n' \
		>"$roots/n1.fen/var/log/munge/munged.log"
	reeve doctor
	[ "$status" -eq 3 ]
	grep -qx 'error: n1: munge.service failed \[munged-stopped\]' "$roots/out"
	grep -qx '    2026-11-27 Error: Keyfile is insecure' "$roots/out"
	found munged-stopped:n1
	reeve doctor n2
	[ "$status" -eq 0 ]
	unit c1 munge "failed enabled 0"
	reeve doctor
	[ "$status" -eq 1 ]
	grep -q 'error: c1,n1: munge.service failed' "$roots/out"
	reeve doctor n3
	[ "$status" -eq 64 ]
}

@test "what is safe is fixed when it is asked for, said, and then looked at again" {
	healthy
	unit n1 munge "inactive enabled 0"
	unit n2 slurmd "inactive enabled 0"
	sed -i '/^NodeName=n2 /s/State=IDLE/State=IDLE+DRAIN Reason=bad fan [root@2026-11-27T01:00:00]/' "$roots/nodes"
	reeve doctor
	[ "$status" -eq 3 ]
	grep -q 'fix: reeve doctor --fix n1   # systemctl start munge.service' "$roots/out"
	reeve doctor --fix
	[ "$status" -eq 0 ]
	grep -qx 'fixed: n1: systemctl start munge.service \[munged-stopped\]' "$roots/out"
	grep -qx 'fixed: n2: systemctl start slurmd.service \[slurmd-stopped\]' "$roots/out"
	grep -q '^note: n2: root drained the node: bad fan' "$roots/out"
	grep -q DRAIN "$roots/nodes"
	grep -q 'reeve doctor --fix' "$roots/c1.fen/var/log/reeve/audit.log"
	found
}

@test "a file that somebody edited is named with its lines" {
	healthy
	sed -i 's/^SlurmdTimeout=300/SlurmdTimeout=600/' "$roots/n2.fen/etc/slurm/slurm.conf"
	reeve doctor
	[ "$status" -eq 3 ]
	grep -q 'warning: n2: /etc/slurm/slurm.conf was edited since the last apply' "$roots/out"
	grep -qx '    +SlurmdTimeout=600.*' "$roots/out"
	found conf-edited:n2
}

@test "a host that is off is found, and the others are examined" {
	healthy
	rm -r "$roots/n2.fen"
	unit n1 munge "failed enabled 0"
	found munged-stopped:n1 unreached:n2
	[ "$status" -eq 3 ]
}

@test "a node that does not respond is named when it still does not at a second look, and not before" {
	healthy
	cp "$roots/nodes" "$roots/nodes.next"
	sed -i '/^NodeName=n1 /s/State=IDLE/State=IDLE+NOT_RESPONDING/' "$roots/nodes"
	found
	sed -i '/^NodeName=n1 /s/State=IDLE/State=IDLE+NOT_RESPONDING/' "$roots/nodes"
	found node-silent:n1
}

said() { grep -qxF -- "$1" "$roots/out" "$roots/err" || { echo "not said: $1"; return 1; }; }

@test "a failed verification tells the cause, and what it saw as what follows from it" {
	healthy
	mkdir -p "$roots/n2.fen/proc/1"
	echo slurmd >"$roots/n2.fen/proc/1/comm"
	echo '1 (slurmd) T 1 1' >"$roots/n2.fen/proc/1/stat"
	touch "$roots/n2.fen/hangs"
	reeve apply
	[ "$status" -eq 3 ]
	said 'error: n2: slurmd hangs: it was stopped by a signal [slurmd-hangs]'
	said '    process 1 is in state T, and answers nobody'
	grep -q '^    therefore: slurmd does not answer.*\[check\]$' "$roots/err"
	grep -q '^    fix: reeve doctor --fix n2 ' "$roots/err"
	! grep -q '^skipped: n2' "$roots/err"
	reeve --json apply
	[ "$status" -eq 3 ]
	tail -n 1 "$roots/out" | python3 -c '
import json, sys
f = {f["code"]: f for f in json.load(sys.stdin)["findings"]}
sys.exit(0 if f["check"]["because"] == {"code": "slurmd-hangs", "host": "n2"} and "because" not in f["slurmd-hangs"] else str(f))'
}

@test "a first installation says what its users would find out first" {
	slurm_cluster c1 n1 n2
	for node in c1 n1 n2; do
		for daemon in munge slurmctld slurmd; do unit "$node" $daemon 'inactive disabled 0'; done
		unit "$node" chrony "active enabled 1"
	done
	for node in c1 n1; do echo 'ann:x:1000:1000::/home/ann:/bin/bash' >>"$roots/$node.fen/etc/passwd"; done
	echo 'slurm: { AccountingStorageType: accounting_storage/slurmdbd, AccountingStorageHost: 127.0.0.1, AccountingStoragePort: 1 }' >>"$REEVE_CLUSTER"
	reeve apply
	[ "$status" -eq 0 ]
	said 'note: n2: users of c1 are unknown there: ann [user-missing]'
	said 'warning: c1: no slurmdbd answers at 127.0.0.1:1: no job is accounted for, and sacct fails [accounting-down]'
	reeve apply
	[ "$status" -eq 0 ]
	! grep -q 'user-missing' "$roots/err"
}

@test "a plan says why a node does not serve" {
	healthy
	reeve plan
	[ "$status" -eq 0 ]
	! grep -q 'slurmd' "$roots/out"
	unit n1 slurmd 'failed enabled 0'
	sed -i '/^NodeName=n1 /s/State=IDLE/State=DOWN+NOT_RESPONDING Reason=Not responding [slurm@2026-11-27T01:00:00]/' "$roots/nodes"
	reeve plan
	grep -q '^error: n1: slurmd died' "$roots/out"
	grep -q '^    therefore: Slurm set the node down: Not responding' "$roots/out"
	reeve --json plan
	tail -n 1 "$roots/out" | python3 -c '
import json, sys
c = [f["code"] for f in json.load(sys.stdin)["causes"] if "because" not in f]
sys.exit(0 if c == ["slurmd-died"] else str(c))'
}

@test "a plan says where the live cluster is not as the file says" {
	healthy
	echo 'PartitionName=night AllowGroups=ALL Default=NO Nodes=n[1-2] State=UP TotalNodes=2' >"$roots/partitions"
	sed -i '/^NodeName=n1 /s/State=IDLE/State=IDLE+DRAIN Reason=bad fan [root@2026-11-27T01:00:00]/' "$roots/nodes"
	reeve plan
	[ "$status" -eq 0 ]
	grep -q '^note: n1: node n1 is IDLE+DRAIN: bad fan, by root@2026-11-27T01:00:00 \[node-state\]$' "$roots/out"
	grep -q '^note: partition night is not in .*cluster.yaml \[partition-live\]$' "$roots/out"
}
