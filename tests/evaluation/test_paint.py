"""The painter of a generator paints as the generator does."""

from __future__ import annotations

import torch

from helpers.drawn import drawn, show_soft
from helpers.looks import recipe, trained_generator
from limner.evaluation.paint import make_painter
from limner.guide import make_guide


def test_paintings_are_the_generators_in_0_to_1() -> None:
    generator, pictures = trained_generator(recipe()), drawn(1)[:10]
    painter = make_painter(generator, make_guide("soft", 64))
    torch.testing.assert_close(painter.guide(pictures), show_soft(pictures))
    with torch.no_grad():
        expected = generator(2 * show_soft(pictures) - 1) / 2 + 0.5
    torch.testing.assert_close(painter.paint(pictures), expected, rtol=1e-4, atol=1e-5)
