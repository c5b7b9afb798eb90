# Answers of a wrong type, of absurd size, or other ones each time: they are that host's, and nobody's end.
load lib
load slurm
setup() {
	protocol_setup
	export REAL_SSH=$REEVE_SSH REEVE_SSH=$BATS_TEST_DIRNAME/liar
	slurm_cluster c1 n1 n2
	reeve apply
	[ "$status" -eq 0 ]
	echo '# edited' >>"$roots/n1.fen/etc/slurm/slurm.conf"
}
teardown() { protocol_teardown; }

lie() { cat >"$roots/n2.fen/lie.py"; }
said() { cat "$roots/out" "$roots/err" | grep -qF -- "$1" || { echo "not said: $1"; return 1; }; }
# mended STATUS: the run did what it was there for
mended() {
	[ "$status" -eq "$1" ]
	! grep -q '# edited' "$roots/n1.fen/etc/slurm/slurm.conf"
}

@test "names of device files that are none" {
	lie <<-'P'
		def answer(request, message):
		    items = message.get("ok", {}).get("items", {})
		    if "hostname" in items:
		        items["gpu.pci"] = {"entries": {"0000:41:00.0": {"class": "0x030200\n", "vendor": "0x1002\n", "device": "0x740f\n",
		            "driver": {"link": "x/amdgpu"}, "product_name": "mi210", "drm": {"names": ["renderD128"]}}}}
		        items["gpu.dri"] = {"names": [1, None]}
		        return tell(message)
	P
	reeve apply
	mended 0
	said 'n2: /dev/dri/renderD128 of the AMD card at 0000:41:00.0 is not there'
}

@test "a session key that nothing can be sealed to" {
	rm "$roots/n2.fen/etc/munge/munge.key"
	lie <<-'P'
		def hello(message):
		    message["hello"]["key"] = "0" * 64
		    return tell(message)
	P
	reeve apply
	mended 3
	said 'skipped: n2: a session key that nothing can be sealed to [lost]'
}

@test "what doctor asked for, of another type" {
	lie <<-'P'
		def answer(request, message):
		    items = message.get("ok", {}).get("items", {})
		    if "list:/etc/slurm" in items:
		        for name, value in items.items():
		            if name.startswith("list:"):
		                value["names"] = [1, None, {}]
		        items["packages"]["held"] = [1, []]
		        return tell(message)
	P
	reeve doctor n2
	[ "$status" -le 1 ]
}

@test "other facts when they are asked for once more" {
	sed -i '/^NodeName=n2 /s/State=IDLE/State=DOWN/' "$roots/nodes"
	lie <<-'P'
		seen = []
		def answer(request, message):
		    items = message.get("ok", {}).get("items", {})
		    if "hostname" in items:
		        seen.append(1)
		        items["hostname"]["text"] = "other\n" if len(seen) > 1 else items["hostname"]["text"]
		        return tell(message)
	P
	reeve apply
	mended 3
	said 'skipped: n2: '
}

@test "a table of a megabyte for each of sixty cards, and texts of megabytes" {
	lie <<-'P'
		def answer(request, message):
		    items, cards = message.get("ok", {}).get("items", {}), range(60)
		    if "hostname" in items:
		        address = ["0000:%02x:00.0" % k for k in cards]
		        items["gpu.pci"] = {"entries": {address[k]: {"class": "0x030200\n", "vendor": "0x10de\n", "device": "0x20b0\n",
		            "driver": {"link": "x/nvidia"}} for k in cards}}
		        items["gpu.nvidia"] = {"entries": {address[k]: {"information": "Model: NVIDIA A100\nDevice Minor: %d\n" % k} for k in cards}}
		        items["gpu.mig"] = {"entries": {"gpu%d" % k: {"mig": {"names": ["gi1"]}} for k in cards}}
		        items["gpu.dev"] = {"entries": {"nvidia%d" % k: {} for k in cards}}
		        items["users"]["users"].pop("slurm", None)
		        return tell(message)
		    if "gpu.minors" in items:
		        items["gpu.instances"] = {"status": 0, "cut": False, "err": "", "out": "".join(
		            "| %d %d MIG 1g.5gb 0 0 0:1 |\n" % (card, one) for card in cards for one in range(4))}
		        items["gpu.minors"] = {"text": "a\n" * (1 << 19)}
		        items["uid"] = {"status": 0, "out": "\x7f" * (1 << 20), "err": "", "cut": False}
		        return tell(message)
	P
	reeve plan
	[ "$(cat "$roots/out" "$roots/err" | wc -c)" -lt 65536 ]
	lie <<-'P'
		def answer(request, message):
		    if request and request["verb"] == "collect":
		        return tell({"id": message["id"], "error": {"code": "failed", "text": "\x7f" * (11 << 20)}})
	P
	reeve apply
	mended 3
	[ "$(cat "$roots/out" "$roots/err" | wc -c)" -lt 65536 ]
}
