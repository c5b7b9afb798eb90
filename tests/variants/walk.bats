bats_require_minimum_version 1.5.0

# The whole activation table (build-test/tests/lab/walk), parameter by parameter, under jobs of every kind that are older than two
# minutes: from then on slurmctld ends those that a slurmd does not know. Every job lives through every change, under the
# same number, with the same processes; what the table has a condition for is refused while they run, and works when they
# are over. Changes that need the same are made together; a group that does harm is halved until its row is known.
#
# Twenty minutes a release, so only where it is asked for: WALK=. takes all rows, WALK='MaxJobCount|cgroup' those that fit. SUITES names
# the suites.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -n "${WALK-}" ] || skip "takes long: WALK=. has it done"
	export REEVE=${REEVE:?} REEVE_AGENT=${REEVE_AGENT:?} REEVE_BUILD=${REEVE_BUILD:?}
	export DIR=$BATS_FILE_TMPDIR NODES="head n1 n2 n3"
}

teardown_file() {
	local name
	for name in walk12 walk13 walk14; do
		[ ! -e "$DIR/$name.lab.yaml" ] || "$REEVE" -f "$DIR/$name.lab.yaml" lab down --purge
	done
}

# Writes cluster.yaml of $C with the rows of a file changed in it.
write() {
	local slurm="" node="" partition="" cgroup="" file="" section name value with
	while IFS=$'\t' read -r _ _ _ section name value with; do
		case $section in
		slurm) slurm+="  $name: '$value'"$'\n' ;;
		node) node+="    $name: '$value'"$'\n' ;;
		partition) partition+="    $name: '$value'"$'\n' ;;
		cgroup) cgroup+="  $name: '$value'"$'\n' ;;
		file) file+="$value"$'\n' ;;
		esac
		[ "$with" = - ] || slurm+="  ${with//;/$'\n'  }"$'\n'
	done <"$1"
	{
		printf '%s\n' "reeve: 1" "cluster: $C" "slurm_version: '$VERSION'" \
			"hosts: { head: 10.69.0.10, 'n[1-3]': '10.69.0.[11-13]' }" "compute: all"
		[[ $file == *controllers:* ]] || echo "controllers: head"
		[[ $file == *state:* ]] || echo "state: /srv/shared/slurm/state"
		printf '%s' "$file"
		printf '%s\n' "classes:" "  - name: one" "    when: 'name == n1'"
		printf '%s' "$node"
		printf '%s\n' "  - name: rest" "partitions:" "  side: { nodes: n3 }" "  main:" "    nodes: all" "    default: true"
		printf '%s' "$partition"
		echo "slurm: ${slurm:+
}${slurm:-{\}}"
		echo "cgroup: ${cgroup:+
}${cgroup:-{\}}"
		printf '%s\n' "lab: { suite: $SUITE, binds: [/srv/shared] }"
	} >"$DIR/$C.yaml"
}

lab() { "$REEVE" -f "$DIR/$C.lab.yaml" lab "$@"; }
on() {
	local node=$1
	shift
	lab ssh "$node" -- "$@" </dev/null
}

# The rows that are walked, in files of $DIR/$C.d: one a group, of one need, where no row excludes another.
groups() {
	mkdir -p "$DIR/$C.d"
	"$REEVE_BUILD/tests/lab/walk" "$RELEASE" | grep -E "$WALK" >"$DIR/$C.rows" || true
	: >"$DIR/$C.base"
	: >"$DIR/$C.d.refused"
	awk -F '\t' -v dir="$DIR/$C.d" '
		function fits(group) {
			for (i = 1; i <= count; i++)
				if ((group, keys[i]) in taken)
					return 0
			return size[group] < 20
		}
		$3 == "stays" { print >(dir ".stays") }
		$1 == "refused" { print >(dir ".refused") }
		$1 == "set" && $3 != "stays" {
			key = $4 $5
			if ($3 == "excludes")
				sub(/(PerCPU|PerGPU|PerNode|Except|Type|Loc)$/, "", key)
			count = split(key ($7 == "-" ? "" : ";" $7), keys, ";")
			for (i = 2; i <= count; i++) {
				sub(/(Type|Loc)?:.*/, "", keys[i])
				keys[i] = "slurm" keys[i]
			}
			for (n = 0; !fits($2 n); n++)
				continue
			size[$2 n]++
			for (i = 1; i <= count; i++)
				taken[$2 n, keys[i]]
			print >(dir "/" $2 "." sprintf("%02d", n))
		}' "$DIR/$C.rows"
}

