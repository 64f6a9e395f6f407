"""What a forked process must not share with its parent: locks, which another thread of the parent
may have held, and connections."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Forgetful(Protocol):
    """Has locks or connections."""

    def forget(self) -> None:
        """Make new ones in place of those of the parent."""


_all: WeakSet[Forgetful] = WeakSet()


def forget_after_fork(o: Forgetful) -> None:
    """Call o.forget in each process that is forked, as long as o is in use."""
    _all.add(o)


def _forked() -> None:
    for o in list(_all):
        o.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
