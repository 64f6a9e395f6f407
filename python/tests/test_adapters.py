"""FilePackReader, the file system for fsspec, and the wheel."""

import contextlib
import hashlib
import io
import os
import pathlib
import pickle
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile
import zlib

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

    def test_path_object(self):
        self.assertTrue(FilePackReader(pathlib.Path(self.name)).isfile("d/b"))

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


def bigpack(directory, files, flags=()):
    """Write a pack as bigpack does: a list of paths and contents, and flags of some paths."""
    os.makedirs(directory, exist_ok=True)
    data = b"BigPack1.0.1 20181107 180131 user@host"
    index = b"#FileName\tFilenameHash\tDataHash\tFilePerms\tFileMTime\tAddedTime\tDataOffset\n"
    offsets = {}
    for path, content in files:
        digest = hashlib.md5(content).digest()[:10]
        if digest not in offsets:
            offsets[digest] = len(data)
            flag, body = dict(flags).get(path, 0), content
            if len(content) >= 1024:
                z = zlib.compressobj(wbits=-15)
                flag, body = flag | 1, z.compress(content) + z.flush()
            data += struct.pack("<IB10sB", len(body), 0, digest, flag) + body
        line = [path, hashlib.md5(path.encode()).hexdigest()[:20], digest.hex(), "640",
                "1541620881", "1541620891", str(offsets[digest])]  # fmt: skip
        index += "\t".join(line).encode() + b"\n"
    for name, content in (("BigPack.data", data), ("BigPack.index", index)):
        with open(os.path.join(directory, name), "wb") as f:
            f.write(content)


