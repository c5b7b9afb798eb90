bats_require_minimum_version 1.5.0

# The network of three real nodes: a declared tree in force, a feature by speed, bandwidth as a GRES, and what is measured between
# them. Links of containers say 10000 Mbit/s. The tests build on one another.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export REEVE=${REEVE:?} DIR=$BATS_FILE_TMPDIR
	export REEVE_CLUSTER=$DIR/cluster.yaml
	cat >"$REEVE_CLUSTER" <<-'END'
		reeve: 1
		cluster: labnet
		hosts: { "n[1-3]": "10.85.0.[11-13]" }
		controllers: n1
		compute: all
		partitions: { main: { nodes: all, default: true } }
		network:
		  switches:
		    core: { switches: "leaf[1-2]" }
		    leaf1: { nodes: "n[1-2]" }
		    leaf2: { nodes: n3 }
		  bandwidth_gres: true
		classes:
		  - { name: shared, when: "name == n3", bandwidth_gres: { reserve: 10% } }
	END
	"$REEVE" lab down || true
	"$REEVE" lab up
	for node in n1 n2 n3; do
		"$REEVE" lab ssh $node -- "apt-get install -y -q --no-install-recommends iperf3 iputils-ping >/dev/null 2>&1" </dev/null &
	done
	wait
}

teardown_file() {
	"$REEVE" lab down
}

on() {
	local node=$1
	shift
	"$REEVE" lab ssh "$node" -- "$@"
}

@test "the links are among the facts" {
	"$REEVE" --lab facts --json >"$DIR/facts"
	run python3 - "$DIR/facts" <<-'END'
		import json, sys
		for host in json.load(open(sys.argv[1]))["hosts"]:
		    n = host["network"]
		    print(host["name"], n["link"], n["speed_mbit"], n["feature"], n["lldp"])
	END
	echo "$output"
	[ "${lines[0]}" = "n1 host0 10000 net10g False" ]
	[ "${#lines[@]}" -eq 3 ]
	run "$REEVE" --lab facts
	[[ ${lines[0]} == *NET* && ${lines[1]} == *" 10000 "* ]]
}

@test "the declared tree is in force" {
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	run on n2 scontrol show topology
	echo "$output"
	[[ $output == *"SwitchName=core Level=1"*"Switches=leaf[1-2]"* ]]
	[[ $output == *"SwitchName=leaf1 Level=0"*"Nodes=n[1-2]"* ]]
	[[ $output == *"SwitchName=leaf2 Level=0"*"Nodes=n3"* ]]
	run "$REEVE" --lab plan
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "a changed tree is a reconfigure, and jobs live through it" {
	on n1 "sbatch -N2 --switches=1 -J both --wrap 'sleep 3000'"
	sed -i -e 's/leaf1: .*/leaf1: { nodes: n1 }/' -e 's/leaf2: .*/leaf2: { nodes: "n[2-3]" }/' "$REEVE_CLUSTER"
	run "$REEVE" --lab plan
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"activation: reconfigure"* ]]
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	run on n1 scontrol show topology
	echo "$output"
	[[ $output == *"SwitchName=leaf2 Level=0"*"Nodes=n[2-3]"* ]]
	run on n1 squeue -h -n both -o %T
	[ "$output" = RUNNING ]
	on n1 scancel -n both
}

@test "a job asks for the speed of the network" {
	run on n1 srun -Q --constraint=net10g -N3 printenv SLURMD_NODENAME
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	run on n1 srun --constraint=net100g hostname
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"Invalid feature"* || $output == *"configuration is not available"* ]]
	sed -i 's/^network:/&\n  features: false/' "$REEVE_CLUSTER"
	"$REEVE" --lab apply
	[ "$(on n1 sinfo -h -o %f)" = "(null)" ]
	sed -i '/^  features: false/d' "$REEVE_CLUSTER"
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(on n1 sinfo -h -o %f)" = net10g ]
}

