#!/usr/bin/env bats
# The help, the man pages and the completion say the same.
load helper

man=$BATS_TEST_DIRNAME/../../docs/man

# The synopsis of a man page (scdoc(5)) as plain text.
synopsis() {
	awk '/^# / { on = $0 == "# SYNOPSIS"; next } on && NF' "$1" | sed -E 's/\+\+$//; s/\\(.)/\1/g; s/[*]//g; s/(^|[^A-Za-z])_([^_]*)_/\1\2/g'
}

usage() {
	"$REEVE" "$1" --help | sed -n '/^Usage: /,/^$/{/^$/d;s/^Usage: //;s/^ *//;p}'
}

@test "every command has a man page with the synopsis of its help" {
	for command in $(commands); do
		[ -f "$man/reeve-$command.1.scd" ]
		diff <(usage "$command") <(synopsis "$man/reeve-$command.1.scd")
	done
}

@test "every option of a command is in its man page" {
	for command in $(commands); do
		for option in $("$REEVE" "$command" --help | sed -n '/^Options:/,/^$/p' | grep -oE -- '^  (-., |    )--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
			grep -qF -- "$option" "$man/reeve-$command.1.scd" || { echo "$command $option"; false; }
		done
	done
}

@test "there is no man page of a command that does not exist, and reeve(1) names each that does" {
	for page in "$man"/reeve-*.1.scd; do
		name=$(basename "$page" .1.scd)
		commands | grep -qx -- "${name#reeve-}"
	done
	for command in $(commands); do
		grep -qE "\*(reeve[- ])?$command\*" "$man/reeve.1.scd" || { echo "$command"; false; }
	done
	for option in $("$REEVE" --help | grep -oE -- '^  (-., |    )--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
		grep -qF -- "$option" "$man/reeve.1.scd" || { echo "$option"; false; }
	done
}

@test "the faults of the lab are those of its man page and of its messages" {
	faults=$("$REEVE" lab --help | sed -n '/^Faults:/,/^$/s/^  \([a-z]*\)  .*/\1/p')
	[ "$(wc -w <<<"$faults")" -ge 4 ]
	diff <(echo "$faults") <(sed -n '/^# FAULTS/,/^# OPTIONS/s/^\*\([a-z]*\)\*$/\1/p' "$man/reeve-lab.1.scd")
	reeve -f good.yaml lab fault a explode
	[ "$status" -eq 64 ]
	grep -qF "no such fault: 'explode'; there are $(paste -sd, <<<"$faults" | sed 's/,/, /g')" err
	reeve -f good.yaml lab fault a
	[ "$status" -eq 64 ]
	grep -qF "needs a node and a fault: stop, start" err
}

# complete WORD...: what would be offered for the last word.
offered() {
	COMP_WORDS=("$REEVE" "$@")
	COMP_CWORD=$#
	_reeve
	printf '%s\n' "${COMPREPLY[@]}"
}

@test "bash completes commands, options and what follows them" {
	source "$BATS_TEST_DIRNAME/../../completion/reeve.bash"
	diff <(offered '' | grep -v '^-' | sort) <(commands | sort)
	[ "$(offered ch)" = check ]
	[ "$(offered check --js)" = --json ]
	[ "$(offered facts --lim)" = --limit ]
	[ "$(offered -f good.yaml lab fault a he)" = heal ]
	diff <(offered -f good.yaml lab fault a '' | sort) <("$REEVE" lab --help | sed -n '/^Faults:/,/^$/s/^  \([a-z]*\)  .*/\1/p' | sort)
	[ "$(offered lab d)" = down ]
	[ "$(offered apply cor)" = core ]
	diff <(offered -f good.yaml plan '' | grep -v '^-' | sort) <("$REEVE" plan --help | sed -n '/^Modules:/,/^$/s/^  \([a-z]*\)  .*/\1/p' | sort)
	[ "$(offered lab up --backend u)" = uml ]
	[ "$(offered check goo)" = good.yaml ]
	[ "$(offered adopt --slurm-conf goo)" = good.yaml ]
	[ "$(offered adopt --slurm-version 2)" = "" ]
	[ "$(offered -f goo)" = good.yaml ]
	[ "$(offered facts -l a)" = "" ]
	[ "$(offered lab ssh a --js)" = "" ]
	# Names are those of the file.
	sed -i 's/^partitions:/classes: [{ name: pi8, when: "cores >= 1" }]\n&/' good.yaml
	[ "$(offered -f good.yaml facts -l a)" = a ]
	[ "$(offered -f good.yaml facts -l '' | paste -sd' ')" = "a b c d partition: class:" ]
	[ "$(offered -f good.yaml plan -l class : '')" = pi8 ]
	[ "$(offered -f good.yaml plan -l class :)" = pi8 ]
	[ "$(offered -f good.yaml plan -l partition : m)" = main ]
	[ "$(offered -f good.yaml plan -l class : pi8 cor)" = core ]
	for command in doctor exclude include resume remove accept ssh; do
		[ "$(offered -f good.yaml $command '' | grep -v '^-' | paste -sd' ')" = "a b c d" ]
	done
	[ "$(offered -f good.yaml ssh a '')" = "" ]
	[ "$(offered -f good.yaml run uptime '')" = "" ]
	[ "$(offered check --list c)" = classes ]
	for command in $(commands); do
		for option in $("$REEVE" "$command" --help | grep -oE -- '^  (-., |    )--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
			grep -qx -- "$option" <<<"$(offered "$command" "$option")"
		done
	done
}
