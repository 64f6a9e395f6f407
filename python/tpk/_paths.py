"""Paths, and the table that leads to them: sections 2, 5 and 6 of the sidecar (FORMAT.md 2.2)."""

from __future__ import annotations

import re
import struct
from typing import Callable, Iterator, NoReturn, Tuple

from ._errors import CorruptArchive
from ._xxh64 import xxh64

BUCKET = 64
MAX_PATH = 16_384
_MAX_BLOCK = 100 + 16 * MAX_PATH
_PLACE = struct.Struct("<Q").unpack_from
_MASK40 = (1 << 40) - 1
_GUESS = 448  # bytes that are read of a block of paths at first: nearly all are shorter
_NAME = rb"(?!\.\.?(?:/|\Z))[^/\0]{1,255}"
_PATH = re.compile(rb"%s(?:/%s)*" % (_NAME, _NAME))

Section = Tuple[int, int]  # offset and length


class Paths:
    """The paths of an index, by number and by hash. Nothing of them is kept in memory."""

    def __init__(
        self,
        name: str,
        read: Callable[[int, int], bytes],
        entries: int,
        sections: dict[int, Section],
    ) -> None:
        self.name = name
        self.read = read
        self.entries = entries
        self._blocks = sections[2][0]
        self._paths, self._paths_size = sections[5]
        self._table, table = sections[6]
        self.buckets = table // BUCKET
        self.homes = max(1, (entries + 7) // 8)
        if table % BUCKET or self.buckets < self.homes:
            self.corrupt(f"its table has {table} bytes for {entries} entries")

    def corrupt(self, what: str) -> NoReturn:
        """Raise CorruptArchive for the index."""
        raise CorruptArchive(f"{self.name}: the index is damaged: {what}")

    def lookup(self, path: bytes) -> int:
        """Return the ordinal of a path, or -1."""
        h = xxh64(path)
        b = h * self.homes >> 64
        tag = h & 255
        last = -1
        while True:
            bucket = self.read(self._table + BUCKET * b, BUCKET)
            if last < 0:
                last = b + bucket[61]
            end = 50 + bucket[60]
            if end > 60 or last >= self.buckets or not bucket.endswith(b"TP"):
                self.corrupt(f"bucket {b} of its table")
            slot = bucket.find(tag, 50, end)
            while slot >= 0:
                i = self._match(_PLACE(bucket, 5 * slot - 250)[0] & _MASK40, path)
                if i >= 0:
                    return i
                slot = bucket.find(tag, slot + 1, end)
            if b >= last:
                return -1
            b += 1

    def bucket(self, b: int) -> bytes:
        """Return bucket b of the table."""
        return self.read(self._table + BUCKET * b, BUCKET)

    def at(self, place: int) -> tuple[int, bytes]:
        """Return ordinal and path at a place."""
        offset, k = place >> 4 << 2, place & 15
        if offset + 36 > self._paths_size:
            self.corrupt(f"its table leads to offset {offset} of {self._paths_size}")
        number = self._number_at(offset)
        paths = self.block(number)
        if k >= len(paths):
            self.corrupt(f"its table leads to path {k} of block {number}")
        return 16 * number + k, paths[k]

    def _match(self, place: int, path: bytes) -> int:
        """Return the ordinal of the path at a place if it is path, else -1."""
        offset, k = place >> 4 << 2, place & 15
        room = self._paths_size - offset
        if room < 36:
            self.corrupt(f"its table leads to offset {offset} of {self._paths_size}")
        block = self.read(self._paths + offset, _GUESS if room > _GUESS else room)
        if 255 in block[:32]:
            return self._match_wide(offset, k, path)
        further = block[16 + k]
        need = block[k]
        if need + further != len(path):
            return -1
        end = 36 + sum(block[16 : 17 + k])
        if end > len(block):
            if end > room:
                self.corrupt(f"the block at offset {offset} has paths behind its end")
            block = self.read(self._paths + offset, end)
        at = end - further
        if block[at:end] != path[need:]:
            return -1
        # The bytes that are shared are those of paths before it, the last one that has them first.
        for before in range(k - 1 if need else -1, -1, -1):
            at -= block[16 + before]
            shared = block[before]
            if shared < need:
                if shared + block[16 + before] < need:
                    self.corrupt(f"a path of the block at offset {offset} shares too many bytes")
                if block[at : at + need - shared] != path[shared:need]:
                    return -1
                need = shared
                if not need:
                    break
        if need:
            self.corrupt(f"the first path of the block at offset {offset} shares bytes")
        ordinal = int.from_bytes(block[32:36], "little") * 16 + (place & 15)
        if ordinal >= self.entries:
            self.corrupt(f"a block of paths has the number {ordinal // 16}")
        return ordinal

    def _match_wide(self, offset: int, k: int, path: bytes) -> int:
        number = self._number_at(offset)
        paths = self.block(number)
        return 16 * number + k if k < len(paths) and paths[k] == path else -1

    def _number_at(self, offset: int) -> int:
        """Return the number of the block at an offset."""
        number = int.from_bytes(self.read(self._paths + offset + 32, 4), "little")
        if number >= (self.entries + 15) // 16:
            self.corrupt(f"a block of paths has the number {number}")
        if self._block_place(number)[0] != offset:
            self.corrupt(f"its table leads to offset {offset} of the paths, where no block begins")
        return number

    def _block_place(self, number: int) -> Section:
        """Return offset and length of a block of section 5."""
        blocks = (self.entries + 15) // 16
        if number + 1 < blocks:
            start, end = struct.unpack("<QQ", self.read(self._blocks + 8 * number, 16))
        else:
            (start,) = struct.unpack("<Q", self.read(self._blocks + 8 * number, 8))
            end = self._paths_size
        if start & 3 or end & 3 or not start + 36 <= end <= self._paths_size:
            self.corrupt(f"path block {number} is at offset {start} to {end}")
        if end - start > _MAX_BLOCK or number == 0 and start:
            self.corrupt(f"path block {number} has {end - start} bytes at offset {start}")
        return start, end - start

    def path(self, i: int) -> bytes:
        """Return the path of entry i."""
        if not 0 <= i < self.entries:
            raise IndexError(f"{self.name}: no entry {i}: it has {self.entries}")
        return self.block(i >> 4)[i & 15]

    def block(self, number: int) -> list[bytes]:
        """Return the paths of the entries from 16 × number, at most 16."""
        start, length = self._block_place(number)
        data = self.read(self._paths + start, length)
        lengths = list(data[:32])
        at = 36
        if 255 in lengths:
            for i, n in enumerate(lengths):
                if n == 255:
                    lengths[i] = int.from_bytes(data[at : at + 2], "little")
                    at += 2
                    if lengths[i] < 255:
                        self.corrupt(f"path block {number}: a length of {lengths[i]} in two bytes")
        if int.from_bytes(data[32:36], "little") != number:
            self.corrupt(f"path block {number} has another number")
        count = min(16, self.entries - 16 * number)
        end = at + sum(lengths[16:])
        if length != (end + 3) & ~3 or any(data[end:]) or lengths[0]:
            self.corrupt(f"path block {number} has {length} bytes for paths up to {end}")
        if count < 16 and (any(lengths[count:16]) or any(lengths[16 + count :])):
            self.corrupt(f"path block {number} has more than {count} paths")
        paths = []
        before = b""
        for i in range(count):
            shared, more = lengths[i], at + lengths[16 + i]
            path = before[:shared] + data[at:more]
            # All before the first byte that differs is that of the path before, which is valid.
            differs = before[shared : shared + 1], data[at : min(at + 1, more)]
            if (
                shared > len(before)
                or differs[0].replace(b"/", b"\0") >= differs[1].replace(b"/", b"\0")
                or len(path) > MAX_PATH
                or not _PATH.fullmatch(path, path.rfind(b"/", 0, shared) + 1)
            ):
                self.corrupt(f"entry {16 * number + i} has the path {path[:300]!r}")
            paths.append(path)
            before, at = path, more
        return paths

    def run(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the paths of the entries from start up to, but not including, end."""
        before = b""
        for number in range(start >> 4, (end + 15) >> 4):
            block = self.block(number)
            if before.replace(b"/", b"\0") >= block[0].replace(b"/", b"\0"):
                self.corrupt(f"entry {16 * number} is out of order: {block[0][:300]!r}")
            before = block[-1]
            yield from block[max(0, start - 16 * number) : end - 16 * number]
