"""A scratch root for the agent ($REEVE_ROOT): a small /etc, and programs in its /bin that stand in for systemd and apt."""
import hashlib
import os
import pathlib
import shutil
import tempfile
import unittest

from harness import Session

FAKE = '''#!/usr/bin/python3
"""systemctl, journalctl, apt-get, apt-mark, dpkg, groupadd and useradd of a scratch root. What was called is in /calls."""
import json, os, pathlib, re, sys, time
root = pathlib.Path(os.environ["REEVE_ROOT"])
name, args = os.path.basename(sys.argv[0]), sys.argv[1:]
with open(root / "calls", "a") as f:
    f.write(" ".join([name, *args]) + "\\n")
status = root / "var/lib/dpkg/status"

def option(key):
    return next((args[i + 1].split("=", 1)[1] for i in range(len(args) - 1)
                 if args[i] == "-o" and args[i + 1].startswith(key + "=")), None)

def load(unit):
    path = root / "units" / unit
    if path.exists():
        return json.loads(path.read_text())
    file = root / "etc/systemd/system" / unit
    return dict(active="inactive", file="disabled", reload="no", pid=0, start=0) if file.exists() else None

def save(unit, state):
    (root / "units" / unit).write_text(json.dumps(state))

def now():
    return int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6)

mountinfo = root / "proc/self/mountinfo"

def mounts(unit, verb):
    """A mount or an automount, started or stopped: the kernel's list says so."""
    file = root / "etc/systemd/system" / unit
    keys = dict(l.split("=", 1) for l in file.read_text().splitlines() if "=" in l) if file.exists() else {}
    where = keys.get("Where", "").replace("%%", "%").replace(" ", "\\040")
    lines = mountinfo.read_text().splitlines()
    ours = [l for l in lines if l.split()[4] == where and (" - autofs " in l) == unit.endswith(".automount")]
    if verb == "stop":
        if ours and (root / "busy").exists():
            sys.exit("Job for %s failed." % unit)
        lines = [l for l in lines if l not in ours]
    elif verb in ("start", "reload"):
        if (root / "dead").exists():
            sys.exit("Job for %s timed out." % unit)
        if verb == "start" and not (root / "lies").exists():
            kind = "autofs systemd-1" if unit.endswith(".automount") else \
                keys["Type"].replace("nfs", "nfs4") + " " + keys["What"].replace("%%", "%")
            lines.append("40 1 0:50 / %s rw shared:1 - %s rw" % (where, kind))
    mountinfo.write_text("\\n".join(lines) + "\\n")

def systemctl():
    verb, units = args[0], [a for a in args[1:] if not a.startswith("-")]
    if verb == "daemon-reload":
        for path in (root / "units").iterdir():
            state = load(path.name)
            save(path.name, {**state, "reload": "no"})
    if verb == "show":
        blocks = []
        for unit in units:
            u = load(unit)
            blocks.append("LoadState=not-found\\nActiveState=inactive\\nSubState=dead\\nUnitFileState=\\n" if not u else
                "LoadState=%s\\nActiveState=%s\\nSubState=x\\nUnitFileState=%s\\nResult=%s\\nNeedDaemonReload=%s\\nMainPID=%d\\n"
                "ExecMainStartTimestampMonotonic=%d\\nActiveEnterTimestampMonotonic=%d\\nStateChangeTimestampMonotonic=%d\\n"
                "CanReload=%s\\nReloadResult=%s\\n" % (
                "masked" if u["file"] == "masked" else "loaded", u["active"], u["file"], u.get("result", "success"),
                u["reload"], u["pid"], u["start"], u["start"], max(u["start"], u.get("reloaded", 0)),
                "yes" if u.get("reloads") else "no", u.get("reloading", "success")))
        return print("\\n".join(blocks), end="")
    for unit in units:
        u = load(unit)
        if u is None:
            sys.exit("Unit %s not found." % unit)
        if unit.endswith("mount"):
            mounts(unit, verb)
        if verb in ("start", "restart"):
            if u.get("refuses"):
                sys.exit("Job for %s failed." % unit)
            u.update(active="failed" if u.get("dies") else "active", pid=os.getpid(), start=now(),
                     result="exit-code" if u.get("dies") else "success", reloading="success")
        if verb == "reload" and u.get("reloads"):  # what fails comes back to its old state, which is a change, too
            u.update(reloaded=now(), reloading="exit-code" if u.get("refuses") else "success")
            save(unit, u)
            if u.get("refuses"):
                sys.exit("Job for %s failed." % unit)
        if verb == "reset-failed":
            u["reloading"] = "success"
        if verb == "stop":
            u.update(active="inactive", pid=0)
        if verb in ("enable", "disable"):
            with open(root / "sysv", "a") as f:
                f.write("%s %s\\n" % (verb, "skipped" if os.environ.get("SYSTEMCTL_SKIP_SYSV") == "1" else "in line"))
        if verb in ("enable", "disable", "mask"):
            u["file"] = verb + ("ed" if verb == "mask" else "d")
        if verb == "unmask":
            u["file"] = "disabled"
        save(unit, u)

def packages():
    text = status.read_text() if status.exists() else ""
    return dict((re.search("^Package: (.*)$", p, re.M)[1], p) for p in text.split("\\n\\n") if p.strip())

def write(all):
    status.write_text("".join(p.strip("\\n") + "\\n\\n" for p in all.values()))

def apt_get():
    behaviour = root / "apt"
    mode = behaviour.read_text() if behaviour.exists() else ""
    if "update" in args:
        return behaviour.exists() and behaviour.unlink()
    if mode == "stale":
        sys.exit("E: Unable to locate package " + args[-1])
    if mode.startswith("lacks ") and mode.split()[1] in args:
        sys.exit("E: Version of package %s is not there" % mode.split()[1])
    if mode == "full":
        sys.exit("dpkg: error processing: No space left on device")
    if mode == "script":
        sys.exit("W: old news\\nadduser: The UID 64030 is already in use.\\ndpkg: error processing archive /x.deb (--unpack):\\n"
                 " new x package pre-installation script subprocess returned error exit status 1\\n"
                 "E: Sub-process /usr/bin/dpkg returned an error code (1)")
    if "-f" in args:
        (root / "stuck").unlink()
        return dpkg()
    os.environ["PATH"] = option("DPkg::Path")
    os.system("deb-systemd-invoke start x.service; invoke-rc.d x start")
    if mode == "slow":
        open(root / "started", "w").close()
        time.sleep(1.5)
    have = packages()
    for word in args[args.index("--") + 1:]:
        if word.endswith(".deb"):
            package, version = pathlib.Path(word).read_text().split()
        else:
            package, _, version = word.partition("=")
        have[package] = "Package: %s\\nStatus: install ok installed\\nVersion: %s" % (package, version or "1.0")
    write(have)

def dpkg_deb():
    words = pathlib.Path(args[-1]).read_text().split()
    if len(words) != 2:
        sys.exit("dpkg-deb: error: '%s' is not a Debian format archive" % args[-1])
    print(*words, end="")

def apt_mark():
    have = packages()
    for package in args[1:]:
        have[package] = have[package].replace("install ok", "hold ok")
    write(have)

def dpkg():
    if (root / "stuck").exists():
        sys.exit("dpkg: error processing package b (--configure):\\n dependency problems - leaving unconfigured")
    for path in (root / "var/lib/dpkg/updates").iterdir():
        path.unlink()
    write({k: re.sub("half-configured|unpacked", "installed", p) for k, p in packages().items()})

def account(path, line):
    with open(root / path, "a") as f:
        f.write(line)

def value(key, default):
    return args[args.index(key) + 1] if key in args else default

def changed(path, name, change):
    lines = [l.split(":") for l in (root / path).read_text().splitlines()]
    for fields in lines:
        if fields[0] == name:
            change(fields)
    (root / path).write_text("".join(":".join(l) + "\\n" for l in lines))

def usermod():
    name = args[-1]
    def secure(fields):
        if "--lock" in args:
            fields[1] = "!" + fields[1]
        if "--unlock" in args:
            fields[1] = fields[1].lstrip("!")
        fields[7] = value("--expiredate", fields[7])
    changed("etc/shadow", name, secure)
    if "--shell" in args:
        changed("etc/passwd", name, lambda fields: fields.__setitem__(6, value("--shell", "")))
    if "--groups" in args:
        wanted = [g for g in value("--groups", "").split(",") if g]
        for group in [l.split(":")[0] for l in (root / "etc/group").read_text().splitlines()]:
            def membership(fields):
                members = [m for m in fields[3].split(",") if m and m != name]
                fields[3] = ",".join(members + [name] * (group in wanted))
            changed("etc/group", group, membership)

def chpasswd():
    for line in sys.stdin:
        name, hash = line.strip().split(":")
        changed("etc/shadow", name, lambda fields: fields.__setitem__(1, hash))

def groupadd():
    account("etc/group", "%s:x:%s:\\n" % (args[-1], value("--gid", "900")))

def useradd():
    gid = next(l.split(":")[2] for l in (root / "etc/group").read_text().splitlines() if l.startswith(value("--gid", "root") + ":"))
    account("etc/shadow", "%s:!:20000:0:99999:7:::\\n" % args[-1])
    account("etc/passwd", "%s:x:%s:%s::%s:%s\\n" % (args[-1], value("--uid", "900"), gid, value("--home-dir", "/"), value("--shell", "/bin/sh")))

def journalctl():
    print("first line\\nfatal: \\x1b[31mthe port is in use")

globals()[name.replace("-", "_").replace("deb_systemd_invoke", "started").replace("invoke_rc.d", "started")]() if name in (
    "systemctl", "journalctl", "apt-get", "apt-mark", "dpkg", "dpkg-deb", "groupadd", "useradd", "usermod", "chpasswd") else None
'''

