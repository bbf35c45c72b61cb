"""Paths: torch's steps, the page's random numbers, and how paths end."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from limner.errors import LimnerError
from limner.lab.descent.options import DescentSettings
from limner.lab.descent.path import Path, find_ends, race, walk_path
from limner.lab.descent.racers import RACERS, RacerName
from limner.lab.descent.random_numbers import batch_of, normal, random_numbers
from limner.lab.descent.surfaces import line, make_surface


def walk(name: RacerName, **changes: Any) -> Path:
    settings = DescentSettings(**changes)
    return walk_path(make_surface(settings.on, settings.k), RACERS[name], settings)


def test_plain_descent_on_a_ravine_is_a_power() -> None:
    path = walk("batch", k=50.0, rates={"batch": 0.03}, steps=40)
    expected = [(-2.2 * 0.97**t, (1 - 0.03 * 50) ** t) for t in range(41)]
    np.testing.assert_allclose(path.points, expected, rtol=1e-12)
    np.testing.assert_allclose(path.losses, [0.5 * (x * x + 50 * y * y) for x, y in expected], rtol=1e-10)
    assert path.steps == 40


def test_momentum_follows_polyak_s_recursion() -> None:
    path = walk("momentum", m=0.8, rates={"momentum": 0.01}, steps=30)
    x, speed = -2.2, 0.0
    for reached, _ in path.points:
        assert reached == pytest.approx(x, rel=1e-12)
        speed = 0.8 * speed + x
        x -= 0.01 * speed


def test_nesterov_without_momentum_is_plain_descent() -> None:
    rate = {"batch": 0.01, "nesterov": 0.01}
    assert walk("nesterov", m=0.0, rates=rate).points == walk("batch", rates=rate).points


def test_a_path_says_when_it_is_down_to_a_thousandth() -> None:
    # The height falls by 0.9^2 a step: 0.81^33 is the first power below a thousandth.
    path = walk("batch", k=1.0, rates={"batch": 0.1}, steps=60)
    assert (path.converged, path.diverged) == (33, None)
    assert walk("batch", k=1.0, rates={"batch": 0.1}, steps=32).converged is None


def test_what_grows_a_millionfold_has_diverged() -> None:
    # The height of y, 25 of 27.42 at the start, grows by 4 a step: 4^11 is the first power that is enough.
    path = walk("batch", k=50.0, rates={"batch": 3 / 50}, steps=30)
    assert (path.converged, path.diverged, path.steps) == (None, 11, 30)


def test_a_path_ends_where_numbers_do() -> None:
    path = walk("batch", on="rosenbrock", rates={"batch": 0.05}, steps=60)
    assert path.steps < 60
    assert path.diverged is not None and path.diverged <= path.steps + 1
    assert all(math.isfinite(value) for point in path.points for value in point)
    assert all(map(math.isfinite, path.losses))


def test_how_paths_end() -> None:
    assert find_ends([1, 0.5, 1e-3], is_whole=True) == (2, None)
    assert find_ends([1, 1e-4, 2e6], is_whole=True) == (1, 2)
    assert find_ends([1, 2e6, 1e-4], is_whole=True) == (None, 1)
    assert find_ends([1, 5], is_whole=False) == (None, 2)
    assert find_ends([0, 0, 0], is_whole=True) == (0, None)


def test_noise_falls_with_the_root_of_the_batch() -> None:
    """On a surface without slope, steps are the noise alone."""
    flat = replace(make_surface("beale", 50), value=lambda x, y: 0 * x * y)
    settings = DescentSettings(
        on="beale", noise=2.0, batch=16, steps=2000, rates={"stochastic": 1.0, "mini": 1.0}
    )
    for name, deviation in (("stochastic", 2.0), ("mini", 0.5)):
        path = walk_path(flat, RACERS[name], settings)  # type: ignore[index]
        steps = np.diff(path.points, axis=0)
        assert steps.std() == pytest.approx(deviation, rel=0.05)
        assert abs(steps.mean()) < 0.1 * deviation


def test_batches_of_an_epoch_have_all_examples_once() -> None:
    epoch = [number for step in range(5) for number in batch_of(step, 20, 4, seed=3)]
    assert sorted(epoch) == list(range(20))
    following = [number for step in range(5, 10) for number in batch_of(step, 20, 4, seed=3)]
    assert sorted(following) == list(range(20))
    assert following != epoch
    # One example of 21 is left out.
    assert len({number for step in range(5) for number in batch_of(step, 21, 4, seed=3)}) == 20


def test_a_batch_of_all_examples_is_batch_descent() -> None:
    cloud = torch.rand(10, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    settings = DescentSettings(on="cars", batch=10, who=("batch", "mini"), steps=20)
    batch, mini = race(line(cloud), settings)
    assert batch.points == mini.points


def test_random_numbers_are_those_of_their_seed() -> None:
    draw = random_numbers(1, 2)
    drawn = [draw() for _ in range(10_000)]
    assert all(0 <= one < 1 for one in drawn)
    assert np.mean(drawn) == pytest.approx(0.5, abs=0.01)
    again = random_numbers(1, 2)
    assert [again() for _ in range(3)] == drawn[:3]
    assert random_numbers(2, 1)() != drawn[0]
    normals = [normal(draw) for _ in range(10_000)]
    assert np.mean(normals) == pytest.approx(0, abs=0.03)
    assert np.std(normals) == pytest.approx(1, abs=0.03)


def test_a_race_tells_how_far_it_is() -> None:
    told: list[tuple[int, int, str]] = []
    settings = DescentSettings(who=("batch", "adam"), steps=250)
    race(make_surface("ravine", 50), settings, lambda *given: told.append(given))
    assert told == [(done, 500, "racing") for done in (0, 100, 200, 250, 350, 450)]


def test_a_start_must_be_on_the_map() -> None:
    settings = DescentSettings(on="beale", start=(-1.6, 0.0))
    with pytest.raises(LimnerError) as error:
        race(make_surface("beale", 50), settings)
    assert str(error.value) == (
        "--start=-1.6,0 is not on the map of beale: the first number has to be from -1.5 to 4.2, the "
        "second from -2.1 to 2.1."
    )
