bats_require_minimum_version 1.5.0

# GPUs on nodes that have none: PCI devices and a driver's /proc are mounted over the node's own, device files are made, and
# from there on all is real: facts, slurm.conf, gres.conf, slurmd, slurmctld, srun. The tests build on one another.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -d /sys/bus/pci/devices ] || skip "the kernel has no PCI bus to mount over"
	export REEVE=${REEVE:?} DIR=$BATS_FILE_TMPDIR
	export REEVE_CLUSTER=$DIR/cluster.yaml
	cat >"$REEVE_CLUSTER" <<-END
		reeve: 1
		cluster: labgpu
		hosts:
		  gctl: 10.84.0.11
		  gnode: 10.84.0.12
		controllers: [gctl]
		compute: all
		partitions:
		  work: { nodes: all, default: true }
		slurm:
		  min_job_age: 300
	END
	"$REEVE" lab down || true
	"$REEVE" lab up
	card 0000:3b:00.0 0
	card 0000:5e:00.0 1
	on gnode "mount --bind /srv/pci /sys/bus/pci/devices; mkdir -p /srv/driver/nvidia; mount --bind /srv/driver /proc/driver"
}

teardown_file() {
	"$REEVE" lab down
}

on() {
	local node=$1
	shift
	"$REEVE" lab ssh "$node" -- "$@"
}

# card ADDRESS MINOR: an NVIDIA T4, as sysfs and its driver show it.
card() {
	on gnode "set -e
		d=/srv/pci/$1 i=/srv/driver/nvidia/gpus/$1
		mkdir -p \$d \$i
		echo 0x030200 >\$d/class; echo 0x10de >\$d/vendor; echo 0x1eb8 >\$d/device
		cat /sys/devices/system/cpu/online >\$d/local_cpulist
		ln -sfn ../../../bus/pci/drivers/nvidia \$d/driver
		printf 'Model: \\t\\t Tesla T4\\nIRQ:   \\t\\t 77\\nDevice Minor: \\t $2\\nGPU Excluded:\\t No\\n' >\$i/information
		mknod -m 666 /dev/nvidia$2 c 195 $2"
}

apply() { "$REEVE" --lab apply "$@"; }
plan() { "$REEVE" --lab plan "$@"; }
gpus_of() { on gctl scontrol show node gnode | grep -o 'Gres=[^ ]*'; }

# A change of min_job_age, for what only happens when slurm.conf changes.
set_age() { sed -i "s/min_job_age: .*/min_job_age: $1/" "$REEVE_CLUSTER"; }

@test "a cluster comes up with the GPUs that are there" {
	run "$REEVE" --lab facts --json
	echo "$output"
	[[ $output == *'"tesla_t4"'* ]]
	run apply
	echo "$output"
	[ "$status" -eq 0 ]
	on gnode cat /etc/slurm/gres.conf
	on gctl grep -x 'NodeName=gnode Name=gpu Type=tesla_t4 File=/dev/nvidia\[0-1\] Flags=nvidia_gpu_env' /etc/slurm/gres.conf
	[ "$(on gctl sha256sum /etc/slurm/gres.conf)" = "$(on gnode sha256sum /etc/slurm/gres.conf)" ]
	on gctl grep -q '^GresTypes=gpu$' /etc/slurm/slurm.conf
	# slurmctld cannot track a GRES without slurmdbd, and ends when it should.
	run -1 on gctl grep -q '^AccountingStorageTRES' /etc/slurm/slurm.conf
	[ "$(gpus_of)" = "Gres=gpu:tesla_t4:2" ]
	[ "$(on gctl sinfo -h -o %T)" = idle ]
	run apply
	echo "$output"
	[[ $output == *"nothing to change"* ]]
}

@test "slurmd -G says what gres.conf says" {
	run on gnode slurmd -G
	echo "$output"
	[[ $output == *"Name=gpu Type=tesla_t4 Count=2 "*"File=/dev/nvidia[0-1]"* ]]
	run -0 on gctl slurmd -G
	[[ $output != *tesla_t4* ]]
}

@test "jobs get the cards they ask for, and no other" {
	run on gctl "srun --gres=gpu:1 sh -c 'echo node=\$SLURMD_NODENAME devices=\$CUDA_VISIBLE_DEVICES'"
	echo "$output"
	[[ $output == *"node=gnode devices=0"* ]]
	run on gctl "srun --gres=gpu:tesla_t4:2 sh -c 'echo devices=\$CUDA_VISIBLE_DEVICES'"
	echo "$output"
	[[ $output == *"devices=0,1"* ]]
	run -1 on gctl srun --immediate=5 --gres=gpu:3 true
	echo "$output"
	# ConstrainDevices: opening a device without a driver is ENXIO, one that the job was not given is EPERM.
	on gctl grep -q '^ConstrainDevices=yes$' /etc/slurm/cgroup.conf
	run on gctl "srun --gres=gpu:1 sh -c 'for d in 0 1; do (: </dev/nvidia\$d) 2>&1; done; true'"
	echo "$output"
	[[ $output == *"nvidia1: Operation not permitted"* ]]
	[[ $output == *"nvidia0: No such device or address"* ]]
}

