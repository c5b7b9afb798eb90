"""The agents as they are deployed: static, for amd64 and, under qemu-user, for arm64; the same conversation with both."""
import os
import pathlib
import struct
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve()
TOP = HERE.parents[2]
sys.path.insert(0, str(HERE.parents[1] / "agent"))
import harness  # noqa: E402
from harness import blob, fingerprint, seal  # noqa: E402
from scratch import Case, absent, directory, file, link, secret  # noqa: E402

MACHINES = {"x86_64": 62, "aarch64": 183}  # elf(5), e_machine
SALT = "11" * 32


class Deployed(Case):
    @classmethod
    def setUpClass(cls):
        for script in ("build", "build-agent-arm64"):
            subprocess.run([TOP / "script" / script], check=True, stdout=subprocess.DEVNULL)

    def converse(self, program, machine, wrap):
        data = pathlib.Path(program).read_bytes()
        self.assertEqual(struct.unpack_from("<H", data, 18)[0], MACHINES[machine])
        self.assertNotIn(b"/lib64/ld-linux", data)
        self.assertNotIn(b"/lib/ld-linux", data)
        self.assertLess(len(data), 3 << 20)
        harness.AGENT, before = program, harness.AGENT
        try:
            wanted = [file("/etc/f", b"x\n", "slurm", "slurm"), directory("/d/e"), link("/l", "d"), absent("/gone"),
                      secret("/k", "k", fingerprint(SALT, b"key"), SALT)]
            (self.root / "gone").write_text("x")
            with self.locked(wrap=wrap) as s:
                s.send(blob(b"x\n") + seal("k", s.hello["key"], b"key"))
                self.assertEqual(s.apply(*wanted), {"changed": 5, "failed": 0}, s.events)
                self.assertEqual(set(self.states(s.probe(*wanted)).values()), {"same"})
                got = s.ask("collect", items=[dict(name="u", run=["sh", "-c", "echo hi; exit 3"], max=99, timeout=20000),
                                              dict(name="m", read="/etc/passwd", max=4096)])["items"]
                self.assertEqual((got["u"]["status"], got["u"]["out"]), (3, "hi\n"))
                self.assertTrue(got["m"]["text"].startswith("root:"))
        finally:
            harness.AGENT = before

    def test_amd64(self):
        self.converse(str(TOP / "build/reeve-agent"), "x86_64", ())

    def test_arm64(self):
        self.converse(str(TOP / "build/reeve-agent-arm64"), "aarch64", ("qemu-aarch64-static",))


if __name__ == "__main__":
    unittest.main()
