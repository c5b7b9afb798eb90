# Completion of reeve's command line for bash(1). Commands and options are read from reeve's own help, once in a shell,
# so that they are those of the reeve that is installed.

declare -gA _reeve_help

# _reeve_words [COMMAND]: its options; without COMMAND the commands, too. One a line.
_reeve_words() {
	local key="help $*"
	[[ -v _reeve_help[$key] ]] || _reeve_help[$key]=$("$_reeve_program" "$@" --help 2>/dev/null)
	[[ $# -gt 0 ]] || awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' <<<"${_reeve_help[$key]}"
	grep -oE -- '^  (-[a-zA-Z], |    )--[a-z-]+' <<<"${_reeve_help[$key]}" | grep -oE -- '--[a-z-]+'
}

# _reeve_table COMMAND TITLE: the words that its help lists under this title.
_reeve_table() {
	"$_reeve_program" "$1" --help 2>/dev/null | awk -v title="$2:" '$0 == title { on = 1; next } /^$/ { on = 0 } on { print $1 }'
}

# _reeve_with COMMAND...: with the file that the command line names.
_reeve_with() {
	local i file=()
	for ((i = 1; i + 1 < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-f | --file) file=(-f "${COMP_WORDS[i + 1]}") ;;
		esac
	done
	"$_reeve_program" "${file[@]}" "$@" 2>/dev/null
}

# The nodes of the lab that is up.
_reeve_nodes() { _reeve_with lab status | awk 'NR > 1 { print $1 }'; }

# _reeve_names KIND: of cluster.yaml, without asking any host.
_reeve_names() { _reeve_with check --list "$1"; }

# _reeve_chosen WORD: what -l takes. bash makes three words of "class:NAME".
_reeve_chosen() {
	local before=${COMP_WORDS[COMP_CWORD - 2]}${COMP_WORDS[COMP_CWORD - 1]} kind word=$1
	[ "$word" != : ] || before=${COMP_WORDS[COMP_CWORD - 1]}: word=
	for kind in partition class; do
		if [ "$before" = "$kind:" ]; then
			mapfile -t COMPREPLY < <(compgen -W "$(_reeve_names "${kind/class/classe}s")" -- "$word")
			return
		fi
	done
	mapfile -t COMPREPLY < <(compgen -W "$(_reeve_names hosts) partition: class:" -- "$word")
}

_reeve() {
	local word=${COMP_WORDS[COMP_CWORD]} operands=() words= i
	_reeve_program=${COMP_WORDS[0]}
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-f | --file | -l | --limit | -o | --output | --name | --key-from | --slurm-conf | --ansible-inventory | --controllers | --compute | --slurm-version | -r | --reason | --until | --backend | --key-file | --without | --wait | --facts | --save | --measure | --list | -u | --user | -t | --timeout | --login | -n | --lines) ((++i)) ;;
		:) ((++i)) ;; # behind "-l class"
		-*) ;;
		*) operands+=("${COMP_WORDS[i]}") ;;
		esac
	done
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	-f | --file | -o | --output | --slurm-conf | --ansible-inventory | --key-file | --facts | --save)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--backend)
		mapfile -t COMPREPLY < <(compgen -W "nspawn uml" -- "$word")
		return
		;;
	--list)
		mapfile -t COMPREPLY < <(compgen -W "hosts partitions classes" -- "$word")
		return
		;;
	-l | --limit | --login | :)
		_reeve_chosen "$word"
		return
		;;
	class | partition)
		[ "$word" != : ] || { _reeve_chosen : && return; }
		;;
	--name | --key-from | --controllers | --compute | --slurm-version | -r | --reason | --until | --without | --wait | --measure | -u | --user | -t | --timeout | -n | --lines) return ;;
	esac
	# What stands behind the node belongs to the command that runs there.
	case "${#operands[@]} ${operands[*]:0:2}" in
	"0 ") words=$(_reeve_words) ;;
	"1 lab") words="up down status ssh fault"$'\n'$(_reeve_words lab) ;;
	"2 lab ssh" | "2 lab fault") words=$(_reeve_nodes) ;;
	"3 lab fault") words=$(_reeve_table lab Faults) ;;
	"1 ssh") words=$(_reeve_names hosts)$'\n'$(_reeve_words ssh) ;;
	*" lab ssh" | *" ssh "* | *" run "*) ;;
	*" doctor"* | *" exclude"* | *" include"* | *" resume"* | *" remove"* | *" accept"* | "1 why" | "1 logs") words=$(_reeve_names hosts)$'\n'$(_reeve_words "${operands[0]}") ;;
	*" plan"* | *" apply"*) words=$(_reeve_table apply Modules)$'\n'$(_reeve_words "${operands[0]}") ;;
	"1 check") words=$(_reeve_words check)$'\n'$(compgen -f -- "$word") ;;
	*) words=$(_reeve_words "${operands[0]}") ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o filenames -F _reeve reeve
