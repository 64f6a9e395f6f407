"""Contents: whole ones, and ranges of large ones (FORMAT.md 1.3)."""

from __future__ import annotations

import io
import zlib
from struct import pack
from typing import TYPE_CHECKING, Callable, NamedTuple, Optional

from ._errors import CorruptArchive
from ._index import NONE, SEGMENTED, STORED

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_TAIL = 8  # bytes of CRC-32 and ISIZE
_BLOCK = 65_535
_CHUNK = 1 << 16
WHOLE = 1 << 20  # members up to this many bytes are read at once


class Content(NamedTuple):
    """Where a content is, and how it is written."""

    name: str  # for messages
    read: Callable[[int, int], bytes]
    coding: int
    offset: int  # of C
    length: int  # of C
    size: int
    crc: int
    segments: Optional[Callable[[], "tuple[int, list[int]]"]]  # shift and ends, if segmented


def whole(c: Content) -> bytes:
    """Return a content. It raises CorruptArchive unless all checksums fit."""
    if c.length > WHOLE:
        with Stream(c) as f:
            return f.readall()
    try:
        return unpack(c.read(c.offset, c.length), c.coding, c.size, c.crc)
    except Damaged as e:
        raise corrupt(c.name, str(e)) from None


def unpack(member: bytes, coding: int, size: int, crc: int) -> bytes:
    """Return what is in the member C, all of it. It raises Damaged unless all checksums fit.

    size is not 0, unless the coding is NONE.
    """
    if coding == STORED:
        return _unpack_stored(member, size, crc)
    if coding == NONE:
        return b""
    if not member.startswith(HEAD):
        raise Damaged("its member has another header")
    inflater = zlib.decompressobj(31)
    try:
        # With room for just the content, zlib needs no copy of it. More is not made of a bomb.
        data = inflater.decompress(member, size)
        more = b"" if inflater.eof else inflater.decompress(inflater.unconsumed_tail, 1)
    except zlib.error as e:
        raise Damaged(str(e)) from None
    if len(data) != size or more or not inflater.eof or inflater.unused_data:
        raise Damaged("it has another size")
    if int.from_bytes(member[-8:-4], "little") != crc:
        raise Damaged("its CRC-32 is another one")
    return data


def _unpack_stored(member: bytes, size: int, crc: int) -> bytes:
    if size <= _BLOCK:
        if member[11:15] != pack("<HH", size, size ^ 0xFFFF) or member[10] & 7 != 1:
            raise Damaged("its stored block has another header")
        data = member[15 : 15 + size]
    else:
        data = _blocks(member[10:-_TAIL], size, 0)
    if not member.startswith(HEAD) or member[-_TAIL:] != pack("<II", crc, size & 0xFFFFFFFF):
        raise Damaged("its member has another header or trailer")
    if zlib.crc32(data) != crc:
        raise Damaged("its CRC-32 is another one")
    return data


def _blocks(data: bytes, size: int, first: int) -> bytes:
    """Return what is in stored blocks of a file, from number first on. data ends with a block."""
    parts = []
    at = 0
    while at < len(data):
        n = min(_BLOCK, size - first * _BLOCK)
        final = first * _BLOCK + n == size
        if data[at + 1 : at + 5] != pack("<HH", n, n ^ 0xFFFF) or data[at] & 7 != final:
            raise Damaged(f"stored block {first} has another header")
        parts.append(data[at + 5 : at + 5 + n])
        at += 5 + n
        first += 1
    return b"".join(parts)


class Damaged(ValueError):
    """A content is damaged; the message says how."""


def corrupt(name: str, what: str) -> CorruptArchive:
    """Return the error of a content that is damaged."""
    return CorruptArchive(f"{name}: the content is damaged: {what}")


def _corrupt(c: Content, what: str) -> CorruptArchive:
    return corrupt(c.name, what)


class Stream(io.RawIOBase):
    """A content as an unbuffered file. It holds some 64 KiB, however large the content is.

    A content that is read from its beginning to its end without a gap is compared with its CRC-32.
    After a seek, a stored content is read from there, a segmented one from the beginning of the
    segment, and any other from its own beginning.
    """

    def __init__(self, c: Content) -> None:
        self._c = c
        self._at = 0  # position of the reader
        self._decoder: Optional[_Decoder] = None
        self._ends: Optional[tuple[int, list[int]]] = None
        if c.coding == SEGMENTED and c.segments is not None:
            self._ends = c.segments()
        if c.coding != NONE and c.read(c.offset, len(HEAD)) != HEAD:
            raise _corrupt(c, "its member has another header")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._check_open()
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._c.size}.get(whence)
        if base is None:
            raise ValueError(f"invalid whence {whence}")
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._check_open()
        view = memoryview(buffer).cast("B")
        if self._at >= self._c.size or not len(view):
            return 0
        data = self._reader().read(min(len(view), self._c.size - self._at))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def readall(self) -> bytes:
        self._check_open()
        parts = []
        while self._at < self._c.size:
            data = self._reader().read(min(_CHUNK, self._c.size - self._at))
            self._at += len(data)
            parts.append(data)
        return b"".join(parts)

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")

    def _reader(self) -> _Decoder:
        """Return a decoder at the position of the reader."""
        d = self._decoder
        start = 0
        if self._c.coding == STORED:
            start = self._at // _BLOCK
        elif self._ends is not None:
            start = self._at >> self._ends[0]
        if d is None or d.at > self._at or d.at < self._at and d.unit(d.at) < start:
            d = self._decoder = self._decoder_from(start)
        while d.at < self._at:
            d.read(min(_CHUNK, self._at - d.at))
        return d

    def _decoder_from(self, start: int) -> _Decoder:
        if self._c.coding == STORED:
            return _Blocks(self._c, start)
        if self._ends is None:
            one = self._c.length - len(HEAD) - _TAIL
            return _Inflater(self._c, 0, self._c.size.bit_length(), [one])
        return _Inflater(self._c, start, *self._ends)


