bats_require_minimum_version 1.5.0

# The module users on real nodes, with homes that all share (a directory of the lab's at /srv/home). The tests build on one
# another, in this order.

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export lab=$BATS_FILE_TMPDIR REEVE_CLUSTER=$BATS_FILE_TMPDIR/cluster.yaml
	ssh-keygen -q -t ed25519 -N "" -C alice@desk -f "$lab/alice"
	ssh-keygen -q -t ed25519 -N "" -C own@desk -f "$lab/own"
	# mkpasswd of the word "correct"; glibc's own SHA-512.
	printf '%s\n' "$(openssl passwd -6 -salt saltsalt correct)" >"$lab/bob.hash"
	chmod 600 "$lab/bob.hash"
	cat >"$lab/users.csv" <<-E
		name,uid,group,groups,shell,keys,sudo
		carol,2003,physics,"staff video",/bin/sh,alice.pub,
	E
	write "  home: /srv/home"
	"$REEVE" lab up >&2
}

teardown_file() { "$REEVE" lab down >&2; }

write() {
	cat >"$REEVE_CLUSTER" <<-E
		reeve: 1
		cluster: userslab
		hosts: { u1: 10.67.0.11, u2: 10.67.0.12, u3: 10.67.0.13 }
		controllers: [u1]
		compute: [u2, u3]
		partitions: { batch: { nodes: all, default: true } }
		lab: { binds: /srv/home }
		users:
		  groups: { physics: 2000, chemistry: 2100 }
		  from: users.csv
		  accounts:
		    alice: { uid: 2001, group: physics, groups: [chemistry], keys: [alice.pub], sudo: true }
		    bob: { uid: 2002, password: bob.hash${2:-} }
		$1
	E
}

on() { "$REEVE" lab ssh "$@"; }

# As a person of that name, with that key, from this machine.
login() {
	local key=$1 user=$2 address=$3
	shift 3
	ssh -i "$lab/$key" -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "$user@$address" "$@"
}

@test "the same people on all hosts, and a job of theirs writes in their home" {
	run "$REEVE" --lab apply -v
	echo "$output"
	[ "$status" -eq 0 ]
	for host in u1 u2 u3; do
		[ "$(on $host id alice)" = "uid=2001(alice) gid=2000(physics) groups=2000(physics),2100(chemistry)" ]
		[ "$(on $host id bob)" = "uid=2002(bob) gid=2002(bob) groups=2002(bob)" ]
		[ "$(on $host getent passwd carol)" = "carol:x:2003:2000::/srv/home/carol:/bin/sh" ]
		on $host id -nG carol | grep -qw video
		[ "$(on $host stat -c %U:%G:%a /srv/home/alice)" = alice:physics:700 ]
	done
	on u1 'cd /srv/home/alice && [ -e .bashrc ] && [ $(stat -c %U .bashrc) = alice ]'
	on u1 'su - alice -c "srun -N2 sh -c \"echo hello >out.\\\$SLURM_PROCID\""'
	[ "$(on u2 cat /srv/home/alice/out.0 /srv/home/alice/out.1 | sort -u)" = hello ]
}

@test "a second run finds nothing to do" {
	run "$REEVE" --lab plan
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"nothing to change"* ]]
}

@test "keys log in, a user's own too, and sudo asks for what there is" {
	[ "$(login alice alice 10.67.0.12 'sudo -n id -u')" = 0 ]
	login alice carol 10.67.0.13 true
	run ! login alice bob 10.67.0.13 true
	login alice alice 10.67.0.12 'mkdir -m 700 .ssh && cat >.ssh/authorized_keys' <"$lab/own.pub"
	login own alice 10.67.0.13 true
	[ "$(on u3 'getent shadow bob' | cut -d: -f2)" = "$(cat "$lab/bob.hash")" ]
	run ! grep -rq saltsalt "$REEVE_CACHE/labs/userslab/"*/var/lib/reeve
	run on u1 cat /var/lib/reeve/record.json
	[[ $output != *saltsalt* ]]
}

@test "sshd was told, and not restarted" {
	local before after
	before=$(on u2 systemctl show -p MainPID --value ssh)
	write "  home: /srv/home" ", keys: [own.pub]"
	run "$REEVE" --lab apply users
	echo "$output"
	[ "$status" -eq 0 ]
	after=$(on u2 systemctl show -p MainPID --value ssh)
	[ "$before" = "$after" ]
	login own bob 10.67.0.12 true
	run "$REEVE" --lab plan
	echo "$output"
	[[ $output == *"nothing to change"* ]]
}