@test "bandwidth is a GRES that is counted and exhausted" {
	on n1 "sbatch -w n2 --gres=bandwidth:9500 -J wide --wrap 'sleep 3000'"
	for _ in $(seq 60); do
		[ -z "$(on n1 squeue -h -t R -n wide -o %i)" ] || break
		sleep 0.5
	done
	run on n1 squeue -h -n wide -o %T
	[ "$output" = RUNNING ]
	run on n1 cat /etc/slurm/gres.conf
	[[ $output == *"NodeName=n[1-2] Name=bandwidth Count=10000 Flags=CountOnly"* ]]
	[[ $output == *"NodeName=n3 Name=bandwidth Count=9000 Flags=CountOnly"* ]]
	run on n1 srun --immediate=5 -w n3 --gres=bandwidth:9001 true
	[ "$status" -ne 0 ]
	run on n1 srun --immediate=5 -w n3 --gres=bandwidth:9000 printenv SLURMD_NODENAME
	echo "$output"
	[ "$status" -eq 0 ]
	run on n1 srun --immediate=5 -w n2 --gres=bandwidth:500 printenv SLURMD_NODENAME
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = n2 ]
	run on n1 srun --immediate=5 -w n2 --gres=bandwidth:501 printenv SLURMD_NODENAME
	echo "$output"
	[ "$status" -ne 0 ]
	on n1 scancel -n wide
}

@test "a class leaves a module out, and gives it other values" {
	sed -i -e '/name: shared/s/ }$/, lmod: false }/' "$REEVE_CLUSTER"
	sed -i '/name: shared/a\  - { name: second, when: "name == n2", lmod: { modulepath: /srv/n2 } }' "$REEVE_CLUSTER"
	printf 'lmod: { modulepath: /srv/all }\n' >>"$REEVE_CLUSTER"
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	on n1 grep -qx /srv/all /etc/lmod/modulespath
	on n2 grep -qx /srv/n2 /etc/lmod/modulespath
	run on n2 grep -x /srv/all /etc/lmod/modulespath
	[ "$status" -eq 1 ]
	run on n3 "ls -d /etc/lmod; dpkg -s lmod"
	echo "$output"
	[ "$status" -ne 0 ]
	# The check went to the nodes that have it, and to both.
	[ "$(on n1 scontrol show job | grep -A30 JobName=reeve-verify- | grep -o ' NodeList=n[^ ]*' | tail -1)" = " NodeList=n[1-2]" ]
	# Taken from another, it is said, and said once.
	sed -i '/name: second/s/lmod: .*}$/lmod: false }/' "$REEVE_CLUSTER"
	run "$REEVE" --lab plan
	echo "$output"
	[[ $output == *"module lmod no longer applies to n2"* && $output == *zz-reeve-lmod.sh* ]]
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	on n2 test -e /etc/profile.d/zz-reeve-lmod.sh
	run "$REEVE" --lab plan
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output != *"any more"* ]]
}

@test "what the network carries is measured, pair by pair" {
	run --separate-stderr "$REEVE" --lab facts --measure network
	echo "$output"
	echo "$stderr"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == A*B*"A>B Mbit/s"*"B>A Mbit/s"*RTT/ms*MTU* ]]
	[ "$(grep -Ec '^n[12] +n[23] +[0-9]+ +[0-9]+ +[0-9.]+ +1500' <<<"$output")" -eq 3 ]
	run on n1 "pgrep iperf3 || echo none"
	[ "$output" = none ]
}

@test "a link that is slow in one direction is named" {
	on n3 "tc qdisc add dev host0 root tbf rate 50mbit burst 32kbit latency 50ms"
	run --separate-stderr "$REEVE" --lab facts --measure network --json
	on n3 "tc qdisc del dev host0 root"
	echo "$output"
	[ "$status" -eq 0 ]
	run python3 - <<-END
		import json
		all = json.loads('''$output''')
		# The nodes' own speed differs as the machine is busy: of their pair nothing is known here.
		print(sorted((p["a"], p["b"]) for p in all["pairs"] if p["asymmetric"] and "n3" in (p["a"], p["b"])))
		for f in all["findings"]:
		    print(f["code"], f.get("host"), f["what"])
	END
	echo "$output"
	[[ ${lines[0]} == "[('n1', 'n3'), ('n2', 'n3')]" ]]
	[[ $output == *"slow n3 it sends "* ]]
	[[ $output != *"slow n3 it receives"* ]]
}

