"""Steps of dreams with what torch's autograd makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto
from torch import Tensor

from limner.art.dream_graph import FIRST_LUMINANCE, dream_graph, live_inputs
from limner.art.dream_network import Classes
from limner.art.dream_step import DreamState, DreamStep
from limner.data.synthetic.draw import draw
from limner.data.synthetic.subjects import Subject
from limner.networks.feature_layers import Layer
from limner.networks.features import SqueezeNet, load_squeezenet

Array = NDArray[np.float32]

PIXELS = 64

squeezenet = cache(load_squeezenet)


def drawn(pixels: int, seed: int = 1, subject: Subject = "garden") -> Tensor:
    """A drawn picture, RGB in 0..1, (1, 3, P, P)."""
    image = next(draw(subject, 1, pixels, seed))
    return torch.from_numpy(np.asarray(image, np.float32) / np.float32(255)).permute(2, 0, 1)[None]


@dataclass(frozen=True)
class StepCase:
    """A step: the graph, what it is given, and what torch makes of that, both by the names of the graph."""

    model: ModelProto
    inputs: dict[str, Array]
    live: dict[str, float]
    outputs: dict[str, Array]


def some_classes() -> Classes:
    """Three classes, as `limner classify` might leave them."""
    directions = torch.randn((3, 512), generator=torch.Generator().manual_seed(5))
    return Classes(("daisies", "roses", "tulips"), directions)


def step_case(
    layer: Layer, *, dream: Tensor | None = None, classes: Classes | None = None, **live: float
) -> StepCase:
    """A step at frame 5 with some live inputs; by default the dream is neither enlarged nor turned."""
    network: SqueezeNet = squeezenet()
    first = "" if classes is None else classes.names[0]
    model, _ = dream_graph(network, layer, PIXELS, classes=classes, class_name=first)
    turned = live_inputs(layer, classes, first)
    values = {name: one.default for name, one in turned.items()} | {"zoom": 1.0} | live
    image, last = drawn(PIXELS), drawn(PIXELS, seed=2) if dream is None else dream
    state = DreamState(last, 5, FIRST_LUMINANCE)
    painting, following = DreamStep(network, layer, classes)(image, state, **values)
    luminance = np.full((1, 1, 1, 1), FIRST_LUMINANCE, np.float32)
    given: dict[str, Any] = {"image": image, "dream": last, "count": [5], "luminance": luminance}
    made: dict[str, Any] = {
        "painting": painting,
        "dream_next": following.dream,
        "count_next": [following.count],
        "luminance_next": np.full((1, 1, 1, 1), following.luminance),
    }
    return StepCase(model, _arrays(given), values, _arrays(made))


def _arrays(values: dict[str, Any]) -> dict[str, Array]:
    return {name: np.ascontiguousarray(value, np.float32) for name, value in values.items()}
