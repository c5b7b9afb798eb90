# Hosts that cannot be reached or used: each with its cause and its mend in words, none of them holding up another.
load lib
setup() { protocol_setup; }
teardown() { protocol_teardown; }

says() { # NAME, text: what the real ssh prints before it ends with 255
	host "$1" say=text
	cat >"$roots/$1/text"
}

@test "unknown name" {
	drive nowhere
	has 'nowhere failed unreachable its name has no address'
}

@test "host key changed" {
	says h <<'E'
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Host key for h has changed and you have requested strict checking.
Host key verification failed.
E
	drive h
	has 'h failed refused'
	has 'reeve trust --replace h'
}

@test "host key unknown" {
	says h <<'E'
No ED25519 host key is known for h and you have requested strict checking.
Host key verification failed.
E
	drive h
	has 'h failed refused'
	has 'run `reeve trust h`'
}

@test "permission denied" {
	says h <<<'root@h: Permission denied (publickey,password).'
	drive h
	has 'h failed refused ssh may not log in'
	has 'publickey,password'
}

@test "connection refused, timed out, no route" {
	says a <<<'ssh: connect to host a port 22: Connection refused'
	says b <<<'ssh: connect to host b port 22: Connection timed out'
	says c <<<'ssh: connect to host c port 22: No route to host'
	host d
	drive -m "$nothing" a b c d
	has 'a failed unreachable nothing listens'
	has 'b failed unreachable it does not answer'
	has 'c failed unreachable no route'
	has 'd answer'
}

@test "an unknown complaint of ssh is quoted, without its chatter" {
	says h <<'E'
Warning: Permanently added 'h' (ED25519) to the list of known hosts.
the moon is in the wrong phase
E
	drive h
	has 'h failed unreachable ssh failed: "the moon is in the wrong phase"'
}

@test "nologin" {
	host h shell=/usr/sbin/nologin
	drive h
	has 'h failed refused'
	has "login shell is nologin"
}

@test "false as login shell" {
	host h shell=/bin/false
	drive h
	has 'h failed refused'
	has 'ended without running anything'
}

@test "no sudo for a login that is not root" {
	host h shell=/bin/sh
	not_root h
	script h lonely <<E
#!/bin/sh
PATH=$roots/h/bin
exec /bin/sh "\$@"
E
	echo "shell=$roots/h/bin/lonely" >>"$roots/h/behaviour"
	drive h
	has 'h failed missing'
	has 'install sudo there'
}

@test "requiretty" {
	host h
	not_root h
	script h sudo <<'E'
#!/bin/sh
echo 'sudo: sorry, you must have a tty to run sudo' >&2
exit 1
E
	drive h
	has 'h failed refused'
	has '!requiretty'
}

@test "sudo wants a password that nobody gave" {
	host h
	not_root h
	script h sudo <<'E'
#!/bin/sh
echo 'sudo: a password is required' >&2
exit 1
E
	drive h
	has 'h failed refused'
	has '--ask-sudo'
}

@test "not in sudoers" {
	host h
	not_root h
	script h sudo <<'E'
#!/bin/sh
echo 'somebody is not in the sudoers file.' >&2
exit 1
E
	drive h
	has 'h failed refused'
	has 'not in sudoers'
}

# A sudo that asks as the real one does with -S -p PROMPT.
asking_sudo() {
	script "$1" sudo <<'E'
#!/bin/sh
[ "$1" = -S ] && [ "$2" = -p ] || { echo "sudo: a password is required" >&2; exit 1; }
prompt=$3
shift 3
for try in 1 2 3; do
	printf %s "$prompt" >&2
	IFS= read -r password
	[ "$password" = 'open sesame' ] && exec "$@"
	echo 'Sorry, try again.' >&2
done
echo 'sudo: 3 incorrect password attempts' >&2
exit 1
E
}

@test "sudo is given the password when it asks, and never in argv" {
	host h
	not_root h
	asking_sudo h
	export FAKE_SSH_LOG=$roots/log
	drive -p 'open sesame' -m "$nothing" h
	has 'h answer'
	has '`sudo -n` was refused, and the sudo password sent: h'
	[ "$(grep -c sesame "$roots/log")" = 0 ]
	drive -p 'open sesame' -m "$nothing" h
	has 'h answer'
}

@test "sudo that does not ask is not given the password" {
	host h
	not_root h
	script h sudo <<'E'
#!/bin/sh
[ "$1" = -n ] || exit 1
shift
exec "$@"
E
	drive -p 'open sesame' -m "$nothing" h
	has 'h answer'
	hasnt 'password sent'
}

