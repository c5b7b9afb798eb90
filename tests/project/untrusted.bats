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
