"""The painter of a generator paints as the generator does."""

from __future__ import annotations

import torch

from helpers.drawn import drawn, show_soft
from helpers.looks import recipe, trained_generator
from limner.evaluation.paint import make_painter
from limner.guide import make_guide


def test_paintings_are_the_generators_in_0_to_1() -> None:
    the_recipe, pictures = recipe(), drawn(1)[:10]
    generator, guide = trained_generator(the_recipe), make_guide("soft", 64, side=the_recipe.guide_side)
    painter = make_painter(generator, guide)
    # People are shown the guide at the painting's side; the generator begins with fewer pixels.
    torch.testing.assert_close(painter.guide(pictures), show_soft(pictures))
    with torch.no_grad():
        cells = guide(pictures, *(torch.tensor(live.default) for live in guide.live.values()))
        expected = generator(2 * cells - 1) / 2 + 0.5
    assert cells.shape[-1] < 64
    torch.testing.assert_close(painter.paint(pictures), expected, rtol=1e-4, atol=1e-5)
