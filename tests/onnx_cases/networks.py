"""Complete networks with random weights, as exporters write them, and ONNX Runtime's outputs for them."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from onnx_cases.unets import Array, Graph

OPSET = 17


class Network(Graph):
    """Collects layers; each method returns the name of its output."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, "float32")

    def drawn(self, *shape: int, gain: float = 1) -> Array:
        return (self.random.standard_normal(shape) * gain).astype(np.float32)

    def whole(self, *values: int) -> str:
        return self.constant(np.array(values, dtype=np.int64))

    def conv(self, value: str, inputs: int, outputs: int, side: int, **attributes: Any) -> str:
        shape = (outputs, inputs // attributes.get("group", 1), side, side)
        weights = self.constant(self.drawn(*shape, gain=math.sqrt(2 / (shape[1] * side * side))))
        return self.node("Conv", value, weights, self.constant(self.drawn(outputs, gain=0.1)), **attributes)

    def reflected(self, value: str, pad: int) -> str:
        return self.node("Pad", value, self.whole(0, 0, pad, pad, 0, 0, pad, pad), mode="reflect")

    def instance_norm(self, value: str, channels: int) -> str:
        scale = self.constant(1 + self.drawn(channels, gain=0.1))
        return self.node(
            "InstanceNormalization", value, scale, self.constant(self.drawn(channels, gain=0.1))
        )

    def batch_norm(self, value: str, channels: int) -> str:
        scale, shift, mean = (self.constant(self.drawn(channels, gain=0.3) + one) for one in (1, 0, 0))
        variance = self.constant(np.abs(self.drawn(channels)) + np.array(0.5, dtype=np.float32))
        return self.node("BatchNormalization", value, scale, shift, mean, variance)

    def block(self, value: str, channels: int) -> str:
        """A residual block: two convolutions with reflection padding."""
        inner = self.conv(self.reflected(value, 1), channels, channels, 3)
        inner = self.node("Relu", self.instance_norm(inner, channels))
        inner = self.conv(self.reflected(inner, 1), channels, channels, 3)
        return self.node("Add", value, self.instance_norm(inner, channels))

    def model(
        self, given: list[int | str], output: str, made: str = "nchw", opset: int = OPSET
    ) -> onnx.ModelProto:
        self.node("Identity", output, output="out")
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, given)
        out = helper.make_tensor_value_info("out", TensorProto.FLOAT, list(made))
        graph = helper.make_graph(self.nodes, "network", [image], [out], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        onnx.checker.check_model(model)
        return model


def resnet_generator() -> onnx.ModelProto:
    """As CycleGAN's: strided convolutions, residual blocks, transposed convolutions with output padding."""
    net = Network(1)
    value = net.node("Relu", net.instance_norm(net.conv(net.reflected("image", 3), 3, 8, 7), 8))
    for channels in (8, 16):
        value = net.conv(value, channels, 2 * channels, 3, strides=[2, 2], pads=[1, 1, 1, 1])
        value = net.node("Relu", net.instance_norm(value, 2 * channels))
    for _ in range(3):
        value = net.block(value, 32)
    for channels in (32, 16):
        weights = net.constant(net.drawn(channels, channels // 2, 3, 3, gain=math.sqrt(1 / (channels * 2))))
        bias = net.constant(net.drawn(channels // 2, gain=0.1))
        value = net.node(
            "ConvTranspose", value, weights, bias, strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]
        )
        value = net.node("Relu", net.instance_norm(value, channels // 2))
    value = net.node("Tanh", net.conv(net.reflected(value, 3), 8, 3, 7))
    return net.model([1, 3, 64, 64], value)


def style_transfer() -> onnx.ModelProto:
    """As Johnson's (2016), with nearest upsampling: batch, height and width are open."""
    net = Network(2)
    value = net.node("Relu", net.instance_norm(net.conv(net.reflected("image", 4), 3, 8, 9), 8))
    for channels in (8, 16):
        value = net.conv(net.reflected(value, 1), channels, 2 * channels, 3, strides=[2, 2])
        value = net.node("Relu", net.instance_norm(value, 2 * channels))
    for _ in range(2):
        value = net.block(value, 32)
    for channels in (32, 16):
        scales = net.constant(np.array([1, 1, 2, 2], dtype=np.float32))
        value = net.node(
            "Resize", value, "", scales, mode="nearest",
            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        )  # fmt: skip
        value = net.conv(net.reflected(value, 1), channels, channels // 2, 3)
        value = net.node("Relu", net.instance_norm(value, channels // 2))
    return net.model(["batch", 3, "height", "width"], net.conv(net.reflected(value, 4), 8, 3, 9))


def classifier() -> onnx.ModelProto:
    """As MobileNetV3: depthwise convolutions, squeeze and excitation, HardSwish, Gemm, Softmax."""
    net = Network(3)
    value = net.conv("image", 3, 16, 3, strides=[2, 2], pads=[1, 1, 1, 1])
    value = net.node("HardSwish", net.batch_norm(value, 16))
    for channels, stride in ((16, 2), (24, 1), (40, 2)):
        inner = net.node(
            "HardSwish", net.batch_norm(net.conv(value, channels, 3 * channels, 1), 3 * channels)
        )
        wide = 3 * channels
        inner = net.conv(inner, wide, wide, 5, group=wide, strides=[stride] * 2, pads=[2, 2, 2, 2])
        inner = net.node("HardSwish", net.batch_norm(inner, wide))
        seen = net.node("Relu", net.conv(net.node("GlobalAveragePool", inner), wide, 8, 1))
        gate = net.node("HardSigmoid", net.conv(seen, 8, wide, 1), alpha=1 / 6, beta=0.5)
        narrow = {16: 24, 24: 40, 40: 48}[channels]
        value = net.batch_norm(net.conv(net.node("Mul", inner, gate), wide, narrow, 1), narrow)
    value = net.node("Flatten", net.node("GlobalAveragePool", value))
    weights, bias = net.constant(net.drawn(64, 48, gain=0.2)), net.constant(net.drawn(64, gain=0.1))
    value = net.node("HardSwish", net.node("Gemm", value, weights, bias, transB=1))
    value = net.node("Dropout", value)
    value = net.node("Gemm", value, net.constant(net.drawn(64, 10, gain=0.3)), alpha=0.5)
    return net.model([1, 3, 64, 64], net.node("Softmax", value, axis=1), "nk")


def super_resolution() -> onnx.ModelProto:
    """As ESPCN: sub-pixel convolution, beside a cubic enlargement."""
    net = Network(4)
    value = net.node("Relu", net.conv("image", 3, 32, 5, pads=[2, 2, 2, 2]))
    slope = net.constant(np.abs(net.drawn(16, 1, 1, gain=0.2)))
    value = net.node("PRelu", net.conv(value, 32, 16, 3, pads=[1, 1, 1, 1]), slope)
    fine = net.node("DepthToSpace", net.conv(value, 16, 27, 3, pads=[1, 1, 1, 1]), blocksize=3, mode="CRD")
    scales = net.constant(np.array([1, 1, 3, 3], dtype=np.float32))
    coarse = net.node("Resize", "image", "", scales, mode="cubic")
    return net.model(
        [1, 3, 48, 32],
        net.node("Clip", net.node("Add", fine, coarse), net.constant(np.array(0, dtype=np.float32))),
    )


def detector() -> onnx.ModelProto:
    """As UltraFace: anchors of four scales, 4,420 in all, with two scores and a box each."""
    net = Network(12)
    value = net.node("Relu", net.conv("image", 3, 8, 3, strides=[4, 4], pads=[1, 1, 1, 1]))
    scores: list[str] = []
    boxes: list[str] = []
    for anchors in (3, 2, 2, 3):
        value = net.node("Relu", net.conv(value, 8, 8, 3, strides=[2, 2], pads=[1, 1, 1, 1]))
        for parts, each in ((scores, 2), (boxes, 4)):
            head = net.conv(value, 8, anchors * each, 3, pads=[1, 1, 1, 1])
            last = net.node("Transpose", head, perm=[0, 2, 3, 1])
            parts.append(net.node("Reshape", last, net.whole(1, -1, each)))
    likely = net.node("Softmax", net.node("Concat", *scores, axis=1), axis=2)
    places = net.node("Concat", *boxes, axis=1)
    return net.model([1, 3, 240, 320], net.node("Concat", likely, places, axis=2), "nak")


def resizes() -> onnx.ModelProto:
    """By fractions. ONNX Runtime computes coordinates in float32: sizes and neighbours depend on it."""
    net = Network(9)
    parts = []

    def resized(places: str, mode: str, nearest: str, scales: tuple[float, float] | None) -> None:
        ends = [net.constant(np.array([1, 1, *scales], dtype=np.float32))] if scales else []
        made = net.node(
            "Resize", "image", "", *(ends or ["", net.whole(1, 3, 6, 50)]),
            mode=mode, coordinate_transformation_mode=places, nearest_mode=nearest,
        )  # fmt: skip
        parts.append(net.node("Reshape", made, net.whole(1, -1, 2, 3)))

    for places in ("half_pixel", "pytorch_half_pixel", "asymmetric", "half_pixel_symmetric"):
        for nearest in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
            for scales in ((1.3, 0.7), (0.6, 1.2), (1.7, 2.3), None):
                resized(places, "nearest", nearest, scales)
        for mode in ("linear", "cubic"):
            for scales in ((1.3, 0.7), None):
                resized(places, mode, "floor", scales)
    for mode in ("nearest", "linear", "cubic"):
        # If the scaled size is not an integer, ONNX and ONNX Runtime disagree about corners.
        for scales in ((1.5, 1.7), None):
            resized("align_corners", mode, "floor", scales)
        # No size changes.
        resized("half_pixel", mode, "floor", (1.04, 1.02))
    while len(parts) > 1:
        parts = [net.node("Concat", *parts[i : i + 7], axis=1) for i in range(0, len(parts), 7)]
    return net.model([1, 3, 20, 30], parts[0])


def grid_samples(opset: int) -> onnx.ModelProto:
    """Positions in and far beyond the picture, halfway between pixels, and not finite; and affine maps."""
    net = Network(10)
    # Sixteenths, which float32 computes exactly with these sides, so that nearest pixels are certain.
    places = net.random.integers(-56, 57, (2, 6, 8, 2)).astype(np.float32) / 16
    places[0, 0, :, 0] = (np.nan, np.inf, -np.inf, 1e6, -1e6, 3e38, 1, -1)
    linear, nearest = "bilinear" if opset < 20 else "linear", "nearest"
    reduced = net.node("Conv", "image", net.constant(net.drawn(2, 3, 4, 2)), strides=[1, 2])
    moving = net.node("Transpose", net.node("Tanh", reduced), perm=[0, 2, 3, 1])
    grids = [(net.constant(places), linear), (net.constant(places), nearest), (moving, linear)]
    if opset >= 20:
        thetas = net.node("Flatten", net.node("GlobalAveragePool", net.conv("image", 3, 6, 3)))
        thetas = net.node("Reshape", thetas, net.whole(2, 2, 3))
        still = net.constant(np.array([[[1, 0.5, 0], [-0.3, 2, 0.1]]] * 2, dtype=np.float32))
        for theta in (thetas, still):
            for align in (0, 1):
                ends = (theta, net.whole(2, 3, 6, 8))
                grids.append((net.node("AffineGrid", *ends, align_corners=align), linear))
    value = net.conv("image", 3, 6, 1)
    parts = []
    for grid, mode in grids:
        for padding in ("zeros", "border", "reflection"):
            for align in (0, 1):
                source = "image" if mode == nearest else value
                options: dict[str, Any] = {"mode": mode, "padding_mode": padding, "align_corners": align}
                made = net.node("GridSample", source, grid, **options)
                parts.append(made if mode == nearest else net.node("Tanh", made))
    while len(parts) > 1:
        parts = [net.node("Concat", *parts[i : i + 7], axis=1) for i in range(0, len(parts), 7)]
    return net.model([2, 3, 9, 16], parts[0], opset=opset)


def quantised() -> onnx.ModelProto:
    """QuantizeLinear and DequantizeLinear around every layer, int8 weights per channel, int32 biases."""
    net = Network(5)

    def through(value: str, scale: float, zero: int = 0, kind: Any = np.int8) -> str:
        ends = net.constant(np.array(scale, dtype=np.float32)), net.constant(np.array(zero, dtype=kind))
        return net.node("DequantizeLinear", net.node("QuantizeLinear", value, *ends), *ends)

    def weights(*shape: int, axis: int) -> str:
        array = net.drawn(*shape, gain=math.sqrt(2 / np.prod(shape[1:])))
        others = tuple(i for i in range(len(shape)) if i != axis)
        scale = (np.abs(array).max(axis=others) / 127).astype(np.float32)
        spread = scale.reshape([-1 if i == axis else 1 for i in range(len(shape))])
        stored = np.round(array / spread).astype(np.int8)
        zero = np.zeros(shape[axis], dtype=np.int8)
        return net.node("DequantizeLinear", *map(net.constant, (stored, scale, zero)), axis=axis)

    def bias(count: int) -> str:
        stored = net.random.integers(-100, 100, count, dtype=np.int32)
        return net.node(
            "DequantizeLinear", net.constant(stored), net.constant(np.array(1e-3, dtype=np.float32))
        )

    value = through("image", 1 / 255, -128)
    for inputs, outputs, stride in ((3, 16, 2), (16, 32, 1)):
        value = net.node(
            "Conv", value, weights(outputs, inputs, 3, 3, axis=0), bias(outputs),
            strides=[stride] * 2, pads=[1, 1, 1, 1],
        )  # fmt: skip
        value = through(net.node("Relu", value), 0.03, -128)
    value = net.node("MaxPool", value, kernel_shape=[2, 2], strides=[2, 2])
    value = through(net.node("GlobalAveragePool", value), 0.01, -128)
    value = net.node("Flatten", value)
    value = net.node("Gemm", value, weights(8, 32, axis=0), bias(8), transB=1)
    return net.model([1, 3, 32, 32], value, "nk")


def four_bits() -> onnx.ModelProto:
    """Weights of four bits, two to a byte: with a scale for all, for each channel and for each block."""
    net = Network(11)

    def stored(kind: int, values: Any, name: str, typed: bool) -> str:
        tensor = helper.make_tensor(name, kind, values.shape, values.flatten())
        raw = numpy_helper.from_array(numpy_helper.to_array(tensor), name)
        net.constants.append(tensor if typed else raw)
        return name

    def weights(kind: int, *shape: int, scales: tuple[int, ...], typed: bool, **attributes: Any) -> str:
        low, high = (-8, 8) if kind == TensorProto.INT4 else (0, 16)
        scale = net.constant((0.08 + 0.04 * net.random.random(scales)).astype(np.float32))
        name = f"four_bits_{len(net.constants)}"
        values = stored(kind, net.random.integers(low, high, shape), name, typed)
        middle = net.random.integers(low + 6, high - 6, scales)
        zero = stored(kind, middle, f"{name}_zero", not typed)
        return net.node("DequantizeLinear", values, scale, zero, **attributes)

    signed, unsigned = TensorProto.INT4, TensorProto.UINT4
    # 81, 135 and 375 numbers leave half of the last byte empty.
    value = "image"
    for side, kind, inputs, outputs, scales, typed in (
        (3, signed, 3, 3, (3,), False),
        (3, unsigned, 3, 5, (5,), True),
        (5, signed, 5, 3, (), False),
    ):
        made = weights(kind, outputs, inputs, side, side, scales=scales, typed=typed, axis=0)
        value = net.node("Tanh", net.node("Conv", value, made))
    blocks = weights(unsigned, 4, 3, 3, 3, scales=(4, 1, 3, 3), typed=False, axis=1, block_size=3)
    value = net.node("Tanh", net.node("Conv", value, blocks))
    turned = net.node("Transpose", weights(signed, 9, 10, scales=(10,), typed=True, axis=1), perm=[1, 0])
    value = net.node("Tanh", net.node("MatMul", value, turned))
    blocks = weights(signed, 9, 5, scales=(3, 5), typed=True, axis=0, block_size=3)
    return net.model([1, 3, 20, 20], net.node("MatMul", value, blocks), opset=21)


def from_torch() -> onnx.ModelProto:
    """Written by torch.onnx.export with open sizes: Shape, Gather, Mul, Concat, Reshape, Resize."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Conv2d(3, 16, 3, stride=2, padding=1)
            self.norm = nn.GroupNorm(4, 16)
            self.inner = nn.Conv2d(16, 16, 3, padding=1, groups=4)
            self.mix = nn.Linear(16, 16)
            self.layer = nn.LayerNorm(16)
            self.last = nn.Conv2d(16, 3, 1)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            x = functional.gelu(self.norm(self.down(image)))
            n, c, h, w = x.shape
            shuffled = x.view(n, 4, c // 4, h, w).transpose(1, 2).reshape(n, c, h, w)
            x = x + self.inner(shuffled)
            rows = x.flatten(2).transpose(1, 2)
            rows = self.layer(rows + self.mix(rows))
            seen = torch.softmax(rows @ rows.transpose(1, 2) / 4, dim=-1) @ rows
            x = seen.transpose(1, 2).reshape(n, c, h, w)
            size = (2 * h, 2 * w)
            x = functional.interpolate(self.last(x), size=size, mode="bilinear", align_corners=False)
            return torch.sigmoid(x) * image[:, :, : 2 * h, : 2 * w]

    torch.manual_seed(6)
    axes = {0: "batch", 2: "height", 3: "width"}
    return exported(Mixed(), 24, 32, dynamic_axes={"image": axes, "out": axes})


def exported(module: Any, height: int, width: int, **more: Any) -> onnx.ModelProto:
    """The module as torch.onnx.export writes it."""
    import io

    import torch

    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), (torch.rand(1, 3, height, width),), cast(Any, file), opset_version=OPSET,
            dynamo=False, input_names=["image"], output_names=["out"], **more,
        )  # fmt: skip
    return onnx.load_from_string(file.getvalue())


def weight_norm() -> onnx.ModelProto:
    """Weights in torch's weight_norm parametrisation, g v / |v|, exported without folding."""
    import torch
    from torch import nn
    from torch.nn.utils.parametrizations import weight_norm

    torch.manual_seed(7)
    layers = [
        weight_norm(nn.Conv2d(3, 24, 3, padding=1)), nn.LeakyReLU(0.2),
        weight_norm(nn.Conv2d(24, 40, 3, stride=2, padding=1), dim=1), nn.LeakyReLU(0.2),
        weight_norm(nn.Conv2d(40, 40, 3, padding=1, groups=4)), nn.LeakyReLU(0.2),
        weight_norm(nn.ConvTranspose2d(40, 3, 4, stride=2, padding=1)), nn.Tanh(),
    ]  # fmt: skip
    return exported(nn.Sequential(*layers), 32, 48, do_constant_folding=False)


def standardised() -> onnx.ModelProto:
    """Weights that the file computes: standardised (Qiao et al. 2019) in several ways."""
    net = Network(8)
    value = "image"
    for inputs, outputs, old in ((3, 48, False), (48, 16, True), (16, 3, False)):
        drawn = net.drawn(outputs, inputs, 3, 3)
        if old:
            weights = net.node("Cast", net.constant(drawn.astype(np.float16)), to=1)
            norm = net.node("Pow", net.node("Abs", weights), net.constant(np.array(2, dtype=np.float32)))
            norm = net.node("ReduceSum", norm, net.whole(1, 2, 3), keepdims=1)
        else:
            weights = net.constant(drawn)
            mean = net.node("ReduceMean", weights, axes=[1, 2, 3])
            weights = net.node("Sub", weights, mean)
            norm = net.node("ReduceSumSquare", weights, axes=[1, 2, 3], keepdims=1)
        norm = net.node("Sqrt", net.node("Add", norm, net.constant(np.array(1e-4, dtype=np.float32))))
        most = net.node("ReduceMax", net.node("Div", weights, norm), axes=[2, 3], keepdims=1)
        weights = net.node("Div", weights, norm)
        gain = net.node("ReduceMin", net.node("Sub", net.node("ReduceL2", most, axes=[0]), most), axes=[0])
        weights = net.node("Mul", weights, net.node("Exp", gain))
        value = net.node("Conv", value, weights, pads=[1, 1, 1, 1])
    return net.model([1, 3, 20, 28], net.node("Tanh", value))


Networks = dict[str, tuple[Callable[[], onnx.ModelProto], tuple[int, ...]]]
NETWORKS: Networks = {
    "resnet-generator": (resnet_generator, (1, 3, 64, 64)),
    "style-transfer": (style_transfer, (2, 3, 40, 64)),
    "classifier": (classifier, (1, 3, 64, 64)),
    "super-resolution": (super_resolution, (1, 3, 48, 32)),
    "detector": (detector, (1, 3, 240, 320)),
    "resizes": (resizes, (1, 3, 20, 30)),
    "grid-samples-16": (partial(grid_samples, 16), (2, 3, 9, 16)),
    "grid-samples-20": (partial(grid_samples, 20), (2, 3, 9, 16)),
    "quantised": (quantised, (1, 3, 32, 32)),
    "four-bits": (four_bits, (1, 3, 20, 20)),
    "from-torch": (from_torch, (1, 3, 24, 40)),
    "weight-norm": (weight_norm, (1, 3, 32, 48)),
    "standardised": (standardised, (1, 3, 20, 28)),
}


def write_networks(folder: Path, networks: Networks = NETWORKS, listing: str = "networks") -> None:
    listed = []
    for name, (make, shape) in networks.items():
        model = make()
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
        image = np.random.default_rng(3).random(shape, dtype=np.float32)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        [out] = session.run(None, {"image": image})
        (folder / f"{name}.input").write_bytes(image.tobytes())
        (folder / f"{name}.output").write_bytes(np.ascontiguousarray(out).tobytes())
        dims = dict(zip(("batch", "channels", "height", "width"), shape, strict=True))
        listed.append({"name": name, "dims": dims, "shape": list(out.shape)})
    (folder / f"{listing}.json").write_text(json.dumps(listed))
