"""Serve a page on loopback, as a static host would, for this machine only."""

from __future__ import annotations

import contextlib
import mimetypes
import socket
import webbrowser
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, Thread, Timer

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from limner.errors import LimnerError

HOST = "127.0.0.1"
PORT = 8000
PAINTS = "The page paints"
NAMES = ["localhost", HOST]
"""Accepted host names: any other name that resolves to this machine is a DNS-rebinding attempt."""

HEADERS = [
    # Cross-origin isolation lets the WASM runtime use threads.
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
]


class SecurityHeaders:
    """Adds `HEADERS` to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def make_app(page: Path, *, looks: Path | None = None, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """Serve the files of `page`, those of `looks` (if given) under /looks, and what further `routes` have.

    Requests for any host but this machine's own names get 400; paths outside the folders get 404.
    """
    for kind, suffix in (
        ("text/javascript", ".js"),
        ("text/javascript", ".mjs"),
        ("application/wasm", ".wasm"),
        ("application/octet-stream", ".onnx"),
        ("image/webp", ".webp"),
    ):
        mimetypes.add_type(kind, suffix)  # some systems lack these types, or have a wrong one for .js
    looks_mount = [Mount("/looks", StaticFiles(directory=looks))] if looks else []
    return Starlette(
        routes=[*routes, *looks_mount, Mount("/", StaticFiles(directory=page, html=True))],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=NAMES), Middleware(SecurityHeaders)],
    )


def listen(port: int | None) -> socket.socket:
    """Open a listening socket on loopback: on `port`, or if None on the first free port from 8000."""
    candidates = [port] if port is not None else [*range(PORT, PORT + 20), 0]
    for number in candidates:
        try:
            return socket.create_server((HOST, number))
        except (OSError, OverflowError):
            continue
    raise LimnerError(f"Port {port} cannot be used: choose another, or leave out --port.")


@contextlib.contextmanager
def serve_in_background(app: Starlette, *, port: int | None = None) -> Iterator[str]:
    """Serve `app` in the background during the block; yields its address. `port` is as for `listen`."""
    with listen(port) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{listener.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()


def serve(page: Path, *, port: int | None = None, open_browser: bool = True) -> None:
    """Print the address of `page`, open it if asked to, and serve it until Ctrl-C."""
    if not (page / "index.html").is_file():
        raise LimnerError(f"{page} is not a page (it has no index.html); make one with `limner publish`.")
    serve_app(make_app(page), PAINTS, port=port, open_browser=open_browser)


def serve_app(app: Starlette, what: str, *, port: int | None, open_browser: bool) -> None:
    """Print that `what` is at the address, open it if asked to, and serve `app` until Ctrl-C."""
    with listen(port) as listener:
        _announce(what, f"http://{HOST}:{listener.getsockname()[1]}/", open_browser=open_browser)
        config = uvicorn.Config(app, log_level="warning", lifespan="off")
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


@contextlib.contextmanager
def serve_during(page: Path, *, port: int | None = None, open_browser: bool = True) -> Iterator[None]:
    """As `serve`, in the background while the block works, and on after it until Ctrl-C."""
    with serve_in_background(make_app(page), port=port) as address:
        _announce(PAINTS, address, open_browser=open_browser)
        yield
        print(f"The page goes on painting at {address}  (Ctrl-C to stop)", flush=True)
        _wait_for_ctrl_c()


def _wait_for_ctrl_c() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        Event().wait()


def _announce(what: str, address: str, *, open_browser: bool) -> None:
    print(f"{what} at {address}  (Ctrl-C to stop)", flush=True)
    if open_browser:
        Timer(0.5, webbrowser.open, [address]).start()