class _Decoder:
    """Reads a content from one of its units, blocks or segments, to its end."""

    at: int  # position of the next byte

    def __init__(self, c: Content, at: int) -> None:
        self._c = c
        self.at = at
        self._crc: Optional[int] = None if at else 0

    def unit(self, at: int) -> int:
        """Return the number of the unit that has the byte at a position."""
        raise NotImplementedError

    def read(self, n: int) -> bytes:
        """Return 1 to n bytes; n is at most what is left, and not 0."""
        data = self._more(n)
        self.at += len(data)
        if self._crc is not None:
            self._crc = zlib.crc32(data, self._crc)
        if self.at == self._c.size:
            self._finish()
        return data

    def _more(self, n: int) -> bytes:
        raise NotImplementedError

    def _finish(self) -> None:
        c = self._c
        if c.read(c.offset + c.length - _TAIL, _TAIL) != pack("<II", c.crc, c.size & 0xFFFFFFFF):
            raise _corrupt(c, "its member has another trailer")
        if self._crc is not None and self._crc != c.crc:
            raise _corrupt(c, "its CRC-32 is another one")


class _Blocks(_Decoder):
    """Stored blocks from number first on."""

    def __init__(self, c: Content, first: int) -> None:
        super().__init__(c, first * _BLOCK)
        self._data = b""
        self._used = 0

    def unit(self, at: int) -> int:
        return at // _BLOCK

    def _more(self, n: int) -> bytes:
        if self._used == len(self._data):
            number = self.at // _BLOCK
            size = min(_BLOCK, self._c.size - number * _BLOCK)
            place = self._c.offset + len(HEAD) + number * (5 + _BLOCK)
            try:
                block = _blocks(self._c.read(place, 5 + size), self._c.size, number)
            except Damaged as e:
                raise _corrupt(self._c, str(e)) from None
            self._data, self._used = block, 0
        data = self._data[self._used : self._used + n]
        self._used += len(data)
        return data


class _Inflater(_Decoder):
    """A deflate stream, from an offset in it where nothing before is referred to."""

    def __init__(self, c: Content, start: int, shift: int, ends: list[int]) -> None:
        super().__init__(c, start << shift)
        self._shift = shift
        self._ends = ends
        self._segment = start
        self._stream = c.offset + len(HEAD)
        self._next = self._stream + (ends[start - 1] if start else 0)
        self._end = c.offset + c.length - _TAIL
        self._inflater = zlib.decompressobj(-15)

    def unit(self, at: int) -> int:
        return at >> self._shift

    def _more(self, n: int) -> bytes:
        while True:
            data = self._inflate(n)
            if data:
                return data
            if self._inflater.eof or self._next == self._end:
                raise _corrupt(self._c, f"it ends after {self.at} bytes")

    def _inflate(self, n: int) -> bytes:
        inflater = self._inflater
        try:
            if inflater.unconsumed_tail:
                return inflater.decompress(inflater.unconsumed_tail, n)
            stop = self._stream + self._ends[self._segment]
            if self._next == stop and stop < self._end:
                # The decoder has all of a segment, but may hold back some of what it inflates to.
                data = inflater.decompress(b"", n)
                if data:
                    return data
                self._segment += 1
                if self.at != self._segment << self._shift or inflater.eof:
                    raise _corrupt(self._c, f"segment {self._segment - 1} has another size")
                stop = self._stream + self._ends[self._segment]
            take = min(_CHUNK, stop - self._next)
            source = self._c.read(self._next, take)
            self._next += take
            return inflater.decompress(source, n)
        except zlib.error as e:
            raise _corrupt(self._c, str(e)) from None

    def _finish(self) -> None:
        while not self._inflater.eof:
            ended = self._next == self._end and not self._inflater.unconsumed_tail
            if self._inflate(1):
                raise _corrupt(self._c, "it has another size")
            if ended and not self._inflater.eof:
                raise _corrupt(self._c, "it has no end")
        if self._next != self._end or self._inflater.unused_data or self._inflater.unconsumed_tail:
            raise _corrupt(self._c, "bytes follow its end")
        super()._finish()
