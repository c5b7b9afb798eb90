#!/usr/bin/env bats
load helper

@test "a good file: one line on standard output" {
	reeve check good.yaml
	[ "$status" -eq 0 ]
	[ "$(cat out)" = "good.yaml: ok, 4 hosts, 1 partition" ]
	[ ! -s err ]
}

@test "a bad file: every finding begins with its place; standard output is empty" {
	reeve check bad.yaml
	[ "$status" -eq 1 ]
	[ ! -s out ]
	grep -qE "^bad.yaml:2:1: error: unknown key 'clustr'" err
	grep -q "did you mean 'cluster'?" err
	grep -qE "^bad.yaml:3:[0-9]+: error: " err
	[ "$(grep -c '^bad.yaml:[0-9]*:[0-9]*: error: ' err)" -ge 4 ]
}

@test "the same as JSON: one object, also for a bad file" {
	reeve check --json bad.yaml
	[ "$status" -eq 1 ]
	[ ! -s err ]
	python3 - <<-'PY'
		import json
		d = json.load(open("out"))
		assert d["ok"] is False and d["errors"] == len(d["findings"]) >= 4, d
		f = [x for x in d["findings"] if "clustr" in x["message"]][0]
		assert (f["line"], f["column"], f["severity"]) == (2, 1, "error"), f
		assert f["code"].startswith("RV"), f
	PY
	reeve check --json good.yaml
	[ "$status" -eq 0 ]
	python3 -c 'import json; d = json.load(open("out")); assert d["ok"] and d["hosts"] == 4 and d["findings"] == []'
}

@test "a file that is not there, is a directory, or may not be read fails with its name" {
	reeve check no-such.yaml
	[ "$status" -eq 1 ]
	grep -q 'no-such.yaml' err
	reeve check .
	[ "$status" -eq 1 ]
	[ -s err ]
	reeve check --json no-such.yaml
	[ "$status" -eq 1 ]
	python3 -c 'import json; d = json.load(open("out")); assert "no-such.yaml" in d["error"] and not d["ok"]'
}
