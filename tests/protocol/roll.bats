# Who is in a run, who is out of it, and why: told once, and plan, apply and status agree.
load lib
load slurm
setup() { protocol_setup; }
teardown() { protocol_teardown; }

told() { grep -qF -- "$1" "$roots/out" "$roots/err" || { echo "not told: $1"; return 1; }; }
untold() { ! grep -qF -- "$1" "$roots/out" "$roots/err" || { echo "told: $1"; return 1; }; }
# once TEXT: in what was printed, results and diagnostics together
once() { [ "$(cat "$roots/out" "$roots/err" | grep -cF -- "$1")" -eq 1 ] || { echo "not once: $1"; return 1; }; }

# agree STATUS: all three commands
agree() {
	local command
	for command in plan apply status; do
		reeve $command
		[ "$status" -eq "$1" ] || { echo "$command: $status"; return 1; }
	done
}

@test "a host that cannot be installed is skipped with one finding, and the others are proven" {
	slurm_cluster c1 n1 n2
	sed -i '/slurm/,/^$/d' "$roots/n2.fen/var/lib/dpkg/status"
	script n2.fen apt-cache <<<$'#!/bin/sh\nexit 0'
	echo inactive disabled 0 >"$roots/n2.fen/units/slurmd.service"
	reeve plan
	[ "$status" -eq 2 ]
	once 'skipped: n2: '
	! grep -E '^  [~+] .*n2' "$roots/out"
	reeve apply
	[ "$status" -eq 3 ]
	once 'skipped: n2: '
	told 'Slurm is not installed, and apt knows no package for it'
	[ "$(cat "$roots/out" "$roots/err" | grep -c '\bn2\b')" -le 3 ]
	told 'verify: a job ran on'
	untold 'failed:'
	[ ! -e "$roots/n2.fen/etc/slurm/slurm.conf" ]
	agree 3
	once 'n2: Slurm is not installed'
}

@test "a host with a resource that cannot be examined is skipped before anything is done there" {
	slurm_cluster c1 n1 n2
	mkdir -p "$roots/n2.fen/etc/logrotate.d/slurmd"
	reeve apply
	[ "$status" -eq 3 ]
	once 'skipped: n2: file:/etc/logrotate.d/slurmd'
	[ ! -e "$roots/n2.fen/etc/slurm/slurm.conf" ]
	agree 3
}

@test "a step that fails on a host is told once" {
	slurm_cluster c1 n1 n2
	printf '#!/bin/sh\nexit 1\n' >"$roots/n2.fen/bin/unmunge"
	reeve apply
	[ "$status" -eq 3 ]
	once 'skipped: n2: '
	untold 'failed:'
}

@test "a controller that is off is the one cause, and nothing is changed without it" {
	slurm_cluster c1 n1 n2
	reeve apply
	[ "$status" -eq 0 ]
	mv "$roots/c1.fen" "$roots/off"
	agree 1
	for command in plan apply status; do
		reeve $command
		once 'error: c1: the only controller is unreachable: '
		grep -q '\[no-quorum\]$' "$roots/out" "$roots/err"
		untold reimaged
		untold --new-key
		untold 'skipped:'
		! grep -E '^ +[-+]SlurmctldHost' "$roots/out"
	done
}

@test "the loss of the controller ends the run with its cause" {
	slurm_cluster c1 n1 n2
	script c1.fen runuser <<<$'#!/bin/sh\nkill -9 $(cut -d" " -f4 /proc/$PPID/stat)'
	reeve apply
	sed -i 's/^reeve: 1/&\nslurm: { SelectType: select\/linear }/' "$REEVE_CLUSTER"
	reeve apply
	[ "$status" -eq 1 ]
	once "error: lost c1, the only controller, at the step 'keep a copy of the state': its agent ended"
	untold 'skipped: '
	untold 'record could be written'
}
