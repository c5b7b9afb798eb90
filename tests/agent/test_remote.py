"""Files on a server that is dead: the kernel's list names it, and strace(1) keeps statfs(2) from coming back."""
import errno
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from scratch import Case, directory  # noqa: E402

DEAD = dict(wrap=["strace", "-f", "-o", "/dev/null", "-e", "trace=fstatfs", "-e", "inject=fstatfs:delay_enter=20000000"],
            env={"ASAN_OPTIONS": "detect_leaks=0"})
WANTED = directory("/srv/nfs/below", mode="0755")


@unittest.skipUnless(shutil.which("strace"), "needs strace")
class Remote(Case):
    def setUp(self):
        super().setUp()
        (self.root / "srv/nfs").mkdir(parents=True)
        (self.root / "srv/nfs/file").write_text("here")
        with open(self.root / "proc/self/mountinfo", "a") as f:
            f.write("40 22 0:50 / /srv/nfs rw - nfs4 fs1:/export rw\n")

    def collect(self, s):
        items = [dict(name="below", stat="/srv/nfs/file", follow=True), dict(name="read", read="/srv/nfs/file", max=10),
                 dict(name="fs", fs="/srv/nfs"), dict(name="above", read="/etc/passwd", max=65536)]
        return s.ask("collect", items=items)["items"]

    def test_that_answers(self):
        with self.locked(2) as s:
            found = self.collect(s)
            self.assertEqual((found["below"]["type"], found["read"]["text"]), ("file", "here"))
            self.assertIn("total", found["fs"])
            self.assertEqual(s.probe(WANTED)[0]["state"], "missing")
            self.assertEqual(s.apply(WANTED, epoch=2), {"changed": 1, "failed": 0}, s.events)

    def test_is_given_up_in_time_and_all_else_is_told(self):
        with self.session(**DEAD) as s:
            found = self.collect(s)
            for name in "below", "read", "fs":
                self.assertEqual(found[name], {"errno": errno.ETIMEDOUT})
            self.assertIn("root:", found["above"]["text"])

    def test_may_be_back_in_its_stage(self):
        with self.locked(2, **DEAD) as s:
            self.assertEqual(s.probe(WANTED)[0], {"id": WANTED["id"], "state": "differs", "why":
                                                  "fs1:/export does not answer, which is mounted on /srv/nfs"})
            self.assertEqual(s.apply(WANTED, epoch=2), {"changed": 0, "failed": 1})
            self.assertIn("fs1:/export does not answer", s.events[-1]["what"])
        self.assertFalse((self.root / "srv/nfs/below").exists())


if __name__ == "__main__":
    unittest.main()
