# What a module knows, the parts below it do not: which units, packages and users there are is said in one place.

setup() { cd "$BATS_TEST_DIRNAME/../.."; }

@test "no unit of Slurm's or MUNGE's, and no module by its name, outside the module" {
	run grep -nE '"([^"]*[^a-z"])?(slurmctld|slurmd|munge)\.service|"core"' -r src/inventory src/model src/plan src/run src/facts \
		src/cli src/lab --include=*.c --include=*.h
	echo "$output"
	[ "$status" -eq 1 ]
}

@test "no package, daemon or user of Slurm's or MUNGE's by its name in the lab" {
	run grep -nE '"[^"]*(munge|slurm)' -r src/lab --include=*.c --include=*.h
	echo "$output"
	[ "$status" -eq 1 ]
}

@test "no secret by its name or path, outside the module that has it" {
	run grep -nE '"[^"]*(munge\.key|/etc/munge)' -r src/facts src/inventory src/model src/plan src/run src/cli src/lab \
		--include=*.c --include=*.h --include=*.sh
	echo "$output"
	[ "$status" -eq 1 ]
}

@test "no two modules give their findings about the file the same number" {
	numbers=$(grep -rhoE '_CODE = [0-9]+' src/modules --include=*.h | grep -oE '[0-9]+')
	[ "$(wc -l <<<"$numbers")" -gt 20 ]
	[ -z "$(sort <<<"$numbers" | uniq -d)" ]
}
