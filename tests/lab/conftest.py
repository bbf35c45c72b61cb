"""Fixtures of the lab: small examples, settings, and short trainings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.lab import Train
from limner.data.datasets.drawn_digits import draw_digits
from limner.lab.examples import Examples, Part, hold_out
from limner.lab.loop import Budget
from limner.lab.options import LabSettings
from limner.lab.reporter import LabReporter, NullReporter
from limner.lab.run import LabOptions, run_lab

CLASSES = tuple("0123456789")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Sums depend on the number of threads."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def digits() -> Examples:
    """Drawn digits, 540 to learn from."""
    train, held_out = hold_out(*map(torch.from_numpy, draw_digits(600, 0)))
    test = Part(*map(torch.from_numpy, draw_digits(100, 1)))
    return Examples(train, held_out, test, CLASSES, "Drawn digits", "", "digits")


@pytest.fixture(scope="session")
def photos() -> Examples:
    """32x32 colour pictures, each class of one hue."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(300) % 10
    hues = torch.rand(10, 3, 1, 1, generator=generator) * 200
    noise = torch.rand(300, 3, 32, 32, generator=generator) * 55
    pictures = (hues[labels] + noise).to(torch.uint8)
    train, held_out = hold_out(pictures[:250], labels[:250])
    test = Part(pictures[250:], labels[250:])
    return Examples(train, held_out, test, CLASSES, "Photos", "", "photos")


@pytest.fixture(scope="session")
def cars() -> Examples:
    """A hyperbola with noise, like the cars'."""
    generator = torch.Generator().manual_seed(0)
    power = 46 + 184 * torch.rand(300, 1, generator=generator)
    mpg = 8 + 1600 / power + 2 * torch.randn(300, 1, generator=generator)
    train, held_out = hold_out(power[:250], mpg[:250])
    return Examples(train, held_out, Part(power[250:], mpg[250:]), (), "Cars", "", "cars")


@pytest.fixture
def train(tmp_path: Path) -> Train:
    """Runs a training and returns its record."""

    def run(
        settings: LabSettings,
        examples: Examples,
        folder: str = "run",
        *,
        budget: Budget | None = None,
        reporter: LabReporter | None = None,
        values: Any = "0..1",
        fit_epochs: bool = False,
    ) -> dict[str, Any]:
        options = LabOptions(tmp_path / folder, budget or Budget(), values, fit_epochs)
        environment = {"machine": {"cpu": "a test's"}}
        return run_lab(settings, examples, options, environment, reporter or NullReporter())

    return run
