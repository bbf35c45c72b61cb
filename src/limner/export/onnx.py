"""Export: a trained network becomes a look, one ONNX file that has been checked against torch.

```python
report = export_look(generator, recipe, Path("clouds.onnx"), name="Clouds", held_out=pictures)
```
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto

from limner.errors import LimnerError
from limner.export.inference import fuse_for_inference, make_look_module, with_transposed_convs
from limner.export.onnx_graph import export_graph, infer_and_check
from limner.export.parity import Parity, check_engine_parity, check_torch_parity, make_probes
from limner.export.storage_comparison import StorageComparison, choose_pictures, compare_storages
from limner.files import atomic_write
from limner.look.look import open_look, read_look
from limner.look.metadata import Metadata, write_metadata
from limner.look.quantization import quantize_weights
from limner.look.storage import STORAGES, Storage
from limner.networks.summary import count_parameters, summarize_layers
from limner.networks.unet import UNet
from limner.recipe import Recipe


@dataclass(frozen=True)
class ExportReport:
    """What was written, and what is known of it."""

    path: Path
    bytes: int
    """Of the file."""
    storage: Storage
    parameters: int
    """As papers count them: with transposed convolutions, and four for each channel of batch norm."""
    multiply_adds: int
    zero_stuffed: int
    """Multiply-adds as papers count them that fill a transposed convolution's input with zeros."""
    parity: tuple[Parity, ...]
    comparisons: tuple[StorageComparison, ...]
    """The chosen storage against float32, and the others that were asked for, in the order of STORAGES."""
    unchecked: str = ""
    """Why the engine was not checked in a browser, where it was wanted."""

    @property
    def compression(self) -> StorageComparison:
        """What the chosen storage changed against float32."""
        return next(one for one in self.comparisons if one.storage == self.storage)

    def figures(self) -> dict[str, Any]:
        """As the look's metadata has them."""
        return {
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
            "zero_stuffed": self.zero_stuffed,
            "bytes": self.bytes,
            "parity": [vars(one) for one in self.parity],
            "compression": self.compression.figures(),
        }


def export_look(
    generator: UNet,
    recipe: Recipe,
    out: Path,
    *,
    storage: Storage = "uint8",
    name: str = "",
    author: str = "",
    credit: str = "",
    licence: str = "",
    held_out: Sequence[NDArray[np.uint8]] = (),
    in_browser: bool = False,
    compare: Collection[Storage] = (),
) -> ExportReport:
    """Write a look, whole or not at all, and say what it measures.

    `held_out` are pictures (H, W, 3) that training has not seen; parity and the change that compression
    makes are measured on them, or on noise and flat pictures without any. `generator` is left as it is.
    The same weights and words give the same bytes. `in_browser` checks the engine too, on one of the
    pictures, where a browser is at hand; it takes seconds, and for the large network a minute.
    `compare` names further storages to measure beside the chosen one.

    Raises LimnerError where a weight is not finite, the file differs from torch, or the disk refuses.
    """
    _check_weights(generator)
    module = make_look_module(recipe, generator)
    exact = export_graph(module, recipe.pixels)
    model = infer_and_check(quantize_weights(exact, storage))
    storages = [one for one in STORAGES if one == storage or one in compare]
    counted, multiply_adds, zero_stuffed = measure_network(generator, recipe)
    probes = make_probes(held_out, recipe.pixels)
    engine: Parity | str = check_engine_parity(model, probes[-1:]) if in_browser else ""
    report = ExportReport(
        path=out,
        bytes=0,
        storage=storage,
        parameters=counted,
        multiply_adds=multiply_adds,
        zero_stuffed=zero_stuffed,
        parity=(
            check_torch_parity(module, model, probes),
            *([engine] if isinstance(engine, Parity) else []),
        ),
        comparisons=compare_storages(exact, storages, choose_pictures(held_out, recipe.pixels)),
        unchecked=engine if isinstance(engine, str) else "",
    )
    metadata = Metadata(
        name=name,
        author=author,
        credit=credit,
        licence=licence,
        pixels=recipe.pixels,
        size=recipe.size,
        guide=recipe.guide,
        live=module.live,
        recipe=dataclasses.asdict(recipe),
    )
    content, report = _with_metadata(model, metadata, report)
    read_look(content, out)
    atomic_write(out, content)
    return report


def check_output_path(out: Path) -> None:
    """Refuse to write a look where another kind of file is."""
    if out.suffix.lower() != ".onnx":
        raise LimnerError(f"A look is an .onnx file, and {out.name} is named otherwise.")
    if out.exists():
        try:
            open_look(out)
        except LimnerError as error:
            raise LimnerError(f"{out} exists and is no look: choose another name.") from error


def measure_network(generator: UNet, recipe: Recipe) -> tuple[int, int, int]:
    """Parameters, multiply-adds and zero-stuffed multiply-adds, all as `ExportReport` has them."""
    image = torch.zeros(1, recipe.guide_channels, recipe.pixels, recipe.pixels)
    counted = summarize_layers(fuse_for_inference(generator), image)
    return (
        count_parameters(with_transposed_convs(generator)),
        sum(layer.multiply_adds for layer in counted),
        sum(layer.zero_stuffed for layer in counted),
    )


def _check_weights(generator: UNet) -> None:
    if not all(torch.isfinite(value).all() for value in generator.state_dict().values()):
        raise LimnerError(
            "The network has weights that are not numbers: its training diverged. Train it again with a "
            "smaller --learning-rate, or with --precision float32."
        )


def _with_metadata(
    model: ModelProto, metadata: Metadata, report: ExportReport
) -> tuple[bytes, ExportReport]:
    """The file's bytes, and the report that knows how many they are; as the file tells its own size, that
    takes a second try, and a third where the first had a digit less."""
    content = b""
    while True:
        report = dataclasses.replace(report, bytes=len(content))
        write_metadata(model, dataclasses.replace(metadata, figures=report.figures()))
        content = model.SerializeToString(deterministic=True)
        if len(content) == report.bytes:
            return content, report
