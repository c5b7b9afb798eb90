"""Each type of resource in a scratch root: found, brought about, and then left alone."""
import json
import os
import pathlib
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import Refused, blob, fingerprint, seal  # noqa: E402
from scratch import Case, absent, block, digest, directory, file, link, packages, secret, service  # noqa: E402

CONF = b"ClusterName=estate\n"
SALT = "5a" * 32
KEY = bytes(range(128)) * 8


class Files(Case):
    def test_second_apply_changes_nothing(self):
        (self.root / "old").write_text("old\n")
        wanted = [file("/etc/slurm/slurm.conf", CONF, "slurm", "slurm", "0640"), directory("/var/spool/a/b", "slurm"),
                  link("/etc/alias", "slurm"), absent("/old"), absent("/never")]
        with self.locked() as s:
            self.assertEqual(list(self.states(s.probe(*wanted)).values()), ["missing"] * 4 + ["same"])
            s.send(blob(CONF))
            self.assertEqual(s.apply(*wanted), {"changed": 4, "failed": 0})
        path = self.root / "etc/slurm/slurm.conf"
        self.assertEqual(path.read_bytes(), CONF)
        self.assertEqual((path.stat().st_mode & 0o7777, path.stat().st_uid, path.stat().st_gid), (0o640, 64030, 64030))
        before = path.stat().st_ctime_ns
        with self.locked(2) as s:
            self.assertEqual(set(self.states(s.probe(*wanted)).values()), {"same"})
            self.assertEqual(s.apply(*wanted, epoch=2), {"changed": 0, "failed": 0})
            self.assertEqual(set(s.results().values()), {"unchanged"})
        self.assertEqual(path.stat().st_ctime_ns, before)
        self.assertEqual(self.leftovers(), [])
        self.assertEqual((self.root / "var/spool/a").stat().st_mode & 0o777, 0o755)

    def test_owner_and_mode_need_no_content(self):
        path = self.root / "etc/x"
        path.write_bytes(CONF)
        path.chmod(0o600)
        with self.locked() as s:
            wanted = file("/etc/x", CONF, "slurm", "slurm", "0444")
            found = s.probe(wanted)[0]
            self.assertEqual(found["why"], "owner root, not slurm, group root, not slurm, mode 0600, not 0444")
            self.assertEqual(s.apply(wanted), {"changed": 1, "failed": 0})
        self.assertEqual((path.stat().st_mode & 0o777, path.stat().st_uid), (0o444, 64030))

    def test_content_travels_only_where_asked_small_and_text(self):
        for data, asked, sent in ((b"text\n", True, True), (b"text\n", False, False), (b"\xff\xfe", True, False),
                                  (b"a\0b", True, False), (b"x" * (262144 + 1), True, False), (b"", True, True)):
            (self.root / "f").write_bytes(data)
            with self.session() as s:
                found = s.probe(file("/f", b"other"), content=asked)[0]
            self.assertEqual(found.get("content"), data.decode() if sent else None, data[:9])
            self.assertEqual(found["digest"], digest(data))

    def test_what_was_there_is_kept_ten_times(self):
        path = self.root / "f"
        path.write_bytes(b"0")
        path.chmod(0o644)
        with self.locked() as s:
            for i in range(1, 14):
                s.send(blob(b"%d" % i))
                self.assertEqual(s.apply(file("/f", b"%d" % i))["changed"], 1)
        kept = sorted((self.root / "var/lib/reeve/backup").iterdir())
        self.assertEqual([p.read_text() for p in kept], [str(i) for i in range(3, 13)])
        self.assertEqual({p.stat().st_mode & 0o777 for p in kept}, {0o600})
        self.assertTrue(all(p.name.startswith("%2Ff.") for p in kept))
        self.assertEqual((self.root / "var/lib/reeve").stat().st_mode & 0o777, 0o700)

    def test_other_things_in_its_place_are_not_touched(self):
        (self.root / "target").write_text("keep me")
        (self.root / "link").symlink_to("target")
        (self.root / "dir").mkdir()
        (self.root / "dir/full").write_text("x")
        os.mkfifo(self.root / "fifo")
        wanted = [file("/link", CONF), file("/dir", CONF), file("/fifo", CONF), directory("/target"), directory("/link"),
                  link("/target", "x"), link("/dir", "x")]
        with self.locked() as s:
            s.send(blob(CONF))
            self.assertEqual(set(o["state"] for o in s.probe(*wanted)), {"error"})
            self.assertEqual(s.apply_each(*wanted), {"changed": 0, "failed": len(wanted)})
            self.assertEqual(s.apply(absent("/dir")), {"changed": 0, "failed": 1})
            self.assertIn("not empty", s.events[0]["what"])
        self.assertEqual((self.root / "target").read_text(), "keep me")

    @unittest.skipIf(os.getuid(), "needs root")
    def test_who_owns_a_directory_on_the_way_does_not_lead_root_elsewhere(self):
        (self.root / "srv").mkdir()
        (self.root / "srv/x").symlink_to("/etc")
        wanted = [file("/srv/x/f", CONF), directory("/srv/x/d/e"), link("/srv/x/l", "a"), absent("/srv/x/group")]
        os.chown(self.root / "srv", 64030, -1)
        with self.locked() as s:
            s.send(blob(CONF))
            self.assertEqual(s.apply_each(*wanted)["failed"], 4)
            self.assertIn("a symbolic link is in the way", s.events[0]["what"])
            for owner, mode, link_owner in ((0, 0o777, 0), (0, 0o755, 64030)):
                os.chown(self.root / "srv", owner, -1)
                (self.root / "srv").chmod(mode)
                os.chown(self.root / "srv/x", link_owner, -1, follow_symlinks=False)
                s.events.clear()
                self.assertEqual(s.apply_each(*wanted)["failed"], 4)
        self.assertEqual(sorted(os.listdir(self.root / "etc")), ["group", "passwd", "shadow", "skel"])
        # the links of a distribution, and of an administrator
        (self.root / "srv").chmod(0o755)
        os.chown(self.root / "srv/x", 0, -1, follow_symlinks=False)
        (self.root / "usr/lib").mkdir(parents=True)
        (self.root / "lib").symlink_to("usr/lib")
        (self.root / "usr/lib/up").symlink_to("../../srv/./x")
        with self.locked(2) as s:
            s.send(blob(CONF))
            self.assertEqual(s.apply(file("/lib/up/f", CONF), epoch=2)["changed"], 1)
        self.assertEqual((self.root / "etc/f").read_bytes(), CONF)

    def test_a_link_is_replaced_only_where_that_is_wanted(self):
        (self.root / "target").write_text("keep me")
        (self.root / "link").symlink_to("target")
        wanted = dict(file("/link", CONF), over_link=True)
        with self.locked() as s:
            s.send(blob(CONF))
            found = s.probe(wanted)[0]
            self.assertEqual(found["state"], "differs")
            self.assertIn("symbolic link", found["why"])
            self.assertEqual(s.apply(wanted), {"changed": 1, "failed": 0})
            self.assertEqual(s.probe(wanted)[0]["state"], "same")
        self.assertEqual((self.root / "target").read_text(), "keep me")
        self.assertFalse((self.root / "link").is_symlink())
        self.assertEqual((self.root / "link").read_bytes(), CONF)

    def test_a_directory_of_somebody_else_keeps_its_owner(self):
        for name, uid, full in (("full", 0, True), ("alice", 1000, False), ("both", 1000, True)):
            (self.root / name).mkdir()
            if full:
                (self.root / name / "x").write_text("x")
            os.chown(self.root / name, uid, uid)
        wanted = [directory("/" + name, owner) for name in ("full", "alice", "both") for owner in ("slurm", "nobody-yet")]
        with self.locked() as s:
            found = s.probe(*wanted)
            self.assertEqual({o["state"] for o in found}, {"error"})
            self.assertIn("belongs to root, and is not empty", found[0]["why"])
            self.assertEqual(s.apply_each(*wanted), {"changed": 0, "failed": len(wanted)})
        self.assertEqual([(self.root / n).stat().st_uid for n in ("full", "alice", "both")], [0, 1000, 1000])

    def test_an_empty_directory_of_roots_or_a_packages_own_is_taken(self):
        for name in ("empty", "disk/lost+found", "ours"):
            (self.root / name).mkdir(parents=True)
        (self.root / "ours/x").write_text("x")
        os.chown(self.root / "ours", 1000, 1000)
        wanted = [directory("/empty", "slurm"), directory("/disk", "slurm"), dict(directory("/ours", "slurm"), ours=True)]
        with self.locked() as s:
            self.assertEqual({o["state"] for o in s.probe(*wanted)}, {"differs"})
            self.assertEqual(s.apply(*wanted), {"changed": 3, "failed": 0})
            self.assertEqual({o["state"] for o in s.probe(*wanted)}, {"same"})
        self.assertEqual({(self.root / n).stat().st_uid for n in ("empty", "disk", "ours")}, {64030})

    def test_a_parent_that_leads_out_of_the_root_stays_in_it(self):
        (self.root / "out").symlink_to("/tmp")
        name = "reeve-test-outside-%d" % os.getpid()
        with self.locked() as s:
            s.send(blob(CONF))
            (self.root / "tmp").mkdir()
            self.assertEqual(s.apply(file("/out/" + name, CONF))["changed"], 1)
        self.assertTrue((self.root / "tmp" / name).exists())
        self.assertFalse(os.path.exists("/tmp/" + name))

    def test_failure_blocks_what_follows(self):
        wanted = [file("/a", CONF), file("/b", b"not sent"), file("/c", CONF)]
        with self.locked() as s:
            s.send(blob(CONF))
            self.assertEqual(s.apply(*wanted), {"changed": 1, "failed": 1})
            self.assertEqual(list(s.results().values()), ["changed", "failed", "blocked"])
            self.assertEqual(s.apply_each(*wanted), {"changed": 1, "failed": 1})
            self.assertEqual(list(s.results().values()), ["unchanged", "failed", "changed"])

    def test_a_user_that_does_not_exist_yet_is_a_difference(self):
        (self.root / "f").write_bytes(CONF)
        with self.locked() as s:
            found = s.probe(file("/f", CONF, "munge", "munge"))[0]
            self.assertEqual((found["state"], found["why"]), ("differs", "the user munge does not exist"))
            self.assertEqual(s.apply(file("/f", CONF, "munge", "munge"))["failed"], 1)

    def test_a_long_name(self):
        name = "/" + "n" * 250
        with self.locked() as s:
            for data in (b"1", b"2"):
                s.send(blob(data))
                self.assertEqual(s.apply(file(name, data)), {"changed": 1, "failed": 0}, s.events)


