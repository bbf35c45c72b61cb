"""Equivariance tells a painter that moves with the camera from one whose texture sticks to the screen."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from helpers.drawn import PIXELS, drawn_wide, show_soft
from limner.evaluation.equivariance import SHIFTS, compare_moved, crop_middle, measure_equivariance


def paint_sticking(pictures: Tensor) -> Tensor:
    texture = torch.rand(3, PIXELS, PIXELS, generator=torch.Generator().manual_seed(0))
    return (show_soft(pictures) + 0.2 * (texture - 0.5)).clamp(0, 1)


def test_a_painter_that_moves_as_its_guide_loses_nothing() -> None:
    found = measure_equivariance(show_soft, show_soft, drawn_wide(1, 8), seed=0)
    assert {shift: moved.loss.value for shift, moved in found.items()} == dict.fromkeys(SHIFTS, 0)


def test_a_texture_that_sticks_to_the_screen_loses_more_than_6_db() -> None:
    found = measure_equivariance(paint_sticking, show_soft, drawn_wide(1, 8), seed=0)
    assert min(moved.loss.low for moved in found.values()) > 6
    # Two uniform textures of 0.2 differ by 0.2 / sqrt(6), which is 21.8 dB.
    assert found[1].psnr.value == pytest.approx(21.8, abs=0.5)


@pytest.mark.parametrize(("down", "across"), [(0, 4), (0, -4), (1, 0), (-1, 0)])
def test_moved_pictures_show_the_same_where_they_overlap(down: int, across: int) -> None:
    wide = drawn_wide(1, 2)
    still, moved = crop_middle(wide), crop_middle(wide, down, across)
    assert compare_moved(still, moved, down, across).tolist() == [0, 0]
    assert compare_moved(still, moved, -down, -across).min() > 1e-4
