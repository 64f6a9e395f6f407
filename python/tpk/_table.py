"""The table of an index, which has one form for the paths in it (FORMAT.md 2.2, section 6)."""

from __future__ import annotations

from ._paths import Paths
from ._xxh64 import xxh64

_SLOTS = 10
_MAX_REACH = 255


def check_table(paths: Paths) -> None:
    """Raise CorruptArchive if the table is another one than that of the paths."""
    t = _Table(paths)
    for b in range(paths.buckets):
        t.add_bucket(b)
    t.finish()


class _Table:
    """Puts the paths into buckets in the order of the table, as a writer does."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._last = (-1, -1)  # hash and ordinal
        self._entries = 0
        self._bucket = self._used = 0  # the bucket that is being filled, and its slots in use
        self._reaches: dict[int, int] = {}  # of the buckets that may still be a path's home
        self._wanted: dict[int, int] = {}
        self._compared = 0  # buckets whose reach was compared

    def add_bucket(self, b: int) -> None:
        """Compare bucket b with what belongs into it."""
        bucket = self._paths.bucket(b)
        count = bucket[60]
        self._reaches[b] = bucket[61]
        if count > _SLOTS or any(bucket[5 * count : 50]) or any(bucket[50 + count : 60]):
            self._corrupt(b)
        for slot in range(count):
            place = int.from_bytes(bucket[5 * slot : 5 * slot + 5], "little")
            ordinal, path = self._paths.at(place)
            h = xxh64(path)
            home = h * self._paths.homes >> 64
            if (h, ordinal) <= self._last or h & 255 != bucket[50 + slot]:
                self._corrupt(b)
            self._last = h, ordinal
            self._compare_reaches(home)
            if (b, slot) != self._next(home) or b - home > _MAX_REACH:
                self._corrupt(b)
            self._wanted[home] = b - home
            self._entries += 1

    def _corrupt(self, b: int) -> None:
        self._paths.corrupt(f"bucket {b} of its table is not that of its paths")

    def _next(self, home: int) -> tuple[int, int]:
        """Return bucket and slot of the next path, whose home is given."""
        if home > self._bucket:
            self._bucket, self._used = home, 0
        if self._used == _SLOTS:
            self._bucket, self._used = self._bucket + 1, 0
        self._used += 1
        return self._bucket, self._used - 1

    def _compare_reaches(self, end: int) -> None:
        """Compare the reaches of the buckets before end, which are no later path's home."""
        while self._compared < end:
            b = self._compared
            if self._reaches.pop(b, 0) != self._wanted.pop(b, 0):
                self._corrupt(b)
            self._compared += 1

    def finish(self) -> None:
        """Compare what is left, and the numbers of entries and buckets."""
        self._compare_reaches(self._paths.buckets)
        buckets = max(self._paths.homes, self._bucket + 1)
        if (self._entries, buckets) != (self._paths.entries, self._paths.buckets):
            self._paths.corrupt(f"its table has {self._entries} entries")
