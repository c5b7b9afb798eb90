"""Products: made of sources by an account, whole or not at all; and no source is fetched twice."""
import http.server
import io
import os
import select
import shutil
import subprocess
import sys
import tarfile
import threading
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import Gone, Refused, blob  # noqa: E402
from scratch import Case, digest  # noqa: E402

UID = 64030  # of "slurm" in the scratch root: an account as any other
STEPS = 200


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
                info.size, info.uid, info.mode = len(what), 1000, 0o4700
                t.addfile(info, io.BytesIO(what))
    return out.getvalue()


def symlink(target):
    return dict(type=tarfile.SYMTYPE, linkname=target)


def hardlink(target):
    return dict(type=tarfile.LNKTYPE, linkname=target)


APP = tar(("app-1/bin/tool", b"#!/bin/sh\necho one\n"), ("app-1/lib/l", symlink("../bin/tool")), ("app-1/h", hardlink("app-1/bin/tool")))


def source(name, data, *urls, unpack="file", strip=0, size=None, hex=None):
    return dict(name=name, digest=hex or digest(data), size=len(data) if size is None else size, urls=list(urls),
                unpack=unpack, strip=strip)


def product(*sources, made_of=b"one", script=None, run=(), timeout=60, at="/apps/tool", **more):
    hex = digest(made_of)
    link = at + "/1.0/x86_64"
    whole = dict(id="product:" + link, type="product", stage="services", path="%s/.1.0-x86_64-%s" % (at, hex[:12]), link=link,
                 user="slurm", digest=hex, sources=list(sources), run=list(run), timeout=timeout, **more)
    if script:
        whole["script"] = script
    return whole


def gone(wanted):
    path = wanted["path"][:-12] + "0" * 12
    return {**{k: wanted[k] for k in ("id", "type", "stage", "link", "user")}, "path": path, "gone": True}


class Server(http.server.ThreadingHTTPServer):
    """Has files, cuts them off, and counts what it is asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.cuts, self.asked, self.ranges = {}, {}, [], True
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # who asked has had enough

    def url(self, name, data=None):
        if data is not None:
            self.files["/" + name] = data
        return "http://127.0.0.1:%d/%s" % (self.server_address[1], name)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server, first = self.server, 0
        server.asked.append((self.path, self.headers.get("Range")))
        if self.path not in server.files:
            return self.send_error(404)
        data = server.files[self.path]
        if self.headers.get("Range") and server.ranges:
            first = int(self.headers["Range"].split("=")[1].split("-")[0])
            if first >= len(data):
                return self.send_error(416)
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (first, len(data) - 1, len(data)))
        self.send_header("Content-Length", str(len(data) - first))
        self.end_headers()
        end = min(len(data), first + server.cuts.get(self.path, len(data)))
        self.wfile.write(data[first:end])
        if end < len(data):
            self.wfile.flush()
            self.connection.shutdown(2)


class Base(Case):
    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def furnish(self, root):
        super().furnish(root)
        root.chmod(0o755)
        (root / "apps").mkdir()
        os.chown(root / "apps", UID, UID)

    def spool(self, data, account="slurm"):
        return self.root / "var/spool/reeve" / account / (data if isinstance(data, str) else digest(data))

    def check_settled(self, s, wanted):
        self.assertEqual(s.probe(wanted)[0], {"id": wanted["id"], "state": "same", "why": ""})
        self.assertEqual(s.apply(wanted), {"changed": 0, "failed": 0})

    def check_fails(self, s, wanted, *texts):
        self.assertEqual(s.apply(wanted), {"changed": 0, "failed": 1}, s.events)
        for text in texts:
            self.assertIn(text, s.events[-1]["what"])
        self.assertFalse((self.root / wanted["link"][1:]).is_symlink())
        self.assertFalse((self.root / wanted["path"][1:]).exists())

    def make(self, s, wanted, changed=1):
        self.assertEqual(s.apply(wanted), {"changed": changed, "failed": 0}, s.events)
        return self.root / wanted["link"][1:]


    def stray(self, deaf):
        """A process that leaves parent, group and session, and holds a pipe's end for as long as it lives: the test has the other."""
        gate = self.root / "gate"
        if not gate.exists():
            os.mkfifo(gate)
            os.chown(gate, UID, UID)
        loop = "trap \"\" HUP INT %s; exec 3>%s; echo x >&3; touch here; while sleep 1; do :; done" % (deaf, gate)
        return os.open(gate, os.O_RDONLY | os.O_NONBLOCK), "(setsid sh -c '%s' >/dev/null 2>&1 &)\n" % loop

    def read_gate(self, gate):
        self.assertTrue(select.select([gate], [], [], 60)[0], "it lives on")
        return os.read(gate, 10)