# A login shell that asks for the password by every sign that the bootstrap knows, but for those of WITHOUT.
thief() { # HOST, WITHOUT
	script "$1" thief <<E
#!/bin/sh
nonce=\$(echo "\$2" | grep -oE '[0-9a-f]{32}' | head -n 1)
[ "$2" = asks ] || echo "\$nonce asks"
printf '%s:' "\$nonce" >&2
read -r password && echo "\$password" >"$roots/stolen"
E
	echo "shell=$roots/$1/bin/thief" >>"$roots/$1/behaviour"
}

@test "a host whose login is root does not get the sudo password" {
	host h
	thief h
	drive -p 'open sesame' h
	has 'h failed refused it asks for the sudo password, and its login is root'
	[ ! -e "$roots/stolen" ]
}

@test "a host that does not say that sudo -n was refused does not get the sudo password" {
	host h
	host n
	thief h asks
	echo uid=65534 >>"$roots/h/behaviour"
	chmod 755 "$roots"
	drive -c 3000 -p 'open sesame' h n
	has 'h failed'
	has 'n connected'
	hasnt 'password sent'
	[ ! -e "$roots/stolen" ]
}

@test "a login that is not root does not choose where the agent works as root" {
	host h
	not_root h
	unset REEVE_ROOT
	script h sudo <<E
#!/bin/sh
echo "root=\$REEVE_ROOT" >"$roots/h/seen"
exit 1
E
	drive h
	[ "$(cat "$roots/h/seen")" = root= ]
}

@test "a wrong password" {
	host h
	not_root h
	asking_sudo h
	drive -p wrong h
	has 'h failed refused sudo does not accept the password there'
}

@test "an architecture without an agent" {
	host h
	script h uname <<<'#!/bin/sh
echo riscv64'
	drive h
	has 'h failed refused there is no agent for its architecture, riscv64'
}

@test "noexec /var: the agent goes to /usr/local/libexec" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	host h
	run timeout 60 unshare -m sh -c "mount -t tmpfs -o noexec tmpfs $roots/h/var/lib && \
		$fleet -C none -m '$nothing' h && ls $roots/h/usr/local/libexec/reeve"
	echo "$output"
	has pushed
	has 'h answer'
	[ -n "$(ls "$roots/h/usr/local/libexec/reeve")" ]
}

@test "noexec everywhere" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	host h
	run timeout 60 unshare -m sh -c "mount -t tmpfs -o noexec tmpfs $roots/h/var/lib && \
		mount -t tmpfs -o noexec tmpfs $roots/h/usr/local && $fleet -C none h"
	echo "$output"
	has 'h failed refused no place for the agent'
	has noexec
}

@test "read-only /var: the agent goes to /usr/local/libexec" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	host h
	run timeout 60 unshare -m sh -c "mount -t tmpfs -o ro tmpfs $roots/h/var/lib && $fleet -C none -m '$nothing' h"
	echo "$output"
	has 'h answer'
}

@test "no space for the agent" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	host h
	run timeout 60 unshare -m sh -c "mount -t tmpfs -o size=100k tmpfs $roots/h/var/lib && $fleet -C none h"
	echo "$output"
	has 'h failed failed the agent did not arrive whole'
	has 'No space left'
	hasnt connected
}

@test "a directory that belongs to somebody else is not used" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	host h
	mkdir -p "$roots/h/var/lib/reeve/agent"
	cp "$REEVE_AGENT_DIR/reeve-agent" "$roots/h/var/lib/reeve/agent/$(sha256sum <"$REEVE_AGENT_DIR/reeve-agent" | cut -c1-64)"
	chown -R nobody "$roots/h/var/lib/reeve/agent"
	drive -m "$nothing" h
	has pushed
	has 'h answer'
	[ -n "$(ls "$roots/h/usr/local/libexec/reeve")" ]
}

@test "a black hole is left behind at the deadline, the others finish" {
	host hole black-hole=yes
	host a
	host b
	local start=$SECONDS
	drive -c 2000 -m "$nothing" a hole b
	[ $((SECONDS - start)) -lt 20 ]
	has 'hole failed timeout it does not answer'
	has 'a answer'
	has 'b answer'
	has 'hole error timeout'
}

@test "the deadline of the whole connect" {
	host hole black-hole=yes
	host a
	drive -t 3000 -m "$nothing" a hole
	has 'hole failed timeout'
	has 'a answer'
}

@test "slow hosts are waited for" {
	host slow delay=1500
	drive -m "$nothing" slow
	has 'slow answer'
}

@test "an interrupted run ends at once, and leaves no ssh behind" {
	host hole black-hole=yes
	"$fleet" -C none hole >"$roots/out" 2>&1 &
	local pid=$!
	sleep 1
	local child
	child=$(pgrep -P $pid)
	kill -INT $pid
	wait $pid || true
	grep -q 'stopped cancelled' "$roots/out"
	[ -n "$child" ]
	! kill -0 "$child" 2>/dev/null
}
