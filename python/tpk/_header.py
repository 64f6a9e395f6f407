"""Tar headers, which are in the members H and G, and their one form (FORMAT.md 1.4)."""

from __future__ import annotations

from typing import NamedTuple, Optional

BLOCK = 512
_TYPES = {b"0": 1, b"5": 2, b"2": 3, b"1": 4, b"3": 5, b"4": 6, b"6": 7}
_NUMBERS = {"gid": 116, "mtime": 136, "size": 124, "uid": 108}
_WIDTHS = {100: 8, 108: 8, 116: 8, 124: 12, 136: 12}
_LIMITS = {  # FORMAT.md 4: the first number that is allowed, and the last one
    "gid": (0, (1 << 32) - 2),
    "mtime": (-(1 << 39), (1 << 39) - 1),
    "size": (0, (1 << 48) - 1),
    "uid": (0, (1 << 32) - 2),
}


class Header(NamedTuple):
    """The fields of an entry's headers."""

    path: bytes
    link: bytes
    type: int  # as in a record
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    uname: bytes
    gname: bytes
    major: int
    minor: int


def split(blocks: bytes) -> list[bytes]:
    """Divide the blocks of a member into those of each entry. It raises ValueError."""
    if len(blocks) % BLOCK:
        raise ValueError("it does not consist of blocks")
    out = []
    start = at = 0
    while at < len(blocks):
        kind = blocks[at + 156 : at + 157]
        size = BLOCK
        if kind in (b"x", b"K", b"L"):
            content = _number(blocks, at + 124, 12)
            if not 0 <= content <= len(blocks):
                raise ValueError(f"a header of {content} bytes")
            size += (content + BLOCK - 1) // BLOCK * BLOCK
        at += size
        if kind not in (b"x", b"K", b"L"):
            out.append(blocks[start:at])
            start = at
    if start != len(blocks) or at != len(blocks):
        raise ValueError("its last header is cut off")
    return out


def parse(blocks: bytes) -> Header:
    """Return the fields of an entry's headers. It raises ValueError unless they are canonical."""
    end = len(blocks) - BLOCK
    texts: dict[str, bytes] = {}
    place = 0
    while place < end:
        size = _number(blocks, place + 124, 12)
        data = blocks[place + BLOCK : place + BLOCK + size]
        kind = blocks[place + 156 : place + 157]
        if kind == b"x":
            texts.update(_records(data))
        else:
            texts["linkpath" if kind == b"K" else "path"] = data[:-1]
        place += BLOCK + (size + BLOCK - 1) // BLOCK * BLOCK
    last = blocks[end:]
    prefix, name = last[345:500].rstrip(b"\0"), last[:100].rstrip(b"\0")
    path = texts.get("path", prefix + b"/" + name if prefix else name)
    numbers = {
        key: int(texts[key]) if key in texts else _number(last, at, _WIDTHS[at])
        for key, at in _NUMBERS.items()
    }
    for key, n in numbers.items():
        if not _LIMITS[key][0] <= n <= _LIMITS[key][1]:
            raise ValueError(f"{key} is {n}")
    number = _TYPES.get(last[156:157], 0)
    if number == 2 and not path.endswith(b"/"):
        raise ValueError("a directory without a slash")
    h = Header(
        path[:-1] if number == 2 else path,
        texts.get("linkpath", last[157:257].rstrip(b"\0")),
        number,
        _number(last, 100, 8),
        numbers["uid"],
        numbers["gid"],
        numbers["size"],
        numbers["mtime"],
        last[265:297].rstrip(b"\0"),
        last[297:329].rstrip(b"\0"),
        _number(last, 329, 8) if number in (5, 6) else 0,
        _number(last, 337, 8) if number in (5, 6) else 0,
    )
    if blocks != canonical(h):
        raise ValueError("it is not canonical")
    return h


def _records(data: bytes) -> dict[str, bytes]:
    out = {}
    while data:
        length, _, _ = data.partition(b" ")
        n = int(length)
        key, _, value = data[len(length) + 1 : n - 1].partition(b"=")
        if n <= len(length) or n > len(data):
            raise ValueError("a record of another length")
        out[key.decode("ascii")] = value
        data = data[n:]
    return out


def _number(block: bytes, at: int, width: int) -> int:
    field = block[at : at + width]
    if field[:1] in (b"\x80", b"\xff"):
        return int.from_bytes(field[1:], "big", signed=field[:1] == b"\xff")
    return int(field.rstrip(b"\0 ") or b"0", 8)


