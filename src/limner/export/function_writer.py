"""Writes a function of an ONNX file: nodes that its graph does not call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import FunctionProto, NodeProto, helper, numpy_helper

OPSET = 21


class FunctionWriter:
    """A function in the making. Values are known by their names."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, str] = {}

    def add(self, operator: str, *inputs: str | float, out: str = "", **attributes: Any) -> str:
        """A node of one output, whose name is returned: `out`, or one that is free.

        An input is the name of a value, or a number.
        """
        given = [value if isinstance(value, str) else self.constant(np.float32(value)) for value in inputs]
        name = out or self._free_name()
        self._nodes.append(helper.make_node(operator, given, [name], **attributes))
        return name

    def constant(self, value: NDArray[Any] | np.float32) -> str:
        """A constant of the array's type; the same array has one name."""
        array = np.asarray(value)
        key = f"{array.dtype} {array.shape} {array.tobytes().hex()}"
        if key not in self._constants:
            name = self._constants[key] = self._free_name()
            self._nodes.append(
                helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array))
            )
        return self._constants[key]

    def integers(self, values: Sequence[int]) -> str:
        """A constant of int64, such as axes."""
        return self.constant(np.asarray(values, np.int64))

    def function(
        self, domain: str, name: str, inputs: Sequence[str], outputs: Sequence[str]
    ) -> FunctionProto:
        """The function that these nodes are."""
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_function(domain, name, list(inputs), list(outputs), self._nodes, opsets)

    def _free_name(self) -> str:
        """Short, since the file has each name several times."""
        return f"v{len(self._nodes)}"
