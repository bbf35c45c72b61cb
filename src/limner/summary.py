"""The summary of a network: its layers, parameters, multiply-adds and bytes, as a table and as JSON.

`limner.networks.summary` makes it from a recipe, `limner.look.summary` from the graph of a look.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class LayerSummary:
    """One layer with weights."""

    name: str
    kind: str
    shape: tuple[int, ...]
    """Of its output, without the batch: (C, H, W)."""
    parameters: int
    """In a described network batch norm counts four for each channel, as in Keras."""
    multiply_adds: int
    zero_stuffed: int
    """Multiply-adds as papers count them that fill a transposed convolution's input with zeros."""


@dataclass(frozen=True)
class NetworkSummary:
    """A network in figures."""

    target: str
    kind: str
    """`network`, `run`, `look`, or `ONNX file` where it is another program's."""
    pixels: int
    layers: tuple[LayerSummary, ...]
    bytes: Mapping[str, int]
    """Of the file; for networks and runs of a look's weights, for each storage."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    credits: Mapping[str, str] = field(default_factory=dict)
    """Name, author, credit and licence, where given."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """What a look's export measured."""

    @property
    def parameters(self) -> int:
        """Of all layers."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Of all layers, for one picture."""
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def zero_stuffed(self) -> int:
        """Of all layers, for one picture, counting multiplications by filled-in zeros."""
        return sum(layer.zero_stuffed for layer in self.layers)

    def to_json(self) -> str:
        """Everything, as indented JSON."""
        totals = {name: getattr(self, name) for name in ("parameters", "multiply_adds", "zero_stuffed")}
        return json.dumps({**dataclasses.asdict(self), **totals}, indent=2)

    def table(self) -> Group:
        """For a terminal."""
        table = Table("layer", "kind", "output", "parameters", "MACs", "zero-stuffed")
        for number, column in enumerate(table.columns):
            column.no_wrap = True
            column.justify = "right" if number > 2 else "left"
        for layer in self.layers:
            counts = (layer.parameters, layer.multiply_adds, layer.zero_stuffed)
            shape = "x".join(map(str, layer.shape))
            table.add_row(layer.name, layer.kind, shape, *(f"{count:,}" for count in counts))
        table.add_section()
        totals = (self.parameters, self.multiply_adds, self.zero_stuffed)
        table.add_row("total", "", "", *(f"{count:,}" for count in totals))
        sizes = {name: f"{size / 1e6:,.2f} MB" for name, size in self.bytes.items()}
        lines = [f"{self.target}: {self.kind}, {self.pixels} pixels", f"bytes: {_format_value(sizes)}"]
        lines += [f"{key}: {value}" for key, value in self.credits.items()]
        lines += [f"export's {key}: {_format_value(value)}" for key, value in self.figures.items()]
        if self.recipe:
            lines.append(f"recipe: {_format_value(self.recipe)}")
        return Group(table, *(Text(line) for line in lines))


def _format_value(value: Any) -> str:
    """A value of JSON in words; a look's figures may be anything."""
    match value:
        case bool():
            return str(value)
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.3g}"
        case Mapping():
            return ", ".join(f"{key} {_format_value(one)}" for key, one in value.items())
        case list():
            return "; ".join(map(_format_value, value))
        case _:
            return "".join(letter if letter.isprintable() else " " for letter in str(value))
