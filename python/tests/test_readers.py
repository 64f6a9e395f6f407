"""The archives of testdata/readers, which all readers are checked with."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import tpk

from .support import REPO, read_list

PYTHON = os.path.join(REPO, "python")
GOOD, HOSTILE = read_list()
STEP = int(os.environ.get("TPK_TEST_STEP", "1"))  # every how many bytes one is changed


def describe(archive, e):
    """Describe an entry as the list does."""
    out = {"path": e.path, "type": e.type, "mode": e.mode, "mtime": e.mtime}
    out["size"] = e.size if e.is_file() else 0
    if archive.entry(e.path) != e:
        raise tpk.CorruptArchive(f"{e.path} leads to {archive.entry(e.path)}")
    if e.is_symlink():
        out["target"] = archive.readlink(e.ordinal)
    if e.type == "hardlink":
        out["target"] = archive.entry(e.target).path
    if e.is_file():
        content = archive[e.ordinal]
        out["sha256"] = hashlib.sha256(content).hexdigest()
        with archive.open(e.path, "rb") as f:
            f.seek(len(content) // 2)
            if f.read() != content[len(content) // 2 :]:
                raise AssertionError(f"{e.path}: another content after a seek")
    if e.coding:
        out["coding"] = e.coding
    if e.device:
        out["major"], out["minor"] = os.major(e.device), os.minor(e.device)
    return out


def use(name):
    """Return the first step at which an archive is refused, and the error."""
    step = "open"
    directory = tempfile.mkdtemp(prefix="tpk-test-")
    try:
        with tpk.open(name) as archive:
            step = "use"
            for e in archive.entries():
                describe(archive, e)
            for _ in archive.walk():
                pass
            step = "extract"
            archive.extract(directory)
            step = "verify"
            archive.verify()
    except (tpk.TpkError, FileNotFoundError) as e:
        return step, e
    finally:
        shutil.rmtree(directory)
    return "", None


class Readers(unittest.TestCase):
    def test_good(self):
        for g in GOOD:
            with self.subTest(g["name"]), tpk.open(g["archive"]) as archive:
                self.assertEqual([describe(archive, e) for e in archive.entries()], g["entries"])
                self.assertEqual(list(archive), [e["path"] for e in g["entries"]])
                self.assertEqual(len(archive), len(g["entries"]))
                archive.verify()

    def test_hostile(self):
        steps = ["open", "use", "extract", "verify", ""]
        for h in HOSTILE:
            with self.subTest(h["name"], note=h["note"]):
                step, e = use(h["archive"])
                self.assertLessEqual(steps.index(step), steps.index(h["refused"]), e)
                self.assertEqual(
                    isinstance(e, tpk.UnsupportedArchive) or h["name"] == "draft",
                    h.get("unsupported", False) or h["name"] == "draft",
                )
                if step != "use":  # a path that is listed and not found is no error of its own
                    self.assertIsInstance(e, tpk.TpkError)

    def test_memory(self):
        """None of them takes much memory: not the bomb, and not what claims to be huge."""
        code = (
            "from tests.test_readers import *; [use(h['archive']) for h in HOSTILE]\n"
            "print(next(l.split()[1] for l in open('/proc/self/status') if 'VmHWM' in l))"
        )
        command = [sys.executable, "-c", code]
        out = subprocess.run(command, cwd=PYTHON, capture_output=True, text=True, check=True)
        self.assertLess(int(out.stdout), 64 << 10, "KiB")

    def test_lists(self):
        self.assertGreater(len(GOOD), 15)
        self.assertGreater(len(HOSTILE), 120)


class Damaged(unittest.TestCase):
    """Each byte of an archive and of its index is changed, one after the other."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="tpk-test-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.name = os.path.join(self.directory, "x.tar.gz")

    def flip(self, file, step):
        """Change bytes of a file, and check that nothing wrong is returned."""
        source = next(g for g in GOOD if g["name"] == "kinds")
        want = {e["path"]: e.get("sha256") for e in source["entries"]}
        for suffix in ("", ".tpi"):
            shutil.copy(source["archive"] + suffix, self.name + suffix)
        with open(self.name + file, "rb") as f:
            data = f.read()
        for at in range(0, len(data), step):
            with open(self.name + file, "r+b") as f:
                f.seek(at)
                f.write(bytes([data[at] ^ 0x41]))
            try:
                with tpk.open(self.name) as archive:
                    for e in archive.entries():
                        if e.is_file() and want.get(e.path):
                            content = archive.read(e.path)
                            self.assertEqual(hashlib.sha256(content).hexdigest(), want[e.path])
            except (tpk.TpkError, FileNotFoundError):
                pass
            with open(self.name + file, "r+b") as f:
                f.write(data)

    def test_archive(self):
        self.flip("", STEP)

    def test_index(self):
        self.flip(".tpi", STEP)

    def test_cut(self):
        """An archive or index that is cut off, at any byte, is refused."""
        source = next(g for g in GOOD if g["name"] == "kinds")
        for file in ("", ".tpi"):
            for suffix in ("", ".tpi"):
                shutil.copy(source["archive"] + suffix, self.name + suffix)
            size = os.path.getsize(self.name + file)
            for n in range(size - 1, -1, -7):
                os.truncate(self.name + file, n)
                with self.assertRaises(tpk.TpkError):
                    tpk.open(self.name)

    def test_cut_while_open(self):
        source = next(g for g in GOOD if g["name"] == "codings")
        for file in ("", ".tpi"):
            for suffix in ("", ".tpi"):
                shutil.copy(source["archive"] + suffix, self.name + suffix)
            with tpk.open(self.name) as archive:
                os.truncate(self.name + file, 600)
                with self.assertRaises(tpk.CorruptArchive):
                    archive.read("stored-blocks")


if __name__ == "__main__":
    unittest.main()
