"""Normalizations between transposes, as files from TensorFlow and torch keep them."""

from __future__ import annotations

import onnx

from onnx_cases.spelled import EPSILON, PIXELS, Spelled

TO_LAST = [0, 2, 3, 1]
TO_FIRST = [0, 3, 1, 2]


class ChannelsLast(Spelled):
    """A normalization between two transposes."""

    def __init__(self, seed: int, opset: int = 17, channels: int = 8) -> None:
        super().__init__(seed, opset, channels)
        self.last = self.node("Transpose", self.x, perm=TO_LAST)

    def moments(self, x: str, *axes: int) -> tuple[str, str]:
        """tf.nn.moments."""
        mean = self.mean(x, *axes)
        return mean, self.mean(self.square(self.node("Sub", x, mean)), *axes)

    def batch_normalized(self, x: str, moments: tuple[str, str], *dims: int) -> str:
        """tf.nn.batch_normalization, with a gain and a shift of those dimensions."""
        mean, variance = moments
        inverse = self.node("Reciprocal", self.root(variance))
        inverse = self.node("Mul", inverse, self.gains(*dims))
        offset = self.node("Sub", self.shifts(*dims), self.node("Mul", mean, inverse))
        return self.node("Add", self.node("Mul", x, inverse), offset)

    def finish_last(self, value: str) -> onnx.ModelProto:
        return self.finish(self.node("Transpose", value, perm=TO_FIRST))


def keras_instance() -> onnx.ModelProto:
    net = ChannelsLast(30, 13)
    return net.finish_last(net.batch_normalized(net.last, net.moments(net.last, 1, 2), net.channels))


def keras_layer() -> onnx.ModelProto:
    net = ChannelsLast(31, 13)
    return net.finish_last(net.batch_normalized(net.last, net.moments(net.last, -1), net.channels))


def keras_group(groups: int) -> onnx.ModelProto:
    """Keras' GroupNormalization: pictures of five dimensions."""
    net = ChannelsLast(32, 13)
    each = net.channels // groups
    x = net.shaped(net.last, 1, *PIXELS, groups, each)
    value = net.batch_normalized(x, net.moments(x, 1, 2, 4), 1, 1, 1, groups, each)
    return net.finish_last(net.shaped(value, 1, *PIXELS, net.channels))


def convnext(opset: int) -> onnx.ModelProto:
    """ConvNeXt's, by the operator of opset 17, or spelled out as before."""
    net = ChannelsLast(33, opset)
    ends = net.gains(net.channels), net.shifts(net.channels)
    if opset >= 17:
        value = net.node("LayerNormalization", net.last, *ends, epsilon=EPSILON)
    else:
        value = net.node("Add", net.node("Mul", net.normalized(net.last, -1), ends[0]), ends[1])
    return net.finish_last(value)


def restormer(opset: int) -> onnx.ModelProto:
    """Restormer's: pixels as a list, and back."""
    net = ChannelsLast(34, opset)
    rows = net.node("Transpose", net.shaped(net.x, 1, net.channels, -1), perm=[0, 2, 1])
    ends = net.gains(net.channels), net.shifts(net.channels)
    if opset >= 17:
        value = net.node("LayerNormalization", rows, *ends, epsilon=EPSILON)
    else:
        value = net.node("Add", net.node("Mul", net.normalized(rows, -1), ends[0]), ends[1])
    value = net.node("Transpose", value, perm=[0, 2, 1])
    return net.finish(net.shaped(value, 1, net.channels, *PIXELS))


def activated_between() -> onnx.ModelProto:
    """A bias and an activation between the transposes too, and a number for each pixel."""
    net = ChannelsLast(35, 13)
    value = net.batch_normalized(net.last, net.moments(net.last, 1, 2), net.channels)
    value = net.node("Relu", net.node("Add", value, net.shifts(net.channels)))
    return net.finish_last(net.node("Mul", value, net.gains(*PIXELS, 1)))