class Blocks(Case):
    BEGIN, END = "# >>> reeve writes from here\n", "# <<< reeve: to here\n"

    def put(self, text, lines="ours\n", epoch=1):
        """What became of a file with this text, and what is in it."""
        path = self.root / "etc/rc"
        path.write_text(text)
        with self.locked(epoch) as s:
            self.assertEqual(s.probe(block("/etc/rc", lines))[0]["state"], "differs")
            self.assertEqual(s.apply(block("/etc/rc", lines), epoch=epoch), {"changed": 1, "failed": 0})
            self.assertEqual(s.probe(block("/etc/rc", lines))[0]["state"], "same")
        return path.read_text()

    def test_lines_come_to_the_end_and_are_changed_where_they_are(self):
        ours = self.BEGIN + "ours\n" + self.END
        self.assertEqual(self.put(""), ours)
        self.assertEqual(self.put("theirs\n", epoch=2), "theirs\n" + ours)
        self.assertEqual(self.put("no newline", epoch=3), "no newline\n" + ours)
        moved = "first\n" + self.BEGIN + "old\nolder\n" + self.END + "last"
        self.assertEqual(self.put(moved, "new\n", epoch=4), "first\n" + self.BEGIN + "new\n" + self.END + "last")
        self.assertEqual(self.put("x\n" + self.BEGIN + self.END[:-1], epoch=5), "x\n" + ours)

    def test_owner_mode_and_a_backup_are_kept(self):
        path = self.root / "etc/rc"
        path.write_text("theirs\n")
        path.chmod(0o640)
        os.chown(path, 64030, 64030)
        with self.locked() as s:
            s.apply(block("/etc/rc", "ours\n"))
        self.assertEqual((path.stat().st_mode & 0o7777, path.stat().st_uid, path.stat().st_gid), (0o640, 64030, 64030))
        self.assertEqual([p.read_text() for p in (self.root / "var/lib/reeve/backup").iterdir()], ["theirs\n"])

    def test_a_file_that_is_not_there_is_not_made(self):
        with self.locked() as s:
            self.assertEqual(s.probe(block("/etc/none/rc", "ours\n"))[0]["state"], "same")
            self.assertEqual(s.apply(block("/etc/none/rc", "ours\n")), {"changed": 0, "failed": 0})
        self.assertFalse((self.root / "etc/none").exists())

    def test_marks_that_do_not_pair_and_other_files_are_left_alone(self):
        path = self.root / "etc/rc"
        for text, why in ((self.BEGIN + "x\n", "line 1 begins lines of reeve's, and nothing ends them"),
                          ("x\n" + self.END, "line 2 is a mark of reeve's that is there once too often"),
                          ((self.BEGIN + self.END) * 2, "line 3 is a mark"), (self.BEGIN * 2 + self.END, "line 2 is a mark"),
                          ("a\0b", "is not a text file")):
            path.write_text(text)
            with self.session() as s:
                found = s.probe(block("/etc/rc", "ours\n"))[0]
            self.assertEqual(found["state"], "error", text)
            self.assertIn(why, found["why"])
            self.assertEqual(path.read_text(), text)
        path.unlink()
        path.symlink_to("passwd")
        with self.session() as s:
            self.assertIn("is a symbolic link", s.probe(block("/etc/rc", "ours\n"))[0]["why"])

    def test_lines_with_a_mark_or_a_half_line_are_refused(self):
        for text in ("half", "", self.END, "a\n" + self.BEGIN):
            with self.session() as s, self.assertRaises(Refused):
                s.probe(block("/etc/rc", text))


