"""Groups and users in a scratch root: made, brought in line, locked; and whoever was there before keeps what is theirs."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import fingerprint, seal  # noqa: E402
from scratch import Case, group, locked_user, person, user  # noqa: E402

SALT, HASH = "5a" * 32, b"$y$j9T$abc$Secret-Hash-That-Must-Not-Show"


class Accounts(Case):
    def line(self, file, name):
        return next(l.split(":") for l in (self.root / "etc" / file).read_text().splitlines() if l.startswith(name + ":"))

    def check_settled(self, s, *wanted):
        self.assertEqual([(o["state"], o["why"]) for o in s.probe(*wanted)], [("same", "")] * len(wanted))
        self.assertEqual(s.apply(*wanted), {"changed": 0, "failed": 0})

    def test_made_once_and_never_changed(self):
        wanted = [group("munge", 991), user("munge", 991, "munge")]
        with self.locked() as s:
            self.assertEqual([o["state"] for o in s.probe(*wanted)], ["missing", "missing"])
            self.assertEqual(s.apply(*wanted), {"changed": 2, "failed": 0}, s.events)
            self.check_settled(s, *wanted)
            for other, text in ((group("slurm", 5), "has id 64030, not 5"), (user("slurm", 5, "slurm"), "has id 64030, not 5"),
                                (user("slurm", 64030, "root"), "has the group slurm, not root"),
                                (person("slurm", 64030, "slurm"), "has the home /, not /home/slurm"),
                                (locked_user("slurm", 5), "has id 64030, not 5"),
                                (group("new", 64030), "is taken by slurm"), (user("new", 991), "is taken by munge")):
                found = s.probe(other)[0]
                self.assertEqual(found["state"], "error")
                self.assertIn(text, found["why"])
                self.assertEqual(s.apply(other)["failed"], 1)

    def test_a_person(self):
        wanted = [group("people", 5000), group("gpu", 5001), person("alice", 5000, "people", groups=["gpu"])]
        with self.locked() as s:
            self.assertEqual(s.apply(*wanted), {"changed": 3, "failed": 0}, s.events)
            self.assertEqual(s.events[-1]["what"], "made")
            self.check_settled(s, *wanted)
        self.assertEqual(self.line("passwd", "alice")[2:], ["5000", "5000", "", "/home/alice", "/bin/bash"])
        self.assertEqual(self.line("group", "gpu")[3], "alice")
        self.assertFalse((self.root / "home").exists())

    def test_subordinate_ids_can_be_left_to_others(self):
        with self.locked() as s:
            s.apply(group("people", 5000), person("alice", 5000, "people"), person("bob", 5001, "people", no_subids=True))
        made = [c for c in self.calls() if c.startswith("useradd")]
        self.assertEqual(["SUB_UID_COUNT=0 --key SUB_GID_COUNT=0" in c for c in made], [False, True], made)

    def test_shell_and_groups_are_brought_in_line(self):
        groups = [group(g, 5000 + i) for i, g in enumerate(("people", "a", "b", "docker"))]
        with self.locked() as s:
            s.apply(*groups, person("alice", 5000, "people", groups=["a"]))
            text = (self.root / "etc/group").read_text().replace("docker:x:5003:", "docker:x:5003:alice")
            (self.root / "etc/group").write_text(text)
            wanted = person("alice", 5000, "people", groups=["b", "people"], not_groups=["a", "b"], shell="/bin/zsh")
            self.assertEqual(s.probe(wanted)[0]["why"],
                             "shell /bin/bash, not /bin/zsh, in the group a, not in the group b")
            self.assertEqual(s.apply(wanted)["changed"], 1, s.events)
            self.check_settled(s, wanted)
        self.assertEqual([self.line("group", g)[3] for g in ("people", "a", "b", "docker")], ["", "", "alice", "alice"])

    def test_locked_and_unlocked(self):
        with self.locked() as s:
            s.apply(group("people", 5000), person("alice", 5000, "people"))
            self.check_settled(s, locked_user("nobody-here", 7))
            for had in ("$y$hash", "!"):
                shadow = (self.root / "etc/shadow").read_text().splitlines()[:-1]
                (self.root / "etc/shadow").write_text("\n".join(shadow + ["alice:%s:20000:0:99999:7:::" % had]) + "\n")
                self.assertEqual(s.probe(locked_user("alice", 5000))[0]["why"], "not locked")
                self.assertEqual(s.apply(locked_user("alice", 5000))["changed"], 1, s.events)
                self.assertEqual(self.line("shadow", "alice")[7], "1")
                self.assertTrue(self.line("shadow", "alice")[1].startswith("!"))
                self.check_settled(s, locked_user("alice", 5000))
                self.assertEqual(s.apply(person("alice", 5000, "people"))["changed"], 1, s.events)
                self.assertEqual(self.line("shadow", "alice")[7], "")
                self.check_settled(s, person("alice", 5000, "people"))
                self.assertEqual(self.line("shadow", "alice")[1].lstrip("!"), had.lstrip("!"))

    def test_a_password_travels_as_a_secret_and_is_only_compared_by_its_keyed_hash(self):
        wanted = person("alice", 5000, "people", secret="alice", fingerprint=fingerprint(SALT, HASH), salt=SALT)
        with self.locked() as s:
            s.apply(group("people", 5000))
            self.assertEqual(s.apply(wanted)["failed"], 1)
            self.assertIn("was not sent", s.events[-1]["what"])
            s.send(seal("alice", s.hello["key"], b"another"))
            self.assertEqual(s.apply(wanted)["failed"], 1)
            s.send(seal("alice", s.hello["key"], HASH))
            self.assertEqual(s.apply(wanted)["changed"], 1, s.events)
            self.check_settled(s, wanted)
            evil = b"x\nroot:y"
            s.send(seal("alice", s.hello["key"], evil))
            self.assertEqual(s.apply(dict(wanted, fingerprint=fingerprint(SALT, evil)))["failed"], 1)
        self.assertEqual(self.line("shadow", "alice")[1], HASH.decode())
        self.assertNotIn(HASH, s.raw)
        self.assertNotIn(HASH.decode(), "\n".join(self.calls()))


if __name__ == "__main__":
    unittest.main()
