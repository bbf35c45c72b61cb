"""Networks that are nearly normalizations: none may be taken for one, or its values are others."""

from __future__ import annotations

import onnx

from onnx_cases.spelled import CHANNELS, PIXELS, Spelled


def mean_elsewhere() -> onnx.ModelProto:
    """Another node reads the mean and the deviation: both are computed, and the norm too."""
    net = Spelled(18)
    mean = net.mean(net.x, 2, 3)
    apart = net.node("Sub", net.x, mean)
    deviation = net.root(net.mean(net.square(apart), 2, 3))
    value = net.node("Div", apart, deviation)
    value = net.node("Add", value, net.node("Tanh", net.node("Mul", mean, deviation)))
    return net.finish(net.node("Add", value, net.node("Mul", apart, net.number(1e-3))))


def other_subtracted() -> onnx.ModelProto:
    net = Spelled(19)
    other = net.conv(net.begin, 3, CHANNELS, 3, pads=[1, 1, 1, 1])
    apart = net.node("Sub", net.x, net.mean(other, 2, 3))
    return net.finish(net.node("Div", apart, net.root(net.mean(net.square(apart), 2, 3))))


def other_divided() -> onnx.ModelProto:
    net = Spelled(20)
    other = net.conv(net.begin, 3, CHANNELS, 3, pads=[1, 1, 1, 1])
    apart = net.node("Sub", other, net.mean(other, 2, 3))
    own = net.node("Sub", net.x, net.mean(net.x, 2, 3))
    return net.finish(net.node("Div", own, net.root(net.mean(net.square(apart), 2, 3))))


def other_axes() -> onnx.ModelProto:
    net = Spelled(21)
    apart = net.node("Sub", net.x, net.mean(net.x, 3))
    value = net.node("Div", apart, net.root(net.mean(net.square(apart), 2, 3)))
    apart = net.node("Sub", value, net.mean(value, 2, 3))
    return net.finish(net.node("Div", apart, net.root(net.mean(net.square(apart), 1, 2, 3))))


def turned_mean(*, deviation: bool) -> onnx.ModelProto:
    """The statistics of rows, taken from columns: the same numbers in another place."""
    net = Spelled(22)
    square = net.node("Slice", net.x, net.whole(0, 0), net.whole(8, 8), net.whole(2, 3))

    def moved(value: str, turns: bool) -> str:
        return net.shaped(value, 1, CHANNELS, 1, 8) if turns else value

    apart = net.node("Sub", square, moved(net.mean(square, 3), not deviation))
    own = net.node("Sub", square, net.mean(square, 3))
    variance = net.mean(net.square(own), 3)
    value = net.node("Div", apart, moved(net.root(variance), deviation))
    padded = net.node("Pad", value, net.whole(0, 0, 0, 0, 0, 0, PIXELS[0] - 8, PIXELS[1] - 8))
    return net.finish(padded)


def no_mean() -> onnx.ModelProto:
    """A sum is subtracted, or nothing: root mean squares."""
    net = Spelled(23, gain=1)
    apart = net.node("Sub", net.x, net.node("ReduceSum", net.x, net.whole(2, 3)))
    value = net.node("Div", apart, net.root(net.mean(net.square(apart), 2, 3)))
    return net.finish(net.node("Div", value, net.root(net.mean(net.square(value), 2, 3))))


def cubes() -> onnx.ModelProto:
    net = Spelled(24, gain=1)
    apart = net.node("Sub", net.x, net.mean(net.x, 2, 3))
    other = net.node("Sub", net.x, net.number(0.5))
    cubes = net.node("Abs", net.mean(net.node("Pow", apart, net.number(3)), 2, 3))
    mixed = net.node("Abs", net.mean(net.node("Mul", apart, other), 2, 3))
    value = net.node(
        "Add", net.node("Div", apart, net.root(cubes)), net.node("Div", apart, net.root(mixed))
    )
    return net.finish(value)


def far_offset() -> onnx.ModelProto:
    """As TensorFlow normalizes, but with the mean of another tensor, or with other factors."""
    net = Spelled(25, gain=1)
    other = net.conv(net.begin, 3, CHANNELS, 3, pads=[1, 1, 1, 1])
    mean = net.mean(net.x, 2, 3)
    variance = net.mean(net.square(net.node("Sub", net.x, mean)), 2, 3)
    inverse = net.node("Reciprocal", net.root(variance))
    parts = []
    for wrong, factor in ((net.mean(other, 2, 3), inverse), (mean, net.root(variance))):
        offset = net.node("Sub", net.shifts(CHANNELS, 1, 1), net.node("Mul", wrong, factor))
        parts.append(net.node("Add", net.node("Mul", net.x, inverse), offset))
    gains = [net.gains(CHANNELS, *PIXELS) for _ in range(2)]
    shifted = net.node("Mul", net.node("Mul", net.x, inverse), gains[0])
    offset = net.node("Mul", net.node("Mul", mean, inverse), gains[1])
    parts.append(net.node("Add", shifted, net.node("Sub", net.shifts(CHANNELS, *PIXELS), offset)))
    return net.finish(net.node("Sum", *parts))


def scales_of_other_channels() -> onnx.ModelProto:
    """A gain for each of other channels, which a reshape makes."""
    net = Spelled(26)
    apart = net.node("Sub", net.x, net.mean(net.x, 2, 3))
    variance = net.shaped(net.mean(net.square(apart), 2, 3), 1, 2, CHANNELS // 2, 1)
    inverse = net.node("Reciprocal", net.node("Mul", net.root(variance), net.gains(2, 1, 1)))
    return net.finish(net.node("Mul", apart, net.shaped(inverse, 1, CHANNELS, 1, 1)))
