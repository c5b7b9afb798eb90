bats_require_minimum_version 1.5.0

# What a user reads is the plain English of the field. Words that were struck from it stay away: from the strings of the
# program, the manual, the handbook, the recipes and README.md.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
}

# "FILE: TEXT" of each string literal in src/, and of each line of what is written for users.
texts() {
	git ls-files 'src/*.c' 'src/*.h' | while read -r file; do
		grep -oE '"([^"\\]|\\.)*"' "$file" | sed "s|^|$file: |"
	done
	grep -E '' README.md docs/handbook/*.md recipes/*.yaml $(git ls-files 'docs/man/*.scd' 'src/modules/*.scd')
}

@test "words that were struck do not come back" {
	texts >"$BATS_TEST_TMPDIR/texts"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/texts")" -gt 5000 ]
	# label and calques
	run ! grep -nE '\b[Mm]end(s|ed|ing)?\b|\banew\b|\bsay --|\bby the way\b|\bbrought about\b|\bcannot be (told|looked (at|for))\b' "$BATS_TEST_TMPDIR/texts"
	run ! grep -nE '\bnobody knows\b|\botherwise than\b|\bthought of again\b|\bfor right\b|\bwithout a word\b|\bno word why\b' "$BATS_TEST_TMPDIR/texts"
	# what is wrong is not "no X", and nothing "is none"
	run ! grep -nE '\b(that|which|it|this|%s) (is|are) none\b' "$BATS_TEST_TMPDIR/texts"
	grep -nE "\b(is|are) no (job|number|host name|compute node|text|suite|name|word|object|line|unit|whole number|port|address|path|mode|list|map|file|directory|digest|partition|member)\b" \
		"$BATS_TEST_TMPDIR/texts" | grep -viE 'there (is|are) no' >"$BATS_TEST_TMPDIR/bad" || true
	cat "$BATS_TEST_TMPDIR/bad"
	[ ! -s "$BATS_TEST_TMPDIR/bad" ]
}
