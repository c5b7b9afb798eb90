# What oci.conf has slurmstepd call: ACTION USER ID [BUNDLE]. The state of what runs lies apart for each user, where nobody else
# can write. slurmstepd asks and ends as root: what a user wrote there is not for root to read.
: "${runtime:?}" "${storage:?}" # above
action=$1 user=$2 id=$3 uid=$(id -u)
if [ "$uid" = 0 ] && [ "$user" != root ]; then
	exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups --inh-caps=-all -- "$0" "$@"
fi
[ -d "$storage/$uid" ] || mkdir -m 0700 "$storage/$uid" || exit 1
if [ ! -O "$storage/$uid" ] || [ -L "$storage/$uid" ]; then
	echo "reeve-oci: $storage/$uid belongs to somebody else than $user" >&2
	exit 1
fi
state=$storage/$uid/oci
mkdir -p "$state" || exit 1
case $action in
run)
	# The job's own control group holds what runs, and its keyring is the job's: with the user's tickets of Kerberos in it.
	how=--cgroup-manager=disabled
	[ "$runtime" = crun ] || how=--rootless=true
	exec "$runtime" $how --root="$state" run --no-new-keyring --bundle="$4" "$id"
	;;
state)
	# It is gone when its program ended: slurmstepd wants JSON then, too.
	"$runtime" --root="$state" state "$id" 2>/dev/null || echo '{"status": "stopped"}'
	;;
kill) exec "$runtime" --root="$state" kill "$id" TERM ;;
delete)
	# At the end of a step slurmstepd names no task, but -1: all that is left of the step goes.
	case $id in
	*.-1) set -- "$state/${id%-1}"* ;;
	*) set -- "$state/$id" ;;
	esac
	status=0
	for container; do
		[ ! -e "$container" ] || "$runtime" --root="$state" delete --force "${container##*/}" || status=1
	done
	exit $status
	;;
*)
	echo "reeve-oci: $action is not known" >&2
	exit 64
	;;
esac
