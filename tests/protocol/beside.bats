# What stands beside slurm.conf on the hosts, and what is not Slurm's there.
load lib
load slurm
setup() { protocol_setup; }
teardown() { protocol_teardown; }

said() { grep -qF -- "$1" "$roots/out" "$roots/err" || { echo "not said: $1"; return 1; }; }
unsaid() { ! grep -qF -- "$1" "$roots/out" "$roots/err" || { echo "said: $1"; return 1; }; }

# everything HOST: what a run must not have touched
everything() { (cd "$roots/$1.fen" && find etc srv home units -printf '%p %u %m %l\n' 2>/dev/null | sort); }

@test "a link in the place of slurm.conf stops the plan and the apply before anything is touched" {
	slurm_cluster c1 n1
	reeve apply
	[ "$status" -eq 0 ]
	for h in c1 n1; do
		mkdir -p "$roots/$h.fen/srv"
		mv "$roots/$h.fen/etc/slurm/slurm.conf" "$roots/$h.fen/srv/slurm.conf"
		ln -s /srv/slurm.conf "$roots/$h.fen/etc/slurm/slurm.conf"
		rm -r "$roots/$h.fen/etc/systemd"
	done
	before=$(everything c1; everything n1)
	reeve plan
	[ "$status" -eq 1 ]
	said '/etc/slurm/slurm.conf is a symbolic link, not a regular file'
	said 'reeve apply --replace'
	reeve apply
	[ "$status" -eq 1 ]
	[ "$before" = "$(everything c1; everything n1)" ]
	reeve apply --replace
	[ "$status" -eq 0 ]
	for h in c1 n1; do
		[ ! -L "$roots/$h.fen/etc/slurm/slurm.conf" ] && [ -s "$roots/$h.fen/etc/slurm/slurm.conf" ]
		[ -s "$roots/$h.fen/srv/slurm.conf" ]
	done
	reeve plan
	[ "$status" -eq 0 ]
}

@test "a link in the place of /etc/slurm is told once for each host, with the way out" {
	slurm_cluster c1 n1
	mkdir -p "$roots/c1.fen/srv/slurm"
	ln -s /srv/slurm "$roots/c1.fen/etc/slurm"
	reeve plan
	[ "$status" -eq 1 ]
	said '/etc/slurm is a symbolic link, not a directory'
	said 'cp -a'
	[ "$(cat "$roots/out" "$roots/err" | grep -c '\[resource\]')" -eq 1 ]
}

@test "a state directory that is somebody else's keeps its owner, and stops the run before it" {
	slurm_cluster c1 n1
	sed -i '/^partitions/i state: /home/alice/state' "$roots/cluster.yaml"
	mkdir -p "$roots/c1.fen/home/alice/state"
	chown 1000:1000 "$roots/c1.fen/home/alice/state"
	reeve plan
	[ "$status" -eq 1 ]
	said '/home/alice/state exists already and belongs to 1000'
	said 'name another directory in cluster.yaml'
	reeve apply
	[ "$status" -eq 1 ]
	[ "$(stat -c %u "$roots/c1.fen/home/alice/state")" -eq 1000 ]
	[ ! -e "$roots/c1.fen/etc/slurm/slurm.conf" ]
}
