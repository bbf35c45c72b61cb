"""The border tells pictures from framed ones."""

from __future__ import annotations

import torch

from helpers.drawn import blur, drawn
from limner.evaluation.border import WIDTH, measure_border


def test_pictures_of_the_same_kind_have_the_same_border() -> None:
    for ratio in measure_border(drawn(2), drawn(1), seed=0).values():
        assert abs(ratio.ratio.value - 1) <= ratio.halves
        assert ratio.halves < 0.5


def test_a_dark_frame_and_a_smooth_frame_are_seen() -> None:
    real = drawn(1)
    inside = (slice(None), slice(None), slice(WIDTH, -WIDTH), slice(WIDTH, -WIDTH))
    dark, smooth = real * 0.7, blur(real, 8)
    dark[inside], smooth[inside] = real[inside], real[inside]
    brightness = measure_border(dark, real, seed=0)["brightness"]
    assert brightness.ratio.high < 0.75 < 1 - brightness.halves
    detail = measure_border(smooth, real, seed=0)["detail"]
    assert detail.ratio.high < 0.7 < 1 - detail.halves


def test_what_is_far_from_the_edge_is_no_border() -> None:
    real = drawn(1)
    spot = real.clone()
    spot[:, :, 24:40, 24:40] = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0))
    assert measure_border(spot, real, seed=0)["detail"].ratio.high < 1
