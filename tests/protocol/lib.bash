# Shared by the protocol tests. REEVE_BUILD is the build directory; PEER=1 uses the test peer instead of the real agent.
fleet=$REEVE_BUILD/tests/protocol/fleet-tool

protocol_setup() {
	roots=$(mktemp -d "${BATS_TMPDIR:-/tmp}/reeve-protocol.XXXXXX")
	export FAKE_SSH_ROOTS=$roots REEVE_SSH=$REEVE_BUILD/tests/fake-ssh/fake-ssh REEVE_AGENT_DIR=$REEVE_BUILD/src/agent
	unset REEVE_ROOT FAKE_SSH_LOG
}

peer() {
	REEVE_AGENT_DIR=$REEVE_BUILD/tests/protocol
}

protocol_teardown() {
	rm -rf "$roots"
}

# host NAME [key=value...]
host() {
	local name=$1 line
	shift
	mkdir -p "$roots/$name/var/lib" "$roots/$name/var/log" "$roots/$name/usr/local" "$roots/$name/bin"
	for line; do echo "$line"; done >"$roots/$name/behaviour"
	# what apt offers is not to depend on the machine, and the real program is the dearest of all
	script "$name" apt-cache <<-'E'
		#!/bin/sh
		shift
		for package; do printf '%s:\n  Installed: (none)\n  Candidate: 22.05.8-4\n' "$package"; done
	E
	script "$name" getent <<<$'#!/bin/sh\nexit 0' # it knows every name
}

# script HOST NAME: a program in the host's own bin, from stdin
script() {
	cat >"$roots/$1/bin/$2"
	chmod 755 "$roots/$1/bin/$2"
}

# not_root HOST: a login that is not root, in a scratch root that is its own: `sudo` there need not be real
not_root() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	chmod 755 "$roots"
	echo uid=65534 >>"$roots/$1/behaviour"
	chown -R 65534 "$roots/$1"
	export REEVE_ROOT=$roots/$1 # the operator's side accepts an agent that is not root in scratch roots only
}

drive() {
	run timeout 60 "$fleet" -C none "$@"
	echo "$output"
}

has() {
	grep -qF -- "$1" <<<"$output" || { echo "missing: $1"; return 1; }
}

hasnt() {
	! grep -qF -- "$1" <<<"$output" || { echo "there: $1"; return 1; }
}

nothing='{"verb":"probe","resources":[],"content":false}'
