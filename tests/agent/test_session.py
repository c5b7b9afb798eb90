"""The session: frames cut, garbage, bounds, silence, end of file, the lock, and the verbs besides probe and apply."""
import errno
import fcntl
import os
import pathlib
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import Gone, Refused, blob, frame, keypair, message, seal, unseal  # noqa: E402
from scratch import Case, digest, directory, file, packages  # noqa: E402


class Frames(Case):
    def ended(self, session, data, close=False):
        """Sends, perhaps closes, and gives how the agent ended and what it said."""
        try:
            session.send(data)
        except Gone:
            pass
        if close:
            session.process.stdin.close()
        status = session.process.wait(30)
        session.close()
        return status, session.errors

    def test_a_conversation_cut_at_every_byte(self):
        whole = (message({"id": 1, "verb": "lock", "epoch": 1, "holder": "a", "run": "b"}) + blob(b"x\n") + frame("H")
                 + message({"id": 2, "verb": "apply", "epoch": 1, "resources": [file("/f", b"x\n")]}))
        for cut in range(0, len(whole), 7):
            status, errors = self.ended(self.session(), whole[:cut], close=True)
            self.assertEqual(status, 1)
            self.assertIn("the operator is gone: end of file", errors)
        self.assertEqual(self.leftovers(), [])
        self.assertFalse((self.root / "f").exists())

    def test_what_is_no_frame_ends_the_session(self):
        for data, text in ((b"GET / HTTP/1.0\r\n\r\n", "a frame of"), (b"\x00\x00\x00\x01Zx", "unknown type"),
                           (b"\xff\xff\xff\xffM", "a frame of"), (frame("M", b"[]"), "not an object"),
                           (frame("M", b"{"), "not JSON"), (frame("M", b'{"id":1,"id":2}'), "not JSON"),
                           (frame("M", b'{"id":"1"}'), "its number"), (frame("M", b'{"id":1}'), "its verb"),
                           (frame("B", b"0" * 64 + b"x"), "digest"), (frame("B", b"short"), "too short"),
                           (frame("S", b"name\0garbage"), "secret"), (frame("S", b"no nul"), "secret"),
                           (frame("M", b"[" * 100000), "not JSON"),
                           (message({"id": 5, "verb": "probe", "resources": [], "content": False}) + message({"id": 5, "verb": "bye"}), "in order")):
            status, errors = self.ended(self.session(), data)
            self.assertEqual(status, 1, data[:20])
            self.assertIn(text, errors)

    def test_wrong_requests_are_refused_and_the_session_goes_on(self):
        with self.session() as s:
            for verb, arguments in (("format", {}), ("probe", {}), ("bye", {"x": 1}),
                                    ("probe", {"resources": 1, "content": True}), ("collect", {"items": [{}]}),
                                    ("collect", {"items": [{"name": "a", "read": "/x"}]}),
                                    ("collect", {"items": [{"name": "a", "run": [], "max": 1, "timeout": 1}]}),
                                    ("run", {"argv": ["true"], "max": 1, "timeout": 0}),
                                    ("run", {"argv": ["true"], "max": 1, "timeout": 1, "sandbox": {"unshare": ["user"]}}),
                                    ("lock", {"epoch": -1, "holder": "a", "run": "b"}),
                                    ("lock", {"epoch": 1, "holder": "a\nb", "run": "b"})):
                with self.assertRaises(Refused) as refused:
                    s.ask(verb, **arguments)
                self.assertEqual(refused.exception.code, "protocol", verb)

    def test_requests_sent_ahead_are_answered_in_order(self):
        with self.session() as s:
            numbers = [s.ask_only("probe", resources=[], content=False) for _ in range(1000)]
            for number in numbers:
                self.assertEqual(s.answer(number), {"observed": []})

    def test_too_many_requests_ahead(self):
        data = b"".join(message({"id": i + 1, "verb": "run", "argv": ["sleep", "1"], "max": 1, "timeout": 5000})
                        for i in range(5000))
        status, errors = self.ended(self.session(), data)
        self.assertEqual(status, 1)
        self.assertIn("sent ahead", errors)

    def test_a_reader_that_is_slow_gets_everything(self):
        (self.root / "big").write_bytes(b"x" * (8 << 20))
        with self.session() as s:
            numbers = [s.ask_only("collect", items=[dict(name="b", read="/big", max=16 << 20)]) for _ in range(12)]
            time.sleep(0.5)
            for number in numbers:
                self.assertEqual(len(s.answer(number)["items"]["b"]["text"]), 8 << 20)


