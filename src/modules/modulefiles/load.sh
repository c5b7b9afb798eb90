# In a job: each module, alone.
type module >/dev/null 2>&1 || {
	echo "module: $SLURMD_NODENAME: a login shell does not know \`module\`"
	exit 1
}
for m; do
	module --force purge >/dev/null 2>&1
	out=$(module load "$m" 2>&1 && echo loaded)
	case $out in
	*loaded) ;;
	*)
		echo "module: $SLURMD_NODENAME: \`module load $m\`: $(printf %s "$out" | grep -v '^$' | head -n 2 | tr '\n' ' ')"
		exit 1
		;;
	esac
done
