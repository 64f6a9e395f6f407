"""Reads tpk archives: .tar.gz files in which each file can be read without those before it.

>>> import tpk
>>> archive = tpk.open("data.tar.gz")           # a file, a shard set, or a URL
>>> archive["docs/a.txt"]                       # the content of a file
b'hello'
>>> "docs/a.txt" in archive, "docs/b.txt" in archive
(True, False)
>>> list(archive)
['docs', 'docs/a.txt', 'train', 'train/0.bin', 'train/1.bin']
>>> archive[3] == archive["train/0.bin"]        # by its number in path order
True
>>> with archive.open("docs/a.txt", "r") as f:
...     f.readline()
'hello'
>>> archive.listdir("train")
['0.bin', '1.bin']
>>> list(archive.glob("**/*.bin"))
['train/0.bin', 'train/1.bin']
>>> archive.entry("train/0.bin").size
1000

An archive is opened without loading anything but 576 bytes, whatever its size. All checksums of
what is read are compared. A damaged or hostile archive raises CorruptArchive.

Only the standard library is needed. If the package xxhash is installed, paths are found faster.
"""

from __future__ import annotations

import os
from typing import Dict, Optional, Union

from ._archive import Archive, open_by_name
from ._entry import Entry
from ._errors import (
    ArchiveChanged,
    CorruptArchive,
    ExtractError,
    IndexMissing,
    RemoteError,
    TpkError,
    UnsupportedArchive,
)
from ._index import Stats
from ._options import RemoteOptions
from ._path import Path
from .filepack import FilePackReader

__version__ = "0.1.0"

__all__ = [
    "Archive",
    "ArchiveChanged",
    "CorruptArchive",
    "Entry",
    "ExtractError",
    "FilePackReader",
    "IndexMissing",
    "Path",
    "RemoteError",
    "Stats",
    "TpkError",
    "UnsupportedArchive",
    "open",
]


def open(
    name: Union[str, bytes, os.PathLike[str], os.PathLike[bytes]],
    *,
    headers: Optional[Dict[str, str]] = None,
    cafile: Optional[str] = None,
    timeout: float = 30.0,
    attempts: int = 4,
    cache_size: int = 8 << 20,
) -> Archive:
    """Open an archive: a file, a shard set by its list or its name, or a URL.

    The index is the sidecar, NAME.tpi, or the one in the archive. The options are for URLs: header
    fields to send, a file with certificates to trust in place of the system's, seconds to wait for
    bytes, attempts of each request, and bytes of the index that are kept in memory.

    It raises CorruptArchive, UnsupportedArchive or IndexMissing, an OSError if the archive can't be
    opened, or RemoteError if its server fails.
    """
    text = os.fsdecode(name)
    return open_by_name(text, RemoteOptions(headers, cafile, timeout, attempts, cache_size))
