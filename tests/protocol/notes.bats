# A note on what the file or the release is like is said by a run that changes something, and by plan; not at each run that changes nothing.
load lib
load slurm

setup() { protocol_setup; }
teardown() { protocol_teardown; }

note="note: Slurm 22.05 starts one task on each node in a container, and has no scrun: Podman and Docker cannot hand containers to it [containers-slurm]"
said() { grep -qF -- "$note" "$roots/$1"; }

@test "a note that stays is not repeated by a run that changes nothing" {
	slurm_cluster c1 n1
	for host in c1 n1; do
		printf 'Package: crun\nStatus: install ok installed\nVersion: 1.8-1\n\n' >>"$roots/$host.fen/var/lib/dpkg/status"
	done
	printf 'modules: [core, containers]\ncontainers: { runtimes: [crun] }\n' >>"$REEVE_CLUSTER"
	reeve plan
	said err || said out
	reeve apply
	[ "$status" -eq 0 ]
	said err
	reeve apply
	[ "$status" -eq 0 ]
	grep -q "nothing to change" "$roots/out"
	! said err || false
	reeve plan
	said err || said out
	reeve apply --json
	[ "$status" -eq 0 ]
	grep -qF '"containers-slurm"' "$roots/out"
	# What changes something says it.
	echo '# edited' >>"$roots/n1.fen/etc/slurm/slurm.conf"
	reeve apply
	[ "$status" -eq 0 ]
	said err
}