# Each job sleeps for a time of its own, by which its processes are known on this machine, whose nodes' processes are its own.
start_jobs() {
	[ -e "$DIR/$C.time" ] || echo $((900000 + RANDOM)) >"$DIR/$C.time"
	local t i
	t=$(cat "$DIR/$C.time")
	on head "cd /tmp; sbatch --mem=50 -w n3 -J walk-suspended --wrap 'sleep ${t}01'"
	for _ in $(seq 100); do
		[ "$(on head "squeue -h -t R -n walk-suspended -o %i" | wc -l)" -eq 0 ] || break
		sleep 0.2
	done
	on head "scontrol suspend \$(squeue -h -n walk-suspended -o %i)"
	on head "cd /tmp
		sbatch --mem=50 -w head -J walk-batch --wrap 'sleep ${t}02; exit 0'
		sbatch --mem=50 -N2 -n2 -w n1,n2 -J walk-step --wrap 'srun sleep ${t}03'
		sbatch --mem=50 --array=1-2 -x head,n3 -J walk-array --wrap 'sleep ${t}04'
		sbatch --mem=50 --hold -J walk-held --wrap hostname
		sbatch --mem=50 --begin=now+5hours -J walk-later --wrap hostname
		setsid salloc -Q --mem=50 -w n3 -J walk-alloc srun sleep ${t}05 </dev/null >/tmp/salloc.log 2>&1 &"
	for _ in $(seq 150); do
		[ "$(asleep | wc -l)" -lt 7 ] || break
		sleep 0.2
	done
	processes
	[ "$(asleep | wc -l)" -eq 7 ]
	snapshot | tee "$DIR/$C.jobs"
	date +%s >"$DIR/$C.started"
}

# One on each node, which is enough to be in the way.
start_few() {
	local node
	for node in $NODES; do
		on head "cd /tmp; sbatch --mem=50 -w $node -J walk-batch --wrap 'sleep $(cat "$DIR/$C.time")06'"
	done
	for _ in $(seq 150); do
		[ "$(asleep | wc -l)" -lt 4 ] || break
		sleep 0.2
	done
	snapshot | tee "$DIR/$C.jobs"
	[ "$(asleep | wc -l)" -eq 4 ]
}

ripen() {
	while [ $(($(date +%s) - $(cat "$DIR/$C.started"))) -lt 125 ]; do sleep 1; done
}

# PID, start, whether it is stopped, and the command, of every process of a job and of the clients that wait for one.
processes() {
	ps -eo pid=,lstart=,state=,args= | awk -v t="sleep $(cat "$DIR/$C.time")" '
		index($0, t) && !/awk/ { $7 = $7 ~ /[TD]/ ? "stopped" : "-"; print }' | sort -n
}

asleep() { processes | grep -E '[-d] (/usr/bin/)?sleep '; }

snapshot() {
	on head "scontrol -o show job; echo; squeue -h -s -n walk-step,walk-alloc,walk-array,walk-batch -o '%i %N'" | awk '
		/JobName=walk-/ && !/JobState=(CANCELLED|COMPLETED|FAILED|TIMEOUT)/ {
			line = ""
			for (i = 1; i <= NF; i++)
				if ($i ~ /^(JobId|JobState|Restarts|NodeList)=/ || ($i ~ /^StartTime=/ && !/JobState=PENDING/))
					line = line " " $i
			print line
		}
		NF == 2 && !/extern/' | sort
	processes
}

