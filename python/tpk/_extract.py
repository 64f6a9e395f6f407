"""Extracting: nothing outside of the directory is written to, whatever the archive says."""

from __future__ import annotations

import errno
import os
import re
import stat
from typing import TYPE_CHECKING, Callable, Dict, Iterable, Iterator, List, Optional, Set, Tuple
from typing import Union

from ._content import Stream
from ._errors import CorruptArchive, ExtractError
from ._open import label

if TYPE_CHECKING:
    from ._archive import Archive
    from ._entry import Entry

_DIR_FD = os.open in os.supports_dir_fd and os.mkdir in os.supports_dir_fd
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_MOST_OPEN = 64  # directories: below the others, the path is opened again from the root
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_WINDOWS = os.name == "nt"
# Names that Windows doesn't allow, or takes for a path, a stream, or a device.
_NO_NAME = re.compile(
    r'.*[<>:"\\|?*\x00-\x1f]|.*[. ]\Z|(con|prn|aux|nul|(com|lpt)[0-9\xb9\xb2\xb3]) *(\.|\Z)',
    re.IGNORECASE | re.DOTALL,
)

_Name = Union[str, bytes]


def _raw(name: str) -> _Name:
    """Return the name for a system call: its bytes, whatever encoding the locale has."""
    return name if _WINDOWS else name.encode("utf-8", "surrogateescape")


def extract(archive: Archive, directory: str, paths: Optional[Iterable[str]]) -> None:
    """Extract entries into a directory, which is made if needed."""
    tops = None if paths is None else [_top(archive, path) for path in paths]
    os.makedirs(directory, exist_ok=True)
    e = _Extractor(archive, directory)
    try:
        try:
            for entry in _chosen(archive, tops):
                try:
                    e.add(entry)
                except OSError as problem:
                    e.problems.append(f"{entry.path}: {problem.strerror or problem}")
        finally:
            e.finish()
    finally:
        e.close()
    if e.problems:
        raise ExtractError(e.problems)


def _top(archive: Archive, path: str) -> str:
    """Return a path as the archive has it. It raises FileNotFoundError if there is none."""
    top = "/".join(p for p in path.split("/") if p not in ("", "."))
    if top and archive.entry(top).path != top:
        name = f"{label(archive.name)}: {path}"
        raise FileNotFoundError(errno.ENOENT, "No such entry, but links that lead to one", name)
    return top


def _chosen(archive: Archive, tops: Optional[List[str]]) -> Iterator[Entry]:
    """Yield the entries to extract, directories before what is in them."""
    if tops is None:
        yield from archive.entries()
        return
    for path in tops:
        if not path:
            yield from archive.entries()
            continue
        for i, c in enumerate(path):
            if c == "/":
                yield archive.entry(path[:i])
        e = archive.entry(path)
        yield e
        if e.is_dir():
            yield from archive.entries(path)


