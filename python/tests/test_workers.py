"""Archives in forked and spawned processes and in threads, as DataLoaders use them."""

import multiprocessing
import os
import pickle
import sys
import threading
import unittest

import tpk

from .support import REPO, ArchiveCase

sys.path.insert(0, os.path.join(REPO, "python", "examples"))

import samples  # noqa: E402
import torch_dataset  # noqa: E402

FILES = {f"train/{c}/{i:03}.{x}": f"{c}{i}{x}".encode() * (i + 1)
         for c in "ab" for i in range(40) for x in ("jpg", "cls")}  # fmt: skip


def read_some(archive, paths, queue):
    """Read in another process."""
    try:
        queue.put({p: archive[p] for p in paths})
    except BaseException as e:
        queue.put(e)


class Workers(ArchiveCase):
    FILES = FILES

    def test_processes(self):
        """Four workers, forked and spawned, read at once what the parent goes on reading."""
        for method in ("fork", "spawn"):
            context = multiprocessing.get_context(method)
            queue = context.Queue()
            paths = list(FILES)
            workers = [context.Process(target=read_some, args=(self.archive, paths[i::4], queue))
                       for i in range(4)]  # fmt: skip
            for w in workers:
                w.start()
            for p in paths:
                self.assertEqual(self.archive[p], FILES[p])
            got = {}
            for _ in workers:
                part = queue.get(timeout=60)
                self.assertIsInstance(part, dict)
                got.update(part)
            for w in workers:
                w.join()
            self.assertEqual(got, FILES, method)

    def test_threads(self):
        problems = []

        def run():
            for _ in range(5):
                for p, want in FILES.items():
                    if self.archive[p] != want:
                        problems.append(p)

        threads = [threading.Thread(target=run) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(problems, [])

    def test_dataset(self):
        d = pickle.loads(pickle.dumps(torch_dataset.FileDataset(self.name, "train")))
        self.assertEqual((len(d), d.classes), (160, ["a", "b"]))
        want = [(FILES[p], int(p[6] == "b")) for p in sorted(FILES)]
        self.assertEqual([d[i] for i in range(len(d))], want)
        with self.assertRaises(IndexError):
            d[160]
        self.assertEqual(torch_dataset.FileDataset(self.name, "train", len)[0][0], len(want[0][0]))

    def test_samples(self):
        want = {f"train/{c}/{i:03}": {x: FILES[f"train/{c}/{i:03}.{x}"] for x in ("jpg", "cls")}
                for c in "ab" for i in range(40)}  # fmt: skip
        self.assertEqual({s.pop("__key__"): s for s in samples.samples(self.name)}, want)
        parts = [list(samples.samples(self.name, "train", True, 5, (i, 3))) for i in range(3)]
        keys = [s["__key__"] for part in parts for s in part]
        self.assertEqual(sorted(keys), sorted(want))
        self.assertNotEqual(keys, sorted(keys))
        self.assertEqual(samples.split("a.b/c.tar.gz"), ("a.b/c", "tar.gz"))


class Memory(ArchiveCase):
    """What opening and reading take does not depend on the number of entries."""

    def test_reads(self):
        """Opening reads 576 bytes, and finding a file some hundred, at any number of entries."""
        counts = []
        for n in (10, 700):
            name = self.pack(f"{n}.tar.gz", {f"d/{i:05}": b"x" for i in range(n)})
            reads = []
            from tpk._source import LocalFile

            before = LocalFile.read

            def counted(self, offset, n, before=before, reads=reads):
                reads.append(n)
                return before(self, offset, n)

            LocalFile.read = counted
            try:
                archive = tpk.open(name)
                self.assertEqual(sorted(reads), [64, 512])
                del reads[:]
                self.assertEqual(archive["d/00007"], b"x")
            finally:
                LocalFile.read = before
            archive.close()
            self.assertLess(sum(reads), 2400)
            counts.append(len(reads))
        self.assertLessEqual(max(counts), 10)


if __name__ == "__main__":
    unittest.main()
