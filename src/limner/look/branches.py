"""Branches: small changes of a look's network, each behind a live input of its own, in the same file.

At a convolution with kernel W and bias b, branches of weights w have the kernel W + sum w (g W + U D)
and the bias b + sum w (g b + t): a gain g and a shift t for each output channel, and a product of low rank
(Hu et al. 2021, *LoRA*). Some layers may have a whole kernel in place of g, U and D. Where all weights are
0, it is the base's convolution.

All that branches add to the graph has names that begin with `branch.`, or is one of their live inputs, so
the base is found in the file as it was (`without_branches`). `branch_graph` writes the nodes. Names are
short, since a file has each of them several times: tensors have the number of their branch and layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from limner.errors import LimnerError
from limner.live import LiveInput
from limner.look.branch_weights import INPUT
from limner.look.doubling import is_doubling
from limner.look.quantization import CHANNEL_AXIS, dequantize, dequantize_weights, quantize
from limner.look.validation import is_scalar
from limner.slug import slugify

Array = NDArray[np.float32]

PREFIX = "branch."
"""What names of branches' nodes and tensors begin with."""

MAX_BRANCHES = 32
"""Most branches of one look: all are in each convolution's kernel on the GPU."""


@dataclass(frozen=True, eq=False)
class StoredKernel:
    """A kernel in 8 bits, as `limner.look.quantization` stores weights."""

    integers: NDArray[np.uint8]
    scale: Array
    zero: NDArray[np.uint8]
    axis: int
    """The axis of output channels."""

    @classmethod
    def of(cls, values: Array, axis: int) -> StoredKernel:
        """Round a kernel. Raises LimnerError where it is NaN or infinite."""
        return cls(*quantize(values, axis, "uint8"), axis)

    def values(self) -> Array:
        """The kernel as any runtime reads it."""
        found: Array = dequantize(self.integers, self.scale, self.zero, self.axis)
        return found


@dataclass(frozen=True, eq=False)
class LayerChange:
    """What a branch of weight 1 does to one convolution."""

    shift: Array
    """(C,): added to the outputs."""
    gain: Array | None = None
    """(C,): how much is added of the convolution's own outputs. None where `kernel` is given."""
    down: StoredKernel | None = None
    """(R, in, 1, 1): the first factor, a convolution of one pixel."""
    up: StoredKernel | None = None
    """The second factor, as the layer's own kernel with R channels in."""
    kernel: StoredKernel | None = None
    """A whole kernel that is added to the layer's."""

    @property
    def rank(self) -> int:
        """R; 0 without factors."""
        return 0 if self.down is None else len(self.down.integers)


@dataclass(frozen=True, eq=False)
class Branch:
    """One branch of a look."""

    input: str
    """The live input, a name of the graph."""
    label: str
    """Its name for people."""
    layers: Mapping[str, LayerChange]
    """By the name of the convolution's output."""

    @property
    def rank(self) -> int:
        """The largest rank of its layers."""
        return max((change.rank for change in self.layers.values()), default=0)

    @property
    def live(self) -> LiveInput:
        """Its slider."""
        return LiveInput(self.label, 0.0, 1.0, 0.0)


@dataclass(frozen=True, eq=False)
class ConvLayer:
    """A convolution that branches may change."""

    name: str
    """Its output."""
    node: NodeProto
    shape: tuple[int, ...]
    """Of its kernel: (out, in, kh, kw), or (in, out, kh, kw) if it is transposed."""
    source: str
    """What it reads, before it is doubled and padded."""
    before: tuple[NodeProto, ...]
    """What doubles and pads the source, in order."""
    is_first: bool
    """Whether no other convolution of the network comes before it: it reads the guide."""

    @property
    def axis(self) -> int:
        """The axis of output channels of its kernel."""
        return CHANNEL_AXIS[self.node.op_type]

    @property
    def channels(self) -> tuple[int, int]:
        """Channels in and out."""
        return self.shape[1 - self.axis], self.shape[self.axis]

    @property
    def is_grouped(self) -> bool:
        """Whether it is a grouped convolution: those have no factors."""
        return any(entry.name == "group" and entry.i > 1 for entry in self.node.attribute)


def find_layers(model: ModelProto) -> tuple[ConvLayer, ...]:
    """The network's convolutions in order, without the guide's and those whose kernels are computed."""
    graph = dequantize_weights(model).graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    outputs = {value.name for value in graph.output}
    makers = {name: node for node in graph.node for name in node.output}
    late: set[str] = set()
    layers = []
    for node in graph.node:
        is_late = not late.isdisjoint(node.input)
        kernel = constants.get(node.input[1]) if node.op_type in CHANNEL_AXIS else None
        if kernel is not None and not node.name.startswith("guide."):
            if node.output[0] not in outputs:
                source, before = _source_of(node, makers, constants)
                shape = tuple(kernel.dims)
                layers.append(ConvLayer(node.output[0], node, shape, source, before, not is_late))
            is_late = True
        if is_late:
            late |= set(node.output)
    return tuple(layers)


def _source_of(
    conv: NodeProto, makers: Mapping[str, NodeProto], constants: Mapping[str, TensorProto]
) -> tuple[str, tuple[NodeProto, ...]]:
    """What is doubled and padded for a convolution, and the nodes that do it.

    They do the same to each channel, and nothing to zeros but to move them: so a convolution of one pixel
    may come before them, on fewer pixels.
    """
    source, before = conv.input[0], list[NodeProto]()
    while (node := makers.get(source)) is not None and _is_by_channel(node, constants):
        if any(node.op_type == later.op_type for later in before):
            break
        source = node.input[0]
        before.insert(0, node)
    return source, tuple(before)