class Products(Base):
    def test_unpacked_by_the_account_and_readable_for_all(self):
        wanted = product(source("app.tar.gz", APP, self.server.url("app.tar.gz", APP), unpack="prefix", strip=1))
        with self.locked() as s:
            self.assertEqual(s.probe(wanted)[0]["state"], "missing")
            link = self.make(s, wanted)
            self.check_settled(s, wanted)
        self.assertEqual(os.readlink(link), "../.1.0-x86_64-" + digest(b"one")[:12])
        tool = (link / "bin/tool").stat()
        self.assertEqual((tool.st_uid, tool.st_mode & 0o777), (UID, 0o755))
        self.assertEqual((link / "lib/l").read_bytes(), (link / "h").read_bytes())
        self.assertEqual((link / ".reeve-product").read_text(), digest(b"one") + "\n")
        for path in (self.root / "apps").rglob("*"):
            self.assertEqual(path.lstat().st_uid, UID, path)
        self.assertEqual(sorted(os.listdir(self.spool(APP).parent)), [digest(APP)])

    def test_however_it_is_packed(self):
        plain = tar(("d/f", b"x"))
        packed = [plain, tar(("d/f", b"x"), mode="w:gz"), tar(("d/f", b"x"), mode="w:xz"), tar(("d/f", b"x"), mode="w:bz2")]
        if shutil.which("zstd"):
            packed.append(subprocess.run(["zstd", "-c"], input=plain, capture_output=True, check=True).stdout)
        with self.locked() as s:
            for i, data in enumerate(packed):
                wanted = product(source("f", data, self.server.url("f%d" % i, data), unpack="prefix", strip=1), at="/apps/%d" % i)
                self.assertEqual((self.make(s, wanted) / "f").read_bytes(), b"x")

    def test_what_may_not_be_in_an_archive(self):
        bad = [tar(("/etc/x", b"x")), tar(("a/../../x", b"x")), tar(("..", b"x")), tar(("a", b"x"), ("b/..", b"x")),
               tar(("dev", dict(type=tarfile.CHRTYPE, devmajor=1, devminor=3))), tar(("fifo", dict(type=tarfile.FIFOTYPE))),
               tar(("a", hardlink("/etc/passwd"))), tar(("a", hardlink("../../etc/passwd"))), tar(("a", symlink("/etc/passwd"))),
               tar(("a", symlink(".."))), tar(("d/a", symlink("../../x"))), tar(("d/a", symlink("b/../../../x"))),
               tar(("a \" -> b\n/x", b"x"), ("../x", b"x"))]
        with self.locked() as s:
            for i, data in enumerate(bad):
                wanted = product(source("bad", data, self.server.url("bad%d" % i, data), unpack="prefix"))
                self.check_fails(s, wanted, "bad has a member that may not be in one: ")
            for i, data in enumerate((b"no archive", b"\x1f\x8bno archive", tar())):
                wanted = product(source("bad", data, self.server.url("none%d" % i, data), unpack="prefix"))
                self.check_fails(s, wanted, "bad")
            # What stays in it as it is leads out where a directory is dropped.
            data = tar(("d/a", symlink("../x")), ("x", b"x"))
            at = self.server.url("strip", data)
            self.check_fails(s, product(source("bad", data, at, unpack="prefix", strip=1)), 'd/a\\" -> \\"../x'.replace("\\", ""))
            self.make(s, product(source("good", data, at, unpack="prefix")))
        self.assertFalse(os.path.exists("/etc/x"))

    def test_made_by_a_script(self):
        patch = b"--- patch"
        script = ("echo begins; pwd; test \"$(id -u)\" = %d; test -f app-1/bin/tool; grep -q patch \"$SOURCES/fix.patch\"\n"
                  "test \"$PWD\" = \"$BUILD\" -a \"$HOME\" = \"$BUILD\" -a \"$JOBS\" -ge 1\n"
                  "mkdir -m 0700 \"$PREFIX/bin\"; cp app-1/bin/tool \"$PREFIX/bin\"; echo \"$PREFIX\" >\"$PREFIX/where\"\n" % UID)
        wanted = product(source("app.tar", APP, self.server.url("app", APP), unpack="build"),
                         source("fix.patch", patch, self.server.url("patch", patch)), script=script)
        with self.locked() as s:
            link = self.make(s, wanted)
            self.check_settled(s, wanted)
        self.assertEqual((link / "where").read_text(), "%s%s\n" % (self.root, wanted["path"]))
        self.assertEqual((link / "bin").stat().st_mode & 0o777, 0o755)
        log = self.root / "var/log/reeve/products" / ("tool.1.0-x86_64-%s.log" % digest(b"one")[:12])
        self.assertIn("begins\n", log.read_text())
        self.assertFalse((self.spool("work")).exists())

    def test_a_script_behind_another_program(self):
        fake = self.root / "bin/inajob"
        fake.write_text("#!/bin/sh\necho in a job: \"$1\"; shift; exec env -i PATH=\"$PATH\" \"$@\"\n")
        fake.chmod(0o755)
        with self.locked() as s:
            link = self.make(s, product(script="env >\"$PREFIX/env\"", run=["inajob", "-p debug"]))
        self.assertIn("PREFIX=%s/apps" % self.root, (link / "env").read_text())
        logs = list((self.root / "var/log/reeve/products").iterdir())
        self.assertEqual(logs[0].read_text(), "in a job: -p debug\n")

    def test_a_script_that_fails_half_way(self):
        script = "echo first >\"$PREFIX/f\"; seq 100; echo; echo 'cc: error: no such file' >&2; false; echo never"
        with self.locked() as s:
            self.check_fails(s, product(script=script), "the script ended with status 1; its log is /var/log/reeve/products/tool.1.0-",
                             ": 96; 97; 98; 99; 100; cc: error: no such file")
            self.check_fails(s, product(script="kill -9 $$"), "killed by signal 9")
            self.check_fails(s, product(script="echo waiting; sleep 60", timeout=1), "took longer than 1 s", "waiting")
            self.check_fails(s, product(script="true"), "nothing was put into /apps/tool/.1.0-x86_64-")
            self.check_fails(s, product(script="true", run=["nosuchprogram"]), "the script ended with status 127")
        self.assertEqual(self.leftovers(), [])
        self.assertEqual(os.listdir(self.spool("work").parent), [])

    def test_the_next_build_takes_its_place_and_the_old_one_stays(self):
        one, two = product(script="echo 1 >$PREFIX/f"), product(script="echo 2 >$PREFIX/f", made_of=b"two")
        with self.locked() as s:
            link = self.make(s, one)
            self.assertEqual(s.probe(two)[0]["state"], "differs")
            self.assertIn("another build of it is in use: ../.1.0-x86_64-", s.probe(two)[0]["why"])
            self.make(s, two)
            self.assertEqual((link / "f").read_text(), "2\n")
            self.assertEqual((self.root / one["path"][1:] / "f").read_text(), "1\n")
            self.make(s, one)  # back, and nothing is built
            self.assertEqual(s.events[-1]["what"], "changed the link")
            self.check_settled(s, one)
            (link / ".reeve-product").unlink()
            self.assertEqual(s.probe(one)[0]["why"], "was not finished")
            (link / "stray").write_text("x")
            self.make(s, one)
            self.assertFalse((link / "stray").exists())

    def test_gone(self):
        one, two = product(script="echo 1 >$PREFIX/f"), product(script="echo 2 >$PREFIX/f", made_of=b"two")
        with self.locked() as s:
            self.assertEqual(s.probe(gone(one))[0]["state"], "same")
            self.make(s, one), self.make(s, two)
            half = self.root / ("apps/tool/.1.0-x86_64-" + "a" * 12)
            other = self.root / ("apps/tool/.1.1-x86_64-" + "a" * 12)
            half.mkdir(), other.mkdir()
            os.chown(half, UID, UID)
            self.assertEqual(s.probe(gone(one))[0]["state"], "differs")
            self.make(s, gone(one))
            self.assertEqual(os.listdir(self.root / "apps/tool"), [other.name])
            self.check_settled(s, gone(one))
            other.rmdir()
            self.make(s, one), self.make(s, gone(one))
        self.assertEqual(os.listdir(self.root / "apps"), [])

    def test_what_is_in_the_way_is_not_touched(self):
        wanted = product(script="echo 1 >$PREFIX/f")
        theirs = self.root / wanted["link"][1:]
        theirs.mkdir(parents=True)
        (theirs / "f").write_text("theirs")
        with self.locked() as s:
            self.assertEqual(s.probe(wanted)[0]["state"], "error")
            self.assertIn("is a directory, and was not made by reeve", s.probe(wanted)[0]["why"])
            self.assertEqual(s.apply(wanted)["failed"], 1)
        self.assertEqual((theirs / "f").read_text(), "theirs")

    def test_an_account_that_cannot_do_it(self):
        wanted = product(script="echo 1 >$PREFIX/f")
        with self.locked() as s:
            self.check_fails(s, {**wanted, "user": "nobody-here"}, "the user nobody-here does not exist")
            with open(self.root / "etc/passwd", "a") as f:
                f.write("toor:x:0:0::/:/bin/sh\n")
            self.check_fails(s, {**wanted, "user": "toor"}, "the user toor is root")
            os.chown(self.root / "apps", 0, 0)
            self.check_fails(s, wanted, "mkdir", "Permission denied")
            self.check_fails(s, {**wanted, "user": "nobody-here"}, "does not exist")

    def test_nothing_of_a_script_outlives_it(self):
        gate, stray = self.stray("TERM")
        with self.locked() as s:
            self.make(s, product(script=stray + "until [ -e here ]; do sleep 0.1; done; echo 1 >$PREFIX/f"))
            self.assertEqual((self.read_gate(gate), self.read_gate(gate)), (b"x\n", b""))
        os.close(gate)

    def test_nothing_of_a_script_outlives_an_agent_that_is_killed(self):
        for epoch, deaf in enumerate(("", "TERM"), 1):
            with self.subTest(deaf=deaf):
                gate, stray = self.stray(deaf)
                s = self.locked(epoch)
                s.ask_only("apply", epoch=epoch, resources=[product(script=stray + "sleep 10000")])
                self.assertEqual(self.read_gate(gate), b"x\n")
                s.process.kill()
                self.assertEqual(self.read_gate(gate), b"")
                s.close()
                os.close(gate)

    def test_a_script_is_asked_before_it_is_killed(self):
        gate, _ = self.stray("")
        asked = "exec >/dev/null 2>&1; trap 'echo asked >>%s/gate; exit 1' TERM; exec 3>%s/gate; echo x >&3\nwhile :; do sleep 0.1 || :; done" % (self.root, self.root)
        s = self.locked()
        s.ask_only("apply", epoch=1, resources=[product(script=asked)])
        self.assertEqual(self.read_gate(gate), b"x\n")
        s.process.kill()
        self.assertEqual(self.read_gate(gate), b"asked\n")
        s.close()
        os.close(gate)

    def test_it_is_told_how_far_it_is(self):
        with self.locked() as s:
            self.make(s, product(script="echo one; echo two; sleep 4; echo 1 >$PREFIX/f"))
            told = [e["progress"] for e in s.events if "progress" in e]
        self.assertRegex(told[0], "^building for [0-9]+ s: two$")


