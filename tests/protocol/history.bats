# Generations and their texts, over whole runs: what the controllers keep, what `reeve history` believes of it, and how much there is.
load lib
load slurm
setup() { protocol_setup; }
teardown() { protocol_teardown; }

said() { grep -qF -- "$1" "$roots/out" || { echo "not said: $1"; return 1; }; }
unsaid() { ! grep -qF -- "$1" "$roots/out" || { echo "said: $1"; return 1; }; }
error() { grep -qF -- "$1" "$roots/err" || { echo "no such error: $1"; return 1; }; }
no_error() { ! grep -qF -- "$1" "$roots/err" || { echo "an error: $1"; return 1; }; }

# json EXPRESSION: of the last line on standard output, called `o`
json() {
	tail -n 1 "$roots/out" | python3 -c "import json, sys; o = json.load(sys.stdin); sys.exit(0 if ($1) else 'not so: $1')"
}

# recorded CONTROLLER EXPRESSION: of its copy of the record, called `o`
recorded() { python3 -c "import json; o = json.load(open('$roots/$1.fen/var/lib/reeve/record.json')); print($2)"; }

kept() { echo "$roots/$1.fen/var/lib/reeve/generations/$2"; }

# c1, c2 and c3 are controllers, which see one state directory, and n1 is a node.
three_controllers() {
	slurm_cluster c1 n1
	local h
	mkdir "$roots/state"
	sed -i 's/^  c1: c1.fen/&\n  c2: c2.fen\n  c3: c3.fen/; s|^controllers: .*|controllers: [c1, c2, c3]\nstate: /srv/state|' "$REEVE_CLUSTER"
	for h in c1 c2 c3; do
		[ "$h" = c1 ] || slurm_host "$h"
		echo active enabled 1 >"$roots/$h.fen/units/slurmctld.service"
		mkdir -p "$roots/$h.fen/proc/self" "$roots/$h.fen/srv/state"
		chown 64030:64030 "$roots/$h.fen/srv/state"
		echo '31 30 0:44 / /srv/state rw - nfs4 fs:/state rw' >"$roots/$h.fen/proc/self/mountinfo"
		sed -i '2i case "$2" in *"scontrol reconfigure"*) exit 0 ;; esac' "$roots/$h.fen/bin/sh"
		script "$h.fen" runuser <<<$'#!/bin/sh\n[ "$7" != "${7#*srv/state/}" ] || { shift 3; exec "$@"; }\nexec /bin/sh -c "$6" "$REEVE_ROOT/../state/${7##*/}" "$8"'
	done
}

@test "a table that cluster.yaml is continued in is a text of the generation" {
	slurm_cluster c1 n1
	mkdir "$roots/people"
	printf 'name,uid,shell\nana,2001,/bin/sh\n' >"$roots/people/users.csv"
	printf 'users: { from: people/users.csv }\n' >>"$REEVE_CLUSTER"
	reeve apply core
	[ "$status" -eq 0 ]
	cmp "$(kept c1 1)/people_users.csv" "$roots/people/users.csv"
	printf 'bob,2002,/bin/sh\n' >>"$roots/people/users.csv"
	echo 'slurm: { MinJobAge: 600 }' >>"$REEVE_CLUSTER"
	reeve apply core
	[ "$status" -eq 0 ]
	reeve history 2
	[ "$status" -eq 0 ]
	said '--- people_users.csv'
	said '+bob,2002,/bin/sh'
}

