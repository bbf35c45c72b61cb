"""The summary of a network: its layers, parameters, multiply-adds and bytes, as a table and as JSON.

`limner.networks.summary` makes it from a recipe, `limner.look.summary` from a look's graph.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from limner.display import printable


@dataclass(frozen=True)
class LayerSummary:
    """One layer with weights."""

    name: str
    kind: str
    shape: tuple[int, ...]
    """Shape of the output without the batch: (C, H, W)."""
    parameters: int
    """In the network of a recipe, batch norm counts four per channel, as in Keras."""
    multiply_adds: int
    zero_stuffed: int
    """Multiply-adds as in papers that count a transposed convolution's input as stuffed with zeros."""


@dataclass(frozen=True)
class NetworkSummary:
    """The figures of a network."""

    target: str
    kind: str
    """`network`, `run`, `look`, or `ONNX file` for a file of another program."""
    pixels: int
    layers: tuple[LayerSummary, ...]
    bytes: Mapping[str, int]
    """Size of the file; for networks and runs, size of a look's weights in each storage."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    credits: Mapping[str, str] = field(default_factory=dict)
    """Name, author, credit and licence, if given."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """Figures measured at a look's export."""
    state: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What a look keeps from picture to picture: by input, its `next` value (an output) and its `shape`."""
    filters: Sequence[str] = ()
    """What a look can do to its pictures besides."""
    noise_gain: float | None = None
    """How much of a camera's noise comes through to a look's painting, which flickers by it: RMS divided by
    RMS."""
    branches: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """A look's branches (`limner branch`): by live input, the `name`, `rank`, number of `layers`,
    `parameters`, `multiply_adds` and `bytes`. The look's own figures are those without them."""

    @property
    def parameters(self) -> int:
        """Parameters of all layers."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of all layers, for one picture."""
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def zero_stuffed(self) -> int:
        """Multiply-adds of all layers, for one picture, including those with stuffed zeros."""
        return sum(layer.zero_stuffed for layer in self.layers)

    def to_json(self) -> str:
        """Everything, as indented JSON."""
        totals = {name: getattr(self, name) for name in ("parameters", "multiply_adds", "zero_stuffed")}
        fields = dataclasses.asdict(self) | totals | {"target": printable(self.target)}
        return json.dumps(fields, indent=2)

    def table(self) -> Group:
        """The summary as a table for the terminal."""
        table = Table("layer", "kind", "output", "parameters", "MACs", "zero-stuffed")
        for number, column in enumerate(table.columns):
            column.no_wrap = True
            column.justify = "right" if number > 2 else "left"
        for layer in self.layers:
            counts = (layer.parameters, layer.multiply_adds, layer.zero_stuffed)
            shape = "x".join(map(str, layer.shape))
            texts = [Text(printable(text)) for text in (layer.name, layer.kind, shape)]
            table.add_row(*texts, *(f"{count:,}" for count in counts))
        table.add_section()
        totals = (self.parameters, self.multiply_adds, self.zero_stuffed)
        table.add_row("total", "", "", *(f"{count:,}" for count in totals))
        sizes = {name: f"{size / 1e6:,.2f} MB" for name, size in self.bytes.items()}
        lines = [f"{self.target}: {self.kind}, {self.pixels} pixels", f"bytes: {_format_value(sizes)}"]
        lines += [f"{key}: {value}" for key, value in self.credits.items()]
        lines += [f"export's {key}: {_format_value(value)}" for key, value in self.figures.items()]
        lines += [
            f"state {name}: {' x '.join(map(str, kept['shape']))}, then the last {kept['next']}"
            for name, kept in self.state.items()
        ]
        if self.filters:
            lines.append(f"filters: {', '.join(self.filters)}")
        if self.noise_gain is not None:
            lines.append(f"camera noise in the painting: {self.noise_gain:.3g} times that of the picture")
        lines += [
            f"branch {branch['name']} (live input {name}): {branch['bytes']:,} bytes, rank "
            f"{branch['rank']}, {branch['parameters']:,} parameters, {branch['multiply_adds']:,} MACs"
            for name, branch in self.branches.items()
        ]
        if self.recipe:
            lines.append(f"recipe: {_format_value(self.recipe)}")
        return Group(table, *(Text(printable(line)) for line in lines))


def _format_value(value: Any) -> str:
    """A JSON value as text; a look's figures may hold any value."""
    match value:
        case bool():
            return str(value)
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.3g}"
        case Mapping():
            return ", ".join(f"{key} {_format_value(item)}" for key, item in value.items())
        case list():
            return "; ".join(map(_format_value, value))
        case _:
            return str(value)
