# reeve render: what the hosts said is enough to make the bytes that an apply wrote, without them.
bats_require_minimum_version 1.5.0
load lib
load slurm
setup() { protocol_setup; }
teardown() { protocol_teardown; }

said() { grep -qF -- "$1" "$roots/out" || { echo "not said: $1"; return 1; }; }
error() { grep -qF -- "$1" "$roots/err" || { echo "no such error: $1"; return 1; }; }

# No host can be reached any more.
cut_off() { export REEVE_SSH=/bin/false; }

# same NAME...: as they lie on the controller
same() {
	local name
	for name; do cmp "$roots/c1.fen/etc/slurm/$name" "$roots/rendered/$name"; done
}

@test "after the hosts are gone, the files are those that apply wrote, before and after it" {
	slurm_cluster c1 n1 n2
	printf 'slurm: { MinJobAge: 600 }\nclasses: [{ name: small, when: "cores < 8", features: [small] }]\n' >>"$REEVE_CLUSTER"
	reeve facts --save "$roots/before"
	[ "$status" -eq 0 ]
	reeve apply core
	[ "$status" -eq 0 ]
	reeve facts --save "$roots/facts"
	[ "$status" -eq 0 ]
	said n2
	[ "$(stat -c %a "$roots/facts/n1.json")" = 600 ]
	run ! grep -rq "the key of the cluster" "$roots/facts" "$roots/before"
	cut_off
	for from in before facts; do
		reeve render --facts "$roots/$from" -o "$roots/rendered"
		[ "$status" -eq 0 ]
		same slurm.conf cgroup.conf
		[ "$(ls "$roots/rendered")" = $'cgroup.conf\nslurm.conf' ]
		said "rendered/slurm.conf: /etc/slurm/slurm.conf on c1,n[1-2]"
	done
	grep -q 'Features=small' "$roots/rendered/slurm.conf"
	reeve render --facts "$roots/facts"
	said '# /etc/slurm/slurm.conf on c1,n[1-2]'
	sed -n '/^# .etc.slurm.slurm.conf on/,/^# .etc.slurm.cgroup.conf on/p' "$roots/out" | sed -e 1d -e '$d' | sed '$d' |
		cmp - "$roots/c1.fen/etc/slurm/slurm.conf"
	# by default beside cluster.yaml
	cp -r "$roots/facts" "$(dirname "$REEVE_CLUSTER")/facts" 2>/dev/null || [ "$(dirname "$REEVE_CLUSTER")" -ef "$roots" ]
	reeve render --json
	[ "$status" -eq 0 ]
	python3 - "$roots/out" "$roots/c1.fen/etc/slurm/slurm.conf" <<-'P'
		import json, sys
		files = {f["name"]: f for f in json.load(open(sys.argv[1]))["files"]}
		assert files["slurm.conf"]["text"] == open(sys.argv[2]).read(), files
		assert files["slurm.conf"]["hosts"] == ["c1", "n1", "n2"], files
	P
}

@test "what is not known is named, and what apply would refuse is refused" {
	slurm_cluster c1 n1 n2
	reeve facts --save "$roots/facts" -l c1,n1
	[ "$status" -eq 0 ]
	cut_off
	reeve render
	[ "$status" -eq 3 ]
	error "nothing is known of n2: \`reeve facts --save "
	said NodeName=n1
	run ! grep -q NodeName=n2 "$roots/out"
	# Another cluster.yaml asks the host for other things.
	echo 'slurm: { Prolog: /etc/slurm/prolog.sh }' >>"$REEVE_CLUSTER"
	reeve render
	error "cluster.yaml asks n1 for more than when the facts were saved"
	said Prolog=/etc/slurm/prolog.sh
	sed -i '$d' "$REEVE_CLUSTER"
	# A release that cluster.yaml does not want.
	sed -i 's/^cluster: .*/&\nslurm_version: "24.11"/' "$REEVE_CLUSTER"
	reeve render
	[ "$status" -eq 1 ]
	error "cluster.yaml pins 24.11"
}

@test "a file that is not an answer is refused with its name, and nothing is written" {
	slurm_cluster c1 n1
	reeve facts --save "$roots/facts"
	cut_off
	cp "$roots/facts/n1.json" "$roots/good"
	refused() {
		reeve render -o "$roots/rendered"
		[ "$status" -eq 1 ]
		error "facts/n1.json: $1"
		[ ! -e "$roots/rendered" ]
	}
	cp "$roots/facts/c1.json" "$roots/facts/n1.json"
	refused "it is of the host 'c1'"
	echo '{"reeve": 2}' >"$roots/facts/n1.json"
	refused 'it is not what `reeve facts --save` of this reeve wrote'
	head -c 900 "$roots/good" >"$roots/facts/n1.json"
	refused ''
	sed 's/"end"/"fin"/' "$roots/good" >"$roots/facts/n1.json"
	refused "facts without items or times"
	rm "$roots/facts/c1.json" "$roots/facts/n1.json"
	reeve render -o "$roots/rendered"
	[ "$status" -eq 1 ]
	error "has the facts of no controller"
}

@test "what an earlier rendering left goes, and what is somebody else's stays" {
	slurm_cluster c1 n1
	reeve facts --save "$roots/facts"
	cut_off
	mkdir "$roots/rendered"
	printf '# Written by reeve; the same on every host.\n' >"$roots/rendered/topology.conf"
	echo mine >"$roots/rendered/README"
	reeve render -o "$roots/rendered"
	[ "$status" -eq 0 ]
	said "rendered/topology.conf: it is not there any more"
	[ "$(ls "$roots/rendered")" = $'README\ncgroup.conf\nslurm.conf' ]
}
