bats_require_minimum_version 1.5.0

# Scratch on real nodes, in both ways: what a job sees, what another one sees of it, and what is left when jobs are cancelled, killed with their
# node, or over. SUITE is the suite of the nodes; NET the third number of their addresses.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export lab=$BATS_FILE_TMPDIR
	export REEVE_CLUSTER=$lab/cluster.yaml
	write namespace
	"$REEVE" lab up >&2
	! awake n1 || ! awake n2 || touch "$lab/awake"
	on n1 'mkdir /scratch && mkdir -m 700 /scratch/alice'
	on n1 'chown 2001 /scratch/alice && date >/scratch/alice/kept'
}

# write HOW
write() {
	cat >"$REEVE_CLUSTER" <<-E
		reeve: 1
		cluster: scratch${SUITE:-bookworm}
		hosts: { c1: 10.70.${NET:-1}.11, "n[1-2]": "10.70.${NET:-1}.[12-13]" }
		controllers: [c1]
		compute: ["n[1-2]"]
		classes: [ { name: roomy, when: "scratch >= 10 MB", features: [roomy] } ]
		partitions: { batch: { nodes: all, default: true } }
		lab: { suite: ${SUITE:-bookworm} }
		users: { accounts: { alice: 2001, bob: 2002 } }
		scratch: { how: $1 }
	E
}

on() { "$REEVE" lab ssh "$@"; }

# as USER COMMAND, on the controller
as() { on c1 "cd /; runuser -u $1 -- bash -c '$2' 2>&1"; }

# left NODE: what is there of jobs
left() { on "$1" 'cd /scratch/jobs && find . -mindepth 1 | grep -v "^\./n[12]$" | head' || :; }

# Until nothing is, ten seconds at most.
gone() {
	for _ in $(seq 50); do
		[ -n "$(left "$1")" ] || return 0
		sleep 0.2
	done
	left "$1"
	return 1
}

idle() { on c1 'for i in $(seq 100); do [ "$(sinfo -h -o %T)" != idle ] || exit 0; sleep 0.3; done; sinfo -R; exit 1'; }

# Linux 6.18 seems to number namespaces by CPU, and refuses to keep one whose number is lower than that of the namespace it is kept from
# (reeve names that: src/modules/scratch/namespace.sh). A CPU takes higher numbers when it has used up its own: NODE's are.
awake() {
	on "$1" 'd=$(mktemp -d) && mount --bind $d $d && mount --make-private $d && : >$d/ns || exit
		for cpu in $(seq 0 $(($(nproc --all) - 1))); do
			n=0
			until taskset -c $cpu unshare --mount=$d/ns true 2>/dev/null; do
				taskset -c $cpu unshare --mount --uts --ipc --cgroup true || exit
				n=$((n + 1)); [ $n -lt 3000 ] || exit
			done
			umount $d/ns
		done'
}

@test "a run sets it up and proves it with jobs" {
	[ -e "$lab/awake" ] || skip "this kernel gives no mount namespaces"
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	run "$REEVE" --lab verify
	echo "$output"
	[ "$status" -eq 0 ]
	run "$REEVE" --lab apply
	[ "$status" -eq 0 ]
	[[ "$output" =~ "nothing to do"|"nothing to change" ]]
	run "$REEVE" --lab plan
	[ "$status" -eq 0 ]
}

@test "the size is a fact, TmpDisk of the nodes, and what --tmp and --constraint ask for" {
	[ -e "$lab/awake" ] || skip "this kernel gives no mount namespaces"
	run "$REEVE" --lab --json facts -l n1
	size=$(jq '.hosts[0].scratch_mib' <<<"$output")
	[ "$size" -gt 10 ]
	[ "$(jq -r '.hosts[0].class' <<<"$output")" = roomy ]
	[ "$(on c1 'scontrol show node n1' | grep -o 'TmpDisk=[0-9]*')" = "TmpDisk=$size" ]
	as alice 'srun --immediate=20 --tmp=1 -C roomy true'
	run as alice "srun --immediate=20 --tmp=$((size + 1)) true"
	[ "$status" -ne 0 ]
}

@test "a job has its own /tmp and /dev/shm, on the disk of scratch" {
	[ -e "$lab/awake" ] || skip "this kernel gives no mount namespaces"
	on n1 'date >/tmp/of-the-node; date >/dev/shm/of-the-node; chmod 644 /tmp/of-the-node /dev/shm/of-the-node'
	run as alice 'srun --immediate=20 -w n1 bash -c "ls /tmp /dev/shm; date >\$TMPDIR/mine; date >/dev/shm/mine; echo \$TMPDIR; stat -c %U /tmp/mine"'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ! "$output" =~ of-the-node ]]
	[[ "$output" =~ "/tmp"$'\n'"alice" ]]
	run on n1 'ls /tmp/mine /dev/shm/mine'
	[ "$status" -ne 0 ]
	gone n1
}