class Secrets(Case):
    def test_secret_is_compared_by_keyed_hash_and_written(self):
        mark = fingerprint(SALT, KEY)
        wanted = secret("/etc/munge/munge.key", "munge.key", mark, SALT)
        with self.locked() as s:
            self.assertEqual(s.apply(wanted)["failed"], 1)
            s.send(seal("munge.key", s.hello["key"], b"another"))
            self.assertEqual(s.apply(wanted)["failed"], 1)
            s.send(seal("munge.key", s.hello["key"], KEY))
            self.assertEqual(s.apply(wanted), {"changed": 1, "failed": 0})
            self.assertEqual(s.probe(wanted)[0], {"id": wanted["id"], "state": "same", "why": ""})
            answer = s.ask("collect", items=[dict(name="k", fingerprint="/etc/munge/munge.key", salt=SALT)])
            self.assertEqual(answer["items"]["k"]["hex"], mark)
        path = self.root / "etc/munge/munge.key"
        self.assertEqual((path.read_bytes(), path.stat().st_mode & 0o777), (KEY, 0o400))

    def test_one_that_lies_beside_its_path_takes_its_place_where_it_is_wanted(self):
        wanted = secret("/etc/k", "k", fingerprint(SALT, KEY), SALT)
        path, beside = self.root / "etc/k", self.root / "etc/k.next"
        with self.locked() as s:
            for old in (b"old", None):
                beside.write_bytes(KEY)
                if old:
                    path.write_bytes(old)
                else:
                    path.unlink()
                self.assertEqual(s.apply(wanted), {"changed": 1, "failed": 0}, s.events)
                self.assertEqual((path.read_bytes(), path.stat().st_mode & 0o777, beside.exists()), (KEY, 0o400, False))
            # Another one stays where it is, and so does one that is not needed.
            path.write_bytes(b"old")
            beside.write_bytes(b"another")
            self.assertEqual(s.apply(wanted)["failed"], 1)
            self.assertEqual((path.read_bytes(), beside.read_bytes()), (b"old", b"another"))
            s.send(seal("k", s.hello["key"], KEY))
            self.assertEqual(s.apply(wanted), {"changed": 1, "failed": 0}, s.events)
            self.assertEqual((path.read_bytes(), beside.read_bytes()), (KEY, b"another"))
            beside.unlink()
            beside.symlink_to("k")
            path.write_bytes(b"old")
            self.assertEqual(s.apply(wanted), {"changed": 1, "failed": 0}, s.events)
            self.assertTrue(beside.is_symlink())
        kept = [p.read_bytes() for p in (self.root / "var/lib/reeve/backup").iterdir()]
        self.assertEqual(set(kept), {b"old"})

    def test_a_differing_secret_never_shows(self):
        (self.root / "k").write_text("old secret content")
        with self.session() as s:
            found = s.probe(secret("/k", "k", fingerprint(SALT, KEY), SALT))[0]
        self.assertEqual((found["state"], found["why"]), ("differs", "content differs, mode 0644, not 0400"))
        self.assertNotIn("digest", found)
        self.assertNotIn(b"old secret", s.raw)


