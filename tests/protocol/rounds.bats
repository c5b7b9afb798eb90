# What a run asks of a host, counted: software in many versions, with a module file each, is more in the same requests, and
# no round trip more.
load lib
load slurm

setup() {
	protocol_setup
	export HONEST_SSH=$REEVE_SSH REEVE_SSH=$BATS_TEST_DIRNAME/lying-ssh
	slurm_cluster c1 n1
	chmod 755 "$roots" # an account makes the software
	local name program
	for name in c1 n1; do
		# each answer is an honest one; the record is read once more where a host is slow to answer (src/run/connect.c)
		cat >"$roots/$name.fen/lie" <<-E
			if [i.get("read") for i in asked.get("items", [])] != ["/var/lib/reeve/record.json"]:
			    open("$roots/$name.rounds", "a").write(asked["verb"] + " ")
		E
		echo 'software:x:59900:59900::/nonexistent:/usr/sbin/nologin' >>"$roots/$name.fen/etc/passwd"
		echo 'software:x:59900:' >>"$roots/$name.fen/etc/group"
		printf 'Package: lmod\nStatus: hold ok installed\nVersion: 1-1\n\n' >>"$roots/$name.fen/var/lib/dpkg/status"
		for program in useradd groupadd apt-get; do # never this machine's
			script "$name.fen" $program <<<$'#!/bin/sh\nexit 1'
		done
		# is there, in the scratch root, what software is to have there?
		mv "$roots/$name.fen/bin/sh" "$roots/$name.fen/bin/sh.slurm"
		script "$name.fen" sh <<-'E'
			#!/bin/bash
			[[ $2 == "for p; do [ -e "* ]] || exec "${0%/*}/sh.slurm" "$@"
			look=$2
			shift 3
			exec /bin/sh -c "$look" sh "${@/#\//$REEVE_ROOT/}"
		E
	done
	cp "$roots/cluster.yaml" "$roots/core.yaml"
}

teardown() { protocol_teardown; }

# software COUNT: as many entries that are made of an archive, and three times as many packages of the distribution
software() {
	local i sum
	mkdir -p "$roots/files/tool"
	tar -C "$roots/files" -cf "$roots/files/tool.tar" tool
	sum=$(sha256sum "$roots/files/tool.tar" | cut -d' ' -f1)
	{
		cat "$roots/core.yaml"
		printf 'modules: [core, software, modulefiles]\nsoftware:\n  prefix: /apps\n  files: files\n'
		for i in $(seq "$1"); do
			printf '  made%d: { version: "%d.0", archive: "https://tools.invalid/tool.tar", sha256: "%s" }\n' "$i" "$i" "$sum"
		done
		for i in $(seq $((3 * $1))); do
			printf '  deb%d: { apt: [deb%d], module: { paths: { PATH: [bin] } } }\n' "$i" "$i"
			printf 'Package: deb%d\nStatus: install ok installed\nVersion: %d-1\n\n' "$i" "$i" | tee -a "$roots"/*.fen/var/lib/dpkg/status >"$roots/null"
		done
		printf 'modulefiles: {}\n'
	} >"$roots/cluster.yaml"
}

# asked COMMAND...: runs it, which succeeds, and leaves in $rounds what it asked of each host, in that order
asked() {
	rm -f "$roots"/*.rounds
	reeve "$@"
	[ "$status" -eq 0 ] || return 1
	rounds="c1: $(<"$roots/c1.rounds")n1: $(<"$roots/n1.rounds")"
	echo "$rounds"
}

modulefiles() { find "$roots/n1.fen/etc/lmod/modules" -name '*.lua' | wc -l; }
applies() { grep -ow apply <<<"$rounds" | wc -l; }

@test "200 module files and 50 packages' versions cost no round trip more" {
	local none one
	asked apply
	asked plan
	none=$rounds
	asked apply
	none+=$rounds
	[[ $none == *probe* ]]

	software 1
	asked apply
	one=$(applies)
	[ "$one" -ge 2 ]
	[ "$(modulefiles)" -eq 4 ]
	software 50
	asked apply
	[ "$(applies)" -le "$one" ]
	[ "$(modulefiles)" -eq 200 ]
	[ "$(find "$roots/n1.fen/apps" -type l | wc -l)" -eq 50 ]

	asked plan
	grep -qF 'nothing to change on 2 hosts' "$roots/out"
	one=$rounds
	asked apply
	[ "$one$rounds" = "$none" ]
}