class Independent(Base):
    def test_one_that_fails_is_in_nobodys_way_and_nothing_else_goes_on(self):
        bad, good = product(script="false", at="/apps/bad", alone=True), product(script="echo 1 >$PREFIX/f", alone=True)
        behind = dict(id="link:/x", type="link", stage="services", path="/x", target="/y")
        with self.locked() as s:
            self.assertEqual(s.apply(bad, good, behind), {"changed": 2, "failed": 1})
            self.assertEqual(s.results(), {bad["id"]: "failed", good["id"]: "changed", "link:/x": "changed"})
            del bad["alone"]
            behind["path"], behind["id"] = "/z", "link:/z"
            self.assertEqual(s.apply(bad, behind), {"changed": 0, "failed": 1})
            self.assertEqual(s.results(), {bad["id"]: "failed", "link:/z": "blocked"})


class Tidied(Base):
    def wanted(self, *keep, products=()):
        return dict(id="spool:slurm", type="spool", stage="prepare", user="slurm", keep=[digest(k) for k in keep],
                    products=[p["path"] for p in products])

    def made(self, s, text):
        data = text.encode()
        one = product(source(text, data, self.server.url(text, data)), script="cat $SOURCES/* >$PREFIX/f", made_of=data, at="/apps/" + text)
        self.make(s, one)
        return one

    def test_what_nothing_is_made_of_goes_and_nothing_else(self):
        common = self.root / "var/spool/reeve"
        logs = self.root / "var/log/reeve/products"
        with self.locked() as s:
            self.check_settled(s, self.wanted())
            old, new = self.made(s, "old"), self.made(s, "new")
            self.spool("0" * 64 + ".part").write_text("half")
            for name in ("1" * 64, "1" * 64 + ".deb", digest(b"new") + ".deb", digest(b"new") + ".part", "notes", "2" * 63):
                (common / name).write_text("x")
            (logs / "notes.log").write_text("x")
            (self.spool("work") / "build").mkdir(parents=True)
            for path in (self.spool("work"), self.spool("work") / "build"):
                os.chown(path, UID, UID)
            wanted = self.wanted(b"new", products=[new])
            self.assertEqual(s.probe(wanted)[0], {"id": "spool:slurm", "state": "differs",
                                                  "why": "nothing is made any more of 6 files, 1 MB"})
            self.assertEqual(s.apply(wanted), {"changed": 1, "failed": 0}, s.events)
            self.assertEqual(s.events[-1]["what"], "removed 6 files, 1 MB")
            self.check_settled(s, wanted)
            self.check_settled(s, new)
            self.check_settled(s, old)  # what was made of it stays
        self.assertEqual(os.listdir(self.spool("x").parent), [digest(b"new")])
        self.assertEqual(set(os.listdir(common)), {"slurm", digest(b"new") + ".deb", digest(b"new") + ".part", "notes", "2" * 63})
        self.assertEqual(set(os.listdir(logs)), {"notes.log", "new.1.0-x86_64-%s.log" % digest(b"new")[:12]})

    def test_it_follows_nobody(self):
        elsewhere = self.root / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / ("1" * 64)).write_text("x")
        with self.locked() as s:
            self.made(s, "one")
            self.spool("3" * 64).symlink_to(elsewhere / ("1" * 64))
            (self.root / "var/spool/reeve" / ("4" * 64)).mkdir()
            self.assertEqual(s.apply(self.wanted(b"one")), {"changed": 1, "failed": 0}, s.events)
            shutil.rmtree(self.spool("x").parent)
            self.spool("x").parent.symlink_to(elsewhere)
            self.assertEqual(s.probe(self.wanted())[0]["state"], "error")
        self.assertEqual(os.listdir(elsewhere), ["1" * 64])


