"""The painter of a generator paints as the generator does."""

from __future__ import annotations

import torch

from helpers.drawn import drawn, show_soft
from helpers.looks import recipe, trained_generator
from limner.evaluation.paint import make_painter
from limner.guide import GuideModule, make_guide
from limner.light import Light


def live_values(guide: GuideModule, levels: float) -> list[torch.Tensor]:
    values = {name: live.default for name, live in guide.live.items()} | {"levels": levels}
    return [torch.tensor(value) for value in values.values()]


def test_paintings_are_the_generators_in_0_to_1() -> None:
    the_recipe, pictures = recipe(), drawn(1)[:10]
    generator, guide = trained_generator(the_recipe), make_guide("soft", 64, side=the_recipe.guide_side)
    painter = make_painter(generator, guide, levels=0)
    # People are shown the guide at the painting's side; the generator begins with fewer pixels.
    torch.testing.assert_close(painter.guide(pictures), show_soft(pictures))
    with torch.no_grad():
        cells = guide(pictures, *(live_values(guide, levels=0)))
        expected = generator(2 * cells - 1) / 2 + 0.5
    assert cells.shape[-1] < 64
    torch.testing.assert_close(painter.paint(pictures), expected, rtol=1e-4, atol=1e-5)


def test_held_out_pictures_are_shown_as_in_training_and_frames_with_auto_levels() -> None:
    night = drawn(1)[:4] / 3
    guide = make_guide("soft", 64, Light(0.15, 0.09, 0.1), 32)
    generator = trained_generator(recipe())
    shown, levelled = (make_painter(generator, guide, levels=levels).guide(night) for levels in (0, 1))
    training_guide = guide(night, *live_values(guide, levels=0), guide.pixels)
    torch.testing.assert_close(shown, training_guide)
    assert (levelled - shown).abs().mean() > 0.02
