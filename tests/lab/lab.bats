bats_require_minimum_version 1.5.0

# The lab by itself: real nodes, driven through its library (labctl). Needs root and, for the first image, the network.
# LABCTL is the program, of the developers' build; the lab has a name and a network of its own, so that others are not touched.

setup_file() {
	export LABCTL=${LABCTL:-${REEVE_BUILD:?}/tests/lab/labctl}
	[ "$(id -u)" = 0 ] || skip "needs root"
	export LAB=labtest NODES="ada=10.79.4.11 bea=10.79.4.12"
	"$LABCTL" down "$LAB" purge
}

teardown_file() {
	"$LABCTL" down "$LAB" purge
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || tail -n 12 "${REEVE_CACHE:-/var/cache/reeve}/labs/$LAB"/nodes/*/log || true
}

up() {
	# shellcheck disable=SC2086
	"$LABCTL" up "$LAB" ${1-$NODES}
}

in_node() {
	"$LABCTL" ssh "$LAB" "$@"
}

# What the kernel has of the lab, a line for each thing: nothing when it is down.
leftovers() {
	ip -brief link show | grep -E '^(rv-labtest|vb-labtest)' || true
	nft list tables | grep reeve_labtest || true
	find /sys/fs/cgroup -type d -path '*reeve-lab/labtest*' 2>/dev/null || true
	lab_pids
	grep -ls '/reeve-lab/labtest' /proc/[0-9]*/cgroup || true
	grep -hs "labs/$LAB" /proc/[0-9]*/mountinfo || true
	ls -d /run/systemd/nspawn/propagate/labtest* 2>/dev/null || true
}

# The systemd-nspawn processes of the lab, as the kernel tells.
lab_pids() {
	grep -lzsE "^--machine=${LAB}[0-9a-f]{4}-" /proc/[0-9]*/cmdline | cut -d/ -f3 || true
}

@test "up: nodes answer, by name, host name and address" {
	run up
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(in_node ada hostname)" = ada ]
	[ "$(in_node 10.79.4.12 hostname)" = bea ]
	[ "$(in_node bea getent hosts ada | tr -s ' ')" = "10.79.4.11 ada" ]
}

@test "ssh passes on output, errors and exit status" {
	run -7 in_node ada 'echo out; echo err >&2; exit 7'
	[[ "$output" == *out* && "$output" == *err* ]]
	run -0 in_node ada true
	run -1 in_node nobody true
	[[ "$output" == *"has no node nobody"* ]]
}

@test "nodes are bare Debian: systemd runs, sshd's key is the lab's, no Slurm, no MUNGE" {
	run in_node ada 'systemctl is-system-running --wait; systemctl list-units --failed --no-legend'
	echo "$output"
	[ "$output" = running ]
	run in_node ada 'command -v slurmd munged slurmctld'
	[ -z "$output" ]
	[ "$(in_node ada cat /etc/machine-id)" != "$(in_node bea cat /etc/machine-id)" ]
	[ "$(in_node ada cat /etc/ssh/ssh_host_ed25519_key.pub)" != "$(in_node bea cat /etc/ssh/ssh_host_ed25519_key.pub)" ]
}

@test "what a cluster installs first comes out of the image, without the network" {
	in_node ada 'ip route delete default && apt-get -q -y --no-install-recommends install munge slurmd slurmctld slurm-client lmod'
	in_node ada 'slurmd -C' | grep -q '^NodeName=ada '
	run in_node bea 'command -v slurmd'
	[ "$status" -ne 0 ]
}

@test "slurmd's control groups: the v1 controllers can be written inside, and each node has its own" {
	[ -d /sys/fs/cgroup/freezer ] || skip "no v1 controllers here"
	in_node ada mkdir /sys/fs/cgroup/freezer/slurm_ada
	run in_node bea test -d /sys/fs/cgroup/freezer/slurm_ada
	[ "$status" -eq 1 ]
}

@test "a service stopped in one node goes on in the other" {
	in_node bea systemctl is-active ssh
	in_node ada 'systemctl stop dbus.socket dbus.service'
	in_node bea systemctl is-active dbus
}

