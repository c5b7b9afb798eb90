bats_require_minimum_version 1.5.0

# The module time on real nodes: containers, whose chronyd measures and sets nothing. The tests build on one another, in this order.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export lab=$BATS_FILE_TMPDIR REEVE_CLUSTER=$BATS_FILE_TMPDIR/cluster.yaml
	write "time:"
	"$REEVE" lab up >&2
}

teardown_file() { "$REEVE" lab down >&2; }

write() {
	cat >"$REEVE_CLUSTER" <<-E
		reeve: 1
		cluster: timelab
		hosts: { t1: 10.71.0.11, t2: 10.71.0.12, t3: 10.71.0.13, clock: 10.71.0.14 }
		controllers: [t1]
		compute: [t2, t3]
		partitions: { batch: { nodes: all, default: true } }
		$1
	E
}

on() { "$REEVE" lab ssh "$@"; }

tracking() { on "$1" chronyc -n -c tracking; }

@test "every clock follows the controller's, and timesyncd makes way" {
	on t3 'apt-get install -y --no-install-recommends systemd-timesyncd >/dev/null 2>&1; dpkg -s systemd-timesyncd >/dev/null'
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $(tracking t1) == 7F7F0101,*,10,*,Normal ]]
	[[ $(tracking t2) == *,10.71.0.11,11,*,Normal ]]
	[[ $(tracking t3) == *,10.71.0.11,11,*,Normal ]]
	on t3 '! systemctl is-active systemd-timesyncd; grep -q -- -x /etc/systemd/system/chrony.service.d/reeve.conf'
}

@test "a second run finds nothing to do, and doctor nothing" {
	run "$REEVE" --lab plan
	echo "$output"
	[ "$status" -eq 0 ]
	run "$REEVE" --lab doctor
	echo "$output"
	[[ $output != *"[time]"* ]]
}

@test "a chronyd that is stopped is found by doctor and started by apply" {
	on t2 systemctl stop chrony
	run --separate-stderr "$REEVE" --lab --json doctor
	[ "$(jq -r '.findings[] | select(.code == "time").host' <<<"${lines[-1]}")" = t2 ]
	run "$REEVE" --lab apply time
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $(tracking t2) == *,Normal ]]
}

@test "a clock that nobody sets is no success" {
	write "time: { servers: 10.71.0.99 }"
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"its clock follows no server: none has answered yet"* ]]
	write "time:"
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "a host with ntpd keeps it, and is left out" {
	on t2 'printf "#!/bin/sh\n" >/usr/sbin/ntpd; rm /etc/chrony/chrony.conf'
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 3 ]
	[[ $output == *"another program sets its clock"* ]]
	on t2 '[ ! -e /etc/chrony/chrony.conf ]; rm /usr/sbin/ntpd'
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "a host without a role serves the time, and gets nothing of Slurm's" {
	on clock '[ ! -e /var/lib/reeve ]'
	write "time: { serve: clock }"
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $(tracking clock) == 7F7F0101,*,10,*,Normal ]]
	for host in t1 t2 t3; do [[ $(tracking $host) == *,10.71.0.14,11,*,Normal ]]; done
	on clock '! dpkg -s munge >/dev/null 2>&1; [ ! -e /etc/slurm ] && [ ! -e /etc/munge ]'
	run "$REEVE" --lab plan
	echo "$output"
	[[ $output == *"nothing to change"* ]]
	run "$REEVE" --lab doctor
	echo "$output"
	[[ $output == *"nothing wrong"* ]]
	on clock systemctl stop chrony
	run "$REEVE" --lab doctor
	echo "$output"
	[[ $output == *"clock: chronyd does not answer"* ]]
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
}
