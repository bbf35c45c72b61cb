"""Networks as other exporters and quantisers write them, with arithmetic on weights, Concats of many
tensors, or QuantizeLinear and DequantizeLinear around every layer."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import onnx

from onnx_cases.network import Network
from onnx_cases.torch_export import exported
from onnx_cases.writing import Networks, write_networks

if TYPE_CHECKING:
    from torch import nn


def spectral_generator(normed: Callable[[Any], Any]) -> nn.Module:
    """As in SAGAN and SPADE: attention, normalisation modulated by the picture, and spectral normalisation
    (each weight is divided by its largest singular value), which `normed` applies."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Modulated(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.shared = normed(nn.Conv2d(3, 12, 3, padding=1))
            self.gain = normed(nn.Conv2d(12, channels, 3, padding=1))
            self.shift = normed(nn.Conv2d(12, channels, 3, padding=1))
            self.norm = nn.InstanceNorm2d(channels)

        def forward(self, x: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
            factor = image.shape[2] // x.shape[2]
            seen = functional.relu(self.shared(functional.avg_pool2d(image, factor)))
            return cast(torch.Tensor, self.norm(x) * (1 + self.gain(seen)) + self.shift(seen))

    class Generator(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = normed(nn.Conv2d(3, 24, 4, stride=4))
            self.style = normed(nn.Linear(24, 24, bias=False))
            self.modulated = Modulated(24)
            self.keys = nn.ModuleList(normed(nn.Conv2d(24, n, 1, bias=False)) for n in (6, 6, 12))
            self.back = normed(nn.Conv2d(12, 24, 1, bias=False))
            self.inner = normed(nn.Conv2d(24, 24, 3, padding=1, groups=2))
            self.up = normed(nn.ConvTranspose2d(24, 16, 4, stride=2, padding=1))
            self.last = normed(nn.Conv2d(16, 3, 3, padding=1))

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            x = self.down(image)
            x = x * torch.sigmoid(self.style(x.mean((2, 3))))[:, :, None, None]
            x = functional.leaky_relu(self.modulated(x, image), 0.2)
            query, key, value = (layer(x).flatten(2) for layer in self.keys)
            seen = torch.softmax(query.transpose(1, 2) @ key, dim=-1)
            x = x + 0.5 * self.back((value @ seen.transpose(1, 2)).view(-1, 12, *x.shape[2:]))
            x = functional.leaky_relu(self.up(functional.relu(self.inner(x))), 0.2)
            return torch.tanh(self.last(functional.interpolate(x, scale_factor=2.0)))

    torch.manual_seed(10)
    generator = Generator()
    # Each forward pass in training runs one more power iteration for the singular vectors.
    for _ in range(4):
        generator(torch.rand(2, 3, 32, 32))
    return generator.eval()


def spectral_hooks(folding: bool) -> onnx.ModelProto:
    from torch.nn.utils import spectral_norm

    return exported(spectral_generator(spectral_norm), 32, 48, do_constant_folding=folding)


def spectral_parametrisations() -> onnx.ModelProto:
    """By the dynamo exporter, which keeps the traced graph if it is not asked to optimise."""
    from torch.nn.utils.parametrizations import spectral_norm

    return exported(spectral_generator(spectral_norm), 32, 48, 18, dynamo=True, optimize=False)


def tracked_instance_norm() -> onnx.ModelProto:
    """torch repeats the running statistics for each picture of a batch, by Tile."""
    import torch
    from torch import nn

    norm = nn.InstanceNorm2d(10, affine=True, track_running_stats=True)
    torch.manual_seed(12)
    layers = nn.Sequential(nn.Conv2d(3, 10, 3), norm, nn.LeakyReLU(0.2), nn.Conv2d(10, 3, 3))
    layers(4 * torch.rand(2, 3, 20, 28))
    return exported(layers, 20, 28, do_constant_folding=False)


def dense() -> onnx.ModelProto:
    """As DenseNet, whose layers read all earlier outputs; and Sum, Mean and Concat of nine tensors."""
    net = Network(11)
    parts = [net.conv("image", 3, 10, 3, pads=[1, 1, 1, 1])]
    for growth in (6, 8):
        # Tensors of eight channels can share one buffer without a copy, but for one Concat only.
        for layer in range(9):
            seen = net.node("Concat", *parts, axis=1) if layer else parts[0]
            count = (10 if growth == 6 else 12) + growth * layer
            parts.append(net.conv(net.node("Relu", seen), count, growth, 3, pads=[1, 1, 1, 1]))
        whole = net.node("Concat", *parts, axis=1)
        count = (10 if growth == 6 else 12) + growth * 9
        parts = [net.conv(whole, count, 12, 1)]
    nine = [net.node("Tanh", net.conv(parts[0], 12, 4, 3, pads=[1, 1, 1, 1])) for _ in range(9)]
    made = [net.node(op, *nine) for op in ("Sum", "Max", "Min", "Mean")]
    tall, wide = (net.node("Concat", *nine, axis=axis) for axis in (2, 3))
    small = [net.node("MaxPool", tall, kernel_shape=[9, 1], strides=[9, 1])]
    small += [net.node("MaxPool", wide, kernel_shape=[1, 9], strides=[1, 9])]
    batch = net.node("Concat", *nine, axis=0)
    made += [*small, net.node("ReduceMax", batch, axes=[0])]
    # Concatenated without a copy, however many there are, because no other Concat reads them.
    apart = [net.node("Abs", value) for value in made for _ in range(2)]
    value = net.node("Concat", *apart, axis=1)
    return net.model([1, 3, 20, 28], net.conv(value, 56, 3, 1))


def classifier() -> nn.Module:
    """As MobileNetV2."""
    from torch import Tensor, nn

    def layer(inputs: int, outputs: int, side: int, stride: int = 1, group: int = 1) -> nn.Sequential:
        convolution = nn.Conv2d(inputs, outputs, side, stride, side // 2, groups=group, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU6())

    class Inverted(nn.Module):
        def __init__(self, inputs: int, outputs: int, stride: int) -> None:
            super().__init__()
            wide = 3 * inputs
            narrow = nn.Conv2d(wide, outputs, 1, bias=False)
            inner = layer(wide, wide, 3, stride, wide)
            self.layers = nn.Sequential(layer(inputs, wide, 1), inner, narrow, nn.BatchNorm2d(outputs))
            self.residual = inputs == outputs and stride == 1

        def forward(self, x: Tensor) -> Tensor:
            return x + self.layers(x) if self.residual else cast(Tensor, self.layers(x))

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            blocks = (Inverted(16, 24, 2), Inverted(24, 24, 1), Inverted(24, 32, 2))
            self.features = nn.Sequential(layer(3, 16, 3, 2), *blocks, layer(32, 64, 1))
            self.last = nn.Linear(64, 10)

        def forward(self, image: Tensor) -> Tensor:
            return cast(Tensor, self.last(self.features(image).mean((2, 3))))

    return Classifier()


def unet() -> nn.Module:
    """Strided and transposed convolutions, Concat, and a Resize."""
    import torch
    from torch import Tensor, nn

    def down(inputs: int, outputs: int) -> nn.Sequential:
        convolution = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2))

    def up(inputs: int, outputs: int) -> nn.Sequential:
        convolution = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.downs = nn.ModuleList((down(3, 16), down(16, 32), down(32, 48)))
            self.ups = nn.ModuleList((up(48, 32), up(64, 16)))
            self.grown = nn.Upsample(scale_factor=2)
            self.last = nn.Conv2d(32, 3, 3, 1, 1)

        def forward(self, image: Tensor) -> Tensor:
            first = self.downs[0](image)
            second = self.downs[1](first)
            x = torch.cat([self.ups[0](self.downs[2](second)), second], 1)
            x = torch.cat([self.ups[1](x), first], 1)
            return torch.tanh(self.last(self.grown(x)))

    return UNet()


def static(make: Callable[[], nn.Module], weights: str, values: str, per_channel: bool) -> onnx.ModelProto:
    """By ONNX Runtime's static quantiser, which calibrates the range of every tensor on some pictures."""
    import torch
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Pictures(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            drawn = (np.random.default_rng(i).random((1, 3, 48, 64), dtype=np.float32) for i in range(4))
            self.pictures = ({"image": picture} for picture in drawn)

        def get_next(self) -> dict[str, Any] | None:
            return next(self.pictures, None)

    torch.manual_seed(12)
    network = make().train()
    for _ in range(8):
        network(torch.rand(4, 3, 48, 64))
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "quantised.onnx"
            # ONNX Runtime's sums of products of bytes with signed bytes saturate at 16 bits on CPUs that
            # have AVX2 but no VNNI, unless the weights have seven bits.
            quantize_static(
                exported(network, 48, 64), path, Pictures(), quant_format=QuantFormat.QDQ,
                per_channel=per_channel, weight_type=QuantType[weights], activation_type=QuantType[values],
                reduce_range=weights == "QInt8",
            )  # fmt: skip
            return onnx.load(path)
    finally:
        logging.disable(level)


def arithmetic_on_bytes() -> onnx.ModelProto:
    """Eight-bit weights that other exporters transpose, reshape and scale before use."""
    net = Network(13)

    def stored(*shape: int, axis: int | None, unsigned: bool = False) -> str:
        low, high = (0, 256) if unsigned else (-128, 128)
        values = net.random.integers(low, high, shape).astype(np.uint8 if unsigned else np.int8)
        count = () if axis is None else (shape[axis],)
        scale = (net.random.random(count) * 0.01 + 0.001).astype(np.float32)
        zero = np.full(count, 128 if unsigned else 3).astype(values.dtype)
        named = [net.constant(np.asarray(array)) for array in (values, scale, zero)]
        return net.node("DequantizeLinear", *named, axis=0 if axis is None else axis)

    same: dict[str, Any] = {"pads": [1, 1, 1, 1]}
    # TensorFlow's weight layout: height, width, in, out.
    turned = net.node("Transpose", stored(3, 3, 3, 24, axis=3), perm=[3, 2, 0, 1])
    value = net.node("Relu", net.node("Conv", "image", turned, **same))
    deep = net.node("Reshape", stored(3, 3, 24, 1, axis=2), net.whole(3, 3, 1, 24))
    deep = net.node("Transpose", deep, perm=[3, 2, 0, 1])
    value = net.node("Relu", net.node("Conv", value, deep, group=24, **same))
    # Batch norm that was not folded into the weights.
    gain = net.constant(1 + net.drawn(32, 1, 1, 1, gain=0.2))
    scaled = net.node("Mul", stored(32, 24, 1, 1, axis=0, unsigned=True), gain)
    value = net.node("Relu", net.node("Conv", value, scaled))
    # Standardised, and divided by a norm.
    weights = stored(16, 32, 3, 3, axis=None)
    weights = net.node("Sub", weights, net.node("ReduceMean", weights, axes=[1, 2, 3]))
    norm = net.node("ReduceL2", weights, axes=[1, 2, 3])
    value = net.node("Relu", net.node("Conv", value, net.node("Div", weights, norm), **same))
    # A linear layer's matrix as a 1x1 convolution.
    square = net.node("Reshape", stored(16, 16, axis=0), net.whole(16, 16, 1, 1))
    value = net.node("Relu", net.node("Conv", value, square))
    widened = net.node("Unsqueeze", stored(16, 8, 4, axis=None), net.whole(3))
    halved = net.node("Mul", widened, net.constant(np.array(0.5, dtype=np.float32)))
    halved = net.node("Concat", halved, halved, axis=3)
    value = net.node("ConvTranspose", value, halved, strides=[4, 2])
    # Divided by its largest singular value.
    rows = stored(3, 8, axis=0)
    longest = net.node(
        "MatMul", net.constant(net.drawn(3)), net.node("MatMul", rows, net.constant(net.drawn(8)))
    )
    made = net.node("Div", rows, net.node("Abs", longest))
    value = net.node("Conv", value, net.node("Unsqueeze", made, net.whole(2, 3)))
    return net.model([1, 3, 12, 20], net.node("Tanh", value))


EXPORTS: Networks = {
    "spectral-hooks": (partial(spectral_hooks, False), (1, 3, 32, 48)),
    "spectral-hooks-folded": (partial(spectral_hooks, True), (1, 3, 32, 48)),
    "spectral-parametrisations": (spectral_parametrisations, (1, 3, 32, 48)),
    "tracked-instance-norm": (tracked_instance_norm, (1, 3, 20, 28)),
    "dense": (dense, (1, 3, 20, 28)),
    "arithmetic-on-bytes": (arithmetic_on_bytes, (1, 3, 12, 20)),
    "static-classifier-int8": (partial(static, classifier, "QInt8", "QUInt8", True), (1, 3, 48, 64)),
    "static-classifier-uint8": (partial(static, classifier, "QUInt8", "QUInt8", False), (1, 3, 48, 64)),
    "static-unet-int8": (partial(static, unet, "QInt8", "QInt8", False), (1, 3, 48, 64)),
    "static-unet-uint8": (partial(static, unet, "QUInt8", "QUInt8", True), (1, 3, 48, 64)),
}


def last_step(model: onnx.ModelProto) -> float:
    """The scale of the last QuantizeLinear."""
    *_, last = (node for node in model.graph.node if node.op_type == "QuantizeLinear")
    [scale] = (
        onnx.numpy_helper.to_array(one) for one in model.graph.initializer if one.name == last.input[1]
    )
    return float(scale)


def write_exports(folder: Path) -> None:
    """Quantised networks are listed with their last scale: a sum halfway between two integers may round
    either way, depending on the order of the additions."""
    write_networks(folder, EXPORTS, "exports")
    path = folder / "exports.json"
    listed = json.loads(path.read_text())
    for one in listed:
        if one["name"].startswith("static-"):
            one["step"] = last_step(onnx.load(folder / f"{one['name']}.onnx"))
    path.write_text(json.dumps(listed))
