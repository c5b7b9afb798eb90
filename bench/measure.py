"""What bench/run measures with: programs, the lab of nine nodes, fake hosts, and the table."""
import hashlib
import json
import os
import pathlib
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = ("munge", "slurmd", "slurm-client", "logrotate", "libpmix2")
# What modules write, as bench/ansible/modules.yml has it; below the root.
FILES = ("etc/systemd/system/chrony.service.d", "etc/chrony/chrony.conf", "etc/lmod", "etc/profile.d/zz-reeve-lmod.sh", "etc/csh",
         "etc/fish", "etc/bash.bashrc", "usr/local/libexec", "etc/tmpfiles.d/reeve-scratch.conf", "etc/slurm/oci.conf")
QUESTIONS = ("dpkg-query -W munge slurmd slurm-client; sha256sum /etc/slurm/slurm.conf /etc/slurm/cgroup.conf; "
             "systemctl is-active munge slurmd")


def say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def run(*argv, **options):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit("bench: %s\nfailed with %d:\n%s%s" % (" ".join(map(str, argv)), done.returncode, done.stdout, done.stderr))
    return done.stdout


def timed(*argv, **options):
    """Its seconds, and what it printed."""
    start = time.monotonic()
    out = run(*argv, **options)
    return time.monotonic() - start, out


def together(commands):
    """Seconds until all of these, begun at once, have ended well."""
    start = time.monotonic()
    children = [subprocess.Popen([str(a) for a in c], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True) for c in commands]
    for command, child in zip(commands, children):
        errors = child.communicate()[1]
        if child.returncode:
            sys.exit("bench: %s\nfailed:\n%s" % (" ".join(map(str, command)), errors))
    return time.monotonic() - start


class Programs:
    def __init__(self, directory):
        self.reeve = directory / "src/cli/reeve"
        self.agent = directory / "src/agent/reeve-agent"
        self.fake_ssh = directory / "tests/fake-ssh/fake-ssh"
        self.catalogs = directory / "bench/catalogs"
        self.fake_host = directory / "bench/fake-host"


def build(directory):
    """The release build, static agent, in a directory of its own."""
    directory = directory or TOP / "build-bench"
    if not (directory / "build.ninja").exists():
        run("meson", "setup", directory, TOP, "--buildtype=release", "-Dstatic_agent=true")
    run("ninja", "-C", directory, "src/cli/reeve", "src/agent/reeve-agent", "tests/fake-ssh/fake-ssh", "bench/catalogs",
        "bench/fake-host")
    return Programs(directory.resolve())


def equal():
    """examples/goldentooth without the hosts that differ from the nine: what is made up for them, and what excludes them."""
    text = (TOP / "examples/goldentooth/cluster.yaml").read_text()
    text = re.sub(r"(?m)^  (karstark|lipps|velaryon|gpu|memory):.*\n|^  nodes:\n(    .*\n)*|^classes:.*\n(  .*\n)*\n", "", text)
    return text.replace(", karstark, lipps, velaryon]", "]").replace(', on: "class:pi8"', "").replace('"class:pi8"', "all")


def nine():
    """Of these core only, under a name and a network of its own."""
    text = re.sub(r"(?m)^  allyrion:.*\n|^(time|storage|users|lmod|software|modulefiles|mpi|scratch|containers):.*\n(  .*\n)*\n", "", equal())
    return text.replace("cluster: goldentooth", "cluster: bench").replace("10.4.0.", "10.78.0.") + "  binds: [/mnt/nfs]\n"


def whole():
    """With all modules, and the file server, likewise."""
    return equal().replace("cluster: goldentooth", "cluster: benchall").replace("10.4.0.", "10.78.1.")


FIFTY = """reeve: 1
cluster: bench50
hosts: { "m[01-50]": "10.78.50.[11-60]" }
controllers: [m01]
compute: all
partitions: { main: { nodes: all, default: true } }
slurm:
  ReturnToService: 2
"""


