"""Verifying: tar headers and members that no honest archive has."""

import os
import random
import shutil
import struct
import tempfile
import unittest

import tpk
from tpk import _header
from tpk._sums import Sums
from tpk._verify import _Walk
from tpk._xxh64 import xxh64

from .support import good, read_list
from .test_readers import STEP


def header(**fields):
    """Return the canonical blocks of an entry."""
    h = _header.Header(b"d/a", b"", 1, 0o644, 0, 0, 3, 0, b"", b"", 0, 0)
    return _header.canonical(h._replace(**fields))


class Headers(unittest.TestCase):
    def refused(self, blocks):
        """Both functions end, with a ValueError or with what canonical makes the same bytes of."""
        try:
            for part in _header.split(blocks):
                self.assertEqual(_header.canonical(_header.parse(part)), part)
        except ValueError:
            return True
        return False

    def test_round_trip(self):
        for fields in ({}, {"path": b"p/" * 200 + b"x"}, {"link": b"\xff" * 300, "type": 3},
                       {"mtime": -5}, {"uid": 1 << 31, "size": 1 << 40}):  # fmt: skip
            self.assertFalse(self.refused(header(**fields)), fields)

    def test_sizes(self):
        """A size that is negative, or larger than the member, is refused, and not by a loop."""
        blocks = header(path=b"p/" * 200 + b"x")
        for size in (-1, -512, -513, -1 << 60, 1 << 60, 5000):
            field = (b"\xff" if size < 0 else b"\x80") + size.to_bytes(11, "big", signed=True)
            self.assertTrue(self.refused(blocks[:124] + field + blocks[136:]), size)
        self.assertTrue(self.refused(blocks[:124] + b"-0000001000\0" + blocks[136:]))

    def test_numbers(self):
        """Numbers beyond the limits of the format are refused, whatever field has room for them."""
        for key in ("uid", "gid", "size", "mtime"):
            for n in (10**30, -(10**30), 1 << 48, -(1 << 40)):
                text = b"%s=%d\n" % (key.encode(), n)
                record = next(b"%d " % i + text for i in range(99)
                              if len(b"%d " % i + text) == i)  # fmt: skip
                blocks = _header._meta(b"x", record, False) + header()
                self.assertTrue(self.refused(blocks), record)

    def test_damaged(self):
        r = random.Random(5)
        whole = header(path=b"p/" * 200 + b"x", mtime=1 << 36) + header(link=b"\xff" * 200, type=3)
        for _ in range(5_000):
            blocks = bytearray(whole)
            for _ in range(r.randrange(1, 4)):
                block = 512 * r.randrange(len(blocks) // 512)
                at = r.choice((r.randrange(len(blocks)), block + r.randrange(100, 160)))
                blocks[at] = r.choice((0, 0x20, 0x2D, 0x30, 0x37, 0x78, 0x80, 0xFF, at & 255))
            self.refused(bytes(blocks))


class Members(unittest.TestCase):
    def test_bits(self):
        """The extra field of a group has a bit for each entry, and not all are 0."""
        with tpk.open(good("everything")) as a:
            walk = _Walk(a._opened.archive, a._opened.index, Sums(a._opened.index))
            self.assertEqual(walk._bits(b"", 9), 0)
            self.assertEqual(walk._bits(b"G\1\1", 9), 0x101)
            for extra, count in ((b"G", 1), (b"G\1", 9), (b"G\1\1", 8), (b"G\2", 1), (b"G\0", 1),
                                 (b"X\1", 1), (b"S\1", 1)):  # fmt: skip
                with self.assertRaises(tpk.CorruptArchive, msg=extra):
                    walk._bits(extra, count)


def seal(archive, index):
    """Make all hashes of an index fit, and the trailer of its archive."""
    (count,) = struct.unpack_from("<I", index, 112)
    for row in range(120, 120 + 24 * min(count, 16), 24):
        place, length = struct.unpack_from("<QQ", index, row)
        start = place & (1 << 56) - 1
        if start + length <= len(index):
            struct.pack_into("<Q", index, row + 16, xxh64(bytes(index[start : start + length])))
    digest = xxh64(bytes(index[:504]))
    struct.pack_into("<Q", index, 504, digest)
    struct.pack_into("<Q", archive, len(archive) - 26, digest)


class Sealed(unittest.TestCase):
    def test_pure_function(self):
        """An index is a pure function of its archive: no bit of it can be changed unnoticed."""
        directory = tempfile.mkdtemp(prefix="tpk-test-")
        self.addCleanup(shutil.rmtree, directory)
        name = os.path.join(directory, "x.tar.gz")
        files = {}
        for g in read_list()[0]:
            if g["name"] in ("kinds", "sums"):
                with open(g["archive"], "rb") as a, open(g["archive"] + ".tpi", "rb") as i:
                    files[g["name"]] = a.read(), i.read()
        self.assertEqual(len(files), 2)
        for which, (archive, index) in files.items():
            for at in range(8, len(index), 5 * STEP):
                a, i = bytearray(archive), bytearray(index)
                i[at] ^= 1 << at % 8
                seal(a, i)
                if i == index:
                    continue  # a hash, which seal has set right
                for suffix, data in (("", a), (".tpi", i)):
                    with open(name + suffix, "wb") as f:
                        f.write(data)
                with self.subTest(which, at=at), self.assertRaises(tpk.TpkError):
                    with tpk.open(name) as opened:
                        opened.verify()


if __name__ == "__main__":
    unittest.main()
