"""State: tensors that a look keeps from picture to picture, such as its last painting.

Its metadata pairs inputs with outputs (`Metadata.state`): what a run computes as the output is the input of
the next run. Before the first run an input has the value of its initializer, or zeros. docs/design.md has
the contract; the page's engine holds to it too (web/engine/state.ts).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, ValueInfoProto, numpy_helper

from limner.display import printable
from limner.errors import LimnerError
from limner.look.validation import is_scalar, required_inputs, value_shape

Array = NDArray[np.float32]

MAX_STATE = 64
"""Most tensors that a look keeps, as in the page's engine."""


@dataclass(frozen=True, eq=False)
class StateTensor:
    """One tensor that stays."""

    input: str
    output: str
    """Its value after a run."""
    shape: tuple[int, ...]
    default: TensorProto | None = None
    """Its value before the first run; None for zeros."""

    def initial(self) -> Array:
        """Its value before the first run. It is only now allocated."""
        if self.default is None:
            return np.zeros(self.shape, np.float32)
        return np.asarray(numpy_helper.to_array(self.default), np.float32)


class State:
    """The current values of a look's state."""

    def __init__(self, tensors: tuple[StateTensor, ...]) -> None:
        self._tensors = tensors
        self._values: dict[str, Array] = {}
        self.reset()

    @property
    def values(self) -> Mapping[str, Array]:
        """By input; a run reads them and never writes into them."""
        return self._values

    def advance(self, outputs: Mapping[str, Array]) -> None:
        """Take over what a run computed, by output. It is copied: the caller may write into what it got."""
        self._values = {tensor.input: outputs[tensor.output].copy() for tensor in self._tensors}

    def reset(self) -> None:
        """Begin anew."""
        self._values = {tensor.input: tensor.initial() for tensor in self._tensors}

    def write(self, values: Mapping[str, Array]) -> None:
        """Set some or all values. Raises LimnerError, which continues after the file's name."""
        for name, value in values.items():
            if name not in self._values:
                known = ", ".join(self._values) or "none"
                raise LimnerError(f"has no state {printable(name)}; it has {known}")
            if value.shape != self._values[name].shape:
                raise LimnerError(
                    f"keeps {describe_shape(self._values[name].shape)} as {name}, "
                    f"not {describe_shape(value.shape)}"
                )
        self._values |= {name: np.array(value, dtype=np.float32) for name, value in values.items()}


def describe_shape(shape: tuple[int, ...]) -> str:
    """Such as "1 x 3 x 64 x 64"."""
    return " x ".join(map(str, shape)) or "one number"


def read_state(model: ModelProto, names: Mapping[str, str]) -> tuple[StateTensor, ...]:
    """The state of a model whose shapes are known. `names` are those of `Metadata.state`.

    Raises LimnerError where the graph does not have it; its sentence continues after the file's name.
    """
    graph = model.graph
    inputs = {value.name: value for value in graph.input}
    outputs = {value.name: value for value in graph.output}
    if len(names) > MAX_STATE:
        raise LimnerError(f"has state of {len(names):,} tensors; a look keeps up to {MAX_STATE}")
    tensors = []
    for name, output in names.items():
        if name not in inputs:
            raise LimnerError(f"has state for an input {printable(name)}, which it lacks")
        if output not in outputs:
            raise LimnerError(f"has state from an output {printable(output)}, which it lacks")
        shape = _check_value(inputs[name], outputs[output])
        default = next((tensor for tensor in graph.initializer if tensor.name == name), None)
        tensors.append(StateTensor(name, output, shape, default))
    others = [value for value in required_inputs(graph, names) if not is_scalar(value)]
    if tensors and not others:
        raise LimnerError(
            f"has its picture, {printable(tensors[0].input)}, as state: leave an input for it"
        )
    return tuple(tensors)


def _check_value(given: ValueInfoProto, made: ValueInfoProto) -> tuple[int, ...]:
    """The shape of both."""
    name = printable(given.name)
    if is_scalar(given):
        raise LimnerError(f"has state {name}, a single number and so a live input: give it the shape [1]")
    shape, next_shape = tuple(value_shape(given)), tuple(value_shape(made))
    types = {value.type.tensor_type.elem_type for value in (given, made)}
    if 0 in shape or not shape or types != {TensorProto.FLOAT}:
        raise LimnerError(f"has state {name}, which needs a fixed shape, and float32 as input and output")
    if shape != next_shape:
        raise LimnerError(
            f"has state {name} of {describe_shape(shape)}, but its next value, {printable(made.name)}, "
            f"is {describe_shape(next_shape)}"
        )
    return shape