class Lab:
    """A cluster.yaml, and its nodes."""

    def __init__(self, programs, text):
        self.reeve = programs.reeve
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="reeve-bench."))
        self.file = self.directory / "cluster.yaml"
        self.text = text
        self.name = re.search("^cluster: (.*)$", text, re.M)[1]
        self.values = {"ReturnToService": 2}
        self.write()
        cache = os.environ.get("REEVE_CACHE", "/var/cache/reeve")
        self.config = "%s/labs/%s/ssh_config" % (cache, self.name)
        self.hosts = [h["name"] for h in self.status()] or self.up()

    def write(self):
        before = "  ReturnToService: 2"
        lines = self.text.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith(before))
        lines[at:at + 1] = ["  %s: %s" % kv for kv in self.values.items()]
        self.file.write_text("\n".join(lines) + "\n")

    def status(self):
        done = subprocess.run([self.reeve, "-f", self.file, "lab", "status", "--json"], capture_output=True, text=True)
        nodes = json.loads(done.stdout).get("nodes", []) if done.returncode == 0 else []
        return nodes if nodes and all(n.get("state", "up") == "up" for n in nodes) else []

    def up(self):
        say("lab up")
        run(self.reeve, "-f", self.file, "lab", "up")
        return [h["name"] for h in self.status()]

    def down(self):
        self.forget()
        run(self.reeve, "-f", self.file, "lab", "down")
        shutil.rmtree(self.directory)

    def renew(self):
        self.forget()
        run(self.reeve, "-f", self.file, "lab", "down")
        self.hosts = self.up()

    def ssh(self, host, *command, keep=False):
        control = ["-o", "ControlPath=%s/%%n" % self.directory, "-o", "ControlPersist=60", "-o", "ControlMaster=auto"]
        return ["ssh", "-F", self.config, "-T", "-o", "BatchMode=yes", *(control if keep else []), host, *command]

    def everywhere(self, *command, keep=False):
        return together([self.ssh(h, *command, keep=keep) for h in self.hosts])

    def work(self):
        """Seconds of processor time that the nodes and the programs started here have used so far."""
        nodes = [int(f.read_text()) / 1e9 for f in pathlib.Path("/sys/fs/cgroup").glob("cpuacct/reeve-lab/%s*/cpuacct.usage" % self.name)]
        nodes += [int(f.read_text().split()[1]) / 1e6 for f in pathlib.Path("/sys/fs/cgroup").glob("reeve-lab/%s*/cpu.stat" % self.name)]
        here = resource.getrusage(resource.RUSAGE_CHILDREN)
        return sum(nodes) + here.ru_utime + here.ru_stime

    # --- reeve

    def apply(self, reeve=("apply", "--json")):
        seconds, out = timed(self.reeve, "-f", self.file, "--lab", *reeve)
        self.last = json.loads(out.strip().splitlines()[-1])
        if not self.last["verified"] or self.last["failed"] or self.last["unreachable"]:
            sys.exit("bench: apply was not as it should be: %s" % self.last)
        return seconds

    def no_op(self):
        seconds = self.apply()
        if self.last["changed"]:
            sys.exit("bench: nothing was to change, and %d resources did" % self.last["changed"])
        return seconds

    def ensure(self):
        self.apply()

    def change(self, need):
        """One changed line, applied and verified."""
        key, values = {"reconfigure": ("ReturnToService", (1, 2)), "restart": ("MaxJobCount", (20000, 30000))}[need]
        self.values[key] = values[self.values.get(key) == values[0]]
        self.write()
        seconds = self.apply()
        if need not in self.last["activation"]:
            sys.exit("bench: a change of %s was activated by %s" % (key, self.last["activation"]))
        return seconds

    def forget(self):
        """Ends reeve's kept connections to this lab; src/transport/ssh.c says how their sockets are named."""
        for host in getattr(self, "hosts", []):
            key = hashlib.sha256(("%s\n\n%s\n0" % (self.config, host)).encode()).hexdigest()[:12]
            for place in ("/run/user/%d/reeve" % os.geteuid(), "/run/reeve-ssh"):
                for socket in pathlib.Path(place).glob(key + "-*"):
                    subprocess.run(["ssh", "-o", "ControlPath=%s" % socket, "-O", "exit", host], capture_output=True)
            subprocess.run(self.ssh("-O", "exit", host, keep=True), capture_output=True)

    # --- floors

    def connect(self):
        self.everywhere("true", keep=True)

    def floor_cold(self):
        return self.everywhere("true")

    def floor_warm(self):
        return self.everywhere(QUESTIONS, keep=True)

    def floor_first(self):
        return together([self.ssh(h, "DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends %s" %
                                  " ".join(PACKAGES + (("slurmctld",) if h in self.controllers() else ())))
                         for h in self.hosts])

    def controllers(self):
        line = next(x for x in self.text.splitlines() if x.startswith("controllers: "))
        return line[line.index("[") + 1:line.index("]")].replace(" ", "").split(",")

    # --- Ansible

    def fetch(self, host, path, to):
        with open(to, "wb") as f:
            subprocess.run(self.ssh(host, "cat " + path), stdout=f, check=True)

    def nodes(self):
        """The hosts that run jobs."""
        line = next(x for x in self.text.splitlines() if x.startswith("compute: "))
        return line[line.index('"') + 1:line.rindex('"')].split(",")

    def prepare_ansible(self, inventory):
        """What the playbooks need: Python on the nodes, and the files that the cluster has."""
        nodes, d = self.nodes(), self.directory
        together([self.ssh(h, "DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3 python3-apt")
                  for h in nodes])
        for path in ("/etc/munge/munge.key", "/etc/slurm/slurm.conf", "/etc/slurm/cgroup.conf"):
            self.fetch(nodes[0], path, d / pathlib.Path(path).name)
        for unit in ("slurmd", "slurmctld"):
            self.fetch(nodes[0], "/etc/systemd/system/%s.service.d/reeve.conf" % unit, d / ("drop-in-" + unit))
        for name, host in [(c, c) for c in self.controllers()] + [("other", nodes[-1])]:
            to = d / "cluster" / name
            to.mkdir(parents=True)
            pack = self.ssh(host, "cd / && for f in %s; do [ ! -e $f ] || echo $f; done | tar -cf - -T -" % " ".join(FILES))
            with subprocess.Popen(pack, stdout=subprocess.PIPE) as packed:
                subprocess.run(["tar", "-xf", "-", "-C", to], stdin=packed.stdout, check=True)
        inventory.write_text("[all]\n%s\n[all:vars]\nansible_ssh_common_args=-F %s\n"
                             "ansible_python_interpreter=/usr/bin/python3\n" % ("\n".join(nodes), self.config))

    def ansible(self, changes=True, playbook="site.yml"):
        """A playbook, with the key and configuration that the cluster has: what it is held against is its no-op."""
        d, inventory = self.directory, self.directory / "hosts"
        if not inventory.exists():
            self.prepare_ansible(inventory)
        values = {"key": "%s/munge.key" % d, "conf": "%s/slurm.conf" % d, "cgroup": "%s/cgroup.conf" % d, "drop_ins": str(d),
                  "controllers": self.controllers(), "cluster": str(d / "cluster"), "builder": self.nodes()[0]}
        seconds, out = timed("ansible-playbook", "-i", inventory, "-e", json.dumps(values), TOP / "bench/ansible" / playbook,
                             env=dict(os.environ, ANSIBLE_CONFIG=str(TOP / "bench/ansible/ansible.cfg"), LC_ALL="C.UTF-8"))
        if not changes and any(int(n) for n in re.findall(r"changed=(\d+)", out)):
            sys.exit("bench: Ansible changed something where nothing was to change:\n" + out)
        return seconds

    def roles(self, changes=True):
        """Core and what is beside it."""
        return self.ansible(changes) + self.ansible(changes, "modules.yml")


