#!/bin/sh
# As SlurmUser: what is in the state directory $1, at most $2 KiB, goes to /tmp/new/state. What does not exist is an empty
# state: a first start.
if ! [ -d "$1" ]; then
	echo '@state 0 0'
	exit 0
fi
cd "$1" && ls >/dev/null || exit 1
find . -maxdepth 1 -type f ! -name '*.new' -printf '%k\n' >/tmp/new/state/.sizes
kib=0 count=0
while read -r k; do kib=$((kib + k)) count=$((count + 1)); done </tmp/new/state/.sizes
rm /tmp/new/state/.sizes
if [ $kib -gt "$2" ]; then
	echo "it holds $kib KiB of files, more than $2" >&2
	exit 1
fi
if [ $count -gt 0 ]; then find . -maxdepth 1 -type f ! -name '*.new' -exec cp -p -t /tmp/new/state {} +; fi
for d in hash.*; do
	if [ -d "$d" ]; then
		find . -maxdepth 2 -type d -path './hash.*' | (cd /tmp/new/state && xargs -d '\n' mkdir -p)
	fi
	break
done
if [ -e job_state ] && ! [ -s /tmp/new/state/job_state ] && ! [ -s /tmp/new/state/job_state.old ]; then exit 1; fi
echo "@state $kib $count"
