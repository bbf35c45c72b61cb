"""A look's network in torch, rebuilt from its file alone.

The nodes are run one by one, as ONNX defines them; of looks that limner wrote, the few operators that their
graphs have. Convolutions of doubled images are computed as the transposed ones that they equal, with four
products in place of nine. Nothing of the network is trained: a branch may change what its convolutions
compute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from onnx import GraphProto, ModelProto, NodeProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from limner.display import printable
from limner.errors import LimnerError
from limner.look.doubling import DoubledConv, find_doubled_convs, is_doubling
from limner.look.quantization import CHANNEL_AXIS, dequantize_weights
from limner.look.transposed import SPREAD
from limner.look.validation import required_scalars
from limner.networks.multibranch import FactorChange, NetworkBranch, WholeChange

Values = dict[str, Tensor]
Inputs = Sequence[Tensor | None]
Attributes = Mapping[str, Any]
Change = FactorChange | WholeChange


class GraphNetwork(nn.Module):
    """The frozen network of a model: pictures (B, 3, H, W) in 0..1 to paintings of the same shape."""

    def __init__(self, model: ModelProto) -> None:
        """Raises LimnerError where the model has an operator or a form that limner's looks do not have; its
        sentence continues after the file's name."""
        super().__init__()
        graph = dequantize_weights(model).graph
        self._doubled = find_doubled_convs(graph)
        self._picture = next(value.name for value in graph.input if value.type.tensor_type.shape.dim)
        self._painting = graph.output[0].name
        self._nodes = _needed_nodes(graph, self._painting, self._doubled)
        self._constants: dict[str, str] = {}
        arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        arrays |= {value.name: np.zeros((), np.float32) for value in required_scalars(graph)}
        for node in self._nodes:
            _check_node(node, arrays)
        for number, (name, array) in enumerate(arrays.items()):
            self._constants[name] = f"constant_{number}"
            self.register_buffer(f"constant_{number}", torch.tensor(array), persistent=False)
        self.eval().requires_grad_(False)

    def forward(
        self, image: Tensor, live: Mapping[str, Tensor] | None = None, branch: NetworkBranch | None = None
    ) -> Tensor:
        """Paint pictures. `live` are live inputs, each of shape () or (B, 1, 1, 1); others have their
        defaults. `branch` is added with weight 1."""
        changes = branch.layers() if branch is not None else {}
        values: Values = {name: getattr(self, buffer) for name, buffer in self._constants.items()}
        values |= {**(live or {}), self._picture: image}
        for node in self._nodes:
            name = node.output[0]
            doubled = self._doubled.get(name)
            if doubled is not None:
                values[name] = _convolve_doubled(doubled, values, changes.get(name))
            elif node.op_type in CHANNEL_AXIS:
                values[name] = _convolve(node, values, changes.get(name))
            else:
                inputs = [values[key] if key else None for key in node.input]
                values[name] = OPERATORS[node.op_type](inputs, _attributes(node))
        return values[self._painting]


def _needed_nodes(
    graph: GraphProto, output: str, doubled: Mapping[str, DoubledConv]
) -> tuple[NodeProto, ...]:
    """The nodes that the painting depends on, in order, without what doubles images for `doubled`."""
    needed = {output}
    kept = []
    for node in reversed(graph.node):
        if needed.isdisjoint(node.output):
            continue
        kept.append(node)
        found = doubled.get(node.output[0])
        needed |= set(node.input) if found is None else {found.image, *node.input[1:]}
    return tuple(reversed(kept))


def _attributes(node: NodeProto) -> dict[str, Any]:
    return {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}


def _check_node(node: NodeProto, constants: Mapping[str, Any]) -> None:
    """Raise LimnerError for what this module does not compute."""
    attributes = _attributes(node)
    kind = node.op_type
    is_known = kind in OPERATORS or kind in CHANNEL_AXIS
    if kind in CHANNEL_AXIS:
        pads = attributes.get("pads", [0] * 4)
        is_known = (
            attributes.get("auto_pad", b"NOTSET") == b"NOTSET"
            and len(pads) == 4
            and list(pads[:2]) == list(pads[2:])
            and "output_shape" not in attributes
        )
    if kind == "Resize":
        is_known = is_doubling(node, constants)
    if kind == "Pad":
        pads = constants.get(node.input[1])
        is_known = (
            attributes.get("mode", b"constant") in PADDINGS
            and pads is not None
            and len(pads) == 8
            and not pads[[0, 1, 4, 5]].any()
        )
    if not is_known:
        raise LimnerError(
            f"has the node '{printable(node.name[:60])}' ({printable(kind[:40])}), which limner cannot "
            "train: give a look that limner made from pictures"
        )


