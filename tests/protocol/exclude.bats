# reeve exclude while jobs run: the lock is free while it waits, and what others did meanwhile counts.
load lib
load slurm

setup() {
	protocol_setup
	slurm_cluster c1 n1 n2
	reeve apply
	[ "$status" -eq 0 ]
	echo '7|RUNNING|main|kim|n2||(null)|1|None' >"$roots/jobs"
}

teardown() {
	[ -z "$waiting" ] || ! kill -0 "$waiting" 2>/dev/null || kill "$waiting"
	protocol_teardown
}

remembers() { # EXPRESSION about the record, called `r`
	python3 -c "import json, sys; r = json.load(open(sys.argv[1])); sys.exit(0 if ($1) else 'not so: $1: %s' % r)" \
		"$roots/c1.fen/var/lib/reeve/record.json"
}

epoch() { python3 -c "import json, sys; print(json.load(open(sys.argv[1]))['epoch'])" "$roots/c1.fen/var/lib/reeve/record.json"; }

# until SECONDS COMMAND...
until_true() {
	local n=$(($1 * 10))
	shift
	while ! "$@" 2>/dev/null; do
		[ $((n -= 1)) -gt 0 ] || { echo "never: $*"; cat "$roots/exclude.out"; return 1; }
		sleep 0.1
	done
}

says() { grep -qF -- "$1" "$roots/exclude.out"; }
lock_is_free() { flock -n "$roots/c1.fen/var/lib/reeve/lock" true && flock -n "$roots/n1.fen/var/lib/reeve/lock" true; }

# begin ARGUMENT...: reeve exclude n2, until it waits
begin() {
	"$REEVE" exclude n2 --reason fan "$@" >"$roots/exclude.out" 2>&1 </dev/null &
	waiting=$!
	until_true 20 says 'waiting for 1 job: 7 of kim on n2; Ctrl-C leaves the nodes draining'
	until_true 10 lock_is_free
}

# end STATUS: what `begin` began ends so
end() {
	local got=0
	wait "$waiting" || got=$?
	waiting=
	cat "$roots/exclude.out"
	[ "$got" -eq "$1" ]
}

@test "other runs go on while jobs are waited for" {
	begin
	remembers 'r["exclusions"][0]["leaving"]'
	local before after
	before=$(epoch)
	printf 'slurm: { MinJobAge: 600 }\n' >>"$REEVE_CLUSTER"
	reeve apply
	[ "$status" -eq 0 ]
	after=$(epoch)
	[ "$after" -gt "$before" ]
	remembers 'r["exclusions"][0]["leaving"]'
	grep -q 'Nodes=n\[1-2\]' "$roots/c1.fen/etc/slurm/slurm.conf"

	: >"$roots/jobs"
	end 0
	remembers 'not r["exclusions"][0]["leaving"] and r["exclusions"][0]["reason"] == "fan"'
	[ "$(epoch)" -gt "$after" ]
	grep -q 'Nodes=n1 ' "$roots/c1.fen/etc/slurm/slurm.conf"
	grep -q '^MinJobAge=600' "$roots/c1.fen/etc/slurm/slurm.conf"
	grep -q ^inactive "$roots/n2.fen/units/slurmd.service"
	lock_is_free
}

@test "what was taken back meanwhile is not excluded" {
	begin
	reeve include n2
	[ "$status" -eq 0 ]
	remembers 'not r["exclusions"]'
	end 1
	says 'n2: was put back into service while reeve waited for its jobs'
	remembers 'not r["exclusions"]'
	grep -q 'Nodes=n\[1-2\]' "$roots/c1.fen/etc/slurm/slurm.conf"
	grep -q ^active "$roots/n2.fen/units/slurmd.service"
	grep -qx 'update NodeName=n2 State=RESUME' "$roots/told"
}

@test "what an administrator resumed meanwhile is drained again" {
	begin
	sed -i 's/^\(NodeName=n2 .*State=IDLE\).*/\1/' "$roots/nodes"
	until_true 20 grep -q '^NodeName=n2 .*DRAIN' "$roots/nodes"
	remembers 'r["exclusions"][0]["leaving"]'
	until_true 10 lock_is_free
	: >"$roots/jobs"
	end 0
	remembers 'not r["exclusions"][0]["leaving"]'
}

@test "the end waits for the lock of another run" {
	begin
	mkfifo "$roots/hold"
	flock "$roots/c1.fen/var/lib/reeve/lock" cat "$roots/hold" >/dev/null &
	until_true 5 bash -c '! flock -n "$1" true' - "$roots/c1.fen/var/lib/reeve/lock"
	: >"$roots/jobs"
	until_true 20 says 'to be finished when the lock is free: c1: this host is locked by'
	remembers 'r["exclusions"][0]["leaving"]'
	: >"$roots/hold"
	end 0
	remembers 'not r["exclusions"][0]["leaving"]'
}

@test "a file that was spoilt meanwhile leaves the node draining" {
	begin
	echo 'nonsense: yes' >>"$REEVE_CLUSTER"
	: >"$roots/jobs"
	end 1
	says "unknown key 'nonsense'"
	says 'what was drained stays so'
	remembers 'r["exclusions"][0]["leaving"]'
	lock_is_free
}

@test "an interrupted wait leaves the node draining, and the same command goes on" {
	begin
	kill -INT "$waiting"
	end 130
	says 'what was drained stays so'
	remembers 'r["exclusions"][0]["leaving"]'
	: >"$roots/jobs"
	reeve exclude n2
	[ "$status" -eq 0 ]
	remembers 'not r["exclusions"][0]["leaving"] and r["exclusions"][0]["reason"] == "fan"'
}

@test "jobs that are cancelled are waited for without the lock, too" {
	begin --now
	grep -qx 'scancel 7' "$roots/told"
	: >"$roots/jobs"
	end 0
	[ "$(grep -c scancel "$roots/told")" -eq 1 ]
	remembers 'not r["exclusions"][0]["leaving"]'
}
