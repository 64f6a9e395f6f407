"""FilePackReader, the file system for fsspec, and the wheel."""

import contextlib
import io
import os
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile

import tpk
from tpk.filepack import FilePackReader

from .support import REPO, ArchiveCase, program

try:
    import fsspec
except ImportError:
    fsspec = None

PYTHON = os.path.join(REPO, "python")


class FilePack(ArchiveCase):
    FILES = {"a.txt": "Grüße".encode(), "d/b": b"two", "d/e/c": b"three", "d/copy": b"two"}

    def test_methods(self):
        p = FilePackReader(self.name, base_path="/data/set", verbose=True, multiprocess_lock=False)
        self.assertEqual(len(p), 4)
        self.assertEqual(p.base_path, "/data/set")
        self.assertEqual(p.read_bytes("/data/set/d/b", False), b"two")
        self.assertEqual(p.read_bytes("d/b", True), b"two")
        self.assertEqual(p.open("/data/set/d/b", "rb").read(), b"two")
        f = p.open("a.txt", "r", exclude_base_path=True)
        self.assertIsInstance(f, io.StringIO)
        self.assertEqual(f.read(), "Grüße")
        self.assertTrue(p.exists("/data/set/d") and not p.exists("/data/set/none"))
        self.assertTrue(p.isdir("/data/set/d") and p.isdir("/data/set"))
        self.assertFalse(p.isdir("/data/set/a.txt"))
        self.assertTrue(p.isfile("/data/set/d/copy") and not p.isfile("/data/set/d"))
        self.assertEqual(p.listdir("/data/set/d"), ["b", "copy", "e"])
        self.assertEqual(p.listdir("d/e", exclude_base_dir=True), ["c"])
        walk = [("/data/set", ["d"], ["a.txt"]), ("/data/set/d", ["e"], ["b", "copy"]),
                ("/data/set/d/e", [], ["c"])]  # fmt: skip
        self.assertEqual(list(p.walk(sort_entries=True)), walk)
        self.assertEqual(next(p.walk(exclude_base_path=True)), ("", ["d"], ["a.txt"]))
        for wrong in ("/data/set/none", "/other/a.txt"):
            with self.assertRaises(IOError):
                p.isfile(wrong)
            with self.assertRaises(IOError):
                p.read_bytes(wrong, False)
        with self.assertRaises(ValueError):
            p.open("a.txt", "w", True)

    def test_print(self):
        p = tpk.FilePackReader(self.archive)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            p.print_directory_structure()
        lines = ["-:", "   - a.txt", "   - d: (3)", "      - b", "      - copy", "      - e: (1)"]
        self.assertEqual(out.getvalue().splitlines(), [*lines, "         - c"])
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            p.print_directory_structure(ignore_base_path=True, directories_only=True, indentation=1)
        self.assertEqual(out.getvalue().splitlines(), ["- d: (3)", " - e: (1)"])


class FromFilePacker(ArchiveCase):
    def convert(self, pack):
        name = os.path.join(self.directory, "old.fpack")
        with open(name, "wb") as f:
            f.write(pack)
        script = os.path.join(PYTHON, "examples", "from_filepacker.py")
        return subprocess.run([sys.executable, script, name], capture_output=True)

    def test_convert(self):
        """A pack, laid out as FilePacker does it, becomes an archive with the same files."""
        names = {"d/1.jpg": b"one" * 999, "d/e/2.jpg": b"", "last": b"3"}
        pack = struct.pack("<BQ", 1, len(names)) + b"/data/set".ljust(256)
        pack += b"".join(n.encode().ljust(128) for n in names)
        pack += struct.pack(f"<{len(names)}Q", *map(len, names.values())) + b"".join(names.values())
        r = self.convert(pack)
        self.assertEqual((r.returncode, r.stderr), (0, b""))
        new = os.path.join(self.directory, "new.tar.gz")
        subprocess.run([program(), "convert", "-q", "-", new], input=r.stdout, check=True)
        p = FilePackReader(new, base_path="/data/set")
        self.assertEqual(len(p), len(names))
        for name, content in names.items():
            self.assertEqual(p.read_bytes(f"/data/set/{name}", False), content)
        for cut in (0, 5, 300, len(pack) - 1):
            self.assertEqual(self.convert(pack[:cut]).returncode, 1)
        self.assertEqual(self.convert(pack + b"x").returncode, 1)
        self.assertEqual(self.convert(b"\2" + pack[1:]).returncode, 1)


