# Local files on their way into the spools of hosts.
load lib
setup() {
	protocol_setup
	head -c 20000000 /dev/urandom >"$roots/file"
	digest=$(sha256sum <"$roots/file" | cut -c -64)
	lock='{"verb":"lock","epoch":1,"holder":"h","run":"r"}'
}
teardown() { protocol_teardown; }

# send HOST...: with the lock of each
send() { drive -m "$lock" -f "${size-20000000}:$digest=$roots/file" "$@"; }

liar() {
	export REAL_SSH=$REEVE_SSH REEVE_SSH=$BATS_TEST_DIRNAME/liar
	cat >"$roots/$1/lie.py"
}

@test "in pieces, to several hosts, and not again" {
	host a
	host b
	send a b
	for h in a b; do
		has "$h has 0 of 20000000"
		has "$h has 8388608 of 20000000"
		has "$h has 16777216 of 20000000"
		has "$h has 20000000 of 20000000"
		cmp "$roots/file" "$roots/$h/var/spool/reeve/$digest"
	done
	lock=${lock/1/2}
	send a
	has 'a has 20000000 of 20000000'
	[ "$(grep -c ' has ' <<<"$output")" = 1 ]
}

@test "what came before is not sent again" {
	host a
	mkdir -p "$roots/a/var/spool/reeve"
	head -c 15000000 "$roots/file" >"$roots/a/var/spool/reeve/$digest.part"
	send a
	has 'a has 15000000 of 20000000'
	hasnt 'a has 8388608'
	has 'a has 20000000 of 20000000'
	cmp "$roots/file" "$roots/a/var/spool/reeve/$digest"
}

@test "a file that is another is refused, here by its size and there by its content" {
	host a
	size=20000001 send a
	has "a lacks input $roots/file has 20000000 bytes, not 20000001"
	printf x >>"$roots/file"
	size=0 lock=${lock/1/2} send a
	has "a lacks protocol store: the content is $(sha256sum <"$roots/file" | cut -c -64), not $digest"
	[ -z "$(ls "$roots/a/var/spool/reeve")" ]
	rm "$roots/file"
	lock=${lock/1/3} send a
	has "a lacks system cannot read $roots/file"
}

@test "one host that says what cannot be keeps no other from its file" {
	for h in beyond less never text; do host "$h"; done
	host good
	liar beyond <<-'E'
		def answer(request, message):
		    return tell({"id": message["id"], "ok": {"have": 20000001}}) if request["verb"] == "store" else None
	E
	cat >"$roots/less/lie.py" <<-'E'
		def answer(request, message):
		    return tell({"id": message["id"], "ok": {"have": 0}}) if request["verb"] == "store" else None
	E
	cat >"$roots/never/lie.py" <<-'E'
		def answer(request, message):
		    return tell({"id": message["id"], "ok": {"have": 20000000}}) if "piece" in request else None
	E
	cat >"$roots/text/lie.py" <<-'E'
		def answer(request, message):
		    return tell({"id": message["id"], "ok": {"have": "all"}}) if request["verb"] == "store" else None
	E
	send beyond less never text good
	has 'beyond lacks protocol it says that it has 20000001 bytes of'
	has 'less lacks protocol it says that it has 0 bytes of'
	has 'never lacks protocol it says that it has 20000000 bytes of'
	has 'text lacks protocol it says that it has 0 bytes of'
	cmp "$roots/file" "$roots/good/var/spool/reeve/$digest"
}

@test "a file that changes while it is sent" {
	host a
	liar a <<-E
		def answer(request, message):
		    if request["verb"] == "store":
		        open("$roots/file", "ab").write(b"x")
	E
	send a
	has "a lacks input $roots/file changes while it is sent"
}
