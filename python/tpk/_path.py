"""Path objects that work like zipfile.Path."""

from __future__ import annotations

import fnmatch
import os
import pathlib
import posixpath
import re
from typing import IO, TYPE_CHECKING, Any, Iterator, Optional, Union

if TYPE_CHECKING:
    from ._archive import Archive


class Path:
    """A path in an archive, with the methods of zipfile.Path.

    root is an archive, or what tpk.open takes.

    >>> root = Path(archive)
    >>> (root / "docs" / "a.txt").read_text()
    'hello'
    >>> [p.name for p in root.iterdir()]
    ['docs', 'train']
    """

    def __init__(self, root: Union[Archive, str, os.PathLike[str]], at: str = "") -> None:
        if isinstance(root, (str, os.PathLike)):
            from . import open as open_archive

            root = open_archive(root)
        self.root: Archive = root
        self.at = at.strip("/")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Path) and (self.root, self.at) == (other.root, other.at)

    def __hash__(self) -> int:
        return hash((self.root, self.at))

    def __str__(self) -> str:
        return posixpath.join(self.root.name, self.at)

    def __repr__(self) -> str:
        return f"tpk.Path({self.root.name!r}, {self.at!r})"

    @property
    def name(self) -> str:
        """The last component; of the root, that of the archive's name."""
        return posixpath.basename(self.at or self.root.name)

    @property
    def filename(self) -> pathlib.Path:
        """The name of the archive and the path in it, as a path of pathlib."""
        return pathlib.Path(self.root.name).joinpath(self.at)

    @property
    def stem(self) -> str:
        """The name without its last suffix."""
        dot = self.name.rfind(".")
        return self.name[:dot] if 0 < dot < len(self.name) - 1 else self.name

    @property
    def suffix(self) -> str:
        """The last suffix of the name, with its dot."""
        return self.name[len(self.stem) :]

    @property
    def suffixes(self) -> list[str]:
        """All suffixes of the name."""
        if self.name.endswith("."):
            return []
        return ["." + s for s in self.name.lstrip(".").split(".")[1:]]

    @property
    def parent(self) -> Path:
        """The directory that this is in. The root is its own parent."""
        return self._with(posixpath.dirname(self.at))

    def _with(self, at: str) -> Path:
        return type(self)(self.root, at)

    def open(
        self,
        mode: str = "r",
        encoding: Optional[str] = None,
        errors: Optional[str] = None,
        newline: Optional[str] = None,
    ) -> IO[Any]:
        """Open the file, as Archive.open does."""
        return self.root.open(self.at, mode, encoding=encoding, errors=errors, newline=newline)

    def read_text(
        self,
        encoding: Optional[str] = None,
        errors: Optional[str] = None,
        newline: Optional[str] = None,
    ) -> str:
        """Return the content of the file as text, in UTF-8 or encoding."""
        with self.open("r", encoding, errors, newline) as f:
            return str(f.read())

    def read_bytes(self) -> bytes:
        """Return the content of the file."""
        return self.root.read(self.at)

    def iterdir(self) -> Iterator[Path]:
        """Yield the paths in the directory."""
        for e in self.root.scandir(self.at):
            yield self._with(f"{self.at}/{e.name}" if self.at else e.name)

    def is_dir(self) -> bool:
        """Report whether this is a directory, or leads to one."""
        return self.root.is_dir(self.at)

    def is_file(self) -> bool:
        """Report whether this is a file, or leads to one."""
        return self.root.is_file(self.at)

    def is_symlink(self) -> bool:
        """Report whether this is a symbolic link."""
        try:
            return bool(self.at) and self.root.entry(self.at).is_symlink()
        except OSError:
            return False

    def exists(self) -> bool:
        """Report whether there is such a path."""
        return self.root.exists(self.at)

    def stat(self) -> os.stat_result:
        """Return what Archive.stat returns."""
        return self.root.stat(self.at)

    def joinpath(self, *others: str) -> Path:
        """Return a path below this one."""
        return self._with(posixpath.join(self.at, *others))

    def __truediv__(self, other: str) -> Path:
        return self.joinpath(other)

    def match(self, pattern: str) -> bool:
        """Report whether the last components match a pattern."""
        parts, patterns = self.at.split("/"), [p for p in pattern.split("/") if p]
        return 0 < len(patterns) <= len(parts) and all(
            re.match(fnmatch.translate(p), part)
            for part, p in zip(parts[-len(patterns) :], patterns)
        )

    def glob(self, pattern: str) -> Iterator[Path]:
        """Yield the paths below this one that match a pattern."""
        prefix = re.sub(r"([*?[])", r"[\1]", self.at)
        for path in self.root.glob(f"{prefix}/{pattern}"):
            yield self._with(path)

    def rglob(self, pattern: str) -> Iterator[Path]:
        """Yield the paths at any depth below this one that match a pattern."""
        return self.glob(f"**/{pattern}")

    def relative_to(self, other: Path, *more: str) -> str:
        """Return the path from another one to this one."""
        return posixpath.relpath(str(self), str(other.joinpath(*more)))
