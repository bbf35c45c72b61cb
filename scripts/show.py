"""Make the docs' pictures: a page with a clip as its camera, its film, rows of camera, guide, painting.

    python scripts/show.py page PAGE CLIP OUT.jpg [LOOK.onnx]
    python scripts/show.py film PAGE CLIP OUT.webp [LOOK.onnx]
    python scripts/show.py rows OUT.jpg LOOK.onnx=CLIP@SECONDS ...
    python scripts/show.py strokes OUT.jpg

All but rows and strokes need playwright and a Chromium.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from limner.data.arrays import center_crop
from limner.data.strokes import paint_strokes
from limner.data.synthetic.draw import SUBJECTS
from limner.data.synthetic.primitives import to_image
from limner.look.look import open_look
from limner.page.chromium import FLAGS, open_page
from limner.page.server import make_app, serve_in_background

SIDE = 256

SEED = 6
"""Of the pictures that show brush strokes: flowers, a low sun, a moon."""

FILM_FRAMES, FILM_SIZE = 48, (640, 400)
FILM_FRAME_MS = 100
"""How long each frame of a film is shown."""

SLOWNESS = 12
"""How much slower than life a film's camera is: a computer without a GPU paints in its own time."""

CAMERA_FRAMES = 150
"""Frames of the fake camera, which begins anew after them."""


def write_camera_file(clip: Path, out: Path, slowness: int) -> Path:
    """Write the clip's first frames in the format of Chromium's fake camera (Y4M)."""
    with out.open("wb") as file, av.open(str(clip)) as opened:
        rate = Fraction(opened.streams.video[0].average_rate or 25) / slowness
        file.write(b"YUV4MPEG2 W480 H360 F%d:%d Ip A1:1 C420jpeg\n" % rate.as_integer_ratio())
        for frame in islice(opened.decode(video=0), CAMERA_FRAMES):
            file.write(b"FRAME\n" + frame.reformat(480, 360, "yuv420p").to_ndarray().tobytes())
    return out


@contextmanager
def open_painting(page: Path, clip: Path, look: str, slowness: int = 1) -> Iterator[Any]:
    """The page in a headless Chromium as it paints the clip."""
    with tempfile.TemporaryDirectory() as folder, serve_in_background(make_app(page)) as address:
        video = write_camera_file(clip, Path(folder) / "camera.y4m", slowness)
        camera_flags = [
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={video}",
        ]
        with open_page([*FLAGS, *camera_flags]) as tab:
            tab.set_viewport_size({"width": 1280, "height": 800})
            tab.goto(f"{address}?look={look}")
            tab.get_by_role("button", name="Use my camera").first.click(timeout=60_000)
            tab.get_by_text("nobody yet").wait_for(state="hidden", timeout=120_000)
            tab.wait_for_timeout(8_000)
            yield tab


def show_page(page: Path, clip: Path, out: Path, look: str = "") -> None:
    """Take a screenshot of the page as it paints the clip, with the guide shown."""
    with open_painting(page, clip, look) as tab:
        tab.keyboard.press("g")
        tab.wait_for_timeout(2_000)
        take(tab).save(out, quality=88)


def show_film(page: Path, clip: Path, out: Path, look: str = "") -> None:
    """Film the page and its guide as it paints the clip: an animated WebP of `FILM_FRAMES` screenshots.

    The camera is `SLOWNESS` times slower than life while the page is filmed, and the film that much faster.
    """
    with open_painting(page, clip, look, SLOWNESS) as tab:
        tab.keyboard.press("g")
        tab.wait_for_timeout(4_000)  # until the guide has its first frame
        frames = []
        due = time.monotonic()
        for _ in range(FILM_FRAMES):
            frames.append(take(tab).resize(FILM_SIZE, Image.Resampling.LANCZOS))
            due += SLOWNESS * FILM_FRAME_MS / 1000
            if due < time.monotonic():
                raise SystemExit("This computer takes screenshots too slowly: raise SLOWNESS.")
            tab.wait_for_timeout(1000 * (due - time.monotonic()))
        frames[0].save(
            out, save_all=True, append_images=frames[1:], duration=FILM_FRAME_MS, loop=0, quality=80
        )


def take(tab: Any) -> Image.Image:
    """A screenshot."""
    return Image.open(io.BytesIO(tab.screenshot())).convert("RGB")


def frame_at(clip: Path, seconds: Fraction) -> Image.Image:
    """The first frame at or after `seconds`."""
    with av.open(str(clip)) as opened:
        for frame in opened.decode(video=0):
            if frame.time is not None and frame.time >= seconds:
                image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
                return image
    raise SystemExit(f"{clip} ends before {float(seconds)} s.")


def show_rows(out: Path, row_specs: list[str]) -> None:
    """Draw one row for each LOOK=CLIP@SECONDS."""
    sheet = Image.new("RGB", (3 * SIDE + 8, len(row_specs) * (SIDE + 4) - 4), "#14120f")
    for row, spec in enumerate(row_specs):
        name, _, rest = spec.partition("=")
        clip, _, seconds = rest.partition("@")
        look = open_look(Path(name))
        camera = center_crop(frame_at(Path(clip), Fraction(seconds or 0)), look.pixels)
        painting, guide = look.paint_and_guide(camera)
        for column, image in enumerate((camera, np.broadcast_to(guide, camera.shape), painting)):
            tile = Image.fromarray((np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8))
            tile = tile.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            sheet.paste(tile, (column * (SIDE + 4), row * (SIDE + 4)))
    sheet.save(out, quality=88)


def show_strokes(out: Path) -> None:
    """Draw one picture of each subject as it is drawn, and below it as it is painted with brush strokes."""
    sheet = Image.new("RGB", (len(SUBJECTS) * (SIDE + 4) - 4, 2 * SIDE + 4), "#14120f")
    for column, draw_subject in enumerate(SUBJECTS.values()):
        drawn = to_image(draw_subject(np.random.default_rng(SEED), SIDE))
        for row, picture in enumerate((drawn, paint_strokes(drawn))):
            sheet.paste(picture, (column * (SIDE + 4), row * (SIDE + 4)))
    sheet.save(out, quality=90)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["page", page, clip, out, *look]:
            show_page(Path(page), Path(clip), Path(out), *look)
        case ["film", page, clip, out, *look]:
            show_film(Path(page), Path(clip), Path(out), *look)
        case ["rows", out, *row_specs] if row_specs:
            show_rows(Path(out), row_specs)
        case ["strokes", out]:
            show_strokes(Path(out))
        case _:
            raise SystemExit(__doc__)
