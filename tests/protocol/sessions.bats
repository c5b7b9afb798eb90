# Sessions as they are held: without ssh, over time, and many of them.
load lib
setup() { protocol_setup; }
teardown() { protocol_teardown; }

@test "this machine, without ssh" {
	export REEVE_ROOT=$roots/here REEVE_SSH=/bin/false
	host here
	drive -m "$nothing" local
	has 'local connected'
	has 'kept'
	has 'local answer {"observed":[]}'
	[ ! -e "$roots/here/var/lib/reeve/agent" ]
}

@test "this machine by sudo: what runs as root is what was hashed, not what lies in the directory of the build" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	command -v setpriv >/dev/null || skip "no setpriv"
	mkdir -p "$roots/bin" "$roots/build"
	chmod 755 "$roots" "$roots/bin" "$roots/build"
	cp "$REEVE_AGENT_DIR/reeve-agent" "$roots/build/"
	cat >"$roots/bin/sudo" <<E
#!/bin/sh
echo "\$*" >"$roots/asked/sudo"
exit 1
E
	chmod 755 "$roots/bin/sudo"
	mkdir -m 777 "$roots/asked"
	PATH=$roots/bin:$PATH REEVE_AGENT_DIR=$roots/build run setpriv --reuid=65534 --clear-groups "$fleet" -C none local
	echo "$output"
	grep -q '^-n /bin/sh -c .*sha256sum' "$roots/asked/sudo"
	! grep -q "$roots/build" "$roots/asked/sudo" || return 1
}

@test "a fleet without agents says where it looked" {
	REEVE_AGENT_DIR=$roots drive h
	has "no fleet: there is no reeve-agent in $roots"
}

@test "a file that is no program is not sent as agent" {
	echo hello >"$roots/reeve-agent"
	REEVE_AGENT_DIR=$roots drive h
	has "no fleet: $roots/reeve-agent is no 64-bit program"
}

@test "heartbeats keep a session through half a minute of silence" {
	host h
	drive -w 33000 -t 90000 -m "$nothing" h
	has 'h answer'
}

@test "an agent that lies still for half a minute is dead" {
	peer
	host h lie=deaf-to-heartbeats
	drive -w 33000 -m '{"verb":"x"}' h
	has 'h error timeout nothing was heard of it for 30 s'
}

@test "a host that only beats holds nobody up for as long as its work might take" {
	peer
	host h lie=busy
	host n
	drive -S 7000 -t 60000 -m '{"verb":"x"}' h n
	has 'h error timeout nothing but heartbeats came for 7 s'
	has 'n answer'
}

@test "one that says how far it is may take its time" {
	peer
	host h
	drive -S 1500 -t 60000 -m '{"verb":"sleep","ms":1000}' -m '{"verb":"events","count":3}' -m '{"verb":"sleep","ms":1000}' h
	[ "$(grep -c 'h answer' <<<"$output")" = 3 ]
}

# more than the window of 64, more than may keep connections
@test "two hundred hosts, some of them bad" {
	local n hosts=()
	peer
	for ((n = 0; n < 200; n++)); do
		host "h$n"
		hosts+=("h$n")
	done
	echo 'lie=garbage' >"$roots/h7/behaviour"
	echo 'black-hole=yes' >"$roots/h99/behaviour"
	echo 'cut-after=100' >"$roots/h150/behaviour"
	run timeout 120 "$fleet" -c 8000 -t 90000 -b 300000 -m '{"verb":"x"}' -m '{"verb":"y"}' "${hosts[@]}"
	[ "$(grep -c ' connected ' <<<"$output")" = 198 ]
	[ "$(grep -c ' answer ' <<<"$output")" = 394 ]
	has 'h7 error protocol'
	has 'h99 failed timeout'
	has 'h150 failed unreachable'
}

@test "no process is left behind" {
	peer
	host a
	host hole black-hole=yes
	host cut deaf-after=300
	drive -c 1500 -t 5000 -m '{"verb":"x"}' a hole cut
	sleep 1
	[ -z "$(grep -lsa "$roots" /proc/[0-9]*/environ | grep -v "/$$/" | xargs -r -n1 dirname | xargs -r -n1 -I{} readlink {}/exe | grep -E 'fake-ssh|reeve-agent')" ]
}