def _is_by_channel(node: NodeProto, constants: Mapping[str, TensorProto]) -> bool:
    if node.op_type == "Resize":
        known = {name: numpy_helper.to_array(constants[name]) for name in node.input if name in constants}
        return is_doubling(node, known)
    modes = [entry.s for entry in node.attribute if entry.name == "mode"]
    return node.op_type == "Pad" and modes == [b"edge"] and len(node.input) == 2


def branch_input(label: str) -> str:
    """The name of a branch's live input: `branch_old_men` for `Old men`."""
    return INPUT + slugify(label).replace("-", "_")


def read_branches(model: ModelProto, live: Mapping[str, LiveInput]) -> tuple[Branch, ...]:
    """The branches of a look, in the order of its inputs. `live` are those of its metadata.

    Raises LimnerError where they are damaged; its sentence continues after the file's name.
    """
    inputs = branch_inputs(model.graph)
    if not inputs:
        return ()
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    layers = find_layers(without_branches(model))
    branches = []
    for number, name in enumerate(inputs):
        try:
            changes = {
                layer.name: _read_change(stem, layer, constants)
                for place, layer in enumerate(layers)
                if f"{(stem := tensor_stem(number, place))}.shift" in constants
            }
        except (KeyError, ValueError, IndexError) as error:
            raise LimnerError("has a damaged branch: make it again from its base") from error
        label = live[name].label if name in live else name.removeprefix(INPUT)
        branches.append(Branch(name, label, changes))
    return tuple(branches)


def branch_inputs(graph: GraphProto) -> list[str]:
    """The live inputs of branches, in order; none where the graph has no tensors of branches."""
    if not any(tensor.name.startswith(PREFIX) for tensor in graph.initializer):
        return []
    return [value.name for value in graph.input if value.name.startswith(INPUT) and is_scalar(value)]


def tensor_stem(branch: int, layer: int) -> str:
    """What names of the tensors begin with that a branch has for a layer, both by their number."""
    return f"{PREFIX}{branch}.{layer}"


def _read_change(stem: str, layer: ConvLayer, constants: Mapping[str, TensorProto]) -> LayerChange:
    """What a branch does to a layer. Raises ValueError or KeyError where its tensors do not fit."""
    axis = layer.axis
    channels_in, channels_out = layer.channels
    shift = numpy_helper.to_array(constants[f"{stem}.shift"]).ravel()
    gain = constants.get(f"{stem}.gain")
    kernels = {
        part: _read_kernel(f"{stem}.{part}", constants, 0 if part == "down" else axis)
        for part in ("down", "up", "kernel")
        if f"{stem}.{part}.stored" in constants
    }
    change = LayerChange(shift, None if gain is None else numpy_helper.to_array(gain).ravel(), **kernels)
    factor = [channels_out, change.rank] if axis == 0 else [change.rank, channels_out]
    shapes = {
        "down": (change.rank, channels_in, 1, 1),
        "up": (*factor, *layer.shape[2:]),
        "kernel": layer.shape,
    }
    vectors = [shift] if change.gain is None else [shift, change.gain]
    does_fit = all(vector.shape == (channels_out,) for vector in vectors) and all(
        kernel.integers.shape == shapes[part] and kernel.integers.dtype == np.uint8
        for part, kernel in kernels.items()
    )
    is_paired = ("down" in kernels) == ("up" in kernels) and ("kernel" in kernels) == (change.gain is None)
    if not does_fit or not is_paired:
        raise ValueError(f"{stem} does not fit its layer")
    for kernel in kernels.values():
        kernel.values()
    return change


def _read_kernel(stem: str, constants: Mapping[str, TensorProto], axis: int) -> StoredKernel:
    integers, scale, zero = (
        numpy_helper.to_array(constants[f"{stem}.{word}"]) for word in ("stored", "scale", "zero")
    )
    return StoredKernel(integers, scale, zero, axis)


def is_of_branch(name: str, inputs: Sequence[str]) -> bool:
    """Whether a value or a tensor is a branch's; `inputs` are the live inputs of branches."""
    return name.startswith(PREFIX) or name in inputs


def without_branches(model: ModelProto) -> ModelProto:
    """A copy of the model without branches: the base, as it was before it got the first."""
    base = ModelProto()
    base.CopyFrom(model)
    inputs = branch_inputs(model.graph)
    if not inputs:
        return base
    nodes = []
    for node in model.graph.node:
        if not is_of_branch(node.output[0], inputs):
            kept = NodeProto.FromString(node.SerializeToString())
            kept.input[:] = [name.removeprefix(PREFIX) for name in node.input]
            nodes.append(kept)
    for field, values in (
        (base.graph.node, nodes),
        (base.graph.initializer, _without(model.graph.initializer, inputs)),
        (base.graph.input, _without(model.graph.input, inputs)),
        (base.graph.value_info, _without(model.graph.value_info, inputs)),
    ):
        del field[:]
        field.extend(values)
    return base


def _without(values: Sequence[Any], inputs: Sequence[str]) -> list[Any]:
    return [
        type(value).FromString(value.SerializeToString())
        for value in values
        if not is_of_branch(value.name, inputs)
    ]


def kernel_nodes(stem: str, kernel: StoredKernel) -> tuple[NodeProto, list[TensorProto]]:
    """The node that reads a stored kernel, whose output is `stem`, and its constants."""
    arrays: dict[str, NDArray[Any]] = {
        f"{stem}.stored": kernel.integers,
        f"{stem}.scale": kernel.scale,
        f"{stem}.zero": kernel.zero,
    }
    node = helper.make_node("DequantizeLinear", list(arrays), [stem], axis=kernel.axis)
    return node, [numpy_helper.from_array(array, name) for name, array in arrays.items()]
