bats_require_minimum_version 1.5.0

# reeve doctor on real nodes: nothing on a healthy and busy cluster, and each fault by its cause, on its host, and nothing else.
# The tests build on one another, in this order.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export lab=$BATS_FILE_TMPDIR REEVE_CLUSTER=$BATS_FILE_TMPDIR/cluster.yaml
	cat >"$REEVE_CLUSTER" <<-'E'
		reeve: 1
		cluster: doctorlab
		hosts: { d1: 10.67.0.11, d2: 10.67.0.12, d3: 10.67.0.13 }
		controllers: [d1]
		compute: [d2, d3]
		partitions: { batch: { nodes: all, default: true } }
	E
	"$REEVE" lab up >&2
	"$REEVE" --lab apply >&2
}

teardown_file() { "$REEVE" lab down >&2; }

on() { "$REEVE" lab ssh "$@"; }

# nft ARGUMENTS of a node, in its own network
inside() {
	local node=$1 pid
	shift
	pid=$("$REEVE" lab status --json | jq ".nodes[] | select(.name == \"$node\").leader")
	nsenter -t "$pid" -n nft "$@"
}
# wall NODE RULE: what comes to it is filtered by that rule
wall() { inside "$1" "add table inet wall; add chain inet wall input { type filter hook input priority 0; }; add rule inet wall input $2"; }
unwall() { inside "$1" delete table inet wall; }

# found CODE:HOST...: the causes that are no notes, and nothing else
found() {
	"$REEVE" --lab --json doctor 2>/dev/null | tail -n 1 | python3 -c '
import json, sys
top = {(f["code"], f["host"] or "-") for f in json.load(sys.stdin)["findings"] if f["weight"] != "note" and "because" not in f}
want = {tuple(w.split(":")) for w in sys.argv[1:]}
sys.exit(0 if top == want else f"found {sorted(top)}, not {sorted(want)}")' "$@"
}

@test "a healthy cluster under jobs has nothing, however often it is asked" {
	on d1 'for i in $(seq 40); do sbatch -Q -o /dev/null --wrap "sleep 0.2"; done'
	for _ in $(seq 12); do
		run "$REEVE" --lab doctor
		[ "$status" -eq 0 ] || { echo "$output"; false; }
	done
	# Jobs that are left would be held by the faults to come: how many, depends on how fast this machine is.
	on d1 'scancel -u root; while squeue -h | grep -q .; do sleep 0.2; done'
}

