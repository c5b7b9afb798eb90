bats_require_minimum_version 1.5.0

# The module storage in containers, whose kernel has no NFS: the lab provides what would be mounted, and nothing of it is tried.
# (tests/variants/storage.bats has real servers.)

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	! grep -q nfs /proc/filesystems || skip "this kernel has NFS"
	export REEVE_CLUSTER=$BATS_FILE_TMPDIR/cluster.yaml
	cat >"$REEVE_CLUSTER" <<-E
		reeve: 1
		cluster: sharelab
		hosts: { store: 10.66.0.10, s1: 10.66.0.11, s2: 10.66.0.12 }
		controllers: [s1, s2]
		compute: [s1, s2]
		state: /mnt/nfs/state
		partitions: { batch: { nodes: all, default: true } }
		storage: { nfs: [ { server: store, export: /srv/disk, mount: /mnt/nfs } ] }
	E
	"$REEVE" lab up >&2
}

teardown_file() { "$REEVE" lab down >&2; }

on() { "$REEVE" lab ssh "$@"; }

@test "two controllers share their state on what the lab provides, and the server is left alone" {
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	on s1 'echo here >/mnt/nfs/file'
	[ "$(on s2 cat /mnt/nfs/file)" = here ]
	on store '! dpkg -s nfs-kernel-server >/dev/null 2>&1'
	run "$REEVE" --lab plan
	echo "$output"
	[[ $output == *"nothing to change"* ]]
}
