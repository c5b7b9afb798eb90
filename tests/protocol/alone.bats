# Versions of software are independent: one that fails is a finding of its own, in whole runs.
load lib
load slurm

setup() {
	protocol_setup
	chmod 755 "$roots"
	slurm_cluster c1 n1 n2
	for host in c1 n1 n2; do
		echo "software:x:59900:59900::/nonexistent:/usr/sbin/nologin" >>"$roots/$host.fen/etc/passwd"
		echo "software:x:59900:" >>"$roots/$host.fen/etc/group"
		mv "$roots/$host.fen/bin/sh" "$roots/$host.fen/bin/sh.of-slurm"
		script "$host.fen" sh <<-'E'
			#!/bin/bash
			[[ "$2" == "for p; do"* ]] || exec "$REEVE_ROOT/bin/sh.of-slurm" "$@"
			for p in "${@:4}"; do [ -e "$REEVE_ROOT/../n1.fen$p" ] || { echo "$p"; exit 1; }; done
		E
	done
	mkdir "$roots/files" "$roots/n1.fen/apps" # that of n1 is everybody's
	chown 59900:59900 "$roots/n1.fen/apps"
	touch "$roots/files/run.sh"
	cp "$REEVE_CLUSTER" "$roots/core.yaml"
}

teardown() { protocol_teardown; }

# software LINE...: that cluster with these entries
software() {
	{
		cat "$roots/core.yaml"
		printf 'modules: [core, software, modulefiles]\nsoftware:\n  prefix: /apps\n  shared: true\n  files: files\n'
		printf '  %s\n' "$@"
	} >"$REEVE_CLUSTER"
}

# entry NAME STEPS
entry() { echo "$1: { version: '1', installer: run.sh, steps: '$2', check: cat made, module: { paths: { PATH: . } } }"; }

not() { ! "$@"; }
said() { grep -qF -- "$1" "$roots/err" || { echo "not said: $1"; return 1; }; }
on_all() { for host in c1 n1 n2; do "$@" || return 1; done; }
has_module() { [ -e "$roots/$host.fen/etc/lmod/modules/$1/1.lua" ]; }
has_none() { [ ! -e "$roots/$host.fen/etc/lmod/modules/$1/1.lua" ]; }

@test "a version that fails is told with its last lines; the others are made, and all hosts stay" {
	software "$(entry bad 'echo no such compiler; false')" "$(entry good 'echo 1 >$PREFIX/made')"
	reeve apply
	[ "$status" -eq 3 ]
	said "warning: n1: product:/apps/bad/1/x86_64: the script ended with status 1; its log is /var/log/reeve/products/bad.1-x86_64-"
	said ": no such compiler [not-made]"
	not grep -q skipped "$roots/err"
	[ "$(cat "$roots/n1.fen/apps/good/1/x86_64/made")" = 1 ]
	grep -q "SlurmctldHost=c1" "$roots/n2.fen/etc/slurm/slurm.conf"
	# What needs it waits: its module file, on every host, and the job that would run it.
	on_all has_module good
	on_all has_none bad
	grep -q " good /apps/good/1 1 " "$roots/asked"
	not grep -q /apps/bad "$roots/asked"
	reeve plan
	[ "$status" -eq 2 ]
	software "$(entry bad 'echo 1 >$PREFIX/made')" "$(entry good 'echo 1 >$PREFIX/made')"
	reeve apply
	[ "$status" -eq 0 ]
	on_all has_module bad
	grep -q " bad /apps/bad/1 1 " "$roots/asked"
	reeve apply
	[ "$status" -eq 0 ]
	grep -q "nothing to change" "$roots/out"
}

@test "what stands in the way of a version stands in the way of that one alone" {
	mkdir -p "$roots/n1.fen/apps/bad/1/x86_64"
	chown -R 59900:59900 "$roots/n1.fen/apps"
	software "$(entry bad 'echo 1 >$PREFIX/made')" "$(entry good 'echo 1 >$PREFIX/made')"
	reeve apply
	[ "$status" -eq 3 ]
	said "warning: n1: product:/apps/bad/1/x86_64: /apps/bad/1/x86_64 is a directory, and was not made by reeve [resource]"
	on_all has_module good
	on_all has_none bad
	reeve plan
	[ "$status" -eq 2 ] # its module file
	rmdir "$roots/n1.fen/apps/bad/1/x86_64"
	reeve apply
	[ "$status" -eq 0 ]
	on_all has_module bad
}

@test "a package that no repository has keeps nobody from the rest" {
	for host in c1 n1 n2; do
		script $host.fen apt-get <<<$'#!/bin/sh\necho "E: Unable to locate package nosuch" >&2\nexit 100'
		script $host.fen apt-mark <<<$'#!/bin/sh\nexit 0'
	done
	software "x: { apt: nosuch, version: '1', on: n2 }" "$(entry good 'echo 1 >$PREFIX/made')"
	reeve apply
	[ "$status" -eq 3 ]
	said "warning: n2: packages:nosuch: "
	said "Unable to locate package nosuch [not-made]"
	on_all has_module good
	on_all has_none x
}

@test "of a version that this run was not to make the module file waits, and it is said" {
	software "$(entry good 'echo 1 >$PREFIX/made')"
	reeve apply core
	[ "$status" -eq 0 ]
	reeve apply modulefiles
	said "n1: product:/apps/good/1/x86_64 does not exist yet, and this run was not to make it: what needs it waits [not-made]"
	said 'fix: `reeve apply software`'
	on_all has_none good
}
