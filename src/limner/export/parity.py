"""Parity checks: the file paints the same as the network in torch.

Results that agree on noise can still differ on a black picture, at the corners of square roots and clips,
or after a live input has changed. Every export compares all of these cases.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto, numpy_helper
from PIL import Image

from limner.data.arrays import center_crop
from limner.errors import LimnerError
from limner.export.exact_norms import has_instance_norms, with_exact_norms
from limner.export.inference import LookModule
from limner.look.quantization import dequantize_weights
from limner.look.session import make_session
from limner.page.chromium import BrowserUnavailable, run_engine

MAX_DIFFERENCE = 1e-4
"""The largest allowed difference of values in 0..1: a fortieth of an 8-bit step."""

Batch = NDArray[np.float32]
"""One picture (1, 3, P, P) in 0..1."""

Live = Mapping[str, float]


@dataclass(frozen=True)
class Parity:
    """The difference between a runtime and torch."""

    runtime: str
    difference: float
    """The largest absolute difference of any value of the painting and the guide, both in 0..1."""
    pictures: int


def make_probes(held_out: Sequence[NDArray[np.uint8]], pixels: int, most: int = 4) -> list[Batch]:
    """Noise, black, grey, white, and the centre of up to `most` held-out pictures (H, W, 3)."""
    noise = np.random.default_rng(0).random((1, 3, pixels, pixels), dtype=np.float32)
    flat = [np.full_like(noise, shade) for shade in (0.0, 0.5, 1.0)]
    return [noise, *flat, *to_network_inputs(held_out[:most], pixels)]


def to_network_inputs(held_out: Sequence[NDArray[np.uint8]], pixels: int) -> list[Batch]:
    """The central squares of pictures (H, W, 3) as network inputs (1, 3, P, P)."""
    squares = [center_crop(Image.fromarray(np.asarray(picture)), pixels) for picture in held_out]
    return [np.ascontiguousarray(square.transpose(2, 0, 1)[None]) for square in squares]


def check_torch_parity(module: LookModule, model: ModelProto, pictures: Sequence[Batch]) -> Parity:
    """Compare `model` in ONNX Runtime with `module` in torch, which gets the same quantized weights.

    Raises LimnerError, with the difference, if it exceeds `MAX_DIFFERENCE` or is not finite.
    """
    is_normed = has_instance_norms(model)
    exact = with_exact_norms(model) if is_normed else model
    session = make_session(exact.SerializeToString(), Path("The look"))
    network = with_weights(module, dequantize_weights(model))
    worst = float(np.max([_difference(network, session, pictures, live) for live in live_settings(module)]))
    if not worst <= MAX_DIFFERENCE:  # also true for NaN
        raise LimnerError(
            f"The look differs from its network by {worst:.2g}; at most {MAX_DIFFERENCE:g} is allowed. It "
            "was not written: the training diverged, or this version of torch exports it wrongly."
        )
    runtime = "ONNX Runtime (norms spelled out)" if is_normed else "ONNX Runtime"
    return Parity(runtime, worst, len(pictures))


def check_engine_parity(model: ModelProto, pictures: Sequence[Batch]) -> Parity | str:
    """Compare the engine in a browser with ONNX Runtime.

    Returns the reason if no browser can run. Raises LimnerError with the engine's message if the engine
    refuses the file, and with the difference if it exceeds `MAX_DIFFERENCE`: the page would not paint what
    was trained.
    """
    content = model.SerializeToString()
    session = make_session(content, Path("The look"))
    differences = []
    for picture in pictures:
        try:
            outputs = run_engine(content, {"image": picture})
        except BrowserUnavailable as error:
            return str(error)
        names = ("painting", "guide")
        for name, expected in zip(names, session.run(names, {"image": picture}), strict=True):
            differences.append(np.abs(outputs[name] - expected.ravel()).max())
    worst = float(np.max(differences))
    if not worst <= MAX_DIFFERENCE:
        raise LimnerError(f"In a browser the look paints differently from its network, by {worst:.2g}.")
    return Parity("the engine (WebGPU)", worst, len(pictures))


def live_settings(module: LookModule) -> Iterator[dict[str, float]]:
    """Three settings of the live inputs: the defaults, near the lower ends, and near the upper ends."""
    for share in (None, 0.25, 0.8):
        yield {
            name: live.default if share is None else live.minimum + share * (live.maximum - live.minimum)
            for name, live in module.live.items()
        }


def with_weights(module: LookModule, model: ModelProto) -> LookModule:
    """A copy of `module` whose network has the weights of `model` (float32)."""
    state = module.generator.state_dict()
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    changed = copy.deepcopy(module)
    changed.generator.load_state_dict(
        {name: torch.tensor(constants.get(name, value.numpy())) for name, value in state.items()}
    )
    return changed


def _difference(module: LookModule, session: Any, pictures: Sequence[Batch], live: Live) -> float:
    feed = {name: np.array(value, dtype=np.float32) for name, value in live.items()}
    values = [torch.from_numpy(value) for value in feed.values()]
    with torch.no_grad():
        expected = [
            output.numpy() for output in module(torch.from_numpy(np.concatenate(pictures)), *values)
        ]
    runs = [session.run(["painting", "guide"], {"image": image, **feed}) for image in pictures]
    found = [np.concatenate(outputs) for outputs in zip(*runs, strict=True)]
    return float(np.max([np.abs(a - b).max() for a, b in zip(expected, found, strict=True)]))