def _change(change: Change | None, kernel: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor | None]:
    return (kernel, bias) if change is None else change.change(kernel, bias)


def _parameters(node: NodeProto, values: Values) -> tuple[Tensor, Tensor | None]:
    return values[node.input[1]], values[node.input[2]] if len(node.input) > 2 else None


def _convolve(node: NodeProto, values: Values, change: Change | None) -> Tensor:
    attributes = _attributes(node)
    kernel, bias = _change(change, *_parameters(node, values))
    common: dict[str, Any] = {
        "stride": attributes.get("strides", 1),
        "padding": attributes.get("pads", [0, 0])[:2],
        "dilation": attributes.get("dilations", 1),
        "groups": attributes.get("group", 1),
    }
    image = values[node.input[0]]
    if node.op_type == "Conv":
        return functional.conv2d(image, kernel, bias, **common)
    grown = attributes.get("output_padding", 0)
    return functional.conv_transpose2d(image, kernel, bias, output_padding=grown, **common)


def _convolve_doubled(doubled: DoubledConv, values: Values, change: Change | None) -> Tensor:
    """A 3x3 convolution of a doubled image, as in `limner.networks.compact_unet.DoublingConv`."""
    kernel, bias = _change(change, *_parameters(doubled.conv, values))
    image = values[doubled.image]
    spread = torch.from_numpy(SPREAD).to(kernel.device)
    transposed = torch.einsum("ai,ocij,bj->coab", spread, kernel, spread)
    if doubled.has_edge_padding:
        image = functional.pad(image, (1, 1, 1, 1), mode="replicate")
    padding = 3 if doubled.has_edge_padding else 1
    return functional.conv_transpose2d(image, transposed, bias, stride=2, padding=padding)


PADDINGS = {b"edge": "replicate", b"reflect": "reflect", b"constant": "constant"}


def _pad(inputs: Inputs, attributes: Attributes) -> Tensor:
    image, listed = _given(inputs[0]), _given(inputs[1]).tolist()
    before, after = listed[: image.ndim], listed[image.ndim :]
    pads = [int(value) for axis in (3, 2) for value in (before[axis], after[axis])]
    mode = PADDINGS[attributes.get("mode", b"constant")]
    value = float(_given(inputs[2])) if len(inputs) > 2 and inputs[2] is not None else 0.0
    return functional.pad(image, pads, mode=mode, value=value if mode == "constant" else None)


def _double(inputs: Inputs, attributes: Attributes) -> Tensor:
    _ = attributes
    return functional.interpolate(_given(inputs[0]), scale_factor=2.0, mode="nearest")


def _clip(inputs: Inputs, attributes: Attributes) -> Tensor:
    _ = attributes
    image, low, high = [*inputs, None, None][:3]
    return torch.clamp(_given(image), low, high)


def _concat(inputs: Inputs, attributes: Attributes) -> Tensor:
    return torch.cat([_given(value) for value in inputs], dim=attributes["axis"])


def _transpose(inputs: Inputs, attributes: Attributes) -> Tensor:
    image = _given(inputs[0])
    return image.permute(attributes.get("perm", list(range(image.ndim))[::-1]))


def _leaky_relu(inputs: Inputs, attributes: Attributes) -> Tensor:
    return functional.leaky_relu(_given(inputs[0]), attributes.get("alpha", 0.01))


def _given(value: Tensor | None) -> Tensor:
    assert value is not None
    return value


def _plain(function: Callable[..., Tensor]) -> Callable[[Inputs, Attributes], Tensor]:
    """An operator without attributes."""
    return lambda inputs, _: function(*inputs)


OPERATORS: dict[str, Callable[[Inputs, Attributes], Tensor]] = {
    "Add": _plain(torch.add),
    "Clip": _clip,
    "Concat": _concat,
    "Div": _plain(torch.div),
    "Identity": _plain(torch.clone),
    "LeakyRelu": _leaky_relu,
    "MatMul": _plain(torch.matmul),
    "Mul": _plain(torch.mul),
    "Pad": _pad,
    "Relu": _plain(torch.relu),
    "Resize": _double,
    "Sigmoid": _plain(torch.sigmoid),
    "Sqrt": _plain(torch.sqrt),
    "Sub": _plain(torch.sub),
    "Tanh": _plain(torch.tanh),
    "Transpose": _transpose,
}
"""The operators of limner's looks, besides convolutions."""