# The same jobs, and daemons that serve them.
alive() {
	local node pids=()
	for node in $NODES; do
		on "$node" "systemctl -q is-active slurmd" &
		pids+=($!)
	done
	if ! snapshot | diff "$DIR/$C.jobs" -; then
		echo "a job did not live"
		return 1
	fi
	for node in "${pids[@]}"; do
		wait "$node" || { echo "a slurmd is down" && return 1; }
	done
	on head "scontrol ping | grep -q 'is UP' && ! sinfo -h -N -o '%N %T %E' | grep -E 'drain|down|unk|inval|[*]'"
}

# apply STATUS, with what it says in $DIR/$C.out.
apply() {
	local status=0
	"$REEVE" -f "$DIR/$C.yaml" --lab apply >"$DIR/$C.out" 2>&1 || status=$?
	echo $(($(cat "$DIR/$C.applies" 2>/dev/null || echo 0) + 1)) >"$DIR/$C.applies"
	[ $status -eq "$1" ] || { echo "apply: $status" && cat "$DIR/$C.out" && return 1; }
}

names() { cut -f 4-6 "$1" | tr '\t' ' ' | paste -sd ';'; }

# The rows of a file come; and with them those go that came before.
change() {
	echo "# $(date +%T) $(names "$1")" >&3
	write "$1" && apply 0 && alive
}

# All as it was, with jobs that live.
recover() {
	write "$DIR/$C.base"
	if ! { apply 0 && alive; }; then
		cancel
		apply 0
		start_jobs && ripen
	fi
}

# As change; where that does harm, by halves until it is known which row does it: one line in $DIR/$C.harm.
walk() {
	local list=$1 n
	change "$list" && return 0
	recover
	n=$(wc -l <"$list")
	if [ "$n" -eq 1 ]; then
		if ! { change "$list" && change "$DIR/$C.base"; }; then
			names "$list" | tee -a "$DIR/$C.harm"
			recover
		fi
		return 0
	fi
	head -n $((n / 2)) "$list" >"$DIR/$C.half$n"
	tail -n +$((n / 2 + 1)) "$list" >"$DIR/$C.other$n"
	walk "$DIR/$C.half$n"
	walk "$DIR/$C.other$n"
}

cancel() {
	on head "scancel -u root; for i in \$(seq 300); do [ -n \"\$(squeue -h -a)\" ] || exit 0; sleep 0.2; done; squeue -a; exit 1"
}

in_force() { on head "sha256sum /etc/slurm/*.conf; systemctl show -P MainPID slurmctld slurmd"; }

# A file of rows that makes no change while jobs run: refused, with its reason, and nothing is different.
refused() {
	local before
	echo "# $(date +%T) refused: $(names "$1")${2:+, without $2}" >&3
	before=$(in_force)
	write "$1"
	apply 1 || return 1
	grep -q "can change only while" "$DIR/$C.out" || { cat "$DIR/$C.out" && return 1; }
	[ "$(in_force)" = "$before" ] || { echo "something changed" && return 1; }
}

up() {
	groups
	write "$DIR/$C.base"
	cp "$DIR/$C.yaml" "$DIR/$C.lab.yaml"
	# Twice: on a busy machine nodes may need longer than one waits for.
	lab up || lab up
	for node in $NODES; do on "$node" "touch /usr/local/etc/plugstack.conf; chmod 644 /usr/local/etc/plugstack.conf"; done
	apply 0
	start_jobs
	ripen
	alive
}

come_and_go() {
	local list
	for list in "$DIR/$C.d/"* "$DIR/$C.base"; do
		[ ! -e "$list" ] || walk "$list" || return
	done
	[ ! -s "$DIR/$C.harm" ] || { cat "$DIR/$C.harm" && return 1; }
}

conditions_hold() {
	local row bad=0
	while read -r row; do
		echo "$row" >"$DIR/$C.row"
		refused "$DIR/$C.row" && alive || bad=$((bad + 1))
	done <"$DIR/$C.d.refused"
	if [ -e "$DIR/$C.d.stays" ]; then
		write "$DIR/$C.d.stays" && apply 0 && alive || bad=$((bad + 1))
		refused "$DIR/$C.base" "$(names "$DIR/$C.d.stays")" && alive || bad=$((bad + 1))
	fi
	[ $bad -eq 0 ]
}

