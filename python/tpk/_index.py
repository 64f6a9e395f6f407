"""The sidecar: its header, records, links and segments (FORMAT.md 2).

Nothing is loaded. Opening reads the header; each value is checked before it is used.
"""

from __future__ import annotations

import struct
from typing import Iterator, NamedTuple, NoReturn, Tuple, cast

from ._errors import CorruptArchive
from ._paths import MAX_PATH, Paths, Section
from ._source import Source
from ._trailer import Trailer
from ._xxh64 import xxh64

HEADER = 512
RECORD = 44
NONE, DEFLATE, STORED, SEGMENTED = range(4)
FILE, DIRECTORY, SYMLINK, HARDLINK, CHARACTER, BLOCK, FIFO = range(1, 8)
EMPTY_HASH = 0xEF46DB3751D8E999
SUMS = 4  # the optional feature of SHA-256 sums

_MASK48 = (1 << 48) - 1
_MASK56 = (1 << 56) - 1
_RECORD = struct.Struct("<QQQQIQ")
_COUNTS = struct.Struct("<10Q")
_MEMBER = 18  # bytes of the smallest gzip member without its deflate stream
_STORED = 65_535
_RATIO = 1032  # bytes that one byte of deflate can inflate to

Record = Tuple[int, int, int, int, int, int]


class Stats(NamedTuple):
    """Totals of an archive. Numbers of entries, and bytes."""

    files: int
    directories: int
    symlinks: int
    hardlinks: int
    special: int
    duplicates: int
    file_bytes: int
    hardlink_bytes: int
    content_bytes: int
    saved_bytes: int


