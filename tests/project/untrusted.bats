# What hosts send goes through few doors: whoever reads it in another way finds it here.

setup() { cd "$BATS_TEST_DIRNAME/../.."; }

# only PATTERN FILE...: no other file under src matches
only() {
	local pattern=$1
	shift
	diff <(grep -lrE --include=*.c -e "$pattern" src | sort) <(printf '%s\n' "$@" | sort)
}

@test "JSON of hosts is read by json_text_load alone" {
	# the lab's own state, and ansible's program on the operator's machine
	only 'json_load[a-z_]*\(' src/base/json-text.c src/lab/roster.c src/adopt/ansible.c
}

@test "numbers of hosts are read by str_to_u64 and str_read_u64 alone" {
	# the agent's requests and its test hooks, the lab's own machine, files and values of the operator, and, of hosts,
	# what Slurm itself reads with base 0 (activation.c) and a time that ping printed (meter-judge.c)
	only '\b(strto(u?ll?|d)|ato(i|l|ll|f)|sscanf)\(' src/agent/verb.c src/agent/failpoint.c src/lab/bridge.c src/lab/process.c \
		src/adopt/range.c src/adopt/slurm.c src/adopt/value.c src/slurm/activation.c src/slurm/clash.c src/run/meter-judge.c
}
