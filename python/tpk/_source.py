"""Where bytes are: a file, a part of a file, or the files of a set one after the other.

A source has a size and returns exactly the bytes that were asked for, or raises. It has no
position, so threads and forked processes can share it.
"""

from __future__ import annotations

import os
import threading
from bisect import bisect_right
from typing import Callable, Protocol

from ._errors import CorruptArchive
from ._fork import forget_after_fork


class Source(Protocol):
    """Bytes that can be read at any offset."""

    name: str
    size: int

    def read(self, offset: int, n: int) -> bytes:
        """Return the n bytes from offset. It raises CorruptArchive if there are fewer."""

    def close(self) -> None:
        """Release what the source holds."""


def truncated(name: str, offset: int, n: int) -> CorruptArchive:
    """Return the error of a read behind the end."""
    return CorruptArchive(f"{name}: truncated: there are no {n} bytes at offset {offset}")


if hasattr(os, "pread"):
    from os import pread as _pread


class LocalFile:
    """A file. It is not mapped, as a mapped file that is cut off kills the process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._fd = -1
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        # Without O_NONBLOCK, a FIFO would wait for a writer.
        self._fd = os.open(name, flags | getattr(os, "O_NONBLOCK", 0))
        try:
            if os.path.isdir(name):
                raise IsADirectoryError(21, "is a directory")
            self.size = os.lseek(self._fd, 0, os.SEEK_END)
        except OSError as e:
            self.close()
            raise OSError(e.errno, e.strerror, name) from None

    if hasattr(os, "pread"):

        def read(self, offset: int, n: int) -> bytes:
            """Return the n bytes from offset."""
            if offset + n > self.size:
                raise truncated(self.name, offset, n)
            data = _pread(self._fd, n, offset)
            return data if len(data) == n else self._rest(data, offset, n)

        def _read_some(self, offset: int, n: int) -> bytes:
            return _pread(self._fd, n, offset)

    else:
        _lock = threading.Lock()

        def read(self, offset: int, n: int) -> bytes:
            """Return the n bytes from offset."""
            if offset + n > self.size:
                raise truncated(self.name, offset, n)
            return self._rest(b"", offset, n)

        def _read_some(self, offset: int, n: int) -> bytes:
            with self._lock:
                os.lseek(self._fd, offset, os.SEEK_SET)
                return os.read(self._fd, n)

    def _rest(self, data: bytes, offset: int, n: int) -> bytes:
        """Read on after a short read: Linux reads at most 2 GiB at once."""
        parts = [data]
        done = len(data)
        while done < n:
            part = self._read_some(offset + done, min(n - done, 1 << 30))
            if not part:
                raise truncated(self.name, offset, n)
            parts.append(part)
            done += len(part)
        return b"".join(parts)

    def close(self) -> None:
        """Close the file."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __del__(self) -> None:
        self.close()


class Joined:
    """The shards of a set, as if they stood one after the other. A few are open at a time."""

    _OPEN = 64

    def __init__(self, name: str, sizes: list[int], open_shard: Callable[[int], Source]) -> None:
        self.name = name
        self.sizes = sizes
        self._ends: list[int] = []
        self.size = 0
        for size in sizes:
            self.size += size
            self._ends.append(self.size)
        self._open_shard = open_shard
        self._shards: dict[int, Source] = {}
        self._closed = False
        self.forget()
        forget_after_fork(self)

    def forget(self) -> None:
        """Make a new lock: another thread may have held it when the process was forked."""
        self._lock = threading.Lock()

    def read(self, offset: int, n: int) -> bytes:
        """Return the n bytes from offset, which must all be in one shard."""
        i = bisect_right(self._ends, offset)
        if offset < 0 or i == len(self._ends) or offset + n > self._ends[i]:
            raise CorruptArchive(f"{self.name}: {n} bytes at offset {offset} are in no shard")
        return self.shard(i).read(offset - (self._ends[i - 1] if i else 0), n)

    def shard(self, i: int) -> Source:
        """Return shard i."""
        shard = self._shards.get(i)
        if shard is None:
            if self._closed:
                raise OSError(9, os.strerror(9), self.name)
            shard = self._open_shard(i)
            with self._lock:
                # Somebody may still read the shard that makes room: its last reference closes it.
                while len(self._shards) >= self._OPEN:
                    del self._shards[next(iter(self._shards))]
                self._shards[i] = shard
        return shard

    def close(self) -> None:
        """Close the shards."""
        self._closed = True
        with self._lock:
            for shard in self._shards.values():
                shard.close()
            self._shards.clear()


class Embedded:
    """The sidecar that an archive has in itself (FORMAT.md 1.6).

    header is the one that stands before T; base is the offset of the first member of the index.
    """

    _PART = 16_320
    _GAP = 64  # bytes of gzip between two parts
    _HEAD = 54  # bytes of a member before its part

    def __init__(self, archive: Source, base: int, size: int, header: bytes) -> None:
        self.name = archive.name
        self.size = size
        self._archive = archive
        self._start = base + self._HEAD
        self._header = header

    def read(self, offset: int, n: int) -> bytes:
        """Return the n bytes from offset."""
        if offset < 0 or offset + n > self.size:
            raise truncated(self.name, offset, n)
        if offset < len(self._header):
            head = self._header[offset : offset + n]
            return head if len(head) == n else head + self.read(len(self._header), n - len(head))
        first = offset // self._PART
        gap = self._start + first * self._GAP
        in_part = self._PART - offset % self._PART
        if n <= in_part:
            return self._archive.read(gap + offset, n)
        parts = []
        while n > 0:
            take = min(n, in_part)
            parts.append(self._archive.read(gap + offset, take))
            offset, n, in_part, gap = offset + take, n - take, self._PART, gap + self._GAP
        return b"".join(parts)

    def close(self) -> None:
        """The archive is closed by its own user."""
