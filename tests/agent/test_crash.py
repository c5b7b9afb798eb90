"""Killed at every step that changes something, then run again: the second run completes, a third finds nothing to do."""
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import Gone, Refused, blob, fingerprint, seal  # noqa: E402
from scratch import Case, absent, block, directory, file, group, home, link, mount, packages, person, secret, user  # noqa: E402

OLD, NEW, KEY, SALT = b"old\n", b"new\n" * 1000, b"k" * 1024, "01" * 32
HASH = b"$y$j9T$abc$hash"
STEPS = 400  # more than there are: the loop ends where the agent lives to the end


class Killed(Case):
    def wanted(self):
        return [group("munge", 991), user("munge", 991, "munge"), directory("/var/a/b/c", "munge", "munge", "2750"),
                file("/etc/slurm.conf", NEW, "slurm", "slurm", "0640"), file("/etc/new/deep/f", NEW),
                file("/etc/mode", OLD, "slurm", "slurm", "0400"), secret("/etc/munge.key", "key", fingerprint(SALT, KEY), SALT),
                secret("/etc/next.key", "key", fingerprint(SALT, KEY), SALT),
                link("/etc/link", "there"), absent("/etc/gone"), block("/etc/rc", "ours\n"), packages("munge", "slurmd=22.05")]

    def start_over(self):
        shutil.rmtree(self.root)
        self.furnish(self.root)
        for name in ("slurm.conf", "mode", "munge.key", "next.key", "gone", "rc"):
            (self.root / "etc" / name).write_bytes(OLD)
        with open(self.root / "etc/next.key.next", "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as f:
            f.write(KEY)
        (self.root / "etc/link").symlink_to("elsewhere")

    def run_once(self, epoch, times=1, **arguments):
        """Applies, and gives how much was changed the last time; None where the agent did not live."""
        s = self.session(**arguments)
        try:
            s.lock(epoch)
            s.send(blob(NEW) + blob(OLD) + seal("key", s.hello["key"], KEY) + seal("hash", s.hello["key"], HASH))
            for _ in range(times):
                done = s.apply(*self.wanted(), epoch=epoch)
                self.assertEqual(done["failed"], 0, s.events)
            s.ask("bye")
            return done["changed"]
        except Gone:
            return None
        finally:
            s.process.wait(20)
            s.close()

    least = 60

    def check_end(self):
        for name in ("munge.key", "next.key"):
            self.assertEqual((self.root / "etc" / name).read_bytes(), KEY)
        self.assertFalse((self.root / "etc/next.key.next").exists())
        self.assertEqual((self.root / "etc/slurm.conf").stat().st_mode & 0o7777, 0o640)
        self.assertEqual((self.root / "etc/rc").read_text().count("ours\n"), 1)

    def check_between(self, step):
        """Whatever the moment: each file is the old or the new, and a secret is never readable."""
        for name in ("slurm.conf", "munge.key", "next.key", "mode"):
            path = self.root / "etc" / name
            self.assertIn(path.read_bytes(), (OLD, NEW, KEY), "%s at step %d" % (name, step))
        for path in self.root.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.read_bytes() == KEY:
                self.assertEqual(path.stat().st_mode & 0o077, 0, "%s at step %d" % (path, step))

    def test_every_step(self):
        for step in range(1, STEPS):
            self.start_over()
            first = self.run_once(1, env={"REEVE_FAILPOINT": str(step)})
            self.check_between(step)
            if first is not None:
                break
            self.assertEqual(self.run_once(2, times=2), 0, "step %d" % step)
            self.assertEqual(self.leftovers(), [], "step %d" % step)
            self.check_end()
        self.assertGreater(step, self.least, "the failpoints are not built in")
        self.assertLess(step, STEPS - 1)
        self.assertEqual(first, len(self.wanted()))


class KilledTrees(Killed):
    """The same with what is more than a file: a mount that takes the place of an older one, a user and homes."""

    least = 30

    def wanted(self):
        return [mount("/data", "fs2:/data"), group("people", 5000),
                person("alice", 5000, "people", secret="hash", fingerprint=fingerprint(SALT, HASH), salt=SALT),
                home("alice"), home("alice", "/shared/alice", shared=True), mount("/soft", "fs2:/soft", automount=True)]

    def start_over(self):
        shutil.rmtree(self.root)
        self.furnish(self.root)
        with self.locked() as s:
            done = s.apply(mount("/data", "fs1:/data"))
            self.assertEqual(done["failed"], 0, s.events)
        (self.root / "var/lib/reeve/epoch").unlink()

    def check_between(self, step):
        self.assertIn((self.root / "etc/systemd/system/data.mount").read_text().splitlines()[2], ("What=fs1:/data", "What=fs2:/data"))
        for path in self.homes():
            stat = path.stat() if path.exists() else None
            self.assertTrue(not stat or (path / ".profile").stat().st_uid == stat.st_uid == 5000 and
                            stat.st_mode & 0o7777 == 0o700, "%s at step %d" % (path, step))

    def homes(self):
        return self.root / "home/alice", self.root / "shared/alice"

    def check_end(self):
        self.assertTrue(all((path / ".profile").exists() for path in self.homes()))
        self.assertIn(HASH.decode(), (self.root / "etc/shadow").read_text())
        mounts = (self.root / "proc/self/mountinfo").read_text()
        self.assertIn(" /data rw shared:1 - nfs4 fs2:/data", mounts)
        self.assertNotIn("fs1", mounts)


class Disk(Case):
    """A root that is full, or read-only."""

    def mount(self, options):
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "reeve-test", self.root], capture_output=True)
        self.assertEqual(mounted.returncode, 0, mounted.stderr)
        self.addCleanup(subprocess.run, ["umount", "-l", self.root], check=True)
        self.furnish(self.root)

    def test_full(self):
        self.mount("size=256k,mode=755")
        (self.root / "etc/slurm.conf").write_bytes(OLD)
        big = b"x" * 400000
        with self.locked() as s:
            s.send(blob(big) + blob(NEW))
            self.assertEqual(s.apply_each(file("/etc/slurm.conf", big), file("/etc/other", NEW)),
                             {"changed": 1, "failed": 1})
            self.assertIn("the disk is full", s.events[0]["what"])
        self.assertEqual((self.root / "etc/slurm.conf").read_bytes(), OLD)
        self.assertEqual(self.leftovers(), [])

    def test_full_to_the_last_byte(self):
        self.mount("size=256k,mode=755")
        (self.root / "etc/slurm.conf").write_bytes(OLD)
        with self.locked() as s:
            s.send(blob(NEW))
            try:
                (self.root / "filler").write_bytes(b"x" * 300000)
            except OSError:
                pass
            wanted = [file("/etc/slurm.conf", NEW), file("/etc/a/b", NEW), packages("munge")]
            self.assertEqual(s.apply_each(*wanted)["failed"], 3, s.events)
            for event in s.events:
                self.assertIn("the disk is full", event["what"])
            (self.root / "filler").unlink()
            self.assertEqual(s.apply(*wanted[:2])["failed"], 0, s.events)
        self.assertEqual(self.leftovers(), [])

    def test_read_only(self):
        self.mount("size=1m,mode=755")
        (self.root / "etc/f").write_bytes(OLD)
        state = self.root / "var/lib/reeve"  # of its own: a file system on which the lock is open stays writable
        state.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "reeve-test", state], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", state], check=True)
        with self.locked() as s:
            s.send(blob(NEW))
            subprocess.run(["mount", "-o", "remount,ro", self.root], check=True)
            wanted = [file("/etc/f", NEW), file("/etc/f", OLD, mode="0600"), directory("/d"), link("/l", "x"), absent("/etc/f")]
            self.assertEqual(s.apply_each(*wanted), {"changed": 0, "failed": len(wanted)})
            for event in s.events:
                self.assertIn("mounted read-only", event["what"])
            with self.assertRaises(Refused) as refused:
                s.ask("append", path="/var/log/reeve/x", line="x")
            self.assertIn("mounted read-only", refused.exception.text)
            subprocess.run(["mount", "-o", "remount,rw", self.root], check=True)


