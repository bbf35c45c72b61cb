"""Filters: what a look can do to its pictures from frame to frame, such as stillness or freeze.

```python
look = with_filters(open_look(Path("clouds.onnx")), ["stillness"])
painting = look.paint(image, stillness=0.8, elapsed=1 / 30)
```

A filter is a function of the file (ONNX's FunctionProto, in `FILTER_DOMAIN`) that the graph does not
call: whoever opens the file computes the look alone. `with_filters` writes the nodes of some of them into
the graph. The result is an ordinary look, which has their live inputs and keeps their state. docs/design.md
has the contract; the page does the same (web/engine/filters.ts).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

import numpy as np
from onnx import (
    FunctionProto,
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    ValueInfoProto,
    helper,
    numpy_helper,
)

from limner.display import printable
from limner.errors import LimnerError
from limner.live import ELAPSED, ELAPSED_SECONDS, LiveInput
from limner.look.look import Look, read_look
from limner.look.metadata import FILTER_DOMAIN, Filter, Metadata, write_metadata

FILTERED = ".filtered"
"""The ending of an output that replaces the value of the look whose name is before it."""


def choose_filters(look: Look, live: Mapping[str, float]) -> list[str]:
    """The filters that these values of live inputs turn on: those that leave their defaults."""
    defaults = {name: one.live.default for name, one in look.filters.items()}
    return [name for name, default in defaults.items() if live.get(name, default) != default]


def with_filters(look: Look, names: Collection[str]) -> Look:
    """The look with these filters in its graph, in the file's order. It has none to choose from any more.

    Raises LimnerError for a name that is none of its filters, and where they do not fit the graph.
    """
    if unknown := [name for name in names if name not in look.filters]:
        known = ", ".join(look.filters) or "none"
        raise LimnerError(f"{look.path} has no filter {printable(unknown[0])}; it has {known}.")
    if not names:
        return look
    model = ModelProto.FromString(look.content)
    functions = {one.name: one for one in model.functions if one.domain == FILTER_DOMAIN}
    chosen = {name: one for name, one in look.filters.items() if name in names}
    composition = _Composition(model.graph)
    for name, one in chosen.items():
        composition.add(functions[name], one)
    composition.finish()
    del model.functions[:]
    fields = {field.name: getattr(look, field.name) for field in dataclasses.fields(Metadata)}
    live = {**look.live, **composition.live}
    state = {**look.state, **composition.state}
    write_metadata(model, Metadata(**{**fields, "live": live, "state": state, "filters": {}}))
    return read_look(model.SerializeToString(), look.path)


class _Composition:
    """A graph that gets filters, one after the other."""

    def __init__(self, graph: GraphProto) -> None:
        self.live: dict[str, LiveInput] = {}
        self.state: dict[str, str] = {}
        self._graph = graph
        self._nodes: list[NodeProto] = list(graph.node)
        self._renamed_inputs: dict[str, str] = {}
        """Inputs of the graph that are filtered, with the names of what is read in their place."""

    def add(self, function: FunctionProto, one: Filter) -> None:
        """Write a filter's nodes, each as early as it can be, and its inputs and outputs."""
        names = {name: self._renamed_inputs.get(name, name) for name in function.input}
        names |= {name: name for name in function.output}
        for name in function.input:
            if name + FILTERED in function.output:
                self._replace(name, function.name, names)
        for node in function.node:
            written = NodeProto()
            written.CopyFrom(node)
            written.input[:] = [_local_name(function, names, name) for name in node.input]
            written.output[:] = [_local_name(function, names, name) for name in node.output]
            latest = max((self._producer(name) for name in written.input if name), default=-1)
            self._nodes.insert(latest + 1, written)
        self._add_live(function.name, one.live)
        if ELAPSED in function.input:
            self._add_live(ELAPSED, ELAPSED_SECONDS)
        for name, kept in one.state.items():
            self._graph.input.append(_value(name, kept.shape))
            if all(value.name != kept.next for value in self._graph.output):
                self._graph.output.append(_value(kept.next, kept.shape))
            self.state[name] = kept.next

    def finish(self) -> None:
        """Write the nodes back."""
        copies = [NodeProto.FromString(node.SerializeToString()) for node in self._nodes]
        del self._graph.node[:]
        self._graph.node.extend(copies)

    def _replace(self, name: str, function: str, names: dict[str, str]) -> None:
        """Let what reads a value of the look read the function's output in its place."""
        read = names[name]
        producer = self._producer(read)
        if producer >= 0:
            # The output takes the name, which may be one of the graph's own outputs.
            names[name], names[name + FILTERED] = f"{read}.before.{function}", read
            outputs = self._nodes[producer].output
            outputs[:] = [names[name] if output == read else output for output in outputs]
            return
        self._renamed_inputs[name] = name + FILTERED
        for node in self._nodes:
            node.input[:] = [name + FILTERED if given == read else given for given in node.input]

    def _producer(self, name: str) -> int:
        """The place of the node that makes a value; -1 for inputs and constants."""
        return next((place for place, node in enumerate(self._nodes) if name in node.output), -1)

    def _add_live(self, name: str, live: LiveInput) -> None:
        if any(value.name == name for value in self._graph.input):
            return
        self.live[name] = live
        self._graph.input.append(_value(name, ()))
        self._graph.initializer.append(numpy_helper.from_array(np.array(live.default, np.float32), name))


def _local_name(function: FunctionProto, names: Mapping[str, str], name: str) -> str:
    """The name in the graph of a function's value; an input that is left out has none."""
    return names.get(name, f"{function.name}.{name}") if name else ""


def _value(name: str, shape: Collection[int]) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
