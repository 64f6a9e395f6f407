"""XXH64 with seed 0. The package xxhash is used if it is installed; it is ten times as fast."""

from __future__ import annotations

from struct import iter_unpack, unpack_from
from typing import Callable, Protocol, Union

_MASK = (1 << 64) - 1
_P1 = 0x9E3779B185EBCA87
_P2 = 0xC2B2AE3D27D4EB4F
_P3 = 0x165667B19E3779F9
_P4 = 0x85EBCA77C2B2AE63
_P5 = 0x27D4EB2F165667C5

_Bytes = Union[bytes, bytearray, memoryview]


class Digest:
    """The hash of bytes that come in parts."""

    def __init__(self) -> None:
        self._lanes = [(_P1 + _P2) & _MASK, _P2, 0, -_P1 & _MASK]
        self._length = 0
        self._rest = b""

    def update(self, data: bytes) -> None:
        """Add data."""
        self._length += len(data)
        if self._rest:
            data = self._rest + data
        whole = len(data) & ~31
        if whole:
            self._lanes = _stripes(memoryview(data)[:whole], *self._lanes)
        self._rest = data[whole:]

    def intdigest(self) -> int:
        """Return the hash of all data so far."""
        if self._length < 32:
            h = _P5
        else:
            h = _merge(*self._lanes)
        return _finish((h + self._length) & _MASK, self._rest)


def _stripes(data: _Bytes, a: int, b: int, c: int, d: int) -> list[int]:
    for w, x, y, z in iter_unpack("<4Q", data):
        a = (a + w * _P2) & _MASK
        a = (a << 31 | a >> 33) * _P1 & _MASK
        b = (b + x * _P2) & _MASK
        b = (b << 31 | b >> 33) * _P1 & _MASK
        c = (c + y * _P2) & _MASK
        c = (c << 31 | c >> 33) * _P1 & _MASK
        d = (d + z * _P2) & _MASK
        d = (d << 31 | d >> 33) * _P1 & _MASK
    return [a, b, c, d]


def _merge(a: int, b: int, c: int, d: int) -> int:
    h = (a << 1 | a >> 63) + (b << 7 | b >> 57) + (c << 12 | c >> 52) + (d << 18 | d >> 46)
    h &= _MASK
    for v in (a, b, c, d):
        v = v * _P2 & _MASK
        v = (v << 31 | v >> 33) * _P1 & _MASK
        h = ((h ^ v) * _P1 + _P4) & _MASK
    return h


def _finish(h: int, rest: bytes) -> int:
    n = len(rest)
    at = 0
    while at + 8 <= n:
        k = unpack_from("<Q", rest, at)[0] * _P2 & _MASK
        h ^= (k << 31 | k >> 33) * _P1 & _MASK
        h = ((h << 27 | h >> 37) * _P1 + _P4) & _MASK
        at += 8
    if at + 4 <= n:
        h ^= unpack_from("<I", rest, at)[0] * _P1 & _MASK
        h = ((h << 23 | h >> 41) * _P2 + _P3) & _MASK
        at += 4
    while at < n:
        h ^= rest[at] * _P5 & _MASK
        h = (h << 11 | h >> 53) * _P1 & _MASK
        at += 1
    h = (h ^ h >> 33) * _P2 & _MASK
    h = (h ^ h >> 29) * _P3 & _MASK
    return h ^ h >> 32


def pure_xxh64(data: bytes) -> int:
    """Return the hash of data.

    >>> f"{pure_xxh64(b''):016x}"
    'ef46db3751d8e999'
    """
    n = len(data)
    if n < 32:
        return _finish(_P5 + n, data)
    lanes = _stripes(memoryview(data)[: n & ~31], (_P1 + _P2) & _MASK, _P2, 0, -_P1 & _MASK)
    return _finish((_merge(*lanes) + n) & _MASK, data[n & ~31 :])


class Hash(Protocol):
    """A hash of bytes that come in parts."""

    def update(self, data: bytes) -> object:
        """Add data."""

    def intdigest(self) -> int:
        """Return the hash of all data so far."""


xxh64: Callable[[bytes], int] = pure_xxh64
digest: Callable[[], Hash] = Digest

try:
    import xxhash
except ImportError:
    pass
else:
    xxh64 = xxhash.xxh64_intdigest
    digest = xxhash.xxh64
