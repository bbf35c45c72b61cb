"""The sheet of a style: pictures, and what the network makes of them in each style."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from limner.art.content import Content
from limner.art.paintings import Painting
from limner.data.arrays import center_crop, to_image
from limner.evaluation.samples import evenly_spaced
from limner.evaluation.sheets import PAPER, draw_sheet
from limner.files import atomic_write
from limner.mark import save_options
from limner.networks.style_network import StyleNetwork

COLUMNS = 4
"""Pictures of a sheet."""

MAX_CELL = 256
"""Largest side of a cell, in pixels."""

MAX_NAME = 18
"""Letters of a row's name."""


def draw_style_sheet(
    network: StyleNetwork, paintings: Sequence[Painting], content: Content, pixels: int, caption: str
) -> Image.Image:
    """Pictures in the first row; below a row for each style, and at its end the painting itself.

    Where there are several styles, the last row has all of them alike. The network paints `pixels` a side.
    """
    chosen = evenly_spaced(content.pictures, COLUMNS)
    pictures = [center_crop(Image.fromarray(picture.frame), pixels) for picture in chosen]
    shown = torch.stack([torch.from_numpy(picture.copy()).permute(2, 0, 1) for picture in pictures])
    side = min(pixels, MAX_CELL)
    rows = {"picture": [to_image(picture) for picture in pictures] + [_blank(side)]}
    count = len(paintings)
    for number, painting in enumerate(paintings):
        weights = [float(place == number) for place in range(count)]
        example = to_image(center_crop(painting.image, side))
        rows[f"{number + 1} {painting.name[:MAX_NAME]}"] = [*_paint(network, shown, weights), example]
    if count > 1:
        rows["all alike"] = [*_paint(network, shown, [1.0] * count), _blank(side)]
    cells = {name: [_fit(image, side) for image in images] for name, images in rows.items()}
    return draw_sheet(cells, [("pictures", len(chosen)), ("learned from", 1)], caption)


def write_sheet(path: Path, sheet: Image.Image) -> None:
    """Write a sheet as a PNG, atomically."""
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", **save_options("PNG", "sample sheet"))
    atomic_write(path, buffer.getvalue())


@torch.no_grad()
def _paint(network: StyleNetwork, pictures: Tensor, weights: Sequence[float]) -> list[Image.Image]:
    live = [torch.tensor(weight) for weight in weights]
    paintings = [network(2 * picture[None] - 1, *live)[0] / 2 + 0.5 for picture in pictures]
    return [to_image(painting.permute(1, 2, 0).numpy()) for painting in paintings]


def _fit(image: Image.Image, side: int) -> Image.Image:
    return image if image.width == side else image.resize((side, side), Image.Resampling.BOX)


def _blank(side: int) -> Image.Image:
    return Image.new("RGB", (side, side), PAPER)