class Sources(Base):
    DATA = bytes(range(256)) * 4000

    def of(self, *urls, **more):
        return product(source("data-1.0.bin", self.DATA, *urls, **more), script="cp $SOURCES/* $PREFIX")

    def test_is_fetched_once(self):
        wanted = self.of(self.server.url("data", self.DATA))
        with self.locked() as s:
            self.check_fails(s, {**wanted, "script": "echo no; false"}, "no")
            self.assertEqual((self.make(s, wanted) / "data-1.0.bin").read_bytes(), self.DATA)
        self.assertEqual(len(self.server.asked), 1)
        self.assertEqual((self.spool(self.DATA).stat().st_uid, self.spool(self.DATA).parent.stat().st_mode & 0o777), (UID, 0o700))

    def test_what_lies_there_and_is_wrong_is_fetched_again(self):
        wanted = self.of(self.server.url("data", self.DATA))
        with self.locked() as s:
            self.check_fails(s, {**wanted, "script": "false"}, "the script ended with status 1")
            self.spool(self.DATA).write_bytes(b"damaged")
            self.make(s, wanted)
        self.assertEqual(len(self.server.asked), 2)

    def test_from_a_dead_mirror_a_lying_one_and_then_a_good_one(self):
        dead, missing = "http://127.0.0.1:1/x", self.server.url("missing")
        lying = self.server.url("lying", self.DATA[::-1])
        with self.locked() as s:
            self.check_fails(s, self.of(dead, missing, lying), "data-1.0.bin could not be fetched: http://127.0.0.1:1/x: ",
                             "; %s: " % missing, "404", "%s: its SHA-256 is %s, not %s" % (lying, digest(self.DATA[::-1]), digest(self.DATA)))
            self.assertEqual(os.listdir(self.spool(self.DATA).parent), [])
            self.make(s, self.of(dead, missing, lying, self.server.url("data", self.DATA)))

    def test_a_mirror_that_sends_more_than_there_is(self):
        more = self.server.url("more", self.DATA * 100)
        with self.locked() as s:
            self.check_fails(s, self.of(more), "could not be fetched")
            self.make(s, self.of(more, self.server.url("data", self.DATA)))

    def test_goes_on_where_it_was_cut_off(self):
        url = self.server.url("data", self.DATA)
        self.server.cuts["/data"] = 400000
        with self.locked() as s:
            self.make(s, self.of(url))
        self.assertEqual([r for _, r in self.server.asked], [None, "bytes=400000-", "bytes=800000-"])

    def test_goes_on_in_the_next_run(self):
        url = self.server.url("data", self.DATA)
        part = self.spool(digest(self.DATA) + ".part")
        with self.locked() as s:
            self.check_fails(s, self.of(), "it has no URL, and the operator's side did not send it")
            part.write_bytes(self.DATA[:5000])
            os.chown(part, UID, UID)
            self.make(s, self.of(url, size=0))
        self.assertEqual([r for _, r in self.server.asked], ["bytes=5000-"])

    def test_a_beginning_of_something_else_does_no_harm(self):
        url = self.server.url("data", self.DATA)
        part = self.spool(digest(self.DATA) + ".part")
        with self.locked() as s:
            for size, ranges, length in ((None, True, 5000), (0, True, 5000000), (0, True, len(self.DATA)), (None, False, 5000)):
                self.server.ranges = ranges
                part.parent.mkdir(parents=True, exist_ok=True)
                os.chown(part.parent, UID, UID)
                part.write_bytes(b"x" * length)
                os.chown(part, UID, UID)
                wanted = self.of(url, size=size)
                self.make(s, wanted), self.make(s, gone(wanted))
                self.spool(self.DATA).unlink()

    def test_that_came_whole_and_was_cut_off_behind_that(self):
        part = self.spool(digest(self.DATA) + ".part")
        part.parent.mkdir(parents=True)
        part.write_bytes(self.DATA)
        for path in (part, part.parent):
            os.chown(path, UID, UID)
        with self.locked() as s:
            self.make(s, self.of())

    def test_what_curl_says_is_told(self):
        with self.locked() as s:
            fake = self.root / "bin/curl"
            fake.write_text("#!/bin/sh\necho 'curl: (23) Failure writing output to destination' >&2; exit 23\n")
            fake.chmod(0o755)
            self.check_fails(s, self.of("http://a/b", "http://c/d"), "http://a/b: Failure writing output to destination; http://c/d: ")

    def test_how_far_it_is(self):
        url = self.server.url("data", self.DATA)
        curl = self.root / "bin/curl"
        curl.write_text("#!/bin/sh\nprintf 'HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n'\n" % len(self.DATA) +
                        "while [ $# -gt 1 ]; do [ \"$1\" != --output ] || part=$2; shift; done\n"
                        "head -c 512000 \"%s\" >\"$part\"; sleep 4; cat \"%s\" >\"$part\"\n" % (self.root / "whole", self.root / "whole"))
        curl.chmod(0o755)
        (self.root / "whole").write_bytes(self.DATA)
        with self.locked() as s:
            self.make(s, self.of(url, size=0))
            told = [e["progress"] for e in s.events if "progress" in e]
        self.assertRegex(told[0], "^data-1.0.bin: 512 of 1024 kB, [0-9]+ s left$")

    def test_proxies_of_the_host(self):
        (self.root / "etc/environment").write_text("PATH=/x\nhttp_proxy=\"http://127.0.0.1:%d\"\n" % self.server.server_address[1])
        self.server.files["http://far.away/data"] = self.DATA
        with self.locked() as s:
            self.make(s, self.of("http://far.away/data"))

    def store(self, s, data, size=None, offset=0, piece=None, hex=None):
        more = {}
        if piece is not None:
            s.send(blob(piece))
            more["piece"] = digest(piece)
        return s.ask("store", digest=hex or digest(data), size=len(data) if size is None else size, offset=offset, **more)["have"]

    def test_from_the_operator_s_side_in_pieces(self):
        top = self.root / "var/spool/reeve"
        with self.locked() as s:
            self.assertEqual(self.store(s, self.DATA), 0)
            self.assertEqual(self.store(s, self.DATA, piece=self.DATA[:600000]), 600000)
        with self.locked(2) as s:  # cut off, and on
            self.assertEqual(self.store(s, self.DATA), 600000)
            self.assertEqual(self.store(s, self.DATA, offset=600000, piece=self.DATA[600000:]), len(self.DATA))
            self.assertEqual(self.store(s, self.DATA), len(self.DATA))
            self.assertEqual((top / digest(self.DATA)).read_bytes(), self.DATA)
            self.assertEqual(s.apply(self.of(), epoch=2), {"changed": 1, "failed": 0}, s.events)
            self.assertEqual(self.store(s, b""), 0)
            self.assertEqual((top / digest(b"")).read_bytes(), b"")
        self.assertEqual((top / digest(self.DATA)).stat().st_mode & 0o777, 0o644)

    def test_pieces_that_cannot_be(self):
        top, piece = self.root / "var/spool/reeve", self.DATA[:1000]
        with self.session() as s:
            with self.assertRaisesRegex(Refused, "refused: store without this host's lock"):
                self.store(s, self.DATA)
            s.lock()
            for wrong in (dict(offset=1), dict(offset=len(self.DATA) + 1), dict(offset=-1), dict(size=999), dict(size=-1),
                          dict(size=2 ** 41), dict(hex="a" * 63), dict(hex="A" * 64), dict(hex="../x")):
                with self.assertRaisesRegex(Refused, "protocol: store: ", msg=str(wrong)):
                    self.store(s, self.DATA, **{**dict(piece=piece), **wrong})
            with self.assertRaisesRegex(Refused, "protocol: store: invalid"):
                self.store(s, b"x" * (8 << 20) + b"y", piece=b"x" * (8 << 20) + b"y")
            with self.assertRaisesRegex(Refused, "missing: the piece did not come"):
                s.ask("store", digest=digest(b"x"), size=1, offset=0, piece=digest(b"y"))
            self.assertEqual(self.store(s, self.DATA, piece=piece), 1000)
            with self.assertRaisesRegex(Refused, "protocol: store: byte 999, where 1000 are here"):
                self.store(s, self.DATA, offset=999, piece=piece)
            with self.assertRaisesRegex(Refused, "missing"):  # it left memory
                s.ask("store", digest=digest(self.DATA), size=len(self.DATA), offset=1000, piece=digest(piece))
            with self.assertRaisesRegex(Refused, "protocol: store: the content is %s, not %s" % (digest(piece * 2), digest(self.DATA))):
                self.store(s, self.DATA, size=2000, offset=1000, piece=piece)
            self.assertEqual(os.listdir(top), [])
            # What came of another size is no beginning of this.
            self.assertEqual(self.store(s, self.DATA, piece=piece), 1000)
            self.assertEqual(self.store(s, self.DATA, size=999), 0)
            # As long as it should be, and something else: begun again.
            self.assertEqual(self.store(s, self.DATA, piece=piece), 1000)
            self.assertEqual(self.store(s, self.DATA, size=1000), 0)
        self.assertFalse(os.path.exists("/var/spool/reeve/" + digest(piece)))

    def test_a_link_in_the_spool_is_not_followed(self):
        top = self.root / "var/spool/reeve"
        top.mkdir(parents=True)
        (self.root / "etc/victim").write_bytes(b"victim")
        (top / (digest(self.DATA) + ".part")).symlink_to("../../../etc/victim")
        (top / digest(self.DATA)).symlink_to("../../../etc/victim")
        with self.locked() as s:
            with self.assertRaises(Refused):
                self.store(s, self.DATA, piece=self.DATA)
            self.check_fails(s, self.of(), "could not be fetched")
        self.assertEqual((self.root / "etc/victim").read_bytes(), b"victim")

    def test_a_full_disk(self):
        spool = self.root / "var/spool/reeve"
        spool.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k,mode=755", "reeve-test", spool], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", spool], check=True)
        url = self.server.url("data", self.DATA)
        with self.locked() as s:
            self.check_fails(s, self.of(url), "the disk is full: data-1.0.bin needs 2 MB in /var/spool/reeve/slurm, where 0 MB")
            self.check_fails(s, self.of(url, size=0), "the disk is full: data-1.0.bin needs")
            subprocess.run(["mount", "-o", "remount,size=16m", spool], check=True)
            self.make(s, self.of(url, size=0))


