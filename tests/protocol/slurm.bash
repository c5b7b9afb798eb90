# A cluster behind the fake ssh: the real reeve and agents, and in each scratch root programs that stand in for Slurm's,
# MUNGE's and systemd's. What they say is in files of the root; what was told to slurmctld is in $roots/told, which jobs were asked
# for in $roots/asked.

# slurm_host NAME [key=value...]: NAME.fen, with Slurm installed
slurm_host() {
	local name=$1 root=$roots/$1.fen unit
	shift
	host "$name.fen" "$@"
	mkdir -p "$root"/{etc,proc/sys/kernel/random,sys/devices/system/cpu,sys/fs/cgroup,run/systemd/system,units} \
		"$root"/var/lib/{dpkg,reeve} "$root/var/spool/slurmctld"
	echo "$name" >"$root/proc/sys/kernel/hostname"
	echo 6.1.0-37-amd64 >"$root/proc/sys/kernel/osrelease"
	echo "boot-$name" >"$root/proc/sys/kernel/random/boot_id"
	echo "machine$name" >"$root/etc/machine-id"
	printf 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n' >"$root/etc/os-release"
	echo 'MemTotal: 8000000 kB' >"$root/proc/meminfo"
	echo 0-3 >"$root/sys/devices/system/cpu/online"
	echo 'cpuset cpu memory' >"$root/sys/fs/cgroup/cgroup.controllers"
	printf '%s:x:%d:%d::/:/bin/false\n' root 0 0 slurm 64030 64030 munge 100 100 >"$root/etc/passwd"
	printf '%s:x:%d:\n' root 0 slurm 64030 munge 100 >"$root/etc/group"
	mkdir -p "$root/etc/munge"
	echo "the key of the cluster, long enough for munge to take it" >"$root/etc/munge/munge.key"
	printf 'Package: %s\nStatus: hold ok installed\nVersion: %s\n\n' slurmctld 22.05.8-4 slurmd 22.05.8-4 \
		slurm-client 22.05.8-4 munge 0.5.15-2 logrotate 3.21 libpmix2 4.2.2-1 >"$root/var/lib/dpkg/status"
	mkdir -p "$root/usr/lib/$(uname -m)-linux-gnu/pmix2/lib"
	ln -s libpmix.so.2.6.2 "$root/usr/lib/$(uname -m)-linux-gnu/pmix2/lib/libpmix.so"
	for unit in munge slurmctld slurmd; do echo inactive disabled 0 >"$root/units/$unit.service"; done
	script "$name.fen" slurmd <<-'E'
		#!/bin/sh
		echo "NodeName=$(cat "$REEVE_ROOT/proc/sys/kernel/hostname") CPUs=4 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=7812"
	E
	script "$name.fen" munge <<<$'#!/bin/sh\necho MUNGE:x:'
	script "$name.fen" unmunge <<<$'#!/bin/sh\nexit 0'
	script "$name.fen" systemctl <<-'E'
		#!/bin/bash
		cd "$REEVE_ROOT/units"
		verb=$1
		shift
		[ "$verb" != show ] || shift 2
		for unit; do
			if [ ! -e "$unit" ]; then
				[ "$verb" != show ] || printf 'LoadState=not-found\nActiveState=inactive\n\n'
				continue
			fi
			read -r active file start <"$unit"
			case $verb in
			show)
				printf 'LoadState=loaded\nActiveState=%s\nSubState=x\nUnitFileState=%s\nResult=success\nNeedDaemonReload=no\nMainPID=%d\nExecMainStartTimestampMonotonic=%s\n\n' \
					"$active" "$file" 1 "$start"
				continue
				;;
			start | restart)
				active=active start=$(python3 -c 'import time; print(time.monotonic_ns() // 1000)')
				[ "$unit" != slurmd.service ] || flock ../../nodes.lock \
					sed -i "s/^\(NodeName=$(cat ../proc/sys/kernel/hostname) .*SlurmdStartTime=\)[^ ]*/\1$start/" ../../nodes
				;;
			stop) active=inactive ;;
			enable | disable) file=${verb}d ;;
			esac
			echo "$active $file $start" >"$unit"
		done
	E
	script "$name.fen" sh <<-'E'
		#!/bin/bash
		[ "$3" = scratch ] || exec /bin/sh "$@"
		cat >/dev/null
		jobs() { sed 's/^/ /' "$REEVE_ROOT/../jobs"; }
		printf '@scratch 1\n@state 4 1\n'
		for w in new old; do
			printf "@$w.%s\n" "up 100" "jobs 0"
			jobs
			printf "@$w.%s\n" "nodes 0" "partitions 0" "reservations 0" log
		done
		printf '@parse 0\n@end\n'
	E
	# A job runs unless it was said how it ends: $roots/srun is sourced with the options, and the names to be printed in $names
	script "$name.fen" srun <<-'E'
		#!/bin/bash
		cd "$REEVE_ROOT/.." || exit
		names=$(cat names)
		echo "srun $*" >>asked
		[ ! -e srun ] || . ./srun
		tr ' ' '\n' <<<"$names"
	E
	script "$name.fen" setpriv <<-'E'
		#!/bin/bash
		export AS=${1#--reuid=}
		shift 4
		exec "$REEVE_ROOT/bin/srun" "$@"
	E
	script "$name.fen" squeue <<-'E'
		#!/bin/sh
		cd "$REEVE_ROOT/.."
		case " $* " in *" -n "*) cat ours 2>/dev/null || true ;; *) cat jobs ;; esac
	E
	script "$name.fen" tail <<<$'#!/bin/sh\ncat "$REEVE_ROOT/var/log/slurm/slurmd.log"'
	script "$name.fen" runuser <<<$'#!/bin/sh\nshift 3\nexec "$@"'
	script "$name.fen" scancel <<<$'#!/bin/sh\necho "scancel $*" >>"$REEVE_ROOT/../told"'
	script "$name.fen" scontrol <<-'E'
		#!/bin/bash
		cd "$REEVE_ROOT/.."
		case "$1 $2" in
		"show nodes")
			cat nodes
			[ ! -e nodes.next ] || mv nodes.next nodes ;;
		"show slurmd")
			[ ! -e "$REEVE_ROOT/hangs" ] || { echo "slurm_load_slurmd_status: Socket timed out" >&2; exit 1; }
			[ ! -e "$REEVE_ROOT/asleep" ] || { rm "$REEVE_ROOT/asleep" && mv nodes.awake nodes; } ;;
		"show partitions") cat partitions 2>/dev/null || true ;;
		"ping "*) echo "Slurmctld(primary) at c1 is UP" ;;
		"show "*) ;;
		"update "*)
			echo "$*" >>told
			eval "list=\$(echo $(sed -E 's/\[([0-9]+)-([0-9]+)\]/{\1..\2}/g; s/\[([0-9,]+)\]/{\1}/g' <<<"${2#*=}"))"
			for node in $(cat names); do
				case ",${list// /,}," in *,"$node",*) ;; *) continue ;; esac
				case "$3" in
				State=DRAIN) sed -i "s/^\(NodeName=$node .*State=IDLE\).*/\1+DRAIN Reason=${4#Reason=} [root@2026-01-01T00:00:00]/" nodes ;;
				State=RESUME) sed -i "s/^\(NodeName=$node .*State=IDLE\).*/\1/" nodes ;;
				esac
			done ;;
		*) echo "$*" >>told ;;
		esac
	E
}

