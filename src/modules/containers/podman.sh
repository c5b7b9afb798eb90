# Two things that a job has and Podman does not expect. Its XDG_RUNTIME_DIR is that of the session which submitted it, and is not on
# this host. And the process that holds the user's namespace ends with the job in which it was begun: its number is left behind, and
# Podman would end at it.
uid=$(id -u)
if [ -n "${XDG_RUNTIME_DIR:-}" ] && [ ! -w "$XDG_RUNTIME_DIR" ]; then
	unset XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS
fi
for at in "${XDG_RUNTIME_DIR:-/run/user/$uid}" "/tmp/podman-run-$uid" "/tmp/storage-run-$uid"; do
	pause=$at/libpod/tmp/pause.pid
	[ -O "$pause" ] || continue
	pid=$(cat "$pause")
	if [ ! -O "/proc/$pid/comm" ] || ! grep -qxE 'catatonit|podman.*' "/proc/$pid/comm"; then
		rm -f "$pause"
	fi
done
exec /usr/bin/podman "$@"
