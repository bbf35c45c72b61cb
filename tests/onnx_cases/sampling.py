"""Networks that resize pictures by fractions, and sample them at positions."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx

from onnx_cases.network import Network


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
