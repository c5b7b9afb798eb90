bats_require_minimum_version 1.5.0

# From the package to a cluster, as a user would: in a lab node without a source tree the package is installed with apt, and `reeve init`
# and `reeve apply` there make a cluster of that node and another. Then it is upgraded, removed and purged, and the cluster lives on.
# SUITES names the suites. Packages of another run in build-package/ are taken as they are.

load_suites() { echo "${SUITES:-bookworm trixie}"; }

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export REEVE=${REEVE:?}
}

teardown() { [ ! -e "$BATS_TEST_TMPDIR/cluster.yaml" ] || "$REEVE" lab down --purge; }

on() {
	local node=$1
	shift
	"$REEVE" lab ssh "$node" -- "$*"
}

# What is wrong stands in the log of the test.
fine() {
	run on a1 "$@"
	echo "$output"
	[ "$status" -eq 0 ]
}

serves() {
	fine srun -N2 hostname
	[ "$(sort <<<"$output" | xargs)" = "a1 a2" ]
}

works() {
	local suite=$1 net=$2 top=$BATS_TEST_DIRNAME/../.. deb
	[[ " $(load_suites) " == *" $suite "* ]] || skip "not among SUITES"
	export REEVE_CLUSTER=$BATS_TEST_TMPDIR/cluster.yaml
	deb=$(compgen -G "$top/build-package/$suite/reeve_*.deb") || { "$top/script/package" "$suite" && deb=$(compgen -G "$top/build-package/$suite/reeve_*.deb"); }
	printf '%s\n' "reeve: 1" "cluster: pack$suite" "hosts: { a1: 10.92.$net.11, a2: 10.92.$net.12 }" "controllers: a1" "compute: all" \
		"partitions: { main: { nodes: all, default: true } }" "lab: { suite: $suite }" >"$REEVE_CLUSTER"
	"$REEVE" lab down --purge || true
	"$REEVE" lab up >&2

	# the package, and the way from that node to both
	on a1 'cat >/root/reeve.deb' <"$deb"
	fine 'apt-get -q -y --no-install-recommends install /root/reeve.deb man-db bash-completion </dev/null'
	on a1 'ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519 && cat /root/.ssh/id_ed25519.pub' >"$BATS_TEST_TMPDIR/key"
	for node in a1 a2; do on $node 'cat >>/root/.ssh/authorized_keys' <"$BATS_TEST_TMPDIR/key"; done
	fine 'dpkg -L reeve | grep -vx /. >/root/files'

	fine 'reeve trust --yes a1 a2 && reeve init --name packed -o /etc/reeve/cluster.yaml a1 a2'
	fine 'cd / && reeve apply'
	[[ "$output" == *"verified: 2 nodes registered"* ]]
	serves

	fine 'man reeve-apply | col -b'
	[[ "$output" == *"reeve-apply"*"SYNOPSIS"* ]]
	fine 'bash -lic "_completion_loader reeve; COMP_WORDS=(reeve app) COMP_CWORD=1; _reeve; echo words: \${COMPREPLY[@]}" 2>/dev/null'
	[[ "$output" == *"words: apply"* ]]

	# a second version of it: what the admin wrote stays, and the cluster is what it was
	dpkg-deb -R "$deb" "$BATS_TEST_TMPDIR/second"
	sed -i 's/^Version: .*/Version: 99.0/' "$BATS_TEST_TMPDIR/second/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$BATS_TEST_TMPDIR/second" "$BATS_TEST_TMPDIR/second.deb"
	on a1 'cat >/root/second.deb' <"$BATS_TEST_TMPDIR/second.deb"
	on a1 cat /etc/reeve/cluster.yaml >"$BATS_TEST_TMPDIR/before"
	fine 'apt-get -q -y install /root/second.deb </dev/null && dpkg-query -W reeve'
	[[ "$output" == *$'reeve\t99.0' ]]
	fine 'cd / && reeve apply'
	[[ "$output" == *" 0 changed, 0 failed"* ]]

	# removed, and installed once more: the record that the cluster keeps is still good
	fine 'apt-get -q -y remove reeve </dev/null'
	run on a1 'command -v reeve'
	[ "$status" -ne 0 ]
	serves
	fine 'apt-get -q -y --no-install-recommends install /root/reeve.deb </dev/null && cd / && reeve apply'
	[[ "$output" == *" 0 changed, 0 failed"* ]]

	# purged: nothing of the package is left, and what the admin wrote is no part of it
	fine 'apt-get -q -y purge reeve </dev/null'
	fine 'dpkg-query -W -f "\${db:Status-Abbrev}\n" reeve 2>/dev/null | grep -v ^un || true'
	[ -z "$output" ]
	fine 'while read -r file; do [ ! -e "$file" ] || dpkg -S "$file" >/dev/null 2>&1 || echo "$file"; done </root/files'
	[ "$output" = /etc/reeve ]
	on a1 cat /etc/reeve/cluster.yaml | cmp - "$BATS_TEST_TMPDIR/before"
	serves
	"$REEVE" lab down --purge >&2
}

@test "Debian 12: installed, deployed from, upgraded, removed, purged" { works bookworm 0; }

@test "Debian 13: the same" { works trixie 1; }