@test "an sshd that would not start again is not touched, and the run says so" {
	on u2 'printf "Bogus yes\n" >/etc/ssh/sshd_config.d/zz-broken.conf'
	sed -i 's/, keys: \[own.pub\]/, keys: [own.pub], groups: [chemistry]/; s/carol,2003,physics,"staff video",.bin.sh,alice.pub/carol,2003,physics,video,\/bin\/sh,/' \
		"$REEVE_CLUSTER" "$lab/users.csv"
	run "$REEVE" --lab apply users
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *zz-broken.conf* ]]
	login own bob 10.67.0.12 true
	on u2 rm /etc/ssh/sshd_config.d/zz-broken.conf
	run "$REEVE" --lab apply users
	echo "$output"
	[ "$status" -eq 0 ]
	run ! login alice carol 10.67.0.13 true
}

@test "who leaves is locked, on a host that was off when it is back, and the home is kept" {
	on u1 'su - bob -c "sbatch -o /dev/null --wrap \"sleep 600\""'
	printf 'name,uid,group\n' >"$lab/users.csv"
	write "  home: /srv/home" ", absent: true"
	"$REEVE" lab fault u3 stop
	run "$REEVE" --lab apply users
	echo "$output"
	[ "$status" -eq 3 ]
	"$REEVE" lab fault u3 start
	run "$REEVE" --lab apply users
	echo "$output"
	[ "$status" -eq 0 ]
	for host in u1 u2 u3; do
		on $host 'passwd -S bob; passwd -S carol' | grep -c ' L ' | grep -qx 2
		on $host '[ ! -e /etc/ssh/reeve/carol ] && [ -d /srv/home/bob ]'
	done
	run ! login own bob 10.67.0.12 true
	[ -n "$(on u1 squeue -h -u bob -t R -o %i)" ]
	on u1 scancel -u bob
	run "$REEVE" --lab plan
	echo "$output"
	[[ $output == *"nothing to change"* ]]
}

@test "a password in a file that others can read, or that is none, stops the run" {
	write "  home: /srv/home"
	chmod 644 "$lab/bob.hash"
	run "$REEVE" --lab plan
	echo "$output"
	[[ $output == *"error: password of bob: "*"/bob.hash can be read by others: chmod 600 [secret-file]"* ]]
	[[ $output == *"cluster.yaml:13:33"* ]]
	chmod 600 "$lab/bob.hash"
	cp -p "$lab/bob.hash" "$lab/kept"
	echo "correct horse battery" >"$lab/bob.hash"
	run "$REEVE" --lab apply users
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"is not one hash of a password [secret-file]"* ]]
	cp -p "$lab/kept" "$lab/bob.hash"
}

@test "who comes back is let in, with what was there" {
	write "  home: /srv/home"
	run "$REEVE" --lab apply users
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(on u3 'getent shadow bob' | cut -d: -f2)" = "$(cat "$lab/bob.hash")" ]
}

@test "a name or number that means something else leaves that host out before anything is touched" {
	on u2 'userdel -f alice; useradd -u 2050 alice'
	on u3 'groupadd -g 2300 others; useradd -u 2301 -g others eve'
	sed -i 's/  groups: { physics/  groups: { biology: 2300, physics/; s/^    bob:/    dave: { uid: 2301, group: biology }\n    bob:/' "$REEVE_CLUSTER"
	run "$REEVE" --lab apply users
	echo "$output"
	[ "$status" -eq 3 ]
	[[ $output == *"skipped: u2: alice has the uid 2050 there, not 2001"*"[account-taken]"* ]]
	[[ $output == *"the uid 2301 of dave is that of eve there"* ]]
	[[ $output == *"the gid 2300 of biology is that of others there"* ]]
	on u1 id dave
	run ! on u2 id dave
	on u2 'userdel -f alice'
	on u3 'userdel -f eve; groupdel others'
	run "$REEVE" --lab apply users
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(on u2 id -u alice)" = 2001 ]
}

@test "a home that is another directory on one node is no success" {
	on u3 'umount /srv/home && install -d -o alice -g physics -m 700 /srv/home/alice && for u in bob dave; do install -d -o $u /srv/home/$u; done'
	sed -i 's/, groups: \[chemistry\]//' "$REEVE_CLUSTER"
	run "$REEVE" --lab apply users
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"/srv/home/alice on u3 is another directory than on u1"* ]]
}

@test "hosts that share no home have one each" {
	write ""
	run "$REEVE" --lab apply users
	echo "$output"
	[[ $output == *"the home /srv/home/alice there, not /home/alice"* ]]
	for host in u1 u2 u3; do
		on $host 'for u in alice bob; do usermod -d /home/$u $u; done; userdel dave'
	done
	run "$REEVE" --lab apply users
	echo "$output"
	[ "$status" -eq 0 ]
	for host in u1 u2 u3; do
		[ "$(on $host stat -c %U:%a /home/alice)" = alice:700 ]
	done
}