@test "two applies are two generations, and the second is shown by its difference" {
	slurm_cluster c1 n1
	reeve history
	[ "$status" -eq 0 ]
	said 'nothing was applied yet'
	reeve history 1
	[ "$status" -eq 1 ]
	error 'there is no generation 1: nothing was applied yet'

	reeve apply
	[ "$status" -eq 0 ]
	printf 'slurm: { MinJobAge: 600 } # longer\n' >>"$REEVE_CLUSTER"
	reeve apply
	[ "$status" -eq 0 ]
	reeve apply # nothing to do is no generation
	[ "$status" -eq 0 ]

	reeve history
	[ "$status" -eq 0 ]
	[ "$(grep -cE '^ +[0-9]+  [0-9-]+T[0-9:]+Z  [^ ]+@[^ ]+ +[0-9]+ resources? changed$' "$roots/out")" = 2 ]
	[ "$(tail -n 1 "$roots/out" | awk '{ print $1 }')" = 2 ]
	[ "$(wc -L <"$roots/out")" -le 80 ]

	reeve history 2
	[ "$status" -eq 0 ]
	grep -qE '^generation 2: 20.*Z by .+@' "$roots/out"
	said 'command: reeve apply'
	said '--- cluster.yaml'
	said '+slurm: { MinJobAge: 600 } # longer'
	said '--- slurm.conf'
	said '+MinJobAge=600'
	unsaid '--- cgroup.conf'
	[ "$(grep -c '^+++ ' "$roots/out")" = 2 ]
	[ ! -s "$roots/err" ] || no_error generation

	reeve history 1
	[ "$status" -eq 0 ]
	said 'it is the first one: there is none to compare it with'
	for n in 3 9223372036854775807; do
		reeve history $n
		[ "$status" -eq 1 ]
		error "there is no generation $n: the record has 1 to 2"
	done
	for n in 0 x -1 '' 1x 99999999999999999999; do
		reeve history -- "$n"
		[ "$status" -eq 64 ]
	done

	reeve --json history
	json 'sorted(o) == ["cluster", "findings", "generations", "schema", "unreached"]'
	json 'o["cluster"] == "fen" and [g["number"] for g in o["generations"]] == [1, 2] and not o["findings"] and not o["unreached"]'
	json 'sorted(o["generations"][1]["texts"]) == ["cgroup.conf", "cluster.yaml", "slurm.conf"]'
	reeve --json history 2
	json 'o["before"] == 1 and [d["file"] for d in o["differences"]] == ["cluster.yaml", "slurm.conf"]'
	json 'sorted(o) == ["before", "cluster", "differences", "findings", "generation", "schema", "unreached"]'
	json '"+MinJobAge=600" in o["differences"][1]["difference"] and o["generation"]["command"] == "reeve apply"'
	reeve --json history 9
	[ "$status" -eq 1 ]
	json 'o["generation"] is None and o["before"] is None'
}

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
		assert record["format"] == 4
		for g in (meta, record["generations"][0]):
		    assert g["number"] == 1 and g["command"] == "reeve apply" and "@" in g["who"]
		    assert {n: hashlib.sha256(open(f"{sys.argv[1]}/{n}", "rb").read()).hexdigest() for n in g["texts"]} == g["texts"]
		    assert sorted(g["texts"]) == ["cgroup.conf", "cluster.yaml", "slurm.conf"]
	E
}

@test "a copy that is not as the record says is not believed, and another controller's is used" {
	three_controllers
	reeve apply
	[ "$status" -eq 0 ]
	printf 'slurm: { MinJobAge: 600 }\n' >>"$REEVE_CLUSTER"
	reeve apply
	[ "$status" -eq 0 ]
	for c in c1 c2 c3; do [ -s "$(kept $c 2)/slurm.conf" ]; done

	sed -i s/MinJobAge=600/MinJobAge=666/ "$(kept c1 2)/slurm.conf"
	reeve history 2
	[ "$status" -eq 0 ]
	said '+MinJobAge=600'
	unsaid 666
	error 'c1: its /var/lib/reeve/generations/2/slurm.conf is not what the cluster'
	reeve --json history 2
	json '[(f["host"], f["code"]) for f in o["findings"]] == [("c1", "generation")]'

	# With one controller off the others do; a copy that is missing is no lie.
	rm "$(kept c2 2)/slurm.conf"
	reeve history 2
	[ "$status" -eq 0 ]
	said '+MinJobAge=600'
	no_error c2
	mv "$roots/c3.fen" "$roots/off"
	reeve history
	[ "$status" -eq 3 ]
	error c3
	[ "$(tail -n 1 "$roots/out" | awk '{ print $1 }')" = 2 ]
	reeve history 2
	[ "$status" -eq 1 ]
	unsaid MinJobAge=
	said '+slurm: { MinJobAge: 600 }'
	error 'no controller that was reached has the right /var/lib/reeve/generations/2/slurm.conf'

	# One of three is no majority; and one that tells of more alone is not heard.
	mv "$roots/c2.fen" "$roots/off2"
	reeve history
	[ "$status" -eq 1 ]
	[ ! -s "$roots/out" ]
	error '1 of 3 controllers answered'
	mv "$roots/off" "$roots/c3.fen"
	mv "$roots/off2" "$roots/c2.fen"
	sed -i 's/"summary": "/&forged /' "$roots/c1.fen/var/lib/reeve/record.json"
	reeve history
	[ "$status" -eq 0 ]
	unsaid forged
	error c1
}

