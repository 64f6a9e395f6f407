"""The methods of Archive and Path, and the examples of the documentation."""

import doctest
import io
import os
import pickle
import random
import resource
import stat
import subprocess
import tarfile
import unittest
import zipfile

import tpk
from tpk import _path

from .support import ArchiveCase, good, program

R = random.Random(3)
TEXT = b"".join(b"line %d of a text\r\n" % i for i in range(200_000))  # 4 MB: segments
NOISE = R.randbytes(1_500_000)  # stored blocks


class Content(ArchiveCase):
    FILES = {
        "text": TEXT, "noise": NOISE, "empty": b"", "small": b"small\nfile\n", "d/e/f.txt": b"f",
        "d/e/g.bin": b"\0\1", "d/h.txt": "Grüße\n".encode(), "d-x": b"x", "d.y": b"y",
    }  # fmt: skip

    def test_codings(self):
        codings = {e.path: e.coding for e in self.archive.entries() if e.is_file()}
        self.assertEqual((codings["text"], codings["noise"]), ("segmented", "stored"))

    def test_read(self):
        for path, content in self.FILES.items():
            with self.subTest(path):
                self.assertEqual(self.archive[path], content)
                self.assertEqual(self.archive.read(path.encode()), content)
                self.assertEqual(self.archive[self.archive.entry(path).ordinal], content)
                with self.archive.open(path, "rb") as f:
                    self.assertEqual(f.read(), content)

    def test_seek(self):
        """A file behaves as io.BytesIO does, wherever and however much of it is read."""
        r = random.Random(4)
        for path in ("text", "noise", "small", "empty"):
            with self.archive.open(path, "rb") as f:
                want = io.BytesIO(self.FILES[path])
                for _ in range(300):
                    whence = r.choice((io.SEEK_SET, io.SEEK_CUR, io.SEEK_END))
                    n = r.randrange(-len(self.FILES[path]) - 9, len(self.FILES[path]) + 9)
                    if whence == io.SEEK_SET:
                        n = abs(n)
                    elif whence == io.SEEK_CUR:
                        n = max(n, -want.tell())
                    else:
                        n = max(n, -len(self.FILES[path]))
                    self.assertEqual(f.seek(n, whence), want.seek(n, whence))
                    n = r.choice((0, 1, 100, 70_000, 200_000))
                    self.assertEqual(f.read(n), want.read(n))
                    self.assertEqual(f.tell(), want.tell())

    def test_seek_reads_little(self):
        """A seek into a large file reads one segment or block, not what is before it."""
        reads = []
        read = self.archive._read

        def counted(offset, n):
            reads.append(n)
            return read(offset, n)

        for path, most in (("text", 400_000), ("noise", 200_000)):
            self.archive._read = counted
            self.addCleanup(setattr, self.archive, "_read", read)
            del reads[:]
            with self.archive.open(path, "rb") as f:
                f.seek(-10, io.SEEK_END)
                self.assertEqual(f.read(), self.FILES[path][-10:])
            self.assertLess(sum(reads), most)
            self.archive._read = read

    def test_text(self):
        with self.archive.open("d/h.txt") as f:
            self.assertEqual(f.read(), "Grüße\n")
        with self.archive.open("d/h.txt", encoding="latin-1") as f:
            self.assertEqual(f.read(), "GrÃ¼Ã\x9fe\n")
        with self.archive.open("text", newline="") as f:
            self.assertEqual(f.readline(), "line 0 of a text\r\n")
        with self.archive.open("text") as f:
            self.assertEqual([next(f), next(f)], ["line 0 of a text\n", "line 1 of a text\n"])
            self.assertEqual(sum(1 for _ in f), 199_998)

    def test_modes(self):
        for mode in ("w", "a", "r+", "rb+", "x", ""):
            with self.assertRaises(ValueError):
                self.archive.open("small", mode)
        with self.assertRaises(ValueError):
            self.archive.open("small", "rb", encoding="utf-8")
        f = self.archive.open("text", "rb")
        f.close()
        with self.assertRaises(ValueError):
            f.read(1)
        with self.archive.open("text", "rb") as f:
            self.assertFalse(f.writable())
            with self.assertRaises(io.UnsupportedOperation):
                f.write(b"x")

    def test_mapping(self):
        a = self.archive
        paths = ["d", "d/e", "d/e/f.txt", "d/e/g.bin", "d/h.txt", "d-x", "d.y"]
        paths += ["empty", "noise", "small", "text"]
        self.assertEqual(list(a), paths)
        self.assertEqual(len(a), 11)
        self.assertEqual(a[-1], TEXT)

        class Number:
            def __index__(self):
                return 10

        # As numpy's and torch's numbers are.
        self.assertEqual(a[Number()], TEXT)
        self.assertEqual(a.read(Number()), TEXT)
        self.assertEqual(a.read(-1), TEXT)
        self.assertEqual(a.open(Number()).readline(), "line 0 of a text\n")
        self.assertEqual(a.entry(Number()).path, "text")
        self.assertEqual(a.stat(Number()).st_size, len(TEXT))
        self.assertIn(Number(), a)
        with self.assertRaises(TypeError):
            a[1.5]
        for key, want in (
            ("small", True),
            (b"small", True),
            ("d", True),
            (3, True),
            (10, True),
            (11, False),
            ("smal", False),
            ("small/x", False),
            (None, False),
        ):
            self.assertEqual(key in a, want, key)
        for key in (11, -12):
            with self.assertRaises(IndexError):
                a[key]
        with self.assertRaises(KeyError):
            a["none"]
        with self.assertRaises(IsADirectoryError):
            a["d"]
        with self.assertRaises(IsADirectoryError):
            a[""]
        with self.assertRaises(FileNotFoundError) as caught:
            a.read("none")
        self.assertEqual(caught.exception.filename, f"{self.name}: none")

    def test_tree(self):
        a = self.archive
        self.assertEqual(a.listdir(), ["d", "d-x", "d.y", "empty", "noise", "small", "text"])
        self.assertEqual(a.listdir("d"), ["e", "h.txt"])
        self.assertEqual(a.listdir("d/"), ["e", "h.txt"])
        with self.assertRaises(NotADirectoryError):
            a.listdir("small")
        self.assertEqual([e.path for e in a.entries("d/e")], ["d/e/f.txt", "d/e/g.bin"])
        self.assertEqual(
            list(a.walk("d")), [("d", ["e"], ["h.txt"]), ("d/e", [], ["f.txt", "g.bin"])]
        )
        self.assertEqual(list(a.walk("d/")), list(a.walk("d")))
        walk = a.walk()
        _, dirs, _ = next(walk)
        dirs.clear()
        self.assertEqual(list(walk), [])
        self.assertEqual(a.stat("small").st_size, 11)
        self.assertEqual(a.stat("small").st_mtime_ns, a.entry("small").mtime * 10**9)
        self.assertTrue(stat.S_ISDIR(a.stat("").st_mode) and stat.S_ISDIR(a.stat("d").st_mode))
        self.assertEqual(a.stats.files, 9)

    def test_glob(self):
        """glob finds what the glob module does in the extracted tree."""
        import glob

        tree = os.path.join(self.directory, "globbed")
        self.archive.extract(tree)
        for pattern in (
            "*",
            "**",
            "d/*",
            "d/**",
            "*/*",
            "**/*.txt",
            "d/e/[fg].*",
            "d?x",
            "d/e/f.txt",
            "**/e/*",
            "none*",
            "none/x",
            "*/e/f.txt",
            "d/**/f.txt",
            "**/**/f.txt",
            "*/",
            "d/*/",
            "*/h.txt/",
        ):
            found = glob.glob(os.path.join(glob.escape(tree), pattern), recursive=True)
            want = {os.path.relpath(p, tree) for p in found if p.rstrip("/") != tree}
            self.assertEqual(set(self.archive.glob(pattern)), want, pattern)
            self.assertEqual(len(list(self.archive.glob(pattern))), len(want), pattern)

    def test_path_like_zipfile(self):
        """Path answers as zipfile.Path does for the same tree."""
        zipped = os.path.join(self.directory, "data.zip")
        with zipfile.ZipFile(zipped, "w") as z:
            for path, content in self.FILES.items():
                z.writestr(path, content)
        with zipfile.ZipFile(zipped) as z:
            want, got = zipfile.Path(z), self.archive.path()
            for at in ("d", "d/e", "d/e/f.txt", "small", "none", "d/none.tar.gz"):
                w, g = want / at, got / at
                for name in ("name", "suffix", "stem", "suffixes"):
                    if not hasattr(w, name):
                        continue  # only newer versions of Python have them
                    self.assertEqual(getattr(g, name), getattr(w, name), (at, name))
                self.assertEqual(
                    g.parent.name if "/" in at else "", w.parent.name if "/" in at else ""
                )
                for name in ("exists", "is_dir", "is_file"):
                    # Python 3.9 takes what does not exist for a file.
                    same = getattr(w, name)() and (name != "is_file" or w.exists())
                    self.assertEqual(getattr(g, name)(), same, (at, name))
            self.assertEqual(
                sorted(p.name for p in got.iterdir()), sorted(p.name for p in want.iterdir())
            )
            self.assertEqual((got / "d/h.txt").read_text(), (want / "d/h.txt").read_text("utf-8"))
            self.assertEqual((got / "small").read_bytes(), (want / "small").read_bytes())
            self.assertEqual(got.joinpath("d", "e").at, "d/e")
            self.assertEqual([p.at for p in (got / "d").rglob("*.txt")], ["d/e/f.txt", "d/h.txt"])
            self.assertTrue((got / "d/h.txt").match("*.txt"))
            self.assertEqual((got / "d/e").relative_to(got / "d"), "e")
            with (got / "small").open("rb") as f:
                self.assertEqual(f.read(), b"small\nfile\n")
            for text in ({"encoding": "latin-1"}, {"errors": "strict"}, {"newline": ""}, {}):
                self.assertEqual(
                    (got / "small").read_text(**text), (want / "small").read_text(**text)
                )
            with (got / "small").open("r", "utf-8", newline="") as f:
                self.assertEqual(f.read(), "small\nfile\n")
            self.assertEqual(str((got / "d").filename), f"{self.name}/d")
            self.assertEqual(tpk.Path(self.name, "small").read_bytes(), b"small\nfile\n")
            self.assertEqual(len({got / "d", got / "d"}), 1)

    def test_fifo(self):
        """A FIFO is no archive, and is not waited for."""
        fifo = os.path.join(self.directory, "fifo")
        os.mkfifo(fifo)
        with self.assertRaises(OSError) as caught:
            tpk.open(fifo)
        self.assertEqual(caught.exception.filename, fifo)

    def test_closed(self):
        with tpk.open(self.name) as a:
            pass
        with self.assertRaises(OSError):
            a.read("small")

    def test_other_directory(self):
        """Neither a pickled archive nor a set depends on the working directory."""
        self.pack("moved.tar.gz", {f"d{i}/{i}": b"%d" % i for i in range(9)}, "--shards", "3")
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.directory)
        with tpk.open("data.tar.gz") as a, tpk.open("moved.tar.gz") as shards:
            data = pickle.dumps((a, shards))
            os.chdir("/")
            self.assertEqual(shards["d8/8"], b"8")
            for again, path in zip(pickle.loads(data), ("small", "d3/3")):
                with again:
                    self.assertEqual(again[path], b"small\nfile\n" if path == "small" else b"3")

    def test_pickle(self):
        again = pickle.loads(pickle.dumps(self.archive))
        self.assertEqual(again["small"], b"small\nfile\n")
        again.close()
        name = self.pack("replaced.tar.gz", {"a": b"1"})
        with tpk.open(name) as a:
            data = pickle.dumps(a)
        os.unlink(name)
        self.pack("replaced.tar.gz", {"a": b"2"})
        with self.assertRaises(tpk.ArchiveChanged):
            pickle.loads(data)

    def test_link_to_archive(self):
        """The index may lie beside a link, or beside the file that it leads to."""
        link = os.path.join(self.directory, "link.tar.gz")
        os.symlink(self.name, link)
        with tpk.open(link) as a:
            self.assertEqual(a["small"], b"small\nfile\n")

    def test_path_objects(self):
        import pathlib

        for name in (pathlib.Path(self.name), os.fsencode(self.name)):
            with tpk.open(name) as a:
                self.assertEqual(a["small"], b"small\nfile\n")


