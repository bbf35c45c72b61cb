"""Describe: the layers, parameters, multiply-adds and bytes of a network, a run or a look.

A look, or another program's image network, is measured from its graph; a name or a run from the network
that its recipe makes, without allocating its weights.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from rich.console import Group
from rich.table import Table
from rich.text import Text

from limner.errors import LimnerError
from limner.recipe import GuideName, Recipe, Size


@dataclass(frozen=True)
class Layer:
    """One layer with weights."""

    name: str
    kind: str
    shape: tuple[int, ...]
    """Of its output, without the batch: (C, H, W)."""
    parameters: int
    """Batch norm counts four for each channel, as in Keras; in a look it is folded away."""
    multiply_adds: int
    zero_stuffed: int
    """Multiply-adds as papers count them that fill a transposed convolution's input with zeros."""


@dataclass(frozen=True)
class Description:
    """A network in figures."""

    target: str
    kind: str
    """`network`, `run`, `look`, or `ONNX file` where it is another program's."""
    pixels: int
    layers: tuple[Layer, ...]
    bytes: Mapping[str, int]
    """Of the file; for networks and runs of a look's weights, for each storage."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    credits: Mapping[str, str] = field(default_factory=dict)
    """Name, author, credit and licence, where given."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """What a look's export measured."""

    @property
    def parameters(self) -> int:
        """Of all layers."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Of all layers, for one picture."""
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def zero_stuffed(self) -> int:
        """Of all layers, for one picture, counting multiplications by filled-in zeros."""
        return sum(layer.zero_stuffed for layer in self.layers)

    def to_json(self) -> str:
        """Everything, as indented JSON."""
        totals = {name: getattr(self, name) for name in ("parameters", "multiply_adds", "zero_stuffed")}
        return json.dumps({**dataclasses.asdict(self), **totals}, indent=2)

    def table(self) -> Group:
        """For a terminal."""
        table = Table("layer", "kind", "output", "parameters", "MACs", "zero-stuffed")
        for number, column in enumerate(table.columns):
            column.no_wrap = True
            column.justify = "right" if number > 2 else "left"
        for layer in self.layers:
            counts = (layer.parameters, layer.multiply_adds, layer.zero_stuffed)
            shape = "x".join(map(str, layer.shape))
            table.add_row(layer.name, layer.kind, shape, *(f"{count:,}" for count in counts))
        table.add_section()
        totals = (self.parameters, self.multiply_adds, self.zero_stuffed)
        table.add_row("total", "", "", *(f"{count:,}" for count in totals))
        sizes = {name: f"{size / 1e6:,.2f} MB" for name, size in self.bytes.items()}
        lines = [f"{self.target}: {self.kind}, {self.pixels} pixels", f"bytes: {_words(sizes)}"]
        lines += [f"{key}: {value}" for key, value in self.credits.items()]
        lines += [f"export's {key}: {_words(value)}" for key, value in self.figures.items()]
        if self.recipe:
            lines.append(f"recipe: {_words(self.recipe)}")
        return Group(table, *(Text(line) for line in lines))


def describe(target: str, *, pixels: int = 256, guide: GuideName = "soft") -> Description:
    """Describe a size's name (at `pixels` and with `guide`), a run's folder, or a look's file.

    Raises LimnerError where `target` is none of these, or cannot be read.
    """
    if target in get_args(Size):
        return describe_recipe(target, Recipe(size=target, pixels=pixels, guide=guide))  # type: ignore[arg-type]
    path = Path(target)
    if path.is_dir():
        from limner.training.run import open_run

        return dataclasses.replace(describe_recipe(target, open_run(path).recipe), kind="run")
    if not path.exists():
        names = ", ".join(get_args(Size))
        raise LimnerError(f"{target} is neither a file or folder nor one of {names}.")
    return describe_look(path)


