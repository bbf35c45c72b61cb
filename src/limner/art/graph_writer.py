"""Writes the nodes of an ONNX graph one after the other, each named after its operator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

OPSET = 21

IR_VERSION = 10


class GraphWriter:
    """A graph in the making. Values are known by their names."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._initializers: dict[str, Any] = {}
        self._counts: Counter[str] = Counter()

    def constant(self, name: str, value: NDArray[Any] | float | Sequence[float]) -> str:
        """An initializer in float32; of a name that exists, the one that is there."""
        return self._keep(name, np.asarray(value, np.float32))

    def integers(self, values: Sequence[int]) -> str:
        """An initializer of int64, such as a shape or axes."""
        return self._keep("ints." + "_".join(map(str, values)), np.asarray(values, np.int64))

    def add(self, operator: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        """A node of one output, whose name is returned: `out`, or one that is free."""
        name = out or f"{operator.lower()}.{self._counts[operator]}"
        self._counts[operator] += 1
        self._nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def model(
        self, inputs: Mapping[str, Sequence[int]], outputs: Mapping[str, Sequence[int]]
    ) -> ModelProto:
        """The model; `inputs` and `outputs` are float32, by name with their shapes."""
        ends = [
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in named.items()]
            for named in (inputs, outputs)
        ]
        graph = helper.make_graph(self._nodes, "look", ends[0], ends[1], list(self._initializers.values()))
        return helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="limner",
        )

    def _keep(self, name: str, value: NDArray[Any]) -> str:
        if name not in self._initializers:
            self._initializers[name] = numpy_helper.from_array(value, name)
        return name
