"""Entries: what an archive records of a file, a directory or a link."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from . import _index
from ._index import Index, Record

_MASK48 = (1 << 48) - 1
_TYPES = {
    _index.FILE: stat.S_IFREG,
    _index.DIRECTORY: stat.S_IFDIR,
    _index.SYMLINK: stat.S_IFLNK,
    _index.HARDLINK: stat.S_IFREG,
    _index.CHARACTER: stat.S_IFCHR,
    _index.BLOCK: stat.S_IFBLK,
    _index.FIFO: stat.S_IFIFO,
}
NAMES = ["", "file", "dir", "symlink", "hardlink", "char", "block", "fifo"]
CODINGS = ["", "deflate", "stored", "segmented"]


class Entry(NamedTuple):
    """What the index records of one entry. Sizes, lengths and offsets are in bytes."""

    ordinal: int  # position in path order, from 0
    path: str  # bytes that are not UTF-8 are surrogates, as from os.fsdecode
    type: str  # file, dir, symlink, hardlink, char, block or fifo
    size: int  # of a file, of a hard link's target, or of the text of a symbolic link
    mode: int  # the low 12 bits
    mtime: int  # seconds since 1970
    offset: int  # of the member with the tar header
    header_length: int
    content_length: int  # of the gzip member with the content
    padding_length: int
    coding: str  # "", deflate, stored or segmented
    hash: int  # XXH64 of the content, of a file or hard link
    crc: int  # CRC-32 of the content, of a file
    target: int  # ordinal of a hard link's target
    end: int  # of a directory: the ordinal after the last entry below it
    link_offset: int  # of a symbolic link's target, in the index
    duplicate: bool  # a hard link that was made of a file with equal content
    device: int  # major and minor number, as from os.makedev
    stat_mode: int  # type and mode, as in os.stat_result.st_mode

    @property
    def name(self) -> str:
        """The last component of the path."""
        return self.path.rpartition("/")[2]

    def is_dir(self) -> bool:
        """Report whether this is a directory."""
        return self.type == "dir"

    def is_file(self) -> bool:
        """Report whether this has a content: a regular file or a hard link to one."""
        return self.type in ("file", "hardlink")

    def is_symlink(self) -> bool:
        """Report whether this is a symbolic link."""
        return self.type == "symlink"

    def stat(self) -> os.stat_result:
        """Return the entry as os.stat would. The inode number is the ordinal of the file and 2."""
        inode = (self.target if self.type == "hardlink" else self.ordinal) + 2
        t = self.mtime
        times = {name: float(t) for name in ("st_atime", "st_mtime", "st_ctime")}
        times.update({f"{name}_ns": t * 10**9 for name in times})
        return os.stat_result((self.stat_mode, inode, 0, 1, 0, 0, self.size, t, t, t), times)


def entry(index: Index, i: int, record: Record, path: bytes) -> Entry:
    """Return entry i of an index. It raises CorruptArchive for a record against the rules."""
    x, y, z, digest, word, t = record
    kind = t >> 56
    number, coding = kind & 15, kind >> 4 & 3
    mode = t >> 40 & 0xFFFF
    mtime = t & (1 << 40) - 1
    offset = x & _MASK48 | z >> 56 << 48
    size, length, padding = y & _MASK48, z & _MASK48, y >> 48
    is_file, is_link = number == _index.FILE, number == _index.HARDLINK
    if (
        not 1 <= number <= 7
        or kind & 0x80
        or coding
        and not is_file
        or kind & 0x40
        and not is_link
        or mode > 0o7777
        or offset + (x >> 48) > index.archive_size - 64
        or x >> 48 < 20
    ):
        index.corrupt(f"the record of {path[:300]!r}")
    target = end = link_offset = device = 0
    if is_file:
        index.content(i)
        if coding == _index.SEGMENTED:
            index.segments(i, size, length)
    elif number == _index.DIRECTORY:
        end, size, length, padding = word, 0, 0, 0
        if not i < end <= index.entries:
            index.corrupt(f"directory {path[:300]!r} ends at entry {end}")
    elif number == _index.SYMLINK:
        link_offset, length = length, 0
        index.link(size, link_offset)
    elif is_link:
        target = index.checked_target(i, word, size, digest)
    elif length:
        device = os.makedev(length >> 24, length & 0xFFFFFF)
        length = 0
    return Entry(
        i,
        path.decode("utf-8", "surrogateescape"),
        NAMES[number],
        size,
        mode,
        mtime - (1 << 40) if mtime >> 39 else mtime,
        offset,
        x >> 48,
        length,
        padding,
        CODINGS[coding],
        digest if is_file or is_link else 0,
        word if is_file else 0,
        target,
        end,
        link_offset,
        bool(kind & 0x40),
        device,
        _TYPES[number] | mode,
    )
