"""Extracting, also into directories that somebody has prepared."""

import os
import stat
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import tpk
from tpk import _extract

from .support import REPO, ArchiveCase, good, program, read_list


class Extract(ArchiveCase):
    FILES = {"a": b"one", "d/b": b"two", "d/e/c": b"three", "copy": b"one", "empty/": None}

    def new(self):
        return tempfile.mkdtemp(dir=self.directory)

    def test_like_tpk(self):
        """Extracting gives what the program tpk gives, with modes, times and links."""
        for g in read_list()[0]:
            ours, theirs = os.path.join(self.new(), "x"), os.path.join(self.new(), "x")
            with tpk.open(g["archive"]) as archive:
                try:
                    archive.extract(ours)
                except tpk.ExtractError as e:
                    self.assertIn(g["name"], ("kinds", "everything"), e.problems)
            command = [program(), "extract", "-C", theirs, g["archive"]]
            subprocess.run(command, capture_output=True, check=False)
            with self.subTest(g["name"]):
                self.assertEqual(list(snapshot(ours)), list(snapshot(theirs)))

    def test_some(self):
        x = self.new()
        self.archive.extract(x, ["d/e", "a"])
        self.assertEqual([row[0] for row in snapshot(x)], [b"a", b"d", b"d/e", b"d/e/c"])
        self.archive.extract(x, "./d//b")
        self.assertTrue(os.path.exists(os.path.join(x, "d", "b")))
        y = os.path.join(x, "y")
        for none in ("none", "a/../copy", "d/none", "a/b"):
            with self.assertRaises(OSError, msg=none):
                self.archive.extract(y, ["a", none])
        with tpk.open(good("everything")) as archive, self.assertRaises(FileNotFoundError):
            archive.extract(y, ["a/copy"])  # a is a link to the directory that has copy
        self.assertFalse(os.path.exists(y))

    def test_locale(self):
        """Names are the bytes of the archive, whatever encoding the locale has."""
        name = self.pack("names.tar.gz", {"größe": b"1", "d\udcff/\u20ac": b"2"})
        x = self.new()
        code = f"import tpk; tpk.open({name!r}).extract({x!r})"
        env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        env["PYTHONPATH"] = os.path.join(REPO, "python")
        subprocess.run([sys.executable, "-c", code], env=env, check=True)
        want = ["größe".encode(), b"d\xff", "d\udcff/\u20ac".encode("utf-8", "surrogateescape")]
        self.assertEqual(sorted(row[0] for row in snapshot(x)), sorted(want))

    def test_windows_names(self):
        """On Windows, names that lead elsewhere are refused, and the rest is extracted."""
        bad = ("..\\evil", "C:evil", "a:stream", "nul", "Com1.txt", "dot.", "space ", "q?", "t\tb")
        fine = (".hidden", "nulls", "com10", "a b", "x.nul", "größe")
        name = self.pack("windows.tar.gz", {n: b"1" for n in (*bad, *fine, "aux/below")})
        x = self.new()
        with mock.patch.multiple(_extract, _WINDOWS=True, _DIR_FD=False), tpk.open(name) as archive:
            with self.assertRaises(tpk.ExtractError) as caught:
                archive.extract(x)
        self.assertEqual(len(caught.exception.problems), len(bad) + 1)
        self.assertEqual(sorted(os.listdir(x)), sorted(fine))

    def test_again(self):
        """Files are replaced, whatever they are; a directory in the way is not."""
        x = self.new()
        os.symlink("/dev/null", os.path.join(x, "a"))
        os.makedirs(os.path.join(x, "copy", "full"))
        for _ in range(2):
            with self.assertRaises(tpk.ExtractError) as caught:
                self.archive.extract(x)
            self.assertEqual(len(caught.exception.problems), 1)
        with open(os.path.join(x, "a"), "rb") as f:
            self.assertEqual(f.read(), b"one")
        self.assertFalse([n for n in os.listdir(x) if n.startswith(".tpk-")])

    def test_link_in_the_way(self):
        """A link that is in place of a directory is not followed."""
        x, outside = self.new(), self.new()
        os.symlink(outside, os.path.join(x, "d"))
        with self.assertRaises(tpk.ExtractError):
            self.archive.extract(x)
        self.assertEqual(os.listdir(outside), [])
        self.assertTrue(os.path.exists(os.path.join(x, "a")))

    def test_hard_links(self):
        """Genuine hard links are extracted as such, and duplicates as files."""
        x = self.new()
        with tpk.open(good("everything")) as archive, self.assertRaises(tpk.ExtractError) as caught:
            archive.extract(x)
        self.assertEqual(len(caught.exception.problems), 4)
        stored, hard = (os.stat(os.path.join(x, "dir", n)) for n in ("stored", "hard"))
        self.assertEqual((stored.st_ino, stored.st_nlink), (hard.st_ino, 2))
        self.assertEqual(os.stat(os.path.join(x, "z")).st_nlink, 1)

    def test_damaged(self):
        """A damaged content is CorruptArchive, and leaves no file that looks whole."""
        hostile = {h["name"]: h["archive"] for h in read_list()[1]}
        x = self.new()
        with tpk.open(hostile["stored-damaged"]) as archive:
            with self.assertRaises(tpk.CorruptArchive):
                archive.extract(x)
        self.assertFalse(os.path.exists(os.path.join(x, "d", "stored")))
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(x, "d")).st_mode), 0o755)

    def test_unwritable(self):
        with self.assertRaises(OSError):
            self.archive.extract(os.path.join(self.name, "below-a-file"))


def snapshot(root):
    """Yield path, mode, time and content of all that is below a directory."""
    base = os.fsencode(root)
    for directory, dirs, files in sorted(os.walk(base)):
        for name in sorted(dirs + files):
            full = os.path.join(directory, name)
            s = os.lstat(full)
            content = None
            if stat.S_ISLNK(s.st_mode):
                content = os.readlink(full)
            elif stat.S_ISREG(s.st_mode):
                with open(full, "rb") as f:
                    content = f.read()
            yield os.path.relpath(full, base), oct(s.st_mode), int(s.st_mtime), content


if __name__ == "__main__":
    unittest.main()
