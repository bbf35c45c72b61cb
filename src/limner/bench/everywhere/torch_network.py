"""torch's network of an ONNX file that limner wrote: a classifier of `limner lab`, or a look.

The file names the network, and its weights have the network's names. So nothing is read of the graph
itself, and whether torch computes the same is measured.
"""

from __future__ import annotations

from typing import Any

import onnx
import torch
from onnx import ModelProto, numpy_helper
from torch import Tensor, nn

from limner.bench.everywhere.networks import NETWORKS
from limner.errors import LimnerError
from limner.export.inference import make_look_module
from limner.lab.scaled import Scaled
from limner.look.quantization import dequantize_weights
from limner.networks.generator import make_generator
from limner.reading import parse_json
from limner.recipe import Recipe

LAB, LOOK = "limner.lab", "limner.recipe"
"""Metadata of limner's files."""


def read_network(content: bytes) -> nn.Module:
    """The network of a file's content, for evaluation; its first output is the file's.

    Raises LimnerError where torch has no network for the file.
    """
    model = dequantize_weights(onnx.load_from_string(content))
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    try:
        if LAB in metadata and (about := parse_json(metadata[LAB]))["net"] in NETWORKS:
            return _read_classifier(model, about)
        if LOOK in metadata:
            return _read_look(model, metadata[LOOK])
    except (KeyError, TypeError, ValueError, RuntimeError, LimnerError) as error:
        reason = f"its weights are not those of the network that it names ({type(error).__name__})"
        raise LimnerError(f"torch cannot read the file: {reason}.") from error
    raise LimnerError(
        "torch has no network for this file: it is no classifier of `limner lab` and no look of limner."
    )


def _read_classifier(model: ModelProto, about: dict[str, Any]) -> nn.Module:
    weights = _weights(model)
    _, channels, pixels, _ = (each.dim_value for each in model.graph.input[0].type.tensor_type.shape.dim)
    network = NETWORKS[about["net"]](channels, pixels)
    network.load_state_dict(
        {name: weights.get(name, value) for name, value in network.state_dict().items()}
    )
    one, zero = torch.ones(channels, 1, 1), torch.zeros(channels, 1, 1)
    return Scaled(network, weights.get("scale", one), weights.get("shift", zero)).eval()


def _read_look(model: ModelProto, recipe: str) -> nn.Module:
    settings = Recipe.from_json(recipe)
    module = make_look_module(settings, make_generator(settings))
    weights = _weights(model)
    state = module.generator.state_dict()
    # Biases of zero are not in the file.
    module.generator.load_state_dict(
        {name: weights.get(name, torch.zeros_like(value)) for name, value in state.items()}
    )
    return _FirstOutput(module)


class _FirstOutput(nn.Module):
    """A look's painting, with its live inputs at their defaults."""

    def __init__(self, look: Any) -> None:
        super().__init__()
        self.look = look

    def forward(self, image: Tensor) -> Tensor:
        painting: Tensor = self.look(image, *self.look.defaults())[0]
        return painting


def _weights(model: ModelProto) -> dict[str, Tensor]:
    arrays = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    return {name: torch.from_numpy(value.copy()) for name, value in arrays.items()}
