"""Networks whose normalizations exporters spelled out."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnx

from onnx_cases.channels_last_norms import (
    activated_between,
    convnext,
    keras_group,
    keras_instance,
    keras_layer,
    restormer,
)
from onnx_cases.near_norms import (
    cubes,
    far_offset,
    mean_elsewhere,
    no_mean,
    other_axes,
    other_divided,
    other_subtracted,
    scales_of_other_channels,
    turned_mean,
)
from onnx_cases.network import OPSET
from onnx_cases.spelled import BRIGHT, CHANNELS, EPSILON, PIXELS, Spelled
from onnx_cases.torch_export import exported
from onnx_cases.writing import Networks, write_networks


def instance_by_pow() -> onnx.ModelProto:
    net = Spelled(1)
    apart = net.node("Sub", net.x, net.mean(net.x, 2, 3))
    variance = net.mean(net.node("Pow", apart, net.number(2)), 2, 3)
    return net.finish(net.scaled(net.node("Div", apart, net.root(variance))), 2)


def instance_by_reciprocal() -> onnx.ModelProto:
    net = Spelled(2, 18)
    apart = net.node("Sub", net.x, net.mean(net.x, -1, -2))
    inverse = net.node("Reciprocal", net.root(net.mean(net.square(apart), 2, 3)))
    return net.finish(net.scaled(net.node("Mul", apart, inverse)))


def instance_by_power() -> onnx.ModelProto:
    net = Spelled(3)
    apart = net.node("Sub", net.x, net.mean(net.x, 2, 3))
    variance = net.node("Add", net.mean(net.square(apart), 2, 3), net.number(EPSILON))
    return net.finish(net.scaled(net.node("Mul", net.node("Pow", variance, net.number(-0.5)), apart)))


def instance_by_pooling() -> onnx.ModelProto:
    net = Spelled(4)
    apart = net.node("Sub", net.x, net.node("GlobalAveragePool", net.x))
    variance = net.node("GlobalAveragePool", net.square(apart))
    return net.finish(net.scaled(net.node("Div", apart, net.root(variance))), 2)


def instance_by_sums() -> onnx.ModelProto:
    """The root of a sum of squares, and n beside it."""
    net = Spelled(5, 13)
    count = net.number(PIXELS[0] * PIXELS[1])
    axes = net.whole(2, 3)
    apart = net.node("Sub", net.x, net.node("Div", net.node("ReduceSum", net.x, axes), count))
    variance = net.node("Div", net.node("ReduceSumSquare", apart, axes=[2, 3]), count)
    return net.finish(net.scaled(net.node("Div", apart, net.root(variance))))


def instance_of_rows(opset: int) -> onnx.ModelProto:
    """As in the ONNX files of fast-neural-style."""
    net = Spelled(6, opset)
    flat = net.shaped(net.x, 1, CHANNELS, 1, -1)
    apart = net.node("Sub", net.x, net.mean(flat, 3))
    squares = net.shaped(net.square(apart), 1, CHANNELS, 1, -1)
    value = net.node("Div", apart, net.root(net.mean(squares, 3)))
    return net.finish(net.scaled(value))


def tensorflow(scales: bool, shifts: bool) -> onnx.ModelProto:
    """tf.nn.moments and tf.nn.batch_normalization, by tf2onnx."""
    net = Spelled(7, 13)
    mean = net.mean(net.x, 2, 3)
    variance = net.mean(net.square(net.node("Sub", net.x, mean)), 2, 3)
    inverse = net.node("Reciprocal", net.root(variance))
    if scales:
        inverse = net.node("Mul", inverse, net.gains(1, CHANNELS, 1, 1))
    value = net.node("Mul", net.x, inverse)
    if shifts:
        offset = net.node("Sub", net.shifts(1, CHANNELS, 1, 1), net.node("Mul", mean, inverse))
    else:
        offset = net.node("Mul", net.node("Neg", mean), inverse)
    return net.finish(net.node("Add", value, offset))


def keras_contrib() -> onnx.ModelProto:
    """Epsilon is added to the deviation, whose mean is computed apart."""
    net = Spelled(8, 12)
    other = net.node("Sub", net.x, net.mean(net.x, 2, 3))
    deviation = net.node("Sqrt", net.mean(net.square(other), 2, 3))
    deviation = net.node("Add", deviation, net.number(EPSILON))
    value = net.node("Div", net.node("Sub", net.x, net.mean(net.x, 2, 3)), deviation)
    return net.finish(net.scaled(value))


def expanded() -> onnx.ModelProto:
    """As in torch's first fast-neural-style: statistics of rows, expanded to pictures before the root."""
    net = Spelled(28)
    rows = net.shaped(net.x, 1, CHANNELS, -1)
    count = PIXELS[0] * PIXELS[1]
    size = net.node("Shape", net.x)

    def spread(value: str) -> str:
        return net.node("Expand", net.node("Unsqueeze", value, net.whole(2, 3)), size)

    apart = net.node("Sub", rows, net.mean(rows, 2))
    variance = net.mean(net.square(apart), 2, keepdims=0)
    variance = net.node("Mul", variance, net.number(count / (count - 1)))
    scaled = net.node("Mul", spread(variance), net.number((count - 1) / count))
    value = net.node("Sub", net.x, spread(net.mean(rows, 2, keepdims=0)))
    return net.finish(net.scaled(net.node("Div", value, net.root(scaled))))


