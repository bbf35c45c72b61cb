"""The plots of one training: its curves, and what was taken for what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from limner.files import atomic_write
from limner.lab.examples import Examples
from limner.lab.objective import predict
from limner.lab.scaled import Scaled
from limner.lab.svg import Axes, Curve, draw_plot, draw_table, limits_of


def write_plots(folder: Path, record: Mapping[str, Any], network: Scaled, examples: Examples) -> list[Path]:
    """Write the plots as SVG and return their paths. Raises LimnerError where that fails."""
    title = f"{record['settings']['net']}, {examples.title}"
    content = {"curves.svg": draw_history(title, record)}
    if examples.classes:
        content["confusion.svg"] = draw_table(
            f"{title}: {record['data']['test']:,} test pictures, {record['test']['accuracy']:.2%} right",
            examples.classes,
            record["test"]["confusion"],
        )
    else:
        content["fit.svg"] = draw_fit(title, network, examples)
    for name, text in content.items():
        atomic_write(folder / name, text)
    return [folder / name for name in content]


def draw_history(title: str, record: Mapping[str, Any]) -> str:
    """Scores by epoch, in training and on held-out examples; per cent where they are accuracies."""
    history = record["history"]
    is_accuracy = "accuracy" in record["test"]
    factor = 100 if is_accuracy else 1
    curves = [
        Curve(label, [(each["epoch"], factor * each[key]) for each in history])
        for label, key in (("held out", "held_out_score"), ("in training", "train_score"))
    ]
    shown = curves if is_accuracy else curves[:1]  # R² of a batch of 32 says little
    values = [y for curve in shown for _, y in curve.points]
    axes = Axes(
        f"{title}, {record['settings']['optimizer']}",
        "epoch",
        "accuracy, %" if is_accuracy else "R²",
        (1, max(len(history), 2)),
        limits_of(values, ceiling=factor),
    )
    return draw_plot(axes, shown)


def draw_fit(title: str, network: Scaled, examples: Examples) -> str:
    """The cars, and what the network predicts over the range of their horsepower."""
    inputs = torch.cat([examples.train.inputs, examples.held_out.inputs, examples.test.inputs])
    targets = torch.cat([examples.train.targets, examples.held_out.targets, examples.test.targets])
    least, largest = float(inputs.min()), float(inputs.max())
    places = torch.linspace(least, largest, 200)[:, None]
    curve = Curve("predicted", _pairs(places, predict(network, places)))
    points = _pairs(inputs, targets)
    axes = Axes(
        title,
        "horsepower",
        "miles per gallon",
        limits_of([x for x, _ in points]),
        limits_of([y for _, y in points]),
    )
    return draw_plot(axes, [curve], points)


def _pairs(inputs: Tensor, outputs: Tensor) -> list[tuple[float, float]]:
    return list(zip(inputs.flatten().tolist(), outputs.flatten().tolist(), strict=True))