@test "a device file that is gone is found before slurmd dies of it" {
	on gctl "sbatch -w gctl --wrap 'sleep 3000'"
	on gnode rm /dev/nvidia1
	run plan
	echo "$output"
	[[ $output == *"gnode: /dev/nvidia1 of the NVIDIA card at 0000:5e:00.0 is not there"* ]]
	[[ $output == *"nvidia-modprobe"* ]]
	# The node's line keeps what it should have; gres.conf names what slurmd will find, and slurmd lives.
	set_age 301
	run apply
	echo "$output"
	on gctl grep -q 'Gres=gpu:tesla_t4:2' /etc/slurm/slurm.conf
	on gnode grep -q 'File=/dev/nvidia0 ' /etc/slurm/gres.conf
	[ "$(on gnode systemctl is-active slurmd)" = active ]
	on gnode systemctl restart slurmd
	sleep 3
	[ "$(on gnode systemctl is-active slurmd)" = active ]
	run on gctl scontrol show node gnode
	echo "$output"
	[[ $output == *"State="*DRAIN* ]]
	[[ $output == *"gpu:tesla_t4:1 less"* || $output == *"count reported lower than configured"* ]]
	[ "$(on gctl squeue -h -t R -o %N)" = gctl ]
}

@test "mended, the node comes back with all of them" {
	on gnode mknod -m 666 /dev/nvidia1 c 195 1
	run apply
	echo "$output"
	on gnode grep -q 'File=/dev/nvidia\[0-1\] ' /etc/slurm/gres.conf
	[[ $output == *"gnode: verified, resumed"* ]]
	run on gctl "srun -w gnode --gres=gpu:2 sh -c 'echo devices=\$CUDA_VISIBLE_DEVICES'"
	echo "$output"
	[[ $output == *"devices=0,1"* ]]
}

@test "a card without its driver is named, and one more GPU is accepted when the node is idle" {
	on gnode "set -e; d=/srv/pci/0000:af:00.0; mkdir -p \$d; cp /srv/pci/0000:3b:00.0/[cl]* /srv/pci/0000:3b:00.0/vendor \
		/srv/pci/0000:3b:00.0/device \$d/"
	run plan
	echo "$output"
	[[ $output == *"the NVIDIA card at 0000:af:00.0 has no driver"* ]]
	card 0000:af:00.0 2
	on gnode "echo 0 >/srv/pci/0000:af:00.0/local_cpulist"
	on gctl "sbatch -w gnode --wrap 'sleep 3000'"
	for _ in $(seq 60); do
		[ "$(on gctl squeue -h -t R -w gnode -o %i | wc -l)" -eq 0 ] || break
		sleep 0.5
	done
	run plan
	echo "$output"
	[[ $output == *"gpu:tesla_t4:1 more"* && $output == *"reeve accept gnode"* ]]
	run "$REEVE" --lab accept gnode
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"Gres of node gnode can change only while no job runs there"* ]]
	on gctl "scancel \$(squeue -h -w gnode -o %i)"
	for _ in $(seq 60); do
		[ "$(on gctl sinfo -h -n gnode -o %T)" != idle ] || break
		sleep 0.5
	done
	run "$REEVE" --lab accept gnode
	echo "$output"
	[ "$status" -eq 0 ]
	# "(S:0)" behind it: the sockets of its cores
	[[ $(gpus_of) == "Gres=gpu:tesla_t4:3"* ]]
	on gnode grep -q 'File=/dev/nvidia2 Cores=0 ' /etc/slurm/gres.conf
	run on gnode slurmd -G
	echo "$output"
	[[ $output == *"File=/dev/nvidia2 Cores=0 "* ]]
	run on gctl "srun -w gnode --gres=gpu:3 sh -c 'echo devices=\$CUDA_VISIBLE_DEVICES'"
	echo "$output"
	[[ $output == *"devices=0,1,2"* ]]
	[ "$(on gctl squeue -h -t R -o %N)" = gctl ]
}

# No library of NVIDIA's is here: slurmd says so, and takes the lines as they are.
@test "AutoDetect=nvml is written where slurmd has the plugin, and the node is idle" {
	printf 'gpus: { autodetect: nvml }\n' >>"$REEVE_CLUSTER"
	run plan
	echo "$output"
	[[ $output == *"gnode: slurmd has no gpu_nvml.so there"* && $output == *slurm-wlm-nvml-plugin* ]]
	on gnode "for d in /usr/lib/*-linux-gnu/slurm-wlm; do touch \$d/gpu_nvml.so; done"
	on gctl "sbatch -w gnode -J holds --wrap 'sleep 3000'"
	for _ in $(seq 60); do
		[ "$(on gctl squeue -h -t R -n holds -o %i | wc -l)" -eq 0 ] || break
		sleep 0.5
	done
	run apply
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"the order of GPUs of node gnode can change only"* ]]
	on gctl scancel -n holds
	for _ in $(seq 60); do
		[ "$(on gctl sinfo -h -n gnode -o %T)" != idle ] || break
		sleep 0.5
	done
	run apply
	echo "$output"
	[ "$status" -eq 0 ]
	on gnode grep -x 'NodeName=gnode AutoDetect=nvml Name=gpu Type=tesla_t4 File=/dev/nvidia\[0-2\] Flags=nvidia_gpu_env' /etc/slurm/gres.conf
	run on gnode slurmd -G
	echo "$output"
	[[ $output == *"Name=gpu Type=tesla_t4 Count=3 "*"File=/dev/nvidia[0-2] "* ]]
	[[ $(gpus_of) == "Gres=gpu:tesla_t4:3"* ]]
	run on gctl "srun -w gnode --gres=gpu:3 sh -c 'echo devices=\$CUDA_VISIBLE_DEVICES'"
	echo "$output"
	[[ $output == *"devices=0,1,2"* ]]
	[ "$(on gctl squeue -h -t R -o %N)" = gctl ]
	run apply
	echo "$output"
	[[ $output == *"nothing to change"* ]]
}
