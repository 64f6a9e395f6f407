"""Paths that match a pattern."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING, Iterator

if TYPE_CHECKING:
    from ._archive import Archive
    from ._entry import Entry

_MAGIC = re.compile(r"[*?[]")


class _Pattern:
    """The components of a pattern. A state is the set of components that may match next."""

    def __init__(self, pattern: str) -> None:
        self.parts = [p for p in pattern.split("/") if p]
        self.end = len(self.parts)
        self.only_dirs = pattern.endswith("/")
        self._regexps = [re.compile(fnmatch.translate(p), re.DOTALL) for p in self.parts]

    def start(self) -> frozenset[int]:
        return self._close({0})

    def step(self, state: frozenset[int], name: str) -> frozenset[int]:
        """Return the state below name, in a directory with a state."""
        after = set()
        for i in state:
            if i == self.end:
                continue
            if self.parts[i] == "**":
                after.add(i)
            elif self._regexps[i].match(name):
                after.add(i + 1)
        return self._close(after)

    def _close(self, state: set[int]) -> frozenset[int]:
        """Return a state with what follows each "**", which may match nothing."""
        for i in range(self.end):
            if i in state and self.parts[i] == "**":
                state.add(i + 1)
        return frozenset(state)

    def only_name(self, state: frozenset[int]) -> str:
        """Return the one name that can match in a state, or ""."""
        name = self.parts[min(state)] if len(state) == 1 else ""
        return "" if _MAGIC.search(name) else name


def glob(archive: Archive, pattern: str) -> Iterator[str]:
    """Yield the paths that match, in path order. Symbolic links are not followed."""
    p = _Pattern(pattern)
    # A directory that is being listed, and the state in it: no recursion, as trees may be deep.
    stack = [(_candidates(archive, "", p.only_name(p.start())), p.start())] if p.parts else []
    while stack:
        entries, state = stack[-1]
        e = next(entries, None)
        if e is None:
            stack.pop()
            continue
        after = p.step(state, e.name)
        if p.end in after and (e.is_dir() or not p.only_dirs):
            yield e.path
        if e.is_dir() and any(i < p.end for i in after):
            stack.append((_candidates(archive, e.path, p.only_name(after)), after))


def _candidates(archive: Archive, directory: str, name: str) -> Iterator[Entry]:
    if not name:
        yield from archive.scandir(directory)
    elif name not in (".", ".."):
        try:
            yield archive.entry(f"{directory}/{name}" if directory else name)
        except FileNotFoundError:
            pass
