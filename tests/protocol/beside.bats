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

@test "a Prolog that is on no node stops the plan, and one that a node lacks leaves that node out" {
	slurm_cluster c1 n1 n2
	echo 'slurm: { Prolog: /etc/slurm/prolog.sh }' >>"$roots/cluster.yaml"
	reeve plan
	[ "$status" -eq 1 ]
	said 'Prolog: /etc/slurm/prolog.sh does not exist on n[1-2]'
	mkdir -p "$roots/n1.fen/etc/slurm"
	printf '#!/bin/sh\n' >"$roots/n1.fen/etc/slurm/prolog.sh"
	chmod 755 "$roots/n1.fen/etc/slurm/prolog.sh"
	reeve plan
	said 'n2: Prolog: /etc/slurm/prolog.sh does not exist'
	unsaid 'n1: Prolog'
	mkdir -p "$roots/n2.fen/etc/slurm"
	cp -p "$roots/n1.fen/etc/slurm/prolog.sh" "$roots/n2.fen/etc/slurm/"
	reeve plan
	[ "$status" -eq 2 ]
	unsaid 'Prolog: /'
}

@test "what slurmctld reads is looked for on every controller" {
	slurm_cluster c1 n1
	echo 'slurm: { JobSubmitPlugins: lua }' >>"$roots/cluster.yaml"
	sed -i 's/^controllers: .*/controllers: [c1, n1]\nstate: \/srv\/share\/state/' "$roots/cluster.yaml"
	mkdir -p "$roots/c1.fen/etc/slurm"
	echo 'return slurm.SUCCESS' >"$roots/c1.fen/etc/slurm/job_submit.lua"
	reeve plan
	[ "$status" -eq 1 ]
	said 'n1: JobSubmitPlugins: /etc/slurm/job_submit.lua does not exist'
	unsaid 'c1: JobSubmitPlugins'
}

@test "a name in slurm.conf that a node does not know leaves it out" {
	slurm_cluster c1 n1 n2
	script n2.fen getent <<<$'#!/bin/sh\nexit 2'
	reeve plan
	said 'n2: it does not know the name c1.fen, which slurm.conf has'
	unsaid 'n1: it does not know'
}

@test "a name server that does not answer leaves out the node that asks it, and none that need not" {
	slurm_cluster c1 n1 n2
	for node in n1.fen n2.fen; do
		script $node getent <<<$'#!/bin/sh\nexec sleep 60'
		mkdir -p "$roots/$node/etc"
		echo 'hosts: files dns' >"$roots/$node/etc/nsswitch.conf"
	done
	echo '10.0.0.1 c1.fen n1.fen n2.fen' >"$roots/n1.fen/etc/hosts"
	echo '10.0.0.1 n2.fen' >"$roots/n2.fen/etc/hosts"
	reeve plan
	said 'n2: the names in slurm.conf could not be looked up in time: its name server does not answer'
	unsaid 'n1: the names in slurm.conf'
}