# slurm_cluster CONTROLLER NODE...: cluster.yaml, and slurmctld that knows the nodes, all of them idle
slurm_cluster() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	local controller=$1 node
	shift
	: >"$roots/jobs"
	: >"$roots/told"
	: >"$roots/asked"
	echo "$*" >"$roots/names"
	for node; do
		echo "NodeName=$node Arch=x86_64 CPUAlloc=0 CPUTot=4 Version=22.05.8 RealMemory=7556 SlurmdStartTime=1 State=IDLE"
	done >"$roots/nodes"
	{
		printf 'reeve: 1\ncluster: fen\nhosts:\n'
		for node in "$controller" "$@"; do echo "  $node: $node.fen"; done
		printf 'controllers: [%s]\ncompute: [%s]\n' "$controller" "$(IFS=,; echo "$*")"
		printf 'partitions:\n  main: { nodes: all, default: true }\n'
	} >"$roots/cluster.yaml"
	for node in "$controller" "$@"; do slurm_host "$node"; done
	echo active enabled 1 >"$roots/$controller.fen/units/slurmctld.service"
	for node; do echo active enabled 1 >"$roots/$node.fen/units/slurmd.service"; done
	export REEVE_CLUSTER=$roots/cluster.yaml
}

# record CONTROLLER EPOCH [EXCLUSION]: what the controller remembers
record() {
	local hosts node
	hosts=$(for node in $(cat "$roots/names"); do
		printf '{"name":"%s","arch":"x86_64","memory":7556,"measured":7812,"sockets":1,"cores":4,"threads":1,"cpus":4,"gpus":[],"cgroups":0},' "$node"
	done)
	printf '{"format":2,"epoch":%d,"cluster":"fen","hosts":[%s],"exclusions":[%s],"generations":[]}' "$2" "${hosts%,}" "$3" \
		>"$roots/$1.fen/var/lib/reeve/record.json"
}

# reeve ARGUMENT...: leaves the exit status in `status`, and the files $roots/out and $roots/err
reeve() {
	status=0
	timeout 90 "$REEVE" "$@" >"$roots/out" 2>"$roots/err" </dev/null || status=$?
	head -60 "$roots/out" "$roots/err"
}
