#!/usr/bin/env bats
# render of a cluster that does not exist yet. What becomes of answers is in tests/protocol/render.bats.
load helper

declared() {
	mkdir -p facts
	sed -i 's/^cluster: .*/&\nslurm_version: "24.11"/' good.yaml
	cat >facts/declared.conf <<-'CONF'
		# as they were ordered
		NodeName=a,b CPUs=8 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 ThreadsPerCore=2 RealMemory=31000

		NodeName=c,d CPUs=4 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=7000
	CONF
}

@test "hosts that are declared make the files of a cluster" {
	declared
	reeve -f good.yaml render -o out.d
	cat out err
	[ "$status" -eq 0 ]
	[ ! -s err ]
	grep -q '^NodeName=a,b .*Sockets=1 CoresPerSocket=4 ThreadsPerCore=2 ' out.d/slurm.conf || grep -q '^NodeName=a .*CoresPerSocket=4 ThreadsPerCore=2 ' out.d/slurm.conf
	grep -q '^PartitionName=main ' out.d/slurm.conf
	reeve -f good.yaml render
	grep -q '^# /etc/slurm/slurm.conf on a,b,c,d$' out
}

@test "a declaration that is wrong is refused with its line" {
	declared
	said() {
		reeve -f good.yaml render
		cat err
		[ "$status" -eq 1 ]
		grep -qF "facts/declared.conf:$1: $2" err
	}
	cp facts/declared.conf kept
	echo 'Node=a CPUs=4' >>facts/declared.conf
	said 5 'it does not begin with NodeName='
	cp kept facts/declared.conf
	echo 'NodeName=zz CPUs=4 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=7000' >>facts/declared.conf
	said 5 "cluster.yaml has no host 'zz'"
	cp kept facts/declared.conf
	sed -i 's/CPUs=8/CPUs=0/' facts/declared.conf
	said 2 'slurmd -C: CPUs is not a number in its range'
	cp kept facts/declared.conf
	sed -i '/^slurm_version/d' good.yaml
	said 2 "the release of Slurm on a is not known"
}

@test "it does not write where Slurm's daemons read" {
	declared
	for dir in /etc/slurm /etc/slurm/ /etc/slurm/new; do
		reeve -f good.yaml render -o $dir
		[ "$status" -eq 1 ]
		grep -qF "$dir is where Slurm's daemons read" err
	done
}

@test "without facts of a controller it says how to get some" {
	reeve -f good.yaml render
	[ "$status" -eq 1 ]
	grep -qF 'facts has the facts of no controller: `reeve facts --save facts` saves them' err
	[ ! -s out ]
}
