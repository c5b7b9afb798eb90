bats_require_minimum_version 1.5.0

# The manual pages and the program's own help say the same, and what the documentation shows is true.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	: "${REEVE:?}"
}

commands() {
	"$REEVE" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]\+\) .*/\1/p'
}

# Long options in the section of a help text that a title begins.
help_options() {
	sed -n "/^$1:/,/^\$/p" | grep -oE '^ +(-., )? *--[a-z-]+' | grep -oE -e '--[a-z-]+' | sort
}

# Long options at the head of a paragraph in the OPTIONS of a manual page.
page_options() {
	sed -n '/^# OPTIONS/,/^# [A-NP-Z]/p' "$1" | grep -E '^\*-' | grep -oE -e '--[a-z-]+' | sort
}

@test "each command has a manual page with the same summary" {
	[ "$(commands | wc -l)" -ge 2 ]
	for command in $(commands); do
		summary=$("$REEVE" --help | sed -n "s/^  $command  *//p" | head -n 1)
		line=$(sed -n '/^# NAME/,/^# SYN/s/^reeve-/reeve-/p' "docs/man/reeve-$command.1.scd")
		echo "page: $line; help: $summary"
		[ "${line,,}" = "reeve-$command - ${summary,,}" ]
		grep -q "^\*reeve-$command\*(1)" docs/man/reeve.1.scd
		[ -s "$REEVE_BUILD/docs/reeve-$command.1" ]
	done
}

@test "options of manual pages and help are the same" {
	diff <("$REEVE" --help | help_options "Options of all commands") <(page_options docs/man/reeve.1.scd)
	for command in $(commands); do
		echo "$command"
		diff <("$REEVE" "$command" --help | help_options "Options") <(page_options "docs/man/reeve-$command.1.scd")
	done
}

@test "the manual of cluster.yaml has the page of each module" {
	modules=$(sed -nE "s/^module_names = \\['core', (.*)\\]$/\\1/p" src/modules/meson.build | tr -d "',")
	[ -n "$modules" ]
	for module in $modules; do
		head -n 1 "src/modules/$module/page.scd" | grep -qxF "*$module*"
		grep -qx "\\\\fB$module\\\\fR" "$REEVE_BUILD/docs/reeve-cluster.yaml.5"
	done
	[ -z "$(grep '@modules@' "$REEVE_BUILD/docs/reeve-cluster.yaml.5")" ]
	# Around them nothing is lost.
	grep -qx '\\fBlab\\fR' "$REEVE_BUILD/docs/reeve-cluster.yaml.5"
}

@test "the examples are right" {
	for file in examples/*/cluster.yaml; do
		run --separate-stderr "$REEVE" -f "$file" check
		echo "$stderr"
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
	done
}

@test "every cluster.yaml in the documentation is right" {
	awk -v to="$BATS_TEST_TMPDIR/" '
		/^ *```/ { inside = !inside; first = inside; next }
		inside && first && /^reeve: 1/ { n++; out = to n ".yaml"; print FILENAME >(to n ".from"); yaml = 1 }
		{ first = 0 }
		!inside { yaml = 0 }
		inside && yaml { print >out }
	' README.md docs/man/*.scd src/modules/*/page.scd docs/handbook/*.md
	[ -e "$BATS_TEST_TMPDIR/3.yaml" ]
	for file in "$BATS_TEST_TMPDIR"/*.yaml; do
		cat "${file%.yaml}.from"
		run --separate-stderr "$REEVE" -f "$file" check
		echo "$stderr"
		[ "$status" -eq 0 ]
	done
}

@test "the documentation names no command or option that there is not" {
	known=" $(commands | tr '\n' ' ')"
	for file in README.md docs/handbook/*.md; do
		while read -r line; do
			echo "$file: $line"
			read -ra words <<< "${line#*reeve }"
			command=
			for ((i = 0; i < ${#words[@]}; i++)); do
				case ${words[i]} in
				-f) i+=1 ;;
				-*) ;;
				*)
					command=${words[i]}
					break
					;;
				esac
			done
			[ -z "$command" ] || [[ "$known" == *" $command "* ]]
			for option in $(grep -oE -e ' --[a-z-]+' <<< "${line%% -- *}"); do
				"$REEVE" ${command:+"$command"} --help | grep -qE -e "(^| )$option\b"
			done
		done < <(sed -n '/^```/,/^```/p' "$file" | grep -oE '^[$#]? *(sudo )?(build/)?reeve .*' | sed 's/  *#.*//')
	done
}
