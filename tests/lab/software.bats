bats_require_minimum_version 1.5.0

# The modules software and modulefiles on real nodes: a shared prefix, the operator's own files, a server's, a build as a job, versions
# side by side, what goes wrong, and removal. The tests build on one another, in this order. alice is the user.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export lab=$BATS_FILE_TMPDIR REEVE_CLUSTER=$BATS_FILE_TMPDIR/cluster.yaml
	mkdir -p "$lab/files" "$lab/served" "$lab/recipes"
	archive files/hello-1.0.tar.gz hello 1.0
	archive served/tool-2.1.tar.xz tool 2.1
	archive served/tool-2.2.tar.xz tool 2.2
	echo 'echo "built by $(id -un) in job $SLURM_JOB_ID"' >"$lab/made.sh"
	tar -C "$lab" -czf "$lab/files/made-3.tar.gz" made.sh
	cat >"$lab/recipes/hello.yaml" <<-'E'
		recipe: hello
		about: "Says hello"
		archive: "https://nowhere.invalid/hello-{version}.tar.gz"
		strip: 1
		check: "bin/hello"
		module: { name: Hello, paths: { PATH: [bin] }, env: { HELLO_HOME: "" } }
	E
	write
	"$REEVE" lab up >&2
	server=$(ip -4 -o addr show | awk '/ rv-/ && $4 ~ /^10\.62\./ { sub("/.*", "", $4); print $4 }')
	export server
	python3 -m http.server --bind "$server" --directory "$lab/served" 8062 >"$lab/server.log" 2>&1 3>&- &
	echo $! >"$lab/server.pid"
	write
}

teardown_file() {
	[ ! -s "$lab/server.pid" ] || kill "$(<"$lab/server.pid")"
	"$REEVE" lab down >&2
}

# archive PATH NAME VERSION: NAME-VERSION/bin/NAME, which says both.
archive() {
	mkdir -p "$lab/tree/$2-$3/bin"
	printf '#!/bin/sh\necho "%s %s"\n' "$2" "$3" >"$lab/tree/$2-$3/bin/$2"
	chmod 755 "$lab/tree/$2-$3/bin/$2"
	tar -C "$lab/tree" -caf "$lab/$1" "$2-$3"
}

sum() { sha256sum "$lab/$1" | cut -d' ' -f1; }

tool() {
	echo "{ version: '$1', archive: 'http://${server:-10.62.0.1}:8062/tool-{version}.tar.xz', sha256: $(sum "served/tool-$1.tar.xz")," \
		"strip: 1, check: bin/tool, module: { paths: { PATH: [bin] } }${2:-} }"
}

# write [LINE...]: cluster.yaml, with further lines of software. made=VERSION, first=COMMAND: of the one that is built.
write() {
	cat >"$REEVE_CLUSTER" <<-E
		reeve: 1
		cluster: softlab
		hosts: { c1: 10.62.0.11, n1: 10.62.0.12, n2: 10.62.0.13 }
		controllers: [c1]
		compute: [n1, n2]
		partitions: { batch: { nodes: all, default: true } }
		modules: [core, users, lmod, software, modulefiles]
		lab: { binds: [/srv/apps, /srv/home] }
		users: { home: /srv/home, accounts: { alice: 2001 } }
		software:
		  prefix: /srv/apps
		  shared: true
		  files: files
		  recipes: recipes
		  hello: { version: "1.0", sha256: $(sum files/hello-1.0.tar.gz) }
		  bc: { apt: bc, check: bc --version }
		  made:
		    version: "${made:-3}"
		    source: made-3.tar.gz
		    steps: |
		      ${first:-true}
		      mkdir -p "\$PREFIX/bin"
		      sh made.sh >"\$PREFIX/how"
		      printf '#!/bin/sh\ncat "%s/how"\n' "\$PREFIX" >"\$PREFIX/bin/made"
		      chmod 755 "\$PREFIX/bin/made"
		    job: true
		    module: { paths: { PATH: bin } }
	E
	printf '  %s\n' "$@" >>"$REEVE_CLUSTER"
}

on() { "$REEVE" lab ssh "$@"; }

apply() {
	run "$REEVE" --lab apply "$@"
	echo "$output"
}

has() { grep -qF -- "$1" <<<"$output" || { echo "missing: $1"; return 1; }; }

# alice COMMAND: what it prints in a login shell of hers on n2.
alice() { on n2 "runuser -u alice -- bash -lc '$1' 2>&1"; }

