"""SqueezeNet's features as an ONNX file for the lab: what it makes of one picture, layer by layer.

The weights are those of `limner.networks.features`, with their authors' licence in the metadata. They have
few different values, so that the file packs to less than a quarter.
"""

from __future__ import annotations

import io
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

WEIGHTS = "squeezenet1_0.npz"
LICENCE = "squeezenet1_0-LICENSE.txt"
PIXELS = 64
"""Side of a picture: enough for kinds of things, and computed in a browser without a GPU."""

OPSET = 17
IR_VERSION = 8
FIRES = (3, 4, 5, 7, 8, 9, 10, 12)
"""The numbers by which the file of weights names fire2 to fire9."""

POOLED_BEFORE = ("fire2", "fire5", "fire9")
FEATURES = ("fire4", "fire9")
"""The modules whose mean maps are the features: colours and textures, and things."""

MEAN_BGR = (104.0, 117.0, 123.0)


@cache
def squeezenet_onnx() -> bytes:
    """The file: pictures (N, 3, 64, 64), RGB of 0..1, to mean features (N, 256) and (N, 512)."""
    resources = files("limner.networks")
    with np.load(io.BytesIO(resources.joinpath(WEIGHTS).read_bytes()), allow_pickle=False) as arrays:
        stored = {name: arrays[name] for name in arrays.files}
    graph = _Graph()
    weight, bias = _for_unit_range(stored["features.0.weight"], stored["features.0.bias"])
    value = graph.conv("conv1", "pictures", weight, bias, stride=2)
    for number, index in enumerate(FIRES, start=2):
        name = f"fire{number}"
        if name in POOLED_BEFORE:
            pool = {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}
            value = graph.node("MaxPool", [value], f"{name}.pool", **pool)

        def conv(part: str, before: str, name: str = name, index: int = index) -> str:
            prefix = f"features.{index}.{part}"
            weights = stored[f"{prefix}.weight"], stored[f"{prefix}.bias"]
            return graph.conv(f"{name}.{part}", before, *weights, stride=1)

        squeezed = conv("squeeze", value)
        expanded = [conv("expand1x1", squeezed), conv("expand3x3", squeezed)]
        value = graph.node("Concat", expanded, name, axis=1)
        if name in FEATURES:
            mean = graph.node("GlobalAveragePool", [value], f"{name}.mean")
            graph.node("Flatten", [mean], f"{name}.features", axis=1)
    content: bytes = graph.model(resources.joinpath(LICENCE).read_text()).SerializeToString()
    return content


def _for_unit_range(
    weight: NDArray[np.float32], bias: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The layer for RGB of 0..1, of that for BGR of 0..255 less its mean. Exact, as it does not pad."""
    shift = np.einsum("oihw,i->o", weight, np.asarray(MEAN_BGR, np.float32))
    return 255 * weight[:, ::-1], bias - shift


class _Graph:
    """The nodes and weights so far."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def conv(
        self,
        name: str,
        value: str,
        weight: NDArray[np.float32],
        bias: NDArray[np.float32],
        *,
        stride: int,
    ) -> str:
        """A convolution, padded where it has a stride of 1, and its ReLU."""
        names = [f"{name}.weight", f"{name}.bias"]
        for key, array in zip(names, (weight, bias), strict=True):
            self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), key))
        kernel = list(weight.shape[2:])
        pad = kernel[0] // 2 if stride == 1 else 0
        attributes = {"kernel_shape": kernel, "pads": [pad] * 4, "strides": [stride] * 2}
        self.node("Conv", [value, *names], name, **attributes)
        return self.node("Relu", [name], f"{name}.relu")

    def model(self, licence: str) -> ModelProto:
        """The whole, checked."""
        picture = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["batch", 3, PIXELS, PIXELS])
        features = [
            helper.make_tensor_value_info(f"{name}.features", TensorProto.FLOAT, ["batch", channels])
            for name, channels in zip(FEATURES, (256, 512), strict=True)
        ]
        graph = helper.make_graph(self.nodes, "squeezenet", [picture], features, self.weights)
        model = helper.make_model(
            graph,
            producer_name="limner",
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )
        helper.set_model_props(model, {"licence": licence})
        onnx.checker.check_model(model)
        return model
