"""The blocks of an index on a server that were used last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Callable

from ._fork import forget_after_fork

BLOCK = 1 << 16  # bytes that are asked for at once


class Blocks:
    """Reads a file of size bytes by blocks, and keeps room bytes of them."""

    def __init__(self, get: Callable[[int, int], bytes], size: int, room: int) -> None:
        self._get = get
        self._size = size
        self._room = max(1, room // BLOCK)
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self.forget()
        forget_after_fork(self)

    def forget(self) -> None:
        """Make a new lock: another thread may have held it when the process was forked."""
        self._lock = threading.Lock()

    def put(self, i: int, data: bytes) -> None:
        """Keep block i."""
        with self._lock:
            self._blocks[i] = data
            while len(self._blocks) > self._room:
                self._blocks.popitem(last=False)

    def read(self, offset: int, n: int) -> bytes:
        """Return the n bytes from offset, all of which are in the file."""
        first, last = offset // BLOCK, (offset + n - 1) // BLOCK
        data = b"".join(self._block(i) for i in range(first, last + 1))
        return data[offset - first * BLOCK :][:n]

    def _block(self, i: int) -> bytes:
        with self._lock:
            data = self._blocks.get(i)
            if data is not None:
                self._blocks.move_to_end(i)
                return data
        data = self._get(i * BLOCK, min(BLOCK, self._size - i * BLOCK))
        self.put(i, data)
        return data
