#!/usr/bin/env bats
# The command line itself: options, help, misuse, and which stream says what.
load helper

@test "without a command, the help is on standard error and the status 64" {
	reeve
	[ "$status" -eq 64 ]
	[ ! -s out ]
	grep -q '^Usage: reeve ' err
}

@test "--help and --version are results" {
	reeve --help
	[ "$status" -eq 0 ]
	[ ! -s err ]
	grep -q '^  check  ' out
	reeve --version
	[ "$status" -eq 0 ]
	grep -qE '^reeve [0-9]+\.[0-9]+\.[0-9]+$' out
}

@test "help and version may be words" {
	for command in '' check; do
		# shellcheck disable=SC2086 # none, where it is empty
		"$REEVE" $command --help >wanted
		# shellcheck disable=SC2086
		reeve help $command
		[ "$status" -eq 0 ]
		cmp out wanted
	done
	reeve version
	[ "$status" -eq 0 ]
	[ "$(cat out)" = "$("$REEVE" --version)" ]
	reeve help chek
	[ "$status" -eq 64 ]
	grep -q "did you mean 'check'?" err
}

@test "every command has help with its name, and no control bytes or lines over 100 columns below its usage" {
	for command in $(commands); do
		reeve "$command" --help
		[ "$status" -eq 0 ]
		[ ! -s err ]
		head -1 out | grep -q "^Usage: reeve $command"
		none -q '[^[:print:]]' out
		sed '1,/^$/d' out >body
		none -qE '^.{101}' body
	done
}

@test "unknown commands and options name the nearest, with status 64 and nothing on standard output" {
	reeve chek
	[ "$status" -eq 64 ]
	[ ! -s out ]
	grep -q "unknown command 'chek'; did you mean 'check'?" err
	reeve check --jsn
	[ "$status" -eq 64 ]
	[ ! -s out ]
	grep -q "unknown option '--jsn'; did you mean '--json'?" err
	reeve check -x
	[ "$status" -eq 64 ]
	grep -q "unknown option '-x'" err
	reeve xyzzy
	[ "$status" -eq 64 ]
	none -q 'did you mean' err
}

@test "every command refuses an unknown option with status 64" {
	for command in $(commands); do
		reeve "$command" --no-such-option
		[ "$status" -eq 64 ]
		[ ! -s out ]
	done
}

@test "options stand before and behind the command, with = or a blank" {
	for line in "-f good.yaml check" "check -f good.yaml" "check --file good.yaml" "--file=good.yaml check" \
		"check -fgood.yaml" "check good.yaml" "check -vf good.yaml" "check -- good.yaml"; do
		reeve $line
		[ "$status" -eq 0 ]
		[ "$(cat out)" = "good.yaml: ok, 4 hosts, 1 partition" ]
	done
}

@test "an argument that is missing, or one too many, is misuse" {
	reeve check -f
	[ "$status" -eq 64 ]
	reeve check --json=yes good.yaml
	[ "$status" -eq 64 ]
	reeve check good.yaml good.yaml
	[ "$status" -eq 64 ]
	reeve -f good.yaml check good.yaml
	[ "$status" -eq 64 ]
	reeve lab
	[ "$status" -eq 64 ]
	reeve lab upp
	[ "$status" -eq 64 ]
	grep -q "did you mean 'up'?" err
	reeve -f good.yaml lab ssh nobody true
	[ "$status" -eq 64 ]
	reeve -f good.yaml lab up --backend kvm
	[ "$status" -eq 64 ]
	grep -q "nspawn and uml" err
	reeve -f good.yaml lab down --backend uml
	[ "$status" -eq 64 ]
	reeve -f good.yaml lab fault a explode
	[ "$status" -eq 64 ]
	reeve -f good.yaml facts -l nobody
	[ "$status" -eq 64 ]
	reeve -f good.yaml facts -l ''
	[ "$status" -eq 64 ]
	reeve -f good.yaml trust ''
	[ "$status" -eq 64 ]
	reeve init ''
	[ "$status" -eq 64 ]
	reeve init -- -oProxyCommand=true
	[ "$status" -eq 64 ]
	reeve init 'root@-oProxyCommand=true'
	[ "$status" -eq 64 ]
	reeve init --name 'Not A Name'
	[ "$status" -eq 64 ]
}

@test "history takes the number of one generation" {
	for number in 0 x 1 ''; do
		reeve -f good.yaml history "$number" 2
		[ "$status" -eq 64 ]
		[ ! -s out ]
	done
	for number in 0 x 1.5 '' 99999999999999999999; do
		reeve -f good.yaml history "$number"
		[ "$status" -eq 64 ]
		grep -q "'$number' is not the number of a generation" err
	done
	reeve -f bad.yaml history
	[ "$status" -eq 1 ]
}

