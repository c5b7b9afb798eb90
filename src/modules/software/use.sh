# Whose processes have a version open: INDEX DIRECTORY VERSION ... gives lines "INDEX PID USER JOB".
while [ $# -ge 3 ]; do
	if ls -d "$2/$3" "$2/.$3-"* >/dev/null 2>&1; then
		for p in /proc/[0-9]*; do
			{
				readlink "$p/exe" "$p/cwd" "$p"/fd/*
				cut -d' ' -f6- "$p/maps"
			} 2>/dev/null | grep -qF -e "$2/$3/" -e "$2/.$3-" || continue
			job=$(sed -n 's/.*\/job_\([0-9]*\)\(\/.*\)*$/\1/p' "$p/cgroup" 2>/dev/null | head -n 1)
			echo "$1 ${p#/proc/} $(stat -c %U "$p" 2>/dev/null || echo '?') ${job:--}"
		done
	fi
	shift 3
done
