"""Flicker tells a steady painter from one that paints each frame anew."""

from __future__ import annotations

import math

import pytest
import torch

from helpers.drawn import drawn, show_soft
from limner.evaluation.flicker import measure_flicker


def test_a_steady_painter_changes_as_its_guide_and_a_nervous_one_more() -> None:
    picture = drawn(1, pixels=80, count=1)
    guides = show_soft(torch.cat([picture[:, :, 8:72, left : left + 64] for left in range(12)]))
    assert measure_flicker(guides.expand(-1, 3, -1, -1), guides, seed=0).value == pytest.approx(1)
    noise = torch.rand(len(guides), 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert measure_flicker(guides + 0.1 * noise, guides, seed=0).low > 2


def test_a_clip_in_which_nothing_moves_has_no_flicker_to_speak_of() -> None:
    frames = drawn(1)[:1].expand(5, -1, -1, -1)
    assert math.isnan(measure_flicker(frames, show_soft(frames), seed=0).value)
