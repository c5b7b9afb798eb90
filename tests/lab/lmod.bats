bats_require_minimum_version 1.5.0

# The module lmod on real nodes: every shell, a tree of all hosts and one by architecture, a hierarchy, and one cache. The
# tests build on one another, in this order. alice is the user; her jobs and logins run on n1.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export lab=$BATS_FILE_TMPDIR REEVE_CLUSTER=$BATS_FILE_TMPDIR/cluster.yaml
	write
	"$REEVE" lab up >&2
	on c1 install -d /srv/share/modules/gcc /srv/share/gcc-12/openmpi "/srv/share/modules-$(uname -m)"
	module gcc/12.2.lua 'family("compiler")' 'prepend_path("MODULEPATH", "/srv/share/gcc-12")' 'setenv("GCC", "12")'
	module clang.lua 'family("compiler")' 'setenv("CLANG", "14")'
	on c1 "echo 'setenv(\"MPI\", \"4.1\")' >/srv/share/gcc-12/openmpi/4.1.lua"
	on c1 "echo 'setenv(\"NATIVE\", \"yes\")' >/srv/share/modules-$(uname -m)/native.lua"
}

teardown_file() { "$REEVE" lab down >&2; }

write() {
	cat >"$REEVE_CLUSTER" <<-E
		reeve: 1
		cluster: lmodlab
		hosts: { c1: 10.68.0.11, n1: 10.68.0.12 }
		controllers: [c1]
		compute: [n1]
		partitions: { batch: { nodes: all, default: true } }
		modules: [core, users, lmod]
		lab: { binds: [/srv/share, /srv/home] }
		users: { home: /srv/home, accounts: { alice: 2001 } }
		lmod:
		  modulepath: [/srv/share/modules, "/srv/share/modules-{arch}", /srv/share/none]
		  load: [gcc]
		  cache: /srv/share/lmod-cache
	E
}

on() { "$REEVE" lab ssh "$@"; }

# module NAME LINE...: a module file of the shared tree.
module() {
	local name=$1
	shift
	printf '%s\n' "$@" | on c1 "cat >/srv/share/modules/$name"
}

shells=(/bin/sh /bin/bash /usr/bin/zsh /usr/bin/tcsh /usr/bin/fish)

# batch SHELL [NAME=VALUE...]: what a job with this script, from standard input, prints, submitted by alice from a bare shell.
batch() {
	on n1 "install -m 755 /dev/stdin /srv/home/alice/job && runuser -u alice -- env -i HOME=/srv/home/alice PATH=/usr/bin:/bin \
		sh -c 'cd && sbatch -W -o out --export=NONE job >/dev/null; cat out'"
}

@test "shells that are installed before and after know modules" {
	on n1 'apt-get -qq -y install zsh tcsh >/dev/null 2>&1'
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	on n1 'apt-get -qq -y install fish >/dev/null 2>&1'
	run "$REEVE" --lab plan
	echo "$output"
	[[ $output == *"nothing to change"* ]]
	on c1 '[ ! -e /etc/zsh ]'
	[ "$(on n1 'grep -c "reeve writes from here" /etc/zsh/zshenv')" = 1 ]
}

@test "a login shell of each kind begins with what StdEnv loads, and says nothing" {
	for shell in "${shells[@]}"; do
		echo "$shell"
		run on n1 "su - alice -s $shell -c true"
		echo "$output"
		[ "$status" -eq 0 ] && [ -z "$output" ]
		run on n1 "su - alice -s $shell -c 'module -t list'"
		echo "$output"
		[[ $output == *StdEnv* && $output == *gcc/12.2* ]]
		[ "$(on n1 "su - alice -s $shell -c 'module load openmpi native; echo \$GCC \$MPI \$NATIVE'")" = "12 4.1 yes" ]
	done
}

@test "an interactive shell that is no login shell knows them, from nothing and below another shell" {
	for shell in "${shells[@]}"; do
		[ "$shell" != /bin/sh ] || continue # reads $ENV alone: below
		echo "$shell"
		run on n1 "runuser -u alice -- env -i HOME=/srv/home/alice TERM=dumb PATH=/usr/bin:/bin $shell -i -c 'module -t list' 2>&1"
		echo "$output"
		[[ $output == *gcc/12.2* ]]
	done
	for below in "${shells[@]}"; do
		echo "bash, then $below"
		run on n1 "su - alice -s /bin/bash -c 'echo \"module -t list\" | $below -i' 2>&1"
		echo "$output"
		[[ $output == *gcc/12.2* ]]
	done
}