class Debs(Base):
    """Packages that are files: fetched as sources are, and installed with the others."""

    def deb(self, name, version, text=None):
        data = (text or "%s %s" % (name, version)).encode()
        file = source(name + ".deb", data, self.server.url(name + ".deb", data))
        return dict(name=name, version=version, deb=file)

    def wanted(self, *items):
        return dict(id="packages:software", type="packages", stage="prepare", packages=list(items))

    def test_installed_in_the_same_transaction_and_held(self):
        wanted = self.wanted(dict(name="munge"), self.deb("code", "1.0-1"))
        with self.locked() as s:
            self.assertEqual(s.probe(wanted)[0]["why"], "not installed: munge, code")
            self.assertEqual(s.apply(wanted), {"changed": 1, "failed": 0}, s.events)
            self.assertEqual(s.events[-1]["what"], "installed munge, code=1.0-1, held code")
            self.check_settled(s, wanted)
            newer = self.wanted(dict(name="munge"), self.deb("code", "1.0-2"))
            self.assertEqual(s.probe(newer)[0]["why"], "code is 1.0-1, not 1.0-2")
            self.assertEqual(s.apply(newer), {"changed": 1, "failed": 0}, s.events)
            self.check_settled(s, newer)
        installs = [c for c in self.calls() if c.startswith("apt-get") and " install " in c]
        self.assertEqual(len(installs), 2)
        self.assertRegex(installs[0], "--allow-downgrades install -- munge %s/var/spool/reeve/[0-9a-f]{64}.deb$" % self.root)
        self.assertEqual(len(self.server.asked), 2)
        self.assertEqual({p.lstat().st_uid for p in (self.root / "var/spool/reeve").iterdir()}, {0})

    def test_a_file_that_is_another_package_changes_nothing(self):
        with self.locked() as s:
            for text, why in (("code 1.1-1", "code.deb is code 1.1-1, not code 1.0-1"), ("edoc 1.0-1", "code.deb is edoc 1.0-1, not"),
                              ("junk", "code.deb: dpkg-deb ended with status 1: dpkg-deb: error: '")):
                self.assertEqual(s.apply(self.wanted(dict(name="munge"), self.deb("code", "1.0-1", text))), {"changed": 0, "failed": 1})
                self.assertIn(why, s.events[-1]["what"])
            lost = self.deb("code", "1.0-1")
            self.server.files.clear()
            self.assertEqual(s.apply(self.wanted(lost))["failed"], 1)
            self.assertIn("code.deb could not be fetched: http://", s.events[-1]["what"])
        self.assertFalse([c for c in self.calls() if c.startswith("apt-get")])


