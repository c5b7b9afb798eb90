# What slurmd does for each job, below DIRECTORY: a mount namespace, kept by a mount of its file. On each CPU: Linux 6.18
# seems to number namespaces by CPU, and refuses one whose number is lower than that of the namespace which keeps it.
dir=$(mktemp -d "$1/try.XXXXXX") || exit
end() {
	umount "$dir" 2>/dev/null
	rmdir "$dir"
}
trap end EXIT
mount --bind "$dir" "$dir" && mount --make-private "$dir" && : >"$dir/ns" || exit
for cpu in $(seq 0 $(($(nproc --all) - 1)) | head -n 256); do
	taskset -c "$cpu" true 2>/dev/null || continue
	if ! why=$(taskset -c "$cpu" unshare --mount="$dir/ns" true 2>&1); then
		echo "on CPU $cpu: $why" >&2
		rm -f "$dir/ns"
		exit 1
	fi
	umount "$dir/ns"
done
rm -f "$dir/ns"
