# Whose processes have a version open: INDEX DIRECTORY VERSION ... gives lines "INDEX PID USER JOB".
while [ $# -ge 3 ]; do
	if ls -d "$2/$3" "$2/.$3-"* >/dev/null 2>&1; then
		for p in /proc/[0-9]*; do
			{
				readlink "$p/exe" "$p/cwd" "$p"/fd/*
				cut -d' ' -f6- "$p/maps"
			} 2>/dev/null | grep -qF -e "$2/$3/" -e "$2/.$3-" || continue
			job=$(sed -n 's/.*\/job_\([0-9]*\)\(\/.*\)*$/\1/p' "$p/cgroup" 2>/dev/null | head -n 1)
			# From 26.05 on a control group of version 2 has the job's SLUID for its name; then the job's own word.
			[ -n "$job" ] || ! grep -q 'slurmstepd\.scope/' "$p/cgroup" 2>/dev/null ||
				job=$(tr '\0' '\n' <"$p/environ" 2>/dev/null | sed -n 's/^SLURM_JOB_ID=\([0-9][0-9]*\)$/\1/p' | head -n 1)
			echo "$1 ${p#/proc/} $(stat -c %U "$p" 2>/dev/null || echo '?') ${job:--}"
		done
	fi
	shift 3
done
