# The first daemon that does not come up with a new configuration ends the run; a job that comes between the plan and the
# change is not hurt.
load lib
load slurm
setup() { protocol_setup; }
teardown() { protocol_teardown; }

said() { grep -qF -- "$1" "$roots/out" "$roots/err" || { echo "not said: $1"; return 1; }; }
unsaid() { ! grep -qF -- "$1" "$roots/out" "$roots/err" || { echo "said: $1"; return 1; }; }

# wrap HOST PROGRAM: stands before the program of that name, which is then PROGRAM.real
wrap() {
	mv "$roots/$1.fen/bin/$2" "$roots/$1.fen/bin/$2.real"
	script "$1.fen" "$2"
}

# mortal NODE: its slurmd does not start with a spool below /nowhere
mortal() {
	wrap "$1" systemctl <<-'E'
		#!/bin/bash
		if [[ " $* " = *start\ slurmd.service* ]] && grep -q nowhere "$REEVE_ROOT/etc/slurm/slurm.conf"; then
			echo failed enabled 0 >"$REEVE_ROOT/units/slurmd.service"
			exit 1
		fi
		exec "$REEVE_ROOT/bin/systemctl.real" "$@"
	E
	script "$1.fen" tail <<-'E'
		#!/bin/sh
		echo "[2026-11-27T02:00:00.000] error: something old"
		echo "[2026-11-27T02:00:00.000] slurmd version 22.05.8 started"
		echo "[2026-11-27T02:00:01.000] fatal: mkdir(/nowhere/slurmd): No such file or directory"
	E
}

# change LINE: under `slurm:`
change() { printf 'slurm: { %s }\n' "$1" >>"$REEVE_CLUSTER"; }

unit_of() { cut -d' ' -f1 "$roots/$1.fen/units/$2.service"; }

@test "a slurmd that does not come up ends the run, and gets back what was in force" {
	slurm_cluster c1 n1 n2 n3
	reeve apply
	[ "$status" -eq 0 ]
	: >"$roots/told"
	change 'SlurmdSpoolDir: /nowhere/slurmd'
	for node in n1 n2 n3; do mortal $node; done
	start=$(cat "$roots/n2.fen/units/slurmd.service")
	reeve apply
	[ "$status" -eq 1 ]
	said 'n1: slurmd did not come up with the new configuration: fatal: mkdir(/nowhere/slurmd): No such file or directory'
	said 'what was in force is back, and slurmd runs with it; the other nodes were left as they were'
	[ "$(grep -cF nowhere "$roots/err")" -eq 1 ]
	for node in c1 n1 n2 n3; do ! grep -q nowhere "$roots/$node.fen/etc/slurm/slurm.conf"; done
	for node in n1 n2 n3; do [ "$(unit_of $node slurmd)" = active ]; done
	[ "$(cat "$roots/n2.fen/units/slurmd.service")" = "$start" ]
	! grep -q reconfigure "$roots/told"
	# The nodes were kept from jobs meanwhile, and take them again.
	grep -q 'NodeName=n\[1-3\] State=DRAIN' "$roots/told"
	grep -q 'NodeName=n\[1-3\] State=RESUME' "$roots/told"
	! grep -q DRAIN "$roots/nodes"

	sed -i '/nowhere/d' "$REEVE_CLUSTER"
	reeve apply
	[ "$status" -eq 0 ]
	reeve plan
	[ "$status" -eq 0 ]
}

@test "a job that comes between the plan and the change stops the run" {
	slurm_cluster c1 n1 n2
	reeve apply
	[ "$status" -eq 0 ]
	wrap c1 scontrol <<-'E'
		#!/bin/bash
		[[ "$*" != *State=DRAIN* ]] || echo '7|RUNNING|main|ann|n2|||1|None' >"$REEVE_ROOT/../jobs"
		exec "$REEVE_ROOT/bin/scontrol.real" "$@"
	E
	change 'SlurmdSpoolDir: /var/spool/other'
	reeve apply
	[ "$status" -eq 1 ]
	said 'SlurmdSpoolDir can change only while no job runs there, and job 7 runs on n2'
	for node in c1 n1 n2; do ! grep -q other "$roots/$node.fen/etc/slurm/slurm.conf"; done
	! grep -q DRAIN "$roots/nodes"

	# The plan says the same, and touches nothing.
	reeve plan
	[ "$status" -eq 1 ]
	said 'and job 7 runs on n2'
	: >"$roots/jobs"
	sed -i '/State=DRAIN/d' "$roots/c1.fen/bin/scontrol"
	reeve apply
	[ "$status" -eq 0 ]
	grep -q other "$roots/n2.fen/etc/slurm/slurm.conf"
	! grep -q DRAIN "$roots/nodes"
}
