"""The networks that dream: SqueezeNet as ImageNet left it, or as `limner classify` taught it on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx import ModelProto, numpy_helper
from torch import Tensor

from limner.display import printable
from limner.errors import LimnerError
from limner.look.look import read_look_file
from limner.look.validation import check_tensors, parse_model
from limner.networks.feature_layers import Layer
from limner.networks.features import FIRES, SqueezeNet
from limner.reading import parse_json

CLASS_LAYER: Layer = "fire9"
"""The layer of which classes are made."""

NOT_A_CLASSIFIER = "is no network of `limner classify`, whose ONNX files can dream"


@dataclass(frozen=True)
class Classes:
    """The kinds of things that a network tells apart."""

    names: tuple[str, ...]
    directions: Tensor
    """(classes, 512): what a class's score has in each channel of fire9 that the other classes have not."""

    def find(self, name: str) -> int:
        """The number of a class. Raises LimnerError where there is none of this name."""
        if name not in self.names:
            raise LimnerError(
                f"The network has no class {printable(name)}: it has {', '.join(self.names)}."
            )
        return self.names.index(name)


@dataclass(frozen=True)
class DreamNetwork:
    """A network that dreams."""

    features: SqueezeNet
    classes: Classes | None = None
    """None for ImageNet's network, whose thousand classes limner does not keep."""


def read_network(path: Path) -> DreamNetwork:
    """The network in a file of `limner classify`.

    The file may be a stranger's: of its graph nothing is run, only weights of the expected names and shapes
    are read. Raises LimnerError for any other file.
    """
    content = read_look_file(path)
    try:
        model = parse_model(content)
        check_tensors(model.graph)
        names = _class_names(model)
        weights = {tensor.name: tensor for tensor in model.graph.initializer}
        features = SqueezeNet()
        features.load_state_dict(
            {
                name: _read_weight(weights, f"features.{name}", tuple(value.shape))
                for name, value in features.state_dict().items()
            }
        )
        last = _read_weight(weights, "classifier.weight", (len(names), 2 * FIRES[CLASS_LAYER][2], 1, 1))
    except LimnerError as error:
        raise LimnerError(f"{printable(path)} {error}.") from error
    features = features.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return DreamNetwork(features, Classes(names, _directions(last.flatten(1))))


def _directions(weights: Tensor) -> Tensor:
    """Each class's weights less the mean of the others': what all classes share tells none of them."""
    others = (weights.sum(0) - weights) / (len(weights) - 1)
    return weights - others


def _class_names(model: ModelProto) -> tuple[str, ...]:
    about: Any = None
    for entry in model.metadata_props:
        if entry.key == "limner.lab":
            try:
                about = parse_json(entry.value)
            except ValueError as error:
                raise LimnerError(NOT_A_CLASSIFIER) from error
    names = about.get("classes") if isinstance(about, dict) and about.get("task") == "classify" else None
    if not isinstance(names, list) or len(names) < 2 or not all(isinstance(name, str) for name in names):
        raise LimnerError(NOT_A_CLASSIFIER)
    return tuple(map(printable, names))


def _read_weight(weights: dict[str, Any], name: str, shape: tuple[int, ...]) -> Tensor:
    tensor = weights.get(name)
    if tensor is None or tuple(tensor.dims) != shape:
        raise LimnerError(f"{NOT_A_CLASSIFIER}: it lacks {name} of shape {shape}")
    try:
        array = numpy_helper.to_array(tensor)
    except (ValueError, TypeError) as error:
        raise LimnerError(f"{NOT_A_CLASSIFIER}: its {name} is damaged") from error
    if array.dtype != np.float32 or not np.isfinite(array).all():
        raise LimnerError(f"{NOT_A_CLASSIFIER}: its {name} has other than finite float32 numbers")
    return torch.from_numpy(array.copy())
