"""The networks of `limner bench everywhere`: files that are given, a trained one, and some that are made.

Networks that are made have random weights, which keep the features' variance from layer to layer (He): what
a run takes does not depend on them. LeNet has learned, so that its accuracy can be measured too.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import helper
from torch import nn

from limner.bench.everywhere.networks import NETWORKS
from limner.bench.everywhere.rows import Kind
from limner.bench.looks import random_look
from limner.display import printable
from limner.errors import LimnerError, system_reason
from limner.lab.export import make_model
from limner.lab.scaled import Scaled
from limner.look.validation import parse_model, required_inputs
from limner.reading import read_regular

LOOK_PIXELS = 128
BATCH = 64
"""Examples of a training step."""
CLASSES = 10


@dataclass(frozen=True)
class Model:
    """A network, and what is drawn for it."""

    name: str
    path: Path
    sha256: str
    input: str
    shape: tuple[int, ...]
    """The input's, with a batch of one; of a training the batch's."""
    output: str
    """The first one, which is read and compared."""
    is_training: bool = False

    @property
    def kind(self) -> Kind:
        """What a run is."""
        return "training" if self.is_training else "inference"

    @property
    def batch(self) -> int:
        """Examples of a run."""
        return BATCH if self.is_training else 1


TRAINED = Path(__file__).parents[4] / "web" / "lab" / "public" / "data" / "starts" / "digits-lenet.onnx"
"""The LeNet that the lab's page starts from, trained on MNIST."""
TRAINED_NAME = "LeNet"

MADE: dict[str, tuple[str, int, int]] = {
    "ResNet-20": ("resnet20", 3, 32),
    "MobileNet": ("mobilenet", 3, 32),
    "SqueezeNet": ("squeezenet", 3, 224),
}
"""The classifiers that are made: the network, its pictures' channels and pixels."""

QUICK = ("SqueezeNet",)
"""Those of them that are measured in a quick run, beside LeNet."""


def make_models(folder: Path, *, quick: bool) -> list[Model]:
    """The networks that are measured by default, and LeNet's training; what is made is in `folder`."""
    models = [read_model(TRAINED, TRAINED_NAME)]
    models += [
        read_model(make_classifier(folder / f"{net}.onnx", net, channels, pixels), name)
        for name, (net, channels, pixels) in MADE.items()
        if not quick or name in QUICK
    ]
    if not quick:
        look = random_look(folder / "look", "lean", LOOK_PIXELS)
        models.append(read_model(look, f"look lean, {LOOK_PIXELS} pixels"))
    untrained = read_model(make_classifier(folder / "lenet.onnx", "lenet", 1, 28), TRAINED_NAME)
    return [*models, as_training(untrained)]


def as_training(model: Model) -> Model:
    """Steps of training that classifier of pictures."""
    shape = (BATCH, *model.shape[1:])
    name = f"{model.name}, a training step of {BATCH}"
    return replace(model, name=name, shape=shape, is_training=True)


def make_classifier(path: Path, net: str, channels: int, pixels: int) -> Path:
    """Write a classifier with random weights, as `limner lab` writes trained ones."""
    torch.manual_seed(0)
    network = NETWORKS[net](channels, pixels)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    scaled = Scaled(network, torch.ones(channels, 1, 1), torch.zeros(channels, 1, 1))
    model = make_model(scaled.eval(), torch.zeros(2, channels, pixels, pixels), "0..255")
    helper.set_model_props(model, {"limner.lab": json.dumps({"net": net, "range": "0..255"})})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def read_model(path: Path, name: str | None = None) -> Model:
    """A network of one float32 input of a known size, apart from those with a value in the file.

    An open first dimension, the batch, is bound to 1. Raises LimnerError where the file is no such network.
    """
    try:
        content = read_regular(path)
    except OSError as error:
        raise LimnerError(f"{printable(path)} cannot be read ({system_reason(error)}).") from error
    try:
        graph = parse_model(content).graph
    except LimnerError as error:
        raise LimnerError(f"{printable(path)} {error}: give ONNX files.") from error
    given = required_inputs(graph)
    if len(given) != 1 or not graph.output:
        names = ", ".join(printable(value.name) for value in given) or "none"
        raise LimnerError(
            f"{printable(path)} needs the inputs {names}: this benchmark takes networks of one input."
        )
    return Model(
        name or printable(path.stem),
        path,
        hashlib.sha256(content).hexdigest(),
        given[0].name,
        _bound_shape(given[0], path),
        graph.output[0].name,
    )


def _bound_shape(value: Any, path: Path) -> tuple[int, ...]:
    tensor = value.type.tensor_type
    if tensor.elem_type != onnx.TensorProto.FLOAT or not tensor.HasField("shape"):
        raise LimnerError(
            f"The input of {printable(path)} is not of float32 with a shape: choose another file."
        )
    shape = [each.dim_value if each.HasField("dim_value") else 0 for each in tensor.shape.dim]
    if shape and shape[0] == 0:
        shape[0] = 1
    if not shape or min(shape) < 1 or shape[0] != 1:
        sizes = " x ".join(str(each or "?") for each in shape)
        raise LimnerError(
            f"The input of {printable(path)} is {sizes}: give a file for single examples, whose other "
            "sizes are fixed."
        )
    return tuple(shape)
