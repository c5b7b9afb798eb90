bats_require_minimum_version 1.5.0

# script/test counts what the suites report, in a project of its own with tools that only pretend to build.

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	cd "$BATS_TEST_TMPDIR"
	mkdir -p script tests/cli bin
	cp "$top"/script/{test,tap-meson,tap-unittest} script/
	printf '#!/bin/sh\n' | tee script/setup bin/ninja > bin/meson
	chmod +x script/setup bin/ninja bin/meson
	PATH=$PWD/bin:$PATH
	printf '@test "good" { true; }\n' > tests/cli/a.bats
}

@test "all well: one line at the end, status 0" {
	run --separate-stderr script/test cli
	[ "$status" -eq 0 ]
	[ "$output" = "3 passed, 0 failed" ]
}

@test "a failure is shown with what it printed, the line stays the last, status 1" {
	printf '@test "bad" { echo seen; false; }\n@test "other" { true; }\n' > tests/cli/b.bats
	run --separate-stderr script/test cli
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "4 passed, 1 failed" ]
	[[ "$output" == *"not ok 2 bad"* ]]
	[[ "$output" == *"seen"* ]]
	[[ "$output" != *"ok 3 other"* ]]
}

@test "Python's tests count like the others" {
	printf 'import unittest\nclass T(unittest.TestCase):\n def test_good(self): pass\n def test_bad(self): self.fail("why")\n' \
		> tests/cli/test_it.py
	run --separate-stderr script/test cli
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "4 passed, 1 failed" ]
	[[ "$output" == *"why"* ]]
}

@test "a suite without a test is a failure" {
	rm tests/cli/a.bats
	run --separate-stderr script/test cli
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "2 passed, 1 failed" ]
}

@test "a skipped test has not passed" {
	printf '@test "later" { skip; }\n' > tests/cli/b.bats
	run --separate-stderr script/test cli
	[ "$status" -eq 0 ]
	[ "$output" = "3 passed, 0 failed" ]
	[[ "$stderr" == *"later"* ]]
}

@test "after a build that failed nothing else runs" {
	printf '#!/bin/sh\necho broken; exit 1\n' > bin/ninja
	run --separate-stderr script/test cli
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "1 passed, 1 failed" ]
	[[ "$output" == *"broken"* ]]
}

@test "an unknown suite is a usage error" {
	run script/test nonsense
	[ "$status" -eq 64 ]
}
