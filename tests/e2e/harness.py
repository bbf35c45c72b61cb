"""Shared parts of the page's tests: a site folder, a loopback server, a browser page, and media files."""

import contextlib
import functools
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import limner.page.chromium
from e2e.tiny import LIVE, PIXELS, tiny_look
from limner.mark import read_image_mark

BUILT = Path(__file__).parents[2] / "src/limner/_web"
CLIP = Path(__file__).parents[3] / "shared/data/clips/rabbit320.mp4"
SUB_PATH = "/a/b/"

FLAGS = [*limner.page.chromium.FLAGS, "--no-sandbox"]
MAX_WAIT_MS = 180_000
"""Timeout for tests that hang. It does not check speed, because the machine may be busy."""
SMALL = {"width": 480, "height": 480}
SAVE_INTERVAL = 0.12
"""Seconds between two paintings that are saved. Chromium drops what a page downloads beyond ten files a
second, and tells nobody."""

MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(limner.page.chromium.find_chromium() is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not (BUILT / "index.html").exists(), reason="the page is not built"),
]

Picture = npt.NDArray[np.float64]


def make_site(folder: Path, *, names: tuple[str, ...] = ("Tiny", "Second")) -> Path:
    """Copy the built page into a sub-folder of `folder`, add tiny looks, and return the sub-folder."""
    page = folder / SUB_PATH.strip("/")
    shutil.copytree(BUILT, page)
    if names:
        looks = page / "looks"
        looks.mkdir()
        entries = [add_look(looks, name) for name in names]
        (looks / "looks.json").write_text(json.dumps({"looks": entries}))
    return page


def add_look(looks: Path, name: str) -> dict[str, Any]:
    """Write a tiny look and return its entry in looks.json.

    Every look but "Tiny" has one more live input, so that the sliders change with the look.
    """
    model = tiny_look(name) if name == "Tiny" else tiny_look(name, live=tuple(LIVE))
    file = f"{name.lower()}.onnx"
    (looks / file).write_bytes(model)
    return {
        "file": file,
        "name": name,
        "author": "A. Painter",
        "credit": "Made by a test from nothing",
        "licence": "CC0",
        "pixels": PIXELS,
        "size": "tiny",
        "bytes": len(model),
        "preview": None,
    }


class _Handler(SimpleHTTPRequestHandler):
    headers_of_site: Mapping[str, str] = {}

    def end_headers(self) -> None:
        for name, value in self.headers_of_site.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        pass

    def copyfile(self, *args: Any) -> None:
        with contextlib.suppress(ConnectionError):  # the browser closed the connection
            super().copyfile(*args)


ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
"""Headers that isolate a page from other origins, so that it may use threads."""