class Ends(Case):
    def test_heartbeats_come_and_silence_ends_it(self):
        s = self.session()
        s.beating = False
        begun = time.monotonic()
        beats = []
        with self.assertRaises(Gone):
            while True:
                kind, _ = s.next_frame()
                self.assertEqual(kind, "H")
                beats.append(time.monotonic() - begun)
        s.process.wait()
        took = time.monotonic() - begun
        s.close()
        self.assertTrue(29 < took < 40, took)
        self.assertGreaterEqual(len(beats), 5)
        self.assertTrue(4 < beats[0] < 7, beats)

    def test_children_end_with_the_session_unless_they_must_not_be_stopped_halfway(self):
        for name, goes_on in (("sh", False), ("dpkg", True)):
            mark = self.root / ("mark-" + name)
            s = self.locked(2 if goes_on else 1)
            s.ask_only("run", argv=[self.shell(name), "-c", "touch %s.begun; sleep 1; touch %s" % (mark, mark)], max=10,
                       timeout=9000)
            while not (self.root / (mark.name + ".begun")).exists():
                time.sleep(0.01)
            s.process.stdin.close()
            s.process.wait(10)
            s.close()
            time.sleep(0 if goes_on else 1.5)
            self.assertEqual(mark.exists(), goes_on)

    def test_a_package_manager_is_waited_for_and_nothing_new_begun(self):
        (self.root / "apt").write_text("slow")
        s = self.locked()
        s.ask_only("apply", epoch=1, resources=[packages("munge=1"), directory("/after")])
        while not (self.root / "started").exists():
            time.sleep(0.02)
        s.process.stdin.close()
        self.assertEqual(s.process.wait(20), 1)
        s.close()
        self.assertIn("munge", (self.root / "var/lib/dpkg/status").read_text())
        self.assertFalse((self.root / "after").exists())
        self.assertEqual([c for c in self.calls() if "hold" in c], [])
        with self.locked(2) as s:
            self.assertEqual(s.apply(packages("munge=1"), epoch=2)["changed"], 1)

    def test_bye_with_nobody_reading(self):
        s = self.session()
        s.process.stdout.close()
        s.send(message({"id": 1, "verb": "bye"}))
        self.assertIn(s.process.wait(20), (0, 1))
        s.process.stdin.close()
        s.errors = s.process.stderr.read()
        s.process.stderr.close()


