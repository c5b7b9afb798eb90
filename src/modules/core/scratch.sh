#!/bin/sh
# The rehearsal, in its sandbox; scratch-request.c says why it is so. Arguments: StateSaveLocation, SlurmUser, the time to
# wait in ms, the bound of the state in KiB, the address, squeue's format, the text of scratch-copy.sh; then the lengths
# of the files that come on stdin, 0 for one that is not there.
set -u
state=$1 user=$2 wait=$3 limit=$4 address=$5 jobs=$6 copy=$7
shift 7
candidate=$1 new=$2 old=$3 cgroup=$4 gres=$5 topology=$6
export SLURM_BITSTR_LEN=0
quote() { sed 's/\x00//g; s/^/ /'; }
fail() {
	echo "@failed $1"
	exit 0
}
take() { if [ "$1" -gt 0 ]; then head -c "$1"; fi; }
now() {
	read -r now _ </proc/uptime
	now=${now%.*}${now#*.}
}
echo '@scratch 1'
gid=$(id -g "$user" 2>/dev/null) || fail "there is no user $user"
command -v slurmctld >/dev/null || fail 'slurmctld is not installed'
command -v mount >/dev/null || fail 'mount(8) is not installed: apt-get install mount'
mount -t tmpfs -o size=640m,mode=755,nosuid,nodev scratch /tmp || fail 'cannot mount a tmpfs'
cd /tmp || fail 'cannot use /tmp'
mkdir -p new/state old/state || fail 'cannot use /tmp'
chown "$user" new new/state old old/state

# state, meanwhile
as="setpriv --reuid=$user --regid=$gid --init-groups"
if [ "$user" = root ]; then as=; fi
# shellcheck disable=SC2086 # several words
$as sh -c "$copy" copy "$state" "$limit" >copy.out 2>copy.err &
copying=$!

# configuration
set --
for f in /etc/slurm/*; do
	case $f in */slurm.conf | */slurmdbd.conf) ;; *) if [ -f "$f" ]; then set -- "$@" "$f"; fi ;; esac
done
if [ $# -gt 0 ]; then
	cp -p "$@" new/
	if [ "$old" -gt 0 ]; then cp -p "$@" old/; fi
fi
take "$candidate" >new/candidate.conf
take "$new" >new/slurm.conf
take "$old" >old/slurm.conf
if [ "$cgroup" -gt 0 ]; then take "$cgroup" >new/cgroup.conf; fi
if [ "$gres" -gt 0 ]; then take "$gres" >new/gres.conf; fi
if [ "$topology" -gt 0 ]; then take "$topology" >new/topology.conf; fi

# names and addresses
read -r host </proc/sys/kernel/hostname
printf '127.0.0.1 localhost\n%s %s\n' "$address" "$host" >hosts
mount --bind hosts /etc/hosts || fail 'cannot bind /etc/hosts'
if [ -f /etc/nsswitch.conf ]; then
	sed 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf >nss
	mount --bind nss /etc/nsswitch.conf || fail 'cannot bind /etc/nsswitch.conf'
fi

# the cheap step: does Slurm's parser take the candidate as it is?
(
	SLURM_CONF=/tmp/new/candidate.conf scontrol show hostnames n1 >parse.out 2>&1 </dev/null
	echo $? >parse.rc
) &
parse=$!

# state
wait $copying || fail "the state could not be copied by $user: $(head -c 300 copy.err | tr '\n' ' ')"
read -r said <copy.out
if [ "$said" = '@state 0 0' ] && [ -d "$state" ] && [ "$(ls -A "$state")" ]; then fail "$user cannot read $state"; fi
echo "$said"
if [ "$old" -gt 0 ]; then cp -a new/state/. old/state/; fi
if [ -d "$state" ]; then mount -t tmpfs -o ro,size=4k cover "$state" || fail "cannot cover $state"; fi

# run
start() {
	(
		SLURM_CONF=/tmp/$1/slurm.conf slurmctld -D -f "/tmp/$1/slurm.conf" >"$1.log" 2>&1 </dev/null
		echo $? >"$1.tmp"
		mv "$1.tmp" "$1.exit"
	) &
}
list() {
	w=$1
	shift
	(
		rc=0
		"$@" >"$n.$w.out" 2>"$n.$w.err" </dev/null || rc=$?
		echo $rc >"$n.$w.rc"
	) &
	pids="$pids $!"
}
report() {
	n=$1 answers=no pids=
	export SLURM_CONF="/tmp/$n/slurm.conf"
	while ! [ -e "$n.exit" ] && now && [ "$now" -lt "$until" ]; do
		if scontrol ping 2>"$n.ping" </dev/null | grep -q ' is UP'; then
			answers=yes
			break
		fi
		sleep 0.05
	done
	if [ -e "$n.exit" ]; then
		read -r rc <"$n.exit"
		echo "@$n.exited $rc"
	elif [ $answers = no ]; then
		echo "@$n.silent"
		head -c 2000 "$n.ping" | quote
	else
		now
		echo "@$n.up $((now - begin))0"
		list jobs squeue -h -a -t all -o "$jobs"
		list nodes scontrol show nodes -o
		list partitions scontrol show partitions -o
		list reservations scontrol show reservations -o
		# shellcheck disable=SC2086 # several numbers
		wait $pids
		for w in jobs nodes partitions reservations; do
			read -r rc <"$n.$w.rc"
			echo "@$n.$w $rc"
			if [ "$rc" != 0 ]; then head -c 2000 "$n.$w.err" >>"$n.$w.out"; fi
			quote <"$n.$w.out"
		done
		if [ -e "$n.exit" ]; then
			read -r rc <"$n.exit"
			echo "@$n.exited $rc"
		fi
	fi
	echo "@$n.log"
	awk '/^slurmctld: /{on=0} /fatal|error/{on=1} on' "$n.log" | head -n 200 | quote
}
now
begin=$now until=$((now + wait / 10))
if [ "$old" -gt 0 ]; then start old; fi
start new
if [ "$old" -gt 0 ]; then report old >old.report & fi
other=$!
report new
wait $parse
read -r rc <parse.rc
echo "@parse $rc"
quote <parse.out
if [ "$old" -gt 0 ]; then
	wait $other
	cat old.report
fi
echo '@end'
