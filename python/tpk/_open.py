"""Opening: which bytes of a file are the archive, and which index belongs to it (FORMAT.md 3)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Callable, Optional

from . import _index, _set, _trailer
from ._errors import CorruptArchive, IndexMissing, TpkError
from ._index import Index
from ._options import RemoteOptions
from ._source import Embedded, LocalFile, Source

_MEMBER = 16_384  # bytes of a member of an index in the archive
_PART = 16_320
_SUFFIX = ".tpi"


Opener = Callable[[str], Source]


@dataclass
class Opened:
    """The parts of an open archive."""

    name: str
    archive: Source
    index: Index
    sidecar: Optional[Source]  # None if the index is in the archive


def is_url(name: str) -> bool:
    """Report whether a name is a URL and not that of a file."""
    return name[:8].lower().startswith(("https://", "http://"))


def label(name: str) -> str:
    """Return a name for messages: a URL without user, password and query, which may be secret."""
    return re.sub(r"(?i)\A(https?://)[^/@]*@", r"\1", name.split("?")[0]) if is_url(name) else name


def open_source(name: str, options: RemoteOptions) -> Source:
    """Open a file, or an object on a server."""
    if is_url(name):
        from ._remote import RemoteFile

        return RemoteFile(name, options)
    return LocalFile(name)


def open_archive(name: str, options: RemoteOptions, open_file: Optional[Opener] = None) -> Opened:
    """Open an archive or a set. It raises an OSError, or one of the errors of this package.

    With open_file, name is neither that of a file nor a URL, but what open_file opens.
    """
    local = open_file is None and not is_url(name)
    opener = open_file or (lambda name: open_source(name, options))
    listed = _set.list_of(name) if local else name
    if listed is not None and listed.split("?")[0].endswith(".tps"):
        # Shards are opened when they are needed, perhaps in another working directory.
        return _open_set(listed, os.path.abspath(listed) if local else listed, opener)
    archive = opener(name)
    sidecar = None
    try:
        sidecar = _beside(name, opener, local)
        index = _choose(archive, sidecar)
    except BaseException:
        archive.close()
        if sidecar is not None:
            sidecar.close()
        raise
    if sidecar is not None and index.source is not sidecar:
        sidecar.close()
        sidecar = None
    return Opened(name, archive, index, sidecar)


def with_suffix(name: str, suffix: str) -> str:
    """Return the name of a file beside another one; a query of a URL stays at the end."""
    if is_url(name) and "?" in name:
        path, query = name.split("?", 1)
        return f"{path}{suffix}?{query}"
    return name + suffix


def _beside(name: str, opener: Opener, local: bool) -> Optional[Source]:
    """Open the sidecar beside an archive, or beside the file that a link leads to."""
    names = [with_suffix(name, _SUFFIX)]
    if local and os.path.islink(name):
        names.append(os.path.realpath(name) + _SUFFIX)
    for candidate in names:
        try:
            return opener(candidate)
        except FileNotFoundError:
            continue
    return None


def _choose(archive: Source, sidecar: Optional[Source]) -> Index:
    """Return the index that belongs to the archive."""
    tail = archive.read(max(0, archive.size - _trailer.SIZE), min(archive.size, _trailer.SIZE))
    t = _trailer.parse(tail)
    if t is not None and t.offset == archive.size - _trailer.SIZE:
        _trailer.check_features(archive.name, t.version, t.required)
    else:
        t = None
    # A damaged sidecar is no reason to refuse an archive that has a sound index in itself.
    problem: Optional[TpkError] = None
    if sidecar is not None:
        try:
            index = _sidecar_index(archive, sidecar, t)
            if index is not None:
                return index
        except CorruptArchive as e:
            problem = e
    if t is None:
        _trailer.check_tail(archive.name, tail)
        raise AssertionError("check_tail returns for no tail")
    try:
        embedded = _embedded_index(archive, t)
    except CorruptArchive as e:
        raise problem or e from None
    if embedded is not None:
        return embedded
    if problem is not None:
        raise problem
    if sidecar is not None:
        raise IndexMissing(f"{sidecar.name}: this is the index of another archive")
    raise IndexMissing(f"{archive.name}: the archive has no index, neither beside it nor in itself")


def _sidecar_index(
    archive: Source, sidecar: Source, t: Optional[_trailer.Trailer]
) -> Optional[Index]:
    """Return the index in a sidecar if it belongs to the archive, steps 3 and 4."""
    header = sidecar.read(0, min(sidecar.size, _index.HEADER))
    (size,) = (int.from_bytes(header[16:24], "little"),)
    if header[8:12] not in (b"", b"\1\0\0\0"):
        return None
    if size < archive.size and size >= _trailer.SIZE:
        # The archive is growing: it ends where the index says, if there is a T.
        end = archive.read(size - _trailer.SIZE, _trailer.SIZE)
        t = _trailer.parse(end) if _trailer.is_end(end) else None
        if t is None or t.offset != size - _trailer.SIZE:
            return None
        _trailer.check_features(archive.name, t.version, t.required)
    elif size != archive.size:
        t = None
    index = _index.parse(sidecar, header)
    return index if t is not None and index.fits(t) else None


def _embedded_index(archive: Source, t: _trailer.Trailer) -> Optional[Index]:
    """Return the index that the archive has in itself, or None if it has none (FORMAT.md 1.6)."""
    last = t.offset - _MEMBER
    if last < _trailer.SIZE:
        return None
    head = archive.read(last, 54)
    if head[:22] != b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\xea\x3fTP\xe6\x3fI\0\0\0\0\0":
        return None
    number, count, length, digest = (
        int.from_bytes(head[at : at + 8], "little") for at in (22, 30, 38, 46)
    )
    base = t.offset - count * _MEMBER
    if (
        digest != t.digest
        or number != count - 1
        or count != (length + _index.HEADER + _PART - 1) // _PART
        or base < _trailer.SIZE
    ):
        raise CorruptArchive(f"{archive.name}: the index in the archive is not its own")
    data = archive.read(base - _trailer.SIZE, _trailer.SIZE)
    former = _trailer.parse(data)
    if (
        former is None
        or _trailer.is_end(data)
        or former.offset != base - _trailer.SIZE
        or former[:4] != t[:4]
    ):
        raise CorruptArchive(f"{archive.name}: the index in the archive was not finished")
    header = archive.read(t.offset - 522, _index.HEADER)
    index = _index.parse(Embedded(archive, base, length, header), header)
    if not index.fits(t) or index.archive_size != t.offset + _trailer.SIZE:
        raise CorruptArchive(f"{archive.name}: the index in the archive is not its own")
    return index


def _open_set(name: str, place: str, opener: Opener) -> Opened:
    """Open the set with a list, which is at place."""
    shards = _set.read_list(opener(place))

    def open_file(which: str, i: Optional[int]) -> Source:
        return opener(_set.file_name(place, which, i, len(shards.shards)))

    name, full = label(name), name
    archive = _set.joined(name, shards, open_file)
    problem: Optional[TpkError] = None
    for which in ("index", "new index"):
        try:
            sidecar = open_file(which, None)
        except FileNotFoundError:
            continue
        try:
            index = _index.parse(sidecar, sidecar.read(0, min(sidecar.size, _index.HEADER)))
            if _set.fits(shards, index):
                return Opened(full, archive, index, sidecar)
        except TpkError as e:
            problem = e
        sidecar.close()
    if problem is not None:
        raise problem
    raise IndexMissing(f"{name}: the index of the set is missing, or of another set")
