"""Verifying: all bytes of an archive and its index are compared with each other."""

from __future__ import annotations

import zlib
from struct import pack
from typing import Callable, List, NoReturn, Optional, Set, Tuple

from . import _header, _index, _trailer
from ._content import HEAD, Content, Stream
from ._entry import CODINGS, NAMES, Entry, entry
from ._errors import CorruptArchive
from ._index import Index
from ._open import Opened
from ._sniff import SNIFFED, sniff
from ._source import Joined, Source
from ._sums import Sums
from ._table import check_table
from ._totals import Totals
from ._xxh64 import digest

_MAX_BLOCKS = 65_536
_MAX_MEMBER = 65_535


def verify(opened: Opened) -> None:
    """Raise CorruptArchive for the first thing that is wrong."""
    sums = _check_index(opened.index)
    if isinstance(opened.archive, Joined):
        _walk_set(opened.archive, opened.index, sums)
    else:
        _Walk(opened.archive, opened.index, sums).run()
    sums.finish()


def _check_index(index: Index) -> Sums:
    """Compare the index with its hashes, and each path, record and slot with the others."""
    index.check_hashes()
    totals, sums = Totals(index), Sums(index)
    rows = zip(index.records(0, index.entries), index.paths(0, index.entries))
    for i, (record, path) in enumerate(rows):
        e = entry(index, i, record, path)
        if index.lookup(path) != i:
            index.corrupt(f"{e.path}: its table does not lead to it")
        totals.add(e, record)
        if e.type == "hardlink":
            sums.check_link(i, e.target)
        elif not e.is_file():
            sums.check_no_content(i)
    totals.finish()
    check_table(index.names)
    return sums


