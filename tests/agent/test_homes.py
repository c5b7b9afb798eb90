"""Homes in a scratch root: made once and whole, on file systems that are the host's own, of others, dead, or forbidden."""
import ctypes
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, os.path.dirname(__file__))
from harness import Session  # noqa: E402
from scratch import Case, group, home, person  # noqa: E402

PEOPLE = [group("people", 5000), person("alice", 5000, "people")]
ALICE = home("alice")
SHARED = home("alice", shared=True)
FUSE_INIT, FUSE_INTERRUPT = 26, 36


class DeadServer:
    """A file system whose server took every request and answers none: who waits for it cannot be killed. See fuse(4)."""

    def __init__(self, path):
        self.asked = []
        self.fd = os.open("/dev/fuse", os.O_RDWR)
        options = "fd=%d,rootmode=40755,user_id=0,group_id=0" % self.fd
        if ctypes.CDLL(None, use_errno=True).mount(b"dead", os.fsencode(path), b"fuse", 0, options.encode()):
            raise OSError(ctypes.get_errno(), "mount of fuse")
        self.path = path
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            while True:
                request = os.read(self.fd, 1 << 20)
                opcode, unique = struct.unpack_from("=IQ", request, 4)
                if opcode == FUSE_INIT:
                    answer = struct.pack("=IIII", 7, 31, 0, 0) + bytes(48)
                    os.write(self.fd, struct.pack("=IiQ", 16 + len(answer), 0, unique) + answer)
                elif opcode != FUSE_INTERRUPT:
                    self.asked.append(opcode)
        except OSError:  # it is unmounted
            pass

    def end(self):
        subprocess.run(["umount", "-f", self.path], capture_output=True)
        subprocess.run(["umount", "-l", self.path], capture_output=True)
        os.close(self.fd)


