"""A file system for fsspec, under the protocol "tpk".

    fsspec.filesystem("tpk", fo="data.tar.gz").cat("docs/a.txt")
    fsspec.open("tpk://docs/a.txt", fo="https://example.com/data.tar.gz")

    fsspec.open("tpk://docs/a.txt::https://example.com/data.tar.gz")

    fsspec.open("tpk://docs/a.txt::s3://bucket/data.tar.gz", s3={"anon": True})

fo is what tpk.open takes: a file, a shard set or a URL. In a chain with another protocol, the archive
is read by ranges with the file system of that protocol.
"""

from __future__ import annotations

from typing import IO, Any, Dict, List, Union

from fsspec import filesystem  # type: ignore[import]
from fsspec.spec import AbstractFileSystem  # type: ignore[import]

from . import open as open_archive
from ._archive import open_by
from ._blocks import Blocks
from ._entry import Entry
from ._options import RemoteOptions
from ._source import truncated


class TpkFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """Reads an archive. The file objects are those of Archive.open."""

    protocol = "tpk"
    root_marker = ""
    cachable = True

    def __init__(self, fo: str = "", **options: Any) -> None:
        known = {k: options.pop(k) for k in _OPTIONS if k in options}
        super().__init__(**options)
        protocol = options.get("target_protocol")
        if protocol in (None, "file", "local", "http", "https"):
            self.archive = open_archive(fo, **known)
            return
        fs = filesystem(protocol, **(options.get("target_options") or {}))
        room = known.get("cache_size", RemoteOptions().cache_size)
        self.archive = open_by(fo, lambda name: _File(fs, name, room))

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        stripped = super()._strip_protocol(path)
        if isinstance(stripped, list):
            return stripped
        return stripped.strip("/")

    def _info(self, e: Entry, name: str) -> Dict[str, Any]:
        kind = "directory" if e.is_dir() else "file" if e.is_file() else "other"
        info = {"name": name, "size": e.size, "type": kind, "mode": e.stat_mode, "mtime": e.mtime}
        if e.is_symlink():
            info["islink"] = True
            info["destination"] = self.archive.readlink(e.ordinal)
            if self.archive.is_file(e.path):
                info.update(size=self.archive.stat(e.path).st_size, type="file")
        return info

    def info(self, path: str, **options: Any) -> Dict[str, Any]:
        """Return name, size, type, mode and mtime of a path. Links are followed, but not by ls.

        So a link to a directory is no directory in a listing, and find and walk meet no loop.
        """
        path = self._strip_protocol(path)
        if not path:
            return {"name": "", "size": 0, "type": "directory"}
        info = self._info(self.archive.entry(path), path)
        if self.archive.is_dir(path):
            info.update(size=0, type="directory")
        return info

    def ls(
        self, path: str, detail: bool = True, **options: Any
    ) -> List[Union[str, Dict[str, Any]]]:
        """Return what is in a directory: names, or what info returns of each."""
        path = self._strip_protocol(path)
        if path and not self.archive.is_dir(path):
            infos = [self.info(path)]
        else:
            infos = [
                self._info(e, f"{path}/{e.name}" if path else e.name)
                for e in self.archive.scandir(path)
            ]
        return list(infos) if detail else [i["name"] for i in infos]

    def exists(self, path: str, **options: Any) -> bool:
        """Report whether a path exists."""
        return self.archive.exists(self._strip_protocol(path))

    def modified(self, path: str) -> Any:
        """Return when a path was changed, as a datetime."""
        from datetime import datetime, timezone

        return datetime.fromtimestamp(self.info(path)["mtime"], timezone.utc)

    def ukey(self, path: str) -> str:
        """Return a text that changes with the content of a file."""
        e = self.archive.entry(self._strip_protocol(path), follow_symlinks=True)
        return f"{e.hash:016x}-{e.size}"

    def _open(self, path: str, mode: str = "rb", **options: Any) -> IO[Any]:
        f = self.archive.open(self._strip_protocol(path), mode)
        f.size = f.seek(0, 2)  # type: ignore[attr-defined]  # fsspec uses it
        f.seek(0)
        return f


class _File:
    """A file of another file system: an archive, or an index, of which room bytes are kept."""

    def __init__(self, fs: Any, name: str, room: int) -> None:
        info = fs.info(name)
        if info["type"] != "file":
            raise IsADirectoryError(21, "is no file", name)
        self.name = name
        self.size = int(info["size"])
        self._fs = fs
        self._blocks = Blocks(self._range, self.size, room)
        self._by_blocks = name.endswith((".tpi", ".tps"))

    def read(self, offset: int, n: int) -> bytes:
        """Return the n bytes from offset."""
        if offset < 0 or offset + n > self.size:
            raise truncated(self.name, offset, n)
        if not n:
            return b""
        return self._blocks.read(offset, n) if self._by_blocks else self._range(offset, n)

    def _range(self, offset: int, n: int) -> bytes:
        data = self._fs.cat_file(self.name, start=offset, end=offset + n)
        if len(data) != n:
            raise truncated(self.name, offset, n)
        return bytes(data)

    def close(self) -> None:
        """Do nothing: nothing is open."""


_OPTIONS = ("headers", "cafile", "timeout", "attempts", "cache_size")
