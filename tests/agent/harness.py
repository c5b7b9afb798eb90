"""The operator's side of the protocol (src/wire/wire.h), for tests of the agent over a pipe. Standard library only."""
import ctypes
import ctypes.util
import hashlib
import json
import os
import select
import struct
import subprocess
import time

AGENT = os.environ.get("REEVE_AGENT", "build/reeve-agent")
HEADER = struct.Struct(">IB")
sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
sodium.sodium_init()


def frame(kind, payload=b""):
    return HEADER.pack(len(payload), ord(kind)) + payload


def message(obj):
    return frame("M", json.dumps(obj).encode())


def blob(data):
    return frame("B", hashlib.sha256(data).hexdigest().encode() + data)


def seal(name, key, data):
    box = ctypes.create_string_buffer(len(data) + 48)
    assert sodium.crypto_box_seal(box, data, ctypes.c_ulonglong(len(data)), bytes.fromhex(key)) == 0
    return frame("S", name.encode() + b"\0" + box.raw)


def keypair():
    public, private = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
    sodium.crypto_box_keypair(public, private)
    return public.raw, private.raw


def unseal(public, private, box):
    out = ctypes.create_string_buffer(max(1, len(box) - 48))
    assert sodium.crypto_box_seal_open(out, box, ctypes.c_ulonglong(len(box)), public, private) == 0
    return out.raw[: len(box) - 48]


def fingerprint(salt, data):
    out = ctypes.create_string_buffer(32)
    key = bytes.fromhex(salt)
    sodium.crypto_generichash(out, ctypes.c_size_t(32), data, ctypes.c_ulonglong(len(data)), key, ctypes.c_size_t(len(key)))
    return out.raw.hex()


class Refused(Exception):
    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['text']}")
        self.code, self.text = error["code"], error["text"]


class Gone(Exception):
    """The agent ended."""


class Session:
    """One session with an agent of its own. Use as a context manager: it says bye and checks how the agent ended."""

    beat = 4
    beating = True

    def __init__(self, root=None, env=None, wrap=()):
        environment = dict(os.environ)
        environment.pop("REEVE_FAILPOINT", None)
        if root:
            environment["REEVE_ROOT"] = str(root)
        environment.update(env or {})
        self.process = subprocess.Popen([*wrap, AGENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment, bufsize=0)
        self.buffer = bytearray()
        self.raw = bytearray()
        self.beaten = time.monotonic()
        self.number = 0
        self.events = []
        self.secrets = []
        self.ended = False
        self.hello = self.next_message()["hello"]

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None and not self.ended:
                self.ask("bye")
                assert self.process.wait(30) == 0, self.process.returncode
        finally:
            self.close()

    def close(self):
        self.ended = True
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.errors = self.process.stderr.read().decode(errors="replace")
            self.process.stderr.close()
        assert "Sanitizer" not in self.errors and "runtime error" not in self.errors, self.errors

    def send(self, data):
        try:
            view = memoryview(data)
            while view:
                view = view[self.process.stdin.write(view):]
        except BrokenPipeError as error:
            raise Gone() from error

    def next_frame(self, timeout=180):
        end = time.monotonic() + timeout
        while True:
            if len(self.buffer) >= HEADER.size:
                length, kind = HEADER.unpack_from(self.buffer)
                if len(self.buffer) >= HEADER.size + length:
                    payload = bytes(self.buffer[HEADER.size:HEADER.size + length])
                    del self.buffer[:HEADER.size + length]
                    return chr(kind), payload
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("the agent says nothing")
            if self.beating and time.monotonic() - self.beaten > self.beat:
                self.beaten = time.monotonic()
                try:
                    self.send(frame("H"))
                except Gone:  # what it said before it ended is still to be read
                    self.beating = False
            if not select.select([self.process.stdout], [], [], min(left, self.beat))[0]:
                continue
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                raise Gone()
            self.buffer += data
            self.raw += data

    def next_message(self):
        while True:
            kind, payload = self.next_frame()
            if kind == "M":
                return json.loads(payload)
            if kind == "S":
                self.secrets.append(payload)

    def ask_only(self, verb, **arguments):
        self.number += 1
        self.send(message({"id": self.number, "verb": verb, **arguments}))
        return self.number

    def answer(self, number):
        while True:
            reply = self.next_message()
            assert reply["id"] == number, reply
            if "event" in reply:
                self.events.append(reply["event"])
            elif "error" in reply:
                raise Refused(reply["error"])
            else:
                return reply["ok"]

    def ask(self, verb, **arguments):
        self.events = []
        return self.answer(self.ask_only(verb, **arguments))

    def lock(self, epoch=1):
        return self.ask("lock", epoch=epoch, holder="tester@here", run="test")

    def probe(self, *resources, content=True):
        return self.ask("probe", resources=list(resources), content=content)["observed"]

    def apply(self, *resources, epoch=1):
        return self.ask("apply", epoch=epoch, resources=list(resources))

    def apply_each(self, *resources, epoch=1):
        """One after the other, whatever becomes of those before."""
        done, events = {"changed": 0, "failed": 0}, []
        for resource in resources:
            one = self.apply(resource, epoch=epoch)
            events += self.events
            done = {key: done[key] + one[key] for key in done}
        self.events = events
        return done

    def results(self):
        return {e["id"]: e["result"] for e in self.events if "result" in e}
