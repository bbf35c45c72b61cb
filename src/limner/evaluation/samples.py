"""What one sees of a run: a sheet of fixed pictures, and the sheets over time as a film.

Rows: what the network is shown, what it paints of it, and the picture itself. The left columns are
pictures that it never trained on; the right ones it did. A gap between the two is learning by heart.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from limner.data.augmentation import Lesson, lesson
from limner.data.loader import still
from limner.data.prepare import Pictures
from limner.files import write_whole
from limner.guide import make_guide
from limner.networks.unet import UNet
from limner.recipe import Recipe

T = TypeVar("T")

HELD_OUT, TRAINING = 4, 2
"""Columns of each kind."""

LOGGED = 16
"""Held-out pictures, at most, that the held-out L1 is taken over: few, as it is after every epoch."""

MEASURED = 64
"""Held-out pictures, at most, of `Samples.held_out`, for who has more time."""

CELL = 256
"""A cell's side in pixels, at most."""

FRAMES, FRAME_WIDTH = 24, 540
"""A film's frames and width in pixels, at most: GIF takes a fifth of a second for each."""

MARGIN, LINE = 72, 20
INK, PAPER = (40, 40, 40), (250, 250, 248)


class Samples:
    """Fixed pictures of a store, seen through the recipe's guide."""

    def __init__(self, pictures: Pictures, recipe: Recipe, device: torch.device) -> None:
        self._pictures, self._recipe, self._device = pictures, recipe, device
        self._guide = make_guide(recipe.guide, recipe.pixels).to(device)
        self._held_out = spread(pictures.held_out, HELD_OUT)
        self._training = spread(pictures.training, TRAINING)
        self._logged = spread(pictures.held_out, LOGGED)
        self._measured = spread(pictures.held_out, MEASURED)

    def fixed(self) -> Lesson:
        """The sheet's columns."""
        return self._lesson([*self._held_out, *self._training])

    def held_out(self) -> Iterator[Lesson]:
        """All held-out pictures that are measured, a few at a time."""
        return self._lessons(self._measured)

    def in_training(self, count: int) -> Iterator[Lesson]:
        """At most `count` training pictures, evenly spread, a few at a time."""
        return self._lessons(spread(self._pictures.training, count))

    def _lessons(self, indices: Sequence[int]) -> Iterator[Lesson]:
        for start in range(0, len(indices), 8):
            yield self._lesson(indices[start : start + 8])

    def _lesson(self, indices: Sequence[int]) -> Lesson:
        batch = still(self._pictures, indices).to(self._device)
        return lesson(batch, self._guide, self._recipe.pixels)

    def held_out_l1(self, generator: UNet) -> float | None:
        """Mean absolute difference on `LOGGED` held-out pictures, on the scale of -1..1; no dropout."""
        total = 0.0
        for shown, target in self._lessons(self._logged):
            total += float((paint(generator, shown) - target).abs().mean(dim=(1, 2, 3)).sum())
        return total / len(self._logged) if self._logged else None

    def sheet(self, generator: UNet, caption: str) -> Image.Image:
        """The sheet of what the generator paints now."""
        shown, target = self.fixed()
        return self.compose(
            {"shown": shown, "painting": paint(generator, shown), "target": target}, caption
        )

    def compose(self, rows: dict[str, Tensor], caption: str) -> Image.Image:
        """A sheet of rows (columns, 1 or 3, P, P), -1..1, for the columns of `fixed`."""
        side = min(self._recipe.pixels, CELL)
        cells = {
            name: [cell(image, side) for image in images(row.expand(-1, 3, -1, -1))]
            for name, row in rows.items()
        }
        groups = [("held-out pictures", len(self._held_out)), ("training", len(self._training))]
        return compose(cells, groups, caption)


def spread(indices: Sequence[T], count: int) -> list[T]:
    """At most `count` of the things, evenly spread."""
    count = min(count, len(indices))
    return [indices[(2 * i + 1) * len(indices) // (2 * count)] for i in range(count)]


@torch.no_grad()
def paint(generator: UNet, shown: Tensor) -> Tensor:
    """What the generator paints without dropout; it is left as it was, training."""
    generator.eval()
    painting: Tensor = generator(shown)
    generator.train()
    return painting


def images(row: Tensor) -> npt.NDArray[np.uint8]:
    """(B, 3, H, W), -1..1, to uint8 (B, H, W, 3)."""
    bytes_ = ((row.detach().float() + 1) * 127.5).round().clamp(0, 255).byte()
    found: npt.NDArray[np.uint8] = bytes_.permute(0, 2, 3, 1).cpu().numpy()
    return found


def cell(image: npt.NDArray[np.uint8], side: int) -> Image.Image:
    """A square picture of `side` pixels."""
    picture = Image.fromarray(image)
    return picture if picture.width == side else picture.resize((side, side), Image.Resampling.BOX)


def compose(rows: dict[str, list[Image.Image]], groups: list[tuple[str, int]], caption: str) -> Image.Image:
    """Labelled rows of square cells; `groups` names the columns from the left."""
    side = next(iter(rows.values()))[0].width
    columns, gap = sum(count for _, count in groups), 12
    width = MARGIN + columns * side + gap * (len(groups) - 1)
    sheet = Image.new("RGB", (width, 2 * LINE + len(rows) * side), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    pen.text((MARGIN, 4), caption, INK, font)
    left, first = MARGIN, 0
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
    """Write a JPEG, whole or not at all."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    write_whole(path, buffer.getvalue())


def write_film(path: Path, sheets: Sequence[Path]) -> None:
    """Write sheets, oldest first, as an animated GIF of about six seconds that rests on the last."""
    chosen = [*spread(sheets[:-1], FRAMES - 1), *sheets[-1:]]
    frames = [_frame(sheet) for sheet in chosen]
    if not frames:
        return
    durations = [max(6000 // len(frames), 40)] * (len(frames) - 1) + [2000]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    write_whole(path, buffer.getvalue())


def _frame(path: Path) -> Image.Image:
    with Image.open(path) as sheet:
        scale = min(FRAME_WIDTH / sheet.width, 1)
        size = (round(sheet.width * scale), round(sheet.height * scale))
        return sheet.resize(size, Image.Resampling.LANCZOS)