# faults HOST BREAK MEND CODE:HOST [HOST BREAK MEND CODE:HOST...]: all of them at once
faults() {
	local all=("$@") codes=() status=0 i
	for ((i = 0; i < $#; i += 4)); do
		on "${all[i]}" "${all[i + 1]}"
		codes+=("${all[i + 3]}")
	done
	found "${codes[@]}" || status=1
	for ((i = 0; i < $#; i += 4)); do on "${all[i]}" "${all[i + 2]}"; done
	return $status
}

@test "each fault is named by its cause, on its host, and nothing else is" {
	faults d2 'systemctl stop munge' 'systemctl start munge' munged-stopped:d2 \
		d3 'kill -STOP $(pidof slurmd)' 'kill -CONT $(pidof slurmd)' slurmd-hangs:d3
	faults d2 'kill -STOP $(pidof munged)' 'kill -CONT $(pidof munged)' munged-hangs:d2 \
		d3 'systemctl stop slurmd' 'systemctl start slurmd' slurmd-stopped:d3
	faults d1 'kill -STOP $(pidof slurmctld)' 'kill -CONT $(pidof slurmctld)' slurmctld-hangs:d1
	# Slurm's own may crash as it ends, and would have died then.
	faults d1 'systemctl stop slurmctld; systemctl reset-failed -q slurmctld || true' 'systemctl start slurmctld' slurmctld-stopped:d1
	faults d2 'chmod 0644 /etc/munge/munge.key' 'chmod 0400 /etc/munge/munge.key' munge-key-mode:d2 \
		d3 'systemctl disable -q slurmd' 'systemctl enable -q slurmd' slurmd-disabled:d3
	faults d2 'cp /etc/slurm/slurm.conf /root/c; echo "# mine" >>/etc/slurm/slurm.conf' 'cp /root/c /etc/slurm/slurm.conf' conf-edited:d2 \
		d3 'mount -t tmpfs -o size=1m,mode=$(stat -c %a /var/lib/slurm/slurmd),uid=$(stat -c %u /var/lib/slurm/slurmd),gid=$(stat -c %g /var/lib/slurm/slurmd) none /var/lib/slurm/slurmd; head -c 2m /dev/zero >/var/lib/slurm/slurmd/x 2>/dev/null || true' \
		'umount /var/lib/slurm/slurmd' disk-full:d3
	faults d2 'touch /etc/munge/.munge.key.reeve~' 'rm /etc/munge/.munge.key.reeve~' temporary:d2 \
		d1 'useradd -m -u 1500 alice; scontrol update partitionname=batch state=down' \
		'userdel -r alice; scontrol update partitionname=batch state=up' partition-state:-
	found
}

@test "closed ports are named with both their ends, whether packets vanish or are refused, and the daemons notice nothing of it" {
	local said
	on d1 'stat -c %s /var/log/slurm/slurmctld.log >/root/before'
	wall d2 'tcp dport 6818 drop'
	wall d1 'ip saddr 10.67.0.13 tcp dport 6817 drop'
	found port-slurmd:d2 port-slurmctld:d3
	said=$("$REEVE" --lab doctor 2>/dev/null || true)
	unwall d2
	unwall d1
	grep -Fx 'error: d2: d1 cannot connect to its slurmd (port 6818) [port-slurmd]' <<<"$said"
	grep -Fx '    d1 to 10.67.0.12 port 6818: no answer' <<<"$said"
	grep -Fx 'error: d3: it cannot connect to slurmctld on d1 (port 6817) [port-slurmctld]' <<<"$said"
	wall d2 'ip saddr 10.67.0.11 tcp dport 6818 reject with tcp reset'
	found port-slurmd:d2
	unwall d2
	found
	run on d1 'tail -c +$(cat /root/before) /var/log/slurm/slurmctld.log | grep error:'
	[ "$output" = "" ]
	run on d2 'grep "Zero Bytes" /var/log/slurm/slurmd.log'
	[ "$output" = "" ]
}

@test "a node that cannot be reached is no green, and the port is the cause" {
	"$REEVE" --lab apply
	wall d2 'tcp dport 6818 drop'
	run --separate-stderr "$REEVE" --lab plan
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"d2: d1 cannot connect to its slurmd (port 6818) [port-slurmd]"* ]]
	run -3 "$REEVE" --lab apply
	wall d1 'ip saddr 10.67.0.13 tcp dport 6817 drop'
	run "$REEVE" --lab apply --verify
	unwall d2
	unwall d1
	echo "$output"
	[ "$status" -eq 1 ]
	grep -Fx 'skipped: d2: d1 cannot connect to its slurmd (port 6818) [port-slurmd]' <<<"$output"
	grep -Fx 'skipped: d3: it cannot connect to slurmctld on d1 (port 6817) [port-slurmctld]' <<<"$output"
	[[ $output != *"Requested nodes are busy"* ]]
}

@test "what is safe is fixed, and what a person did is not undone" {
	on d2 'systemctl stop slurmd munge'
	on d1 'scontrol update nodename=d3 state=drain reason=fan'
	run "$REEVE" --lab doctor --fix
	[ "$status" -eq 0 ]
	grep -q 'fixed: d2: systemctl start munge.service' <<<"$output"
	on d1 'scontrol show node d3' | grep -q 'DRAIN'
	on d1 'scontrol update nodename=d3 state=resume'
	found
}