def describe_recipe(target: str, recipe: Recipe) -> Description:
    """The network that a recipe makes, in the form that papers count and looks hold."""
    import torch

    from limner.networks import summary as count
    from limner.networks import unet

    with torch.device("meta"):  # shapes alone: no memory and no time, for 54 million weights too
        network = unet.generator(dataclasses.replace(recipe, upsampling="transposed"))
        counted = count.layers(network, torch.empty(1, recipe.guide_channels, recipe.pixels, recipe.pixels))
    normed = {
        f"{name.removesuffix('.norm')}.conv": module.num_features
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.BatchNorm2d)
    }
    layers = []
    for layer in counted:
        values = vars(layer) | {"parameters": layer.parameters + 4 * normed.get(layer.name, 0)}
        layers.append(Layer(**values))
    return Description(
        target=target,
        kind="network",
        pixels=recipe.pixels,
        layers=tuple(layers),
        bytes={storage: _stored_bytes(network, set(normed), storage) for storage in _BITS},
        recipe=dataclasses.asdict(recipe),
    )


_BITS = {"uint8": 8, "uint16": 16, "float16": 16, "float32": 32}


def _stored_bytes(network: Any, normed: set[str], storage: str) -> int:
    """A look's weights in that storage: what batch norm folds into is a bias; steps have scale and zero."""
    total = 0
    for name, module in network.named_modules():
        if not hasattr(module, "kernel_size"):
            continue
        width, channels = _BITS[storage] // 8, module.out_channels
        total += module.weight.numel() * width
        total += 4 * channels * (name in normed or module.bias is not None)
        total += (4 + width) * channels * storage.startswith("uint")
    return total


def describe_look(path: Path) -> Description:
    """A look, or another program's image network, measured from its graph."""
    from limner.look.look import open_look

    look = open_look(path)
    lines = {name: getattr(look, name) for name in ("name", "author", "credit", "licence")}
    return Description(
        target=str(path),
        kind="look" if look.guide else "ONNX file",
        pixels=look.pixels,
        layers=tuple(_graph_layers(look.model)),
        bytes={"file": len(look.content)},
        recipe=look.recipe,
        credits={name: line for name, line in lines.items() if line},
        figures=look.figures,
    )


def _graph_layers(model: Any) -> list[Layer]:
    from limner.look.look import value_shape
    from limner.look.quantization import restored

    graph = restored(model).graph
    constants = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    values = [*graph.input, *graph.value_info, *graph.output]
    shapes = {value.name: tuple(value_shape(value)) for value in values} | constants
    return [layer for node in graph.node if (layer := _graph_layer(node, shapes, constants)) is not None]


def _graph_layer(
    node: Any, shapes: Mapping[str, tuple[int, ...]], constants: Mapping[str, tuple[int, ...]]
) -> Layer | None:
    """A node that has constants of more than one value, such as weights; None for any other."""
    own = [constants[name] for name in dict.fromkeys(node.input) if name in constants]
    parameters = sum(math.prod(dims) for dims in own if dims)
    if not parameters or node.op_type in {"Pad", "Reshape", "Resize", "Slice"}:
        return None
    image, output = (shapes.get(name, ()) for name in (node.input[0], node.output[0]))
    taps = _taps(node, shapes)
    stuffed = math.prod(output) * taps
    true = stuffed
    if node.op_type == "ConvTranspose":
        weight = shapes[node.input[1]]
        # Each value of the input is multiplied with the whole kernel, and nothing else is.
        true, stuffed = math.prod(image) * math.prod(weight[1:]), _stuffed(node, weight, output)
    return Layer(node.name or node.output[0], node.op_type, tuple(output[1:]), parameters, true, stuffed)


def _taps(node: Any, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Multiply-adds for one value of the output."""
    match node.op_type:
        case "Conv":
            return math.prod(shapes[node.input[1]][1:])
        case "MatMul":
            return (shapes.get(node.input[0]) or (1,))[-1]
        case "Gemm":
            transposed = any(one.name == "transA" and one.i for one in node.attribute)
            return (shapes.get(node.input[0]) or (1, 1))[0 if transposed else -1]
        case _:
            return 0


def _stuffed(node: Any, weight: tuple[int, ...], output: tuple[int, ...]) -> int:
    groups = next((one.i for one in node.attribute if one.name == "group"), 1)
    return math.prod(output) * weight[0] // groups * math.prod(weight[2:])


def _words(value: Any) -> str:
    """A value of JSON in words; a look's figures may be anything."""
    match value:
        case bool():
            return str(value)
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.3g}"
        case Mapping():
            return ", ".join(f"{key} {_words(one)}" for key, one in value.items())
        case list():
            return "; ".join(map(_words, value))
        case _:
            return "".join(letter if letter.isprintable() else " " for letter in str(value))
