"""What a style's network is told: distances against their formulas, and their gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from helpers.dreams import squeezenet
from helpers.styles import picture, stripes
from limner.art import sliced_wasserstein as module
from limner.art.gram import GramDistance, gram_matrices
from limner.art.sliced_wasserstein import DIRECTIONS, SlicedWasserstein
from limner.art.stability import FLOOR, frame_difference, squared_noise_gain
from limner.art.style_objective import StyleDistance, content_distance, extract, total_variation
from limner.art.style_options import StyleLoss
from limner.networks.features import load_squeezenet

LOSSES: tuple[StyleLoss, ...] = ("sliced-wasserstein", "gram")


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def maps(seed: int, side: int = 6, channels: int = 4) -> Tensor:
    return torch.rand(1, channels, side, side, generator=draws(seed))


@pytest.fixture
def all_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMPARED", DIRECTIONS)


@pytest.mark.usefixtures("all_directions")
def test_the_sliced_wasserstein_distance_is_that_of_sorted_projections() -> None:
    painting, found = maps(1), maps(2)
    distance = SlicedWasserstein(painting, seed=3, layer=0)
    directions = distance.directions.numpy()
    assert np.linalg.norm(directions, axis=1) == pytest.approx(np.ones(DIRECTIONS), abs=1e-5)
    one, two = (np.sort(directions @ each[0].flatten(1).numpy(), axis=1) for each in (painting, found))
    expected = np.mean((one - two) ** 2) / np.mean(one**2)
    assert float(distance(found, draws())) == pytest.approx(expected, rel=1e-4)


@pytest.mark.usefixtures("all_directions")
def test_it_knows_a_shift_exactly_and_no_places() -> None:
    painting = maps(1)
    distance = SlicedWasserstein(painting, seed=0, layer=0)
    order = torch.randperm(36, generator=draws())
    shuffled = painting.flatten(2)[:, :, order].view_as(painting)
    assert float(distance(shuffled, draws())) == pytest.approx(0, abs=1e-9)
    shift = torch.tensor([0.5, -0.2, 0.1, 0.3])
    expected = (distance.directions @ shift).square().mean() / distance.spread
    found = distance(painting + shift.view(1, 4, 1, 1), draws())
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=0)


def test_a_step_compares_some_directions_and_the_same_ones_for_the_same_draw() -> None:
    distance = SlicedWasserstein(maps(1), seed=0, layer=0)
    first, again, other = (float(distance(maps(2), draws(seed))) for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("side", [12, 36, 80])
def test_maps_of_another_size_are_compared_by_quantiles(side: int) -> None:
    """Each place of the painting comes as often as any other; of 6,400 places 4,096 are drawn."""
    painting = maps(1, side=24)
    distance = SlicedWasserstein(painting, seed=0, layer=0)
    like = torch.nn.functional.interpolate(painting, size=(side, side), mode="nearest")
    unlike = 2 * like
    assert float(distance(like, draws())) < 0.1 * float(distance(unlike, draws()))


def test_gram_matrices_are_mean_products() -> None:
    image = maps(1)
    features = image[0].flatten(1).numpy()
    assert gram_matrices(image)[0].numpy() == pytest.approx(features @ features.T / 36, rel=1e-5)
    own, other = gram_matrices(image)[0], gram_matrices(maps(2))[0]
    expected = float(((own - other) ** 2).sum() / (own**2).sum())
    assert float(GramDistance(image)(maps(2), draws())) == pytest.approx(expected, rel=1e-5)
    assert float(GramDistance(image)(torch.zeros(3, 4, 5, 5), draws())) == pytest.approx(1)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_painting_is_nearer_to_itself_than_a_photo_is(loss: StyleLoss) -> None:
    own = stripes().to_tensor()
    style = StyleDistance(squeezenet(), own, loss)
    itself, photo = (
        float(style(extract(squeezenet(), each), draws())) for each in (own, 2 * picture(64) - 1)
    )
    assert itself == pytest.approx(0, abs=1e-6)
    assert photo > 0.1


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_are_those_of_finite_differences(loss: StyleLoss) -> None:
    network = load_squeezenet().double()
    style = StyleDistance(network, stripes().to_tensor().double(), loss)
    wanted = extract(network, 2 * picture(number=3).double() - 1).content

    def total(pixels: Tensor) -> Tensor:
        found = extract(network, pixels)
        return (
            style(found, draws()) + content_distance(found.content, wanted) + 0.1 * total_variation(pixels)
        )

    pixels = (2 * picture().double() - 1).requires_grad_()
    (gradient,) = torch.autograd.grad(total(pixels), pixels)
    direction = torch.randn(pixels.shape, generator=draws(5), dtype=torch.float64)
    step = 1e-7
    with torch.no_grad():
        slope = (total(pixels + step * direction) - total(pixels - step * direction)) / (2 * step)
    assert float(slope) == pytest.approx(float((gradient * direction).sum()), rel=1e-3)


def test_the_distance_of_contents_is_relative() -> None:
    wanted = maps(1)
    assert float(content_distance(wanted, wanted)) == 0
    assert float(content_distance(torch.zeros_like(wanted), wanted)) == pytest.approx(1)
    assert float(content_distance(1.5 * wanted, wanted)) == pytest.approx(0.25)


def test_the_total_variation_is_that_of_neighbours() -> None:
    ramp = torch.arange(4.0).expand(1, 3, 5, 4)
    assert float(total_variation(ramp)) == pytest.approx(1)
    assert float(total_variation(torch.ones(1, 3, 5, 4))) == 0


def test_paintings_that_move_as_their_frames_have_no_frame_difference() -> None:
    frames, following = maps(1, channels=3), maps(2, channels=3)
    assert float(frame_difference(frames + 0.3, following + 0.3, frames, following)) < 1e-9
    moved = (following - frames).square().mean()
    expected = float(4 * moved / (moved + FLOOR))
    tripled = frame_difference(3 * frames, 3 * following, frames, following)
    assert float(tripled) == pytest.approx(expected, rel=1e-4)


def test_the_gain_of_a_painter_that_triples_noise_is_nine_squared() -> None:
    frames, noise = maps(1, channels=3), 0.1 * maps(2, channels=3)
    assert float(squared_noise_gain(3 * frames, 3 * (frames + noise), noise)) == pytest.approx(9, rel=1e-3)