@test "the newest 50 have texts, on a controller that kept more, too" {
	slurm_cluster c1 n1
	reeve apply
	[ "$status" -eq 0 ]
	rm -r "$(kept c1 1)"
	python3 - "$roots/c1.fen/var/lib/reeve" <<-'E'
		import hashlib, json, os, sys
		record = json.load(open(sys.argv[1] + "/record.json"))
		record["generations"] = []
		for n in range(1, 54):
		    text = b"generation %d\n" % n
		    os.makedirs(f"{sys.argv[1]}/generations/{n}")
		    open(f"{sys.argv[1]}/generations/{n}/slurm.conf", "wb").write(text)
		    digest = hashlib.sha256(text).hexdigest()
		    g = {"number": n, "when": "2026-01-01T00:00:00Z", "who": "me@here", "digest": digest, "summary": "x"}
		    if n > 2:
		        g["texts"] = {"slurm.conf": digest}
		    record["generations"].append(g)
		json.dump(record, open(sys.argv[1] + "/record.json", "w"))
		# what a run that was cut off left under the next number
		os.makedirs(sys.argv[1] + "/generations/54")
		open(sys.argv[1] + "/generations/54/gres.conf", "w").write("stale\n")
	E
	reeve history 53
	[ "$status" -eq 0 ]
	said '-generation 52'
	said '+generation 53'
	reeve history 3
	[ "$status" -eq 0 ]
	said 'no texts of generation 2 are kept to compare it with'
	reeve history 2
	[ "$status" -eq 0 ]
	said 'no texts of generation 2 are kept'

	printf 'slurm: { MinJobAge: 600 }\n' >>"$REEVE_CLUSTER"
	reeve apply
	[ "$status" -eq 0 ]
	[ "$(ls "$(kept c1 .)" | wc -l)" = 50 ]
	[ ! -e "$(kept c1 4)" ]
	[ -e "$(kept c1 5)" ]
	[ ! -e "$(kept c1 54)/gres.conf" ]
	cmp "$roots/c1.fen/etc/slurm/slurm.conf" "$(kept c1 54)/slurm.conf"
	reeve history 4
	said 'no texts of generation 4 are kept'
	reeve history 54
	[ "$status" -eq 0 ]
	said '+MinJobAge=600'
	! ls "$roots/c1.fen/var/lib/reeve/backup" 2>/dev/null | grep -q generations || return 1
}

@test "a controller that cannot keep them is a warning, and the run goes on" {
	slurm_cluster c1 n1
	mkdir -p "$roots/c1.fen/var/lib/reeve"
	echo 'not a directory' >"$roots/c1.fen/var/lib/reeve/generations"
	reeve apply
	[ "$status" -eq 0 ]
	grep -q 'c1: it does not keep the texts of this generation: .*/var/lib/reeve/generations.* \[generation\]' "$roots/err"
	[ "$(recorded c1 'len(o["generations"][0]["texts"])')" = 3 ]
	reeve --json history
	json 'len(o["generations"]) == 1'
}
