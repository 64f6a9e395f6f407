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

    def test_broken_pipe(self):
        cat = f"'{sys.executable}' -m tpk cat '{good('everything')}' dir/segmented"
        command = f"{cat} | head -c 3; exit ${{PIPESTATUS[0]}}"
        env = {**os.environ, "PYTHONPATH": PYTHON}
        r = subprocess.run(["bash", "-c", command], capture_output=True, env=env)
        self.assertEqual((r.returncode, r.stdout, r.stderr), (141, b"dir", b""))


if __name__ == "__main__":
    unittest.main()