class Links(unittest.TestCase):
    def test_links(self):
        with tpk.open(good("everything")) as a:
            self.assertEqual(a["a/copy"], b"z comes first\n")
            self.assertEqual(a["dir/to-z"], b"z comes first\n")
            self.assertEqual(a[a.entry("dir/to-z").ordinal], b"z comes first\n")
            self.assertEqual(a["a/../z"], b"z comes first\n")
            self.assertEqual(a["./dir//./hard"], a["dir/stored"])
            self.assertTrue(a.is_dir("a") and a.exists("a") and not a.exists("loop"))
            self.assertEqual(a.listdir("a"), a.listdir("dir"))
            self.assertTrue(stat.S_ISLNK(a.stat("a", follow_symlinks=False).st_mode))
            self.assertEqual(a.readlink("abs"), "/etc/passwd")
            for path in ("abs", "up", "../z", "dir/../../z", "/etc/passwd"):
                with self.assertRaises(FileNotFoundError, msg=path):
                    a.read(path)
            with self.assertRaises(OSError):
                a.read("loop")
            with self.assertRaises(NotADirectoryError):
                a.read("z/x")
            with self.assertRaises(OSError):
                a.read("fifo")
            with self.assertRaises(OSError):
                a.readlink("z")
            self.assertEqual(a.stat("dir/hard").st_ino, a.stat("dir/stored").st_ino)