class Services(Case):
    def setUp(self):
        super().setUp()
        (self.root / "etc/in").write_text("x")

    def test_start_enable_and_leave_alone(self):
        self.unit("a.service")
        wanted = service("a.service", inputs=["/etc/in", "/etc/not-there"])
        with self.locked() as s:
            self.assertEqual(s.probe(wanted)[0]["why"], "not enabled, not running")
            self.assertEqual(s.apply(wanted), {"changed": 1, "failed": 0})
            self.assertEqual(s.events[-1]["what"], "enabled, started")
            self.assertEqual(s.probe(wanted)[0]["state"], "same")
            self.assertEqual(s.apply(wanted), {"changed": 0, "failed": 0})

    def test_restart_once_when_an_input_is_newer(self):
        self.unit("a.service")
        wanted = service("a.service", inputs=["/etc/in"])
        with self.locked() as s:
            s.apply(wanted)
            time.sleep(0.05)
            os.chmod(self.root / "etc/in", 0o600)
            found = s.probe(wanted)[0]
            self.assertEqual((found["state"], found["why"]), ("differs", "/etc/in was changed after it was started"))
            self.assertEqual(s.apply(wanted)["changed"], 1)
            self.assertEqual(s.apply(wanted)["changed"], 0)
        self.assertEqual(len([c for c in self.calls() if c == "systemctl restart a.service"]), 1)

    def test_an_input_that_is_a_link_is_new_when_the_link_is(self):
        self.unit("a.service")
        (self.root / "etc/in.so.2").write_text("x")
        wanted = link("/etc/in.so", "in.so.2"), service("a.service", inputs=["/etc/in.so"])
        with self.locked() as s:
            s.apply(wanted[1])
            time.sleep(0.05)
            self.assertEqual(s.apply(*wanted)["changed"], 2)
            self.assertEqual(s.apply(*wanted)["changed"], 0)
            time.sleep(0.05)
            os.chmod(self.root / "etc/in.so.2", 0o600)
            self.assertEqual(s.apply(*wanted)["changed"], 0)

    def test_restart_that_is_asked_for(self):
        self.unit("a.service", active="active", file="enabled", pid=1, start=1)
        with self.locked() as s:
            self.assertEqual(s.probe(service("a.service", restart=True))[0]["state"], "differs")
            self.assertEqual(s.apply(service("a.service", restart=True))["changed"], 1)

    def reload_after_a_change(self, epoch=1, **state):
        """A unit that reads its input by a reload, after that was changed: what the verbs were, and how it ended."""
        self.unit("a.service", **{**dict(active="active", file="enabled", pid=1, start=1, reloads=1), **state})
        (self.root / "calls").write_text("")
        os.chmod(self.root / "etc/in", 0o600)
        wanted = service("a.service", inputs=["/etc/in"], reload=True)
        with self.locked(epoch) as s:
            self.assertEqual(s.probe(wanted)[0]["state"], "differs")
            done = s.apply(wanted, epoch=epoch)
            verbs = [c.split()[1] for c in self.calls() if c.startswith("systemctl")]
            return [v for v in verbs if v in ("start", "restart", "reload")], done, s.events[-1]["what"], s.probe(wanted)[0]

    def test_reloaded_once_when_an_input_is_newer(self):
        verbs, done, what, after = self.reload_after_a_change()
        self.assertEqual((verbs, done), (["reload"], {"changed": 1, "failed": 0}))
        self.assertEqual(what, "reloaded: /etc/in was changed after it was started or reloaded")
        self.assertEqual((after["state"], after["why"]), ("same", ""))

    def test_a_reload_that_fails_is_told_and_tried_again(self):
        verbs, done, what, after = self.reload_after_a_change(refuses=1)
        self.assertEqual((verbs, done["failed"]), (["reload"], 1))
        self.assertIn("Job for a.service failed.; its journal: first line; fatal:", what)
        self.assertEqual((after["state"], after["why"]), ("differs", "its last reload failed"))
        state = json.loads((self.root / "units/a.service").read_text())
        self.assertEqual((state["active"], state["start"]), ("active", 1))
        del state["refuses"]
        verbs, done, what, after = self.reload_after_a_change(2, **state)
        self.assertEqual((verbs, done["changed"], after["state"]), (["reload"], 1, "same"))

    def test_what_cannot_be_reloaded_is_restarted_and_what_does_not_run_is_started(self):
        self.assertEqual(self.reload_after_a_change(1, reloads=0)[0], ["restart"])
        self.assertEqual(self.reload_after_a_change(2, active="inactive")[0], ["start"])
        verbs, done, what, after = self.reload_after_a_change(3)
        self.assertEqual(verbs, ["reload"])
        with self.locked(4) as s:
            s.apply(service("a.service", restart=True, reload=True), epoch=4)
        self.assertEqual(self.calls()[-3:-2], ["systemctl restart a.service"])

    def test_a_reload_counts_only_for_a_unit_that_is_to_be_reloaded(self):
        self.unit("a.service", active="active", file="enabled", pid=1, start=1, reloads=1, reloaded=2 ** 62)
        with self.session() as s:
            self.assertEqual(s.probe(service("a.service", inputs=["/etc/in"], reload=True))[0]["state"], "same")
            self.assertEqual(s.probe(service("a.service", inputs=["/etc/in"]))[0]["state"], "differs")

    def test_all_units_are_asked_for_at_once(self):
        names = ["u%d.service" % i for i in range(20)]
        for name in names:
            self.unit(name)
        with self.session() as s:
            self.assertEqual(len(s.probe(*map(service, names), service("none.service", False, False))), 21)
        self.assertEqual(len(self.calls()), 1)

    def test_failure_is_told_with_its_journal(self):
        cases = ({"dies": 1}, "a.service was started and is now failed"), ({"refuses": 1}, "Job for")
        for epoch, (behaviour, text) in enumerate(cases, 1):
            self.unit("a.service", **behaviour)
            with self.locked(epoch) as s:
                self.assertEqual(s.apply(service("a.service"), epoch=epoch)["failed"], 1)
                self.assertIn(text, s.events[-1]["what"])
                self.assertIn("the port is in use", s.events[-1]["what"])
                self.assertNotIn("\x1b", s.events[-1]["what"])

    def test_stop_disable_unmask(self):
        self.unit("a.service", active="active", file="enabled", pid=1, start=1)
        with self.locked() as s:
            self.assertEqual(s.apply(service("a.service", False, False))["changed"], 1)
            self.assertEqual(s.events[-1]["what"], "disabled, stopped")
            self.unit("a.service", file="masked")
            self.assertEqual(s.apply(service("a.service"))["changed"], 1)
            self.assertEqual(s.apply(service("a.service"))["changed"], 0)
        state = json.loads((self.root / "units/a.service").read_text())
        self.assertEqual((state["file"], state["active"]), ("enabled", "active"))

    def test_an_init_script_is_left_alone_but_when_it_would_start_what_is_disabled(self):
        self.unit("a.service")
        with self.locked() as s:
            s.apply(service("a.service"))
            s.apply(service("a.service", enabled=False, running=False))
        self.assertEqual((self.root / "sysv").read_text().splitlines(), ["enable skipped", "disable in line"])

    def test_what_is_an_init_script_alone_is_as_enabled_as_it_can_be(self):
        self.unit("a.service", active="active", file="generated", pid=1, start=1)
        with self.locked() as s:
            self.assertEqual(s.apply(service("a.service")), {"changed": 0, "failed": 0}, s.events)
        self.assertFalse((self.root / "sysv").exists())

    def test_unit_files_are_read_again_before_the_start(self):
        self.unit("a.service", active="active", file="enabled", pid=1, start=1, reload="yes")
        drop = file("/etc/systemd/system/a.service.d/reeve.conf", CONF)
        with self.locked() as s:
            s.send(blob(CONF))
            self.assertIn("unit file", s.probe(service("a.service"))[0]["why"])
            s.apply(drop, service("a.service", inputs=[drop["path"]]))
            self.assertEqual(s.apply(service("a.service", inputs=[drop["path"]]))["changed"], 0)
        calls = [c for c in self.calls() if "show" not in c]
        self.assertEqual(calls[0], "systemctl daemon-reload")
        self.assertIn("systemctl restart a.service", calls)

    def test_there_is_no_such_unit(self):
        with self.locked() as s:
            self.assertEqual(s.probe(service("a.service"))[0]["state"], "missing")
            self.assertEqual(s.probe(service("a.service", False, False))[0]["state"], "same")
            self.assertEqual(s.apply(service("a.service"))["failed"], 1)


