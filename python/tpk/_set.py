"""Shard sets: up to 65,536 archives that hold one tree together (FORMAT.md 2.4)."""

from __future__ import annotations

import glob
import os
import re
from typing import Callable, NamedTuple, Optional

from . import _trailer
from ._errors import CorruptArchive, UnsupportedArchive
from ._index import Index
from ._source import Joined, Source
from ._xxh64 import xxh64

_IS_SET = 2  # the optional feature of a set's sidecar
_MAX_LIST = 64 + 65_536 * 48
_LIST_NAME = re.compile(r"(.*)-of-(\d{5})((?:\.tar\.gz|\.tgz)?)\.tps")
_TEXT = re.compile(
    rb"tpk set 1\nentries (0|[1-9]\d{0,19})\nindex ([0-9a-f]{16})\n"
    rb"((?:shard [1-9]\d{0,19} [0-9a-f]{16}\n)+)hash ([0-9a-f]{16})\n"
)
_SHARD = re.compile(rb"shard (\d+) ([0-9a-f]{16})\n")


class Shards(NamedTuple):
    """The list of a set: number of entries, digest of the index, size and digest of each shard."""

    entries: int
    digest: int
    shards: list[tuple[int, int]]


def list_of(name: str) -> Optional[str]:
    """Return the list of the set that a name stands for, or None if it is that of a file.

    A set stands for the name that it was packed under, if there is no such file.
    """
    if name.endswith(".tps") or os.path.lexists(name):
        return name if name.endswith(".tps") else None
    stem, extension = name, ""
    for suffix in (".tar.gz", ".tgz"):
        if name.endswith(suffix):
            stem, extension = name[: -len(suffix)], suffix
    found = glob.glob(f"{glob.escape(stem)}-of-[0-9][0-9][0-9][0-9][0-9]{extension}.tps")
    if len(found) > 1:
        raise CorruptArchive(f"{name}: there are {len(found)} sets of this name")
    return found[0] if found else None


def read_list(source: Source) -> Shards:
    """Read a list, and close it."""
    try:
        if source.size > _MAX_LIST:
            raise CorruptArchive(f"{source.name}: {source.size} bytes are no list of a set")
        text = source.read(0, source.size)
    finally:
        source.close()
    if text.startswith(b"tpk set ") and not text.startswith(b"tpk set 1\n"):
        raise UnsupportedArchive(f"{source.name}: a list of another version")
    m = _TEXT.fullmatch(text)
    if m is None or int(m[4], 16) != xxh64(text[: text.rindex(b"hash ")]):
        raise CorruptArchive(f"{source.name}: the list of the set is damaged")
    shards = [(int(size), int(digest, 16)) for size, digest in _SHARD.findall(m[3])]
    if len(shards) > 65_536:
        raise CorruptArchive(f"{source.name}: {len(shards)} shards")
    return Shards(int(m[1]), int(m[2], 16), shards)


def fits(shards: Shards, index: Index) -> bool:
    """Report whether an index is that of the set."""
    _trailer.check_features(index.name, index.version, index.required)
    size = sum(size for size, _ in shards.shards)
    return (
        bool(index.optional & _IS_SET)
        and (index.digest, index.entries) == (shards.digest, shards.entries)
        and index.archive_size == size
    )


def file_name(listed: str, which: str, i: Optional[int], count: int) -> str:
    """Return the name of a file of a set.

    which is "shard" or "index", or "new shard" or "new index" for its temporary name. The index is
    that of the set if i is None.
    """
    path, mark, query = listed.partition("?") if "://" in listed else (listed, "", "")
    directory, base = os.path.split(path)
    m = _LIST_NAME.fullmatch(base)
    if m is None or int(m[2]) != count:
        raise CorruptArchive(f"{listed}: a list of {count} shards does not have this name")
    if i is None:
        name = f"{base}.tpi"
    elif which.startswith("new"):
        name = f"{m[1]}-{i:05d}-of-set{m[3]}"
    else:
        name = f"{m[1]}-{i:05d}-of-{m[2]}{m[3]}"
    if which.startswith("new"):
        name = f".{_short(name)}.tpk-tmp"
    return os.path.join(directory, name) + mark + query


def _short(name: str) -> str:
    """Return the name between the dot and the suffix of a temporary one (FORMAT.md 1.5)."""
    data = name.encode("utf-8", "surrogateescape")
    if len(data) <= 96:
        return name
    end = data[-56:]
    while end and 0x80 <= end[0] <= 0xBF:
        end = end[1:]
    return f"{xxh64(data):016x}-" + end.decode("utf-8", "surrogateescape")


def joined(name: str, shards: Shards, open_file: Callable[[str, Optional[int]], Source]) -> Joined:
    """Return the shards of a set as one source. Each is checked when it is opened."""

    def open_shard(i: int) -> Source:
        for which in ("shard", "new shard"):
            try:
                shard = open_file(which, i)
            except FileNotFoundError:
                continue
            if _is_shard(shard, *shards.shards[i]):
                return shard
            shard.close()
        raise CorruptArchive(f"{name}: shard {i} is missing, or belongs to another set")

    return Joined(name, [size for size, _ in shards.shards], open_shard)


def _is_shard(shard: Source, size: int, digest: int) -> bool:
    if shard.size != size or size < _trailer.SIZE:
        return False
    t = _trailer.parse(shard.read(size - _trailer.SIZE, _trailer.SIZE))
    return t is not None and t.digest == digest and t.offset == size - _trailer.SIZE