class DotLinks(ArchiveCase):
    """Links to the directory that they are in, or above it."""

    def test_links(self):
        tree = os.path.join(self.directory, "dots")
        os.makedirs(os.path.join(tree, "d"))
        with open(os.path.join(tree, "d", "a"), "wb") as f:
            f.write(b"one")
        for at, target in (("dot", "."), ("d/dot", "."), ("d/slash", "./"), ("d/up", ".."),
                           ("d/self", "../d"), ("d/empty", "up/d/."), ("d/file", "a/.")):  # fmt: skip
            os.symlink(target, os.path.join(tree, at))
        name = os.path.join(self.directory, "dots.tar.gz")
        subprocess.run([program(), "pack", "-q", tree, name], check=True)
        with tpk.open(name) as a:
            for link in ("dot", "d/dot", "d/slash", "d/up", "d/self", "d/empty"):
                self.assertTrue(a.is_dir(link), link)
                want = sorted(os.listdir(os.path.join(tree, link)))
                self.assertEqual(a.listdir(link), want, link)
                with self.assertRaises(IsADirectoryError, msg=link):
                    a.read(link)
            self.assertEqual(a["d/dot/slash/up/dot/d/self/a"], b"one")
            with self.assertRaises(NotADirectoryError):
                a.read("d/file")


