"""The errors of this package. All derive from TpkError."""

from __future__ import annotations


class TpkError(Exception):
    """The base class of the errors of this package."""


class CorruptArchive(TpkError):
    """The archive or its index is damaged, truncated, hostile, or not a tpk archive.

    The message names the file, and the entry or the offset.
    """


class UnsupportedArchive(TpkError):
    """The archive is of another version of the format, or needs a feature that is not known."""


class IndexMissing(TpkError):
    """There is no index that belongs to the archive, neither beside it nor in it."""


class ArchiveChanged(TpkError):
    """The archive is another one than the one that was opened."""


class RemoteError(TpkError, OSError):
    """A server can't be reached, refuses a request, or doesn't serve ranges.

    status is the HTTP status that says so, or 0.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class ExtractError(TpkError):
    """Some entries can't be extracted. All others were.

    problems has one text for each, which begins with the path of the entry.
    """

    def __init__(self, problems: list[str]) -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}")
        self.problems = problems
