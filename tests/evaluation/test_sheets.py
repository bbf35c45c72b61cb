"""Sheets show the network's input, its painting and the target; films show the sheets in order."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from helpers.stores import TINY
from limner.data.store import ImageStore
from limner.evaluation.samples import Samples
from limner.evaluation.sheets import (
    LINE,
    MARGIN,
    MAX_FRAMES,
    draw_generator_sheet,
    draw_sheet,
    to_uint8,
    write_film,
    write_image,
)
from limner.mark import read_image_mark
from limner.training.state import TrainState


def test_a_sheet_has_three_rows_of_fixed_pictures(pictures: ImageStore, samples: Samples) -> None:
    state = TrainState(TINY, torch.device("cpu"))
    before = [tensor.clone() for tensor in state.tensors().values()]
    rng_state = torch.get_rng_state()
    sheet = draw_generator_sheet(samples, state.generator, "epoch 1")
    columns = min(4, len(pictures.held_out)) + 2
    assert sheet.size == (MARGIN + columns * 64 + 12, 2 * LINE + 3 * 64)
    # The last row is the targets; the first column is the first held-out picture.
    picture = torch.from_numpy(pictures.image(pictures.held_out[0]).copy()).float()
    cell = sheet.crop((MARGIN, 2 * LINE + 128, MARGIN + 64, 2 * LINE + 192)).resize(
        (1, 1), Image.Resampling.BOX
    )
    top = (picture.shape[0] - pictures.short_side) // 2
    left = (picture.shape[1] - pictures.short_side) // 2
    middle = picture[top : top + pictures.short_side, left : left + pictures.short_side]
    mean = middle.mean(dim=(0, 1)).tolist()
    assert cell.getpixel((0, 0)) == pytest.approx(mean, abs=4)
    # Drawing a sheet changes neither weights, statistics nor the random state.
    assert all(torch.equal(a, b) for a, b in zip(before, state.tensors().values(), strict=True))
    assert torch.equal(rng_state, torch.get_rng_state())
    assert state.generator.training


def test_a_long_name_covers_no_picture() -> None:
    red = Image.new("RGB", (64, 64), "red")
    sheet = draw_sheet({"guide": [red], "a recipe with a long name": [red]}, [("held out", 1)], "caption")
    cells = sheet.crop((sheet.width - 64, 2 * LINE, sheet.width, sheet.height))
    assert sheet.width > MARGIN + 64
    assert cells.getcolors() == [(2 * 64 * 64, (255, 0, 0))]


def test_images_are_rounded_and_clamped() -> None:
    row = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0]).reshape(1, 1, 1, 5).expand(1, 3, 1, 5)
    assert to_uint8(row)[0, 0, :, 0].tolist() == [0, 0, 128, 255, 255]


def test_a_film_shows_the_first_sheets_and_rests_on_the_last(tmp_path: Path) -> None:
    for number in range(60):
        write_image(tmp_path / f"step-{number:08}.jpg", Image.new("RGB", (900, 300), (4 * number, 0, 0)))
    write_film(tmp_path / "film.gif", sorted(tmp_path.glob("*.jpg")))
    reds, durations = [], []
    with Image.open(tmp_path / "film.gif") as film:
        assert film.size == (540, 180)
        for frame in range(film.n_frames):  # type: ignore[attr-defined]
            film.seek(frame)
            pixel = film.convert("RGB").getpixel((270, 90))
            assert isinstance(pixel, tuple)
            reds.append(pixel[0])
            durations.append(film.info["duration"])
    assert read_image_mark(tmp_path / "film.gif") == "film"
    assert read_image_mark(tmp_path / "step-00000000.jpg") == "sample sheet"
    assert len(reds) == MAX_FRAMES
    assert reds == sorted(reds)
    assert reds[0] < 8
    assert reds[-1] > 230
    assert durations[-1] == 2000
    assert set(durations[:-1]) == {250}


def test_no_film_without_sheets(tmp_path: Path) -> None:
    write_film(tmp_path / "film.gif", [])
    assert not (tmp_path / "film.gif").exists()
