"""Archives on servers: ranges, faults, and what a server may do wrong."""

import base64
import os
import pickle
import re
import signal
import ssl
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock

import tpk
from tpk import _http, _remote

from .support import READERS, REPO, ArchiveCase, good, read_list

CERTIFICATE = os.path.join(REPO, "python", "tests", "localhost.crt")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.log.append((self.path, self.headers))
        fault = server.fault(self) if server.fault else None
        if fault:
            return
        path = server.files.get(self.path.split("?")[0].lstrip("/"))
        if path is None:
            self.answer(404, b"not here")
            return
        with open(path, "rb") as f:
            self.range_of(f.read())

    def range_of(self, data, etag='"one"', **fields):
        if self.headers.get("If-Match", etag) != etag:
            self.answer(412, b"")
            return
        m = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers["Range"])
        start = int(m[1]) if m[1] else max(0, len(data) - int(m[2]))
        end = min(int(m[2]) + 1, len(data)) if m[1] and m[2] else len(data)
        if start >= len(data):
            self.answer(416, b"", Content_Range=f"bytes */{len(data)}")
            return
        fields = {"Content_Range": f"bytes {start}-{end - 1}/{len(data)}", "ETag": etag, **fields}
        self.answer(206, data[start:end], **fields)

    def answer(self, status, body, cut=0, **fields):
        self.send_response(status)
        for name, value in {"Content_Length": len(body), **fields}.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body[: len(body) - cut])
        if cut:
            self.close_connection = True

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, files, tls=False):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.log, self.fault = files, [], None
        scheme = "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE, CERTIFICATE[:-4] + ".key")
            self.socket = context.wrap_socket(self.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://localhost:{self.server_port}/"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, address):
        pass


class Remote(ArchiveCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        files = {}
        for directory in (
            os.path.join(READERS, "good"),
            os.path.join(READERS, "hostile"),
            os.path.join(READERS, "..", "golden", "v1"),
            os.path.join(READERS, "..", "golden", "v1", "set"),
        ):
            for name in os.listdir(directory):
                files[name] = os.path.join(directory, name)
        cls.server, cls.tls = Server(files), Server(files, tls=True)
        for server in (cls.server, cls.tls):
            cls.addClassCleanup(server.server_close)
            cls.addClassCleanup(server.shutdown)

    def setUp(self):
        self.server.fault = None
        del self.server.log[:]
        # The waits between attempts are counted, not waited for.
        self.waits = []
        patch = mock.patch.object(_remote.time, "sleep", self.waits.append)
        patch.start()
        self.addCleanup(patch.stop)

    def url(self, name="everything.tar.gz"):
        return self.server.url + name

    def test_good(self):
        """An archive is the same from a server as from a file."""
        for g in read_list()[0]:
            with self.subTest(g["name"]):
                url = self.url(os.path.basename(g["archive"]))
                if g["name"] == "signed":
                    continue
                with tpk.open(url) as remote, tpk.open(g["archive"]) as local:
                    self.assertEqual(list(remote.entries()), list(local.entries()))
                    for e in local.entries():
                        if e.is_file():
                            self.assertEqual(remote[e.ordinal], local[e.ordinal])

    def test_hostile(self):
        """Hostile archives are refused from servers, too."""
        for h in read_list()[1]:
            if h["refused"] != "open":
                continue
            with self.subTest(h["name"]), self.assertRaises((tpk.TpkError, FileNotFoundError)):
                tpk.open(self.url(os.path.basename(h["archive"])))

    def test_https(self):
        with tpk.open(self.tls.url + "many.tar.gz", cafile=CERTIFICATE) as a:
            self.assertEqual(a["000/00000.txt"], b"entry 0\n")
        with self.assertRaises(tpk.RemoteError) as caught:
            tpk.open(self.tls.url + "many.tar.gz")
        self.assertIn("certificate", str(caught.exception))
        for cafile in (os.path.join(self.directory, "none.pem"), __file__):
            with self.assertRaises(tpk.RemoteError) as caught:
                tpk.open(self.tls.url + "many.tar.gz", cafile=cafile)
            self.assertIn(cafile, str(caught.exception))

    def test_requests(self):
        """Two requests open an archive, and a small one with its index in it is read by them."""
        with tpk.open(self.url()) as a:
            self.assertEqual(len(self.server.log), 2)
            self.assertEqual(a["dir/segmented"][:3], b"dir")
        ranges = [headers["Range"] for _, headers in self.server.log[:2]]
        self.assertEqual(ranges, ["bytes=-32768", "bytes=0-65535"])
        self.assertLessEqual(len(self.server.log), 4)
        for path, headers in self.server.log:
            self.assertEqual(headers["Accept-Encoding"], "identity")
        for path, headers in self.server.log[2:]:
            self.assertEqual(headers["If-Match"], '"one"')

    def test_large(self):
        """A large content is asked for in growing parts."""
        name = self.pack("large.tar.gz", {"noise": os.urandom(3_000_000)})
        self.server.files.update({"large.tar.gz": name, "large.tar.gz.tpi": name + ".tpi"})
        with tpk.open(self.url("large.tar.gz")) as a, tpk.open(name) as local:
            with a.open("noise", "rb") as f:
                self.assertEqual(f.read(), local["noise"])
            self.assertLess(len(self.server.log), 14)
            with a.open("noise", "rb") as f:
                f.seek(2_000_000)
                self.assertEqual(f.read(100), local["noise"][2_000_000:2_000_100])

    def test_fields(self):
        """Header fields and credentials go to the origin of the URL only."""
        with tpk.open(self.url(), headers={"X-Key": "secret"}) as a:
            a.read("z")
        self.assertEqual({h["X-Key"] for _, h in self.server.log}, {"secret"})
        del self.server.log[:]
        url = self.url().replace("//", "//me:p%40ss@")
        with tpk.open(url) as a:
            self.assertNotIn("p%40ss", a._opened.archive.name)
        want = "Basic " + base64.b64encode(b"me:p@ss").decode()
        self.assertEqual({h["Authorization"] for _, h in self.server.log}, {want})

        def elsewhere(h):
            if h.headers["Host"].startswith("localhost"):
                h.answer(302, b"", Location=f"http://127.0.0.1:{self.server.server_port}{h.path}")
                return True
            return False

        self.server.fault = elsewhere
        del self.server.log[:]
        with tpk.open(url, headers={"X-Key": "secret"}) as a:
            self.assertEqual(a["z"], b"z comes first\n")
        for _, h in self.server.log:
            own = h["Host"].startswith("localhost")
            self.assertEqual(
                (h["X-Key"], h["Authorization"]), ("secret", want) if own else (None, None)
            )

    def refused(self, fault, words, error=tpk.RemoteError, requests=1, name="everything.tar.gz"):
        self.server.fault = fault
        del self.server.log[:]
        with self.assertRaises(error) as caught:
            tpk.open(self.url(name), attempts=3)
        self.assertIn(words, str(caught.exception))
        self.assertLessEqual(len(self.server.log), requests)

    def test_wrong_answers(self):
        """Each is refused by a message that names it, after one request."""

        def some(status, body=b"", **fields):
            return lambda h: h.answer(status, body, **fields) or True

        self.refused(some(200, b"all of it"), "does not serve ranges")
        self.refused(some(401), "401")
        self.refused(some(403), "403")
        self.refused(some(501), "501")
        self.refused(some(404), "No such file", FileNotFoundError)
        self.refused(
            some(206, b"x", Content_Range="bytes 0-0/9", Content_Encoding="gzip"), "compresses"
        )
        self.refused(some(206, b"x"), "without saying which")
        self.refused(some(206, b"x", Content_Range="bytes 0-0/*"), "without saying which")
        self.refused(some(206, b"x", Content_Range="bytes 5-4/9"), "bytes 5 to 4")
        self.refused(some(206, b"xyz", Content_Range="bytes 0-0/1"), "sent 3 bytes")
        self.refused(some(206, b"x", Content_Range="bytes 0-0/9"), "another range")
        self.refused(
            some(206, b"", Content_Range=f"bytes 0-{1 << 60}/{1 << 62}", Content_Length=None),
            "in place of",
        )
        self.refused(some(416, Content_Range="bytes */0"), "truncated", tpk.CorruptArchive, 2)
        self.refused(some(302, Location="ftp://localhost/x"), "redirected to ftp")
        self.refused(some(302), "redirected 5 times", requests=5)
        self.refused(some(302, Location="/x"), "redirected 5 times", requests=5)
        with self.assertRaises(tpk.RemoteError):
            tpk.open("http:///x")
        with self.assertRaises(tpk.RemoteError):
            tpk.open("http://localhost:99999/x")

    def test_odd_urls(self):
        """What may not stand in a URL is percent-encoded, and what is no URL is refused at once."""
        self.server.files["gr%C3%B6%C3%9Fe%20%FF.tar.gz"] = self.server.files["many.tar.gz"]
        for name in ("größe \udcff.tar.gz", "gr%C3%B6%C3%9Fe%20%FF.tar.gz"):
            with tpk.open(self.url(name)) as a:
                self.assertEqual(len(a), 1230)
        with tpk.open(self.url().replace("http", "HTTP", 1)) as a:
            self.assertEqual(a["z"], b"z comes first\n")
        for url in ("http://[::1/x", "http://localhost:x/x", "http:///x", f"http://{'a' * 70}.x/"):
            with self.assertRaises(tpk.RemoteError, msg=url):
                tpk.open(url)
        self.assertEqual(self.waits, [])

    def test_odd_redirects(self):
        """Servers redirect to URLs as UTF-8, and to what is no URL."""

        def to(location):
            def fault(h):
                if h.path.startswith("/old"):
                    h.answer(302, b"", Location=location.encode().decode("latin-1"))
                    return True
                return False

            return fault

        self.server.fault = to("/gr\u00f6\u00dfe.tar.gz")
        with self.assertRaises(FileNotFoundError):
            tpk.open(self.url("old.tar.gz"))
        self.assertEqual(self.server.log[-1][0], "/gr%C3%B6%C3%9Fe.tar.gz")
        self.refused(to("http://[/"), "no valid URL", name="old.tar.gz")
        self.refused(to(f"http://{'a' * 70}/"), "no valid URL", name="old.tar.gz")

    def test_https_is_kept(self):
        self.tls.fault = lambda h: h.answer(301, b"", Location=self.url()) or True
        self.addCleanup(setattr, self.tls, "fault", None)
        with self.assertRaises(tpk.RemoteError) as caught:
            tpk.open(self.tls.url + "everything.tar.gz", cafile=CERTIFICATE)
        self.assertIn("redirected to http", str(caught.exception))

    def test_passing_failures(self):
        """What may pass is tried again, and only so many times."""

        def failing(times, how):
            left = [times]

            def fault(h):
                left[0] -= 1
                if left[0] >= 0:
                    how(h)
                return left[0] >= 0

            return fault

        def gone(h):
            h.close_connection = True

        def cut(h):
            with open(self.server.files["everything.tar.gz"], "rb") as f:
                data = f.read()[-32768:]
            total = os.path.getsize(self.server.files["everything.tar.gz"])
            where = f"bytes {total - 32768}-{total - 1}/{total}"
            h.answer(206, data, cut=9, Content_Range=where, ETag='"one"')

        for how in (lambda h: h.answer(503, b"later"), lambda h: h.answer(429, b""), gone, cut):
            self.server.fault = failing(2, how)
            with tpk.open(self.url(), attempts=3) as a:
                self.assertEqual(a["z"], b"z comes first\n")
            self.server.fault = failing(99, how)
            with self.assertRaises(tpk.RemoteError) as caught:
                tpk.open(self.url(), attempts=3)
            self.assertIn("3 times", str(caught.exception))
        self.assertTrue(self.waits and max(self.waits) <= 5)

    def test_slow(self):
        """A body that comes too slowly is given up."""
        clock = [0.0]

        def tick():
            clock[0] += 1
            return clock[0]

        def slow(h):
            h.send_response(206)
            h.send_header("Content-Range", "bytes 0-99/100")
            h.send_header("Content-Length", "100")
            h.end_headers()
            for _ in range(50):
                h.wfile.write(b"xx")
                h.wfile.flush()
            return True

        self.server.fault = slow
        with mock.patch.object(_http.time, "monotonic", tick), self.assertRaises(
            tpk.RemoteError
        ) as caught:
            tpk.open(self.url(), timeout=0.5, attempts=2)
        self.assertIn("too slowly", str(caught.exception))

    def test_replaced(self):
        """A version that changes is noticed, with If-Match and on servers that ignore it."""
        with open(self.server.files["everything.tar.gz"], "rb") as f:
            data = f.read()
        for etag, other in (('"one"', '"two"'), ('W/"one"', 'W/"two"'), (None, None)):
            fields = {"Last_Modified": "Mon"}
            self.server.fault = lambda h: (
                not h.path.endswith(".tpi") and (h.range_of(data, etag, **fields), True)[1]
            )
            with tpk.open(self.url()) as a:
                self.assertEqual(a["dir/stored"][:1], a["dir/hard"][:1])
                a._opened.archive._ahead = (0, b"")
                fields["Last_Modified"] = "Tue"
                if other:
                    etag = other
                with self.assertRaises(tpk.ArchiveChanged):
                    a.read("dir/stored")

    def test_missing_index(self):
        """403 for the index means that there is none, as S3 says it."""
        self.server.fault = lambda h: (h.path.endswith(".tpi") and (h.answer(403, b""), True)[1])
        with self.assertRaises(tpk.IndexMissing):
            tpk.open(self.url())
        with tpk.open(self.url("many.tar.gz")) as a:
            self.assertEqual(len(a), 1230)

    def test_query(self):
        """A query, as in a signed URL, goes with each request and into no message."""
        with tpk.open(self.url() + "?signature=secret") as a:
            self.assertEqual(a["z"], b"z comes first\n")
        self.assertEqual(
            [p for p, _ in self.server.log[:2]],
            ["/everything.tar.gz?signature=secret", "/everything.tar.gz.tpi?signature=secret"],
        )
        with self.assertRaises(FileNotFoundError) as caught:
            tpk.open(self.url("none.tar.gz") + "?signature=secret")
        self.assertNotIn("secret", str(caught.exception))
        url = self.url("everything.tar.gz").replace("//", "//me:secret@")
        with tpk.open(url + "?signature=secret") as a:
            with self.assertRaises(FileNotFoundError) as caught:
                a.read("none")
            self.assertIn("everything.tar.gz: none", str(caught.exception))
            self.assertNotIn("secret", str(caught.exception) + repr(a))

    def test_forked(self):
        """A forked process uses connections of its own."""
        with tpk.open(self.url()) as a:
            a.read("z")
            pid = os.fork()
            if pid == 0:
                status = 1
                try:
                    status = 0 if a["dir/segmented"][:3] == b"dir" else 2
                finally:
                    os._exit(status)
            want = a["dir/segmented"]
            self.assertEqual(want[:3], b"dir")
            self.assertEqual(os.waitpid(pid, 0)[1], 0)
            with pickle.loads(pickle.dumps(a)) as again:
                self.assertEqual(again["dir/segmented"], want)

    def test_forked_while_locked(self):
        """Locks that another thread holds when a process is forked do not stop it."""
        with tpk.open(self.url()) as a:
            file = a._opened.sidecar
            with file._blocks._lock, file._client._lock:
                pid = os.fork()
                if pid == 0:
                    signal.alarm(60)  # ends a child that waits for a lock
                    try:
                        os._exit(0 if a["z"] == b"z comes first\n" else 1)
                    finally:
                        os._exit(2)
            self.assertEqual(os.waitpid(pid, 0)[1], 0)

    def test_threads(self):
        with tpk.open(self.url()) as a, tpk.open(good("everything")) as local:
            want = {e.path: local[e.path] for e in local.entries() if e.is_file()}
            problems = []

            def run():
                for path, content in want.items():
                    if a[path] != content:
                        problems.append(path)

            threads = [threading.Thread(target=run) for _ in range(4)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            self.assertEqual(problems, [])


if __name__ == "__main__":
    unittest.main()