class Killed(Base):
    """At every step: what the link leads to is whole, and the next apply completes it."""

    def wanted(self, made_of):
        data = tar(("f", made_of))
        return product(source("f", data, self.server.url(made_of.decode(), data), unpack="prefix"), made_of=made_of, script="echo 1 >$PREFIX/done")

    def run_once(self, epoch, wanted, **arguments):
        s = self.session(**arguments)
        try:
            s.lock(epoch)
            done = s.apply(wanted, epoch=epoch)
            self.assertEqual(done["failed"], 0, s.events)
            s.ask("bye")
            return done["changed"]
        except Gone:
            return None
        finally:
            s.process.wait(20)
            s.close()

    def test_every_step(self):
        old, new = self.wanted(b"old"), self.wanted(b"new")
        link = self.root / old["link"][1:]
        for step in range(1, STEPS):
            shutil.rmtree(self.root)
            self.furnish(self.root)
            self.run_once(1, old)
            first = self.run_once(2, new, env={"REEVE_FAILPOINT": str(step)})
            self.assertIn((link / "f").read_bytes(), (b"old", b"new"))
            self.assertEqual((link / "done").read_text(), "1\n", step)
            if first is not None:
                break
            asked = len(self.server.asked)
            self.run_once(3, new)
            self.assertLessEqual(len(self.server.asked), asked + 1, step)
            self.assertEqual(self.run_once(4, new), 0, step)
            self.assertEqual((link / "f").read_bytes(), b"new")
            self.assertEqual(self.leftovers(), [], step)
            self.assertEqual(os.listdir(self.spool("work").parent).count("work"), 0)
        self.assertGreater(step, 20, "the failpoints are not built in")
        self.assertLess(step, STEPS - 1)

    def test_children_end_when_the_operator_is_gone(self):
        gate, stray = self.stray("TERM")
        s = self.locked()
        s.ask_only("apply", epoch=1, resources=[product(script=stray + "exec sleep 600")])
        self.assertEqual(self.read_gate(gate), b"x\n")
        s.close()
        self.assertEqual(self.read_gate(gate), b"")
        os.close(gate)
        with self.locked(2) as s:
            self.assertEqual(s.apply(product(script="echo 1 >$PREFIX/f"), epoch=2)["changed"], 1, s.events)


if __name__ == "__main__":
    unittest.main()
