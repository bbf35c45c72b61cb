"""SqueezeNet as ONNX nodes: forward to a layer, and from the layer's gradient back to the picture.

The backward pass is written with operators that run forward, so that any runtime of ONNX computes it: the
gradient of a convolution by its input is a transposed convolution with the same weights, that of ReLU a
product with the sign of its output, that of a concatenation slices. Max pooling is in `max_pool_graph`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from limner.art.graph_writer import GraphWriter
from limner.art.max_pool_graph import PoolValues, pool, unpool, write_slice
from limner.networks.feature_layers import LAYERS, Layer
from limner.networks.features import FIRES, POOLED_BEFORE, SqueezeNet

FIRST_KERNEL, STRIDE = 7, 2
"""Of the first convolution."""


@dataclass(frozen=True)
class FireValues:
    """A Fire module that ran: its layer, and the names of its values."""

    layer: Layer
    squeezed: str
    output: str


class SqueezeNetGraph:
    """The nodes of one pass forward and back, over square pictures of `pixels` a side, RGB in 0..1."""

    def __init__(self, writer: GraphWriter, network: SqueezeNet, pixels: int) -> None:
        self._writer = writer
        self._network = network
        self._pixels = pixels
        self._ran: list[PoolValues | FireValues] = []
        self._first = ""

    def forward(self, picture: str, layer: Layer) -> str:
        """The activations (1, C, h, w) of a layer."""
        add = self._writer.add
        side = (self._pixels - FIRST_KERNEL) // STRIDE + 1
        self._first = image = add(
            "Relu", add("Conv", picture, *self._first_weights(), strides=[STRIDE, STRIDE])
        )
        for name in LAYERS[: LAYERS.index(layer) + 1]:
            if name in POOLED_BEFORE:
                pooled = pool(self._writer, image, side)
                image, side = pooled.output, pooled.side
                self._ran.append(pooled)
            fired = self._fire(name, image)
            image = fired.output
            self._ran.append(fired)
        return image

    def backward(self, gradient: str) -> str:
        """The gradient by the picture, (1, 3, P, P), of a sum whose gradient by the layer this is."""
        for ran in reversed(self._ran):
            gradient = (
                unpool(self._writer, ran, gradient)
                if isinstance(ran, PoolValues)
                else self._unfire(ran, gradient)
            )
        add = self._writer.add
        weight, _ = self._first_weights()
        extra = (self._pixels - FIRST_KERNEL) % STRIDE
        return add(
            "ConvTranspose",
            self._where_positive(self._first, gradient),
            weight,
            strides=[STRIDE, STRIDE],
            output_padding=[extra, extra],
        )

    def _first_weights(self) -> tuple[str, str]:
        """Of the first convolution, for pictures in 0..1 where the network takes -1..1; it does not pad."""
        conv: Any = self._network.conv1
        weight, bias = conv.weight.double(), conv.bias.double()
        return (
            self._writer.constant("conv1.weight", (2 * weight).float().numpy()),
            self._writer.constant("conv1.bias", (bias - weight.sum((1, 2, 3))).float().numpy()),
        )

    def _weights(self, layer: Layer, part: str) -> tuple[str, str]:
        conv: Any = getattr(self._network.fires[layer], part)
        return (
            self._writer.constant(f"{layer}.{part}.weight", conv.weight.contiguous().numpy()),
            self._writer.constant(f"{layer}.{part}.bias", conv.bias.numpy()),
        )

    def _fire(self, layer: Layer, image: str) -> FireValues:
        add = self._writer.add
        squeezed = add("Relu", add("Conv", image, *self._weights(layer, "squeeze")))
        narrow = add("Conv", squeezed, *self._weights(layer, "expand1x1"))
        wide = add("Conv", squeezed, *self._weights(layer, "expand3x3"), pads=[1, 1, 1, 1])
        return FireValues(layer, squeezed, add("Relu", add("Concat", narrow, wide, axis=1)))

    def _unfire(self, fired: FireValues, gradient: str) -> str:
        add = self._writer.add
        _, _, expanded = FIRES[fired.layer]
        masked = self._where_positive(fired.output, gradient)
        narrow = write_slice(self._writer, masked, [1], [0], [expanded])
        wide = write_slice(self._writer, masked, [1], [expanded], [2 * expanded])
        squeezed = add(
            "Add",
            add("ConvTranspose", narrow, self._weights(fired.layer, "expand1x1")[0]),
            add("ConvTranspose", wide, self._weights(fired.layer, "expand3x3")[0], pads=[1, 1, 1, 1]),
        )
        weight, _ = self._weights(fired.layer, "squeeze")
        return add("ConvTranspose", self._where_positive(fired.squeezed, squeezed), weight)

    def _where_positive(self, output: str, gradient: str) -> str:
        """The gradient before a ReLU, of that after it."""
        return self._writer.add("Mul", gradient, self._writer.add("Sign", output))
