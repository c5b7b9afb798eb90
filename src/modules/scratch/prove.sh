# On the controller: HOW JOBS DIRS SRUN...: a job that writes where it may, then another one that looks for what it left. Status 9:
# the line "scratch: ..." on standard output says what is wrong.
# shellcheck disable=SC2016
how=$1 jobs=$2 dirs=$3
shift 3
common='bad() { echo "scratch: on $SLURMD_NODENAME $1"; exit 9; }'
first='
own() {
	last=
	while read -r _ _ _ root at _; do [ "$at" != "$1" ] || last=$root; done </proc/self/mountinfo
	case $1 in
	/dev/shm) [ -n "$last" ] && [ -z "$(ls -A /dev/shm)" ] ;;
	*) case $last in */."$SLURM_JOB_ID"*) ;; *) return 1 ;; esac ;;
	esac
}
if [ "$1" = prolog ]; then
	[ "${TMPDIR:-}" = "$2/$SLURM_JOB_ID" ] || bad "TMPDIR is ${TMPDIR:-not set}, not $2/$SLURM_JOB_ID"
	[ "$(stat -c %u:%a "$TMPDIR")" = "$(id -u):700" ] || bad "the TMPDIR $TMPDIR is not the job'\''s alone"
fi
for dir in $3; do own "$dir" || bad "$dir is not the job'\''s own"; done
for dir in "${TMPDIR:-/tmp}" $3; do
	(echo "$SLURM_JOB_ID" >"$dir/reeve.$SLURM_JOB_ID") 2>/dev/null || bad "the job cannot write to $dir"
done
echo "job $SLURM_JOB_ID"'
second='
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	left=
	for at in "$2/$4" "$2/$SLURMD_NODENAME/$4"; do [ ! -e "$at" ] || left=$at; done
	[ -n "$left" ] || break
	sleep 0.3
done
for dir in $3; do
	[ ! -e "$dir/reeve.$4" ] || { rm -f "$dir/reeve.$4"; bad "a job finds in $dir what another one wrote"; }
done
[ -z "$left" ] || bad "$left stays, and its job is over"'
out=$("$@" sh -c "$common$first" sh "$how" "$jobs" "$dirs")
status=$?
printf '%s\n' "$out"
[ "$status" -eq 0 ] || exit "$status"
id=${out#*job }
exec "$@" sh -c "$common$second" sh "$how" "$jobs" "$dirs" "${id%%[!0-9]*}"
