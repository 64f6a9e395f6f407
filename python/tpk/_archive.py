"""Archive: an open archive."""

from __future__ import annotations

import errno
import io
import os
from operator import index
from typing import IO, Any, Iterable, Iterator, Optional, SupportsIndex, Union

from . import _content, _glob, _index
from ._content import Content
from ._entry import Entry, entry
from ._errors import ArchiveChanged
from ._index import NotAFile, Stats
from ._open import Opened, Opener, is_url, label, open_archive
from ._options import RemoteOptions
from ._path import Path
from ._resolve import resolve

Key = Union[str, bytes, SupportsIndex]

_BUFFERED = 1 << 20  # contents up to this size are read whole by Archive.open


class Archive:
    """An open archive, which tpk.open returns.

    Paths are strings with "/" between the components, as in the archive. Bytes that are not UTF-8
    are surrogates, as from os.fsdecode; a path may be given as bytes, too. Where a method takes a
    key, it is a path or the number of an entry in path order, from 0. Symbolic links are followed
    inside the archive, and lead nowhere if they lead out of it.

    An archive can be used by several threads, and in forked processes. Pickling it pickles its
    absolute name: the other process opens it again. Only the header of the index is in memory.
    """

    def __init__(self, opened: Opened, options: RemoteOptions) -> None:
        self._opened = opened
        self._options = options
        # Where it is, also for another process with another working directory.
        self._place = opened.name if is_url(opened.name) else os.path.abspath(opened.name)
        self._by_name = True  # or else opened by a file system
        self._label_name = label(opened.name)
        self._index = opened.index
        self._read = opened.archive.read

    @property
    def name(self) -> str:
        """The name or URL that the archive was opened by."""
        return self._opened.name

    @property
    def digest(self) -> int:
        """A number that identifies the content of the archive: the digest of its index."""
        return self._index.digest

    @property
    def stats(self) -> Stats:
        """Totals, from the header of the index."""
        return self._index.stats

    def close(self) -> None:
        """Close the files. No other method may be called after that."""
        if self._opened.sidecar is not None:
            self._opened.sidecar.close()
        self._opened.archive.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<tpk.Archive {self._label_name!r}: {len(self)} entries>"

    def __reduce__(self) -> tuple[Any, ...]:
        if not self._by_name:
            raise TypeError("pickle the file system, not its archive")
        return reopen, (self._place, self._options, self.digest)

    # A mapping of paths to contents

    def __len__(self) -> int:
        """Return the number of entries: files, directories, links and special files."""
        return self._index.entries

    def __iter__(self) -> Iterator[str]:
        """Yield the paths of all entries, in path order."""
        for path in self._index.paths(0, self._index.entries):
            yield path.decode("utf-8", "surrogateescape")

    def __contains__(self, key: object) -> bool:
        if isinstance(key, (str, bytes)):
            return self.exists(key)
        return isinstance(key, SupportsIndex) and -len(self) <= index(key) < len(self)

    def __getitem__(self, key: Key) -> bytes:
        """Return the content of a file. It raises KeyError or, for a number, IndexError."""
        if not isinstance(key, (str, bytes)):
            return self.read(key)
        try:
            return self.read(key)
        except FileNotFoundError:
            raise KeyError(key) from None

    # Contents

    def read(self, key: Key) -> bytes:
        """Return the content of a file. Its CRC-32 and its size are checked.

        It raises FileNotFoundError, IsADirectoryError or, for a number, IndexError.
        """
        i = self._file(key)
        if i >= 0:
            try:
                coding, offset, length, size, crc = self._index.content(i)
                if length <= _content.WHOLE:
                    return _content.unpack(self._read(offset, length), coding, size, crc)
            except _content.Damaged as e:
                raise _content.corrupt(self._label(key), str(e)) from None
            except NotAFile:
                pass
        return _content.whole(self._content(i, key))

    def open(
        self,
        path: Key,
        mode: str = "r",
        *,
        encoding: Optional[str] = None,
        errors: Optional[str] = None,
        newline: Optional[str] = None,
    ) -> IO[Any]:
        """Open a file for reading: mode "rb" for bytes, "r" for text in UTF-8 or encoding.

        The file can be seeked. One of up to 1 MiB is read and checked at once. A larger one is read
        as it is used, with 64 KiB in memory. It is compared with its CRC-32 when it has been read
        from its beginning to its end. After a seek only the part that is read is decompressed.
        """
        if mode not in ("r", "rt", "rb"):
            raise ValueError(f"invalid mode {mode!r}: an archive can only be read")
        if mode == "rb" and (encoding or errors or newline):
            raise ValueError("binary mode takes no encoding, errors and newline")
        c = self._content(self._file(path), path)
        f: IO[bytes]
        if c.size <= _BUFFERED:
            f = io.BytesIO(_content.whole(c))
        else:
            f = io.BufferedReader(_content.Stream(c), 1 << 16)
        if mode == "rb":
            return f
        return io.TextIOWrapper(f, encoding or "utf-8", errors, newline)

    def read_text(self, path: Key, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the content of a file as text."""
        with self.open(path, "r", encoding=encoding, errors=errors) as f:
            text = f.read()
        assert isinstance(text, str)
        return text

    def _file(self, key: Key) -> int:
        """Return the ordinal of a key. It may be a symbolic link, which _content follows."""
        if isinstance(key, str):
            i = self._index.lookup(key.encode("utf-8", "surrogateescape"))
        elif isinstance(key, bytes):
            i = self._index.lookup(key)
        else:
            return self._number(key)
        return i if i >= 0 else self._find(key)

    def _number(self, key: SupportsIndex) -> int:
        """Return the ordinal that a number stands for: a negative one counts from the end."""
        i = index(key)
        return i + len(self) if -len(self) <= i < 0 else i

    def _content(self, i: int, key: Key) -> Content:
        """Return the content of entry i, or of the file that the symbolic link i leads to."""
        table = self._index
        if i < 0 and isinstance(key, (str, bytes)):
            raise _error(errno.EISDIR, self._label(key))
        try:
            coding, offset, length, size, crc = table.content(i)
        except NotAFile as e:
            if e.kind == _index.SYMLINK:
                return self._content(self._find(table.path(i)), key)
            if e.kind == _index.DIRECTORY:
                raise _error(errno.EISDIR, self._label(key)) from None
            raise _error(errno.EINVAL, self._label(key)) from None
        segments = None
        if coding == _index.SEGMENTED:

            def segments() -> tuple[int, list[int]]:
                target = table.record(i)
                ordinal = i if target[5] >> 56 & 15 == _index.FILE else target[4]
                return table.segments(ordinal, size, length)

        return Content(self._label(key), self._read, coding, offset, length, size, crc, segments)

    def _label(self, key: Key) -> str:
        return f"{self._label_name}: {os.fsdecode(key) if isinstance(key, bytes) else key}"

    # Entries

    def _find(self, path: Union[str, bytes], follow: bool = True) -> int:
        """Return the ordinal of a path. It raises FileNotFoundError; -1 is the root."""
        data = _bytes(path)
        i = self._index.lookup(data) if data else -1
        if i >= 0:
            if not follow or self._index.record(i)[5] >> 56 & 15 != _index.SYMLINK:
                return i
        try:
            return resolve(self._index, data, follow)
        except OSError as e:
            raise _error(e.errno or errno.ENOENT, self._label(path)) from None

    def entry(self, key: Key, *, follow_symlinks: bool = False) -> Entry:
        """Return what the index records of an entry. The root has no entry."""
        if not isinstance(key, (str, bytes)):
            i = self._number(key)
        else:
            i = self._find(key, follow_symlinks)
            if i < 0:
                raise _error(errno.EINVAL, self._label(key))
        return entry(self._index, i, self._index.record(i), self._index.path(i))

    def entries(self, path: Union[str, bytes] = "") -> Iterator[Entry]:
        """Yield all entries below a directory, in path order: each directory before its content."""
        start, end, prefix = self._below(path)
        for i, record, p in zip(
            range(start, end), self._index.records(start, end), self._index.paths(start, end)
        ):
            if not p.startswith(prefix):
                self._index.corrupt(f"{p[:300]!r} is not below {prefix[:300]!r}")
            yield entry(self._index, i, record, p)

    def _below(self, path: Union[str, bytes]) -> tuple[int, int, bytes]:
        """Return the first ordinal below a directory, the one after the last, and their prefix."""
        i = self._find(path)
        if i < 0:
            return 0, len(self), b""
        e = self.entry(i)
        if not e.is_dir():
            raise _error(errno.ENOTDIR, self._label(path))
        return i + 1, e.end, _bytes(e.path) + b"/"

    def scandir(self, path: Union[str, bytes] = "") -> Iterator[Entry]:
        """Yield the entries of a directory, in path order."""
        i, end, prefix = self._below(path)
        block: list[bytes] = []
        number = -1
        while i < end:
            if i >> 4 != number:
                number = i >> 4
                block = self._index.block(number)
            p = block[i & 15]
            if not p.startswith(prefix) or b"/" in p[len(prefix) :]:
                self._index.corrupt(f"{p[:300]!r} is not in directory {prefix[:300]!r}")
            e = entry(self._index, i, self._index.record(i), p)
            yield e
            i = e.end if e.is_dir() else i + 1

    def listdir(self, path: Union[str, bytes] = "") -> list[str]:
        """Return the names in a directory, sorted by their bytes."""
        return [e.name for e in self.scandir(path)]

    def walk(self, path: str = "") -> Iterator[tuple[str, list[str], list[str]]]:
        """Yield directory, names of directories, names of others, top down, as os.walk does.

        Names that are removed from the first list are not walked. Symbolic links are not followed.
        """
        rest = [path.rstrip("/")]
        while rest:
            path = rest.pop()
            dirs: list[str] = []
            files: list[str] = []
            for e in self.scandir(path):
                (dirs if e.is_dir() else files).append(e.name)
            yield path, dirs, files
            rest += [f"{path}/{name}" if path else name for name in reversed(dirs)]

    def glob(self, pattern: str) -> Iterator[str]:
        """Yield the paths that match a pattern: "*", "?", "[…]", and "**" for any directories.

        Other than in a shell, a name that begins with a dot is no exception. Symbolic links are not
        followed. A pattern that ends in "/" matches directories only.
        """
        return _glob.glob(self, pattern)

    def exists(self, path: Union[str, bytes]) -> bool:
        """Report whether a path exists; a symbolic link must lead to something."""
        try:
            self._find(path)
        except OSError:
            return False
        return True

    def is_dir(self, path: Union[str, bytes]) -> bool:
        """Report whether a path is a directory, or leads to one."""
        return self._is(path, "dir")

    def is_file(self, path: Union[str, bytes]) -> bool:
        """Report whether a path is a file or hard link, or leads to one."""
        return self._is(path, "file", "hardlink")

    def _is(self, path: Union[str, bytes], *types: str) -> bool:
        try:
            i = self._find(path)
        except OSError:
            return False
        return "dir" in types if i < 0 else self.entry(i).type in types

    def stat(self, path: Key, *, follow_symlinks: bool = True) -> os.stat_result:
        """Return what os.stat would of an extracted entry, but for device, owner and links."""
        if isinstance(path, (str, bytes)) and self._find(path, follow_symlinks) < 0:
            return os.stat_result((0o40755, 1, 0, 1, 0, 0, 0, 0, 0, 0))
        return self.entry(path, follow_symlinks=follow_symlinks).stat()

    def readlink(self, path: Key) -> str:
        """Return the target of a symbolic link."""
        e = self.entry(path)
        if not e.is_symlink():
            raise _error(errno.EINVAL, self._label(path))
        return self._index.link(e.size, e.link_offset).decode("utf-8", "surrogateescape")

    def path(self, at: str = "") -> Path:
        """Return a path object for an entry, which need not exist."""
        return Path(self, at)

    # Everything

    def extract(
        self,
        directory: Union[str, os.PathLike[str]],
        paths: Union[str, Iterable[str], None] = None,
    ) -> None:
        """Extract all entries, or paths with everything below them, into a directory.

        Nothing outside of it is written to, whatever the archive says. Existing files are replaced.
        Devices, FIFOs and setuid bits are left out. It raises ExtractError at the end if an entry
        can't be extracted, CorruptArchive if the archive is damaged, and FileNotFoundError before
        anything is written if there is no such path. Paths are not followed through links.
        """
        from ._extract import extract

        extract(self, os.fspath(directory), [paths] if isinstance(paths, str) else paths)

    def verify(self) -> None:
        """Read everything, and compare all contents, tar headers and hashes.

        It raises CorruptArchive for the first thing that is wrong.
        """
        from ._verify import verify

        verify(self._opened)


def _bytes(path: Union[str, bytes]) -> bytes:
    return path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path


def _error(number: int, name: str) -> OSError:
    """Return the OSError of a number, such as FileNotFoundError."""
    return OSError(number, os.strerror(number), name)


def open_by(name: str, open_file: Opener) -> Archive:
    """Open an archive whose files are those that open_file opens."""
    options = RemoteOptions()
    archive = Archive(open_archive(name, options, open_file), options)
    archive._by_name = False
    return archive


def open_by_name(name: str, options: RemoteOptions) -> Archive:
    """Open an archive."""
    return Archive(open_archive(name, options), options)


def reopen(name: str, options: RemoteOptions, digest: int) -> Archive:
    """Open an archive that was pickled. It raises ArchiveChanged if it is another one now."""
    a = open_by_name(name, options)
    if a.digest != digest:
        a.close()
        raise ArchiveChanged(f"{label(name)}: the archive was replaced since it was pickled")
    return a
