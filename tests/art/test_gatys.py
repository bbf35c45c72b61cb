"""One picture in the style of a painting, by optimisation."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor

from helpers.dreams import squeezenet
from helpers.styles import picture, stripes
from limner.art.gatys import Gatys, match_light, plan_sizes, with_colours
from limner.art.style_objective import StyleDistance, content_distance, extract
from limner.art.style_options import PictureStyle, StyleLoss
from limner.errors import LimnerError
from limner.guide import grey

QUICK = PictureStyle(pixels=64, steps=12)
PAINTING = stripes().to_tensor() / 2 + 0.5


def paint(photo: Tensor, options: PictureStyle = QUICK) -> Tensor:
    return Gatys(squeezenet(), PAINTING, options)(photo)


def style_of(painted: Tensor, loss: StyleLoss = "sliced-wasserstein") -> float:
    style = StyleDistance(squeezenet(), 2 * PAINTING - 1, loss)
    return float(style(extract(squeezenet(), 2 * painted - 1), torch.Generator().manual_seed(0)))


def content_of(painted: Tensor, photo: Tensor) -> float:
    maps = [extract(squeezenet(), 2 * each - 1).content for each in (painted, photo)]
    return float(content_distance(*maps))


@pytest.mark.parametrize("loss", ["sliced-wasserstein", "gram"])
def test_the_picture_comes_nearer_to_the_style(loss: StyleLoss) -> None:
    photo = picture(64)
    painted = paint(photo, dataclasses.replace(QUICK, loss=loss))
    assert painted.shape == photo.shape
    assert 0 <= painted.min() < painted.max() <= 1
    assert style_of(painted, loss) < 0.7 * style_of(photo, loss)


def test_less_strength_keeps_more_of_the_content() -> None:
    photo = picture(64)
    strong, faint = (paint(photo, dataclasses.replace(QUICK, strength=each)) for each in (1.0, 0.05))
    assert content_of(faint, photo) < content_of(strong, photo)
    assert content_of(faint, photo) < 0.5 * content_of(picture(64, 12), photo)
    assert style_of(strong) < style_of(faint) < style_of(photo)


def test_the_seed_decides_and_steps_are_counted() -> None:
    photo, counted = picture(64), []
    first = Gatys(squeezenet(), PAINTING, QUICK)(photo, lambda *told: counted.append(told))
    assert counted == [(step, 12) for step in range(1, 13)]
    assert torch.equal(first, paint(photo))
    assert not torch.equal(first, paint(photo, dataclasses.replace(QUICK, seed=1)))


def test_sizes_double_up_to_the_pictures_own() -> None:
    assert plan_sizes(384, 512, 100) == [((96, 128), 100), ((192, 256), 50), ((384, 512), 25)]
    assert plan_sizes(100, 130, 40) == [((100, 130), 40)]
    assert plan_sizes(40, 400, 3) == [((32, 100), 3), ((32, 200), 2), ((40, 400), 1)]


def test_kept_colours_are_the_photos() -> None:
    photo = picture(64) * 0.5 + 0.25
    painted = paint(photo, dataclasses.replace(QUICK, keep_colours=True))
    is_inside = ((painted > 0.001) & (painted < 0.999)).all(1, keepdim=True)
    assert is_inside.float().mean() > 0.5
    colours = [(each - grey(each))[is_inside.expand_as(each)] for each in (photo, painted)]
    torch.testing.assert_close(colours[1], colours[0], rtol=0, atol=1e-4)
    assert (grey(painted) - grey(photo)).abs().mean() > 0.02


def test_light_is_matched_by_mean_and_deviation() -> None:
    generator = torch.Generator().manual_seed(0)
    image = 0.1 + 0.2 * torch.rand(1, 1, 20, 20, generator=generator)
    other = 0.4 + 0.3 * torch.rand(1, 1, 30, 10, generator=generator)
    matched = match_light(image, other)
    assert float(matched.mean()) == pytest.approx(float(other.mean()), abs=1e-3)
    assert float(matched.std()) == pytest.approx(float(other.std()), abs=1e-2)
    assert torch.isfinite(match_light(torch.full((1, 1, 4, 4), 0.5), other)).all()
    coloured = picture(32)
    torch.testing.assert_close(with_colours(coloured, coloured), coloured, rtol=0, atol=1e-6)


def test_a_flat_black_picture_is_painted_too() -> None:
    assert torch.isfinite(paint(torch.zeros(1, 3, 64, 48))).all()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pixels": 32}, "pixels is 32; a picture's long side has 64 to 4,096"),
        ({"steps": 0}, "steps is 0; choose 1 to 10,000"),
        ({"strength": float("inf")}, "strength is inf"),
    ],
)
def test_options_out_of_range_are_refused(changes: dict[str, float], reason: str) -> None:
    with pytest.raises(LimnerError, match=reason):
        dataclasses.replace(QUICK, **changes)  # type: ignore[arg-type]
