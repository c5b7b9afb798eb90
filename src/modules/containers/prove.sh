# As a user, in an allocation, from where it was made: MAKE, and then RUNTIME PROGRAM STORAGE COUNT NODES for each runtime on nodes that have
# it. MAKE is image.sh. Each node prints "RUNTIME NODE: this is an image", which is read in a container that the runtime made of it.
make=$1
shift
# Podman and Apptainer keep nothing of the user's: neither what he configured nor what they write at home.
# shellcheck disable=SC2016 # for the shells of the nodes
podman='
export HOME=$1
image=localhost/reeve:$SLURM_JOB_ID
tar -C "$1/rootfs" -c . | "$3" import - "$image" >/dev/null || exit 1
"$3" run --rm "$image" /bin/sh -c "$2"
status=$?
"$3" rmi -f "$image" >/dev/null 2>&1
exit $status'
# shellcheck disable=SC2016
sif='
export HOME=$1
exec "$3" exec --containall "$1/rootfs" /bin/sh -c "$2"'
prove() {
	runtime=$1 program=$2 count=$4 nodes=$5
	at=$3/$(id -u)/proof.$SLURM_JOB_ID
	run() { srun --nodes="$count" --ntasks="$count" --ntasks-per-node=1 --nodelist="$nodes" "$@" </dev/null; }
	# The program of the container: its shell, and nothing else.
	inside="read -r line </etc/reeve-image && echo \"$runtime \$line\""
	run sh -c "$make" sh "$at" || return
	case $runtime in
	crun | runc) run --container="$at" /bin/sh -c "$inside" ;;
	podman) run sh -c "$podman" sh "$at" "$inside" "$program" ;;
	*) run sh -c "$sif" sh "$at" "$inside" "$program" ;;
	esac
	status=$?
	run rm -rf "$at"
	return $status
}
while [ $# -ge 5 ]; do
	prove "$@" || {
		status=$?
		echo "failed: $1"
		exit $status
	}
	shift 5
done
