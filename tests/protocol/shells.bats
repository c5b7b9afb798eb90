# The bootstrap's one command line in every kind of login shell, with and without noise before it.
load lib
setup() { protocol_setup; }
teardown() { protocol_teardown; }

# The second time the agent is there already.
login_shell() {
	local path
	path=$(command -v "$1") || skip "$1 is not installed"
	host h "shell=$path"
	drive -m "$nothing" h
	has 'h connected'
	has 'pushed'
	has 'h answer {"observed":[]}'
	drive -m "$nothing" h
	has 'h connected'
	has 'kept'
	has 'h answer {"observed":[]}'
}

@test "sh" { login_shell sh; }
@test "dash" { login_shell dash; }
@test "bash" { login_shell bash; }
@test "tcsh" { login_shell tcsh; }
@test "csh" { login_shell bsd-csh; }
@test "fish" { login_shell fish; }
@test "zsh" { login_shell zsh; }

@test "rc files that print a line are skipped" {
	host h 'noise=Welcome to the cluster, fellow! '
	drive -m "$nothing" h
	has 'h answer'
}

@test "60,000 bytes of noise are skipped" {
	host h noise-bytes=60000
	drive -m "$nothing" h
	has 'h answer'
}

@test "70,000 bytes of noise are too much, and quoted" {
	host h noise-bytes=70000
	drive -m "$nothing" h
	has 'h failed protocol'
	has 'rc files print more than 65536 bytes'
	has '####'
}

@test "a shell that echoes its command does not confuse the answer" {
	host h
	script h noisy <<'E'
#!/bin/sh
echo "running: $2"
exec /bin/sh "$@"
E
	echo "shell=$roots/h/bin/noisy" >"$roots/h/behaviour"
	drive -m "$nothing" h
	has 'h answer'
}

@test "an agent that was tampered with is replaced" {
	host h
	drive h
	has pushed
	local file
	file=$(find "$roots/h/var/lib/reeve/agent" -type f)
	echo x >>"$file"
	drive -m "$nothing" h
	has pushed
	has 'h answer'
	[ "$(sha256sum <"$file")" = "$(sha256sum <"$REEVE_AGENT_DIR/reeve-agent")" ]
}

@test "old agents are removed when a new one comes" {
	host h
	mkdir -p "$roots/h/var/lib/reeve/agent"
	touch -d '1 hour ago' "$roots/h/var/lib/reeve/agent/0000"
	drive h
	has pushed
	[ ! -e "$roots/h/var/lib/reeve/agent/0000" ]
	[ "$(find "$roots/h/var/lib/reeve/agent" -type f | wc -l)" = 1 ]
	[ "$(stat -c %a "$roots/h/var/lib/reeve/agent")" = 700 ]
}

@test "ssh is called with the options that keep it from asking, forwarding and forking" {
	host h
	export FAKE_SSH_LOG=$roots/log
	drive h
	for option in RemoteCommand=none SessionType=default StdinNull=no ForkAfterAuthentication=no ClearAllForwardings=yes \
		BatchMode=yes StrictHostKeyChecking=yes PasswordAuthentication=no; do
		grep -q -- "-o $option " "$roots/log"
	done
	grep -q -- '-- h exec /bin/sh -c ' "$roots/log"
	! grep -q '[\\!"]' <<<"$(sed "s/.*-- h //" "$roots/log")"
}
