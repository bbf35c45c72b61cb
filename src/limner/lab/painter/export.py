"""The painter's network as an ONNX file, node by node as the page's tab writes it; and as a painting.

Input `xy` (1, 2, height, width): x and y of the places, -1 to 1 with y downwards. Output (1, 3, height,
width): sRGB colours, about 0..1. Nodes and constants have the names of web/lab/painter/network.ts. torch's
exporter would give other nodes with other names: Gemm of one row a pixel, in place of convolutions by 1x1.
"""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from PIL import Image

from limner.data.arrays import to_image
from limner.errors import LimnerError
from limner.export.torch_export import float_value, infer_and_check, plain_model
from limner.files import atomic_write
from limner.lab.export import Exported
from limner.lab.painter.picture import pixel_places
from limner.look.session import make_session
from limner.networks.pixel_network import PixelNetwork, grid_name

OPSET = 17
"""That of the page's files."""

MAX_DIFFERENCE = 1e-5
"""Between torch's and ONNX Runtime's colours, where rounding alone makes no more."""

ROUNDING = 10
"""How many times as far as torch's colours from those in float64 ONNX Runtime's may be from torch's."""

COMPARED = 0.99
"""The part of the colours that is compared: a step at whose edge a place lies may fall either way."""

CHUNK = 1 << 16
"""Places that are painted at once: their layers' outputs fit into memory."""

OPERATORS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu", "sine": "Sin"}


def export_network(network: PixelNetwork, path: Path, side: int, about: Mapping[str, Any]) -> Exported:
    """Write `network` to `path` after comparing it with ONNX Runtime on side x side places.

    `about` becomes the metadata `limner.lab`, as JSON, with the names of the learned weights. Raises
    LimnerError where colours differ by more than `MAX_DIFFERENCE` and by more than rounding explains;
    nothing is written then. Waves of waves that learned too fast make much of the last bit.
    """
    model = make_model(network)
    learned = [name for name, weight in network.named_parameters() if weight.requires_grad]
    helper.set_model_props(model, {"limner.lab": json.dumps({**about, "parameters": learned})})
    content = model.SerializeToString()
    places = pixel_places(side).T.reshape(1, 2, side, side).numpy()
    (found,) = make_session(content, path).run(None, {"xy": places})
    expected = paint(network, side).transpose(2, 0, 1)[None]
    differences = np.abs(expected - found)
    most = float(differences.max())
    if not most <= MAX_DIFFERENCE:
        allowed = max(MAX_DIFFERENCE, ROUNDING * _rounding(network, side))
        if not (typical := float(np.quantile(differences, COMPARED))) <= allowed:
            raise LimnerError(
                f"{path} was not written: ONNX Runtime's colours differ from torch's by {typical:.2g}, and "
                f"{allowed:.2g} is allowed. Please report it with the options of this training."
            )
    atomic_write(path, content)
    return Exported(len(content), side * side, most)


def _rounding(network: PixelNetwork, side: int) -> float:
    """How far torch's colours are from those that it computes in float64."""
    exact = paint(copy.deepcopy(network).double(), side)
    return float(np.quantile(np.abs(paint(network, side) - exact), COMPARED))


def make_model(network: PixelNetwork) -> ModelProto:
    """The network as an ONNX model for places of any number."""
    nodes: list[NodeProto] = []
    constants = {name: weight.detach().numpy() for name, weight in network.state_dict().items()}

    def node(operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    values = _read_grids(network, node) if network.architecture.grids else "xy"
    for layer in network.architecture.layers:
        name = layer.name
        values = node("Conv", [values, f"{name}.weight", f"{name}.bias"], name, kernel_shape=[1, 1])
        if layer.factor != 1:
            constants[f"{name} factor"] = np.array([layer.factor], np.float32)
            values = node("Mul", [values, f"{name} factor"], f"{name} scaled")
        if layer.act == "step":
            values = node("Relu", [node("Sign", [values], f"{name} sign")], f"{name} step")
        elif layer.act != "identity":
            values = node(OPERATORS[layer.act], [values], f"{name} {layer.act}")
    model = plain_model(
        "network",
        nodes,
        [float_value("xy", [1, 2, "height", "width"])],
        [float_value(values, [1, 3, "height", "width"])],
        [_tensor(name, value) for name, value in constants.items()],
        opset=OPSET,
    )
    return infer_and_check(model)


def _read_grids(network: PixelNetwork, node: Any) -> str:
    places = node("Transpose", ["xy"], "places", perm=[0, 2, 3, 1])
    read = [
        node(
            "GridSample",
            [grid_name(side), places],
            f"read {side}",
            mode="bilinear",
            padding_mode="border",
            align_corners=1,
        )
        for side in network.architecture.grids
    ]
    return str(node("Concat", read, "features", axis=1))


def _tensor(name: str, value: NDArray[np.float32]) -> TensorProto:
    return numpy_helper.from_array(np.ascontiguousarray(value), name)


def paint(network: PixelNetwork, side: int) -> NDArray[np.floating[Any]]:
    """The painting at side x side pixels, (side, side, 3); colours may lie a little outside of 0..1.

    It is computed in the numbers of the network.
    """
    return np.concatenate(list(_paint_rows(network, side)))


def write_painting(
    network: PixelNetwork, path: Path, side: int, on_rows: Callable[[int, int], None]
) -> None:
    """Write the painting as a PNG; `on_rows` is told how many rows are painted, of how many.

    Raises LimnerError where the disk does not take it.
    """
    painting = Image.new("RGB", (side, side))
    done = 0
    for part in _paint_rows(network, side):
        painting.paste(to_image(part), (0, done))
        done += len(part)
        on_rows(done, side)
    content = io.BytesIO()
    painting.save(content, "PNG")
    atomic_write(path, content.getvalue())


def _paint_rows(network: PixelNetwork, side: int) -> Iterator[NDArray[np.floating[Any]]]:
    """The painting in parts of some rows each, (rows, side, 3), from the top."""
    rows = max(1, CHUNK // side)
    dtype = next(network.parameters()).dtype
    for first in range(0, side, rows):
        with torch.no_grad():
            colours = network(pixel_places(side, first, first + rows).to(dtype))
        yield colours.reshape(-1, side, 3).numpy()
