# On a node, as a user: AT. Makes AT/rootfs of the node's own shell, with a file that only an image has, and AT/config.json: a bundle
# as runc(8) and crun(1) have it from `spec --rootless`.
set -e
rm -rf "$1"
(umask 077 && mkdir -p "$1")
root=$1/rootfs
for d in bin dev etc proc sys tmp run var; do mkdir -p "$root/$d"; done
cp -L /bin/sh "$root/bin/sh"
ldd /bin/sh | grep -o '/[^ ]*' | while read -r file; do
	mkdir -p "$root${file%/*}"
	cp -L "$file" "$root$file"
done
echo "$SLURMD_NODENAME: this is an image" >"$root/etc/reeve-image"
map() { echo "[{\"containerID\": 0, \"hostID\": $1, \"size\": 1}]"; }
cat >"$1/config.json" <<END
{
	"ociVersion": "1.0.0",
	"process": {"terminal": false, "user": {"uid": 0, "gid": 0}, "args": ["/bin/sh"], "env": ["PATH=/bin"], "cwd": "/"},
	"root": {"path": "rootfs", "readonly": false},
	"mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
	"linux": {
		"uidMappings": $(map "$(id -u)"),
		"gidMappings": $(map "$(id -g)"),
		"namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}, {"type": "user"}]
	}
}
END