class Deep(ArchiveCase):
    """A tree of 1,500 directories in each other: no recursion, and few descriptors."""

    DEPTH = 1500

    def test_deep(self):
        name = os.path.join(self.directory, "deep.tar.gz")
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as t:
            info = tarfile.TarInfo("d/" * self.DEPTH + "f")
            info.size = 4
            t.addfile(info, io.BytesIO(b"deep"))
        subprocess.run([program(), "convert", "-q", "-", name], input=tar.getvalue(), check=True)
        path = "d/" * self.DEPTH + "f"
        with tpk.open(name) as a:
            self.assertEqual(a[path], b"deep")
            self.assertEqual(sum(1 for _ in a.walk()), self.DEPTH + 1)
            self.assertEqual(list(a.glob("**/f")), [path])
            x = os.path.join(self.directory, "x")
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
            self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
            a.extract(x)
            a.verify()
        out = subprocess.run(
            ["find", x, "-name", "f", "-size", "4c"], capture_output=True, check=True
        )
        self.assertEqual(out.stdout.decode().strip(), f"{x}/{path}")
        subprocess.run(["rm", "-rf", x], check=True)


class Sets(ArchiveCase):
    def test_names(self):
        files = {f"d{i}/{j}": b"%d %d" % (i, j) for i in range(9) for j in range(9)}
        name = self.pack("set.tar.gz", files, "--shards", "4")
        listed = os.path.join(self.directory, "set-of-00004.tar.gz.tps")
        for opened in (name, listed):
            with tpk.open(opened) as a:
                self.assertEqual({p: a[p] for p in files}, files)
                a.verify()
                self.assertEqual(pickle.loads(pickle.dumps(a))["d3/4"], b"3 4")

    def test_closed(self):
        name = self.pack("closed.tar.gz", {"a": b"1", "b": b"2"}, "--shards", "2")
        with tpk.open(name) as a:
            self.assertEqual(a["a"], b"1")
        with self.assertRaises(OSError):
            a.read("b")

    def test_damaged_index(self):
        """A damaged index is reported as such, and not as missing."""
        self.pack("damaged.tar.gz", {"a": b"1", "b": b"2"}, "--shards", "2")
        listed = os.path.join(self.directory, "damaged-of-00002.tar.gz.tps")
        with open(listed + ".tpi", "r+b") as f:
            f.write(b"X")
        with self.assertRaises(tpk.CorruptArchive):
            tpk.open(listed)

    def test_long_names(self):
        """A shard with a temporary name that is shortened is found: FORMAT.md 1.5."""
        name = "ä" * 60 + ".tar.gz"
        self.pack(name, {"a": b"1", "b": b"2"}, "--shards", "2")
        from tpk import _set

        listed = os.path.join(self.directory, "ä" * 60 + "-of-00002.tar.gz.tps")
        for i in range(2):
            shard = _set.file_name(listed, "shard", i, 2)
            os.rename(shard, _set.file_name(listed, "new shard", i, 2))
        out = subprocess.run([os.environ.get("TPK", "tpk"), "ls", listed], capture_output=True)
        self.assertEqual(out.stdout, b"a\nb\n", out.stderr)  # tpk finds it, so the name is right
        with tpk.open(listed) as a:
            self.assertEqual((a["a"], a["b"]), (b"1", b"2"))


class Documentation(ArchiveCase):
    FILES = {"docs/a.txt": b"hello", "train/0.bin": bytes(1000), "train/1.bin": b"1" * 1000}

    def test_doctests(self):
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir(self.directory)
        from tpk import _trailer, _xxh64

        for module, least in ((tpk, 9), (_path, 3), (_xxh64, 1)):
            result = doctest.testmod(module, extraglobs={"archive": self.archive})
            self.assertEqual(result.failed, 0, module)
            self.assertGreaterEqual(result.attempted, least)
        self.assertTrue(_trailer.__doc__)

    def test_every_public_name_is_documented(self):
        for name in tpk.__all__:
            thing = getattr(tpk, name)
            self.assertTrue(thing.__doc__, name)
            for method in vars(thing) if isinstance(thing, type) else ():
                if not method.startswith("_") and callable(getattr(thing, method)):
                    self.assertTrue(getattr(thing, method).__doc__, f"{name}.{method}")


if __name__ == "__main__":
    unittest.main()
