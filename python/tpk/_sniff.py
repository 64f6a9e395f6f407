"""What the first bytes of a content look like (FORMAT.md 2.3)."""

from __future__ import annotations

import re

SNIFFED = 512  # bytes

_STARTS = [
    rb"%PDF-",
    rb"\x89PNG\r\n\x1a\n",
    rb"\xff\xd8\xff",
    rb"GIF8[79]a",
    rb"RIFF....WEBPVP",
    rb"RIFF....WAVE",
    rb"....ftyp",
    rb"\x1a\x45\xdf\xa3",
    rb"OggS\0",
    rb"ID3",
    rb"\x1f\x8b\x08",
    rb"PK\x03\x04",
    rb"\0asm\x01\0\0\0",
    rb"wOFF",
    rb"wOF2",
    rb"\0\0\x01\0",
    rb"BM.*[\0-\x08]",
    rb".*[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]",
]
_SPACE = rb"(?:\xef\xbb\xbf)?[\t\n\f\r ]*"
_TEXTS = [
    rb"<!doctype html|<(?:html|head|body)[ >]",
    rb"<svg|<\?xml.*<svg",
    rb"<\?xml",
    rb"",
]
_ROWS = [re.compile(p, re.DOTALL) for p in _STARTS]
_ROWS += [re.compile(_SPACE + b"(?:" + p + b")", re.DOTALL | re.IGNORECASE) for p in _TEXTS]


def sniff(data: bytes) -> int:
    """Return the value for a content that begins with data, its first 512 bytes."""
    if not data:
        return 0
    row = next(i for i, p in enumerate(_ROWS, 1) if p.match(data))
    return row | 0x80 if row > len(_STARTS) and _is_utf8(data) else row


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as e:
        return len(data) >= SNIFFED and e.end == len(data) and e.reason == "unexpected end of data"
    return True
