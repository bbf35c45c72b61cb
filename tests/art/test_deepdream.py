"""Dreams of pictures: what rises, what stays, and what a seed decides."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from helpers.dreams import drawn, squeezenet
from limner.art.deepdream import MIN_SIDE, DeepDream, mute_colours, octave_sizes
from limner.art.dream_objective import Activation, GuideSimilarity, LayerFeatures
from limner.art.dream_options import DreamOptions, FilmOptions, check_dream, check_film
from limner.art.smoothing import gaussian_blur, smooth_gradient
from limner.data.synthetic.draw import SUBJECTS
from limner.data.synthetic.subjects import Subject
from limner.errors import LimnerError
from limner.networks.feature_layers import LAYERS, Layer

QUICK = DreamOptions(octaves=1, steps=3)


def dream_of(picture: Tensor, layer: Layer = "fire4", options: DreamOptions = QUICK) -> Tensor:
    return DeepDream(Activation(squeezenet(), layer), options)(picture)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_activation_rises_fivefold_in_thirty_steps(layer: Layer) -> None:
    picture = drawn(128)
    objective = Activation(squeezenet(), layer)
    dream = dream_of(picture, layer, DreamOptions(octaves=1, steps=30))
    assert objective(dream) >= 5 * objective(picture)


def test_a_chosen_channel_rises_more_than_with_all_others() -> None:
    picture, options = drawn(128), DreamOptions(octaves=1, steps=10)
    measure = Activation(squeezenet(), "fire8", [17])
    alone = DeepDream(measure, options)(picture)
    assert measure(alone) > 2 * measure(dream_of(picture, "fire8", options))


def places(picture: Tensor) -> Tensor:
    """Features of fire8 at each place, (places, channels), less those that all pictures have."""
    features = LayerFeatures(squeezenet(), "fire8")
    others = [drawn(128, seed, subject) for subject in SUBJECTS for seed in (20, 21, 22)]
    with torch.no_grad():
        common = torch.stack([features(other).mean((2, 3))[0] for other in others]).mean(0)
        return features(picture).flatten(2)[0].T - common


def cosine_to(guide: Tensor, dream: Tensor) -> float:
    """That of each place of the dream to the place of the guide that is most like it, on average."""
    found, wanted = (functional.normalize(places(picture)) for picture in (dream, guide))
    return float((found @ wanted.T).amax(dim=1).mean())


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_guide_doubles_the_cosine_to_its_features(subject: Subject) -> None:
    picture, guide = drawn(128), drawn(128, 9, subject)
    options = DreamOptions(octaves=1, steps=30)
    guided = DeepDream(GuideSimilarity(squeezenet(), "fire8", guide), options)(picture)
    unguided = dream_of(picture, "fire8", options)
    assert cosine_to(guide, guided) >= 2 * cosine_to(guide, unguided) > 0


def test_a_dream_keeps_shape_and_range_of_any_picture() -> None:
    picture = torch.rand((1, 3, 75, 110), generator=torch.Generator().manual_seed(1))
    dream = dream_of(picture, options=DreamOptions(octaves=2, steps=2))
    assert dream.shape == picture.shape
    assert 0 <= dream.min() < dream.max() <= 1


def test_a_flat_black_picture_dreams_too() -> None:
    dream = dream_of(torch.zeros(1, 3, 64, 64))
    assert torch.isfinite(dream).all()


def test_the_seed_decides() -> None:
    picture = drawn(64)
    first, again = dream_of(picture), dream_of(picture)
    other = dream_of(picture, options=DreamOptions(octaves=1, steps=3, seed=1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_octaves_grow_to_the_whole_size_and_none_is_tiny() -> None:
    assert octave_sizes(280, 196, 3) == [(143, 100), (200, 140), (280, 196)]
    assert octave_sizes(100, 70, 10) == [(71, 50), (100, 70)]
    assert octave_sizes(MIN_SIDE // 2, 64, 3) == [(MIN_SIDE // 2, 64)]


def test_colours_are_muted_and_the_light_is_not() -> None:
    gradient = torch.tensor([3.0, 0.0, -6.0]).view(1, 3, 1, 1)
    assert mute_colours(gradient, 1).flatten().tolist() == [3, 0, -6]
    assert mute_colours(gradient, 0.5).flatten().tolist() == [1, -0.5, -3.5]
    assert mute_colours(gradient, 0).flatten().tolist() == [-1, -1, -1]


def test_blur_keeps_flat_pictures_and_spreads_a_point_by_its_deviation() -> None:
    torch.testing.assert_close(gaussian_blur(torch.ones(1, 2, 9, 7), 2), torch.ones(1, 2, 9, 7))
    point = torch.zeros(1, 1, 41, 41)
    point[0, 0, 20, 20] = 1
    spread = gaussian_blur(point, 2)[0, 0]
    places = torch.arange(41) - 20.0
    assert float((spread.sum(0) * places**2).sum()) == pytest.approx(4, rel=0.02)
    assert float(spread.sum()) == pytest.approx(1, rel=1e-5)


def test_smoothing_adds_low_frequencies() -> None:
    gradient = torch.randn((1, 3, 64, 64), generator=torch.Generator().manual_seed(2))
    smooth = smooth_gradient(gradient, 0.5)
    assert torch.equal(smooth_gradient(gradient, 0), gradient)
    rough, low = gradient.diff(dim=3).abs().mean(), smooth.diff(dim=3).abs().mean()
    assert low / smooth.abs().mean() < 0.9 * rough / gradient.abs().mean()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (DreamOptions(octaves=0), "octaves is 0; choose 1 to 10"),
        (DreamOptions(steps=0), "steps is 0; choose 1 to 10,000"),
        (DreamOptions(pixels=8), "pixels is 8; choose 64 to 4,096"),
        (DreamOptions(colour=float("nan")), "colour is nan; choose a number from 0 to 1"),
        (DreamOptions(step_size=2), "step-size is 2; choose a number from 0 to 1"),
        (DreamOptions(smooth=-1), "smooth is -1"),
    ],
)
def test_options_out_of_range_are_refused(options: DreamOptions, sentence: str) -> None:
    with pytest.raises(LimnerError, match=sentence):
        check_dream(options)


def test_options_of_a_film_out_of_range_are_refused() -> None:
    with pytest.raises(LimnerError, match=r"zoom is 0; choose a number from 0\.5 to 2"):
        check_film(FilmOptions(zoom=0))


def test_a_channel_that_the_layer_lacks_is_refused() -> None:
    with pytest.raises(LimnerError, match="fire4 has no channel 256: choose 0 to 255"):
        Activation(squeezenet(), "fire4", [256])
