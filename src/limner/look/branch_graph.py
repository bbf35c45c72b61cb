"""Branches as nodes of a look's graph.

The base's convolutions stay as they are, with their stored kernels. In front of one, a convolution of one
pixel brings its input to R channels for each branch, the live inputs weigh them, and one like the base's
brings them to its outputs; behind it, gain and shift are added. On a GPU this is two dispatches more for
each layer, however many branches there are, and moving a slider compiles nothing (decision 60).

What branches add comes before the base's convolution wherever it can: so the engine adds it as a part of
that convolution, and where all weights are 0 each sum is the base's own value, to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from limner.look.branches import (
    PREFIX,
    Branch,
    ConvLayer,
    LayerChange,
    StoredKernel,
    find_layers,
    kernel_nodes,
    tensor_stem,
    without_branches,
)


@dataclass(frozen=True, eq=False)
class _Change:
    """What one branch does to the layer at hand."""

    branch: Branch
    change: LayerChange
    stem: str
    """What names of its tensors begin with."""


def with_branches(base: ModelProto, branches: Sequence[Branch]) -> ModelProto:
    """A copy of a model without branches that has these. Its metadata are the base's."""
    model = ModelProto()
    model.CopyFrom(base)
    if branches:
        _GraphWriter(model, branches).write()
    return model


def measure_branches(model: ModelProto, branches: Sequence[Branch]) -> dict[str, int]:
    """The bytes that each branch takes of the file, by its live input: those that go with it."""
    base = without_branches(model)

    def size(*kept: Branch) -> int:
        return int(with_branches(base, kept).ByteSize())

    whole = size(*branches)
    return {
        branch.input: whole - size(*(other for other in branches if other is not branch))
        for branch in branches
    }


class _GraphWriter:
    def __init__(self, model: ModelProto, branches: Sequence[Branch]) -> None:
        self._model = model
        self._branches = branches
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []
        self._gates: dict[tuple[tuple[str, int], ...], str] = {}
        self._sums: dict[str, str] = {}

    def write(self) -> None:
        graph = self._model.graph
        for branch in self._branches:
            graph.input.append(helper.make_tensor_value_info(branch.input, TensorProto.FLOAT, []))
            self._constants.append(numpy_helper.from_array(np.array(0, np.float32), branch.input))
        layers = {layer.name: (place, layer) for place, layer in enumerate(find_layers(self._model))}
        for node in list(graph.node):
            own = NodeProto.FromString(node.SerializeToString())
            own.input[:] = [self._sums.get(name, name) for name in own.input]
            place, layer = layers.get(node.output[0], (0, None))
            changes = [
                _Change(branch, branch.layers[layer.name], tensor_stem(number, place))
                for number, branch in enumerate(self._branches)
                if layer is not None and layer.name in branch.layers
            ]
            if layer is None or not changes:
                self._nodes.append(own)
            else:
                self._change(layer, own, changes, f"{PREFIX}{place}")
        del graph.node[:]
        graph.node.extend(self._nodes)
        graph.initializer.extend(self._constants)

    def _change(self, layer: ConvLayer, own: NodeProto, changes: Sequence[_Change], stem: str) -> None:
        """A layer, and what the branches add to it. Names of what they share begin with `stem`."""
        added = self._add_factors(layer, [one for one in changes if one.change.down], stem)
        added += [self._add_kernel(layer, own, one) for one in changes if one.change.kernel is not None]
        self._nodes.append(own)
        terms = [self._add_affine(layer, one) for one in changes if one.change.gain is not None]
        terms += added
        total = layer.name
        for number, term in enumerate(terms):
            is_last = number + 1 == len(terms)
            name = f"{PREFIX}{layer.name}" if is_last else f"{stem}.sum.{number}"
            total = self._add("Add", [total, term], name)
        self._sums[layer.name] = total

    def _add_factors(self, layer: ConvLayer, changes: Sequence[_Change], stem: str) -> list[str]:
        """The sum of all products of low rank: one value, or none."""
        if not changes:
            return []
        down = self._join(f"{stem}.down", changes, "down", 0)
        up = self._join(f"{stem}.up", changes, "up", 1 - layer.axis)
        # Before the convolution, so that the engine multiplies as a part of it.
        gate = self._gate(tuple((one.branch.input, one.change.rank) for one in changes))
        read = self._add("Conv", [self._sums.get(layer.source, layer.source), down], f"{stem}.read")
        value = self._add("Mul", [read, gate], f"{stem}.gated")
        for node in layer.before:
            value = self._copy(node, [value, *node.input[1:]], f"{stem}.{node.op_type.lower()}")
        return [self._copy(layer.node, [value, up], f"{stem}.factors")]

    def _join(self, name: str, changes: Sequence[_Change], part: str, axis: int) -> str:
        """The kernels of all branches as one."""
        parts = [self._add_stored(f"{one.stem}.{part}", getattr(one.change, part)) for one in changes]
        return parts[0] if len(parts) == 1 else self._add("Concat", parts, name, axis=axis)

    def _add_stored(self, stem: str, kernel: StoredKernel) -> str:
        node, constants = kernel_nodes(stem, kernel)
        self._nodes.append(node)
        self._constants += constants
        return stem

    def _gate(self, ranks: tuple[tuple[str, int], ...]) -> str:
        """The branches' weights for all their channels, (1, R, 1, 1); of one branch its live input."""
        if len(ranks) == 1:
            return ranks[0][0]
        if ranks not in self._gates:
            stem = f"{PREFIX}weights.{len(self._gates)}"
            owners = [name for name, rank in ranks for _ in range(rank)]
            total = ""
            for number, (name, _) in enumerate(ranks):
                mask = np.array([owner == name for owner in owners], np.float32).reshape(1, -1, 1, 1)
                self._constants.append(numpy_helper.from_array(mask, f"{stem}.mask.{number}"))
                part = self._add("Mul", [f"{stem}.mask.{number}", name], f"{stem}.{number}")
                total = self._add("Add", [total, part], f"{stem}.sum.{number}") if total else part
            self._gates[ranks] = total
        return self._gates[ranks]

    def _add_kernel(self, layer: ConvLayer, own: NodeProto, one: _Change) -> str:
        """The weighted outputs of a branch's whole kernel."""
        assert one.change.kernel is not None
        kernel = self._add_stored(f"{one.stem}.kernel", one.change.kernel)
        self._constants.append(numpy_helper.from_array(one.change.shift, f"{one.stem}.shift"))
        made = self._copy(layer.node, [own.input[0], kernel, f"{one.stem}.shift"], f"{one.stem}.added")
        return self._add("Mul", [made, one.branch.input], f"{one.stem}.gated")

    def _add_affine(self, layer: ConvLayer, one: _Change) -> str:
        """The weighted gain and shift. Both are applied to the whole picture, as the engine fuses them."""
        stem = one.stem
        assert one.change.gain is not None
        for part, values in (("gain", one.change.gain), ("shift", one.change.shift)):
            self._constants.append(numpy_helper.from_array(values.reshape(1, -1, 1, 1), f"{stem}.{part}"))
        value = self._add("Mul", [layer.name, f"{stem}.gain"], f"{stem}.gained")
        value = self._add("Add", [value, f"{stem}.shift"], f"{stem}.shifted")
        return self._add("Mul", [value, one.branch.input], f"{stem}.gated")

    def _add(self, kind: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def _copy(self, node: NodeProto, inputs: Sequence[str], name: str) -> str:
        copy = NodeProto.FromString(node.SerializeToString())
        copy.input[:], copy.output[:] = list(inputs), [name]
        copy.ClearField("name")
        self._nodes.append(copy)
        return name
