"""Parity: the file paints what the network in torch paints.

Numbers that agree on noise can still disagree on a black picture, where square roots and clips have their
corners, or after somebody turned a value: all of these are compared, at every export.
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
from limner.export.inference import LookModule
from limner.look.quantization import dequantize_weights
from limner.look.session import make_session
from limner.page.chromium import BrowserUnavailable, run_engine

MAX_DIFFERENCE = 1e-4
"""The largest difference that is let through, of values in 0..1: a fortieth of a step of 8 bits."""

Batch = NDArray[np.float32]
"""One picture (1, 3, P, P) in 0..1."""

Live = Mapping[str, float]


@dataclass(frozen=True)
class Parity:
    """How far a runtime is from torch."""

    runtime: str
    difference: float
    """The largest absolute difference of any value of the painting and the guide, both in 0..1."""
    pictures: int


def make_probes(held_out: Sequence[NDArray[np.uint8]], pixels: int, most: int = 4) -> list[Batch]:
    """Noise, black, white, grey and the middle of up to `most` held-out pictures (H, W, 3)."""
    noise = np.random.default_rng(0).random((1, 3, pixels, pixels), dtype=np.float32)
    flat = [np.full_like(noise, shade) for shade in (0.0, 0.5, 1.0)]
    return [noise, *flat, *to_network_inputs(held_out[:most], pixels)]


def to_network_inputs(held_out: Sequence[NDArray[np.uint8]], pixels: int) -> list[Batch]:
    """The middle squares of pictures (H, W, 3) as the network takes them."""
    squares = [center_crop(Image.fromarray(np.asarray(one)), pixels) for one in held_out]
    return [np.ascontiguousarray(square.transpose(2, 0, 1)[None]) for square in squares]


def check_torch_parity(module: LookModule, model: ModelProto, pictures: Sequence[Batch]) -> Parity:
    """Hold ONNX Runtime's paintings by `model` against torch's by the same, rounded, weights.

    Raises LimnerError with figures where they differ by more than `MAX_DIFFERENCE` or are not finite.
    """
    session = make_session(model.SerializeToString(), Path("The look"))
    network = with_weights(module, dequantize_weights(model))
    worst = float(np.max([_difference(network, session, pictures, live) for live in live_settings(module)]))
    if not worst <= MAX_DIFFERENCE:  # NaN is no agreement either
        raise LimnerError(
            f"The look differs from its network by {worst:.2g}; at most {MAX_DIFFERENCE:g} is right. It "
            "was not written: the training diverged, or this version of torch exports it wrongly."
        )
    return Parity("ONNX Runtime", worst, len(pictures))


def check_engine_parity(model: ModelProto, pictures: Sequence[Batch]) -> Parity | str:
    """Hold the engine's paintings in a browser against ONNX Runtime's.

    Where no browser is at hand the answer is why. Raises LimnerError with the engine's sentence where it
    refuses the file, and with figures where they differ by more than `MAX_DIFFERENCE`: the
    page would not paint what was trained.
    """
    content = model.SerializeToString()
    session = make_session(content, Path("The look"))
    apart = []
    for picture in pictures:
        try:
            found = run_engine(content, {"image": picture})
        except BrowserUnavailable as error:
            return str(error)
        names = ("painting", "guide")
        for name, expected in zip(names, session.run(names, {"image": picture}), strict=True):
            apart.append(np.abs(found[name] - expected.ravel()).max())
    worst = float(np.max(apart))
    if not worst <= MAX_DIFFERENCE:
        raise LimnerError(f"In a browser the look paints otherwise than its network, by {worst:.2g}.")
    return Parity("the engine (WebGPU)", worst, len(pictures))


def live_settings(module: LookModule) -> Iterator[dict[str, float]]:
    """The live values as they are, and turned: near the lower ends, and near the upper ones."""
    for share in (None, 0.25, 0.8):
        yield {
            name: one.default if share is None else one.minimum + share * (one.maximum - one.minimum)
            for name, one in module.live.items()
        }


def with_weights(module: LookModule, model: ModelProto) -> LookModule:
    """A copy of `module` whose network has the weights that `model` (float32) has."""
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
        expected = [one.numpy() for one in module(torch.from_numpy(np.concatenate(pictures)), *values)]
    runs = [session.run(["painting", "guide"], {"image": image, **feed}) for image in pictures]
    found = [np.concatenate(one) for one in zip(*runs, strict=True)]
    return float(np.max([np.abs(one - other).max() for one, other in zip(expected, found, strict=True)]))