def adaptive() -> onnx.ModelProto:
    """AdaIN: the mean and the deviation become those of another picture."""
    net = Spelled(9)
    style = net.conv(net.begin, 3, CHANNELS, 3, pads=[1, 1, 1, 1])
    mean = net.mean(style, 2, 3)
    deviation = net.root(net.mean(net.square(net.node("Sub", style, mean)), 2, 3))
    value = net.node("Mul", net.normalized(net.x, 2, 3), deviation)
    return net.finish(net.node("Add", value, mean))


def group(groups: int, channels: int, opset: int, *, plain: bool = True) -> onnx.ModelProto:
    """torch's, by both of its exporters: an instance norm of groups."""
    net = Spelled(10, opset, channels)
    scale, shift = (net.constant(np.full(groups, value, np.float32)) for value in (1, 0))
    if not plain:
        scale, shift = net.gains(groups), net.shifts(groups)
    rows = net.node("Reshape", net.x, net.whole(0, groups, -1))
    value = net.node("InstanceNormalization", rows, scale, shift, epsilon=EPSILON)
    return net.finish(net.scaled(net.node("Reshape", value, net.node("Shape", net.x))), 2)


def group_of_five() -> onnx.ModelProto:
    """Pictures of five dimensions, scaled and shifted there."""
    net = Spelled(11)
    x = net.shaped(net.x, 1, 2, CHANNELS // 2, *PIXELS)
    value = net.normalized(x, 2, 3, 4)
    value = net.node("Mul", value, net.gains(1, 2, CHANNELS // 2, 1, 1))
    return net.finish(net.shaped(value, 1, CHANNELS, *PIXELS))


def group_operator(groups: int, channels: int) -> onnx.ModelProto:
    net = Spelled(12, 21, channels)
    scale, shift = net.gains(channels), net.shifts(channels)
    return net.finish(
        net.node("GroupNormalization", net.x, scale, shift, num_groups=groups, epsilon=EPSILON)
    )


def layer_operator(axis: int, *dims: int) -> onnx.ModelProto:
    net = Spelled(13)
    scale, shift = net.gains(*dims), net.shifts(*dims)
    return net.finish(net.node("LayerNormalization", net.x, scale, shift, axis=axis, epsilon=EPSILON), 2)


def layer_of_channels(channels: int) -> onnx.ModelProto:
    """As ConvNeXt's: each pixel by itself."""
    net = Spelled(14, channels=channels)
    return net.finish(net.scaled(net.normalized(net.x, 1)), 2)


def layer_of_last(channels: int) -> onnx.ModelProto:
    """The same by LayerNormalization, with channels last."""
    net = Spelled(15, channels=channels)
    last = net.node("Transpose", net.x, perm=[0, 2, 3, 1])
    value = net.node("LayerNormalization", last, net.gains(channels), net.shifts(channels), epsilon=EPSILON)
    return net.finish(net.node("Transpose", value, perm=[0, 3, 1, 2]))


def layer_of_all() -> onnx.ModelProto:
    """As MUNIT's, whose mean and deviation are those of all channels."""
    net = Spelled(16, channels=6)
    flat = net.shaped(net.x, 2, -1)
    count = 6 * PIXELS[0] * PIXELS[1]
    mean = net.shaped(net.mean(flat, 1, keepdims=0), 2, 1, 1, 1)
    apart = net.node("Sub", flat, net.mean(flat, 1))
    variance = net.node(
        "Div", net.node("Mul", net.mean(net.square(apart), 1), net.number(count)), net.number(count - 1)
    )
    deviation = net.node("Add", net.shaped(net.node("Sqrt", variance), 2, 1, 1, 1), net.number(EPSILON))
    value = net.node("Div", net.node("Sub", net.x, mean), deviation)
    return net.finish(net.scaled(value), 2)


def layer_of_tokens() -> onnx.ModelProto:
    """As in the Annotated Transformer: a * (x - mean) / (deviation + epsilon) + b."""
    net = Spelled(17, gain=1)
    tokens = net.node("Transpose", net.shaped(net.x, 1, CHANNELS, -1), perm=[0, 2, 1])
    mean = net.mean(tokens, 2)
    apart = net.node("Sub", tokens, mean)
    variance = net.node("Mul", net.mean(net.square(apart), 2), net.number(CHANNELS / (CHANNELS - 1)))
    deviation = net.node("Add", net.node("Sqrt", variance), net.number(EPSILON))
    value = net.node("Div", net.node("Mul", net.gains(CHANNELS), apart), deviation)
    value = net.node("Transpose", net.node("Add", value, net.shifts(CHANNELS)), perm=[0, 2, 1])
    return net.finish(net.shaped(value, 1, CHANNELS, *PIXELS))


def from_torch(dynamo: bool) -> onnx.ModelProto:
    """Norms in the words of their authors, as torch exports them."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Norms(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Conv2d(n, 12, 3, padding=1) for n in (3, 12, 12, 12, 12))
            self.groups = nn.GroupNorm(3, 12)
            self.weight = nn.Parameter(1 + 0.1 * torch.randn(12, 1, 1))
            self.last = nn.Conv2d(12, 3, 1)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            x = self.layers[0](image)
            mean, variance = x.mean((2, 3), keepdim=True), x.var((2, 3), keepdim=True)
            x = functional.relu((x - mean) / (variance + 1e-5).sqrt() * self.weight)
            x = self.layers[1](x)
            mean = x.mean(1, keepdim=True)
            x = (x - mean) * torch.rsqrt((x - mean).pow(2).mean(1, keepdim=True) + 1e-6)
            x = functional.relu(self.groups(self.layers[2](x)))
            x = self.layers[3](x)
            variance, mean = torch.var_mean(x, (2, 3), unbiased=False, keepdim=True)
            x = functional.relu(self.weight * ((x - mean) / torch.sqrt(variance + 1e-5)))
            x = self.layers[4](x)
            rows = x.flatten(1)
            deviation = rows.std(1).view(-1, 1, 1, 1)
            x = (x - rows.mean(1).view(-1, 1, 1, 1)) / (deviation + 1e-5)
            return torch.sigmoid(self.last(x))

    torch.manual_seed(3)
    return exported(Norms(), *PIXELS, 18 if dynamo else OPSET, dynamo=dynamo)


def fast_neural_style() -> onnx.ModelProto:
    """As its ONNX files of 2018: pictures from 0 to 255, spelled-out norms, pixels doubled by Concat."""
    net = Spelled(27, 9)
    net.begin = net.node("Mul", "image", net.number(BRIGHT))

    def reflected(value: str, pad: int) -> str:
        return net.node("Pad", value, pads=[0, 0, pad, pad, 0, 0, pad, pad], mode="reflect")

    def normed(value: str, channels: int) -> str:
        def mean(all: str) -> str:
            return net.mean(net.shaped(all, 1, channels, 1, -1), 3)

        apart = net.node("Sub", value, mean(value))
        value = net.node("Div", apart, net.root(mean(net.node("Mul", apart, apart)), 1e-5))
        scale, shift = (
            net.shaped(one, -1, channels, 1, 1) for one in (net.gains(channels), net.shifts(channels))
        )
        return net.node("Add", net.node("Mul", value, scale), shift)

    def doubled(value: str, channels: int, height: int, width: int) -> str:
        column = net.shaped(value, -1, 1)
        rows = net.shaped(net.node("Concat", column, column, axis=1), -1, 2 * width)
        return net.shaped(net.node("Concat", rows, rows, axis=1), -1, channels, 2 * height, 2 * width)

    value = net.node("Relu", normed(net.conv(reflected(net.begin, 4), 3, 8, 9), 8))
    value = net.node("Relu", normed(net.conv(reflected(value, 1), 8, 16, 3, strides=[2, 2]), 16))
    inner = net.node("Relu", normed(net.conv(reflected(value, 1), 16, 16, 3), 16))
    value = net.node("Add", normed(net.conv(reflected(inner, 1), 16, 16, 3), 16), value)
    value = net.conv(reflected(doubled(value, 16, 24, 16), 1), 16, 8, 3)
    value = net.conv(reflected(net.node("Relu", normed(value, 8)), 4), 8, 3, 9)
    return net.model([1, 3, 48, 32], value, opset=9)


IMAGE = (1, 3, *PIXELS)
PAIR = (2, 3, *PIXELS)
Maker = Callable[[], onnx.ModelProto]
SPELLED: dict[str, tuple[Maker, tuple[int, ...], int]] = {
    "instance-by-pow": (instance_by_pow, PAIR, 1),
    "instance-by-reciprocal": (instance_by_reciprocal, IMAGE, 1),
    "instance-by-power": (instance_by_power, IMAGE, 1),
    "instance-by-pooling": (instance_by_pooling, PAIR, 1),
    "instance-by-sums": (instance_by_sums, IMAGE, 1),
    "instance-of-rows-9": (partial(instance_of_rows, 9), IMAGE, 1),
    "instance-of-rows-17": (partial(instance_of_rows, 17), IMAGE, 1),
    "tensorflow": (partial(tensorflow, True, True), IMAGE, 1),
    "tensorflow-plain": (partial(tensorflow, False, False), IMAGE, 1),
    "tensorflow-shifted": (partial(tensorflow, False, True), IMAGE, 1),
    "keras-contrib": (keras_contrib, IMAGE, 1),
    "expanded": (expanded, IMAGE, 1),
    "keras-instance": (keras_instance, IMAGE, 1),
    "keras-layer": (keras_layer, IMAGE, 0),
    "keras-group-1": (partial(keras_group, 1), IMAGE, 0),
    "keras-group-2": (partial(keras_group, 2), IMAGE, 0),
    "keras-group-8": (partial(keras_group, 8), IMAGE, 1),
    "convnext-13": (partial(convnext, 13), IMAGE, 1),
    "convnext-17": (partial(convnext, 17), IMAGE, 1),
    "restormer-13": (partial(restormer, 13), IMAGE, 1),
    "restormer-17": (partial(restormer, 17), IMAGE, 1),
    "activated-between": (activated_between, IMAGE, 1),
    "adaptive": (adaptive, IMAGE, 1),
    "group-2": (partial(group, 2, 8, 17), PAIR, 1),
    "group-of-two": (partial(group, 5, 10, 18), PAIR, 1),
    "group-of-three": (partial(group, 4, 12, 17), PAIR, 1),
    "group-of-all": (partial(group, 1, 6, 18), PAIR, 1),
    "group-scaled": (partial(group, 3, 12, 17, plain=False), PAIR, 1),
    "group-of-five": (group_of_five, IMAGE, 1),
    "group-operator": (partial(group_operator, 2, 24), IMAGE, 1),
    "group-operator-of-five": (partial(group_operator, 3, 15), IMAGE, 1),
    "layer-of-pictures": (partial(layer_operator, 1, CHANNELS, *PIXELS), PAIR, 1),
    "layer-of-planes": (partial(layer_operator, 2, *PIXELS), PAIR, 1),
    "layer-of-rows": (partial(layer_operator, -1, PIXELS[1]), PAIR, 1),
    "layer-of-channels-8": (partial(layer_of_channels, 8), PAIR, 1),
    "layer-of-channels-6": (partial(layer_of_channels, 6), PAIR, 1),
    "layer-of-last": (partial(layer_of_last, 10), IMAGE, 1),
    "layer-of-all": (layer_of_all, PAIR, 1),
    "layer-of-tokens": (layer_of_tokens, IMAGE, 1),
    "norms-from-torch": (partial(from_torch, False), IMAGE, 5),
    "norms-from-dynamo": (partial(from_torch, True), IMAGE, 5),
    "fast-neural-style": (fast_neural_style, (1, 3, 48, 32), 5),
    "mean-elsewhere": (mean_elsewhere, IMAGE, 1),
    "other-subtracted": (other_subtracted, IMAGE, 0),
    "other-divided": (other_divided, IMAGE, 0),
    "other-axes": (other_axes, IMAGE, 0),
    "turned-mean": (partial(turned_mean, deviation=False), IMAGE, 0),
    "turned-deviation": (partial(turned_mean, deviation=True), IMAGE, 0),
    "no-mean": (no_mean, IMAGE, 0),
    "cubes": (cubes, IMAGE, 0),
    "far-offset": (far_offset, IMAGE, 0),
    "scales-of-other-channels": (scales_of_other_channels, IMAGE, 0),
}
"""How each is made, its picture, and how many normalizations are to be found in it."""

ALONE = {"activated-between", "expanded", "keras-instance", "keras-group-8"} | {
    f"{name}-{opset}" for name in ("convnext", "restormer") for opset in (13, 17)
}
"""Those of which two convolutions are left, and the normalization between them."""


def write_normalizations(folder: Path) -> None:
    networks: Networks = {name: (make, shape) for name, (make, shape, _) in SPELLED.items()}
    write_networks(folder, networks, "normalizations")
    path = folder / "normalizations.json"
    listed = json.loads(path.read_text())
    for one in listed:
        one["norms"] = SPELLED[one["name"]][2]
        one["alone"] = one["name"] in ALONE
    path.write_text(json.dumps(listed))