class Index:
    """An open sidecar. archive_size bounds what its records may refer to."""

    def __init__(self, source: Source, header: bytes) -> None:
        self.name = source.name
        self.source = source
        self.read = source.read
        self.header = header
        (self.version, self.required, self.optional) = struct.unpack_from("<IHH", header, 8)
        self.archive_size: int
        self.entries: int
        self.digest: int
        self.archive_size, self.entries = struct.unpack_from("<QQ", header, 16)
        (self.digest,) = struct.unpack_from("<Q", header, 504)
        self.sections: dict[int, Section] = {}
        self._read_sections()
        self._records = self.sections[1][0]
        self._check_lengths()
        self.names = Paths(self.name, self.read, self.entries, self.sections)
        self.lookup = self.names.lookup
        self.path = self.names.path
        self.block = self.names.block
        self.paths = self.names.run

    def corrupt(self, what: str) -> NoReturn:
        """Raise CorruptArchive for the index."""
        raise CorruptArchive(f"{self.name}: the index is damaged: {what}")

    def fits(self, t: Trailer) -> bool:
        """Report whether the index belongs to the archive with trailer t."""
        return (
            t.digest == self.digest
            and t.entries == self.entries
            and (t.required, t.optional) == (self.required, self.optional)
        )

    @property
    def stats(self) -> Stats:
        """The totals in the header."""
        return Stats(*_COUNTS.unpack_from(self.header, 32))

    def _read_sections(self) -> None:
        (count,) = struct.unpack_from("<I", self.header, 112)
        if not 6 <= count <= (14 if self.optional & SUMS else 16):
            self.corrupt(f"it has {count} sections")
        end = HEADER
        before = 0
        for i in range(count):
            place, length, _ = struct.unpack_from("<QQQ", self.header, 120 + 24 * i)
            offset, number = place & _MASK56, place >> 56
            if number <= before or i < 6 and number != i + 1 or offset != (end + 63) & ~63:
                self.corrupt(f"section {number} is at offset {offset}")
            if length > self.source.size - offset:
                self.corrupt(f"section {number} reaches behind its end")
            self.sections[number] = (offset, length)
            end, before = offset + length, number
        if end != self.source.size:
            self.corrupt(f"it has {self.source.size} bytes, its sections end at {end}")

    def _check_lengths(self) -> None:
        n = self.entries
        if n >= 1 << 32:
            self.corrupt(f"it has {n} entries")
        lengths = [self.sections[i][1] for i in range(1, 7)]
        if lengths[0] != n * RECORD or lengths[1] != (n + 15) // 16 * 8:
            self.corrupt(f"its sections are not those of {n} entries")
        if lengths[3] < 8:
            self.corrupt(f"its section of segments has {lengths[3]} bytes")

    # Records

    def record(self, i: int) -> Record:
        """Return the fields of record i, undivided. It raises IndexError."""
        if not 0 <= i < self.entries:
            raise IndexError(f"{self.name}: no entry {i}: it has {self.entries}")
        return cast(Record, _RECORD.unpack(self.read(self._records + RECORD * i, RECORD)))

    def records(self, start: int, end: int) -> Iterator[Record]:
        """Yield the records from start up to, but not including, end."""
        step = 1489  # records in 64 KiB
        for at in range(start, end, step):
            n = min(step, end - at)
            data = self.read(self._records + RECORD * at, RECORD * n)
            yield from cast("Iterator[Record]", _RECORD.iter_unpack(data))

    def content(self, i: int) -> tuple[int, int, int, int, int]:
        """Return coding, offset and length of C, size and CRC-32 of file i or of its target.

        It raises IsADirectoryError or ValueError if entry i has no content.
        """
        if not 0 <= i < self.entries:
            raise IndexError(f"{self.name}: no entry {i}: it has {self.entries}")
        x, y, z, digest, word, t = _RECORD.unpack(self.read(self._records + RECORD * i, RECORD))
        kind = t >> 56
        if kind & 15 == HARDLINK:
            target = self.checked_target(i, word, y & _MASK48, digest)
            x, y, z, _, word, t = self.record(target)
            kind = t >> 56
        size, length = y & _MASK48, z & _MASK48
        coding = kind >> 4
        if kind & 15 != FILE or coding > 3:
            if kind & 15 == FILE:
                self.corrupt(f"entry {i} has type and coding {kind}")
            raise NotAFile(i, kind & 15)
        offset = (x & _MASK48 | z >> 56 << 48) + (x >> 48)
        if length < _MEMBER:
            if size or length or coding or word or y >> 48:
                self.corrupt(f"entry {i}, a file of {size} bytes, has a content of {length}")
            return NONE, offset, 0, 0, 0
        body = length - _MEMBER
        if (
            offset + length + (y >> 48) > self.archive_size - 64
            or size > body * _RATIO
            or size == 0
            or coding == NONE
            or coding == STORED
            and body != size + (size + _STORED - 1) // _STORED * 5
        ):
            self.corrupt(f"entry {i}, a file of {size} bytes, has {length} at {offset}")
        return coding, offset, length, size, word

    def checked_target(self, i: int, target: int, size: int, digest: int) -> int:
        """Return target, the ordinal of the file that hard link i leads to."""
        if target >= self.entries:
            self.corrupt(f"hard link {i} leads to entry {target}")
        _, y, _, d, _, t = self.record(target)
        if t >> 56 & 15 != FILE or y & _MASK48 != size or d != digest:
            self.corrupt(f"hard link {i} leads to entry {target}, which is not that file")
        return target

    def link(self, length: int, offset: int) -> bytes:
        """Return a symbolic link's target, which has length bytes at offset of section 3."""
        start, size = self.sections[3]
        if not 1 <= length <= MAX_PATH or offset + length > size:
            self.corrupt(f"a symbolic link's target has {length} bytes at offset {offset}")
        target = self.read(start + offset, length)
        if b"\0" in target:
            self.corrupt("a symbolic link's target has a NUL")
        return target

    # Segments

    def segments(self, i: int, size: int, length: int) -> tuple[int, list[int]]:
        """Return shift and the ends of the segments of file i, whose C has length bytes."""
        shift, first, list_at = self.row(4, i)
        start, total = self.sections[4]
        if not 20 <= shift <= 31:
            self.corrupt(f"file {i} has segments of 2^{shift} bytes")
        count = (size + (1 << shift) - 1) >> shift
        if count < 2 or count > 5333 or first + count > (total - list_at) // 8:
            self.corrupt(f"file {i} has {count} segments from {first} on")
        data = self.read(start + list_at + 8 * first, 8 * count)
        ends = list(struct.unpack(f"<{count}Q", data))
        if ends[-1] != length - _MEMBER or any(a >= b for a, b in zip([0, *ends], ends)):
            self.corrupt(f"file {i} has segments in the wrong order")
        return shift, ends

    def row(self, section: int, i: int) -> tuple[int, int, int]:
        """Return shift and index in the row of file i, and where the list behind the rows begins.

        Section 4 and section 8 have such rows.
        """
        start, total = self.sections[section]
        (rows,) = struct.unpack("<Q", self.read(start, 8))
        if rows > (total - 8) // 16:
            self.corrupt(f"section {section} has {rows} files in {total} bytes")
        low, high = 0, rows
        while low < high:
            mid = (low + high) // 2
            ordinal, shift, first = struct.unpack("<IIQ", self.read(start + 8 + 16 * mid, 16))
            if ordinal == i:
                return shift, first, 8 + 16 * rows
            low, high = (mid + 1, high) if ordinal < i else (low, mid)
        self.corrupt(f"section {section} does not have file {i}")

    # Everything

    def check_hashes(self) -> None:
        """Compare each section with its hash in the header. What is between them must be zero."""
        from ._xxh64 import digest

        used = 120 + 24 * len(self.sections)
        end = HEADER
        gaps = self.header[116:120] + self.header[used : 472 if self.optional & SUMS else 504]
        for offset, length in self.sections.values():
            gaps += self.read(end, offset - end)
            end = offset + length
        if any(gaps):
            self.corrupt("it has bytes that belong to no section")
        for i, (number, (offset, length)) in enumerate(self.sections.items()):
            (want,) = struct.unpack_from("<Q", self.header, 120 + 24 * i + 16)
            h = digest()
            for at in range(0, length, 1 << 20):
                h.update(self.read(offset + at, min(1 << 20, length - at)))
            if h.intdigest() != want:
                self.corrupt(f"section {number} is not what it was")


class NotAFile(ValueError):
    """An entry has no content. kind is its type."""

    def __init__(self, i: int, kind: int) -> None:
        super().__init__(f"entry {i} is not a file")
        self.kind = kind


def parse(source: Source, header: bytes) -> Index:
    """Return the index in a source whose header is given. It raises CorruptArchive."""
    if len(header) < HEADER or header[:8] != b"TPKINDEX":
        raise CorruptArchive(f"{source.name}: this is no index of an archive")
    if xxh64(header[:504]) != int.from_bytes(header[504:], "little"):
        raise CorruptArchive(f"{source.name}: the header of the index is damaged")
    return Index(source, header)