def ansible_available():
    if shutil.which("ansible-playbook"):
        return True
    say("there is no ansible-playbook here (package ansible-core): left out")
    return False


def write_cluster(path, count, ranges):
    hosts = (['  "fake[00001-%05d]": "fake[00001-%05d]"' % (count, count)] if ranges
             else ["  fake%05d: 10.%d.%d.%d" % (i, 32 + i // 50000, i // 250 % 250, 1 + i % 250) for i in range(1, count + 1)])
    path.write_text("reeve: 1\ncluster: fakes\nhosts:\n%s\ncontrollers: [fake00001]\ncompute: all\npartitions:\n"
                    "  general: { nodes: all, default: true }\n" % "\n".join(hosts))


def pure(programs, table, n, count=10000):
    """What needs no host: check, and the compilation of catalogs."""
    with tempfile.TemporaryDirectory(prefix="reeve-bench.") as d:
        file = pathlib.Path(d) / "cluster.yaml"
        write_cluster(file, count, ranges=False)
        for _ in range(n):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds = timed(programs.reeve, "-f", file, "check")[0]
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            table.add("check", "reeve", seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            words = run(programs.catalogs, file).split()
            figures = dict(zip(words[::2], map(int, words[1::2])))
            table.add("compile", "reeve", (figures["resolve_ms"] + figures["compile_ms"]) / 1000, figures["cpu_ms"] / 1000)
        table.note("compile", "%d resources" % figures["resources"])


def fake_roots(programs, directory, file):
    run(programs.catalogs, file, directory)
    digest = hashlib.sha256(programs.agent.read_bytes()).hexdigest()
    names = ("slurmd", "systemctl", "munge", "unmunge", "scontrol", "squeue", "getent")
    agent, fake = directory / "agent", directory / "fake-host"
    shutil.copy(programs.agent, agent)
    shutil.copy(programs.fake_host, fake)
    for root in directory.glob("fake[0-9]*"):
        place = root / "var/lib/reeve/agent"
        place.mkdir(parents=True)
        place.chmod(0o700)
        os.link(agent, place / digest)
        (root / "bin").mkdir()
        for name in names:
            os.link(fake, root / "bin" / name)


class Memory(threading.Thread):
    """Samples a process's own peak memory (VmHWM), and the share of memory (Pss) of all below it."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.own, self.children, self.over = pid, 0, 0, threading.Event()

    @staticmethod
    def field(path, key):
        try:
            with open(path) as f:
                return next(int(x.split()[1]) for x in f if x.startswith(key))
        except (OSError, StopIteration):
            return 0

    def below(self):
        try:
            return pathlib.Path("/proc/%d/task/%d/children" % (self.pid, self.pid)).read_text().split()
        except OSError:
            return []

    def run(self):
        rounds = 0
        while not self.over.wait(0.1):
            self.own = max(self.own, self.field("/proc/%d/status" % self.pid, "VmHWM:"))
            if rounds % 10 == 9:
                self.children = max(self.children, sum(self.field("/proc/%s/smaps_rollup" % c, "Pss:") for c in self.below()))
            rounds += 1


def fake_floor(programs, hosts, env):
    """What plays the hosts, and nothing else: ssh and the login shell, and systemctl and unmunge, which tell whether anything is to
    be done. Seconds, and of processor time."""
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = "exec /bin/sh -c 'systemctl show munge.service slurmd.service; unmunge'"
    running = []
    for host in hosts:
        if len(running) == 64:
            running.pop(0).wait()
        running.append(subprocess.Popen([programs.fake_ssh, "-T", host, command], env=env,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
    for child in running:
        child.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def fakes(programs, table, count, n):
    """reeve apply over fake hosts, whose ssh runs the real agent on this machine."""
    with tempfile.TemporaryDirectory(prefix="reeve-bench.") as d:
        roots, file = pathlib.Path(d) / "roots", pathlib.Path(d) / "cluster.yaml"
        roots.mkdir()
        write_cluster(file, count, ranges=True)
        say("making %d fake hosts" % count)
        fake_roots(programs, roots, file)
        env = dict(os.environ, FAKE_SSH_ROOTS=str(roots), REEVE_SSH=str(programs.fake_ssh),
                   REEVE_AGENT_DIR=str(programs.agent.parent))
        hosts = sorted(p.name for p in roots.glob("fake[0-9]*"))
        for k in range(n + 1):
            if k < n:
                table.add("fakes", "floor", *fake_floor(programs, hosts, env))
            start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
            child = subprocess.Popen([programs.reeve, "-f", file, "apply", "--json"], env=env, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True)
            memory = Memory(child.pid)
            if k == n:  # the last is for memory alone: sampling costs time
                memory.start()
            out, errors = child.communicate()
            seconds = time.monotonic() - start
            last = json.loads(out.strip().splitlines()[-1]) if out.strip() else {}
            if child.returncode or last.get("changed") or last.get("unreachable"):
                sys.exit("bench: fake hosts: exit status %s, %s\n%s" % (child.returncode, out[-2000:], errors[-2000:]))
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if k < n:
                table.add("fakes", "reeve", seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        memory.over.set()
        memory.join()
        table.add("memory", "reeve", memory.own / 1024)
        table.note("fakes", "%d hosts" % count)
        table.note("memory", "its children together %.0f MiB" % (memory.children / 1024))


# figure: title, unit, the other column's name, bound, how the bound is written
FIGURES = {
    "cold": ("apply, nothing to change, new connections", "s", "floor", lambda f, o: f <= 1.5 * o, "1.5 x floor"),
    "warm": ("apply, nothing to change, kept connections", "s", "floor", lambda f, o: f <= 1.5 * o, "1.5 x floor"),
    "change": ("one line changed, by reconfigure, verified", "s", None, lambda f, o: f <= 3, "3 s"),
    "restart": ("one line changed, by restart, verified", "s", None, lambda f, o: f <= 6, "6 s"),
    "first": ("first apply on bare nodes", "s", "floor", lambda f, o: f <= 1.2 * o + 5, "1.2 x floor + 5 s"),
    "modules": ("apply, nothing to change, all modules of the example, kept connections", "s", "core", lambda f, o: f <= 1.3 * o, "1.3 x core"),
    "roles": ("apply, nothing to change, all modules of the example, beside Ansible", "s", "ansible", lambda f, o: f <= o / 50, "1/50 of Ansible"),
    "ansible": ("apply, nothing to change, beside Ansible", "s", "ansible", lambda f, o: f <= o / 30, "1/30 of Ansible"),
    "fifty": ("apply, nothing to change, fifty lab nodes, new connections", "s", "floor", lambda f, o: f <= 1.5 * o, "1.5 x floor"),
    "fakes": ("apply, nothing to change, fake hosts", "s", "floor", lambda f, o: f <= 3 * o, "3 x floor"),
    "memory": ("peak memory of reeve itself, fake hosts", "MiB", None, lambda f, o: f < 143, "150 MB (143 MiB)"),
    "check": ("reeve check, 10,000 hosts, a line each", "s", None, lambda f, o: f < 1, "1 s"),
    "compile": ("resolve and compile 10,000 hosts", "s", None, lambda f, o: f < 1, "1 s"),
}


class Table:
    def __init__(self):
        self.samples, self.work, self.notes, self.load = {}, {}, {}, os.getloadavg()

    def add(self, figure, column, value, work=None):
        """`work`: seconds of processor time."""
        self.samples.setdefault((figure, column), []).append(value)
        if work is not None:
            self.work.setdefault((figure, column), []).append(work)
        say("%s, %s: %.2f %s%s" % (FIGURES[figure][0], column, value, FIGURES[figure][1],
                                   "" if work is None else ", %.2f s of processor time" % work))

    def take(self, figure, column, lab, measure):
        before = lab.work()
        value = measure()
        self.add(figure, column, value, lab.work() - before)

    def note(self, figure, text):
        self.notes[figure] = text

    def cell(self, figure, column, unit):
        samples = self.samples.get((figure, column))
        if not samples:
            return ""
        digits = 0 if unit == "MiB" else 2
        middle = "%.*f %s" % (digits, statistics.median(samples), unit)
        return middle if len(samples) == 1 else middle + " (%.*f-%.*f)" % (digits, min(samples), digits, max(samples))

    def rows(self):
        yield ("", "reeve", "beside it", "ratio", "bound", "", "processor time")
        for figure, (title, unit, other, bound, words) in FIGURES.items():
            mine = self.samples.get((figure, "reeve"))
            if not mine:
                continue
            theirs = self.samples.get((figure, other))
            a, b = statistics.median(mine), statistics.median(theirs) if theirs else None
            note = ", ".join(filter(None, [self.notes.get(figure), "n=%d" % len(mine)]))
            ratio = "%.2f" % (a / b) if b and a / b >= 0.1 else "1/%.0f" % (b / a) if b else ""
            work = [statistics.median(self.work[figure, c]) for c in ("reeve", other) if (figure, c) in self.work]
            yield ("%s (%s)" % (title, note), self.cell(figure, "reeve", unit),
                   (other + " " + self.cell(figure, other, unit)) if theirs else "", ratio, words,
                   "held" if bound(a, b) else "missed", " / ".join("%.2f s" % w for w in work))

    def machine(self, started):
        cpu = next((x.split(":", 1)[1].strip() for x in open("/proc/cpuinfo") if x.startswith("model name")), platform.machine())
        memory = next(int(x.split()[1]) for x in open("/proc/meminfo") if x.startswith("MemTotal")) // 1048576
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
        version = subprocess.run(["git", "-C", TOP, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
        return ("%d x %s, %d GiB, %s, Linux %s; reeve at %s; %s, %d minutes; load average %.1f before, %.1f after. "
                "Medians (smallest-largest). Processor time: of all nodes and of the programs here together, reeve's / what is beside it." % (
                    os.cpu_count(), cpu, memory, system, platform.release(), version,
                    time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(started)), (time.time() - started + 59) // 60, self.load[0],
                    os.getloadavg()[0]))

    def text(self, started):
        rows = list(self.rows())
        widths = [max(len(r[i]) for r in rows) for i in range(7)]
        lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths)).rstrip() for r in rows]
        return "\n".join(lines + ["", self.machine(started)])

    def markdown(self, started):
        rows = list(self.rows())
        lines = ["| " + " | ".join(r) + " |" for r in rows]
        lines.insert(1, "|---" * 7 + "|")
        return self.machine(started) + "\n\n" + "\n".join(lines) + "\n"
