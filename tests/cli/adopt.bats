#!/usr/bin/env bats
# adopt: from files alone. What becomes of real-world shapes is in tests/golden/adopt-*.
load helper

conf() {
	mkdir -p etc
	cat >etc/slurm.conf <<-'CONF'
		ClusterName=hall
		SlurmctldHost=head(10.0.0.1)
		SlurmUser=slurm
		StateSaveLocation=/var/spool/slurmctld
		Include nodes.conf
		FastSchedule=2
		PartitionName=p Nodes=ALL Default=YES
	CONF
	echo 'NodeName=n[1-9] NodeAddr=10.0.1.[1-9] CPUs=4' >etc/nodes.conf
}

@test "adopt writes a file that check accepts, and says what it left out" {
	conf
	reeve adopt --slurm-conf etc/slurm.conf
	[ "$status" -eq 0 ]
	[ "$(cat out)" = "wrote cluster.yaml: 10 hosts; now: reeve plan" ]
	grep -q '^reeve adopt: etc/slurm.conf:6: FastSchedule=2 is not kept: ' err
	grep -q '^#   etc/slurm.conf:6: FastSchedule=2 is not kept: ' cluster.yaml
	grep -qx '  "n\[1-9\]": "10.0.1.\[1-9\]"  # was CPUs=4' cluster.yaml
	# What it includes is part of it.
	sum=$({
		sed '/^Include/,$d' etc/slurm.conf
		cat etc/nodes.conf
		echo
		sed '1,/^Include/d' etc/slurm.conf
	} | sha256sum | cut -d' ' -f1)
	grep -qx "  - sha256:$sum" cluster.yaml
	reeve check
	[ "$status" -eq 0 ]
	[ "$(cat out)" = "cluster.yaml: ok, 10 hosts, 1 partition" ]
	[ ! -s err ]
}

@test "files that are taken over are named by their sums, others are not" {
	conf
	sed -i -e '/^Include/d' -e '$a TopologyPlugin=topology/tree' -e '$a NodeName=n[1-9] NodeAddr=10.0.1.[1-9] Gres=fpga:1' etc/slurm.conf
	echo 'Name=fpga File=/dev/fpga0' >etc/gres.conf
	echo 'ConstrainCores=yes' >etc/cgroup.conf
	echo 'SwitchName=s Nodes=n[1-8]' >etc/topology.conf
	reeve adopt --slurm-conf etc/slurm.conf
	[ "$status" -eq 0 ]
	[ "$(grep -c '^  - sha256:' cluster.yaml)" = 3 ]
	for file in slurm gres cgroup; do
		grep -qx "  - sha256:$(sha256sum <etc/$file.conf | cut -d' ' -f1)" cluster.yaml
	done
	grep -q "topology.conf: it is not taken over.*'n9' is below no switch" err
}

@test "adopt overwrites nothing unless it is told to" {
	conf
	echo mine >cluster.yaml
	reeve adopt --slurm-conf etc/slurm.conf
	[ "$status" -eq 1 ]
	[ ! -s out ]
	grep -q 'is there already' err
	[ "$(cat cluster.yaml)" = mine ]
	reeve adopt --slurm-conf etc/slurm.conf -o -
	[ "$status" -eq 0 ]
	[ "$(cat cluster.yaml)" = mine ]
	cp out piped.yaml
	reeve check piped.yaml
	[ "$status" -eq 0 ]
	reeve adopt --slurm-conf etc/slurm.conf --force --name other
	[ "$status" -eq 0 ]
	grep -qx 'cluster: other' cluster.yaml
	grep -q "ClusterName=hall is written 'other'" err
	reeve adopt --slurm-conf etc/slurm.conf -o - --json
	[ "$status" -eq 0 ]
}

