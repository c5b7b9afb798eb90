"""Mounts by systemd's units, in a scratch root whose systemctl writes the kernel's list of mounts."""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import Refused  # noqa: E402
from scratch import Case, mount, unmount  # noqa: E402

HOME = mount("/home", "fs1:/export/home", options="nosuid,hard")


class Mounts(Case):
    def unit_text(self, name):
        path = self.root / "etc/systemd/system" / name
        return path.read_text() if path.exists() else None

    def mounted(self):
        return [l.split()[4:5] + l.split(" - ")[1].split()[:2]
                for l in (self.root / "proc/self/mountinfo").read_text().splitlines()[1:]]

    def add_mount(self, where, fstype, source):
        with open(self.root / "proc/self/mountinfo", "a") as f:
            f.write("40 22 0:50 / %s rw - %s %s rw\n" % (where, fstype, source))

    def check_settled(self, s, wanted, epoch=1):
        self.assertEqual(s.probe(wanted)[0], {"id": wanted["id"], "state": "same", "why": ""})
        self.assertEqual(s.apply(wanted, epoch=epoch), {"changed": 0, "failed": 0})

    def test_mounted_once_and_left_alone(self):
        with self.locked() as s:
            self.assertEqual(s.probe(HOME)[0]["state"], "missing")
            self.assertEqual(s.apply(HOME), {"changed": 1, "failed": 0}, s.events)
            self.assertEqual(s.events[-1]["what"], "unit written, mounted")
            self.check_settled(s, HOME)
        self.assertEqual(self.unit_text("home.mount"), "# Written by reeve.\n[Mount]\nWhat=fs1:/export/home\nWhere=/home\nType=nfs\n"
                         "Options=nosuid,hard\nTimeoutSec=5\n\n[Install]\nWantedBy=remote-fs.target\n")
        self.assertIsNone(self.unit_text("home.automount"))
        self.assertEqual(self.mounted(), [["/home", "nfs4", "fs1:/export/home"]])
        self.assertFalse((self.root / "home").exists())

    def test_names_of_units_and_percent_signs(self):
        wanted = mount("/srv/a-b", "/dev/disk/by-label/a%b", "ext4")
        with self.locked() as s:
            self.assertEqual(s.apply(wanted), {"changed": 1, "failed": 0}, s.events)
            self.check_settled(s, wanted)
        text = self.unit_text("srv-a\\x2db.mount")
        self.assertIn("What=/dev/disk/by-label/a%%b\n", text)
        self.assertIn("WantedBy=local-fs.target", text)

    def test_an_automount_waits_until_it_is_used(self):
        wanted = dict(HOME, automount=True)
        with self.locked() as s:
            self.assertEqual(s.apply(wanted), {"changed": 1, "failed": 0}, s.events)
            self.check_settled(s, wanted)
            self.assertEqual(self.mounted(), [["/home", "autofs", "systemd-1"]])
            self.add_mount("/home", "nfs4", "fs1:/export/home/")
            self.check_settled(s, wanted)
            self.assertEqual(s.apply(HOME)["changed"], 1, s.events)
            self.check_settled(s, HOME)
        self.assertIsNone(self.unit_text("home.automount"))
        self.assertIn("systemctl disable home.automount", self.calls())
        self.assertIn("systemctl enable home.mount", self.calls())
        self.assertEqual([c for c in self.calls() if " stop " in c], [])

    def test_another_source_takes_the_place_of_ours(self):
        moved = mount("/home", "fs2:/home")
        with self.locked() as s:
            s.apply(HOME)
            self.assertIn("mounted from fs1:/export/home, not fs2:/home", s.probe(moved)[0]["why"])
            (self.root / "busy").write_text("")
            self.assertEqual(s.apply(moved)["failed"], 1)
            self.assertIn("fs1:/export/home stays mounted on /home", s.events[-1]["what"])
            self.check_settled(s, HOME)
            (self.root / "busy").unlink()
            self.assertEqual(s.apply(moved)["changed"], 1, s.events)
            self.check_settled(s, moved)
        self.assertEqual(self.mounted(), [["/home", "nfs4", "fs2:/home"]])

    def test_other_options_are_tried_on_what_is_mounted(self):
        with self.locked() as s:
            s.apply(HOME)
            self.assertEqual(s.apply(dict(HOME, options="ro"))["changed"], 1)
            self.assertIn("mounted again with its options", s.events[-1]["what"])
            (self.root / "dead").write_text("")
            self.assertEqual(s.apply(dict(HOME, options="rw"))["changed"], 1)
            self.assertIn("hold from the next mount on", s.events[-1]["what"])
        self.assertEqual([c for c in self.calls() if " stop " in c], [])

    def test_what_others_mounted_is_named_and_stays(self):
        self.add_mount("/home", "ext4", "/dev/sdb1")
        with self.locked() as s:
            for wanted in (HOME, dict(HOME, automount=True)):
                found = s.probe(wanted)[0]
                self.assertEqual((found["state"], found["why"]),
                                 ("error", "/dev/sdb1 (ext4) is mounted on /home, and not by reeve"))
                self.assertEqual(s.apply(wanted)["failed"], 1)
            self.check_settled(s, unmount("/home"))
        self.assertEqual(self.mounted(), [["/home", "ext4", "/dev/sdb1"]])

    def test_a_unit_of_somebody_else_stays(self):
        (self.root / "etc/systemd/system").mkdir(parents=True)
        (self.root / "etc/systemd/system/home.mount").write_text("[Mount]\nWhat=x\n")
        with self.locked() as s:
            for wanted in (HOME, unmount("/home")):
                self.assertIn("was not written by reeve", s.probe(wanted)[0]["why"])
                self.assertEqual(s.apply(wanted)["failed"], 1)

    def test_the_same_by_another_name(self):
        (self.root / "dev/disk/by-uuid").mkdir(parents=True)
        (self.root / "dev/sdb1").write_text("")
        (self.root / "dev/disk/by-uuid/12-34").symlink_to("../../sdb1")
        (self.root / "dev/sdc1").write_text("")
        self.add_mount("/data", "xfs", "/dev/sdb1")
        wanted = mount("/data", "UUID=12-34", "xfs")
        with self.locked() as s:
            self.assertEqual(s.apply(wanted)["changed"], 1, s.events)
            self.check_settled(s, wanted)
            self.assertEqual(s.probe(mount("/data", "/dev/sdc1", "xfs"))[0]["state"], "differs")
        self.assertEqual([c for c in self.calls() if " start " in c or " stop " in c], [])

    def test_gone(self):
        with self.locked() as s:
            for wanted in (HOME, dict(HOME, automount=True)):
                self.check_settled(s, unmount("/home"))
                s.apply(wanted)
                self.assertEqual(s.probe(unmount("/home"))[0]["state"], "missing")
                self.assertEqual(s.apply(unmount("/home")), {"changed": 1, "failed": 0}, s.events)
                self.check_settled(s, unmount("/home"))
                self.assertEqual(self.mounted(), [])
                self.assertEqual(os.listdir(self.root / "etc/systemd/system"), [])

    def test_failures_are_told_in_time(self):
        (self.root / "lies").write_text("")
        with self.locked() as s:
            self.assertEqual(s.apply(HOME)["failed"], 1)
            self.assertIn("fs1:/export/home is not mounted on /home; its journal: first line", s.events[-1]["what"])
            (self.root / "dead").write_text("")
            self.assertEqual(s.apply(HOME)["failed"], 1)
            self.assertIn("timed out", s.events[-1]["what"])
            (self.root / "dead").unlink()
            (self.root / "lies").unlink()
            self.assertEqual(s.apply(HOME)["changed"], 1, s.events)
            self.check_settled(s, HOME)

    def test_no_command_is_waited_for_for_ever(self):
        (self.root / "bin/systemctl").unlink()
        (self.root / "bin/systemctl").write_text("#!/bin/sh\n[ $1 = show ] && exec \"${0%/*}/fake-systemctl\" \"$@\"\n"
                                                 "[ $1 != start ] || exec sleep 1000\n")
        (self.root / "bin/systemctl").chmod(0o755)
        (self.root / "bin/fake-systemctl").write_text((self.root / "bin/fake").read_text().replace(
            "name, args = os.path.basename(sys.argv[0])", "name, args = 'systemctl'"))
        (self.root / "bin/fake-systemctl").chmod(0o755)
        began = time.monotonic()
        with self.locked() as s:
            self.assertEqual(s.apply(dict(HOME, timeout=1))["failed"], 1)
            self.assertIn("took too long", s.events[-1]["what"])
        self.assertLess(time.monotonic() - began, 90)

    def test_what_no_unit_can_hold_is_refused(self):
        with self.locked() as s:
            for bad in (dict(source="a b"), dict(source="-o"), dict(source="a\\b"), dict(options="a\nb"), dict(options="bind"),
                        dict(where="/" + "\u00e9" * 60 + "/" + "\u00e9" * 60), dict(where="/a b"), dict(timeout=0),
                        dict(gone=True)):
                with self.assertRaises(Refused) as refused:
                    s.probe({**HOME, **bad})
                self.assertEqual(refused.exception.code, "protocol", bad)


if __name__ == "__main__":
    unittest.main()
