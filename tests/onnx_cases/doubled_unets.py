"""Networks that join doubled pictures with others."""

from __future__ import annotations

import numpy as np
import onnx

from onnx_cases.doubled import CHANNELS, SAME, Doubled, Step
from onnx_cases.torch_export import exported


def both_doubled() -> onnx.ModelProto:
    """Two doubled pictures, activated, concatenated and activated."""
    net = Doubled()
    other = net.node("Tanh", net.conv("image", 3, 5, 1))
    parts = [net.node("LeakyRelu", net.plain()), net.plain(other)]
    whole = net.node("Relu", net.node("Concat", *parts, axis=1))
    return net.finish(whole, CHANNELS + 5)


def added(*, doubled: bool) -> onnx.ModelProto:
    """A sum of two doubled pictures; or of one, and one that is not doubled."""
    net = Doubled()
    other = (
        net.plain(net.node("Tanh", net.conv("image", 3, CHANNELS, 1))) if doubled else net.skip(CHANNELS)
    )
    return net.finish(net.node("Add", net.plain(), other))


def read_twice() -> onnx.ModelProto:
    """Something else reads the doubled picture too."""
    net = Doubled()
    doubled = net.node("Relu", net.plain())
    value = net.conv(doubled, CHANNELS, CHANNELS, 3, **SAME)
    return net.finish(net.node("Mul", value, doubled))


def by_unet(*parts: int | None, last: Step | None = None, axis: int = 1) -> onnx.ModelProto:
    """A doubled picture (None) beside others of so many channels."""
    net = Doubled()
    whole = [net.node("Relu", net.plain()) if part is None else net.skip(part) for part in parts]
    value = net.node("Concat", *whole, axis=axis)
    channels = sum(CHANNELS if part is None else part for part in parts) if axis == 1 else CHANNELS
    if last is None:
        return net.finish(value, channels)
    return net.finish(last(net, value), channels, pads=[0, 0, 0, 0])


def few_doubled() -> onnx.ModelProto:
    """One doubled channel beside others, for three outputs: the sum between would be more than it saves."""
    net = Doubled()
    value = net.node("Concat", net.plain(net.conv(net.x, CHANNELS, 1, 1)), net.skip(7), axis=1)
    return net.finish(value)


def quantized_unet() -> onnx.ModelProto:
    """Two convolutions share weights of eight bits, with a scale and a zero point for each output."""
    net = Doubled()
    stored = net.constant(net.random.integers(0, 256, (CHANNELS, 14, 3, 3), dtype=np.uint8))
    scale = net.constant(np.abs(net.drawn(CHANNELS, gain=2e-3)) + np.array(1e-3, np.float32))
    zero = net.constant(net.random.integers(100, 156, CHANNELS, dtype=np.uint8))
    weights = net.node("DequantizeLinear", stored, scale, zero, axis=0)
    parts = [net.plain(), net.skip(6)]
    value = net.node("Conv", net.node("Concat", *parts, axis=1), weights, **SAME)
    again = net.node(
        "Conv", net.node("Concat", net.node("Tanh", parts[0]), parts[1], axis=1), weights, **SAME
    )
    return net.finish(net.node("Tanh", net.node("Add", value, again)))


def two_splits() -> onnx.ModelProto:
    """Two convolutions share weights, for concatenations in another order."""
    net = Doubled()
    weights = net.constant(net.drawn(CHANNELS, 2 * CHANNELS, 3, 3, gain=0.1))
    parts = [net.plain(), net.skip(CHANNELS)]
    made = [
        net.node("Tanh", net.node("Conv", net.node("Concat", *order, axis=1), weights, **SAME))
        for order in (parts, parts[::-1])
    ]
    return net.finish(net.node("Add", *made))


def from_torch(opset: int, *, open_sizes: bool = False, dynamo: bool = False) -> onnx.ModelProto:
    """Decoders in torch's words: an activation, a norm, a skip and a border after the doubling."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Conv2d(3, 8, 3, 2, 1)
            self.bottom = nn.Conv2d(8, 12, 3, 2, 1)
            self.up = nn.Sequential(
                nn.ReLU(), nn.Upsample(scale_factor=2), nn.LeakyReLU(0.2), nn.ReflectionPad2d(1),
                nn.Conv2d(12, 8, 3), nn.InstanceNorm2d(8),
            )  # fmt: skip
            self.norm = nn.BatchNorm2d(16)
            self.join = nn.Conv2d(16, 8, 3, padding=1)
            self.last = nn.Conv2d(11, 3, 3, padding=1)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            skip = self.down(image)
            x = self.up(self.bottom(skip))
            x = self.join(functional.relu(self.norm(torch.cat([x, skip], 1))))
            size = (2 * x.shape[2], 2 * x.shape[3])
            x = functional.elu(functional.interpolate(x, size=size, mode="nearest"))
            return torch.sigmoid(self.last(torch.cat([image, x], 1)))

    torch.manual_seed(4)
    axes = {"image": {0: "batch", 2: "height", 3: "width"}}
    return exported(
        Decoder(), 24, 32, opset=opset, dynamo=dynamo, **({"dynamic_axes": axes} if open_sizes else {})
    )
