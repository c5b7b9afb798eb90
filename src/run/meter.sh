#!/bin/sh
# The network between this host and another. $1 is what to do: `tools` lists the programs that are not here; a `client`
# measures to a `server`, with its address, the port, and the seconds of one direction. Lines that begin with @ are the
# script's own. `timeout --foreground` stays in the process group that the agent ends.
peer=$2 port=$3 seconds=$4

# The MTU of the link: of the route, and of the device where the route says nothing else.
find_mtu() {
	a=$(getent ahosts "$peer" | head -n 1)
	a=${a%% *}
	a=${a:-$peer}
	dev=$(ip -o route get "$a" 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p')
	mtu=0
	if [ -n "$dev" ]; then read -r mtu <"/sys/class/net/$dev/mtu"; fi
	echo "@mtu $mtu"
}

# The server may not listen yet: a refused connection is tried again.
once() {
	n=0
	while :; do
		out=$(timeout --foreground 8 iperf3 -J -i 0 -c "$a" -p "$port" -t "$seconds" --connect-timeout 2000 "$@")
		case $out in
		*refused*)
			n=$((n + 1))
			[ $n -lt 40 ] || break
			sleep 0.1
			;;
		*) break ;;
		esac
	done
	printf '%s\n' "$out" | sed 's/^@/ @/'
}

client() {
	echo @forward
	once
	echo @backward
	once -R
	head=28
	case $a in *:*) head=48 ;; esac
	echo @ping
	ping -n -q -c 5 -i 0.2 -w 4 "$a"
	if [ "$mtu" -gt 576 ]; then
		if ping -n -q -M "do" -s $((mtu - head)) -c 2 -i 0.2 -w 2 "$a" >/dev/null 2>&1; then
			echo '@large pass'
		else
			echo '@large lost'
		fi
	fi
}

case $1 in
tools)
	for t in iperf3 ping ip; do command -v $t >/dev/null || echo "$t"; done
	exit 0
	;;
server)
	find_mtu
	timeout --foreground 10 iperf3 -s -1 -p "$port" >/dev/null &&
		timeout --foreground 10 iperf3 -s -1 -p "$port" >/dev/null
	;;
client)
	find_mtu
	client
	exit 0
	;;
esac
