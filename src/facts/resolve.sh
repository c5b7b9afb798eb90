#!/bin/sh
# Looks up the hosts that are its arguments. Where all are found, getent prints them one after the other, in one process.
# Otherwise "= each" begins a line for each: "NAME = ADDRESS STREAM ..." or, of one that is not found, "NAME". Those are
# looked up side by side, so that a dead name server costs its timeout once; a slow one that is asked for many is left for
# that, too. `timeout --foreground` stays in the process group that the agent ends.
if [ $# -le 4 ]; then
	getent ahosts "$@" 2>/dev/null && exit
else
	timeout --foreground 2 getent ahosts "$@" 2>/dev/null && exit
fi
echo
echo "= each"
for name; do
	# shellcheck disable=SC2086 # lines become one
	(if found=$(getent ahosts "$name" 2>/dev/null); then echo "$name" = $found; else echo "$name"; fi) &
done
wait
