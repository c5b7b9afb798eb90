bats_require_minimum_version 1.5.0

# Containers of ordinary users on real nodes: by srun --container, and by Podman in a job. Images are made of what the node has.
# SUITE names the suite. The tests build on one another, in this order.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export REEVE_CLUSTER=$BATS_FILE_TMPDIR/cluster.yaml
	write "containers:"
	"$REEVE" lab up >&2
	# A disk: what nodes of the lab lie on is an overlay already, on which Podman can lay none.
	for n in n1 n2; do on $n 'mkdir /srv/disk && mount -t tmpfs -o size=3g disk /srv/disk'; done
}

teardown_file() { [ ! -e "$REEVE_CLUSTER" ] || "$REEVE" lab down --purge >&2; }

# write SECTION
write() {
	cat >"$REEVE_CLUSTER" <<-E
		reeve: 1
		cluster: boxlab
		hosts: { c1: 10.72.0.11, "n[1-2]": "10.72.0.[12-13]" }
		controllers: [c1]
		compute: ["n[1-2]"]
		partitions: { batch: { nodes: all, default: true } }
		modules: [core, users, containers]
		lab: { suite: ${SUITE:-bookworm} }
		users: { accounts: { alice: 2001, bob: 2002 } }
		$1
	E
}

on() { "$REEVE" lab ssh "$@"; }

section="containers: { storage: /srv/disk/images }"
images=/srv/disk/images/2001

# As a user, from where jobs are submitted, with a session's XDG_RUNTIME_DIR that no node has.
alice() { on c1 "cd /tmp; XDG_RUNTIME_DIR=/run/user/2001 runuser -u alice -- bash -c '$1' 2>&1"; }

# The bundle of the handbook: a static busybox, or the node's own shell.
bundle() {
	on "$1" 'rm -rf /srv/box; mkdir -p /srv/box/rootfs/bin /srv/box/rootfs/proc /srv/box/rootfs/lib /srv/box/rootfs/etc
		cp -L /bin/sh /bin/cat /srv/box/rootfs/bin
		for f in $(ldd /bin/sh /bin/cat | grep -o "/[^ :]*" | sort -u); do
			case $f in *.so*) mkdir -p "/srv/box/rootfs${f%/*}"; cp -L "$f" "/srv/box/rootfs$f";; esac
		done
		hostname >/srv/box/rootfs/etc/what
		mkfifo /srv/box/rootfs/fifo
		cd /srv/box && rm -f config.json && crun spec --rootless && chown -R alice: /srv/box'
}

@test "what a place or a release cannot do is said" {
	run "$REEVE" --lab plan
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"Podman cannot unpack images in /var/lib/user-containers: its file system is overlay"*"containers-storage"* ]]
	[ "${SUITE:-bookworm}" != bookworm ] || [[ $output == *"Slurm 22.05 starts one task on each node in a container"* ]]
}

@test "srun --container runs a bundle of a user's" {
	write "$section"
	run "$REEVE" --lab apply -v
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output != *"[containers-storage]"* ]]
	for n in n1 n2; do
		bundle $n
		[ "$(on $n stat -c %U:%a $images)" = alice:700 ]
		[ "$(on $n grep alice /etc/subuid)" = alice:665801536:65536 ]
		[ "$(on $n grep alice /etc/subgid)" = alice:665801536:65536 ]
	done
	run alice 'srun -N2 --container=/srv/box /bin/sh -c "read x </etc/what; echo \"in \$x\""'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"in n1"* && $output == *"in n2"* ]]
}

@test "one that is cancelled leaves nothing" {
	run alice 'sbatch --parsable -wn1 -o /dev/null --wrap "srun --container=/srv/box /bin/cat /fifo"'
	echo "$output"
	job=$output
	for _ in $(seq 50); do
		! on n1 "ls $images/oci | grep -q ." || break
		sleep 0.2
	done
	on n1 "ls $images/oci | grep -q ."
	on c1 scancel "$job"
	# what does not listen to SIGTERM has KillWait
	for _ in $(seq 100); do
		left=$(on n1 "ls $images/oci; pgrep -u alice || true")$(on c1 squeue -h)
		[ -n "$left" ] || break
		sleep 0.4
	done
	echo "$left"
	[ -z "$left" ]
}

@test "Podman runs an image in a job that was made there, without a session" {
	run "$REEVE" --lab verify containers
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"containers of alice run on n[1-2]: crun, podman"* ]]
	run alice 'srun -wn1 sh -c "tar -C /srv/box/rootfs -c . | podman import - box >/dev/null && podman run --rm box cat /etc/what"'
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = n1 ]
	run alice 'srun -wn1 podman info -f "{{.Store.GraphDriverName}} {{.Store.GraphRoot}} {{.Host.CgroupManager}}"'
	echo "$output"
	[ "${lines[-1]}" = "overlay $images/storage cgroupfs" ]
	# more ids than one: a file of another user of the image
	run alice 'srun -wn1 podman unshare cat /proc/self/uid_map'
	[[ $output == *"665801536"*"65536"* ]]
}

@test "it stays so" {
	run "$REEVE" --lab plan
	echo "$output"
	[[ $output == *"nothing to change"* ]]
}

@test "a file of somebody else's stays, and what reeve wrote goes with its runtimes" {
	on n2 'echo "# the site" >/etc/containers/storage.conf'
	run "$REEVE" --lab plan
	echo "$output"
	[[ $output == *"/etc/containers/storage.conf was not written by reeve"*"containers-foreign"* ]]
	write "containers: { runtimes: [] }"
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	for f in /etc/slurm/oci.conf /usr/local/libexec/reeve-oci /usr/local/bin/podman /etc/containers/containers.conf.d/reeve.conf; do
		on n1 "! test -e $f"
	done
	on n1 '! test -e /etc/containers/storage.conf'
	[ "$(on n2 cat /etc/containers/storage.conf)" = "# the site" ]
	run "$REEVE" --lab plan
	[[ $output == *"nothing to change"* ]]
}