@test "the shared directory is the same in all nodes" {
	in_node ada 'echo here > /mnt/nfs/file'
	[ "$(in_node bea cat /mnt/nfs/file)" = here ]
}

@test "a second up starts nothing anew; a node asked for more joins, and the others know its name" {
	local before after
	before=$("$LABCTL" status "$LAB")
	up
	after=$("$LABCTL" status "$LAB")
	[ "$before" = "$after" ]
	up "$NODES cleo=10.79.4.13"
	in_node cleo true
	[ "$(in_node ada getent hosts cleo | tr -s ' ')" = "10.79.4.13 cleo" ]
	[ "$("$LABCTL" status "$LAB" | head -2)" = "$before" ]
}

@test "two at once: both succeed, the nodes are started once" {
	"$LABCTL" fault "$LAB" cleo stop
	up "$NODES cleo=10.79.4.13" &
	up "$NODES cleo=10.79.4.13"
	wait $!
	[ "$(lab_pids | wc -l)" -eq 3 ]
}

@test "stop and start: the disk stays" {
	in_node bea 'echo kept > /root/kept; sync'
	"$LABCTL" fault "$LAB" bea stop
	"$LABCTL" status "$LAB" | grep -q '^bea .* off - '
	run -255 in_node bea true
	"$LABCTL" fault "$LAB" bea start
	[ "$(in_node bea cat /root/kept)" = kept ]
}

@test "cut and heal: the node runs on and is not reached" {
	"$LABCTL" fault "$LAB" bea cut
	"$LABCTL" status "$LAB" | grep -q '^bea .* up - cut '
	run in_node ada 'timeout 2 bash -c "</dev/tcp/10.79.4.12/22"'
	[ "$status" -ne 0 ]
	"$LABCTL" fault "$LAB" bea heal
	in_node bea true
}

@test "a network that the machine has elsewhere is refused, with its route" {
	ip link add rvtest0 type bridge
	ip address add 10.79.5.1/24 dev rvtest0
	ip link set rvtest0 up
	run "$LABCTL" up labtestx "x=10.79.5.20"
	ip link delete rvtest0
	"$LABCTL" down labtestx purge
	[ "$status" -eq 1 ]
	[[ "$output" == *"10.79.5.0/24 by rvtest0"* ]]
}

@test "everything killed: up again finds what is left, and nodes answer" {
	local pid
	for pid in $(lab_pids); do kill -9 "$pid"; done
	sleep 1
	[ -z "$(lab_pids)" ]
	ip -brief link show | grep -q '^rv-labtest'
	run up
	echo "$output"
	[ "$status" -eq 0 ]
	in_node ada true
	in_node bea true
	[ "$(lab_pids | wc -l)" -eq 2 ]
}

@test "killed while it starts: up again" {
	"$LABCTL" down "$LAB"
	# its first node is there, and does not answer yet
	"$LABCTL" up "$LAB" $NODES &
	local starting=$!
	until [ -n "$(lab_pids)" ]; do kill -0 $starting; done
	kill -9 $starting
	run ! wait $starting
	up
	in_node ada true
	[ "$(lab_pids | wc -l)" -eq 2 ]
}

@test "down leaves nothing; again is no error; keys stay until purged" {
	"$LABCTL" down "$LAB"
	# what was killed stays in its group until its parent has heard of it
	for _ in 1 2 3 4 5 6; do
		run leftovers
		[ -n "$output" ] || break
		sleep 0.5
	done
	echo "$output"
	[ -z "$output" ]
	"$LABCTL" down "$LAB"
	[ -z "$("$LABCTL" status "$LAB")" ]
	local cache=${REEVE_CACHE:-/var/cache/reeve}
	[ -f "$cache/labs/$LAB/keys/id_ed25519" ]
	[ ! -e "$cache/labs/$LAB/nodes" ]
	"$LABCTL" down "$LAB" purge
	[ ! -e "$cache/labs/$LAB" ]
}