class _Extractor:
    """Extracts entries in path order. Each directory is opened without following links."""

    def __init__(self, archive: Archive, directory: str) -> None:
        self._archive = archive
        self._base = directory
        self._root = os.open(directory, os.O_RDONLY | _DIRECTORY) if _DIR_FD else -1
        self._open: List[Tuple[str, int]] = []  # directories on the path of the last entry
        self._dirs: Dict[str, Entry] = {}
        self._failed: Set[str] = set()  # directories that can't be made
        self._done = bytearray((len(archive) + 7) // 8)  # a bit for each file that was extracted
        self._links: Dict[int, str] = {}  # hard links that came before their file, by its ordinal
        self.problems: List[str] = []

    def close(self) -> None:
        """Close the directories."""
        for _, fd in self._open:
            os.close(fd)
        self._open = []
        if self._root >= 0:
            os.close(self._root)

    def add(self, e: Entry) -> None:
        """Extract one entry."""
        parent, _, name = e.path.rpartition("/")
        if _WINDOWS and _NO_NAME.match(name):
            self._fail(e)
            raise OSError(errno.EINVAL, "Windows does not allow this name")
        if parent and parent not in self._dirs:
            raise CorruptArchive(f"{label(self._archive.name)}: {e.path}: it is in no directory")
        if parent in self._failed:
            self._fail(e)
            return
        if e.is_dir():
            if e.path not in self._dirs:
                self._dirs[e.path] = e
                self._failed.add(e.path)
                self._make_dir(e, self._parent(parent), name)
                self._failed.remove(e.path)
            return
        fd = self._parent(parent)
        if e.type in ("char", "block", "fifo"):
            self.problems.append(f"{e.path}: not extracted: devices and FIFOs are left out")
        elif e.is_symlink():
            self._replace(fd, parent, name, lambda tmp: self._symlink(e, tmp, fd))
        else:
            self._add_file(e, fd, parent, name)

    def _fail(self, e: Entry) -> None:
        """Leave out an entry, and what is below it."""
        if e.is_dir():
            self._dirs[e.path] = e
            self._failed.add(e.path)

    def _add_file(self, e: Entry, fd: int, parent: str, name: str) -> None:
        """Write a file, or link to another name of it that was written before."""
        written = ""
        file = e.target if e.type == "hardlink" else e.ordinal
        if not e.duplicate:
            written = self._links.get(file, "")
            if not written and self._done[file >> 3] >> (file & 7) & 1:
                written = self._archive.entry(file).path
            if not written and file != e.ordinal:
                self._links[file] = e.path
        if not written or not self._hard_link(written, fd, parent, name):
            self._replace(fd, parent, name, lambda tmp: self._write(e, tmp, fd))
        if file == e.ordinal:
            self._done[file >> 3] |= 1 << (file & 7)

    def _at(self, fd: int, parent: str, name: str) -> _Name:
        """Return the name for a system call: relative to the directory fd, if there is one."""
        return _raw(name) if fd >= 0 else os.path.join(self._base, parent, name)

    def _parent(self, path: str) -> int:
        """Return a descriptor of a directory below the base, or -1 where there are none."""
        if not _DIR_FD:
            self._check_parents(path)
            return -1
        while self._open and not (path + "/").startswith(self._open[-1][0] + "/"):
            os.close(self._open.pop()[1])
        fd = self._open[-1][1] if self._open else self._root
        done = self._open[-1][0] if self._open else ""
        for part in path[len(done) :].strip("/").split("/") if path != done else []:
            done = f"{done}/{part}" if done else part
            fd = os.open(_raw(part), os.O_RDONLY | _DIRECTORY | _NOFOLLOW, dir_fd=fd)
            self._open.append((done, fd))
            if len(self._open) > _MOST_OPEN:
                os.close(self._open.pop(0)[1])
        return fd

    def _check_parents(self, path: str) -> None:
        """Raise an OSError if a directory on a path is a link. Somebody might make one later."""
        at = self._base
        for part in path.split("/") if path else []:
            at = os.path.join(at, part)
            if not stat.S_ISDIR(os.lstat(at).st_mode):
                raise NotADirectoryError(20, "Not a directory", at)

    def _make_dir(self, e: Entry, fd: int, name: str) -> None:
        at, dir_fd = self._at(fd, e.path.rpartition("/")[0], name), fd if fd >= 0 else None
        try:
            os.mkdir(at, 0o700, dir_fd=dir_fd)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(at, dir_fd=dir_fd).st_mode):
                raise

    def _replace(self, fd: int, parent: str, name: str, make: Callable[[_Name], None]) -> None:
        """Make a file under a temporary name, and rename it."""
        dir_fd = fd if fd >= 0 else None
        tmp = self._at(fd, parent, f".tpk-{os.getpid()}-{os.urandom(6).hex()}")
        try:
            make(tmp)
            os.replace(tmp, self._at(fd, parent, name), src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
        except BaseException:
            try:
                os.unlink(tmp, dir_fd=dir_fd)
            except OSError:
                pass
            raise

    def _symlink(self, e: Entry, tmp: _Name, fd: int) -> None:
        dir_fd = fd if fd >= 0 else None
        os.symlink(_raw(self._archive.readlink(e.ordinal)), tmp, dir_fd=dir_fd)
        if os.utime in os.supports_follow_symlinks:
            times = (e.mtime, e.mtime)
            os.utime(tmp, times, dir_fd=dir_fd, follow_symlinks=False)

    def _hard_link(self, target: str, fd: int, parent: str, name: str) -> bool:
        """Link to a file that was extracted, and report whether that was possible."""

        def link(tmp: _Name) -> None:
            if fd < 0:
                os.link(os.path.join(self._base, target), tmp)
                return
            up, _, base = target.rpartition("/")
            other = _Extractor(self._archive, self._base)
            try:
                from_fd = other._parent(up)
                os.link(_raw(base), tmp, src_dir_fd=from_fd, dst_dir_fd=fd, follow_symlinks=False)
            finally:
                other.close()

        try:
            self._replace(fd, parent, name, link)
        except OSError:
            return False
        return True

    def _write(self, e: Entry, tmp: _Name, fd: int) -> None:
        """Write the content of a file under a temporary name, with mode and time."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | getattr(os, "O_BINARY", 0)
        out = os.open(tmp, flags, 0o600, dir_fd=fd if fd >= 0 else None)
        with open(out, "wb", buffering=0) as f:
            with Stream(self._archive._content(e.ordinal, e.path)) as content:
                for data in iter(lambda: content.read(1 << 16), b""):
                    f.write(data or b"")
            if hasattr(os, "fchmod"):
                os.fchmod(f.fileno(), e.mode & 0o777)
            if os.utime in os.supports_fd:
                os.utime(f.fileno(), (e.mtime, e.mtime))
        if e.mode & 0o6000:
            self.problems.append(f"{e.path}: extracted without its setuid or setgid bit")

    def finish(self) -> None:
        """Set the modes and times of the directories, the deepest first."""
        for path, e in sorted(self._dirs.items(), reverse=True):
            if path in self._failed:
                continue
            try:
                fd = self._parent(path)
                if fd >= 0:
                    os.utime(fd, (e.mtime, e.mtime))
                    os.fchmod(fd, e.mode & 0o1777)
                else:
                    os.utime(os.path.join(self._base, path), (e.mtime, e.mtime))
            except OSError as problem:
                self.problems.append(f"{path}: {problem.strerror}")