@test "what cannot be adopted is said with its place" {
	conf
	echo 'NodeName=n3' >>etc/nodes.conf
	reeve adopt --slurm-conf etc/slurm.conf
	[ "$status" -eq 1 ]
	[ ! -e cluster.yaml ]
	[ "$(cat err)" = "reeve adopt: etc/nodes.conf:2: node n3 is described twice" ]
	rm etc/nodes.conf
	reeve adopt --slurm-conf etc/slurm.conf
	[ "$status" -eq 1 ]
	grep -q '^reeve adopt: etc/slurm.conf:5: cannot open etc/nodes.conf: No such file' err
	reeve adopt --slurm-conf no-such-file
	[ "$status" -eq 1 ]
	printf 'ClusterName=\xff\nSlurmctldHost=a\nNodeName=\x1b[31m\n' >odd.conf
	reeve adopt --slurm-conf odd.conf
	[ "$status" -eq 1 ]
	none -q $'\x1b' err
}

@test "a copy of the directory will do, also where it is included with its whole path" {
	conf
	sed -i 's#Include nodes.conf#Include /etc/slurm-of-hall/parts/nodes.conf#' etc/slurm.conf
	reeve adopt --slurm-conf etc/slurm.conf -o apart.yaml
	[ "$status" -eq 0 ]
	grep -qx 'reeve adopt: /etc/slurm-of-hall/parts/nodes.conf is not there: etc/nodes.conf is taken for it' err
	mkdir etc/parts
	echo 'NodeName=m[1-9] CPUs=4' >etc/parts/nodes.conf
	reeve adopt --slurm-conf etc/slurm.conf -o apart.yaml --force
	[ "$status" -eq 0 ]
	grep -q '^  "m\[1-9\]"' apart.yaml
	rm etc/nodes.conf etc/parts/nodes.conf
	reeve adopt --slurm-conf etc/slurm.conf -o apart.yaml --force
	[ "$status" -eq 1 ]
	grep -q '^reeve adopt: etc/slurm.conf:5: cannot open /etc/slurm-of-hall/parts/nodes.conf: No such file' err
}

@test "the command line is checked" {
	conf
	reeve adopt
	[ "$status" -eq 64 ]
	reeve adopt --slurm-conf etc/slurm.conf --ansible-inventory x
	[ "$status" -eq 64 ]
	reeve adopt --slurm-conf etc/slurm.conf --controllers x
	[ "$status" -eq 64 ]
	reeve adopt --slurm-conf etc/slurm.conf --name 'A b'
	[ "$status" -eq 64 ]
	reeve adopt --slurm-conf etc/slurm.conf --slurm-version nonsense
	[ "$status" -eq 1 ]
	[ ! -e cluster.yaml ]
	reeve adopt --slurm-conf etc/slurm.conf --slurm-version 22.05
	[ "$status" -eq 0 ]
	grep -qx 'slurm_version: "22.05"' cluster.yaml
	grep -q 'SelectType: "select/linear"  # ' cluster.yaml
}

@test "groups of Ansible's are guessed, or named" {
	cat >inventory.json <<-'JSON'
		{"_meta": {"hostvars": {"h": {"ansible_host": "10.3.0.1", "ansible_port": 2200}, "w1": {}, "w2": {}}},
		 "boss": {"hosts": ["h"]}, "hands": {"hosts": ["w1", "w2"]}, "empty": {}}
	JSON
	reeve adopt --ansible-inventory inventory.json
	[ "$status" -eq 1 ]
	grep -q 'say --controllers GROUP' err
	reeve adopt --ansible-inventory inventory.json --controllers boss --compute hand
	[ "$status" -eq 1 ]
	grep -q "has no group 'hand'" err
	reeve adopt --ansible-inventory inventory.json --controllers boss --compute empty
	[ "$status" -eq 1 ]
	reeve adopt --ansible-inventory inventory.json --controllers boss --compute hands --name fen
	[ "$status" -eq 0 ]
	grep -qx '  h: { address: 10.3.0.1, port: 2200 }' cluster.yaml
	grep -qx '  "w\[1-2\]": "w\[1-2\]"' cluster.yaml
	none -q '^adopted' cluster.yaml
	reeve check
	[ "$status" -eq 0 ]
	sed -i 's/boss/slurm_controllers/; s/hands/Compute-Nodes/' inventory.json
	reeve adopt --ansible-inventory inventory.json --force
	[ "$status" -eq 0 ]
	grep -q 'taken for compute by its name: the group Compute-Nodes' err
}
