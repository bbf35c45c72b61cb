"""Small pictures of a look for a page's list: one that is still, and one that moves."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from limner.data.arrays import to_image
from limner.look.format_trial import draw_test_picture
from limner.look.look import Look, to_image_array
from limner.look.trial import Trial
from limner.mark import save_options

SIDE = 128

FRAMES, FRAME_MS, LOOPS = 16, 125, 2
"""Of the picture that moves: it stops after four seconds, as nothing may move beside a text for longer
(WCAG 2.2.2)."""

SECONDS = 4.0
"""For a look that takes longer than this for all frames, fewer are painted."""

SWAY = 0.12
"""How far what is painted moves from its middle, as a part of the picture's side."""


def still_preview(trial: Trial) -> bytes:
    """A JPEG of a look's trial painting, which shows its style."""
    buffer = io.BytesIO()
    _shrink(to_image_array(trial.output)).save(
        buffer, "JPEG", quality=80, **save_options("JPEG", "preview")
    )
    return buffer.getvalue()


def moving_preview(look: Look) -> bytes:
    """A WebP of what the look paints while a drawn scene sways before it; of a look with memory, its first
    frames. What the look remembers stays as it was."""
    state = look.read_state()
    look.reset_state()
    begin = time.perf_counter()
    frames: list[Image.Image] = []
    for picture in _sway(*look.shape):
        frames.append(_shrink(look.paint(picture)))
        if (time.perf_counter() - begin) * FRAMES > SECONDS * len(frames) and len(frames) >= FRAMES // 2:
            break
    look.write_state(state)
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=FRAME_MS,
        loop=LOOPS,
        quality=60,
        **save_options("WEBP", "preview"),
    )
    return buffer.getvalue()


def _sway(height: int, width: int) -> Iterator[NDArray[np.float32]]:
    """Pictures (H, W, 3) in 0..1 of a scene that moves once around; the last is followed by the first."""
    down, across = (round(2 * SWAY * side) for side in (height, width))
    scene = draw_test_picture(height + down, width + across)
    for angle in np.arange(FRAMES) * (2 * np.pi / FRAMES):
        top = round(down * (1 + np.sin(angle)) / 2)
        left = round(across * (1 + np.cos(angle)) / 2)
        yield scene[top : top + height, left : left + width]


def _shrink(painting: NDArray[np.float32]) -> Image.Image:
    return ImageOps.fit(to_image(painting), (SIDE, SIDE), Image.Resampling.LANCZOS)
