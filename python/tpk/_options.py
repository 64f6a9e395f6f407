"""The options of archives on servers."""

from __future__ import annotations

from typing import Dict, NamedTuple, Optional


class RemoteOptions(NamedTuple):
    """How a server is asked. Archives in files have no use for it."""

    headers: Optional[Dict[str, str]] = None  # sent to the origin of the URL only
    cafile: Optional[str] = None  # certificates that are trusted in place of the system's
    timeout: float = 30.0  # seconds to wait for bytes
    attempts: int = 4  # of each request, if it fails in a way that may pass
    cache_size: int = 8 << 20  # bytes of the index that are kept in memory
