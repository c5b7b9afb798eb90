bats_require_minimum_version 1.5.0

# Each example of docs/handbook/users.md, in its order, as an ordinary user who logs in. Those with a remark behind ```sh are left out.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export lab=$BATS_FILE_TMPDIR REEVE_CLUSTER=$BATS_FILE_TMPDIR/cluster.yaml
	cat >"$REEVE_CLUSTER" <<-E
		reeve: 1
		cluster: guide
		hosts: { c1: 10.79.0.11, "n[1-2]": "10.79.0.[12-13]" }
		controllers: [c1]
		compute: ["n[1-2]"]
		partitions: { batch: { nodes: all, default: true } }
		lab: { suite: ${SUITE:-bookworm}, binds: [/srv/home] }
		users: { home: /srv/home, accounts: { alice: 2001 } }
		lmod: {}
		software: { openmpi: {}, python-venv: { apt: [python3-venv] } }
		modulefiles: {}
		mpi: {}
		scratch: { path: /scratch, how: prolog }
	E
	awk '/^```sh$/ { out = sprintf("%s/example-%02d.sh", lab, ++n); next } /^```/ { out = "" } out { print >out }' \
		lab="$lab" "$BATS_TEST_DIRNAME/../../docs/handbook/users.md"
	"$REEVE" lab up >&2
	"$REEVE" --lab apply >&2
}

teardown_file() { [ ! -e "${REEVE_CLUSTER:-}" ] || "$REEVE" lab down --purge >&2; }

@test "every example of the users' handbook works for an ordinary user" {
	[ "$(find "$lab" -name 'example-*.sh' | wc -l)" -ge 10 ]
	for example in "$lab"/example-*.sh; do
		cat "$example"
		"$REEVE" lab ssh c1 -- 'script=$(cat); cd ~alice; runuser -u alice -- bash -l -e -o pipefail -c "$script" </dev/null' <"$example" 2>&1 ||
			{ echo "it failed: $(basename "$example")"; return 1; }
	done
}

@test "what the page of the cluster says is what its users find" {
	run "$REEVE" guide
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" = *"ssh NAME@10.79.0.11        # c1"* ]]
	for name in $(sed -n 's/.*`module load \([^`]*\)`.*/\1/p' <<<"$output"); do
		"$REEVE" lab ssh n1 -- "runuser -u alice -- bash -lc 'module load $name && module -t list'" 2>&1 | grep "^$name"
	done
}
