"""Archives on servers, by range requests. All bytes are of one generation of the object."""

from __future__ import annotations

import random
import time
from typing import Optional

from ._blocks import BLOCK, Blocks
from ._errors import ArchiveChanged, RemoteError
from ._http import MAX_RANGE, Client, Part, Transient
from ._options import RemoteOptions
from ._source import truncated

_TAIL = 1 << 15  # bytes at the end of an archive: T, and often all of an index in it
_MOST_AHEAD = 1 << 20  # bytes that are asked for ahead of a reader


class RemoteFile:
    """An object on a server: an archive, or the index beside it.

    The first request is for a range that is needed anyway. Its answer fixes size and ETag; all
    others must have the same.
    """

    def __init__(self, url: str, options: RemoteOptions) -> None:
        self._client = Client(url, options)
        self.name = self._client.name
        self._attempts = max(1, options.attempts)
        path = url.split("?")[0]
        self._by_blocks = path.endswith((".tpi", ".tps"))
        self._blocks: Optional[Blocks] = None
        self._ahead: tuple[int, bytes] = (0, b"")
        try:
            part = self._first(f"0-{BLOCK - 1}" if self._by_blocks else f"-{_TAIL}")
        except BaseException:
            self._client.close()
            raise
        self.size = part.total
        self._etag, self._modified = part.etag, part.modified
        self._match = part.etag if part.etag.startswith('"') else ""
        if self._by_blocks:
            self._blocks = Blocks(self._range, self.size, options.cache_size)
            self._blocks.put(0, part.data)
            self._tail = part.total, b""
        else:
            self._tail = part.start, part.data

    def _first(self, byte_range: str) -> Part:
        try:
            part = self._retry(byte_range, 0 if self._by_blocks else None, "")
        except RemoteError as e:
            # S3 says 403 for what is missing, unless the bucket may be listed.
            if self._by_blocks and e.status == 403:
                raise FileNotFoundError(2, "No such file or directory", self.name) from None
            raise
        want = min(part.total, BLOCK) if self._by_blocks else part.total
        if part.start + len(part.data) != want:
            raise RemoteError(f"{self.name}: the server sent another range than was asked for")
        return part

    def _retry(self, byte_range: str, start: "int | None", match: str) -> Part:
        for attempt in range(self._attempts):
            if attempt:
                time.sleep(min(5.0, 0.1 * 2**attempt) * (0.5 + random.random() / 2))
            try:
                return self._client.get(byte_range, start, match)
            except Transient as e:
                problem = str(e)
        raise RemoteError(f"{self.name}: {problem}, {self._attempts} times")

    def read(self, offset: int, n: int) -> bytes:
        """Return the n bytes from offset."""
        if offset < 0 or offset + n > self.size:
            raise truncated(self.name, offset, n)
        if not n:
            return b""
        if offset >= self._tail[0]:
            at = offset - self._tail[0]
            return self._tail[1][at : at + n]
        if self._blocks is not None:
            return self._blocks.read(offset, n)
        return self._read_ahead(offset, n)

    def _read_ahead(self, offset: int, n: int) -> bytes:
        """Read a part of the archive. More is asked for where a reader goes on."""
        start, data = self._ahead
        if start <= offset and offset + n <= start + len(data):
            return data[offset - start :][:n]
        want = n
        if offset == start + len(data) and data:
            want = max(n, min(2 * len(data), _MOST_AHEAD))
        data = self._range(offset, min(want, self.size - offset))
        if n <= _MOST_AHEAD:
            self._ahead = offset, data
        return data[:n]

    def _range(self, offset: int, n: int) -> bytes:
        parts = []
        while n > 0:
            take = min(n, MAX_RANGE)
            part = self._retry(f"{offset}-{offset + take - 1}", offset, self._match)
            now = (part.total, part.etag, part.modified)
            if now != (self.size, self._etag, self._modified):
                raise ArchiveChanged(f"{self.name}: it was replaced while it was open")
            if len(part.data) != take:
                sent = len(part.data)
                raise RemoteError(f"{self.name}: the server sent {sent} of {take} bytes")
            parts.append(part.data)
            offset, n = offset + take, n - take
        return b"".join(parts)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