class Traced(Case):
    def test_a_secret_is_in_no_argument_environment_or_message(self):
        mark = b"Secret-That-Must-Not-Show"
        trace = self.root / "trace"
        (self.root / "etc/old.key").write_bytes(b"before " + mark)
        wrap = ["strace", "-f", "-s", "4096", "-e", "trace=execve,write,sendto,sendmsg", "-o", str(trace)]
        with self.session(wrap=wrap, env={"ASAN_OPTIONS": "detect_leaks=0"}) as s:  # which needs ptrace for itself
            s.lock()
            s.send(seal("key", s.hello["key"], mark))
            wanted = [secret("/etc/munge.key", "key", fingerprint(SALT, mark), SALT),
                      secret("/etc/old.key", "key", fingerprint(SALT, mark), SALT)]
            self.assertEqual(s.apply(*wanted, packages("munge")), {"changed": 3, "failed": 0}, s.events)
            self.assertEqual({o["state"] for o in s.probe(*wanted)}, {"same"})
        self.assertNotIn(mark, s.raw)
        self.assertNotIn(mark.decode(), s.errors)
        said = [l for l in trace.read_text(errors="replace").splitlines() if mark.decode() in l]
        # Twice into the files themselves, once into the root-only backup: and nowhere else.
        self.assertEqual(len(said), 3, said)
        self.assertTrue(all(" write(" in l for l in said), said)
        for path in self.root.rglob("*"):
            if path.is_file() and path != trace and mark in path.read_bytes():
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)


if __name__ == "__main__":
    unittest.main()
