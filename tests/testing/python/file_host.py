"""A web server on this machine that serves a few files, with ranges and ETags, and misbehaves as a test wants."""

import hashlib
import http.server
import re
import threading


class Served:
    """One file. cut_after: closes the connection after so many bytes, once; stall_after: sends nothing more after so many."""

    def __init__(self, content, cut_after=None, stall_after=None):
        self.content = content
        self.cut_after = cut_after
        self.stall_after = stall_after
        self.etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'


class FileHost:
    """with FileHost() as host: host.files["/weights.pth"] = Served(b"..."); host.url("/weights.pth")."""

    def __init__(self):
        self.files = {}
        self.requests = []  # (path, value of the Range header or None)
        self._ended = threading.Event()
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                host.answer(self)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def url(self, path):
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def answer(self, handler):
        wanted = handler.headers.get("Range")
        self.requests.append((handler.path, wanted))
        served = self.files.get(handler.path.split("?")[0])
        if served is None:
            handler.send_error(404)
            return
        first = re.fullmatch(r"bytes=(\d+)-", wanted or "")
        begin = int(first[1]) if first and handler.headers.get("If-Range") in (None, served.etag) else 0
        rest = served.content[begin:]
        handler.send_response(206 if begin else 200)
        handler.send_header("ETag", served.etag)
        handler.send_header("Content-Length", str(len(rest)))
        if begin:
            handler.send_header("Content-Range", f"bytes {begin}-{len(served.content) - 1}/{len(served.content)}")
        handler.end_headers()
        limit, served.cut_after = served.cut_after, None
        try:
            handler.wfile.write(rest[: limit if limit is not None else served.stall_after])
            handler.wfile.flush()
            if served.stall_after is not None:
                self._ended.wait(60)
        except OSError:
            pass  # the client has gone, as it should
        handler.close_connection = True

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