@test "a full disk and a closed pipe fail the command, and say so" {
	for arguments in "check good.yaml" "check --json good.yaml" "--help" "lab --help" "--version"; do
		status=0
		"$REEVE" $arguments >/dev/full 2>err || status=$?
		[ "$status" -eq 1 ]
		grep -q 'cannot write to standard output: No space left on device' err
		status=0
		"$REEVE" $arguments >&- 2>err || status=$?
		[ "$status" -eq 1 ]
		grep -q 'cannot write to standard output' err
	done
	mkfifo pipe
	(: <pipe) &
	exec 7>pipe
	wait $!
	status=0
	"$REEVE" check good.yaml >&7 2>err || status=$?
	exec 7>&-
	[ "$status" -eq 1 ]
	grep -q 'cannot write to standard output: Broken pipe' err
}

@test "the file is looked for in its places" {
	reeve check
	[ "$status" -eq 1 ]
	[ ! -s out ]
	grep -q 'there is no cluster.yaml' err
	cp good.yaml cluster.yaml
	reeve check
	[ "$(cat out)" = "cluster.yaml: ok, 4 hosts, 1 partition" ]
	REEVE_CLUSTER=good.yaml reeve check
	[ "$(cat out)" = "good.yaml: ok, 4 hosts, 1 partition" ]
	REEVE_CLUSTER=good.yaml reeve -f bad.yaml check
	[ "$status" -eq 1 ]
}

@test "a file that was found and is the word of somebody else is not taken" {
	cp good.yaml cluster.yaml
	chmod 666 cluster.yaml
	reeve check
	[ "$status" -eq 1 ]
	grep -q 'cluster.yaml can be written by others, and was not named: use -f cluster.yaml' err
	reeve -f cluster.yaml check
	[ "$status" -eq 0 ]
	chmod 644 cluster.yaml
	chmod 777 .
	reeve check
	[ "$status" -eq 1 ]
	grep -q 'others can put another in its place' err
	chmod 755 .
	[ "$(id -u)" = 0 ] || return 0
	chown 65534 cluster.yaml
	reeve check
	[ "$status" -eq 1 ]
	grep -q 'belongs to another user' err
	SUDO_UID=65534 reeve check
	[ "$status" -eq 0 ]
}

@test "nothing is colored where no terminal is" {
	TERM=xterm reeve check bad.yaml
	none -q $'\033' err
}

@test "a terminal is colored, but not with NO_COLOR or --no-color" {
	command -v script || skip "no script(1)"
	TERM=xterm script -qec "$REEVE check bad.yaml" /dev/null >tty || :
	grep -q $'\033\\[' tty
	NO_COLOR=1 TERM=xterm script -qec "$REEVE check bad.yaml" /dev/null >tty || :
	none -q $'\033\\[' tty
	TERM=xterm script -qec "$REEVE check --no-color bad.yaml" /dev/null >tty || :
	none -q $'\033\\[' tty
}

@test "facts measures what it knows, between two hosts or more" {
	reeve -f good.yaml facts --measure disk
	[ "$status" -eq 64 ]
	grep -q "'disk' cannot be measured: --measure takes 'network'" err
	reeve -f good.yaml facts --measure network -l a
	[ "$status" -eq 64 ]
	grep -q 'takes two hosts or more' err
	[ ! -s out ]
}

@test "hosts are named alike for every command, and what cannot be said here is" {
	cat >kinds.yaml <<-'YAML'
		reeve: 1
		cluster: fen
		hosts: { a: 10.9.0.1, b: 10.9.0.2 }
		controllers: [a]
		compute: all
		classes: [ { name: big, when: "cores > 4" }, { name: small } ]
		partitions:
		  main: { nodes: "class:big,b", default: true }
	YAML
	for command in "plan -l" "apply -l" "facts -l" "exclude --reason x" include remove accept trust; do
		reeve -f kinds.yaml $command class:huge
		[ "$status" -eq 64 ]
		grep -q "no class 'huge'" err
		reeve -f kinds.yaml $command class:big,small
		[ "$status" -eq 64 ]
		[ "$command" = trust ] || grep -q "no host 'small' in kinds.yaml; did you mean 'class:small'?" err
		reeve -f kinds.yaml $command partition:man
		[ "$status" -eq 64 ]
		grep -q "no partition 'man'" err
	done
	for command in trust "facts --measure network -l"; do
		reeve -f kinds.yaml $command class:big
		[ "$status" -eq 64 ]
		grep -q "which hosts are of class 'big' says what is measured on them" err
	done
	reeve trust class:big
	[ "$status" -eq 64 ]
	grep -q "'class:big' is nothing without a cluster.yaml" err
}