NAMES = ("systemctl", "journalctl", "apt-get", "apt-mark", "dpkg", "dpkg-deb", "groupadd", "useradd", "usermod", "chpasswd", "deb-systemd-invoke", "invoke-rc.d")


def digest(data):
    return hashlib.sha256(data).hexdigest()


def file(path, data, owner="root", group="root", mode="0644"):
    return dict(id="file:" + path, type="file", stage="prepare", path=path, owner=owner, group=group, mode=mode,
                digest=digest(data), size=len(data))


def secret(path, name, fingerprint, salt, mode="0400"):
    return dict(id="file:" + path, type="file", stage="auth", path=path, owner="root", group="root", mode=mode,
                secret=name, fingerprint=fingerprint, salt=salt)


def directory(path, owner="root", group="root", mode="0755"):
    return dict(id="directory:" + path, type="directory", stage="prepare", path=path, owner=owner, group=group, mode=mode)


def link(path, target):
    return dict(id="link:" + path, type="link", stage="prepare", path=path, target=target)


def absent(path):
    return dict(id="absent:" + path, type="absent", stage="prepare", path=path)


def service(unit, enabled=True, running=True, restart=False, inputs=(), **more):
    return dict(id="service:" + unit, type="service", stage="activate", unit=unit, enabled=enabled, running=running,
                restart=restart, inputs=list(inputs), **more)


