"""The surfaces have their published minima and starts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import get_args

import pytest
import torch
from torch import Tensor

from limner.errors import LimnerError
from limner.lab.descent.racers import SurfaceName
from limner.lab.descent.surfaces import Surface, line, make_surface

CLOUD = torch.rand(40, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.fixture(params=get_args(SurfaceName))
def surface(request: pytest.FixtureRequest) -> Surface:
    return line(CLOUD) if request.param == "cars" else make_surface(request.param, 50)


def height(surface: Surface, x: float, y: float) -> float:
    return float(surface.value(torch.tensor(x).double(), torch.tensor(y).double()))


def slope(surface: Surface, x: float, y: float) -> Tensor:
    place = torch.tensor([x, y], dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(surface.value(*place.unbind()), place)[0]


def test_minima_are_flat_and_least(surface: Surface) -> None:
    assert surface.minima
    for x, y in surface.minima:
        assert height(surface, x, y) == pytest.approx(surface.least, abs=1e-12)
        assert float(slope(surface, x, y).norm()) < 1e-9
    (left, right), (bottom, top) = surface.view
    across = torch.linspace(left, right, 200, dtype=torch.float64)
    up = torch.linspace(bottom, top, 200, dtype=torch.float64)
    assert float(surface.value(across[None, :], up[:, None]).min()) >= surface.least - 1e-12


def test_the_start_and_the_minima_are_in_view(surface: Surface) -> None:
    for point in (surface.start, *surface.minima):
        for value, (least, most) in zip(point, surface.view, strict=True):
            assert least < value < most


@pytest.mark.parametrize(
    ("name", "place", "expected"),
    [
        ("ravine", (2, 1), 27),  # 1/2 (4 + 50)
        ("saddle", (1, 2), 2),  # 1 - 4 + 4 + 1
        ("beale", (0, 0), 14.203125),  # 1.5^2 + 2.25^2 + 2.625^2
        ("rosenbrock", (-1.2, 1), 24.2),  # as in Moré, Garbow and Hillstrom 1981
        ("himmelblau", (0, 0), 170),  # 11^2 + 7^2
    ],
)
def test_values_are_the_known_ones(name: SurfaceName, place: tuple[float, float], expected: float) -> None:
    assert height(make_surface(name, 50), *place) == pytest.approx(expected)


def test_the_line_s_minimum_is_that_of_least_squares() -> None:
    inputs = torch.linspace(0, 1, 30, dtype=torch.float64)
    surface = line(torch.stack([inputs, 3 * inputs - 2], dim=1))
    assert surface.minima[0] == pytest.approx((3, -2))
    assert surface.least == pytest.approx(0, abs=1e-20)
    # The mean of (w u)^2 at b = -2: half a step of 1 in w is the mean square of the inputs.
    assert height(surface, 4, -2) == pytest.approx(float(inputs.square().mean()))


def test_the_saddle_is_one() -> None:
    saddle = make_surface("saddle", 50)
    assert float(slope(saddle, 0, 0).norm()) == 0
    assert height(saddle, 0.1, 0) > height(saddle, 0, 0) > height(saddle, 0, 0.1)
    assert saddle.minima[0] == (0, math.sqrt(2))


def test_cars_have_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="`limner data cars`"):
        make_surface("cars", 50, tmp_path)
