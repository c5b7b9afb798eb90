"""Files on a server that is dead: the kernel's list names it, and strace(1) keeps statfs(2) from coming back."""
import errno
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from scratch import Case, directory  # noqa: E402

WANTED = directory("/srv/nfs/below", mode="0755")


@unittest.skipUnless(shutil.which("strace"), "needs strace")
class Remote(Case):
    def setUp(self):
        super().setUp()
        self.add("fs1:/export", "/srv/nfs")
        (self.root / "srv/nfs/file").write_text("here")

    def add(self, source, where):
        (self.root / where[1:]).mkdir(parents=True)
        with open(self.root / "proc/self/mountinfo", "a") as f:
            f.write("40 22 0:50 / %s rw - nfs4 %s rw\n" % (where, source))

    def slow(self, seconds):
        """A session whose fstatfs(2) takes so long; strace's log is in the root."""
        self.log = self.root / "strace"
        return dict(wrap=["strace", "-f", "-o", str(self.log), "-e", "trace=fstatfs", "-e",
                          "inject=fstatfs:delay_enter=%d" % (seconds * 1000000)], env={"ASAN_OPTIONS": "detect_leaks=0"})

    def asked(self):
        """How many processes asked a file system: each worker is one, and the agent is another when it answers itself."""
        return len({l.split()[0] for l in self.log.read_text().splitlines() if "fstatfs(" in l})

    def collect(self, s):
        items = [dict(name="below", stat="/srv/nfs/file", follow=True), dict(name="read", read="/srv/nfs/file", max=10),
                 dict(name="fs", fs="/srv/nfs"), dict(name="other", fs="/srv/other"),
                 dict(name="above", read="/etc/passwd", max=65536)]
        return s.ask("collect", items=items)["items"]

    def test_that_answers(self):
        with self.locked(2) as s:
            found = self.collect(s)
            self.assertEqual((found["below"]["type"], found["read"]["text"]), ("file", "here"))
            self.assertIn("total", found["fs"])
            self.assertEqual(s.probe(WANTED)[0]["state"], "missing")
            self.assertEqual(s.apply(WANTED, epoch=2), {"changed": 1, "failed": 0}, s.events)

    def test_is_given_up_in_time_and_all_else_is_told(self):
        with self.session(**self.slow(25)) as s:
            found = self.collect(s)
            for name in "below", "read", "fs":
                self.assertEqual(found[name], {"errno": errno.ETIMEDOUT})
            self.assertIn("root:", found["above"]["text"])

    def test_is_asked_once_in_a_session_and_others_beside_it(self):
        self.add("fs2:/other", "/srv/other")
        with self.session(**self.slow(25)) as s:
            for _ in range(3):
                found = self.collect(s)
                self.assertEqual((found["fs"], found["other"]), ({"errno": errno.ETIMEDOUT},) * 2)
                self.assertEqual(s.probe(WANTED)[0], {"id": WANTED["id"], "state": "differs", "why":
                                                      "fs1:/export does not answer, which is mounted on /srv/nfs"})
        self.assertEqual(self.asked(), 2)

    def test_that_answered_is_asked_again(self):
        with self.session(**self.slow(0)) as s:
            for _ in range(3):
                self.assertIn("total", self.collect(s)["fs"])
        self.assertEqual(self.asked(), 3 + 1)

    def test_of_many_only_some_are_asked_and_all_are_silent(self):
        for i in range(20):
            self.add("fs%d:/x" % i, "/srv/x%d" % i)
        with self.session(**self.slow(25)) as s:
            items = [dict(name=str(i), fs="/srv/x%d" % i) for i in range(20)]
            found = s.ask("collect", items=items)["items"]
            self.assertEqual(found, {str(i): {"errno": errno.ETIMEDOUT} for i in range(20)})
        self.assertEqual(self.asked(), 16)

    def test_may_be_back_in_its_stage(self):
        with self.locked(2, **self.slow(20)) as s:
            self.assertEqual(s.probe(WANTED)[0]["state"], "differs")
            self.assertEqual(s.apply(WANTED, epoch=2), {"changed": 1, "failed": 0}, s.events)
        self.assertTrue((self.root / "srv/nfs/below").exists())


if __name__ == "__main__":
    unittest.main()
