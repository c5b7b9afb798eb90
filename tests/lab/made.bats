bats_require_minimum_version 1.5.0

# Containers that are shown memory and GPUs which the machine does not have, and what reeve and Slurm make of them. The tests
# build on one another.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -d /sys/bus/pci/devices ] || skip "the kernel has no PCI bus to mount over"
	export REEVE=${REEVE:?} DIR=$BATS_FILE_TMPDIR
	export REEVE_CLUSTER=$DIR/cluster.yaml
	cat >"$REEVE_CLUSTER" <<-END
		reeve: 1
		cluster: labmade
		hosts: { head: 10.89.0.10, little: 10.89.0.11, cards: 10.89.0.12, same: 10.89.0.13 }
		controllers: head
		compute: [head, little, cards]
		classes:
		  - { name: gpu, when: "gpus >= 1", features: [gpu] }
		  - { name: good, when: "memory >= 7000 MB" }
		  - { name: small, when: "memory < 7000 MB", exclude: "below the floor" }
		partitions:
		  work: { nodes: "class:good", default: true }
		  gpu: { nodes: "class:gpu" }
		lab:
		  nodes:
		    head: { memory: 7812 MB }
		    little: { memory: 3797 MB }
		    cards: { memory: 2 GB, gpus: 2 }
	END
	"$REEVE" lab down --purge
	"$REEVE" lab up
}

teardown_file() {
	[ ! -e "$REEVE_CLUSTER" ] || "$REEVE" lab down --purge
}

on() {
	local node=$1
	shift
	"$REEVE" lab ssh "$node" -- "$@"
}

apply() { "$REEVE" --lab apply "$@"; }

# What answers for the lab's nodes in the kernel's place, a line each.
answering() {
	local dir
	for dir in $(grep -lxs reeve-lab-ram /proc/[0-9]*/comm | xargs -r dirname); do
		! grep -qs '/reeve-lab/labmade' "$dir/cgroup" || echo "$dir"
	done
}

# MiB by sysinfo(2), in the program that asks as slurmd does.
pages() { on "$1" 'echo $(($(getconf _PHYS_PAGES) * $(getconf PAGE_SIZE) / 1048576))'; }
meminfo() { on "$1" "awk '/^MemTotal:/ { print int(\$2 / 1024) }' /proc/meminfo"; }

@test "/proc/meminfo and sysinfo(2) say the same, and of each node what was asked for" {
	[ "$(pages head) $(meminfo head)" = "7812 7812" ]
	[ "$(pages little) $(meminfo little)" = "3797 3797" ]
	[ "$(pages cards) $(meminfo cards)" = "2048 2048" ]
	local machine
	machine=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
	[ "$(pages same) $(meminfo same)" = "$machine $machine" ]
	# no amount is more than all of it
	on little "awk '/ kB\$/ && \$2 > 3797 * 1024 { print; bad = 1 } END { exit bad }' /proc/meminfo"
	# for a user, too
	[ "$(on little "setpriv --reuid=65534 --clear-groups getconf _PHYS_PAGES")" = $((3797 * 256)) ]
}

@test "all of a node may use no more than that" {
	group=$(find /sys/fs/cgroup -maxdepth 4 -type d -path '*reeve-lab/labmade*/little')
	run cat $(sed -e 's|$|/memory.limit_in_bytes|;p;s|memory.limit_in_bytes|memory.max|' <<<"$group")
	echo "$output"
	grep -qx $((3797 * 1048576)) <<<"$output"
}

@test "status says what the nodes were given" {
	run -0 "$REEVE" lab status
	echo "$output"
	grep -Eq '^little +10\.89\.0\.11 .* nspawn +3797 MB +up' <<<"$output"
	grep -Eq '^same +10\.89\.0\.13 .* nspawn +- +up' <<<"$output"
	run -0 --separate-stderr "$REEVE" lab status --json
	jq -e '[.nodes[] | {(.name): [.memory_mib, .gpus]}] | add == {head: [7812, 0], little: [3797, 0], cards: [2048, 2], same: [null, 0]}' <<<"$output"
}

@test "classes follow from it: the small node is left out, and the reason is told" {
	run -0 apply
	echo "$output"
	[ "$(on head sinfo -h -N -o '%N %P %T' | xargs)" = "cards gpu idle head work* idle" ]
	[ "$(on head 'scontrol show node head' | grep -o 'RealMemory=[0-9]*')" = RealMemory=7556 ]
	[ "$(on head 'slurmd -C' | grep -o 'RealMemory=[0-9]*')" = RealMemory=7812 ]
	run -0 "$REEVE" --lab status
	echo "$output"
	[[ $output == *"little excluded: below the floor (class small)"* ]]
	run on little command -v slurmd
	[ "$status" -ne 0 ]
	run -0 apply
	[[ $output == *"nothing to change"* ]]
}

@test "a job gets the GPU that it asks for, and no other" {
	[ "$(on head 'scontrol show node cards' | grep -o 'Gres=[^ ]*')" = Gres=gpu:tesla_t4:2 ]
	run -0 on head "srun -p gpu --gres=gpu:1 sh -c 'hostname; echo devices=\$CUDA_VISIBLE_DEVICES'"
	[ "$output" = $'cards\ndevices=0' ]
	run -0 on head "srun -p gpu --gres=gpu:tesla_t4:2 sh -c 'echo devices=\$CUDA_VISIBLE_DEVICES'"
	[ "$output" = devices=0,1 ]
	run -1 on head srun -p gpu --immediate=5 --gres=gpu:3 true
	# ENXIO where there is no driver, EPERM where the job's control group says so
	run on head "srun -p gpu --gres=gpu:1 sh -c 'for d in 0 1; do (: </dev/nvidia\$d) 2>&1; done; true'"
	echo "$output"
	[[ $output == *"nvidia0: No such device or address"* ]]
	[[ $output == *"nvidia1: Operation not permitted"* ]]
	# the others have no such thing
	run -2 on head ls /dev/nvidia0
}

@test "after a power cut they have the same, and one process for each answers" {
	"$REEVE" lab fault cards stop
	"$REEVE" lab fault cards start
	[ "$(pages cards) $(meminfo cards)" = "2048 2048" ]
	run on cards ls /sys/bus/pci/devices
	[ "$output" = $'0000:3b:00.0\n0000:3c:00.0' ]
	run -0 apply
	echo "$output"
	[ "$(on head sinfo -h -n cards -o %T)" = idle ]
}

@test "a node that is asked for with other memory is another node" {
	sed -i 's/3797 MB/3800 MB/' "$REEVE_CLUSTER"
	run -1 "$REEVE" lab up
	echo "$output"
	[[ $output == *"little runs with another"*"memory, GPUs"*"'reeve lab down' first"* ]]
	sed -i 's/3800 MB/3797 MB/' "$REEVE_CLUSTER"
}

@test "GPUs are for containers" {
	sed 's/cards: {/cards: { backend: uml,/' "$REEVE_CLUSTER" >"$DIR/uml.yaml"
	run -1 "$REEVE" -f "$DIR/uml.yaml" lab up
	echo "$output"
	[[ $output == *"cards cannot have GPUs: a node of uml"* ]]
}

@test "down: what answered has ended" {
	[ "$(answering | wc -l)" -eq 3 ]
	"$REEVE" lab down
	# its parent is the machine's first process, which may be slow to ask for its end
	for _ in $(seq 100); do
		[ -n "$(answering)" ] || break
		sleep 0.1
	done
	[ -z "$(answering)" ]
}
