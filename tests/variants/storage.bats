bats_require_minimum_version 1.5.0

# NFS as it is: a server without a role, two controllers that keep their state on it, and a node, each with a kernel of its own. The
# tests build on one another, in this order. What must not hang has timeout(1) before it, with much more time than it takes: these
# nodes are slow, and slower still where the machine has other work. That a session waits for a dead server once is shown by
# tests/agent/test_remote.py.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ "$(dpkg --print-architecture)" = amd64 ] || skip "user-mode Linux is there for amd64 only"
	export REEVE=${REEVE:?} DIR=$BATS_FILE_TMPDIR
	export REEVE_CLUSTER=$DIR/cluster.yaml
	write
	"$REEVE" lab down --purge >&2
	"$REEVE" lab up >&2
	# Nodes that have just booted may be too slow for the agent to come in a command's time; what came stays.
	for _ in 1 2 3 4 5; do ! "$REEVE" --lab facts >/dev/null || break; done
}

# What the nodes say when a test has failed.
teardown() {
	[ -z "${BATS_TEST_COMPLETED:-}" ] || return 0
	for node in store h1 h2 n1; do
		echo "== $node"
		timeout 120 "$REEVE" lab ssh "$node" -- 'systemctl --no-legend --failed; grep -E " (nfs4?|autofs) " /proc/mounts
			journalctl -n 20 -o short-monotonic --no-pager; tail -n 5 /var/log/slurm/*.log' 2>&1 || true
	done
}

teardown_file() { [ ! -e "$REEVE_CLUSTER" ] || "$REEVE" lab down --purge >&2; }

# write [MOUNT...]: cluster.yaml, with these behind the first mount.
write() {
	cat >"$REEVE_CLUSTER" <<-END
		reeve: 1
		cluster: storelab
		hosts: { store: 10.84.0.10, h1: 10.84.0.11, h2: 10.84.0.12, n1: 10.84.0.13 }
		controllers: [h1, h2]
		compute: [n1]
		state: /mnt/nfs/slurm
		partitions: { main: { nodes: all, default: true } }
		storage:
		  nfs: [ { server: store, export: /srv/disk, mount: /mnt/nfs }${*} ]
		users: { home: /mnt/nfs/home, accounts: { alice: 2001 } }
		slurm: { SlurmctldTimeout: 20, ReturnToService: 2 }
		lab: { backend: uml, memory: 1024 MB }
	END
}

# reeve COMMAND...: where the machine has other work, such nodes may not answer in time; then they are asked again, as a person would.
reeve() {
	for _ in 1 2 3 4 5; do
		run "$REEVE" --lab "$@"
		[[ $output == *"[unreached]"* ]] || break
	done
	echo "$output"
}

on() {
	local node=$1
	shift
	"$REEVE" lab ssh "$node" -- "$@"
}

# wait NODE COMMAND: until it succeeds.
wait_on() { on "$1" "for i in \$(seq 300); do $2 && exit 0; sleep 1; done; exit 1"; }

started() { on "$1" systemctl show -p ExecMainStartTimestampMonotonic,ActiveEnterTimestampMonotonic "$2"; }

@test "a directory above the export that nobody may pass is found on the server" {
	on store 'install -d -m 700 /srv'
	reeve plan
	[[ $output == *"store: /srv has mode 0700: users and the user slurm cannot reach the export /srv/disk [storage-path]"* ]]
	[[ $output == *"on store: chmod o+x /srv"* ]]
	on store 'chmod o+x /srv; install -d -m 700 /srv/disk'
}

@test "server, mounts, state and homes come in one run, with their packages, and a job of a user writes there" {
	# They are in the image, since unpacking them takes so long: here they come as elsewhere.
	on store dpkg --purge nfs-kernel-server &
	on n1 dpkg --purge nfs-kernel-server nfs-common
	wait $!
	reeve plan
	[[ $output == *"directory:/srv/disk  (servers: store)"*"mode 0700, not 0755"* ]]
	reeve apply
	[ "$status" -eq 0 ]
	for host in h1 h2 n1; do [ "$(on $host stat -f -c %T /mnt/nfs)" = nfs ]; done
	on store dpkg-query -W nfs-kernel-server
	on n1 'dpkg-query -W nfs-common && ! dpkg -s nfs-kernel-server 2>/dev/null | grep "^Status:.*installed"'
	[ "$(on store cat /srv/disk/slurm/clustername)" = storelab ]
	[ "$(on store stat -c %u:%a /srv/disk/home/alice)" = 2001:700 ]
	on store '[ ! -e /etc/slurm/slurm.conf ] && [ "$(readlink /mnt/nfs)" = /srv/disk ]'
	reeve plan
	[ "$status" -eq 0 ]
	[[ $output == *"nothing to change"* ]]
}

@test "root of the controllers is root there, and no other" {
	on h1 touch /mnt/nfs/by-h1
	run ! on n1 touch /mnt/nfs/by-n1
	on n1 'runuser -u alice -- touch /mnt/nfs/home/alice/hers'
	run on store 'exportfs -s | sed -n "s,^/srv/disk *\([^(]*\)(.*,\1,p" | sort | xargs'
	[ "$output" = "10.84.0.11 10.84.0.12 10.84.0.13" ]
}

@test "the other controller goes on with the state" {
	on h1 'scontrol update PartitionName=main MaxTime=77; systemctl stop slurmctld'
	wait_on h2 'scontrol show partition main 2>/dev/null | grep -q MaxTime=01:17:00'
	on h1 'systemctl start slurmctld'
	wait_on h1 'scontrol ping | grep -q "primary) at h1 is UP"'
	on h1 'scontrol update PartitionName=main MaxTime=UNLIMITED'
}

@test "mounts more, with options and when they are used, and less: nothing that is mounted notices" {
	local before holder
	before=$(started store nfs-server)
	on n1 'rm -f /run/enough; exec runuser -u alice -- sh -c "exec 3>/mnt/nfs/home/alice/held
		for i in \$(seq 1800); do [ ! -e /run/enough ] || break; sleep 1; done; echo kept >&3"' &
	holder=$!
	wait_on n1 'test -e /mnt/nfs/home/alice/held'
	write ", { server: store, export: /srv/more, mount: /data, on: n1, options: [ro, nosuid, rsize=32768] }" \
		", { server: store, export: /srv/seldom, mount: /seldom, on: n1, automount: true }"
	reeve apply
	[ "$status" -eq 0 ]
	[ "$(on n1 stat -f -c %T /data)" = nfs ]
	run on n1 'grep " /data nfs4 " /proc/mounts'
	echo "$output"
	[[ $output == *" ro,"*nosuid*rsize=32768*,hard,* ]]
	run ! on n1 touch /data/file
	run ! on h1 test -e /data
	# Let go of, it comes when somebody looks.
	on n1 'systemctl stop seldom.mount; ! grep " /seldom nfs" /proc/mounts && [ "$(systemctl is-enabled seldom.automount)" = enabled ]'
	on store 'echo seen >/srv/seldom/file'
	[ "$(on n1 cat /seldom/file)" = seen ]
	on n1 'grep " /seldom nfs4 " /proc/mounts'
	[ "$(started store nfs-server)" = "$before" ]
	write
	reeve apply
	[ "$status" -eq 0 ]
	run ! on n1 mountpoint -q /data
	run ! on n1 'grep " /seldom " /proc/mounts'
	[ "$(on store grep -c -e /srv/more -e /srv/seldom /etc/exports.d/reeve.exports)" = 0 ]
	on n1 touch /run/enough
	wait "$holder"
	[ "$(on store cat /srv/disk/home/alice/held)" = kept ]
}

@test "a server that is off hangs nobody, and is named once" {
	"$REEVE" lab fault store stop
	for command in plan status doctor apply; do
		run timeout 400 "$REEVE" --lab $command
		echo "$command: $status: $output"
		[ "$status" -ne 124 ]
		[[ $output == *"h[1-2],n1: the NFS server store does not answer: /mnt/nfs"*"[storage-server]"* ]]
		[ "$(grep -c storage-server <<<"$output")" = 1 ]
	done
}

@test "hosts that boot while the server is off heal by themselves when it comes" {
	for host in h1 n1; do "$REEVE" lab fault $host stop; done
	for host in h1 n1; do "$REEVE" lab fault $host start; done
	on h1 'sleep 60; ! mountpoint -q /mnt/nfs && ! systemctl -q is-active slurmctld && ! find /mnt/nfs -mindepth 1 | grep -q .'
	"$REEVE" lab fault store start
	wait_on h1 'systemctl -q is-active slurmctld && scontrol ping | grep -q "primary) at h1 is UP"'
	wait_on n1 'mountpoint -q /mnt/nfs'
	wait_on h1 '[ "$(sinfo -h -o %T -n n1)" = idle ]'
	reeve apply --verify
	[ "$status" -eq 0 ]
}