@contextlib.contextmanager
def serve(
    folder: Path, *, headers: Mapping[str, str] | None = None, port: int | None = None
) -> Iterator[str]:
    """Serve a folder on loopback, each file with these headers, and yield the page's URL.

    Without a port, a free one is used.
    """
    handler = type("Handler", (_Handler,), {"headers_of_site": headers or {}})
    server = ThreadingHTTPServer(
        ("127.0.0.1", port or 0), functools.partial(handler, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{SUB_PATH}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def embed(folder: Path, address: str, attributes: str = "") -> Iterator[str]:
    """Serve, from another origin, a page that shows `address` in a frame, and yield its URL."""
    page = folder / SUB_PATH.strip("/")
    page.mkdir(parents=True)
    (page / "index.html").write_text(
        f"<!doctype html><title>Around</title>"
        f'<iframe {attributes} width="480" height="480" src="{address}"></iframe>'
    )
    with serve(folder) as url:
        yield url


def camera_file(path: Path, seconds: float = 1.0) -> Path:
    """Write a .y4m clip for Chromium's fake camera: the rabbit clip if it exists, else moving bars."""
    with path.open("wb") as out:
        out.write(b"YUV4MPEG2 W320 H240 F15:1 Ip A1:1 C420jpeg\n")
        for frame in _frames(int(seconds * 15)):
            planes = frame.reformat(320, 240, "yuv420p").to_ndarray()
            out.write(b"FRAME\n" + planes.tobytes())
    return path


def _frames(count: int) -> Iterator[av.VideoFrame]:
    if CLIP.exists():
        with av.open(str(CLIP)) as clip:
            for index, frame in enumerate(clip.decode(video=0)):
                if index == count:
                    return
                yield frame
        return
    for index in range(count):
        picture = np.zeros((240, 320, 3), dtype=np.uint8)
        picture[:, (index * 16) % 320 :][:, :80] = (230, 120, 60)
        yield av.VideoFrame.from_ndarray(picture, format="rgb24")


def clip_file(path: Path) -> Path:
    """Write one second of video in a codec that every Chromium plays."""
    with av.open(str(path), "w", format="webm") as out:
        stream = out.add_stream("libvpx", rate=15)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for frame in _frames(15):
            converted = frame.reformat(320, 240, "yuv420p")
            converted.pts = None
            out.mux(stream.encode(converted))
        out.mux(stream.encode())
    return path


def sound_file(path: Path) -> Path:
    """Write one second of a tone in a video container."""
    with av.open(str(path), "w", format="webm") as out:
        stream = out.add_stream("libopus", rate=48000, layout="mono")
        tone = np.sin(np.arange(48000, dtype=np.float32) * 0.05)[None]
        frame = av.AudioFrame.from_ndarray(tone, format="flt", layout="mono")
        frame.sample_rate = 48000
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def assert_tiny_painting(picture: Picture) -> None:
    assert picture.std() > 0.05, "the painting is blank"
    assert picture[..., 0].mean() > picture[..., 2].mean(), (
        "a painting of the tiny look is more red than blue"
    )


def wait_for_picture(
    take_picture: Callable[[], Picture], matches: Callable[[Picture], bool], description: str
) -> Picture:
    """Take pictures until one matches, and return it."""
    end = time.monotonic() + MAX_WAIT_MS / 1000
    while True:
        picture = take_picture()
        if matches(picture):
            return picture
        assert time.monotonic() < end, f"waited too long for {description}"
        time.sleep(0.05)


class Visit:
    """A browser page, with a record of its requests and of its errors and warnings."""

    def __init__(self, browser: Any, **context: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | context)
        self.context.set_default_timeout(MAX_WAIT_MS)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.saved_at = -SAVE_INTERVAL
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._record_problem)

    def _record_problem(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.type}: {message.text}")

    def open(self, address: str, *, painted: bool = True) -> "Visit":
        self.page.goto(address)
        if painted:
            self.wait_for_painting()
        return self

    def wait_for_painting(self) -> None:
        self.page.wait_for_selector(".painted canvas")

    def painting(self) -> Picture:
        """The painting as the button "Save" writes it, (P, P, 3) in 0..1."""
        time.sleep(max(0, self.saved_at + SAVE_INTERVAL - time.monotonic()))
        with self.page.expect_download() as download:
            self.page.evaluate("document.getElementById('save-button').click()")
        self.saved_at = time.monotonic()
        assert read_image_mark(Path(download.value.path())) == "painting"
        picture = Image.open(Path(download.value.path()))
        return np.asarray(picture.convert("RGB"), dtype=np.float64) / 255

    def wait_for_match(self, matches: Callable[[Picture], bool], description: str) -> Picture:
        """Wait for a painting that matches; it may take some frames."""
        return wait_for_picture(self.painting, matches, description)

    def alert_text(self, part: str = "") -> str:
        """Wait until the page shows an alert that contains `part`, and return its text."""
        self.page.wait_for_selector(f"#alert:not([hidden]) #alert-text:has-text({json.dumps(part)})")
        return str(self.page.inner_text("#alert-text"))

    def choose(self, look: str) -> None:
        self.page.click("#look-button")
        self.page.click(f"#look-list button:has-text('{look}')")
        self.wait_for_look(look)
        self.page.keyboard.press("Escape")

    def wait_for_look(self, name: str) -> None:
        self.page.wait_for_function(
            "name => document.getElementById('label-name').textContent === name", arg=name
        )

    def drop(self, name: str, content: bytes, kind: str = "") -> None:
        self.page.evaluate(
            """([name, bytes, type]) => {
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array(bytes)], name, { type }));
                const at = { bubbles: true, cancelable: true, dataTransfer: data };
                document.body.dispatchEvent(new DragEvent('dragover', at));
                document.body.dispatchEvent(new DragEvent('drop', at));
            }""",
            [name, list(content), kind],
        )

    def is_pressed(self, button: str) -> bool:
        return bool(self.page.get_attribute(button, "aria-pressed") == "true")