class FromBigpack(ArchiveCase):
    def convert(self, directory):
        script = os.path.join(PYTHON, "examples", "from_bigpack.py")
        return subprocess.run([sys.executable, script, directory], capture_output=True)

    def test_convert(self):
        """Packs become an archive with the last version of each file, those below others too."""
        packs = os.path.join(self.directory, "packs")
        files = [("index.html", b"index"), ("one.html", b"one\n"), ("d/größe", b"two\n"),
                 ("text", b"text " * 40_000), ("copy", b"one\n"), ("gone", b"bad"), ("empty", b""),
                 ("one.html", b"one again\n")]  # fmt: skip
        bigpack(packs, files, [("gone", 2)])
        bigpack(os.path.join(packs, "d", "deep"), [("x", b"deep")])
        r = self.convert(packs)
        self.assertEqual((r.returncode, r.stderr.count(b"\n")), (0, 1))
        self.assertIn(b"gone", r.stderr)
        new = os.path.join(self.directory, "new.tar.gz")
        subprocess.run([program(), "convert", "-q", "-", new], input=r.stdout, check=True)
        want = {**dict(files), "d/deep/x": b"deep"}
        del want["gone"]
        with tpk.open(new) as a:
            self.assertEqual({e.path: a[e.path] for e in a.entries() if e.is_file()}, want)
            e = a.entry("d/größe")
            self.assertEqual((e.mode, e.mtime), (0o640, 1541620881))

    def test_hashes(self):
        """bigpack's own sample has these hashes of "index.html" and of "one" and LF."""
        pack = os.path.join(self.directory, "sample")
        bigpack(pack, [("index.html", b"one\n")])
        with open(os.path.join(pack, "BigPack.index"), "rb") as f:
            self.assertIn(b"index.html\teacf331f0ffc35d4b482\t5bbf5a52328e7439ae6e\t", f.read())

    def test_damaged(self):
        pack = os.path.join(self.directory, "damaged")
        for name, change in (
            ("BigPack.data", lambda b: b[:-1]),
            ("BigPack.data", lambda b: b[:60]),
            ("BigPack.data", lambda b: b.replace(b"one", b"ONE")),
            ("BigPack.data", lambda b: b[:-4] + b"\xff" * 4),
            ("BigPack.index", lambda b: b.replace(b"1541620881", b"yesterday")),
            ("BigPack.index", lambda b: b.replace(b"a.html", b"b.html")),
            ("BigPack.index", lambda b: b + b"x"),
            ("BigPack.index", None),
        ):
            bigpack(pack, [("a.html", b"one\n"), ("text", b"text " * 4000)])
            with open(os.path.join(pack, name), "r+b") as f:
                data = f.read()
                f.seek(0)
                f.truncate()
                f.write(change(data) if change else b"")
            if not change:
                os.unlink(f.name)
            r = self.convert(pack)
            self.assertEqual((r.returncode, r.stderr.count(b"\n")), (1, 1), r.stderr)
            if change:
                self.assertIn(os.fsencode(f.name), r.stderr)


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
        for chain in (f"tpk://a.txt::{self.name}", f"tpk://a.txt::file://{self.name}"):
            with fsspec.open(chain) as f:
                self.assertEqual(f.read(), b"one")
        self.assertEqual(self.fs.tail("d/b.bin", 3), b"\xfd\xfe\xff")
        self.assertEqual(self.fs.read_block("a.txt", 1, 2), b"ne")

    def test_other_file_system(self):
        """An archive, or a set, is read by ranges from where another file system has it."""
        memory = fsspec.filesystem("memory")
        self.addCleanup(memory.rm, "/tpk-test", recursive=True)
        self.pack("m.tar.gz", self.FILES, "--shards", "2")
        self.pack("embedded.tar.gz", self.FILES, "--embed-index")
        for name in os.listdir(self.directory):
            if os.path.isfile(os.path.join(self.directory, name)):
                with open(os.path.join(self.directory, name), "rb") as f:
                    memory.pipe(f"/tpk-test/{name}", f.read())
        for name in ("data.tar.gz", "m-of-00002.tar.gz.tps", "embedded.tar.gz"):
            with fsspec.open(f"tpk://d/b.bin::memory://tpk-test/{name}") as f:
                f.seek(256_000)
                self.assertEqual(f.read(3), b"\0\1\2")
            fs = fsspec.filesystem("tpk", fo=f"/tpk-test/{name}", target_protocol="memory")
            self.assertEqual(fs.find(""), sorted(self.FILES))
            again = pickle.loads(pickle.dumps(fs))
            self.assertEqual(again.cat("d/e/c"), b"three")
            with self.assertRaises(TypeError):
                pickle.dumps(fs.archive)
        with self.assertRaises(FileNotFoundError):
            fsspec.open("tpk://a.txt::memory://tpk-test/none.tar.gz")
        memory.rm("/tpk-test/data.tar.gz.tpi")
        with self.assertRaises(tpk.IndexMissing):
            fsspec.filesystem("tpk", fo="/tpk-test/data.tar.gz", target_protocol="memory",
                              skip_instance_cache=True)  # fmt: skip

    def test_links(self):
        """Links are followed by info, and not in listings, so that none leads into a loop."""
        from tpk.fsspec import TpkFileSystem

        tree = os.path.join(self.directory, "links")
        os.makedirs(os.path.join(tree, "d"))
        with open(os.path.join(tree, "d", "a"), "wb") as f:
            f.write(b"one")
        for target, name in ((".", "x"), (".", "y"), ("d", "z"), ("d/a", "file"), ("none", "no")):
            os.symlink(target, os.path.join(tree, name))
        packed = os.path.join(self.directory, "links.tar.gz")
        subprocess.run([program(), "pack", "-q", tree, packed], check=True)
        fs = TpkFileSystem(packed)
        self.assertEqual(fs.find(""), ["d/a", "file", "no", "x", "y", "z"])
        types = {i["name"]: (i["type"], i["size"]) for i in fs.ls("", detail=True)}
        self.assertEqual((types["file"], types["x"][0]), (("file", 3), "other"))
        self.assertTrue(fs.isdir("x") and fs.isdir("x/y/z") and fs.isfile("x/file"))
        self.assertFalse(fs.isdir("no") or fs.isfile("no"))
        self.assertEqual(fs.ls("z", detail=False), ["z/a"])
        self.assertEqual(fs.cat("z/a"), b"one")

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
            with open(os.path.join(REPO, "LICENSE"), "rb") as f:
                self.assertEqual(z.read(f"tpk-{tpk.__version__}.dist-info/LICENSE"), f.read())
        with open(os.path.join(PYTHON, "pyproject.toml"), encoding="utf-8") as f:
            self.assertIn(f'\nversion = "{tpk.__version__}"\n', f.read())
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