def block(path, text):
    return dict(id="block:" + path, type="block", stage="prepare", path=path, text=text)


def packages(*names, module="core"):
    items = [dict(zip(("name", "version"), n.split("="))) for n in names]
    return dict(id="packages:" + module, type="packages", stage="prepare", packages=items)


def group(name, gid=-1):
    return dict(id="group:" + name, type="group", stage="prepare", name=name, gid=gid, system=True)


def user(name, uid=-1, group="root", **more):
    return {**dict(id="user:" + name, type="user", stage="prepare", name=name, group=group, home="/nonexistent",
                   shell="/usr/sbin/nologin", uid=uid, system=True, groups=[], not_groups=[]), **more}


def person(name, uid, group, **more):
    return {**user(name, uid, group), **dict(home="/home/" + name, shell="/bin/bash", system=False), **more}


def home(user, path=None, **more):
    path = path or "/home/" + user
    return dict(id="home:" + path, type="home", stage="prepare", path=path, user=user, **more)


def locked_user(name, uid):
    return dict(id="user:" + name, type="user", stage="prepare", name=name, uid=uid, locked=True)


def mount(where, source, fstype="nfs", timeout=5, **more):
    return dict(id="mount:" + where, type="mount", stage="prepare", where=where, source=source, fstype=fstype,
                timeout=timeout, **more)


def unmount(where):
    return dict(id="mount:" + where, type="mount", stage="prepare", where=where, gone=True)


class Case(unittest.TestCase):
    """A test with a scratch root of its own."""

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="reeve-test."))
        self.addCleanup(shutil.rmtree, self.root)
        self.furnish(self.root)

    def furnish(self, root):
        for path in ("etc/skel", "bin", "units", "proc/self", "var/lib/dpkg/updates"):
            (root / path).mkdir(parents=True, exist_ok=True)
        (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nslurm:x:64030:64030::/:/bin/false\n")
        (root / "etc/group").write_text("root:x:0:\nslurm:x:64030:\n")
        (root / "etc/shadow").write_text("root:*:20000:0:99999:7:::\nslurm:!:20000::::::\n")
        (root / "etc/skel/.profile").write_text("# shell\n")
        (root / "proc/self/mountinfo").write_text("22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n")
        (root / "var/lib/dpkg/status").write_text("")
        fake = root / "bin/fake"
        fake.write_text(FAKE)
        fake.chmod(0o755)
        for name in NAMES:
            (root / "bin" / name).symlink_to("fake")

    def session(self, **arguments):
        return Session(self.root, **arguments)

    def locked(self, epoch=1, **arguments):
        session = self.session(**arguments)
        session.lock(epoch)
        return session

    def shell(self, name):
        """A shell that the agent takes for another program."""
        path = self.root / "shells" / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.symlink_to("/bin/sh")
        return str(path)

    def unit(self, name, **state):
        import json
        full = dict(active="inactive", file="disabled", reload="no", pid=0, start=0)
        (self.root / "units" / name).write_text(json.dumps({**full, **state}))

    def calls(self):
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def states(self, observed):
        return {o["id"]: o["state"] for o in observed}

    def leftovers(self):
        """Temporary files that nobody will ever look for again."""
        return [str(p) for p in self.root.rglob("*reeve~*")]
