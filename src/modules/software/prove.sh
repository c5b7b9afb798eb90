# In a job: LABEL DIRECTORY VERSION COMMAND ... Each command is run where its version is, and is to name it.
while [ $# -ge 4 ]; do
	d=$2
	[ ! -d "$d/$(uname -m)" ] || d=$d/$(uname -m)
	out=$(cd "$d" && eval "$4" 2>&1 </dev/null) || {
		echo "software: $1 on $SLURMD_NODENAME: \`$4\` ends with status $?: $(printf %s "$out" | tail -n 1)"
		exit 1
	}
	case $out in
	*"$3"*) ;;
	*)
		echo "software: $1 on $SLURMD_NODENAME: \`$4\` does not name version $3: $(printf %s "$out" | head -n 1)"
		exit 1
		;;
	esac
	shift 4
done
