#!/bin/sh
# Looks up the hosts that are its arguments. Where all are found, getent prints them one after the other, in one process.
# Otherwise "= each" begins a line for each: "NAME = ADDRESS STREAM ..." or, of one that is not found, "NAME". Status 124: a name
# server does not answer.
#
# Where /etc/hosts is asked first and has them all, that is all there is to it, and a host that is merely slow is not taken for
# one whose name server is dead: the limits below are for what waits on the network. There, those that are not found at once
# are looked up side by side, so that a dead name server costs its timeout once; `timeout` ends all of them, as they are in a
# process group of its own.
while read -r database first second _; do
	case $database$first:$second in
	hosts:files:\[*) ;; # an action: what the file has is not the last word
	hosts:files:*) found=$(getent -s hosts:files ahosts "$@" 2>/dev/null) && echo "$found" && exit ;;
	esac
done </etc/nsswitch.conf
timeout 2 getent ahosts "$@" 2>/dev/null && exit
echo
echo "= each"
# shellcheck disable=SC2016 # the inner shell expands
timeout 4 sh -c '
	for name; do
		(if found=$(getent ahosts "$name" 2>/dev/null); then echo "$name" = $found; else echo "$name"; fi) &
	done
	wait' sh "$@"
