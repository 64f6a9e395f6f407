"""python -m tpk."""

import os
import subprocess
import sys
import unittest

from .support import REPO, ArchiveCase, good, program, read_list

PYTHON = os.path.join(REPO, "python")


class Command(ArchiveCase):
    FILES = {"a.txt": b"one\n", "d/b": b"two\n", "d/odd\nname\x1b": b"", "d/\udcff": b"raw"}

    def run_tpk(self, *args, path=None, **options):
        env = {
            **os.environ,
            "PYTHONPATH": PYTHON,
            "PYTHONUTF8": "0",
            "LC_ALL": "C",
            "COLUMNS": "80",
        }
        if path is not None:
            env["PATH"] = path
        command = [sys.executable, "-m", "tpk", *args]
        return subprocess.run(command, capture_output=True, env=env, cwd=self.directory, **options)

    def test_ls(self):
        r = self.run_tpk("ls", self.name)
        want = b"a.txt\nd/\nd/b\nd/odd\\nname\\x1b\nd/\xff\n"
        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, want, b""))
        r = self.run_tpk("ls", "-l", self.name, "a.txt")
        self.assertRegex(r.stdout, rb"^-rw-r--r-- +4 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d a\.txt\n$")

        r = self.run_tpk("ls", self.name, "d")
        self.assertEqual(r.stdout, b"d/\nd/b\nd/odd\\nname\\x1b\nd/\xff\n")

    def test_each_path(self):
        """A path that is missing is reported, and the others are printed."""
        for args, out in (("ls", b"a.txt\n"), ("cat", b"one\n")):
            r = self.run_tpk(args, self.name, "none", "a.txt", "none2")
            self.assertEqual((r.returncode, r.stdout), (1, out))
            self.assertRegex(r.stderr, rb"^tpk: .*none: .*\ntpk: .*none2: .*\n$")
        r = self.run_tpk("ls", good("everything"), "a")  # a link: itself, as tpk lists it
        self.assertEqual(r.stdout, b"a\n")

    def test_output(self):
        """Standard output that can't be written to is named as such."""
        for args in (("ls", self.name), ("cat", self.name, "a.txt")):
            command = [sys.executable, "-m", "tpk", *args]
            env = {**os.environ, "PYTHONPATH": PYTHON}
            with open("/dev/full", "wb") as full:
                r = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=env)
            want = b"tpk: standard output: No space left on device\n"
            self.assertEqual((r.returncode, r.stderr), (1, want))
            closed = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
            r = subprocess.run(closed, stderr=subprocess.PIPE, env=env)
            self.assertEqual((r.returncode, r.stderr.count(b"\n")), (1, 1), r.stderr)

    def test_terminated(self):
        """SIGTERM leaves no temporary file, and sets the modes of the directories."""
        noise = self.pack("noise.tar.gz", {"d/noise": os.urandom(30_000_000)})
        x = os.path.join(self.directory, "terminated")
        env = {**os.environ, "PYTHONPATH": PYTHON}
        command = [sys.executable, "-m", "tpk", "extract", "-C", x, noise]
        with subprocess.Popen(command, env=env) as p:
            while p.poll() is None and not os.path.isdir(os.path.join(x, "d")):
                pass
            while p.poll() is None and not os.listdir(os.path.join(x, "d")):
                pass
            p.terminate()
        self.assertIn(p.returncode, (0, 128 + 15))  # 0 if it was faster than we are
        self.assertEqual([n for n in os.listdir(os.path.join(x, "d")) if n != "noise"], [])

    def test_cat(self):
        r = self.run_tpk("cat", self.name, "a.txt", "d/b")
        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, b"one\ntwo\n", b""))

    def test_extract_and_verify(self):
        r = self.run_tpk("extract", "-C", "x", self.name)
        self.assertEqual((r.returncode, r.stderr), (0, b""))
        with open(os.path.join(self.directory, "x", "d", "b"), "rb") as f:
            self.assertEqual(f.read(), b"two\n")
        r = self.run_tpk("verify", self.name)
        self.assertEqual((r.returncode, r.stderr), (0, b""))
        self.assertIn(b"5 entries", r.stdout)
        odd = os.path.join(self.directory, "odd\udcff\x1b.tar.gz")
        for suffix in ("", ".tpi"):
            os.symlink(self.name + suffix, odd + suffix)
        r = self.run_tpk("verify", odd)
        self.assertEqual((r.returncode, r.stderr), (0, b""))
        self.assertIn(b"odd\xff\\x1b.tar.gz: 5", r.stdout)

    def test_errors(self):
        """Each error is one line, and the exit status 1; 2 for wrong usage."""
        hostile = {h["name"]: h["archive"] for h in read_list()[1]}
        for args, words in (
            (("ls", "none.tar.gz"), b"none.tar.gz: No such file or directory"),
            (("ls", self.directory), b"directory"),
            (("ls", hostile["text"]), b"not a tpk archive"),
            (("ls", hostile["no-index"]), b"tpk index"),
            (("ls", hostile["version"]), b"version 2"),
            (("cat", self.name, "none"), b"none: No such file"),
            (("cat", self.name, "d"), b"Is a directory"),
            (("verify", hostile["header-damaged"]), b"offset"),
            (("verify", hostile["bucket-empty"]), b"table"),
            (("extract", "-C", "y", hostile["path-below-link"]), b"l/evil"),
            (("extract", "-C", self.name, self.name), b"data.tar.gz"),
            (("ls", "http://127.0.0.1:1/x.tar.gz"), b"127.0.0.1:1/x.tar.gz"),
        ):
            r = self.run_tpk(*args)
            self.assertEqual(r.returncode, 1, args)
            self.assertEqual((r.stdout, r.stderr.count(b"\n")), (b"", 1), r.stderr)
            self.assertIn(words, r.stderr)
        for args in ((), ("x",), ("cat", self.name), ("ls",), ("ls", "--x", self.name)):
            self.assertEqual(self.run_tpk(*args).returncode, 2, args)

    def test_help(self):
        for args in ((), ("ls",), ("cat",), ("extract",), ("verify",)):
            r = self.run_tpk(*args, "--help")
            self.assertEqual((r.returncode, r.stderr), (0, b""))
            self.assertLessEqual(max(map(len, r.stdout.splitlines())), 80)

    def test_pack(self):
        """pack runs the program tpk, or says how to get it."""
        bin_dir = os.path.join(self.directory, "bin")
        os.makedirs(bin_dir)
        os.symlink(program(), os.path.join(bin_dir, "tpk"))
        r = self.run_tpk("pack", "-q", "bin", "bin.tar.gz", path=bin_dir)
        self.assertEqual((r.returncode, r.stderr), (0, b""))
        self.assertEqual(self.run_tpk("ls", "bin.tar.gz").stdout, b"tpk\n")
        self.assertEqual(self.run_tpk("pack", "--no-such-flag", path=bin_dir).returncode, 2)
        r = self.run_tpk("pack", "x", path="/nonexistent")
        self.assertEqual((r.returncode, r.stderr.count(b"\n")), (1, 1))
        self.assertIn(b"go install", r.stderr)
        broken = os.path.join(self.directory, "broken")
        os.makedirs(broken)
        with open(os.path.join(broken, "tpk"), "wb") as f:
            f.write(b"no program")
        os.chmod(f.name, 0o755)
        r = self.run_tpk("pack", "x", path=broken)
        self.assertEqual((r.returncode, r.stderr.count(b"\n")), (1, 1))
        self.assertIn(os.fsencode(f.name), r.stderr)

    def test_broken_pipe(self):
        cat = f"'{sys.executable}' -m tpk cat '{good('everything')}' dir/segmented"
        command = f"{cat} | head -c 3; exit ${{PIPESTATUS[0]}}"
        env = {**os.environ, "PYTHONPATH": PYTHON}
        r = subprocess.run(["bash", "-c", command], capture_output=True, env=env)
        self.assertEqual((r.returncode, r.stdout, r.stderr), (141, b"dir", b""))


if __name__ == "__main__":
    unittest.main()
