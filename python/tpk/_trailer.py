"""T, the last member of an archive, and F, a former T (FORMAT.md 1, 1.5)."""

from __future__ import annotations

import struct
from typing import NamedTuple, Optional

from ._errors import CorruptArchive, UnsupportedArchive

SIZE = 64
KEPT = 46  # bytes of T that F keeps
END_OF_F = b"\0\0\0\xff\xff\x01\0\0\xff\xff" + bytes(8)
_START = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x22\0TP\x1e\0T"
_END = b"\x63\x18\x05\xa3\x60\x14\x8c\x58\0\0\x2e\xaf\xb5\xef\0\x04\0\0"
_FIELDS = struct.Struct("<BHHQQQ")


class Trailer(NamedTuple):
    """The fields of T."""

    version: int
    required: int
    optional: int
    entries: int
    offset: int
    digest: int


def parse(data: bytes) -> Optional[Trailer]:
    """Return the T or F whose first bytes are data, or None if data are neither."""
    if len(data) < KEPT or not data.startswith(_START):
        return None
    return Trailer(*_FIELDS.unpack_from(data, len(_START)))


def is_end(data: bytes) -> bool:
    """Report whether data are a T to the last byte, or with its last bytes torn."""
    return data[KEPT:] != END_OF_F


def is_whole(data: bytes) -> bool:
    """Report whether data are a T to the last byte."""
    return data[KEPT:] == _END


def check_features(name: str, version: int, required: int) -> None:
    """Raise UnsupportedArchive for a version or a required feature that is not known."""
    if version != 1:
        raise UnsupportedArchive(f"{name}: format version {version}; this reader knows version 1")
    if required & ~1:
        bit = (required & ~1).bit_length() - 1
        raise UnsupportedArchive(f"{name}: the archive needs feature {bit}, which is not known")
    if required == 0:
        raise UnsupportedArchive(f"{name}: the archive is of a draft of the format")


def check_tail(name: str, data: bytes) -> None:
    """Raise CorruptArchive: data, the end of a file, are no T that fits."""
    if parse(data) is not None:
        raise CorruptArchive(f"{name}: its trailer was written for another offset")
    raise CorruptArchive(f"{name}: not a tpk archive, truncated, or with bytes behind its end")
