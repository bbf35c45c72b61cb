"""What the page's tests stand on: a folder to serve, a server on loopback, a Chromium."""

import contextlib
import functools
import json
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import numpy as np
from tiny import PIXELS, tiny_look

import limner.browser

BUILT = Path(__file__).parents[2] / "src/limner/_web"
CLIP = Path(__file__).parents[3] / "shared/data/clips/rabbit320.mp4"
SUB_PATH = "/a/b/"

FLAGS = [*limner.browser.FLAGS, "--no-sandbox"]


def lay_out(folder: Path, *, names: tuple[str, ...] = ("Tiny", "Second")) -> Path:
    """The built page in a sub-folder of `folder`, with tiny looks beside it."""
    page = folder / SUB_PATH.strip("/")
    shutil.copytree(BUILT, page)
    if names:
        looks = page / "looks"
        looks.mkdir()
        entries = [_add_look(looks, name) for name in names]
        (looks / "looks.json").write_text(json.dumps({"looks": entries}))
    return page


def _add_look(looks: Path, name: str) -> dict[str, Any]:
    model = tiny_look(name)
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


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass

    def copyfile(self, *given: Any) -> None:
        with contextlib.suppress(ConnectionError):  # a browser that leaves in mid-file
            super().copyfile(*given)


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serves a folder on loopback; yields the page's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{SUB_PATH}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def camera_file(path: Path, seconds: float = 1.0) -> Path:
    """A .y4m clip for Chromium's fake camera: the rabbit where it is at hand, else moving bars."""
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
