# The registry of findings (src/model/codes.h), its documentation, and who makes them.

root=$BATS_TEST_DIRNAME/../..

# "NAME word" of each
codes() { sed -nE 's/^\tX\(([A-Z_]+), "([a-z-]+)".*/\1 \2/p' "$root/src/model/codes.h"; }

@test "each code is there once, in order" {
	[ "$(codes | wc -l)" -gt 100 ]
	diff <(codes | cut -d' ' -f1) <(codes | cut -d' ' -f1 | LC_ALL=C sort -u)
	[ -z "$(codes | cut -d' ' -f2 | sort | uniq -d)" ]
}

@test "each code has a paragraph in the handbook, and no other has" {
	diff <(codes | cut -d' ' -f2 | LC_ALL=C sort) <(sed -nE 's/^## `([a-z-]+)`$/\1/p' "$root/docs/handbook/findings.md" | LC_ALL=C sort)
	awk '/^## / { if (name && !text) { print name ": nothing is said"; bad = 1 } name = $0; text = 0; next } NF { text = 1 } END { exit bad }' \
		"$root/docs/handbook/findings.md"
}

@test "each code is made somewhere" {
	bad=0
	while read -r name word; do
		grep -rqE "\bCODE_$name\b" "$root"/src --include=*.c || { echo "$word: nobody makes it"; bad=1; }
	done < <(codes)
	[ "$bad" -eq 0 ]
}

@test "each code is made by some test" {
	bad=0
	while read -r name word; do
		made=no
		! grep -rqE "(\bCODE_$name\b|[^a-z-]$word[^a-z-])" "$root"/tests --include=*.c --include=*.py --include=expect.* \
			--include=[!f]*.bats || made=yes
		[ "$made" = yes ] || { echo "$word: no test makes it"; bad=1; }
	done < <(codes)
	[ "$bad" -eq 0 ]
}
