#!/bin/sh
# Looks up the hosts that are its arguments. Where all are found, getent prints them one after the other, in one process.
# Otherwise "= each" begins a line for each: "NAME = ADDRESS STREAM ..." or, of one that is not found, "NAME". Status 124: a name
# server does not answer.
#
# It is run where /etc/hosts does not have them all, so what it does waits for the network. Those that are not found at once are
# looked up side by side, so that a dead name server costs its timeout once; `timeout` ends all of them, as they are in a process
# group of its own.
timeout 2 getent ahosts "$@" 2>/dev/null && exit
echo
echo "= each"
# shellcheck disable=SC2016 # the inner shell expands
timeout 4 sh -c '
	for name; do
		(if found=$(getent ahosts "$name" 2>/dev/null); then echo "$name" = $found; else echo "$name"; fi) &
	done
	wait' sh "$@"