class Locks(Case):
    def test_one_at_a_time_and_never_backwards(self):
        with self.locked(5) as s:
            with self.session() as other:
                with self.assertRaises(Refused) as refused:
                    other.lock(6)
                self.assertEqual(refused.exception.code, "refused")
                self.assertRegex(refused.exception.text, r"locked by tester@here since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")
        with self.session() as s:
            with self.assertRaises(Refused) as refused:
                s.lock(4)
            self.assertIn("run 4 is older than run 5", refused.exception.text)
            with self.assertRaises(Refused) as refused:
                s.lock(5)  # it looked at the same record, and does not know what the other has done
            self.assertIn("run 5 of somebody else was on this host since this one looked at it", refused.exception.text)
            self.assertEqual(s.lock(6), {"epoch": 6})
            self.assertEqual(s.lock(6), {"epoch": 6})

    def test_a_holder_that_has_not_written_its_name_yet_is_waited_for(self):
        with self.locked():
            pass
        with open(self.root / "var/lib/reeve/lock", "r+") as lock, self.session() as other:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.truncate(0)
            asked = other.ask_only("lock", epoch=9, holder="late@here", run="b")
            time.sleep(0.2)
            os.pwrite(lock.fileno(), b"first@here\n2026-11-25T20:00:00Z\na\n", 0)
            with self.assertRaises(Refused) as refused:
                other.answer(asked)
            self.assertIn("locked by first@here since 2026-11-25T20:00:00Z", refused.exception.text)

    def test_a_lock_is_given_back_and_taken_again(self):
        with self.locked(5) as s, self.session() as other:
            self.assertEqual(s.ask("unlock"), {})
            self.assertEqual(other.lock(6), {"epoch": 6})
            with self.assertRaises(Refused) as refused:
                s.ask("apply", epoch=5, resources=[])
            self.assertEqual(refused.exception.code, "refused")
            other.ask("unlock")
            with self.assertRaises(Refused):
                s.lock(5)
            self.assertEqual(s.lock(7), {"epoch": 7})
            self.assertEqual(other.ask("unlock"), {})

    def test_the_lock_is_for_package_managers_and_systemd_alone_and_to_read(self):
        show = "ls /proc/self/fd | tr '\\n' ' '; readlink /proc/$$/fd/3; sleep 0.1; echo HIJACKED >&3"
        self.root.chmod(0o755)
        with self.locked() as s:
            lock = str(self.root / "var/lib/reeve/lock")
            holder = pathlib.Path(lock).read_text()
            for name, arguments, has in (("sh", {}, False), ("dpkg", {}, True), ("systemctl", {}, True),
                                         ("apt-get", {"user": "slurm"}, False),
                                         ("dpkg", {"sandbox": {"unshare": ["mount", "pid"]}}, False)):
                if os.getuid() and (arguments or has):
                    continue
                got = s.ask("run", argv=[self.shell(name), "-c", show], max=1000, timeout=9000, **arguments)
                self.assertEqual(lock in got["out"], has, (name, arguments, got))
            self.assertEqual(pathlib.Path(lock).read_text(), holder)

    def test_a_child_keeps_the_lock_when_the_agent_is_killed(self):
        s = self.locked()
        s.ask_only("run", argv=[self.shell("dpkg"), "-c", "touch %s/begun; sleep 2" % self.root], max=10, timeout=9000)
        while not (self.root / "begun").exists():
            time.sleep(0.01)
        s.process.kill()
        s.process.wait()
        s.close()
        with self.session() as other:
            with self.assertRaises(Refused):
                other.lock(2)
            time.sleep(2.2)
            self.assertEqual(other.lock(2), {"epoch": 2})

    def test_what_runs_is_asked_to_end_when_the_operator_is_gone(self):
        mark = "trap 'sleep 0.3; touch %s/ended.%s; exit' TERM; touch %s/begun.%s; while :; do sleep 0.05; done"
        argv = {n: ["sh", "-c", mark % (self.root, n, self.root, n)] for n in "abc"}
        s, t = self.locked(), self.session()
        s.ask_only("run", argv=argv["a"], max=10, timeout=90000)
        t.ask_only("collect", items=[dict(name=n, run=argv[n], max=10, timeout=90000) for n in "bc"])
        while len(list(self.root.glob("begun.*"))) < 3:
            time.sleep(0.01)
        for session in (s, t):
            session.process.stdin.close()
            session.process.wait(30)
            session.close()
        self.assertEqual(sorted(p.name for p in self.root.glob("ended.*")), ["ended.a", "ended.b", "ended.c"])

    def test_collected_commands_do_not_have_it(self):
        with self.locked() as s:
            answer = s.ask("collect", items=[dict(name="f", run=["ls", "/proc/self/fd"], max=100, timeout=5000)])
        self.assertEqual(answer["items"]["f"]["out"].split(), ["0", "1", "2", "3"])  # 3 is ls's own


