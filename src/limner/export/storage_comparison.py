"""Compare weight storages: the bytes saved and the change of the paintings, as in Murr 2020, table 2."""

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

from limner.export.parity import Batch, make_probes, to_network_inputs
from limner.look.quantization import dequantize_weights, quantize_weights
from limner.look.session import make_session
from limner.look.storage import Storage

MAX_PICTURES = 16
"""Maximum number of held-out pictures in a comparison; more would make the export slow."""


@dataclass(frozen=True)
class StorageComparison:
    """One storage compared with float32."""

    storage: Storage
    bytes: int
    """Size of the file."""
    share: float
    """The size as a share of float32's, 0..1."""
    psnr: float
    """PSNR of the paintings against float32's, in dB; infinite if they are the same."""
    difference: float
    """Mean absolute difference of the paintings, of values in 0..1."""
    pictures: int

    def figures(self) -> dict[str, Any]:
        """The comparison for JSON, which has no infinity: an infinite PSNR becomes None."""
        return {**vars(self), "psnr": self.psnr if math.isfinite(self.psnr) else None}


def compare_storages(
    model: ModelProto, storages: Sequence[Storage], pictures: Sequence[Batch]
) -> tuple[StorageComparison, ...]:
    """Compare `model` (float32) with its version in each storage, on pictures (1, 3, P, P) in 0..1."""
    exact = run_model(model, pictures)
    return tuple(_compare(model, exact, storage, pictures) for storage in storages)


def _compare(
    model: ModelProto, exact: Sequence[Batch], storage: Storage, pictures: Sequence[Batch]
) -> StorageComparison:
    quantized = quantize_weights(model, storage)
    is_exact = storage == "float32"
    paintings = exact if is_exact else run_model(dequantize_weights(quantized), pictures)
    psnr, difference = psnr_and_mae(exact, paintings)
    return StorageComparison(
        storage=storage,
        bytes=quantized.ByteSize(),
        share=quantized.ByteSize() / model.ByteSize(),
        psnr=psnr,
        difference=difference,
        pictures=len(pictures),
    )


def psnr_and_mae(paintings: Sequence[Batch], others: Sequence[Batch]) -> tuple[float, float]:
    """PSNR in dB and mean absolute difference of two lists of paintings, of values in 0..1."""
    difference = np.stack(paintings).astype(np.float64) - others
    square = float((difference**2).mean())
    return -10 * math.log10(square) if square else math.inf, float(np.abs(difference).mean())


def choose_pictures(held_out: Sequence[NDArray[np.uint8]], pixels: int) -> list[Batch]:
    """Up to `MAX_PICTURES` held-out pictures as network inputs; if there are none, the probes."""
    return to_network_inputs(held_out[:MAX_PICTURES], pixels) or make_probes([], pixels)


def run_model(model: ModelProto, pictures: Sequence[Batch]) -> list[Batch]:
    """The paintings of `model` (float32) in ONNX Runtime."""
    session = make_session(model.SerializeToString(), Path("The look"))
    return [session.run(["painting"], {"image": picture})[0] for picture in pictures]


def rich_table(rows: Sequence[StorageComparison]) -> Table:
    """The comparison as a table for the terminal."""
    table = Table("weights", "MB", "of float32", "PSNR (dB)", "mean difference")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        psnr = f"{row.psnr:.1f}" if math.isfinite(row.psnr) else "same"
        size, share = f"{row.bytes / 1e6:.2f}", f"{row.share:.1%}"
        table.add_row(row.storage, size, share, psnr, f"{row.difference:.5f}")
    return table
