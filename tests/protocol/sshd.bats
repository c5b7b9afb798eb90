# A real sshd on this machine, at a port of its own, with keys and configuration of its own: cold, through kept connections, and
# with kept connections that died; and the operator's trust in host keys.
load lib

setup() {
	protocol_setup
	peer
	unset REEVE_SSH
	sshd_program=${SSHD:-/usr/sbin/sshd}
	dir=$roots
	chmod 755 "$dir"
	mkdir -p "$dir/root/var/lib" "$dir/root/usr/local" "$dir/home"
	[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/user"
	cp "$dir/user.pub" "$dir/authorized"
	port=$((20000 + RANDOM % 20000))
	cat >"$dir/sshd_config" <<E
Port $port
ListenAddress 127.0.0.1
HostKey $dir/host
AuthorizedKeysFile $dir/authorized
StrictModes no
UsePAM no
PidFile $dir/pid
MaxStartups 200
SetEnv REEVE_ROOT=$dir/root
E
	start_sshd
	cat >"$dir/config" <<E
Host n*
	HostName 127.0.0.1
	HostKeyAlias %n
	Port $port
	IdentityFile $dir/user
	IdentitiesOnly yes
	UserKnownHostsFile $dir/known
E
	for n in 1 2 3; do
		sed -i "1i Host n$n\n\tHostKeyAlias n$n" "$dir/config"
		echo "n$n $(cut -d' ' -f1,2 "$dir/host.pub")"
	done >"$dir/known"
	mkdir -m 700 "$dir/c"
}

start_sshd() {
	# As root it wants a user sshd, which only its package makes: where there is none, it sees one in a namespace of its own.
	local before=()
	if [ "$(id -u)" = 0 ] && ! getent passwd sshd >/dev/null; then
		{ cat /etc/passwd && echo "sshd:x:64999:65534::/run/sshd:/usr/sbin/nologin"; } >"$dir/passwd"
		# shellcheck disable=SC2016 # for that shell
		before=(unshare -m sh -c 'mount --bind "$0" /etc/passwd && exec "$@"' "$dir/passwd")
	fi
	# -D: stays a child of this shell
	"${before[@]}" "$sshd_program" -D -f "$dir/sshd_config" 2>"$dir/sshd.log" 3>&- &
	sshd=$!
	for _ in $(seq 100); do
		ssh-keyscan -T 2 -p $port 127.0.0.1 >/dev/null 2>&1 && break
		sleep 0.1
	done
}

teardown() {
	for socket in "$dir"/c/*; do
		[ ! -S "$socket" ] || ssh -o ControlPath="$socket" -O exit x 2>/dev/null || true
	done
	[ -z "${sshd:-}" ] || kill "$sshd" 2>/dev/null || true
	protocol_teardown
}

go() {
	run timeout 120 "$fleet" -c 60000 -t 90000 -F "$dir/config" -C "$dir/c" -m '{"verb":"x"}' "$@"
	echo "$output"
}

masters() { # their process ids
	for socket in "$dir"/c/*; do
		ssh -o ControlPath="$socket" -O check x 2>&1 | sed -n 's/.*pid=\([0-9]*\).*/\1/p'
	done
}

all_answer() {
	for n in n1 n2 n3; do
		grep -q "^$n answer" <<<"$output" || { echo "no answer of $n"; return 1; }
	done
}

logins() {
	ls "$dir/c" | wc -l
}

@test "cold, then through the kept connections" {
	go n1 n2 n3
	all_answer
	has pushed
	[ "$(logins)" = 3 ]
	local before
	before=$(masters | sort)
	go n1 n2 n3
	all_answer
	hasnt pushed
	[ "$(masters | sort)" = "$before" ]
}

@test "a kept connection whose process was killed" {
	go n1 n2 n3
	local pid
	for pid in $(masters); do
		kill -9 "$pid"
	done
	go n1 n2 n3
	all_answer
}

@test "a kept connection whose process hangs" {
	go n1
	local pid
	pid=$(masters)
	kill -STOP "$pid"
	go n1
	kill -KILL "$pid"
	has 'its kept connection is dead; making a new one'
	has 'n1 answer'
}

@test "a file in place of the socket" {
	go n1
	local socket
	socket=$(ls "$dir"/c/*)
	ssh -o ControlPath="$socket" -O exit x
	sleep 0.2
	: >"$socket"
	go n1
	has 'n1 answer'
}

@test "a directory for kept connections that others can read is not used" {
	chmod 755 "$dir/c"
	go n1
	has 'is not a directory of this user alone'
	has 'n1 answer'
	[ -z "$(ls "$dir/c")" ]
}

@test "an unknown host key is refused, and named" {
	: >"$dir/known"
	go n1
	has 'n1 failed refused its host key is not known yet: run `reeve trust n1`'
}

@test "a changed host key is refused, and named" {
	ssh-keygen -q -t ed25519 -N '' -f "$dir/other"
	echo "n1 $(cut -d' ' -f1,2 "$dir/other.pub")" >"$dir/known"
	go n1
	has 'n1 failed refused'
	has 'reeve trust --replace n1'
}

@test "a key that may not log in" {
	: >"$dir/authorized"
	go n1
	has 'n1 failed refused ssh may not log in'
}

@test "trust: a new key is shown as ssh-keygen shows it, accepted, and then known" {
	: >"$dir/known"
	run "$fleet" -F "$dir/config" -K "$dir/home/x/known_hosts" -T n1
	has 'n1 new ssh-ed25519 '
	has "$(ssh-keygen -lf "$dir/host.pub" | cut -d' ' -f2)"
	grep -q "^n1 $(cut -d' ' -f1,2 "$dir/host.pub")\$" "$dir/home/x/known_hosts"
	sed -i "s|UserKnownHostsFile .*|UserKnownHostsFile $dir/home/x/known_hosts|" "$dir/config"
	run "$fleet" -F "$dir/config" -K "$dir/home/x/known_hosts" -T n1
	has 'n1 known'
	go n1
	has 'n1 answer'
}

@test "trust: a changed key is not taken unless that is said" {
	ssh-keygen -q -t ed25519 -N '' -f "$dir/other"
	echo "n1 $(cut -d' ' -f1,2 "$dir/other.pub")" >"$dir/known"
	run "$fleet" -F "$dir/config" -K "$dir/known" -T n1
	has 'n1 changed ssh-ed25519'
	has 'n1 refused its host key has changed'
	grep -qF "$(cut -d' ' -f2 "$dir/other.pub")" "$dir/known"
	run "$fleet" -F "$dir/config" -K "$dir/known" -R -T n1
	has 'n1 changed ssh-ed25519'
	[ "$(cat "$dir/known")" = "@revoked n1 $(cut -d' ' -f1,2 "$dir/other.pub")
n1 $(cut -d' ' -f1,2 "$dir/host.pub")" ]
	go n1
	has 'n1 answer'
}

serve_with() { # KEY: the same sshd with another host key
	kill "$sshd"
	wait "$sshd" || true
	sed -i "s|^HostKey .*|HostKey $1|" "$dir/sshd_config"
	start_sshd
}

@test "trust: a key that was replaced is of no use any more, also where the user's own file has it" {
	local ours=$dir/home/x/known_hosts
	ssh-keygen -q -t ed25519 -N '' -f "$dir/other"
	serve_with "$dir/other"
	# as ssh itself writes them: hashed, and beside an address
	ssh-keygen -q -H -f "$dir/known" 2>/dev/null
	echo "n1,10.1.1.1 $(ssh-keygen -q -t ecdsa -N '' -f "$dir/second" && cut -d' ' -f1,2 "$dir/second.pub")" >>"$dir/known"
	go -K "$ours" n1
	has 'n1 failed refused'
	run "$fleet" -F "$dir/config" -K "$ours" -R -T n1
	has 'n1 changed'
	hasnt 'n1 refused'
	grep -qxF "@revoked n1 $(cut -d' ' -f1,2 "$dir/host.pub")" "$ours"
	grep -qxF "@revoked n1,10.1.1.1 $(cut -d' ' -f1,2 "$dir/second.pub")" "$ours"
	go -K "$ours" n1
	has 'n1 answer'
	# whoever has the old key
	serve_with "$dir/host"
	rm -f "$dir"/c/*
	go -K "$ours" n1
	has 'n1 failed refused its host key is revoked'
	run "$fleet" -F "$dir/config" -K "$ours" -R -T n1
	has 'n1 revoked'
	has 'n1 refused its host key is revoked'
	# a second machine made from the same image is not meant
	go -K "$ours" n2
	has 'n2 answer'
}

@test "nothing stands for a host's key, and nothing of the operator's is handed on, whatever ssh_config says" {
	cat >"$dir/effective" <<'E'
#!/bin/sh
exec ssh -G "$@" >"$0.$$"
E
	chmod 755 "$dir/effective"
	cat >"$dir/config" <<'E'
IgnoreUnknown UseKeychain
UseKeychain yes
VerifyHostKeyDNS yes
KnownHostsCommand /bin/true
NoHostAuthenticationForLocalhost yes
StrictHostKeyChecking no
UpdateHostKeys yes
GSSAPIKeyExchange yes
GSSAPITrustDns yes
GSSAPIDelegateCredentials yes
HostbasedAuthentication yes
AddKeysToAgent yes
ForwardAgent yes
ForwardX11 yes
ForwardX11Trusted yes
Tunnel yes
LocalForward 1 x:1
RemoteForward 1 x:1
DynamicForward 1
SetEnv SECRET=1
PermitLocalCommand yes
LocalCommand true
RemoteCommand true
RequestTTY force
SessionType none
StdinNull yes
ForkAfterAuthentication yes
ControlMaster auto
ControlPath /tmp/%C
E
	REEVE_SSH=$dir/effective go -K "$dir/home/k" n1
	REEVE_SSH=$dir/effective run "$fleet" -F "$dir/config" -K "$dir/home/k" -T n1
	local call line
	ls "$dir"/effective.*
	for call in "$dir"/effective.*; do
		while read -r line; do
			# what this ssh does not know at all it does not print either
			[ -z "$(ssh -G -F "$dir/config" n1 | grep "^${line%% *} ")" ] || grep -qx "$line" "$call" || { echo "$call: not '$line'"; return 1; }
		done <<'E'
verifyhostkeydns false
nohostauthenticationforlocalhost no
updatehostkeys false
gssapikeyexchange no
gssapitrustdns no
gssapidelegatecredentials no
hostbasedauthentication no
addkeystoagent false
forwardagent no
forwardx11 no
tunnel false
setenv REEVE=1
permitlocalcommand no
requesttty false
sessiontype default
stdinnull no
forkafterauthentication no
E
		! grep -E '^(knownhostscommand|localforward|remoteforward|dynamicforward|remotecommand) ' "$call" || return 1
		! grep -qx 'stricthostkeychecking false' "$call" || return 1
	done
}

@test "trust: a host that does not answer" {
	kill "$sshd"
	wait "$sshd" || true
	sshd=
	run "$fleet" -F "$dir/config" -K "$dir/known" -T n1
	has 'n1 failed'
	has 'nothing listens on its ssh port'
}
