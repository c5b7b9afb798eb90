#!/usr/bin/env python3
"""An ssh to a host that lies: its file `lie` is Python, run for each answer of its real agent with `asked`, the request, and `ok`,
the answer, which it changes."""
import json
import os
import subprocess
import sys
import threading

honest, host = os.environ["HONEST_SSH"], sys.argv[-2]
lie = os.path.join(os.environ["FAKE_SSH_ROOTS"], host, "lie")
with open(lie, encoding="utf-8") as file:
    code = compile(file.read(), lie, "exec")
ssh = subprocess.Popen([honest] + sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
requests = {}
agent_runs = threading.Event()


def frames(buffer):
    """Takes whole frames (length, kind, payload) from the front."""
    while len(buffer) >= 5 and len(buffer) >= 5 + int.from_bytes(buffer[:4], "big"):
        end = 5 + int.from_bytes(buffer[:4], "big")
        yield bytes(buffer[4:5]), bytes(buffer[5:end])
        del buffer[:end]


def down():
    buffer = bytearray()
    while data := os.read(0, 65536):
        if agent_runs.is_set():
            buffer += data
            for kind, payload in frames(buffer):
                if kind == b"M":
                    request = json.loads(payload)
                    requests[request["id"]] = request
        ssh.stdin.write(data)
        ssh.stdin.flush()
    ssh.stdin.close()


def told(payload):
    answer = json.loads(payload)
    if "ok" in answer:
        exec(code, {"asked": requests.get(answer.get("id"), {}), "ok": answer["ok"]})
    return json.dumps(answer).encode()


threading.Thread(target=down, daemon=True).start()
buffer = bytearray()
while data := os.read(ssh.stdout.fileno(), 65536):
    buffer += data
    if not agent_runs.is_set():
        end = buffer.find(b" ready\n")
        end = end + 7 if end >= 0 else len(buffer)
        sys.stdout.buffer.write(buffer[:end])
        if buffer[:end].endswith(b" ready\n"):
            agent_runs.set()
        del buffer[:end]
    for kind, payload in frames(buffer) if agent_runs.is_set() else ():
        payload = told(payload) if kind == b"M" else payload
        sys.stdout.buffer.write(len(payload).to_bytes(4, "big") + kind + payload)
    sys.stdout.buffer.flush()
sys.exit(ssh.wait())
