# Generations and their texts, over whole runs: what the controllers keep.
load lib
load slurm
setup() { protocol_setup; }
teardown() { protocol_teardown; }


# recorded CONTROLLER EXPRESSION: of its copy of the record, called `o`
recorded() { python3 -c "import json; o = json.load(open('$roots/$1.fen/var/lib/reeve/record.json')); print($2)"; }

kept() { echo "$roots/$1.fen/var/lib/reeve/generations/$2"; }

@test "the texts are those that were given and made, and root's only" {
	slurm_cluster c1 n1
	cp "$REEVE_CLUSTER" "$roots/first.yaml"
	reeve apply
	[ "$status" -eq 0 ]
	cmp "$roots/first.yaml" "$(kept c1 1)/cluster.yaml"
	cmp "$roots/c1.fen/etc/slurm/slurm.conf" "$(kept c1 1)/slurm.conf"
	cmp "$roots/c1.fen/etc/slurm/cgroup.conf" "$(kept c1 1)/cgroup.conf"
	[ "$(ls "$(kept c1 1)")" = $'cgroup.conf\ncluster.yaml\ngeneration.json\nslurm.conf' ]
	[ "$(stat -c %a "$(kept c1 .)" "$(kept c1 1)" "$(kept c1 1)"/* | sort | uniq -c | awk '{ print $1, $2 }')" = $'4 600\n2 700' ]
	[ ! -e "$(kept n1 .)" ]
	python3 - "$(kept c1 1)" "$roots/c1.fen/var/lib/reeve/record.json" <<-'E'
		import hashlib, json, sys
		meta = json.load(open(sys.argv[1] + "/generation.json"))
		record = json.load(open(sys.argv[2]))
		assert record["format"] == 3
		for g in (meta, record["generations"][0]):
		    assert g["number"] == 1 and g["command"] == "reeve apply" and "@" in g["who"]
		    assert {n: hashlib.sha256(open(f"{sys.argv[1]}/{n}", "rb").read()).hexdigest() for n in g["texts"]} == g["texts"]
		    assert sorted(g["texts"]) == ["cgroup.conf", "cluster.yaml", "slurm.conf"]
	E
}

@test "a controller that cannot keep them is a warning, and the run goes on" {
	slurm_cluster c1 n1
	mkdir -p "$roots/c1.fen/var/lib/reeve"
	echo 'not a directory' >"$roots/c1.fen/var/lib/reeve/generations"
	reeve apply
	[ "$status" -eq 0 ]
	grep -q 'c1: it does not keep the texts of this generation: .*/var/lib/reeve/generations.* \[generation\]' "$roots/err"
	[ "$(recorded c1 'len(o["generations"][0]["texts"])')" = 3 ]
}
