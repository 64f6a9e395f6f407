"""One request for a range, over connections that are kept (RFC 9110 §14)."""

from __future__ import annotations

import base64
import http.client
import re
import ssl
import threading
import time
from typing import Dict, List, NamedTuple, Optional, Tuple
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from ._errors import ArchiveChanged, RemoteError
from ._fork import forget_after_fork
from ._options import RemoteOptions

_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")
_REDIRECTS = 5
_STEP = 16_384  # bytes that must come within the timeout
_URL = "!#$%&'()*+,/:;=?@[]~"  # characters of a URL that stand for themselves
_PASSING = frozenset((408, 425, 429, 500, 502, 503, 504))

Origin = Tuple[str, str]


class Transient(Exception):
    """A failure that may pass."""


class Part(NamedTuple):
    """The answer to a request for a range."""

    data: bytes
    start: int
    total: int  # size of the object
    etag: str
    modified: str


class Client:
    """Asks one URL for ranges. It is safe for threads, and in forked processes."""

    def __init__(self, url: str, options: RemoteOptions) -> None:
        self._options = options
        parts = self._split(url, "utf-8")
        self._url = parts.geturl()
        host = parts.hostname or ""
        self.name = parts._replace(netloc=_netloc(parts, host), query="").geturl()
        if not host:
            raise RemoteError(f"{self.name}: the URL names no server")
        self._origin = _origin(parts)
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "tpk-python"}
        self._own = dict(options.headers or {})
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._own["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        self._tls: Optional[ssl.SSLContext] = None
        self._idle: Dict[Origin, List[http.client.HTTPConnection]] = {}
        self.forget()
        forget_after_fork(self)

    def _split(self, url: str, encoding: str) -> SplitResult:
        """Divide a URL. What may not stand in one is percent-encoded, as browsers do it."""
        try:
            parts = urlsplit(url)
            path, query = (quote(s, _URL, encoding, "surrogateescape") for s in parts[2:4])
            return parts._replace(path=path, query=query)
        except ValueError as e:
            raise RemoteError(f"no valid URL: {e}") from None

    def forget(self) -> None:
        """Close the connections, which belong to another process after a fork, and the lock too."""
        self._lock = threading.Lock()
        self.close()

    def close(self) -> None:
        """Close the connections that are kept."""
        with self._lock:
            for connections in self._idle.values():
                for c in connections:
                    c.close()
            self._idle.clear()

    def get(self, byte_range: str, start: Optional[int], match: str) -> Part:
        """Ask for "bytes=" and byte_range once. start is where the answer must begin, if known.

        It raises FileNotFoundError, ArchiveChanged, RemoteError, or Transient.
        """
        parts = urlsplit(self._url)
        for _ in range(_REDIRECTS):
            headers = {**self._headers, "Range": f"bytes={byte_range}"}
            if match:
                headers["If-Match"] = match
            if _origin(parts) == self._origin:
                headers.update(self._own)
            try:
                answer = self._request(parts, headers, start)
            except ssl.SSLCertVerificationError as e:
                raise RemoteError(f"{self.name}: {e.verify_message}") from None
            except (UnicodeError, http.client.InvalidURL) as e:
                raise RemoteError(f"{self.name}: no valid URL: {e}") from None
            except (OSError, http.client.HTTPException) as e:
                if isinstance(e, (FileNotFoundError, RemoteError)):
                    raise
                raise Transient(str(e) or type(e).__name__) from None
            if isinstance(answer, Part):
                return answer
            location, permanent = answer
            scheme = parts.scheme
            parts = self._redirected(parts, location)
            if parts.scheme not in ("https", scheme) or not parts.hostname:
                raise RemoteError(f"{self.name}: redirected to {parts.scheme or 'nowhere'}")
            if permanent:
                self._url = parts.geturl()
        raise RemoteError(f"{self.name}: redirected {_REDIRECTS} times")

    def _redirected(self, parts: SplitResult, location: str) -> SplitResult:
        """Return the URL that a field Location has. http.client takes its bytes as Latin-1."""
        try:
            url = urljoin(parts.geturl(), location)
        except ValueError:
            raise RemoteError(f"{self.name}: redirected to no valid URL") from None
        return self._split(url, "iso-8859-1")

    def _request(
        self, url: SplitResult, headers: Dict[str, str], start: Optional[int]
    ) -> "Part | tuple[str, bool]":
        """Send one request, and return the answer, or where it is redirected to."""
        origin = _origin(url)
        connection = self._connection(origin)
        keep = False
        try:
            target = (url.path or "/") + (f"?{url.query}" if url.query else "")
            connection.request("GET", target, headers=headers)
            with connection.getresponse() as response:
                if response.status in (301, 302, 303, 307, 308):
                    return response.getheader("Location", ""), response.status in (301, 308)
                part = self._part(response, start)
                keep = not response.will_close
            return part
        finally:
            if keep:
                with self._lock:
                    self._idle.setdefault(origin, []).append(connection)
            else:
                connection.close()

    def _connection(self, origin: Origin) -> http.client.HTTPConnection:
        with self._lock:
            idle = self._idle.get(origin)
            if idle:
                return idle.pop()
        timeout = self._options.timeout
        if origin[0] != "https":
            return http.client.HTTPConnection(origin[1], timeout=timeout)
        if self._tls is None:
            self._tls = self._context()
        return http.client.HTTPSConnection(origin[1], timeout=timeout, context=self._tls)

    def _context(self) -> ssl.SSLContext:
        cafile = self._options.cafile
        try:
            return ssl.create_default_context(cafile=cafile)
        except OSError as e:
            raise RemoteError(f"{cafile or 'certificates'}: {e.strerror or e}") from None

    def _part(self, r: http.client.HTTPResponse, start: Optional[int]) -> Part:
        """Return what an answer holds, if it is the range."""
        if r.status in _PASSING:
            raise Transient(f"{r.status} {r.reason}")
        if r.status in (404, 410):
            raise FileNotFoundError(2, "No such file or directory", self.name)
        if r.status == 412:
            raise ArchiveChanged(f"{self.name}: it was replaced while it was open")
        empty = re.fullmatch(r"bytes \*/0+", r.getheader("Content-Range", ""))
        if r.status == 416 and empty:
            return Part(b"", 0, 0, r.getheader("ETag", ""), r.getheader("Last-Modified", ""))
        if r.status == 200:
            raise RemoteError(f"{self.name}: the server does not serve ranges: it sent 200")
        if r.status != 206:
            raise RemoteError(f"{self.name}: {r.status} {r.reason}", r.status)
        coding = r.getheader("Content-Encoding", "identity").lower()
        if coding not in ("identity", "aws-chunked", ""):
            raise RemoteError(f"{self.name}: the server compresses ranges ({coding})")
        m = _CONTENT_RANGE.fullmatch(r.getheader("Content-Range", ""))
        if m is None:
            raise RemoteError(f"{self.name}: the server sent a range without saying which")
        first, last, total = (int(x) for x in m.groups())
        if start is None:
            start = first
        if first != start or not first <= last < total:
            raise RemoteError(f"{self.name}: asked from {start}, it sent bytes {first} to {last}")
        data = self._body(r, last - first + 1)
        return Part(data, first, total, r.getheader("ETag", ""), r.getheader("Last-Modified", ""))

    def _body(self, r: http.client.HTTPResponse, n: int) -> bytes:
        """Read n bytes. Each 16 KiB must come within the timeout."""
        if n > MAX_RANGE or r.length is not None and r.length != n:
            raise RemoteError(f"{self.name}: the server sent {r.length} bytes in place of {n}")
        data = bytearray()
        deadline, due = 0.0, 0
        while len(data) < n:
            if len(data) >= due:
                deadline, due = time.monotonic() + self._options.timeout, len(data) + _STEP
            part = r.read1(min(1 << 16, n - len(data)))
            if not part:
                raise Transient(f"the answer ended after {len(data)} of {n} bytes")
            data += part
            if time.monotonic() > deadline:
                raise Transient("the answer comes too slowly")
        if r.length is None and r.read1(1):
            raise RemoteError(f"{self.name}: the server sent more than {n} bytes")
        r.read()  # the end of a chunked body, so that the connection can be used again
        return bytes(data)


MAX_RANGE = 8 << 20  # bytes that one request asks for


def _netloc(parts: SplitResult, host: str) -> str:
    """Return host and port, without user and password."""
    host = f"[{host}]" if ":" in host else host
    try:
        port = parts.port
    except ValueError:
        raise RemoteError(f"{parts.hostname}: the URL has no valid port") from None
    return host if port is None else f"{host}:{port}"


def _origin(parts: SplitResult) -> Origin:
    return parts.scheme, _netloc(parts, parts.hostname or "")