class _Walk:
    """Reads the members of an archive from its beginning to T, and compares each with the index.

    shard is offset and size of the archive in its set.
    """

    def __init__(
        self, archive: Source, index: Index, sums: Sums, shard: Optional[Tuple[int, int]] = None
    ) -> None:
        self._archive = archive
        self._index = index
        self._sums = sums
        self._base = shard[0] if shard else 0
        self._shard = shard
        self._at = 0
        self._others: Set[int] = set()  # directories that the index has in another shard
        self._parent: Tuple[bytes, int] = b"", -1  # the last directory that was found
        self.found = 0  # entries that are in the index at this place

    def run(self) -> None:
        """Walk the archive. All entries of the index must be in it."""
        self.walk(self._index.archive_size)
        if self.found != self._index.entries:
            self._corrupt(f"{self.found} entries, where the index has {self._index.entries}")

    def walk(self, end: int) -> None:
        """Read the members up to T, which ends at end."""
        while True:
            head = self._archive.read(self._at, min(_trailer.SIZE, end - self._at))
            t = _trailer.parse(head)
            if t is None:
                self._member()
                continue
            if t.offset != self._at:
                self._corrupt("a trailer that was written for another place")
            self._at += _trailer.SIZE
            if _trailer.is_end(head):
                if self._at != end:
                    self._corrupt(f"the archive ends here, and not at offset {end}")
                return

    def _corrupt(self, what: str) -> NoReturn:
        raise CorruptArchive(f"{self._archive.name}: offset {self._at}: {what}")

    def _member(self) -> None:
        """Read one member, and the content that follows it."""
        blocks, extra, length = self._inflate(self._at, _MAX_BLOCKS)
        if blocks:
            try:
                headers = [_header.parse(b) for b in _header.split(blocks)]
            except ValueError as problem:
                self._corrupt(f"the tar header: {problem}")
            bits = self._bits(extra, len(headers))
            group: Set[int] = set()  # ordinals of the entries of this member
            for i, h in enumerate(headers):
                e = self._compare(h, length, bool(bits >> i & 1), group)
                if h.type == _index.FILE:
                    if extra or len(headers) > 1:
                        self._corrupt("the header of a file is with others")
                    length += self._content(e, length)
        self._at += length

    def _bits(self, extra: bytes, count: int) -> int:
        """Return the bit set of G: whether each of count entries is a duplicate."""
        if not extra:
            return 0
        bits = int.from_bytes(extra[1:], "little")
        if extra[:1] != b"G" or len(extra) != 1 + (count + 7) // 8 or not 0 < bits < 1 << count:
            self._corrupt("the extra field is not that of a group")
        return bits

    def _compare(
        self, h: _header.Header, length: int, duplicate: bool, group: Set[int]
    ) -> Optional[Entry]:
        """Compare a header with the index. It returns None for a directory of another shard."""
        index = self._index
        i = index.lookup(h.path)
        if i < 0:
            self._corrupt(f"{h.path[:300]!r} is not in the index")
        e = entry(index, i, index.record(i), h.path)
        self._check_parent(h.path.rpartition(b"/")[0], group)
        if i in group or i in self._others:
            self._corrupt(f"{e.path}: a second header")
        group.add(i)
        if e.is_dir() and h.type == _index.DIRECTORY and self._in_other_shard(e.offset):
            self._others.add(i)
            return None
        self.found += 1
        link = b""
        if e.type == "hardlink":
            link = index.path(e.target)
        elif e.is_symlink():
            link = index.link(e.size, e.link_offset)
        size = e.size if e.type == "file" else 0
        device = (e.device and index.record(i)[2] & (1 << 48) - 1) if h.type in (5, 6) else 0
        if (
            (e.offset, e.header_length) != (self._base + self._at, length)
            or (NAMES.index(e.type), e.mode, e.mtime) != (h.type, h.mode, h.mtime)
            or (size, link, e.duplicate) != (h.size, h.link, duplicate)
            or device != h.major << 24 | h.minor
        ):
            self._corrupt(f"{e.path}: the tar header is not what the index says")
        if e.type == "hardlink" and not self._is_earlier(e.target):
            self._corrupt(f"{e.path}: a hard link to a file behind it")
        return e

    def _check_parent(self, path: bytes, group: Set[int]) -> None:
        """Compare the place of a directory, in which there is an entry, with that of the entry."""
        if path in (b"", self._parent[0]):
            return
        i = self._index.lookup(path)
        if i < 0 or not (i in group or i in self._others or self._is_earlier(i)):
            self._corrupt(f"directory {path[:300]!r} has no header before what is in it")
        self._parent = path, i

    def _is_earlier(self, i: int) -> bool:
        """Report whether the index has entry i in an earlier member of this archive."""
        x, _, z, _, _, _ = self._index.record(i)
        return self._base <= x & (1 << 48) - 1 | z >> 56 << 48 < self._base + self._at

    def _in_other_shard(self, offset: int) -> bool:
        return self._shard is not None and not 0 <= offset - self._shard[0] < self._shard[1]

    def _content(self, e: Optional[Entry], length: int) -> int:
        """Compare the content of a file, and return the length of C and P."""
        assert e is not None
        index, at = self._index, self._at + length
        if not e.size:
            if not self._sums.content(e.ordinal, 0).fits():
                self._corrupt(f"{e.path}: its SHA-256 is another one")
            return 0
        table = b""
        segments: Optional[Callable[[], Tuple[int, List[int]]]] = None
        if e.coding == "segmented":
            shift, ends = index.segments(e.ordinal, e.size, e.content_length)
            table, segments = _segment_table(shift, ends), lambda: (shift, ends)
        name, coding = f"{self._archive.name}: {e.path}", CODINGS.index(e.coding)
        read = self._archive.read
        c = Content(name, read, coding, at, e.content_length, e.size, e.crc, segments)
        h, sums, head = digest(), self._sums.content(e.ordinal, e.size), b""
        with Stream(c) as f:
            while True:
                data = f.read(1 << 16)
                if not data:
                    break
                h.update(data)
                sums.update(data)
                head += data[: SNIFFED - len(head)]
        if h.intdigest() != e.hash:
            self._corrupt(f"{e.path}: its xxHash64 is another one")
        if not sums.fits():
            self._corrupt(f"{e.path}: its SHA-256 is another one")
        if sniff(head) != index.record(e.ordinal)[2] >> 48 & 255:
            self._corrupt(f"{e.path}: its content looks other than the index says")
        at += e.content_length
        if e.padding_length:
            zeros, extra, n = self._inflate(at, 512)
            if n != e.padding_length or any(zeros) or len(zeros) != -e.size % 512:
                self._corrupt(f"{e.path}: its padding is wrong")
            if extra != table:
                self._corrupt(f"{e.path}: its segments are not those of the index")
        elif e.size % 512 or table:
            self._corrupt(f"{e.path}: it has no padding")
        return e.content_length + e.padding_length

    def _inflate(self, at: int, most: int) -> tuple[bytes, bytes, int]:
        """Return what a member inflates to, the payload of its extra field, and its length."""
        data = self._archive.read(at, min(_MAX_MEMBER, self._archive.size - at))
        if data[:3] != HEAD[:3] or data[4:10] != HEAD[4:] or data[3] not in (0, 4):
            self._corrupt("this is no member of an archive")
        extra, start = b"", 10
        if data[3]:
            n = int.from_bytes(data[10:12], "little")
            start = 12 + n
            extra = data[16:start]
            if data[12:14] != b"TP" or int.from_bytes(data[14:16], "little") != n - 4 or not extra:
                self._corrupt("an extra field of another kind")
        z = zlib.decompressobj(-15)
        try:
            content = z.decompress(data[start:], most + 1)
        except zlib.error as e:
            self._corrupt(f"the member is damaged: {e}")
        if len(content) > most or not z.eof or len(z.unused_data) < 8:
            self._corrupt("the member is damaged or too large")
        if z.unused_data[:8] != pack("<II", zlib.crc32(content), len(content)):
            self._corrupt("the member has another CRC-32 or size")
        return content, extra, len(data) - len(z.unused_data) + 8


def _segment_table(shift: int, ends: List[int]) -> bytes:
    """Return the payload of P's extra field."""
    out = b"S" + bytes([shift])
    for start, end in zip([0, *ends], ends):
        out += (end - start).to_bytes(3 if shift <= 23 else 4, "little")
    return out


def _walk_set(archive: Joined, index: Index, sums: Sums) -> None:
    """Walk all shards. Together they have all entries of the index."""
    found = base = 0
    for i, size in enumerate(archive.sizes):
        w = _Walk(archive.shard(i), index, sums, (base, size))
        w.walk(size)
        found += w.found
        base += size
    if found != index.entries:
        raise CorruptArchive(f"{archive.name}: {found} entries, the index has {index.entries}")
