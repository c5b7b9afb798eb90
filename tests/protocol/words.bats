# What hosts say reaches the terminal as words, and nothing else.
load lib
load slurm
setup() { protocol_setup; }
teardown() { protocol_teardown; }

# No control but the end of a line and the tab, no C1, no mark of direction.
plain() {
	! LC_ALL=C grep -aP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]' "$roots/out" || return 1
}

@test "escape sequences and passwords of a controller's slurm.conf are not shown" {
	slurm_cluster c1 n1
	reeve apply
	[ "$status" = 0 ]
	printf 'MailDomain=\033]0;owned\007\033[2J\xc2\x9b2J\xe2\x80\xaegpj\nJobCompPass=hunter2\n' >>"$roots/c1.fen/etc/slurm/slurm.conf"
	reeve plan
	cat "$roots/out"
	grep -q owned "$roots/out"
	grep -q JobCompPass "$roots/out"
	! grep -q hunter2 "$roots/out" || return 1
	plain
	reeve plan --json
	plain
	! grep -q hunter2 "$roots/out" || return 1
	grep '^{' "$roots/out" | tail -n 1 | python3 -c 'import json, sys; json.load(sys.stdin)'
}
