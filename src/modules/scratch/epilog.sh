# slurm.conf(5), Epilog: as root, when the job is over. A node that fails here would be drained: what stays is told by
# `reeve doctor`, and goes when the node boots.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
case $SLURM_JOB_ID in
'' | *[!0-9]*) exit 0 ;;
esac
dir=$1/$SLURM_JOB_ID
for _ in 1 2 3; do
	if [ ! -d "$dir" ] || [ -L "$dir" ]; then exit 0; fi
	rm -rf --one-file-system -- "$dir" && exit 0
	sleep 1
done
logger -t reeve-scratch "$dir cannot be removed"
exit 0
