"""Archives: whole or not there; and nothing in them leads out of their tree."""
import io
import os
import subprocess
import sys
import tarfile
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import blob  # noqa: E402
from scratch import Case, archive  # noqa: E402


def tar(*members, mode="w"):
    """Of names with contents, or of (name, {attribute: value})."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=tarfile.GNU_FORMAT) as t:
        for name, what in members:
            info = tarfile.TarInfo(name)
            if isinstance(what, dict):
                for key, value in what.items():
                    setattr(info, key, value)
                t.addfile(info)
            else:
                info.size, info.uid, info.mode = len(what), 1000, 0o4755
                t.addfile(info, io.BytesIO(what))
    return out.getvalue()


ONE = tar(("bin/tool", b"one"), ("bin/link", dict(type=tarfile.SYMTYPE, linkname="/usr/bin/env")), ("old", b"x"))
TWO = tar(("bin/tool", b"two"), ("./a \"b\" -> ../c", b"name"), mode="w:gz")


class Archives(Case):
    def check_settled(self, s, wanted):
        self.assertEqual(s.probe(wanted)[0], {"id": wanted["id"], "state": "same", "why": ""})
        self.assertEqual(s.apply(wanted), {"changed": 0, "failed": 0})

    def test_unpacked_and_replaced_whole(self):
        with self.locked() as s:
            s.send(blob(ONE) + blob(TWO))
            self.assertEqual(s.probe(archive("/opt/app", ONE))[0]["state"], "missing")
            self.assertEqual(s.apply(archive("/opt/app", ONE)), {"changed": 1, "failed": 0}, s.events)
            self.check_settled(s, archive("/opt/app", ONE))
            tool = self.root / "opt/app/bin/tool"
            self.assertEqual((tool.read_bytes(), tool.stat().st_uid, tool.stat().st_mode & 0o7777), (b"one", 0, 0o755))
            self.assertEqual((self.root / "opt/app").stat().st_mode & 0o7777, 0o755)
            inode = (self.root / "opt/app").stat().st_ino
            self.assertEqual(s.probe(archive("/opt/app", TWO))[0]["why"], "its content differs")
            self.assertEqual(s.apply(archive("/opt/app", TWO)), {"changed": 1, "failed": 0}, s.events)
            self.check_settled(s, archive("/opt/app", TWO))
        self.assertNotEqual((self.root / "opt/app").stat().st_ino, inode)
        self.assertFalse((self.root / "opt/app/old").exists())
        self.assertEqual(sorted(os.listdir(self.root / "opt")), [".app.reeve-digest", "app"])

    def test_however_it_is_packed(self):
        with self.locked() as s:
            for i, data in enumerate((tar(("f", b"x")), tar(("f", b"x"), mode="w:gz"), tar(("f", b"x"), mode="w:xz"),
                                      subprocess.run(["zstd", "-c"], input=tar(("f", b"x")), capture_output=True).stdout)):
                if not data:
                    continue  # no zstd here
                s.send(blob(data))
                self.assertEqual(s.apply(archive("/opt/%d" % i, data)), {"changed": 1, "failed": 0}, s.events)
                self.assertEqual((self.root / ("opt/%d/f" % i)).read_bytes(), b"x")

    def test_what_may_not_be_in_one(self):
        hard = dict(type=tarfile.LNKTYPE)
        bad = [tar(("/etc/x", b"x")), tar(("a/../../x", b"x")), tar(("..", b"x")), tar(("a", b"x"), ("..\\/..", b"x"), ("b/..", b"x")),
               tar(("dev", dict(type=tarfile.CHRTYPE, devmajor=1, devminor=3))), tar(("fifo", dict(type=tarfile.FIFOTYPE))),
               tar(("a", dict(hard, linkname="/etc/passwd"))), tar(("a", dict(hard, linkname="../../etc/passwd"))),
               tar(("a \" -> b\n/x", b"x"), ("../x", b"x")), tar(), b"no archive", b"\x1f\x8bno archive"]
        with self.locked() as s:
            for data in bad:
                s.send(blob(data))
                self.assertEqual(s.apply(archive("/opt/app", data)), {"changed": 0, "failed": 1}, data[:100])
                self.assertEqual(os.listdir(self.root / "opt"), [], s.events)
            through = tar(("l", dict(type=tarfile.SYMTYPE, linkname="/etc")), ("l/x", b"x"))
            s.send(blob(through))
            s.apply(archive("/opt/app", through))
        self.assertFalse((self.root / "etc/x").exists())
        self.assertFalse(os.path.exists("/etc/x"))

    def test_what_is_there_already_stays(self):
        (self.root / "opt/theirs").mkdir(parents=True)
        (self.root / "opt/theirs/f").write_text("x")
        (self.root / "opt/empty").mkdir()
        (self.root / "opt/file").write_text("x")
        with self.locked() as s:
            s.send(blob(ONE))
            for name, text in (("theirs", "was not unpacked by reeve"), ("file", "is not a directory")):
                self.assertIn(text, s.probe(archive("/opt/" + name, ONE))[0]["why"])
                self.assertEqual(s.apply(archive("/opt/" + name, ONE))["failed"], 1)
            self.assertEqual(s.apply(archive("/opt/empty", ONE))["changed"], 1, s.events)
        self.assertEqual((self.root / "opt/theirs/f").read_text(), "x")

    def test_where_others_can_write_nothing_is_unpacked(self):
        (self.root / "opt").mkdir()
        (self.root / "opt").chmod(0o777)
        with self.locked() as s:
            s.send(blob(ONE))
            self.assertEqual(s.apply(archive("/opt/app", ONE))["failed"], 1)
            self.assertIn("is not root's alone", s.events[-1]["what"])
        self.assertEqual(os.listdir(self.root / "opt"), [])


if __name__ == "__main__":
    unittest.main()
