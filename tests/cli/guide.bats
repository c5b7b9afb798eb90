bats_require_minimum_version 1.5.0

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	cat >cluster.yaml <<-E
		reeve: 1
		cluster: goldentooth
		hosts: { files: 10.4.0.10, bettley: 10.4.0.11, "n[1-4]": "10.4.0.[21-24]" }
		controllers: [bettley]
		compute: ["n[1-4]"]
		state: /mnt/nfs/slurm/state
		classes:
		  - { name: gpu, when: "gpus >= 1", features: [gpu] }
		  - { name: old, when: "cores < 2", features: [old], exclude: too small }
		partitions:
		  long: { nodes: "n[1-3]" }
		  general: { nodes: all, default: true, max_time: 1-00:00:00, DefaultTime: 01:00:00 }
		  gpu: { nodes: "class:gpu" }
		users: { accounts: { alice: 2001 }, home: /mnt/nfs/home }
		storage: { nfs: [{ server: files, export: /srv/share, mount: /mnt/nfs }, { server: 10.9.0.1, export: /x, mount: /data, on: "n[1-2]", options: [ro] }] }
		lmod: { load: [OpenMPI] }
		software: { prefix: /mnt/nfs/apps, openmpi: {}, golang: [{}, { version: "1.0", absent: true }] }
		modulefiles: {}
		mpi: { module: OpenMPI }
	E
}

@test "guide prints what users need, from cluster.yaml alone" {
	run --separate-stderr "$REEVE" guide
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	for line in "# The cluster goldentooth" "    ssh NAME@10.4.0.11        # bettley" \
		"| long | n[1-3] (3) | no limit | no limit |" "| general (default) | n[1-4] (4) | 1-00:00:00 | 01:00:00 |" \
		"| gpu | class gpu | no limit | no limit |" "* gpu: nodes of class gpu" "    #SBATCH --partition=general" \
		"| /mnt/nfs | all hosts |  |" "| /data | some hosts | read only |" "Every login loads StdEnv, and with it: OpenMPI" \
		"    module load OpenMPI"; do
		grep -qxF -- "$line" <<<"$output" || { echo "missing: $line"; false; }
	done
	grep -qF "/mnt/nfs/home/NAME" <<<"$output"
	grep -qE '^\| golang \| [0-9.]+ (\(default\) )?\| `module load Golang/[0-9.]+`' <<<"$output"
	# what serves nobody, or is to go
	! grep -qE 'old|1\.0 ' <<<"$output"
	! grep -qE '.{121}' <<<"$(grep -v '^|' <<<"$output")"
}

@test "guide names the hosts that it is given, and says nothing of modules that are not there" {
	run --separate-stderr "$REEVE" guide -l "n[1-2]"
	[ "$status" -eq 0 ]
	[ "$(grep -c 'ssh NAME@' <<<"$output")" -eq 2 ]
	printf 'reeve: 1\ncluster: bare\nhosts: { a: 10.0.0.1 }\ncontrollers: [a]\ncompute: all\npartitions: { p: { nodes: all } }\n' >bare.yaml
	run --separate-stderr "$REEVE" -f bare.yaml guide
	[ "$status" -eq 0 ]
	[ "$(grep '^## ' <<<"$output")" = $'## Log in\n## Partitions\n## Jobs' ]
}

@test "guide refuses what is not there" {
	run --separate-stderr "$REEVE" guide -l nobody
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[[ "$stderr" == *nobody* ]]
	run --separate-stderr "$REEVE" guide -l class:gpu
	[ "$status" -eq 1 ]
	echo "reeve: 2" >cluster.yaml
	run --separate-stderr "$REEVE" guide
	[ "$status" -eq 1 ]
	[ -z "$output" ]
}