def _octal(n: int, width: int) -> Optional[bytes]:
    """Return a number as octal digits and NUL, or None if it does not fit."""
    text = b"%0*o\0" % (width - 1, n) if n >= 0 else b""
    return text if len(text) == width else None


def _field(n: int, width: int) -> bytes:
    return _octal(n, width) or (b"\xff" if n < 0 else b"\x80") + n.to_bytes(
        width - 1, "big", signed=n < 0
    )


def _is_utf8(b: bytes) -> bool:
    try:
        b.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _split_path(path: bytes) -> Optional[tuple[bytes, bytes]]:
    """Return prefix and name of a path in ustar fields, or None if it does not fit."""
    if len(path) <= 100:
        return b"", path
    at = path.find(b"/", max(0, len(path) - 101))
    # The final slash of a directory leaves no name behind it.
    if 0 < at <= 155 and at < len(path) - 1:
        return path[:at], path[at + 1 :]
    return None


def canonical(h: Header) -> bytes:
    """Return the header blocks that FORMAT.md prescribes for an entry."""
    path = h.path + b"/" if h.type == 2 else h.path
    fits = _split_path(path)
    gnu = (fits is None and not _is_utf8(path)) or (len(h.link) > 100 and not _is_utf8(h.link))
    out = b""
    if gnu:
        if len(h.link) > 100:
            out += _meta(b"K", h.link + b"\0", gnu)
        if len(path) > 100:
            out += _meta(b"L", path + b"\0", gnu)
        prefix, name = b"", path[:100]
    else:
        records = _pax(h, path, fits is not None)
        if records:
            out += _meta(b"x", records, gnu)
        prefix, name = fits or (b"", path[:100])
    b = bytearray(BLOCK)
    kind = next((k for k, v in _TYPES.items() if v == h.type), b"?")
    _put(b, 0, name)
    for at, n in ((100, h.mode), (108, h.uid), (116, h.gid), (124, h.size), (136, h.mtime)):
        _put(b, at, _field(n, _WIDTHS[at]))
    _put(b, 156, kind)
    _put(b, 157, h.link[:100])
    _put(b, 265, h.uname)
    _put(b, 297, h.gname)
    if h.type in (5, 6):
        _put(b, 329, _field(h.major, 8))
        _put(b, 337, _field(h.minor, 8))
    _put(b, 345, prefix)
    return out + _sealed(b, gnu)


def _pax(h: Header, path: bytes, fits: bool) -> bytes:
    records = b""
    texts = {"linkpath": (h.link, len(h.link) <= 100), "path": (path, fits)}
    numbers = {"gid": (h.gid, 8), "mtime": (h.mtime, 12), "size": (h.size, 12), "uid": (h.uid, 8)}
    for key in ("gid", "linkpath", "mtime", "path", "size", "uid"):
        if key in texts:
            text, fit = texts[key]
            if _is_utf8(text) and (not fit or not text.isascii()):
                records += _record(key, text)
        elif _octal(*numbers[key]) is None:
            records += _record(key, b"%d" % numbers[key][0])
    return records


def _record(key: str, value: bytes) -> bytes:
    body = b" " + key.encode() + b"=" + value + b"\n"
    n = len(body)
    while len(b"%d" % n) + len(body) != n:
        n = len(b"%d" % n) + len(body)
    return b"%d" % n + body


def _meta(kind: bytes, content: bytes, gnu: bool) -> bytes:
    b = bytearray(BLOCK)
    _put(b, 0, b"././@PaxHeader" if kind == b"x" else b"././@LongLink")
    for at, n in ((100, 0o644), (108, 0), (116, 0), (124, len(content)), (136, 0)):
        _put(b, at, _field(n, _WIDTHS[at]))
    _put(b, 156, kind)
    return _sealed(b, gnu) + content + bytes(-len(content) % BLOCK)


def _sealed(b: bytearray, gnu: bool) -> bytes:
    _put(b, 257, b"ustar  \0" if gnu else b"ustar\00000")
    _put(b, 148, b"        ")
    _put(b, 148, b"%06o\0 " % sum(b))
    return bytes(b)


def _put(b: bytearray, at: int, field: bytes) -> None:
    b[at : at + len(field)] = field