@test "software comes from files, a server, a build and the distribution, and users load it" {
	write "tool: $(tool 2.1)"
	apply
	[ "$status" -eq 0 ]
	[ "$(alice 'module load Hello && hello && echo $HELLO_HOME')" = $'hello 1.0\n/srv/apps/hello/1.0' ]
	[ "$(alice 'module load tool/2.1 && tool')" = "tool 2.1" ]
	[[ "$(alice 'module load made && made')" == "built by software in job "[0-9]* ]]
	[[ "$(alice 'module load bc && echo 6*7 | bc')" = 42 ]]
	[ "$(on c1 'stat -L -c %U /srv/apps/tool/2.1 /srv/apps/made/3/x86_64')" = $'software\nsoftware' ]
	[ "$(grep -c 'GET /tool' "$lab/server.log")" = 1 ]
}

@test "a job of hers runs it on all nodes" {
	run on n1 "runuser -u alice -- bash -lc 'cd; module load Hello tool; srun -N2 sh -c \"hello; tool\" | sort | uniq -c'"
	echo "$output"
	[ "$(tr -s ' ' <<<"$output")" = $' 2 hello 1.0\n 2 tool 2.1' ]
}

@test "nothing is fetched, built or changed again" {
	apply
	[ "$status" -eq 0 ]
	has "nothing to change"
	[ "$(grep -c 'GET /tool' "$lab/server.log")" = 1 ]
	[ "$(on c1 'ls /var/lib/reeve/spool 2>/dev/null | wc -l')" -le 1 ]
}

@test "versions stand side by side, and one is the default" {
	write "tool: [ $(tool 2.1), $(tool 2.2 ', default: true') ]"
	apply
	[ "$status" -eq 0 ]
	[ "$(alice 'module load tool && tool && module load tool/2.1 2>/dev/null && tool')" = $'tool 2.2\ntool 2.1' ]
}

@test "a wrong sum names both, and loses nothing" {
	archive served/tool-2.3.tar.xz tool 2.3
	good=$(tool 2.3)
	write "tool: [ $(tool 2.1), $(sed 's/sha256: ..../sha256: 0000/' <<<"$good") ]"
	apply
	[ "$status" -eq 3 ]
	has "[not-made]"
	has "tool-2.3.tar.xz"
	has "$(sum served/tool-2.3.tar.xz)"
	[ "$(alice 'module load tool/2.1 && tool')" = "tool 2.1" ]
	run ! on c1 'test -e /srv/apps/tool/2.3'
	write "tool: [ $(tool 2.1), $good ]"
	apply
	[ "$status" -eq 0 ]
	[ "$(alice 'module load tool/2.3 && tool')" = "tool 2.3" ]
}

@test "an archive that leads out of its directory is refused" {
	mkdir -p "$lab/bad/x"
	touch "$lab/evil"
	tar -C "$lab/bad" -czPf "$lab/files/bad-1.tar.gz" x ../evil
	write "bad: { version: '1', archive: bad-1.tar.gz }"
	apply
	[ "$status" -eq 3 ]
	has "../evil"
	run ! on c1 'ls -d /srv/apps/bad/1 /srv/apps/evil'
}

@test "a build that fails shows its last lines, and the next one goes on" {
	archive served/tool-2.4.tar.xz tool 2.4
	made=4 first='echo "no such compiler"; exit 7' write "tool: $(tool 2.4)" # behind it
	apply
	[ "$status" -eq 3 ]
	has "no such compiler"
	run ! on c1 'test -e /srv/apps/made/4'
	run ! on n2 'test -e /etc/lmod/modules/made/4.lua'
	[ "$(alice 'module load tool/2.4 && tool')" = "tool 2.4" ]
	[ "$(on c1 'sinfo -h -o %T | sort -u')" = idle ]
	made=4 write "tool: $(tool 2.3)"
	apply
	[ "$status" -eq 0 ]
	[[ "$(alice 'module load made/4 && made')" == "built by software in job "[0-9]* ]]
}

@test "what a job uses stays until it ends" {
	on n1 "runuser -u alice -- bash -lc 'cp /bin/sleep ~/s; cd /srv/apps/tool/2.3 && sbatch -o /dev/null --chdir=/srv/apps/tool/2.3 --wrap \"sleep 600\"'"
	for _ in $(seq 50); do
		[ "$(on c1 'squeue -h -t R | wc -l')" = 1 ] && break
		sleep 0.2
	done
	write "tool: [ $(tool 2.1), $(tool 2.3 ', absent: true') ]"
	apply
	[ "$status" -eq 0 ]
	has "tool 2.3 is not removed: process"
	has "alice, job"
	on c1 'test -x /srv/apps/tool/2.3/bin/tool && scancel -u alice'
	for _ in $(seq 100); do
		[ "$(on c1 'squeue -h | wc -l')" = 0 ] && break
		sleep 0.2
	done
	apply
	[ "$status" -eq 0 ]
	run ! on c1 'ls -d /srv/apps/tool/2.3 /srv/apps/tool/.2.3-*'
	run ! alice 'module load tool/2.3'
	on c1 'test -x /srv/apps/tool/2.1/bin/tool'
}