class Homes(Case):
    def setUp(self):
        super().setUp()
        with self.locked(1) as s:
            s.apply(*PEOPLE)
        self.home = self.root / "home/alice"

    def check_made(self, path):
        stat = path.stat()
        self.assertEqual((stat.st_mode & 0o7777, stat.st_uid, stat.st_gid), (0o700, 5000, 5000))
        self.assertEqual((path / ".profile").read_text(), "# shell\n")
        self.assertEqual((path / ".profile").stat().st_uid, 5000)
        self.assertEqual(os.listdir(path.parent), ["alice"])

    def check_settled(self, s, wanted, epoch=2):
        self.assertEqual([(o["state"], o["why"]) for o in s.probe(wanted)], [("same", "")])
        self.assertEqual(s.apply(wanted, epoch=epoch), {"changed": 0, "failed": 0})

    def check_failure(self, wanted, text, epoch=2, **session):
        with self.locked(epoch, **session) as s:
            self.assertEqual(s.apply(wanted, epoch=epoch), {"changed": 0, "failed": 1})
            self.assertIn(text, s.events[-1]["what"])
            return s.events[-1]["what"]

    def make_remote(self):
        with open(self.root / "proc/self/mountinfo", "a") as f:
            f.write("40 22 0:50 / /home rw - nfs4 fs1:/home rw\n")

    def strace(self, inject):
        return dict(wrap=["strace", "-f", "-o", "/dev/null", "-e", "trace=" + inject.split(":")[0], "-e", "inject=" + inject],
                    env={"ASAN_OPTIONS": "detect_leaks=0"})

    def test_made_once_and_then_its_users(self):
        for epoch, wanted in (2, ALICE), (3, SHARED):
            with self.locked(epoch) as s:
                self.assertEqual([(o["state"], o["why"]) for o in s.probe(wanted)], [("missing", "is not there")])
                self.assertEqual(s.apply(wanted, epoch=epoch), {"changed": 1, "failed": 0}, s.events)
                self.assertEqual(s.events[-1]["what"], "made")
                self.check_made(self.home)
                (self.home / ".profile").unlink()
                self.home.chmod(0o755)
                self.check_settled(s, wanted, epoch)
            self.assertEqual(os.listdir(self.home), [])
            shutil.rmtree(self.home)

    def test_with_its_user_in_one_apply(self):
        bob = person("bob", 5001, "people")
        with self.locked(2) as s:
            self.assertEqual([(o["state"], o["why"]) for o in s.probe(bob, home("bob"))],
                             [("missing", "does not exist"), ("missing", "the user bob does not exist")])
            self.assertEqual(s.apply(home("bob"), epoch=2)["failed"], 1)
            self.assertIn("the user bob does not exist", s.events[-1]["what"])
            self.assertFalse((self.root / "home").exists())
            self.assertEqual(s.apply(bob, home("bob"), epoch=2), {"changed": 2, "failed": 0}, s.events)
            self.check_settled(s, home("bob"))

    def test_a_home_that_was_kept_waits_for_its_user(self):
        (self.root / "home/bob").mkdir(parents=True)
        os.chown(self.root / "home/bob", 5001, 5000)
        with self.locked(2) as s:
            self.assertEqual(s.probe(home("bob"))[0]["state"], "missing")
            self.assertEqual(s.apply(person("bob", 5001, "people"), home("bob"), epoch=2), {"changed": 1, "failed": 0})

    def test_without_a_skeleton_it_is_empty(self):
        shutil.rmtree(self.root / "etc/skel")
        with self.locked(2) as s:
            self.assertEqual(s.apply(ALICE, epoch=2)["changed"], 1, s.events)
        self.assertEqual((os.listdir(self.home), self.home.stat().st_mode & 0o7777), ([], 0o700))

    def test_another_users_directory_is_named_and_stays(self):
        for uid, whose in (64030, "slurm"), (0, "root"), (7777, "7777"):
            self.home.mkdir(parents=True, exist_ok=True)
            os.chown(self.home, uid, 0)
            for wanted in ALICE, SHARED:
                with self.session() as s:
                    self.assertEqual([(o["state"], o["why"]) for o in s.probe(wanted)],
                                     [("error", "/home/alice belongs to %s, not to alice; it is not changed" % whose)])
            self.check_failure(ALICE, "it is not changed", epoch=uid + 2)
            self.assertEqual(self.home.stat().st_uid, uid)
            (self.root / "var/lib/reeve/epoch").unlink()

    def test_what_is_no_directory_stays(self):
        (self.root / "home").mkdir()
        (self.root / "data").mkdir()
        os.chown(self.root / "data", 5000, 5000)
        for epoch, (make, kind) in enumerate(((lambda: self.home.symlink_to("../data"), "symbolic link"),
                                              (lambda: self.home.write_text("x"), "file"),
                                              (lambda: os.mkfifo(self.home), "special file")), 2):
            make()
            for wanted in ALICE, SHARED:
                with self.session() as s:
                    self.assertEqual([(o["state"], o["why"]) for o in s.probe(wanted)],
                                     [("error", "/home/alice is a %s, not a directory" % kind)])
            self.check_failure(ALICE, "not a directory", epoch)
            self.home.unlink()

    def test_a_file_system_of_others_is_for_shared_homes_alone(self):
        self.make_remote()
        with self.locked(2) as s:
            self.check_settled(s, ALICE)
            self.assertFalse((self.root / "home").exists())
            self.assertEqual(s.probe(SHARED)[0]["state"], "missing")
            self.assertEqual(s.apply(SHARED, epoch=2)["changed"], 1, s.events)
            self.check_settled(s, SHARED)
        self.check_made(self.home)

    def test_where_others_can_write_none_is_made(self):
        (self.root / "home").mkdir()
        os.chown(self.root / "home", 64030, -1)
        self.check_failure(ALICE, "is not root's alone", 2)
        self.check_failure(SHARED, "is not root's alone", 3)
        self.assertEqual(os.listdir(self.root / "home"), [])

    def test_a_server_that_lets_root_do_nothing(self):
        (self.root / "home").mkdir()
        advice = "make it on the server, or export it to this host read-write and with no_root_squash"
        for epoch, error in enumerate(("EACCES", "EPERM", "EROFS"), 2):
            self.check_failure(SHARED, advice, epoch, **self.strace("mkdirat:error=" + error))
        what = self.check_failure(ALICE, "mounted read-only", 5, **self.strace("mkdirat:error=EROFS"))
        self.assertNotIn("server", what)
        (self.root / "bin/chown").write_text("#!/bin/sh\necho \"chown: $5: Operation not permitted\" >&2\nexit 1\n")
        (self.root / "bin/chown").chmod(0o755)
        what = self.check_failure(SHARED, advice, 6)
        self.assertIn("chown ended with status 1", what)
        self.assertNotIn("server", self.check_failure(ALICE, "Operation not permitted", 7))
        self.assertEqual(os.listdir(self.root / "home"), [])

    def test_nfs_cannot_rename_without_replacing(self):
        with self.locked(2, **self.strace("renameat2:error=EINVAL")) as s:
            self.assertEqual(s.apply(SHARED, epoch=2)["changed"], 1, s.events)
        self.check_made(self.home)

    def test_two_hosts_at_once_make_one(self):
        """The slower one stands in its copying while the other makes the home."""
        for flaw in None, "renameat2:error=EINVAL":
            shared = self.root / "home"
            shared.mkdir()
            other = Path(tempfile.mkdtemp(prefix="reeve-test."))
            self.addCleanup(shutil.rmtree, other)
            shutil.copytree(self.root, other, symlinks=True, dirs_exist_ok=True)
            subprocess.run(["mount", "--bind", shared, other / "home"], check=True)
            self.addCleanup(subprocess.run, ["umount", "-l", other / "home"], capture_output=True)
            (other / "bin/cp").write_text("#!/bin/sh\n: >\"$REEVE_ROOT/begun\"\nwhile [ ! -e \"$REEVE_ROOT/go\" ]; do sleep 0.1; done\n"
                                          "exec /bin/cp \"$@\"\n")
            (other / "bin/cp").chmod(0o755)
            apart = ["unshare", "--uts", "sh", "-c", "echo other >/proc/sys/kernel/hostname; exec \"$@\"", "-"]
            strace = self.strace(flaw) if flaw else dict(wrap=[], env={})
            slow = Session(other, wrap=apart + strace["wrap"], env=strace["env"])
            with slow, self.session() as quick:
                slow.lock(9)
                number = slow.ask_only("apply", epoch=9, resources=[SHARED])
                while not (other / "begun").exists():
                    slow.send(b"\0\0\0\0H")
                    threading.Event().wait(0.1)
                quick.lock(9)
                self.assertEqual(quick.apply(SHARED, epoch=9), {"changed": 1, "failed": 0}, quick.events)
                (self.home / "mine").write_text("x")
                (other / "go").write_text("")
                self.assertEqual(slow.answer(number), {"changed": 1, "failed": 0}, slow.events)
            self.assertEqual((self.home / "mine").read_text(), "x")
            self.check_made(self.home)
            subprocess.run(["umount", other / "home"], check=True)
            shutil.rmtree(shared)
            (self.root / "var/lib/reeve/epoch").unlink()

    @unittest.skipUnless(os.path.exists("/dev/fuse"), "this kernel has no FUSE")
    def test_a_dead_server_hangs_nobody(self):
        self.make_remote()
        (self.root / "home").mkdir()
        server = DeadServer(self.root / "home")
        self.addCleanup(server.end)
        with self.locked(2) as s:
            found = s.probe(SHARED, home("bob", shared=True), ALICE)
            self.assertEqual([(o["state"], o["why"]) for o in found],
                             [("differs", "fs1:/home does not answer, which is mounted on /home")] * 2 + [("same", "")])
            self.assertEqual(len(server.asked), 1, server.asked)
        self.assertEqual(s.process.returncode, 0)
        waiting = [p for p in Path("/proc").glob("[0-9]*/stat") if b"reeve-agent" in p.read_bytes() and b") D" in p.read_bytes()]
        self.assertTrue(waiting, "nobody waited in the kernel, so that nothing was shown")


if __name__ == "__main__":
    unittest.main()
