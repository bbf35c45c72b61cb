"""Contact sheets of a generator's samples, and the sheets of a run as a film.

A sheet has one row for the network's input, one for its painting and one for the target. The left columns
are held-out pictures, the right ones are training pictures. A gap between the two is overfitting.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from limner.evaluation.samples import Samples, evenly_spaced, generate
from limner.files import atomic_write
from limner.mark import save_options
from limner.networks.generator import Generator

MAX_CELL = 256
"""Largest side of a cell, in pixels."""

MAX_FRAMES, MAX_FRAME_WIDTH = 24, 540
"""Most frames of a film, and its largest width in pixels: each frame takes a fifth of a second to write."""


MARGIN, LINE = 72, 20
INK, PAPER = (40, 40, 40), (250, 250, 248)


def draw_generator_sheet(samples: Samples, generator: Generator, caption: str) -> Image.Image:
    """The sheet of the generator's current paintings; its columns are those of `Samples.sheet_pairs`."""
    inputs, target = samples.sheet_pairs()
    rows = {"shown": inputs, "painting": generate(generator, inputs), "target": target}
    side = min(samples.pixels, MAX_CELL)
    cells = {
        name: [draw_cell(image, side) for image in to_uint8(row.expand(-1, 3, -1, -1))]
        for name, row in rows.items()
    }
    groups = list(zip(("held-out pictures", "training"), samples.count_columns(), strict=True))
    return draw_sheet(cells, groups, caption)


def to_uint8(row: Tensor) -> npt.NDArray[np.uint8]:
    """Convert (B, 3, H, W) in -1..1 to uint8 (B, H, W, 3)."""
    bytes_ = ((row.detach().float() + 1) * 127.5).round().clamp(0, 255).byte()
    images: npt.NDArray[np.uint8] = bytes_.permute(0, 2, 3, 1).cpu().numpy()
    return images


def draw_cell(image: npt.NDArray[np.uint8], side: int) -> Image.Image:
    """A square picture of `side` pixels."""
    picture = Image.fromarray(image)
    # A soft guide has fewer pixels than its painting.
    way = Image.Resampling.BOX if picture.width > side else Image.Resampling.BICUBIC
    return picture if picture.width == side else picture.resize((side, side), way)


def draw_sheet(
    rows: dict[str, list[Image.Image]], groups: list[tuple[str, int]], caption: str
) -> Image.Image:
    """Labelled rows of square cells; `groups` names the columns from the left."""
    side = next(iter(rows.values()))[0].width
    columns, gap = sum(count for _, count in groups), 12
    font = ImageFont.load_default(12)
    margin = max(MARGIN, *(12 + math.ceil(font.getlength(name)) for name in rows))
    width = margin + columns * side + gap * (len(groups) - 1)
    sheet = Image.new("RGB", (width, 2 * LINE + len(rows) * side), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((margin, 4), caption, INK, font)
    left, first = margin, 0
    for name, count in groups:
        pen.text((left, LINE + 3), name, INK, font)
        for row, cells in enumerate(rows.values()):
            for column in range(count):
                sheet.paste(cells[first + column], (left + column * side, 2 * LINE + row * side))
        left, first = left + count * side + gap, first + count
    for row, name in enumerate(rows):
        pen.text((6, 2 * LINE + row * side + side // 2 - 6), name, INK, font)
    return sheet


def write_image(path: Path, image: Image.Image) -> None:
    """Write a sample sheet as a JPEG, atomically."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90, **save_options("JPEG", "sample sheet"))
    atomic_write(path, buffer.getvalue())


def write_film(path: Path, sheets: Sequence[Path]) -> None:
    """Write sheets, oldest first, as an animated GIF of about six seconds plus two on the last sheet."""
    chosen = [*evenly_spaced(sheets[:-1], MAX_FRAMES - 1), *sheets[-1:]]
    frames = [_read_frame(sheet) for sheet in chosen]
    if not frames:
        return
    durations = [max(6000 // len(frames), 40)] * (len(frames) - 1) + [2000]
    buffer = io.BytesIO()
    animation = {"save_all": True, "append_images": frames[1:], "duration": durations, "loop": 0}
    frames[0].save(buffer, "GIF", **animation, **save_options("GIF", "film"))
    atomic_write(path, buffer.getvalue())


def _read_frame(path: Path) -> Image.Image:
    with Image.open(path) as sheet:
        scale = min(MAX_FRAME_WIDTH / sheet.width, 1)
        size = (round(sheet.width * scale), round(sheet.height * scale))
        return sheet.resize(size, Image.Resampling.LANCZOS)
