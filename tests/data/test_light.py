"""The light of a store is that of its training pictures, and of their inputs in pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.stores import prepare_store
from limner.data.light import measure_light

SHADES = (26, 51, 77, 102, 128, 153)


def save(folder: Path, *pictures: np.ndarray) -> Path:
    folder.mkdir()
    for at, picture in enumerate(pictures):
        Image.fromarray(np.uint8(picture)).convert("RGB").save(folder / f"{at}.png")
    return folder


def flat(shade: int) -> np.ndarray:
    return np.full((50, 60), shade)


def test_flat_pictures_differ_in_their_means_alone(tmp_path: Path) -> None:
    pictures, _ = prepare_store(tmp_path / "store", save(tmp_path / "flat", *map(flat, SHADES)))
    shades = [pictures.image(index).mean() / 255 for index in pictures.training]
    light = measure_light(pictures)
    assert light.mean == pytest.approx(np.mean(shades), abs=1e-4)
    assert light.variation == pytest.approx(np.std(shades), abs=1e-4)
    assert light.variation > 0.1
    assert light.spread == pytest.approx(0, abs=1e-4)


def test_halves_of_black_and_white_have_the_largest_spread(tmp_path: Path) -> None:
    halves = [np.repeat([0, 255], 100)[None].repeat(200, axis=0)] * 2
    halves[1] = halves[1].T
    light = measure_light(prepare_store(tmp_path / "store", save(tmp_path / "halves", *halves))[0])
    assert light.mean == pytest.approx(0.5, abs=0.01)
    assert light.variation == pytest.approx(0, abs=1e-4)
    assert light.spread == pytest.approx(0.5, abs=0.01)


def test_the_light_of_pairs_is_that_of_the_inputs(tmp_path: Path) -> None:
    targets = save(tmp_path / "targets", *map(flat, SHADES))
    inputs = save(tmp_path / "inputs", *[flat(204)] * len(SHADES))
    pictures, _ = prepare_store(tmp_path / "store", targets, inputs=inputs)
    light = measure_light(pictures)
    assert light.mean == pytest.approx(0.8, abs=1e-4)
    assert light.variation == pytest.approx(0, abs=1e-4)
