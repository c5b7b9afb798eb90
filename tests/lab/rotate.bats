bats_require_minimum_version 1.5.0

# reeve rotate-key on real nodes: under a job with a step, with a host that is off, and cut off in the middle. The tests build on one
# another, in this order.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export REEVE=${REEVE:?} DIR=$BATS_FILE_TMPDIR
	export REEVE_CLUSTER=$DIR/cluster.yaml
	cat >"$REEVE_CLUSTER" <<-'EOF'
		reeve: 1
		cluster: keylab
		hosts: { k0: 10.91.0.11, k1: 10.91.0.12, k2: 10.91.0.13, k3: 10.91.0.14 }
		controllers: [k0]
		compute: "k[1-3]"
		slurm: { SlurmdTimeout: 20 }
		partitions: { main: { nodes: all, default: true } }
	EOF
	"$REEVE" lab down >&2 || true
	"$REEVE" lab up >&2
	"$REEVE" --lab apply >&2
}

teardown_file() { "$REEVE" lab down >&2; }

on() {
	local node=$1
	shift
	"$REEVE" lab ssh "$node" -- "$@"
}
reeve() { "$REEVE" --lab "$@"; }

sum_of() { on "$1" sha256sum /etc/munge/munge.key | cut -d' ' -f1; }
# one_key HOST...: the same on all, nothing beside it, each decodes what each makes
one_key() {
	local host other key
	key=$(sum_of "$1")
	for host; do
		[ "$(sum_of "$host")" = "$key" ] || { echo "$host has another key"; return 1; }
		[ "$(on "$host" "stat -c '%a %U %G' /etc/munge/munge.key; ls /etc/munge")" = "400 munge munge"$'\n'munge.key ]
		for other; do on "$host" munge -n | on "$other" unmunge >/dev/null || { echo "$other does not decode $host's"; return 1; }; done
	done
}
wait_for() {
	local n=0
	until "$@"; do
		n=$((n + 1))
		[ $n -lt 120 ] || { echo "never: $*"; return 1; }
		sleep 0.5
	done
}
job_is() { [ "$(on k0 scontrol show job "$1" | grep -o 'JobState=[A-Z]*')" = "JobState=$2" ]; }
is_off() { [[ $(on k0 sinfo -h -n k3 -o %T) == *'*' ]]; }
# What is not to be restarted: slurmctld, slurmd, what the job runs.
pids() {
	on k0 systemctl show -P MainPID slurmctld
	on k1 "systemctl show -P MainPID slurmd; pgrep -x cat"
}
# a job with a step that lasts until it is let go
job_on() {
	on "$1" "rm -f /root/out /root/go; mkfifo /root/go"
	on k0 sbatch --parsable -w "$1" -o /root/out --wrap "srun cat /root/go; echo survived"
}
let_go() { on "$1" "timeout 60 sh -c ': >/root/go'"; }

@test "jobs and daemons live, all hosts have the new key, and what was made with the old one counts no more" {
	local old before job
	old=$(sum_of k0)
	job=$(job_on k1)
	wait_for on k1 pgrep -x cat
	before=$(pids)
	on k2 munge -n >"$DIR/credential"
	on k0 unmunge <"$DIR/credential" >/dev/null
	on k2 munge -n >"$DIR/credential"
	run reeve rotate-key --dry-run
	echo "$output"
	[ "$status" -eq 2 ]
	[ "$(sum_of k0)" = "$old" ]
	run reeve rotate-key
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"the MUNGE key was exchanged on 4 hosts; credentials between hosts failed for at most "* ]]
	[ "$(sum_of k0)" != "$old" ]
	one_key k0 k1 k2 k3
	[ "$(pids)" = "$before" ]
	job_is "$job" RUNNING
	run on k0 unmunge <"$DIR/credential"
	[ "$status" -ne 0 ]
	[[ $output == *"Invalid credential"* ]]
	[ "$(on k0 srun -N3 hostname | sort | paste -sd' ')" = "k1 k2 k3" ]
	let_go k1
	wait_for job_is "$job" COMPLETED
	on k1 grep -x survived /root/out
	run on k0 sinfo -h -o '%T %E'
	[ "$output" = "idle none" ]
	run reeve apply
	[[ $output == *"nothing to change"* ]]
}

@test "a host that is off gets the key when it is back; while slurmctld counts on it nothing is done" {
	local old
	old=$(sum_of k0)
	"$REEVE" lab fault k3 stop
	run reeve rotate-key
	echo "$output"
	if [ "$status" -eq 1 ]; then
		[[ $output == *"k3: the new MUNGE key cannot be put there"*"[key-busy]"* ]]
		[ "$(sum_of k0)" = "$old" ]
		wait_for is_off
		run reeve rotate-key
		echo "$output"
	fi
	[ "$status" -eq 3 ]
	[[ $output == *"not on k3: \`reeve apply\` brings it there when it is back"* ]]
	[ "$(sum_of k0)" != "$old" ]
	one_key k0 k1 k2
	"$REEVE" lab fault k3 start
	[ "$(sum_of k3)" = "$old" ]
	run reeve apply
	echo "$output"
	[ "$status" -eq 0 ]
	one_key k0 k1 k2 k3
	wait_for on k0 srun -N3 hostname
}

@test "one that was killed in the middle is completed by an apply, under a job" {
	local old job run
	old=$(sum_of k0)
	job=$(job_on k2)
	wait_for on k2 pgrep -x cat
	on k2 "mkdir -p /run/systemd/system/munge.service.d; printf '[Service]\nExecStartPre=/bin/sleep 600\n' >/run/systemd/system/munge.service.d/slow.conf; systemctl daemon-reload"
	"$REEVE" --lab rotate-key >"$DIR/out" 2>&1 &
	run=$!
	wait_for on k2 pgrep -fx "/bin/sleep 600"
	[ "$(sum_of k2)" != "$old" ]
	kill -9 "$run"
	wait "$run" || true
	on k2 "rm /run/systemd/system/munge.service.d/slow.conf; systemctl daemon-reload"
	on k2 pkill -fx "/bin/sleep 600"
	run reeve status
	echo "$output"
	[[ $output == *"a run was cut off, at the step 'restart what uses the MUNGE key'"* ]]
	run reeve apply
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(sum_of k0)" != "$old" ]
	one_key k0 k1 k2 k3
	job_is "$job" RUNNING
	let_go k2
	wait_for job_is "$job" COMPLETED
	on k2 grep -x survived /root/out
	run reeve plan
	[[ $output != *"was cut off"* ]]
}