class Verbs(Case):
    def run_(self, s, *argv, **arguments):
        return s.ask("run", argv=list(argv), **{"max": 1000, "timeout": 5000, **arguments})

    def test_run(self):
        with self.session() as s:
            self.assertEqual(self.run_(s, "sh", "-c", "cat; echo no >&2; exit 7", input="in"),
                             {"status": 7, "out": "in", "err": "no\n", "cut": False})
            self.assertEqual(self.run_(s, "printf", "a\\377"), {"status": 0, "out_b64": "Yf8=", "err": "", "cut": False})
            self.assertEqual(self.run_(s, "sh", "-c", "yes | head -c 100000", max=3)["out"], "y\ny")
            self.assertTrue(self.run_(s, "sh", "-c", "yes | head -c 100000", max=3)["cut"])
            self.assertEqual(self.run_(s, "sh", "-c", "kill -9 $$")["signal"], 9)
            with self.assertRaises(Refused) as refused:
                self.run_(s, "nonesuch-command-x")
            self.assertEqual(refused.exception.code, "missing")
            out = self.run_(s, "env", env={"A": "b c"})["out"].splitlines()
            self.assertEqual(sorted(l.split("=")[0] for l in out), ["A", "LC_ALL", "PATH", "REEVE_ROOT"])
            self.assertEqual(self.run_(s, "id", user="slurm")["out"].split()[0].split("(")[0], "uid=64030")
            self.assertEqual(self.run_(s, "pwd")["out"], "%s\n" % self.root)
            with self.assertRaises(Refused):
                self.run_(s, "true", user="nobody-at-all")

    def test_a_timeout_takes_the_whole_group(self):
        with self.session() as s:
            begun = time.monotonic()
            answer = self.run_(s, "sh", "-c", "trap '' TERM; sleep 60 & sleep 60; sleep 60", timeout=300)
            self.assertTrue(answer["timeout"])
            self.assertLess(time.monotonic() - begun, 8)

    def test_a_daemon_that_keeps_the_pipe_open_is_not_waited_for(self):
        with self.session() as s:
            begun = time.monotonic()
            self.assertEqual(self.run_(s, "sh", "-c", "echo x; sleep 8 &")["out"], "x\n")
            self.assertLess(time.monotonic() - begun, 4)

    def test_large_input_to_who_does_not_read(self):
        with self.session() as s:
            self.assertEqual(self.run_(s, "true", input="x" * (4 << 20))["status"], 0)
            self.assertEqual(self.run_(s, "wc", "-c", input="x" * (4 << 20))["out"].strip(), str(4 << 20))

    def test_collect_runs_side_by_side(self):
        with self.session() as s:
            begun = time.monotonic()
            items = [dict(name="n%d" % i, run=["sleep", "1"], max=1, timeout=5000) for i in range(16)]
            answer = s.ask("collect", items=items)
            took = time.monotonic() - begun
        self.assertEqual({r["status"] for r in answer["items"].values()}, {0})
        self.assertTrue(1.9 < took < 6, took)
        self.assertGreaterEqual(answer["end"] - answer["start"], 1900)

    def test_collect_answers_each_kind(self):
        (self.root / "l").symlink_to("etc")
        with self.session() as s:
            got = s.ask("collect", items=[
                dict(name="read", read="/etc/passwd", max=4096), dict(name="over", read="/etc/passwd", max=3),
                dict(name="none", read="/none", max=1), dict(name="dir", read="/etc", max=1),
                dict(name="link", stat="/l", follow=False), dict(name="there", stat="/l", follow=True),
                dict(name="fs", fs="/"), dict(name="list", list="/etc", max=9), dict(name="much", list="/etc", max=1),
                dict(name="cmd", run=["nonesuch"], max=9, timeout=99),
                dict(name="users", users=["root", "nobody-here"]), dict(name="packages", packages=["munge", "none"])])["items"]
        self.assertTrue(got["read"]["text"].startswith("root:"))
        self.assertEqual([got[n]["errno"] for n in ("over", "none", "dir", "much")], [27, 2, 21, 27])
        self.assertEqual((got["link"]["type"], got["link"]["target"], got["there"]["type"]), ("link", "etc", "directory"))
        self.assertEqual((got["there"]["owner"], got["there"]["mode"]), ("root", "0755"))
        self.assertGreater(got["fs"]["total"], 0)
        self.assertEqual(sorted(got["list"]["names"]), ["group", "passwd", "shadow", "skel"])
        self.assertEqual(got["cmd"]["status"], 127)
        self.assertEqual(got["users"], {"users": {"root": {"uid": 0, "gid": 0}}})
        self.assertEqual(got["packages"], {"versions": {}, "held": [], "interrupted": False, "busy": False})

    def test_a_question_that_takes_too_long_holds_up_no_other(self):
        with self.session() as s:
            began = time.monotonic()
            got = s.ask("collect", items=[
                dict(name="slow", run=["sh", "-c", "echo a part; sleep 60"], max=99, timeout=300),
                dict(name="quick", run=["echo", "all"], max=99, timeout=5000),
                dict(name="read", read="/etc/passwd", max=4096)])["items"]
        self.assertLess(time.monotonic() - began, 20)
        self.assertTrue(got["slow"]["timeout"])
        self.assertNotIn("status", got["slow"])
        self.assertEqual((got["quick"]["status"], got["quick"]["out"]), (0, "all\n"))
        self.assertTrue(got["read"]["text"].startswith("root:"))

    def test_who_listens_is_found_and_does_not_notice(self):
        with socket.socket() as quiet, socket.socket() as full, socket.socket() as closed, self.session() as s:
            for one in (quiet, full, closed):
                one.bind(("127.0.0.1", 0))
            quiet.listen()
            quiet.setblocking(False)
            full.listen(0)
            waiting = [socket.socket() for _ in range(4)]
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(full.getsockname())
            got = s.ask("collect", items=[dict(name="c", timeout=700, connect=[
                list(one.getsockname()) for one in (quiet, closed, full)] + [["::1", quiet.getsockname()[1]]])])["items"]["c"]
            results = [got["results"]["%s %d" % one.getsockname()] for one in (quiet, closed, full)]
            self.assertEqual(results, [0, errno.ECONNREFUSED, errno.ETIMEDOUT])
            self.assertNotEqual(got["results"]["::1 %d" % quiet.getsockname()[1]], 0)
            with self.assertRaises(BlockingIOError):
                quiet.accept()
            many = s.ask("collect", items=[dict(name="c", timeout=5000, connect=[
                ["127.0.0.%d" % i, quiet.getsockname()[1]] for i in range(1, 3) for _ in range(400)])])["items"]["c"]["results"]
            self.assertEqual(list(many.values()), [0, errno.ECONNREFUSED])
            for wrong in ([["localhost", 1]], [["127.0.0.1", 0]], [["127.0.0.1", 65536]], [["127.0.0.1"]], {"a": 1}):
                with self.assertRaises(Refused):
                    s.ask("collect", items=[dict(name="c", timeout=700, connect=wrong)])
            for one in waiting:
                one.close()

    def test_collect_answers_a_tree(self):
        devices = self.root / "sys/bus/pci/devices"
        for number, kind in ((0, "0x0300"), (1, "0x0200"), (2, "0x1200")):
            place = self.root / ("sys/devices/d%d" % number)
            (place / ("drm/card%d" % number)).mkdir(parents=True)
            (place / "topology").mkdir()
            (place / "class").write_text(kind + "\n")
            (place / "topology/id").write_text("%d\n" % number)
            (place / "big").write_text("x" * 5000)
            (place / "bytes").write_bytes(b"\xff\n")
            (place / "driver").symlink_to("../../bus/drivers/one")
            (place / "outside").symlink_to("../../../../../../../../etc/hostname")
            devices.mkdir(parents=True, exist_ok=True)
            (devices / ("0%d" % number)).symlink_to("../../../devices/d%d" % number)
        (devices / "plain").write_text("")
        os.mkfifo(devices.parent / "fifo")

        def tree(**question):
            return dict({"name": "t", "tree": "/sys/bus/pci/devices", "of": ["class"], "max": 9}, **question)

        with self.session() as s:
            def ask(**question):
                return s.ask("collect", items=[tree(**question)])["items"]["t"]

            got = ask(of=["class", "driver", "drm", "topology/id", "big", "bytes", "outside", "none"],
                      where={"file": "class", "begins": ["0x03", "0x12"]})["entries"]
            self.assertEqual(got, {"0%d" % n: {
                "class": kind + "\n", "driver": {"link": "../../bus/drivers/one"}, "drm": {"names": ["card%d" % n]},
                "topology/id": "%d\n" % n, "big": {"errno": 27},
                "outside": {"link": "../../../../../../../../etc/hostname"}} for n, kind in ((0, "0x0300"), (2, "0x1200"))})
            self.assertEqual(sorted(ask(prefix=["01", "p"])["entries"]), ["01", "plain"])
            self.assertEqual(ask(max=3), {"errno": 27})
            self.assertEqual(ask(tree="/none"), {"errno": 2})
            self.assertEqual(ask(tree="/sys/bus/pci", of=[])["entries"], {"devices": {}, "fifo": {}})
            for wrong in ({"of": ["../x"]}, {"of": ["/etc/passwd"]}, {"of": ["a//b"]}, {"of": [""]}, {"of": 1}, {"of": [1]},
                          {"of": ["a"] * 33}, {"max": 0}, {"max": 1 << 20}, {"where": {"file": "class"}}, {"prefix": "x"},
                          {"where": {"file": "../c", "begins": ["0"]}}, {"more": 1}):
                with self.assertRaises(Refused) as refused:
                    ask(**wrong)
                self.assertEqual(refused.exception.code, "protocol", wrong)

    def ask_switch(self, database, keys, switch, text):
        """What `nss` says of these keys, with these two files (None: not there)."""
        for path, content in (("nsswitch.conf", switch), (database if isinstance(database, str) else "hosts", text)):
            (self.root / "etc" / path).unlink(missing_ok=True)
            if content is not None:
                (self.root / "etc" / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        with self.session() as s:
            return s.ask("collect", items=[dict(name="n", nss=database, keys=keys, otherwise=dict(
                run=["echo", "asked"], max=99, timeout=5000))])["items"]["n"]["out"]

    def test_addresses_come_from_the_file_where_it_is_asked_first(self):
        hosts = "# c 9.9.9.9\n10.0.0.1\tctl Ctl.fen # n1\nx.y n1\nfe80::1 n1\n10.0.0.2 n1\n"
        self.assertEqual(self.ask_switch("hosts", ["ctl.fen", "n1"], "passwd: files\n hosts:files dns\n", hosts),
                         "= each\nctl.fen = 10.0.0.1\nn1 = fe80::1 10.0.0.2\n")
        files = "hosts: files dns\n"
        for keys, switch, text in (
                (["ctl", "c"], files, hosts), (["ctl"], files, None), (["ctl"], None, hosts), (["ctl"], "hosts: dns files\n", hosts),
                (["ctl"], "hosts: files [success=continue] dns\n", hosts), (["ctl"], "hosts:\n", hosts), (["ctl"], "", ""),
                (["ctl"], "# " + files, hosts)):
            self.assertEqual(self.ask_switch("hosts", keys, switch, text), " ".join(["asked", *keys]) + "\n", (keys, switch, text))

    def test_accounts_come_from_the_file_where_nothing_else_is_asked(self):
        passwd = "root:x:0:0::/root:/bin/sh\nana:x:7:7::/a:/bin/sh\n+nis::::::\nbad\nbob:x:7:8::/b:/bin/sh\n"
        only = "passwd: files\ngroup:\tfiles # ours\n"
        self.assertEqual(self.ask_switch("passwd", ["bob", "7", "none", "+nis", "0"], only, passwd),
                         "bob:x:7:8::/b:/bin/sh\nana:x:7:7::/a:/bin/sh\nroot:x:0:0::/root:/bin/sh\n")
        self.assertEqual(self.ask_switch("group", ["9", "g"], only, "g:x:9:ana,bob\n"), "g:x:9:ana,bob\n" * 2)
        self.assertEqual(self.ask_switch("passwd", ["none"], only, passwd), "")
        for switch, text in (("passwd: files sss\n", passwd), ("passwd: compat\n", passwd), ("passwd: files [notfound=return]\n", passwd),
                             ("group: files\n", passwd), (None, passwd), (only, b"a\xff:x:7:7::/:/bin/sh\n")):
            self.assertEqual(self.ask_switch("passwd", ["ana"], switch, text), "asked ana\n", (switch, text))

    def test_what_is_no_question_to_the_switch_is_refused(self):
        for database, keys in (("hosts", []), ("hosts", "ctl"), ("hosts", [1]), ("group", ["n"] * 4097), ("hosts", None),
                               ("shadow", ["root"]), (1, ["ctl"])):
            with self.assertRaises(Refused) as refused:
                self.ask_switch(database, keys, "hosts: files\n", "")
            self.assertEqual(refused.exception.code, "protocol", (database, keys))

    def test_what_slurmd_counts_is_kept_until_something_changes(self):
        for path in ("proc", "sys/devices/system/cpu"):
            (self.root / path).mkdir(parents=True, exist_ok=True)
        slurmd, memory, online = self.root / "bin/slurmd", self.root / "proc/meminfo", self.root / "sys/devices/system/cpu/online"
        count = self.root / "count"

        def program(cpus):
            slurmd.write_text("#!/bin/sh\necho x >>%s\necho NodeName=a CPUs=%d \"$@\"\n" % (count, cpus))
            slurmd.chmod(0o755)

        def ask():
            with self.session() as s:
                return s.ask("collect", items=[dict(name="h", hardware=True)])["items"]["h"]

        def asked():
            return len(count.read_text().splitlines())

        self.assertEqual(ask()["error"], "there is no command slurmd on this host")
        program(4)
        memory.write_text("MemTotal: 4000 kB\nMemFree: 1 kB\n")
        online.write_text("0-3\n")
        self.assertEqual((ask()["out"], asked()), ("NodeName=a CPUs=4 -C\n", 1))
        memory.write_text("MemTotal: 4000 kB\nMemFree: 2 kB\n")
        self.assertEqual((ask(), asked()), ({"status": 0, "out": "NodeName=a CPUs=4 -C\n"}, 1))
        memory.write_text("MemTotal: 3000 kB\nMemFree: 2 kB\n")
        self.assertEqual((ask()["out"], asked()), ("NodeName=a CPUs=4 -C\n", 2))
        online.write_text("0-1\n")
        ask()
        self.assertEqual(asked(), 3)
        program(2)
        self.assertEqual((ask()["out"], asked()), ("NodeName=a CPUs=2 -C\n", 4))
        slurmd.write_text("#!/bin/sh\necho x >>%s\nexit 1\n" % count)
        self.assertEqual((ask()["status"], asked()), (1, 5))
        self.assertEqual((ask()["status"], asked()), (1, 6))

    def test_secret_travels_sealed(self):
        (self.root / "k").write_bytes(b"very secret bytes")
        public, private = keypair()
        with self.session() as s:
            self.assertEqual(s.ask("secret", path="/k", name="k", **{"for": public.hex()}, max=100), {"size": 17})
            name, box = s.secrets[0].split(b"\0", 1)
            self.assertEqual((name, unseal(public, private, box)), (b"k", b"very secret bytes"))
            for path, most in (("/none", 10), ("/k", 16), ("/etc", 10)):
                with self.assertRaises(Refused):
                    s.ask("secret", path=path, name="k", **{"for": public.hex()}, max=most)
        self.assertNotIn(b"very secret", s.raw)

    def test_put_and_append_stay_where_they_belong(self):
        with self.session() as s:
            s.send(blob(b"state"))
            s.ask("put", path="/var/lib/reeve/cluster/facts", digest=digest(b"state"), mode="0600")
            s.ask("append", path="/var/log/reeve/audit.log", line="one")
            s.ask("append", path="/var/log/reeve/audit.log", line="two")
            for verb, arguments in (("put", dict(path="/etc/passwd", digest=digest(b"state"), mode="0600")),
                                    ("put", dict(path="/var/lib/reeve/../x", digest=digest(b"state"), mode="0600")),
                                    ("put", dict(path="/var/lib/reeve/x", digest=digest(b"other"), mode="0600")),
                                    ("put", dict(path="/var/lib/reeve/x", digest=digest(b"state"), mode="7777")),
                                    ("append", dict(path="/etc/passwd", line="x")),
                                    ("append", dict(path="/var/log/reeve/a", line="x\ny"))):
                with self.assertRaises(Refused):
                    s.ask(verb, **arguments)
        self.assertEqual((self.root / "var/lib/reeve/cluster/facts").read_text(), "state")
        self.assertEqual((self.root / "var/log/reeve/audit.log").read_text(), "one\ntwo\n")
        self.assertFalse((self.root / "var/lib/reeve/x").exists())

    def test_prune_keeps_the_directories_that_are_named(self):
        top = self.root / "var/lib/reeve/generations"
        for name in ("1", "2", "3"):
            (top / name).mkdir(parents=True)
            (top / name / "slurm.conf").write_text(name)
        (top / "file").write_text("stays")
        outside = self.root / "outside"
        outside.mkdir()
        (outside / "kept").write_text("x")
        (top / "link").symlink_to(outside)
        (top / "3" / "link").symlink_to(outside)
        path = "/var/lib/reeve/generations"
        with self.session() as s:
            with self.assertRaisesRegex(Refused, "lock"):
                s.ask("prune", path=path, keep=["2"])
            self.assertTrue((top / "1").exists())
            s.ask("lock", epoch=1, holder="a", run="b")
            for arguments in (dict(path="/etc", keep=[]), dict(path="/var/lib/reeve/../x", keep=[]), dict(path=path, keep="2"),
                              dict(path=path, keep=[2]), dict(path=path, keep=["x"] * 1001), dict(path=path)):
                with self.assertRaises(Refused):
                    s.ask("prune", **arguments)
            self.assertEqual(s.ask("prune", path=path, keep=["2", "9"]), {"removed": 2})
            self.assertEqual(s.ask("prune", path=path + "/none", keep=[]), {"removed": 0})
            self.assertEqual(sorted(p.name for p in top.iterdir()), ["2", "file", "link"])
            self.assertEqual(sorted(p.name for p in outside.iterdir()), ["kept"])
            (top / "2" / "below").mkdir()
            (top / "4").mkdir()
            with self.assertRaisesRegex(Refused, "generations/2"):
                s.ask("prune", path=path, keep=[])
            self.assertEqual(sorted(p.name for p in top.iterdir()), ["2", "file", "link"])
        self.assertFalse((self.root / "var/lib/reeve/backup").exists())


class Sandboxes(Case):
    def box(self, s, command, timeout=5000, **sandbox):
        kinds = ["mount", "net", "uts", "pid", "ipc"]
        return s.ask("run", argv=["sh", "-c", command], max=10000, timeout=timeout, sandbox={"unshare": kinds, **sandbox})

    def test_what_it_is_inside_and_that_nothing_stays(self):
        (self.root / "from").mkdir()
        (self.root / "from/a").write_text("a\n")
        before = pathlib.Path("/proc/self/mountinfo").read_text()
        with self.session() as s:
            got = self.box(s, "hostname; cat /mnt/in/a; echo x > /mnt/in/b; echo y > /mnt/c && cat /mnt/c; ls /proc | grep -c '^[0-9]';"
                           "cat /proc/net/fib_trie; exit 5",
                           hostname="estate1", address="10.9.8.7/24", tmpfs=["/mnt"], bind=[[str(self.root / "from"), "/mnt/in", "ro"]])
        self.assertEqual(got["status"], 5, got)
        lines = got["out"].splitlines()
        self.assertEqual(lines[:3], ["estate1", "a", "y"])
        self.assertLess(int(lines[3]), 8)
        self.assertIn("10.9.8.7", got["out"])
        self.assertIn("Read-only", got["err"])
        self.assertEqual(pathlib.Path("/proc/self/mountinfo").read_text(), before)
        self.assertEqual(os.listdir(self.root / "from"), ["a"])

    def test_nothing_is_writable_that_was_not_asked_for(self):
        for name in ("rw", "ro"):
            (self.root / name).mkdir()
        places = [str(self.root), "/etc", "/usr", "/var/tmp", "/proc/sys/kernel", "/dev/shm", "/sys", str(self.root / "ro")]
        with self.session() as s:
            got = self.box(s, "for d in %s; do [ ! -w $d ] || echo $d; done; (echo x >%s/x) 2>/dev/null; (echo y >%s/y) 2>/dev/null;"
                           "(echo 1 >/proc/sys/kernel/sysrq) 2>/dev/null; echo gone >/dev/null && echo devices; echo a >/mnt/a && cat /mnt/a"
                           % (" ".join(places), self.root / "ro", self.root / "rw"), tmpfs=["/mnt"],
                           bind=[[str(self.root / "rw"), str(self.root / "rw"), "rw"]])
        self.assertEqual(got["out"], "devices\na\n", got)
        self.assertEqual(os.listdir(self.root / "ro"), [])
        self.assertEqual((self.root / "rw/y").read_text(), "y\n")

    def test_everything_ends_with_the_command_and_with_the_agent(self):
        mark = "31536%03d" % (os.getpid() % 1000)
        alive = lambda: subprocess.run(["pgrep", "-f", "^sleep %s$" % mark], capture_output=True).returncode == 0
        with self.session() as s:
            self.assertEqual(self.box(s, "setsid sleep %s & sleep 0.3" % mark)["status"], 0)
            self.assertFalse(alive())
            self.assertTrue(self.box(s, "setsid sleep %s & sleep 60" % mark, timeout=500)["timeout"])
            self.assertFalse(alive())
        s = self.session()
        s.ask_only("run", argv=["sleep", mark], max=1, timeout=60000, sandbox={"unshare": ["pid", "mount"]})
        end = time.monotonic() + 10
        while not alive() and time.monotonic() < end:
            time.sleep(0.05)
        self.assertTrue(alive())
        s.process.kill()
        s.process.wait()
        s.close()
        end = time.monotonic() + 5
        while alive() and time.monotonic() < end:
            time.sleep(0.05)
        self.assertFalse(alive())

    def test_what_cannot_be_made_is_said(self):
        with self.session() as s:
            got = self.box(s, "true", bind=[["/nonesuch", "/mnt", "ro"]])
            self.assertEqual((got["status"], got["err"]), (125, "sandbox: cannot open /nonesuch: No such file or directory\n"))
            got = self.box(s, "kill -9 $$")
            self.assertEqual(got["status"], 137)


if __name__ == "__main__":
    unittest.main()