@test "two jobs on one node do not see each other, and root of the node sees where they are" {
	[ -e "$lab/awake" ] || skip "this kernel gives no mount namespaces"
	as alice 'sbatch -o /dev/null -w n1 -n1 --mem=50 --wrap "echo secret >/tmp/a; sleep 60"'
	sleep 3
	run as bob 'srun --immediate=20 -w n1 -n1 --mem=50 bash -c "ls -A /tmp; echo ran; ls /scratch/jobs/*/*/"'
	echo "$output"
	[[ "$output" =~ ran$'\n' ]]
	[[ "$output" =~ "Permission denied" ]]
	[[ ! "$output" =~ (^|$'\n')a($'\n'|$) ]]
	[ "$(on n1 'cat /scratch/jobs/*/*/.*/a /scratch/jobs/*/*/.*/*/a 2>/dev/null')" = secret ]
	as alice 'scancel -u alice'
	idle
	gone n1
}

@test "a node that is switched off under a job comes back without its traces" {
	[ -e "$lab/awake" ] || skip "this kernel gives no mount namespaces"
	as alice 'sbatch -o /dev/null -w n2 --wrap "date >/tmp/a; sleep 300"'
	sleep 3
	[ -n "$(left n2)" ]
	"$REEVE" lab fault n2 stop >&2
	"$REEVE" lab fault n2 start >&2
	awake n2
	as alice 'scancel -u alice' || :
	on c1 'scontrol update nodename=n2 state=resume' || :
	gone n2
}

@test "another private directory waits for idle nodes, or for a newer Slurm" {
	[ -e "$lab/awake" ] || skip "this kernel gives no mount namespaces"
	sed -i 's/how: namespace/private: [\/tmp, \/var\/tmp, \/dev\/shm]/' "$REEVE_CLUSTER"
	if [ "${SUITE:-bookworm}" = bookworm ]; then
		run "$REEVE" --lab plan
		[ "$status" -eq 1 ]
		[[ "$output" =~ "Slurm 22.05 makes /tmp and /dev/shm private and nothing else" ]]
		return
	fi
	as alice 'sbatch -o /dev/null -w n1 --wrap "sleep 300"'
	sleep 3
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 1 ]
	[[ "$output" =~ "job_container.conf of node n[1-2] can change only while no job runs there" ]]
	as alice 'scancel -u alice'
	idle
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	on n1 'date >/var/tmp/of-the-node'
	run as alice 'srun --immediate=20 -w n1 ls /var/tmp'
	[ "$status" -eq 0 ]
	[[ ! "$output" =~ of-the-node ]]
}

@test "by a prolog: TMPDIR is the job's, removed when it ends or is killed, and nothing of the other way is left" {
	write prolog
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	run "$REEVE" --lab verify
	[ "$status" -eq 0 ]
	run on n1 'ls /etc/slurm/job_container.conf'
	[ "$status" -ne 0 ]
	run as alice 'srun --immediate=20 -N2 bash -c "date >\$TMPDIR/x; stat -c %U:%a:%n \$TMPDIR"'
	echo "$output"
	[[ "${lines[0]}" =~ ^alice:700:/scratch/jobs/[0-9]+$ ]]
	[ "${lines[1]}" = "${lines[0]}" ]
	gone n1
	as alice 'sbatch -o /dev/null -w n1 -n1 --mem=50 --wrap "date >\$TMPDIR/x; sleep 300"'
	sleep 3
	[[ "$(left n1)" =~ /x ]]
	run as bob 'srun --immediate=20 -w n1 -n1 --mem=50 bash -c "cat /scratch/jobs/*/x"'
	echo "$output"
	[[ "$output" =~ "Permission denied"|"No such file" ]]
	as alice 'scancel -s KILL -u alice; scancel -u alice'
	idle
	gone n1
}

@test "remnants are found by doctor, and by nobody while jobs run" {
	on n1 'mkdir -p /scratch/jobs/4711'
	run "$REEVE" --lab doctor
	echo "$output"
	[[ "$output" =~ "1 directory of jobs that are over takes space" ]]
	on n1 'rmdir /scratch/jobs/4711'
	run "$REEVE" --lab doctor
	[[ ! "$output" =~ scratch-left ]]
}

@test "what was there before stays; a directory of somebody else's leaves the node out" {
	[ -n "$(on n1 'cat /scratch/alice/kept')" ]
	on n2 'chown 2001 /scratch'
	run "$REEVE" --lab plan
	echo "$output"
	[[ "$output" =~ "/scratch belongs to the uid 2001" ]]
	on n2 'chown 0 /scratch'
	sed -i 's/how: prolog/how: prolog, mount: true/' "$REEVE_CLUSTER"
	run "$REEVE" --lab plan
	[[ "$output" =~ "nothing is mounted at /scratch" ]]
}

teardown_file() {
	[ ! -e "$lab/cluster.yaml" ] || "$REEVE" lab down --purge >&2
}
