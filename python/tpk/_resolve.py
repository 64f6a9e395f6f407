"""Paths with symbolic links, "." and ".."."""

from __future__ import annotations

import errno

from . import _index
from ._index import Index

_LINKS = 40  # as many as Linux follows
_MAX = 1 << 16  # bytes of a path with the links in it


def resolve(index: Index, path: bytes, follow: bool) -> int:
    """Return the ordinal that a path leads to, -1 for the root.

    The last component is followed only if follow is set. It raises an OSError without a name.
    """
    rest = path.split(b"/")[::-1]
    at: list[bytes] = []  # components of a directory without links
    links = 0
    ordinal = -1
    kind = _index.DIRECTORY
    while rest:
        name = rest.pop()
        if kind != _index.DIRECTORY:
            raise OSError(errno.ENOTDIR, "")
        if name in (b"", b"."):
            continue
        if name == b"..":
            if not at:
                raise OSError(errno.ENOENT, "")
            at.pop()
            ordinal = index.lookup(b"/".join(at)) if at else -1
            continue
        at.append(name)
        ordinal = index.lookup(b"/".join(at))
        if ordinal < 0:
            raise OSError(errno.ENOENT, "")
        _, y, z, _, _, t = index.record(ordinal)
        kind = t >> 56 & 15
        if kind != _index.SYMLINK or not rest and not follow:
            continue
        links += 1
        if links > _LINKS:
            raise OSError(errno.ELOOP, "")
        target = index.link(y & (1 << 48) - 1, z & (1 << 48) - 1)
        if target.startswith(b"/") or len(target) + sum(map(len, rest)) > _MAX:
            raise OSError(errno.ENOENT, "")
        rest += target.split(b"/")[::-1]
        at.pop()
        ordinal = index.lookup(b"/".join(at)) if at else -1
        kind = _index.DIRECTORY
    return ordinal
