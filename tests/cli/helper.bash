# What the tests of the command line share. Standard output and standard error are always held apart.

setup() {
	[ -x "$REEVE" ] && [ -x "$REEVE_AGENT" ]
	cd "$BATS_TEST_TMPDIR"
	unset REEVE_CLUSTER
	export TERM=dumb
	cat >good.yaml <<-'YAML'
		reeve: 1
		cluster: fen
		hosts: { a: 10.9.0.1, b: 10.9.0.2, c: fen.example, d: { address: local, slurm_address: 10.9.0.4 } }
		controllers: [a]
		compute: all
		partitions:
		  main: { nodes: all, default: true }
		modules: [core]
	YAML
	cat >bad.yaml <<-'YAML'
		reeve: 1
		clustr: fen
		hosts: { a: 10.9.0.1, b: 10.9.0.1 }
	YAML
}

# reeve ARGUMENT...: leaves the exit status in `status`, and the files `out` and `err`.
reeve() {
	status=0
	"$REEVE" "$@" >out 2>err </dev/null || status=$?
}

# none GREP-ARGUMENT...: that grep finds nothing. (A plain "! grep" does not fail a test.)
none() {
	if grep "$@"; then return 1; fi
}

commands() {
	"$REEVE" --help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'
}

# Shows what there was when a test fails.
teardown() {
	[ -n "$BATS_TEST_COMPLETED" ] || head -40 out err 2>/dev/null || :
}