@test "a host without iperf3 is named, and the others are measured" {
	on n2 "mv /usr/bin/iperf3 /usr/bin/iperf3.away"
	run "$REEVE" --lab facts --measure network
	on n2 "mv /usr/bin/iperf3.away /usr/bin/iperf3"
	echo "$output"
	[ "$status" -eq 3 ]
	[[ $output == *"n2: iperf3 is not installed"*"apt-get install iperf3"* ]]
	grep -Eq '^n1 +n3 +[0-9]+' <<<"$output"
}

@test "an MTU that differs is named" {
	on n3 ip link set host0 mtu 1400
	run "$REEVE" --lab facts --measure network -l n1,n3
	on n3 ip link set host0 mtu 1500
	echo "$output"
	[[ $output == *"n1 has an MTU of 1500 towards n3, which has 1400"* ]]
}

@test "what is interrupted leaves nothing running" {
	"$REEVE" --lab facts --measure network >"$DIR/out" 2>&1 &
	local pid=$!
	until on n1 pgrep iperf3 || on n2 pgrep iperf3 || on n3 pgrep iperf3; do
		kill -0 $pid # it has not ended
	done
	kill -INT $pid
	run ! wait $pid
	for node in n1 n2 n3; do
		for _ in $(seq 20); do
			[ "$(on $node "pgrep iperf3 || echo none")" != none ] || break
			sleep 0.5
		done
		[ "$(on $node "pgrep iperf3 || echo none")" = none ]
	done
}

@test "a node that the topology names is not removed by the way" {
	cp "$REEVE_CLUSTER" "$DIR/good.yaml"
	sed -i 's/"n\[1-3\]": "10.85.0.\[11-13\]"/"n[1-2]": "10.85.0.[11-12]"/' "$REEVE_CLUSTER"
	run "$REEVE" check
	cp "$DIR/good.yaml" "$REEVE_CLUSTER"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"switch 'leaf2' names 'n3', which is not in 'hosts'"* ]]
}

# A bridge passes no LLDP on: what lldpctl prints is made up, in the form of its json0.
@test "switches that LLDP sees become the tree, and nobody is asked where that is not wanted" {
	cp "$REEVE_CLUSTER" "$DIR/good.yaml"
	for node in n1 n2 n3; do
		local leaf=rack1
		[ $node != n3 ] || leaf=rack2
		on $node "cat >/usr/sbin/lldpctl && chmod 755 /usr/sbin/lldpctl" <<-END
			#!/bin/sh
			echo x >>/tmp/asked
			echo '{"lldp":[{"interface":[{"name":"host0","via":"LLDP","chassis":[{"id":[{"type":"mac","value":"00:11:22:33:44:55"}],"name":[{"value":"$leaf.example.net"}],"capability":[{"type":"Bridge","enabled":true}]}],"port":[{"id":[{"type":"ifname","value":"Eth1"}]}]}]}]}'
		END
	done
	"$REEVE" --lab plan
	[ "$(on n1 "ls /tmp/asked 2>/dev/null || echo none")" = none ]
	sed -i -e '/^  switches:/,/leaf2:/d' -e 's/^network:/&\n  discover: true/' "$REEVE_CLUSTER"
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	run on n1 scontrol show topology
	echo "$output"
	[[ $output == *"SwitchName=fabric Level=1"*"Switches=rack[1-2]"* ]]
	[[ $output == *"SwitchName=rack1 Level=0"*"Nodes=n[1-2]"* ]]
	"$REEVE" lab fault n3 stop
	run "$REEVE" --lab plan
	"$REEVE" lab fault n3 start
	echo "$output"
	[[ $output != *topology.conf* ]]
	cp "$DIR/good.yaml" "$REEVE_CLUSTER"
}

@test "the topology goes when it is not wanted any more" {
	sed -i -e '/^  switches:/,/leaf2:/d' "$REEVE_CLUSTER"
	run "$REEVE" --lab apply
	echo "$output"
	[ "$status" -eq 0 ]
	run on n1 ls /etc/slurm/topology.conf /var/lib/reeve/in-force/topology.conf
	[ "$status" -ne 0 ]
	run "$REEVE" --lab plan
	echo "$output"
	[ "$status" -eq 0 ]
}
