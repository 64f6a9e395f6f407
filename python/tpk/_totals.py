"""What the index must record of everything, and of all that is below a directory (FORMAT.md 2)."""

from __future__ import annotations

from . import _index
from ._entry import NAMES, Entry
from ._index import EMPTY_HASH, Index, Record

_MASK48 = (1 << 48) - 1
_MASK56 = (1 << 56) - 1


class _Directory:
    """A directory on the path of an entry, and the totals of what was found below it."""

    def __init__(self, e: Entry, record: Record) -> None:
        self.entry = e
        self.recorded = (record[1], record[2] & _MASK56, record[3])
        self.size = self.members = self.names = 0


class Totals:
    """Adds up entries in path order, and compares each directory when it has ended."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._stack: list[_Directory] = []
        self._counts = [0] * 8
        self._duplicates = 0
        self._bytes = [0, 0, 0, 0]  # the last four of Stats
        self._links = 0  # bytes of the targets of all symbolic links
        self._segmented = self._segments = 0
        # The last name of each file that has hard links, to count its content once in a directory.
        self._last: dict[int, int] = {}

    def add(self, e: Entry, record: Record) -> None:
        """Add an entry. It raises CorruptArchive for one that is not where its directory is."""
        self._end_directories(e.ordinal)
        above = self._stack[-1].entry if self._stack else None
        parent = above.path if above else ""
        if e.path.rpartition("/")[0] != parent or above and e.end > above.end:
            self._index.corrupt(f"{e.path}: it is not where directory {parent!r} says")
        self._check_unused(e, record)
        self._counts[NAMES.index(e.type)] += 1
        if e.is_dir():
            self._stack.append(_Directory(e, record))
            return
        for d in self._stack:
            d.names += 1
        if e.is_symlink():
            if e.link_offset != self._links:
                self._index.corrupt(f"{e.path}: its target is not where the one before it ends")
            self._links += e.size
        elif e.is_file():
            self._add_content(e)

    def _add_content(self, e: Entry) -> None:
        file, length = e.ordinal, e.content_length
        if e.type == "hardlink":
            file, length = e.target, self._index.record(e.target)[2] & _MASK48
            self._bytes[1] += e.size
            if e.duplicate:
                self._duplicates += 1
                self._bytes[3] += length
        else:
            self._bytes[0] += e.size
            self._bytes[2] += length
            if e.coding == "segmented":
                self._segmented += 1
                shift, ends = self._index.segments(file, e.size, length)
                self._segments += len(ends)
        before = self._last.get(file, file if file < e.ordinal else -1)
        if file != e.ordinal or before >= 0:
            self._last[file] = e.ordinal
        for d in self._stack:
            d.size += e.size
            # A directory that begins after the last name of the file does not have it yet.
            if d.entry.ordinal > before:
                d.members += length

    def _check_unused(self, e: Entry, record: Record) -> None:
        """Compare the fields that are 0, or those of a hard link's target."""
        _, y, z, digest, word, _ = record
        padding, sniff = y >> 48, z >> 48 & 255
        want = rest = 0
        if e.type == "file" and e.size or e.is_dir():
            want = sniff  # of a file, it is compared with the content
        elif e.type == "file":
            rest = e.hash ^ EMPTY_HASH
        elif e.type == "hardlink":
            want, rest = self._index.record(e.target)[2] >> 48 & 255, padding | z & _MASK48
        elif e.is_symlink():
            rest = padding | digest | word | e.mode ^ 0o777
        else:
            rest = y | digest | word | (z & _MASK48 if e.type == "fifo" else 0)
        if rest or sniff != want:
            self._index.corrupt(f"{e.path}: its record has fields that are not those of a {e.type}")

    def _end_directories(self, ordinal: int) -> None:
        while self._stack and self._stack[-1].entry.end == ordinal:
            d = self._stack.pop()
            if (d.size, d.members, d.names) != d.recorded:
                self._index.corrupt(f"{d.entry.path}: its totals are wrong")

    def finish(self) -> None:
        """Compare the totals of everything."""
        index = self._index
        self._end_directories(index.entries)
        if self._stack:
            index.corrupt(f"{self._stack[-1].entry.path}: its end is wrong")
        counts = self._counts
        special = counts[5] + counts[6] + counts[7]
        if [*counts[1:5], special, self._duplicates, *self._bytes] != list(index.stats):
            index.corrupt("its totals are wrong")
        if self._links != index.sections[3][1]:
            index.corrupt("there are more link targets than links")
        start, length = index.sections[4]
        rows = int.from_bytes(index.read(start, 8), "little")
        if (rows, length) != (self._segmented, 8 + 16 * self._segmented + 8 * self._segments):
            index.corrupt("there are more segments than those of its files")
