# slurm.conf(5), Prolog: as root, before the job. Where it fails the job goes back to the queue, and the node is drained.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
case $SLURM_JOB_ID in
'' | *[!0-9]*) exit 1 ;;
esac
umask 077
dir=$1/$SLURM_JOB_ID
mkdir "$dir" 2>/dev/null || { [ -d "$dir" ] && [ ! -L "$dir" ]; } || exit 1
exec chown -h "$SLURM_JOB_UID" "$dir"
