"""A local HTTP server that has files, and fails in the ways that mirrors fail."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Act = Callable[["Handler", bytes], None]
"""What is done about one request; the bytes are those of the file."""


class Mirror:
    """A server with files. Each request takes the next act of the script; then files are served."""

    def __init__(self, files: dict[str, bytes], port: int) -> None:
        self.files = files
        self.url = f"http://127.0.0.1:{port}/"
        self.etag = '"first"'
        self.script: list[Act] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        """Path and headers of each request so far."""
        self.sent = 0
        """Bytes of bodies so far."""

    def asked(self, name: str) -> list[dict[str, str]]:
        """The headers of the requests for one file, in their order."""
        return [headers for path, headers in self.requests if path.endswith(name)]


class Handler(BaseHTTPRequestHandler):
    """Answers a request as the script says."""

    mirror: Mirror
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Act by the script, or serve the file."""
        name = self.path.rsplit("/", 1)[-1]
        self.mirror.requests.append((self.path, dict(self.headers)))
        act = self.mirror.script.pop(0) if self.mirror.script else serve
        if name not in self.mirror.files:
            act = status(404)
        self.close_connection = True
        act(self, self.mirror.files.get(name, b""))

    def answer(self, code: int, headers: dict[str, str], body: bytes = b"") -> None:
        """Send a status, headers and a body; the headers say what the length is, not the body."""
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.mirror.sent += len(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: a test has its own words."""


@contextmanager
def serve_mirror(files: dict[str, bytes]) -> Iterator[Mirror]:
    """A mirror that has these files, by name in any folder."""
    handler = type("OneHandler", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.mirror = mirror = Mirror(files, server.server_port)  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield mirror
    finally:
        server.shutdown()
        server.server_close()


def serve(handler: Handler, content: bytes) -> None:
    """The file, or the range of it that is asked for if it has not changed."""
    _serve(handler, content, len(content))


def serve_at_most(count: int) -> Act:
    """As `serve`, but it breaks off after so many bytes."""

    def act(handler: Handler, content: bytes) -> None:
        _serve(handler, content, count)

    return act


def _serve(handler: Handler, content: bytes, most: int) -> None:
    headers = {"ETag": handler.mirror.etag, "Content-Type": "application/gzip"}
    span = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
    if span is None or handler.headers.get("If-Range", handler.mirror.etag) != handler.mirror.etag:
        handler.answer(200, headers | {"Content-Length": str(len(content))}, content[:most])
        return
    start = int(span[1])
    headers |= {
        "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}",
        "Content-Length": str(len(content) - start),
    }
    handler.answer(206, headers, content[start : start + most])


def status(code: int, **headers: str) -> Act:
    """Another status."""

    def act(handler: Handler, _: bytes) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        handler.answer(code, {"Content-Length": "0"} | named)

    return act


def cut_silently(count: int) -> Act:
    """The first bytes of the file, without any length: their end looks like the file's."""

    def act(handler: Handler, content: bytes) -> None:
        handler.answer(200, {"Connection": "close"}, content[:count])

    return act


def page(kind: str) -> Act:
    """A web page, of this type."""

    def act(handler: Handler, _: bytes) -> None:
        body = b"\n<!DOCTYPE html><html><body>Please log in</body></html>"
        handler.answer(200, {"Content-Type": kind, "Content-Length": str(len(body))}, body)

    return act


def other(content: bytes) -> Act:
    """Another file."""

    def act(handler: Handler, _: bytes) -> None:
        handler.answer(200, {"Content-Length": str(len(content))}, content)

    return act


def whole(handler: Handler, content: bytes) -> None:
    """The whole file, whatever part of it is asked for."""
    headers = {"ETag": handler.mirror.etag, "Content-Length": str(len(content))}
    handler.answer(200, headers, content)


def hang_up(handler: Handler, _: bytes) -> None:
    """No answer at all."""
    handler.connection.close()


def babble(handler: Handler, _: bytes) -> None:
    """An answer that is not HTTP."""
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def fall_silent(handler: Handler, content: bytes) -> None:
    """A few bytes, then nothing for two seconds."""
    handler.answer(200, {"Content-Length": str(len(content))}, content[:10])
    handler.wfile.flush()
    time.sleep(2)


def trickle(handler: Handler, content: bytes) -> None:
    """A byte each hundredth of a second."""
    handler.answer(200, {"Content-Length": str(len(content)), "ETag": handler.mirror.etag})
    for position in range(300):
        handler.wfile.write(content[position : position + 1])
        handler.wfile.flush()
        time.sleep(0.01)


def flood(handler: Handler, _: bytes) -> None:
    """More than any file has, without a length."""
    handler.answer(200, {"Connection": "close"})
    for _count in range(64):
        handler.wfile.write(b"\x1f\x8b" + bytes(1 << 16))
