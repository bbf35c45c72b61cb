"""What storing weights in fewer bits saves and changes, in the form of Murr 2020, table 2."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto
from rich.table import Table

from limner.export.inference import look_module
from limner.export.onnx_graph import look_graph
from limner.export.parity import Batch, held_out_pictures, probe_pictures
from limner.look.quantization import dequantize_weights, quantize_weights
from limner.look.session import make_session
from limner.look.storage import STORAGES, Storage
from limner.networks.unet import UNet
from limner.recipe import Recipe

COMPARED = 16
"""Held-out pictures that paintings are compared on; more would make exporting slow."""


@dataclass(frozen=True)
class Compression:
    """One storage against float32."""

    storage: Storage
    bytes: int
    """Of the file."""
    share: float
    """Of float32's bytes, 0..1."""
    psnr: float
    """Of the paintings against float32's, in dB; infinite where they are the same."""
    difference: float
    """Mean absolute difference of the paintings, of values in 0..1."""
    pictures: int

    def figures(self) -> dict[str, Any]:
        """As JSON has it, which knows no infinity."""
        return {**vars(self), "psnr": self.psnr if math.isfinite(self.psnr) else None}


def compression(model: ModelProto, storage: Storage, pictures: Sequence[Batch]) -> Compression:
    """Compare `model` (float32) with itself in `storage`, on pictures (1, 3, P, P) in 0..1."""
    small = quantize_weights(model, storage)
    psnr, difference = compared(model, dequantize_weights(small), pictures)
    return Compression(
        storage=storage,
        bytes=small.ByteSize(),
        share=small.ByteSize() / model.ByteSize(),
        psnr=psnr,
        difference=difference,
        pictures=len(pictures),
    )


def compared(before: ModelProto, after: ModelProto, pictures: Sequence[Batch]) -> tuple[float, float]:
    """PSNR in dB and mean absolute difference of what two models (float32) paint of the same pictures."""
    difference = np.stack(paintings(before, pictures)).astype(np.float64) - paintings(after, pictures)
    square = float((difference**2).mean())
    return -10 * math.log10(square) if square else math.inf, float(np.abs(difference).mean())


def compression_table(
    generator: UNet, recipe: Recipe, held_out: Sequence[NDArray[np.uint8]]
) -> list[Compression]:
    """All four storages of one network, compared on held-out pictures (H, W, 3).

    Without any, noise and flat pictures stand in for them.
    """
    model = look_graph(look_module(recipe, generator), recipe.pixels)
    pictures = compared_pictures(held_out, recipe.pixels)
    return [compression(model, storage, pictures) for storage in reversed(STORAGES)]


def compared_pictures(held_out: Sequence[NDArray[np.uint8]], pixels: int) -> list[Batch]:
    """What paintings are compared on: up to `COMPARED` held-out pictures."""
    return held_out_pictures(held_out[:COMPARED], pixels) or probe_pictures([], pixels)


def paintings(model: ModelProto, pictures: Sequence[Batch]) -> list[Batch]:
    """What the model (float32) paints of each picture, by ONNX Runtime."""
    session = make_session(model.SerializeToString(), Path("The look"))
    return [session.run(["painting"], {"image": picture})[0] for picture in pictures]


HEADER = ("weights", "MB", "of float32", "PSNR (dB)", "mean difference")


def _cells(row: Compression) -> tuple[str, ...]:
    psnr = f"{row.psnr:.1f}" if math.isfinite(row.psnr) else "same"
    return row.storage, f"{row.bytes / 1e6:.2f}", f"{row.share:.1%}", psnr, f"{row.difference:.5f}"


def rich_table(rows: Sequence[Compression]) -> Table:
    """For a terminal."""
    table = Table(*HEADER)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*_cells(row))
    return table


def markdown(rows: Sequence[Compression]) -> str:
    """For a document."""
    lines = [HEADER, ("---", *["---:"] * (len(HEADER) - 1)), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
