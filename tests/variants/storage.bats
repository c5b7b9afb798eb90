bats_require_minimum_version 1.5.0

# NFS as it is: a server without a role, two controllers that keep their state on it, and a node, each with a kernel of its own. The
# tests build on one another, in this order. What must not hang has timeout(1) before it.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ "$(dpkg --print-architecture)" = amd64 ] || skip "user-mode Linux is there for amd64 only"
	export REEVE=${REEVE:?} DIR=$BATS_FILE_TMPDIR
	export REEVE_CLUSTER=$DIR/cluster.yaml
	write
	"$REEVE" lab down --purge >&2
	"$REEVE" lab up >&2
}

teardown_file() { [ ! -e "$REEVE_CLUSTER" ] || "$REEVE" lab down --purge >&2; }

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
		  nfs: [ { server: store, export: /srv/disk, mount: /mnt/nfs }${1:-} ]
		users: { home: /mnt/nfs/home, accounts: { alice: 2001 } }
		slurm: { SlurmctldTimeout: 20, ReturnToService: 2 }
		lab: { backend: uml, memory: 1024 MB }
	END
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
	run "$REEVE" --lab plan
	echo "$output"
	[[ $output == *"store: /srv has mode 0700: users and the user slurm cannot reach the export /srv/disk [storage-path]"* ]]
	[[ $output == *"on store: chmod o+x /srv"* ]]
	on store 'chmod o+x /srv; install -d -m 700 /srv/disk'
}

@test "server, mounts, state and homes come in one run, and a job of a user writes there" {
	run "$REEVE" --lab plan
	echo "$output"
	[[ $output == *"directory:/srv/disk  (servers: store)"*"mode 0700, not 0755"* ]]
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	for host in h1 h2 n1; do [ "$(on $host stat -f -c %T /mnt/nfs)" = nfs ]; done
	[ "$(on store cat /srv/disk/slurm/clustername)" = storelab ]
	[ "$(on store stat -c %u:%a /srv/disk/home/alice)" = 2001:700 ]
	on store '[ ! -e /etc/slurm/slurm.conf ] && [ "$(readlink /mnt/nfs)" = /srv/disk ]'
	run "$REEVE" --lab plan
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"nothing to change"* ]]
}

@test "root of the controllers is root there, and no other" {
	on h1 touch /mnt/nfs/by-h1
	run ! on n1 touch /mnt/nfs/by-n1
	on n1 'runuser -u alice -- touch /mnt/nfs/home/alice/hers'
	run ! on store 'showmount -e localhost | grep -v "10.84.0.1[123]" | grep /srv/disk'
}

@test "the other controller goes on with the state" {
	on h1 'scontrol update PartitionName=main MaxTime=77; systemctl stop slurmctld'
	wait_on h2 'scontrol show partition main 2>/dev/null | grep -q MaxTime=01:17:00'
	on h1 'systemctl start slurmctld'
	wait_on h1 'scontrol ping | grep -q "primary) at h1 is UP"'
	on h1 'scontrol update PartitionName=main MaxTime=UNLIMITED'
}

@test "a mount more, and one less: nothing that is mounted notices" {
	local before
	before=$(started store nfs-server)
	on n1 'exec 3>/mnt/nfs/home/alice/held; sleep 1; echo >&3' &
	write ", { server: store, export: /srv/more, mount: /data, on: n1, options: [ro] }"
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	wait
	[ "$(on n1 stat -f -c %T /data)" = nfs ]
	[ "$(started store nfs-server)" = "$before" ]
	run ! on n1 touch /data/file
	run ! on h1 test -e /data
	write
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	run ! on n1 mountpoint -q /data
	[ "$(on store cat /etc/exports.d/reeve.exports | grep -c /srv/more)" = 0 ]
}

@test "a server that is off hangs nobody, and is named once" {
	"$REEVE" lab fault store stop
	for command in plan status doctor apply; do
		run timeout 200 "$REEVE" --lab $command
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
	run "$REEVE" --lab apply --verify
	echo "$output"
	[ "$status" -eq 0 ]
}
