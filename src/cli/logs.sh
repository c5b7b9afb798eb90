#!/bin/sh
# The last lines that Slurm's daemons, MUNGE and the kernel wrote on this host, oldest first: "TIME SOURCE: TEXT". $1: how many, $2: of this
# job alone, "" of all, $3: with what is for debugging only, "" without.
lines=$1 job=$2 all=$3
root=$REEVE_ROOT
conf=$root/etc/slurm/slurm.conf
host=$(uname -n)
host=${host%%.*}
scan=$((lines * 10))
[ -z "$job" ] || scan=100000

# file_of KEY DEFAULT: where slurm.conf has the daemon's log
file_of() {
	f=$(sed -n "s/^[[:space:]]*$1=\([^#[:space:]]*\).*/\1/Ip" "$conf" 2>/dev/null | tail -n 1)
	printf '%s' "$root${f:-$2}" | sed "s/%[hn]/$host/g"
}

# A daemon that has a file writes to the journal, too, where it runs in the foreground.
own=' '
daemon() {
	file=$(file_of "$2" "$3")
	[ -r "$file" ] || return
	own="$own$1 "
	tail -n "$scan" "$file" | sed -n "s/^\[\([0-9][0-9T:.-]*\)\] /\1 $1: /p"
}

# "2026-11-28T12:00:00.123456+0000 HOST NAME[PID]: TEXT"
journal() {
	journalctl -q --no-pager -o short-iso-precise -n "$scan" "$@" 2>/dev/null | awk -v own="$own" '
		/^[0-9][0-9][0-9][0-9]-/ {
			time = substr($1, 1, 23); name = $3; sub(/(\[[0-9]+\])?:$/, "", name)
			if (index(own, " " name " ")) next
			text = $0; sub(/^[^ ]+ [^ ]+ [^ ]+ /, "", text)
			print time " " name ": " text
		}'
}

{
	daemon slurmctld SlurmctldLogFile /var/log/slurm/slurmctld.log
	daemon slurmd SlurmdLogFile /var/log/slurm/slurmd.log
	daemon slurmdbd LogFile /var/log/slurm/slurmdbd.log
	journal -u slurmctld -u slurmd -u slurmdbd -u munge
	journal -k -g 'oom-kill|out of memory|killed process'
} | if [ -n "$all" ]; then cat; else grep -Ev '^[^ ]+ [^ ]+ +debug[0-9]?:'; fi |
	if [ -z "$job" ]; then cat; else grep -E "[Jj]ob_?[Ii]?d?[=: _]+$job([^0-9]|\$)|[Ss]tep_?[Ii]?d?[=: ]+$job([^0-9]|\$)|\[$job(\.|\])"; fi |
	sort -s -k 1,1 | tail -n "$lines"
