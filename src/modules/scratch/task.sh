# slurm.conf(5), TaskProlog: as the job's user, before each task; what it prints becomes the task's environment.
dir=$1/$SLURM_JOB_ID
[ -d "$dir" ] && echo "export TMPDIR=$dir"
exit 0