class Packages(Case):
    def status(self, *entries):
        (self.root / "var/lib/dpkg/status").write_text(
            "".join("Package: %s\nStatus: %s\nArchitecture: amd64\nVersion: %s\nDescription: x\n Package: no\n\n" % e
                    for e in entries))

    def test_only_what_is_missing_is_installed_once_and_held(self):
        self.status(("munge", "install ok installed", "0.5"), ("slurmd", "deinstall ok config-files", "1"))
        wanted = packages("munge", "slurmd=22.05", "slurm-client=22.05")
        with self.locked() as s:
            self.assertEqual(s.probe(wanted)[0]["why"], "not installed: slurmd, slurm-client")
            self.assertEqual(s.apply(wanted), {"changed": 1, "failed": 0}, s.events)
            self.assertEqual(s.apply(wanted), {"changed": 0, "failed": 0})
        calls = self.calls()
        self.assertEqual(len(calls), 2, calls)
        self.assertTrue(calls[0].endswith("install -- slurmd=22.05 slurm-client=22.05"), calls)
        self.assertIn("--no-install-recommends", calls[0])
        self.assertEqual(calls[1], "apt-mark hold slurmd slurm-client")

    def test_nothing_is_started_by_the_installation(self):
        with self.locked() as s:
            self.assertEqual(s.apply(packages("munge"))["changed"], 1)
        self.assertEqual([c for c in self.calls() if "invoke" in c], [])
        shims = self.root / "var/lib/reeve/nostart"
        self.assertEqual(sorted(os.listdir(shims)), ["deb-systemd-invoke", "invoke-rc.d"])
        self.assertEqual(os.system(str(shims / "invoke-rc.d") + " x start"), 0)

    def test_versions_and_holds_that_differ(self):
        self.status(("a", "install ok installed", "1"), ("b", "hold ok installed", "1"), ("c", "hold ok installed", "2"))
        wanted = packages("a=1", "b=2", "c=2")
        with self.locked() as s:
            self.assertEqual(s.probe(wanted)[0]["why"], "a is not held, b is 1, not 2")
            self.assertEqual(s.apply(wanted)["changed"], 1)
            self.assertEqual(s.probe(wanted)[0]["state"], "same")
        self.assertTrue(self.calls()[0].endswith("install -- b=2"), self.calls())
        self.assertIn("--allow-change-held-packages", self.calls()[0])
        self.assertEqual(self.calls()[1], "apt-mark hold a b")

    def test_those_of_several_modules_come_in_one_transaction_and_are_told_apart(self):
        self.status(("b", "install ok installed", "1"))
        wanted = [packages("a=1", module="core"), packages("b", module="lmod"), packages("c", "d", module="time")]
        with self.locked() as s:
            self.assertEqual(s.apply(*wanted), {"changed": 2, "failed": 0}, s.events)
            self.assertEqual({e["id"]: (e["result"], e["what"]) for e in s.events}, {
                "packages:core": ("changed", "installed a=1, held a"), "packages:lmod": ("unchanged", ""),
                "packages:time": ("changed", "installed c, d")})
        self.assertEqual([c.split(" -- ")[1] for c in self.calls() if "install" in c], ["a=1 c d"])

    def test_a_failure_is_of_the_module_whose_package_it_is(self):
        (self.root / "apt").write_text("lacks c")
        with self.locked() as s:
            answer = s.apply(packages("a", module="core"), packages("b", "c", module="lmod"), packages("d", module="time"))
            self.assertEqual(answer, {"changed": 1, "failed": 1}, s.events)
            self.assertEqual([(e["id"], e["result"]) for e in s.events], [
                ("packages:core", "changed"), ("packages:lmod", "failed"), ("packages:time", "blocked")])
            self.assertIn("Version of package c is not there", s.events[1]["what"])

    def test_lists_are_fetched_once_where_they_are_old(self):
        (self.root / "apt").write_text("stale")
        with self.locked() as s:
            self.assertEqual(s.apply(packages("munge"))["changed"], 1)
        self.assertEqual([("install" in c, "update" in c) for c in self.calls()],
                         [(True, False), (False, True), (True, False)])

    def test_an_interrupted_dpkg_is_finished_first(self):
        self.status(("a", "install ok half-configured", "1"), ("other", "install ok unpacked", "1"))
        (self.root / "var/lib/dpkg/updates/0001").write_text("x")
        with self.locked() as s:
            self.assertIn("interrupted dpkg: a is half-configured", s.probe(packages("a"))[0]["why"])
            self.assertEqual(s.apply(packages("a"))["changed"], 1)
            self.assertEqual(s.probe(packages("a"))[0]["state"], "same")
        self.assertEqual(len(self.calls()), 1)
        self.assertTrue(self.calls()[0].startswith("dpkg "))

    def test_what_dpkg_cannot_finish_apt_does(self):
        self.status(("a", "install ok unpacked", "1"))
        (self.root / "stuck").write_text("")
        with self.locked() as s:
            self.assertEqual(s.apply(packages("a"))["changed"], 1, s.events)
            self.assertEqual(s.probe(packages("a"))[0]["state"], "same")
        calls = self.calls()
        self.assertTrue(calls[0].startswith("dpkg "), calls)
        self.assertTrue(calls[1].startswith("apt-get ") and calls[1].endswith("--no-remove -f install"), calls)

    def test_the_failing_scripts_own_line_comes_first(self):
        (self.root / "apt").write_text("script")
        with self.locked() as s:
            self.assertEqual(s.apply(packages("a"))["failed"], 1)
            self.assertIn("failed: adduser: The UID 64030 is already in use.; dpkg: error", s.events[-1]["what"])

    def test_a_full_disk_is_called_that(self):
        (self.root / "apt").write_text("full")
        with self.locked() as s:
            self.assertEqual(s.apply(packages("munge"))["failed"], 1)
            self.assertIn("the disk is full", s.events[-1]["what"])

    def test_who_holds_the_lock_is_named_and_waited_for(self):
        import fcntl
        import subprocess
        lock = self.root / "var/lib/dpkg/lock-frontend"
        lock.write_text("")
        holder = subprocess.Popen([sys.executable, "-c", "import fcntl,sys,time; f=open(sys.argv[1],'r+'); "
                                   "fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); time.sleep(2)", str(lock)],
                                  stdout=subprocess.PIPE)
        holder.stdout.readline()
        with self.locked() as s:
            self.assertEqual(s.apply(packages("munge"))["changed"], 1)
            self.assertIn("process %d (" % holder.pid, s.events[0]["progress"])
        holder.stdout.close()
        holder.wait()


class Refusals(Case):
    def test_apply_needs_the_lock(self):
        with self.session() as s:
            with self.assertRaises(Refused) as refused:
                s.apply(directory("/x"))
        self.assertEqual(refused.exception.code, "refused")
        self.assertFalse((self.root / "x").exists())

    def test_paths_that_are_none(self):
        with self.locked() as s:
            for path in ("etc/x", "/etc/../x", "/etc/x/", ""):
                with self.assertRaises(Refused) as refused:
                    s.apply(directory(path))
                self.assertEqual(refused.exception.code, "protocol", path)


if __name__ == "__main__":
    unittest.main()