@unittest.skipIf(fsspec is None, "the package fsspec is missing")
class Fsspec(ArchiveCase):
    FILES = {"a.txt": b"one", "d/b.bin": bytes(range(256)) * 6000, "d/e/c": b"three"}

    def setUp(self):
        from tpk.fsspec import TpkFileSystem

        fsspec.register_implementation("tpk", TpkFileSystem, clobber=True)
        self.fs = fsspec.filesystem("tpk", fo=self.name)

    def test_methods(self):
        fs = self.fs
        self.assertEqual(fs.ls("", detail=False), ["a.txt", "d"])
        self.assertEqual(fs.ls("d", detail=False), ["d/b.bin", "d/e"])
        self.assertEqual(fs.ls("d/b.bin", detail=False), ["d/b.bin"])
        self.assertEqual(fs.find(""), ["a.txt", "d/b.bin", "d/e/c"])
        self.assertEqual(fs.glob("**/c"), ["d/e/c"])
        self.assertEqual(fs.info("d/b.bin")["size"], 1_536_000)
        self.assertEqual(fs.cat("a.txt"), b"one")
        self.assertEqual(fs.cat(["a.txt", "d/e/c"]), {"a.txt": b"one", "d/e/c": b"three"})
        self.assertEqual(fs.cat_file("d/b.bin", 256_000, 256_003), b"\0\1\2")
        self.assertTrue(fs.isdir("d") and fs.isfile("d/e/c") and not fs.exists("none"))
        self.assertEqual(fs.du(""), 1_536_008)
        self.assertEqual([p for p, _, _ in fs.walk("")], ["", "d", "d/e"])
        with self.assertRaises(FileNotFoundError):
            fs.open("none")
        self.assertNotEqual(fs.ukey("a.txt"), fs.ukey("d/e/c"))
        self.assertGreater(fs.modified("a.txt").year, 2000)

    def test_open(self):
        with fsspec.open("tpk://d/e/c", fo=self.name) as f:
            self.assertEqual(f.read(), b"three")
        with self.fs.open("a.txt", "r") as f:
            self.assertEqual(f.read(), "one")

    def test_get(self):
        with tempfile.TemporaryDirectory() as x:
            self.fs.get("d", os.path.join(x, "d"), recursive=True)
            with open(os.path.join(x, "d", "e", "c"), "rb") as f:
                self.assertEqual(f.read(), b"three")


class Wheel(ArchiveCase):
    FILES = {"a.txt": b"one"}

    def test_wheel(self):
        """The wheel is built without network, the same each time, and has all that is needed."""
        code = "import wheel_backend, sys; print(wheel_backend.build_wheel(sys.argv[1]))"
        wheels = []
        for i in range(2):
            out = os.path.join(self.directory, f"wheel{i}")
            os.mkdir(out)
            command = [sys.executable, "-c", code, out]
            name = subprocess.run(command, cwd=PYTHON, capture_output=True, text=True, check=True)
            with open(os.path.join(out, name.stdout.strip()), "rb") as f:
                wheels.append(f.read())
        self.assertEqual(*wheels)
        installed = os.path.join(self.directory, "installed")
        with zipfile.ZipFile(io.BytesIO(wheels[0])) as z:
            z.extractall(installed)
            self.assertIn("tpk/py.typed", z.namelist())
        env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        env["PYTHONPATH"] = installed
        out = subprocess.run([sys.executable, "-m", "tpk", "cat", self.name, "a.txt"], env=env,
                             cwd=self.directory, capture_output=True, check=True)  # fmt: skip
        self.assertEqual(out.stdout, b"one")
        code = "from importlib.metadata import version; import tpk"
        code += "; print(version('tpk') == tpk.__version__)"
        if fsspec is not None:
            code += f"; import fsspec; fs = fsspec.filesystem('tpk', fo={self.name!r})"
            code += "; print(fs.cat('a.txt'))"
        out = subprocess.run([sys.executable, "-c", code], env=env, cwd=self.directory,
                             capture_output=True, text=True)  # fmt: skip
        want = "True\nb'one'\n" if fsspec is not None else "True\n"
        self.assertEqual(out.stdout, want, out.stderr)

    def test_sdist(self):
        code = "import wheel_backend, sys; print(wheel_backend.build_sdist(sys.argv[1]))"
        command = [sys.executable, "-c", code, self.directory]
        name = subprocess.run(command, cwd=PYTHON, capture_output=True, text=True, check=True)
        self.assertEqual(name.stdout, f"tpk-{tpk.__version__}.tar.gz\n")


if __name__ == "__main__":
    unittest.main()