# They end as jobs do, and slurmctld hears how: their sleep is ended, the suspended one's once it is resumed.
jobs_end_well() {
	on head "scontrol resume \$(squeue -h -n walk-suspended -o %i)"
	asleep | awk '{ print $1 }' | xargs kill
	on head "scancel -t PENDING -u root"
	on head "for i in \$(seq 300); do [ -n \"\$(squeue -h -a)\" ] || exit 0; sleep 0.2; done; squeue -a; exit 1"
	on head "scontrol -o show job" | grep 'JobState=[^C].*ExitCode=143:0' >"$DIR/$C.ended" || true
	on head "scontrol -o show job" | grep 'JobState=COMPLETED.*ExitCode=0:0' >>"$DIR/$C.ended" || true
	cat "$DIR/$C.ended"
	[ "$(grep -c JobName=walk- "$DIR/$C.ended")" -eq 6 ]
	grep -q 'JobName=walk-batch.*COMPLETED' "$DIR/$C.ended"
}

# What was refused works without jobs, and may then not go under them.
and_go_not() {
	local n i
	awk -F '\t' '$3 != "asked"' "$DIR/$C.d.refused" >"$DIR/$C.all"
	write "$DIR/$C.all"
	apply 0
	start_few
	n=$(wc -l <"$DIR/$C.all")
	for i in $(seq "$n"); do
		sed "${i}d" "$DIR/$C.all" >"$DIR/$C.less"
		refused "$DIR/$C.less" "$(sed -n "${i}p" "$DIR/$C.all" | cut -f 4-6)"
		alive
	done
	cancel
	write "$DIR/$C.base"
	apply 0
	echo "# $C: $(wc -l <"$DIR/$C.rows") rows, $(cat "$DIR/$C.applies") applies; $(cut -f 1 "$DIR/$C.rows" | sort | uniq -c | xargs)" >&3
	lab down --purge
}

# walk_on SUITE NAME VERSION RELEASE
walk_on() {
	[[ " ${SUITES:-bookworm trixie} " == *" $1 "* ]] || skip "not among SUITES"
	export SUITE=$1 C=$2 VERSION=$3 RELEASE=$4
}
bookworm() { walk_on bookworm walk12 22.05 2205; }
trixie() { walk_on trixie walk13 24.11 2411; }
forky() { walk_on forky walk14 26.05 2605; }

@test "Slurm 22.05: jobs of every kind, older than two minutes" { bookworm && up; }
@test "Slurm 22.05: they live while every parameter that may change comes and goes" { bookworm && come_and_go; }
@test "Slurm 22.05: what would hurt them is refused, and changes nothing" { bookworm && conditions_hold; }
@test "Slurm 22.05: they end as jobs do" { bookworm && jobs_end_well; }
@test "Slurm 22.05: without jobs it works, and is not taken back under new ones" { bookworm && and_go_not; }
@test "Slurm 24.11: jobs of every kind, older than two minutes" { trixie && up; }
@test "Slurm 24.11: they live while every parameter that may change comes and goes" { trixie && come_and_go; }
@test "Slurm 24.11: what would hurt them is refused, and changes nothing" { trixie && conditions_hold; }
@test "Slurm 24.11: they end as jobs do" { trixie && jobs_end_well; }
@test "Slurm 24.11: without jobs it works, and is not taken back under new ones" { trixie && and_go_not; }
@test "Slurm 26.05: jobs of every kind, older than two minutes" { forky && up; }
@test "Slurm 26.05: they live while every parameter that may change comes and goes" { forky && come_and_go; }
@test "Slurm 26.05: what would hurt them is refused, and changes nothing" { forky && conditions_hold; }
@test "Slurm 26.05: they end as jobs do" { forky && jobs_end_well; }
@test "Slurm 26.05: without jobs it works, and is not taken back under new ones" { forky && and_go_not; }
