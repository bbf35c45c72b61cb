"""Export a trained network as a look: one ONNX file, checked against torch.

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

from limner.display import printable
from limner.errors import LimnerError
from limner.evaluation.noise_gain import measure_camera_noise_gain
from limner.export.filters import add_filters
from limner.export.inference import fuse_for_inference, make_look_module
from limner.export.onnx_graph import export_graph
from limner.export.parity import Batch, Parity, check_engine_parity, check_torch_parity, make_probes
from limner.export.storage_comparison import StorageComparison, choose_pictures, compare_storages
from limner.export.torch_export import infer_and_check
from limner.files import atomic_write
from limner.light import PHOTOS, Light
from limner.look.branches import branch_inputs
from limner.look.look import is_limner_look, read_look
from limner.look.metadata import Metadata, write_metadata
from limner.look.quantization import quantize_weights
from limner.look.session import make_session
from limner.look.storage import STORAGES, Storage
from limner.look.validation import parse_model
from limner.networks.generator import Generator
from limner.networks.summary import count_parameters, summarize_layers
from limner.reading import read_regular
from limner.recipe import LookRecipe
from limner.replacing import check_replaceable

NOISE_PICTURES = 4
"""Pictures that the gain of a camera's noise is measured on."""


@dataclass(frozen=True)
class ExportReport:
    """The written file and its figures."""

    path: Path
    bytes: int
    """Size of the file."""
    storage: Storage
    parameters: int
    """As papers count them: four per batch-norm channel."""
    multiply_adds: int
    zero_stuffed: int
    """Multiply-adds as counted by papers that zero-stuff a transposed convolution's input. A convolution of
    a doubled image has nine per output and input channel, of which an engine needs four."""
    parity: tuple[Parity, ...]
    comparisons: tuple[StorageComparison, ...]
    """The chosen storage and those in `compare`, each against float32, in the order of STORAGES."""
    noise_gain: float = 0.0
    """How much of a camera's noise comes through to the painting: RMS divided by RMS."""
    unchecked: str = ""
    """The reason why a requested check of the engine in a browser did not run."""

    @property
    def compression(self) -> StorageComparison:
        """The chosen storage compared with float32."""
        return next(entry for entry in self.comparisons if entry.storage == self.storage)

    def figures(self) -> dict[str, Any]:
        """The figures in the form of the look's metadata."""
        return {
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
            "zero_stuffed": self.zero_stuffed,
            "bytes": self.bytes,
            "parity": [vars(entry) for entry in self.parity],
            "compression": self.compression.figures(),
            "noise_gain": self.noise_gain,
        }


def export_look(
    generator: Generator,
    recipe: LookRecipe,
    out: Path,
    *,
    storage: Storage = "uint8",
    name: str = "",
    author: str = "",
    credit: str = "",
    licence: str = "",
    light: Light = PHOTOS,
    held_out: Sequence[NDArray[np.uint8]] = (),
    in_browser: bool = False,
    compare: Collection[Storage] = (),
) -> ExportReport:
    """Write a look atomically and return its figures.

    `light` is that of the pictures that the network learned from; auto-levels aim at it.
    `held_out` are pictures (H, W, 3) from the held-out split. Parity and the effect of quantization are
    measured on them; if there are none, on noise and flat pictures. `generator` is not changed. The same
    weights and metadata give the same bytes. `in_browser` also checks the engine on one of the pictures, if
    a browser is available; this takes seconds, and a minute for the large network. `compare` names
    additional storages to compare with float32.

    Raises LimnerError if a weight is not finite, the file's paintings differ from torch's, or the file
    cannot be written.
    """
    _check_weights(generator)
    module = make_look_module(recipe, generator, light)
    exact = export_graph(module, recipe.pixels)
    model = infer_and_check(quantize_weights(exact, storage))
    storages = [kind for kind in STORAGES if kind == storage or kind in compare]
    counted, multiply_adds, zero_stuffed = measure_network(generator, recipe)
    probes = make_probes(held_out, recipe.pixels)
    pictures = choose_pictures(held_out, recipe.pixels)
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
        comparisons=compare_storages(exact, storages, pictures),
        noise_gain=_measure_noise_gain(exact, pictures[:NOISE_PICTURES]),
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
        filters=add_filters(model),
        recipe=dataclasses.asdict(recipe),
    )
    content, report = _with_metadata(model, metadata, report)
    read_look(content, out)
    atomic_write(out, content)
    return report


def check_output_path(out: Path, *, force: bool = False, replaced: Collection[str] = ()) -> None:
    """Raise LimnerError if `out` is no .onnx name, or without `force` a file that limner did not write or a
    look with branches other than those whose live inputs are `replaced`.
    """
    if out.suffix.lower() != ".onnx":
        raise LimnerError(f"A look is an .onnx file, but {printable(out.name)} has another suffix.")
    check_replaceable(out, is_limner_look, force=force)
    if not force:
        check_branches(out, replaced)


def check_branches(out: Path, replaced: Collection[str] = ()) -> None:
    """Raise LimnerError if there is a look with branches, which would be lost with it."""
    try:
        inputs = branch_inputs(parse_model(read_regular(out)).graph) if out.is_file() else []
    except (OSError, LimnerError):
        return  # it is no look, or cannot be read, which is told elsewhere
    if lost := [name for name in inputs if name not in replaced]:
        raise LimnerError(
            f"{printable(out)} has branches, which would be lost ({', '.join(map(printable, lost))}): move "
            "it away first, or write another file."
        )


def measure_network(generator: Generator, recipe: LookRecipe) -> tuple[int, int, int]:
    """Parameters, multiply-adds and zero-stuffed multiply-adds, all as `ExportReport` has them."""
    image = torch.zeros(1, recipe.guide_channels, recipe.guide_side, recipe.guide_side)
    counted = summarize_layers(fuse_for_inference(generator), image)
    return (
        count_parameters(generator),
        sum(layer.multiply_adds for layer in counted),
        sum(layer.zero_stuffed for layer in counted),
    )


def _measure_noise_gain(model: ModelProto, pictures: Sequence[Batch]) -> float:
    session = make_session(model.SerializeToString(), Path("The look"))
    return measure_camera_noise_gain(
        lambda picture: session.run(["painting"], {"image": picture})[0], pictures
    )


def _check_weights(generator: Generator) -> None:
    if not all(torch.isfinite(value).all() for value in generator.state_dict().values()):
        raise LimnerError(
            "The network has weights that are NaN or infinite: its training diverged. Train it again with "
            "a smaller --learning-rate, or with --precision float32."
        )


def _with_metadata(
    model: ModelProto, metadata: Metadata, report: ExportReport
) -> tuple[bytes, ExportReport]:
    """The file's bytes, and the report with the file's size.

    The metadata contain the file's own size, so serialising is repeated until the size is stable: twice, or
    three times if the number of digits changes.
    """
    content = b""
    while True:
        report = dataclasses.replace(report, bytes=len(content))
        write_metadata(model, dataclasses.replace(metadata, figures=report.figures()))
        content = model.SerializeToString(deterministic=True)
        if len(content) == report.bytes:
            return content, report
