"""Other values for a network's weights, in the form in which its file stores them.

A file may have a weight as it is, as float16 with a Cast behind it, or as integers with a DequantizeLinear
behind them (`limner.look.quantization`). Layers read the weight under one name in all three forms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from limner.look.quantization import quantize

Array = NDArray[np.float32]

INTEGERS = {np.dtype(np.uint8): "uint8", np.dtype(np.uint16): "uint16"}


class StoredWeights:
    """The weights of one model, which `replace` changes."""

    def __init__(self, model: ModelProto) -> None:
        self.model = model
        self._constants: dict[str, TensorProto] = {
            tensor.name: tensor for tensor in model.graph.initializer
        }
        self._nodes: dict[str, NodeProto] = {
            name: node for node in model.graph.node for name in node.output
        }
        self._readers = Counter(name for node in model.graph.node for name in node.input)

    def shape(self, name: str) -> tuple[int, ...] | None:
        """The shape of a weight by the name under which layers read it; None where there is no weight."""
        stored = self._stored(name)
        return None if stored is None else tuple(stored.dims)

    def _stored(self, name: str) -> TensorProto | None:
        if name in self._constants:
            return self._constants[name]
        node = self._nodes.get(name)
        if node is None or node.op_type not in {"Cast", "DequantizeLinear", "Identity"}:
            return None
        return self._constants.get(node.input[0])

    def replace(self, weights: Mapping[str, Array]) -> None:
        """Give weights other values (float32, of their shapes), rounded to the form that each one has.

        A form that limner does not write becomes float32. Raises LimnerError where a weight is NaN or
        infinite.
        """
        for name, values in weights.items():
            node = self._nodes.get(name)
            if node is None:
                self._constants[name].CopyFrom(numpy_helper.from_array(values, name))
            elif not self._replace_stored(node, values):
                self.model.graph.node.remove(node)
                self.model.graph.initializer.append(numpy_helper.from_array(values, name))
        self._drop_unread()

    def _replace_stored(self, node: NodeProto, values: Array) -> bool:
        """Whether the constants that the node reads could take the values: nothing else may read them."""
        if any(name not in self._constants or self._readers[name] > 1 for name in node.input):
            return False
        old = [numpy_helper.to_array(self._constants[name]) for name in node.input]
        new = _store(node, old, values)
        for name, array in zip(node.input, new or (), strict=False):
            self._constants[name].CopyFrom(numpy_helper.from_array(array, name))
        return new is not None

    def _drop_unread(self) -> None:
        """Forget constants that only a removed node has read."""
        graph = self.model.graph
        read = {name for node in graph.node for name in node.input} | {value.name for value in graph.output}
        kept = [t for t in graph.initializer if t.name in read or not self._readers[t.name]]
        copies = [TensorProto.FromString(tensor.SerializeToString()) for tensor in kept]
        del graph.initializer[:]
        graph.initializer.extend(copies)


def _store(node: NodeProto, old: list[Any], values: Array) -> tuple[Any, ...] | None:
    """The constants of a node for other values; None for a form that limner does not write."""
    if node.op_type == "Cast" and old[0].dtype == np.float16:
        fits = np.abs(values).max(initial=0) <= np.finfo(np.float16).max
        return (values.astype(np.float16),) if fits else None
    if node.op_type != "DequantizeLinear" or len(old) != 3 or old[0].dtype not in INTEGERS:
        return None
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    axis = attributes.get("axis", 1) % values.ndim
    if old[1].shape != values.shape[axis : axis + 1]:
        return None
    return quantize(values, axis, INTEGERS[old[0].dtype])  # type: ignore[arg-type]