@test "a batch script knows them, whatever shell it names, where that shell reads anything" {
	for first in '/bin/bash -l' '/bin/sh -l' /usr/bin/zsh /bin/tcsh /usr/bin/fish; do
		echo "$first"
		run batch <<<"#!$first"$'\nmodule load openmpi\necho mpi $MPI'
		echo "$output"
		[[ $output == *"mpi 4.1"* ]]
	done
	run batch <<<$'#!/bin/sh\n. /etc/profile\nmodule load openmpi\necho mpi $MPI'
	[[ $output == *"mpi 4.1"* ]]
	run on n1 "su - alice -c 'printf \"#!/bin/bash\nmodule load openmpi; echo mpi \\\$MPI\n\" >job && sbatch -W -o out job >/dev/null; cat out'"
	echo "$output"
	[[ $output == *"mpi 4.1"* ]]
}

@test "a family changes places, and what is below a compiler goes with it" {
	run on n1 "su - alice -c 'module load openmpi clang; echo \$LOADEDMODULES =\$MPI=\$CLANG=' 2>/dev/null"
	echo "$output"
	[[ $output == *clang* && $output != *gcc* && $output == *==14=* ]]
}

@test "one host builds the cache as nobody in particular, all read it, and a new module is in it" {
	[ "$(on c1 stat -c %U /srv/share/lmod-cache/spiderT.lua)" = lmod-cache ]
	on n1 '[ ! -e /etc/systemd/system/reeve-lmod-cache.timer ] && ! id lmod-cache 2>/dev/null'
	[[ $(on n1 "su - alice -c 'module --config' 2>&1") == */srv/share/lmod-cache* ]]
	[[ $(on n1 "su - alice -c 'module spider openmpi' 2>&1") == *4.1* ]]
	before=$(on c1 stat -c %Y /srv/share/lmod-cache/spiderT.lua)
	on c1 systemctl start reeve-lmod-cache.service
	[ "$(on c1 stat -c %Y /srv/share/lmod-cache/spiderT.lua)" = "$before" ]
	module late.lua 'setenv("LATE", "1")'
	on c1 systemctl start reeve-lmod-cache.service
	on c1 grep -q late.lua /srv/share/lmod-cache/spiderT.lua
	[[ $(on n1 "su - alice -c 'module -t avail' 2>&1") == *late* ]]
	on c1 rm /srv/share/modules/late.lua
	on c1 systemctl start reeve-lmod-cache.service
	run on c1 grep late.lua /srv/share/lmod-cache/spiderT.lua
	[ "$status" -eq 1 ]
	[ "$(on c1 systemctl is-active reeve-lmod-cache.timer)" = active ]
}

@test "a module that StdEnv cannot load fails the run, and is named; who builds no cache has nothing that does" {
	sed -i -e 's/load: .*/load: [nothing]/' -e '/cache:/d' "$REEVE_CLUSTER"
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"StdEnv cannot be loaded"*nothing* ]]
	on c1 '[ ! -e /etc/systemd/system/reeve-lmod-cache.timer ] && [ ! -e /usr/local/libexec/reeve-lmod-cache ]'
	on c1 'systemctl daemon-reload && ! systemctl is-active reeve-lmod-cache.timer'
}

@test "the next builder, with another number, has the directory and what is in it" {
	on c1 usermod -u 950 lmod-cache
	write
	"$REEVE" --lab apply
	[ "$(on c1 systemctl is-active reeve-lmod-cache.timer)" = active ]
	module next.lua 'setenv("NEXT", "1")'
	on c1 systemctl start reeve-lmod-cache.service
	[ "$(on c1 'cd /srv/share/lmod-cache && stat -c %u . spiderT.lua trees timestamp' | sort -u)" = 950 ]
	on c1 grep -q next.lua /srv/share/lmod-cache/spiderT.lua
	on c1 rm /srv/share/modules/next.lua
}

@test "without the module, and without its package, shells work and say nothing" {
	sed -i -e 's/, lmod]/]/' -e '/^lmod:/,$d' "$REEVE_CLUSTER"
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	on n1 'apt-get -qq -y purge lmod >/dev/null 2>&1'
	for shell in "${shells[@]}"; do
		echo "$shell"
		run on n1 "su - alice -s $shell -c 'echo fine' 2>&1"
		echo "$output"
		[ "$output" = fine ]
	done
}
