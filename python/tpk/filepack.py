"""FilePackReader: the methods of FilePacker's reader, for programs that come from it.

Only the import changes: from tpk.filepack import FilePackReader.
"""

from __future__ import annotations

import importlib
import io
import os
import posixpath
from typing import TYPE_CHECKING, Any, Iterator, Union

if TYPE_CHECKING:
    from ._archive import Archive


class FilePackReader:
    """Reads an archive with the methods of FilePacker.

    base_path is what paths begin with where a method is not told to exclude it. verbose and
    multiprocess_lock are taken and have no use: nothing is loaded, and processes need no lock.
    """

    def __init__(
        self,
        file: Union[str, os.PathLike[str], Archive],
        base_path: str = "",
        verbose: bool = False,
        multiprocess_lock: bool = True,
    ) -> None:
        from . import open as open_archive

        self.archive = open_archive(file) if isinstance(file, (str, os.PathLike)) else file
        self.base_path = base_path

    def __len__(self) -> int:
        """Return the number of files."""
        return self.archive.stats.files + self.archive.stats.hardlinks

    def _inside(self, path: str, excluded: bool) -> str:
        """Return the path in the archive."""
        if not excluded:
            if not path.startswith(self.base_path):
                raise OSError(f"the path {path!r} does not begin with {self.base_path!r}")
            path = path[len(self.base_path) :]
        return "/".join(p for p in path.split("/") if p)

    def read_bytes(self, filepath: str, exclude_base_path: bool = False) -> bytes:
        """Return the content of a file."""
        return self.archive.read(self._inside(filepath, exclude_base_path))

    def open(
        self, filepath: str, mode: str, exclude_base_path: bool = False
    ) -> Union[io.BytesIO, io.StringIO]:
        """Open a file: mode "r" for text in UTF-8, "rb" for bytes. Its content is in memory."""
        if mode not in ("r", "rb"):
            raise ValueError(f"invalid mode {mode!r}: files in an archive are read-only")
        data = self.read_bytes(filepath, exclude_base_path)
        return io.BytesIO(data) if mode == "rb" else io.StringIO(data.decode("utf-8"))

    def cv2_imread(self, filepath: str, flags: int = -1, exclude_base_path: bool = False) -> Any:
        """Return an image that OpenCV decodes. The packages cv2 and numpy must be installed."""
        # Not by statements: mypy would need their types, or complain that it does not.
        cv2, numpy = importlib.import_module("cv2"), importlib.import_module("numpy")
        data = numpy.frombuffer(self.read_bytes(filepath, exclude_base_path), numpy.uint8)
        return cv2.imdecode(data, flags)

    def exists(self, path: str, exclude_base_path: bool = False) -> bool:
        """Report whether there is a file or directory with this path."""
        return self.archive.exists(self._inside(path, exclude_base_path))

    def isdir(self, path: str, exclude_base_path: bool = False) -> bool:
        """Report whether a path is a directory. It raises OSError if it does not exist."""
        inside = self._inside(path, exclude_base_path)
        self.archive.stat(inside)
        return self.archive.is_dir(inside)

    def isfile(self, path: str, exclude_base_path: bool = False) -> bool:
        """Report whether a path is a file. It raises OSError if it does not exist."""
        inside = self._inside(path, exclude_base_path)
        self.archive.stat(inside)
        return self.archive.is_file(inside)

    def listdir(self, dirpath: str, exclude_base_dir: bool = False) -> list[str]:
        """Return the names in a directory, sorted."""
        return sorted(self.archive.listdir(self._inside(dirpath, exclude_base_dir)))

    def walk(
        self, exclude_base_path: bool = False, sort_entries: bool = False
    ) -> Iterator[tuple[str, list[str], list[str]]]:
        """Yield directory, names of directories and names of files, from the root down."""
        base = "" if exclude_base_path else self.base_path
        for directory, dirs, files in self.archive.walk():
            if sort_entries:
                dirs.sort()
                files.sort()
            yield posixpath.join(base, directory) if directory else base, dirs, files

    def print_directory_structure(
        self, ignore_base_path: bool = False, directories_only: bool = False, indentation: int = 3
    ) -> None:
        """Print all names, indented by their depth, with the number of names in each directory."""
        if not ignore_base_path:
            print(f"-{self.base_path}:")
        first = 0 if ignore_base_path else indentation
        for e in self.archive.entries():
            indent = " " * (first + e.path.count("/") * indentation)
            if e.is_dir():
                print(f"{indent}- {e.name}: ({len(self.archive.listdir(e.path))})")
            elif not directories_only:
                print(f"{indent}- {e.name}")
