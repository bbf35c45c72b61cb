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

FRAME_COUNTS = (16, 8, 4)
"""Of the picture that moves: the more, the quicker the look paints."""

SECONDS = 2.0
"""What moves takes so long, and is shown twice: nothing may move beside a text for more than five seconds
(WCAG 2.2.2)."""

LOOPS = 2

MAX_SECONDS = 3.0
"""How long all frames may take to paint; of a look that takes longer, the fewest are painted."""

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
    look.paint(next(_sway(look.shape, 1)))
    seconds = time.perf_counter() - begin
    count = next((count for count in FRAME_COUNTS if count * seconds < MAX_SECONDS), FRAME_COUNTS[-1])
    look.reset_state()
    frames = [_shrink(look.paint(picture)) for picture in _sway(look.shape, count)]
    look.write_state(state)
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=round(1000 * SECONDS / count),
        loop=LOOPS,
        quality=60,
        **save_options("WEBP", "preview"),
    )
    return buffer.getvalue()


def _sway(shape: tuple[int, int], count: int) -> Iterator[NDArray[np.float32]]:
    """Pictures (H, W, 3) in 0..1 of a scene that moves once around; the last is followed by the first."""
    height, width = shape
    down, across = (round(2 * SWAY * side) for side in (height, width))
    scene = draw_test_picture(height + down, width + across)
    for angle in np.arange(count) * (2 * np.pi / count):
        top = round(down * (1 + np.sin(angle)) / 2)
        left = round(across * (1 + np.cos(angle)) / 2)
        yield scene[top : top + height, left : left + width]


def _shrink(painting: NDArray[np.float32]) -> Image.Image:
    return ImageOps.fit(to_image(painting), (SIDE, SIDE), Image.Resampling.LANCZOS)
