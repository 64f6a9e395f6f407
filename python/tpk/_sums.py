"""The SHA-256 sums of an index: sections 7 to 10 (FORMAT.md 2.5)."""

from __future__ import annotations

from hashlib import sha256

from ._index import HEADER, SUMS, Index

_BLOCK = 65_536
_MIB = 1 << 20
_SUM = 32


class Sums:
    """Compares contents, and the index itself, with the sums. It accepts all if there are none."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._large = 0  # files with sums of their parts
        self._parts = 0
        self.exist = bool(index.optional & SUMS)
        if not self.exist:
            return
        missing = [n for n in (7, 8, 9, 10) if n not in index.sections]
        if missing or index.sections[7][1] != _SUM * index.entries or index.sections[8][1] < 8:
            index.corrupt("its sections of SHA-256 sums are not those of its entries")
        self._check_blocks()

    def _check_blocks(self) -> None:
        """Compare the blocks of the index, the list of their sums, and the sum in the header."""
        index = self._index
        data_end = index.sections[9][0]
        self._compare_list(9, HEADER, data_end, 0)
        start, length = index.sections[9]
        self._compare_list(10, start, start + length, start)
        start, length = index.sections[10]
        if sha256(index.read(start, length)).digest() != index.header[472:504]:
            index.corrupt("its SHA-256 is another one")

    def _compare_list(self, section: int, start: int, end: int, origin: int) -> None:
        """Compare the sums in a section with the blocks, counted from origin, of start to end."""
        index = self._index
        at, length = index.sections[section]
        if length != (end - origin + _BLOCK - 1) // _BLOCK * _SUM:
            index.corrupt(f"section {section} has {length} bytes")
        for block in range(origin, end, _BLOCK):
            first = max(block, start)
            data = index.read(first, min(block + _BLOCK, end) - first)
            if sha256(data).digest() != index.read(at, _SUM):
                index.corrupt(f"bytes {first} and on have another SHA-256")
            at += _SUM

    def check_no_content(self, i: int) -> None:
        """Check that an entry without content has no sum."""
        if self.exist and any(self._index.read(self._index.sections[7][0] + _SUM * i, _SUM)):
            self._index.corrupt(f"entry {i} has a SHA-256, and no content")

    def check_link(self, i: int, target: int) -> None:
        """Check that a hard link has the sum of its target."""
        if self.exist and self._sum(i) != self._sum(target):
            self._index.corrupt(f"hard link {i} has another SHA-256 than its file")

    def _sum(self, i: int) -> bytes:
        return self._index.read(self._index.sections[7][0] + _SUM * i, _SUM)

    def content(self, i: int, size: int) -> ContentSums:
        """Return what compares the content of file i."""
        if not self.exist:
            return ContentSums(b"", b"")
        parts = b""
        if size > _MIB:
            shift, first, list_at = self._index.row(8, i)
            start, total = self._index.sections[8]
            count = (size + _MIB - 1) // _MIB
            if shift != 20 or first + count > (total - list_at) // _SUM:
                self._index.corrupt(f"file {i} has {count} sums of its parts from {first} on")
            parts = self._index.read(start + list_at + _SUM * first, _SUM * count)
            self._large += 1
            self._parts += count
        return ContentSums(self._sum(i), parts)

    def finish(self) -> None:
        """Check that there are no other sums than those of the contents that were compared."""
        if self.exist:
            start, length = self._index.sections[8]
            rows = int.from_bytes(self._index.read(start, 8), "little")
            want = 8 + 16 * self._large + _SUM * self._parts
            if (rows, length) != (self._large, want):
                self._index.corrupt("there are more SHA-256 sums than those of its files")


class ContentSums:
    """Compares one content with its sums, as it is read."""

    def __init__(self, whole: bytes, parts: bytes) -> None:
        self._want, self._want_parts = whole, parts
        self._whole, self._part = sha256(), sha256()
        self._in_part = 0
        self._parts = b""

    def update(self, data: bytes) -> None:
        """Add the next bytes."""
        if self._want:
            self._whole.update(data)
        if not self._want_parts:
            return
        while data:
            piece, data = data[: _MIB - self._in_part], data[_MIB - self._in_part :]
            self._part.update(piece)
            self._in_part += len(piece)
            if self._in_part == _MIB:
                self._end_part()

    def _end_part(self) -> None:
        self._parts += self._part.digest()
        self._part, self._in_part = sha256(), 0

    def fits(self) -> bool:
        """Report whether the content has the sums."""
        if self._in_part:
            self._end_part()
        return self._want in (b"", self._whole.digest()) and self._parts == self._want_parts
