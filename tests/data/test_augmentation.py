"""Crops are exact, in range and reproducible, and both pictures of a pair get the same crop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from helpers.stores import store
from limner.data.augmentation import Batch, crop_and_resize, make_pair, sample_params
from limner.data.loader import load_batch
from limner.data.synthetic.draw import draw
from limner.evaluation.spectrum import radial_power
from limner.guide import make_guide
from limner.recipe import Recipe


def window(top: float, left: float, side: float, mirror: float = 1.0) -> torch.Tensor:
    return torch.tensor([[top], [left], [side], [mirror]])


def boxes(side: int = 84) -> torch.Tensor:
    return torch.randint(0, 256, (1, side, side, 3), generator=torch.Generator().manual_seed(1)).byte()


def test_a_window_of_the_painting_s_size_is_a_plain_crop() -> None:
    box = boxes()
    cut = crop_and_resize(box, window(5, 9, 64), 64)
    crop = box[0, 5:69, 9:73].permute(2, 0, 1) / 255
    assert cut.shape == (1, 3, 64, 64)
    assert cut.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(cut[0], crop, atol=2e-5, rtol=0)


def test_a_mirrored_window_is_the_same_window_mirrored() -> None:
    plain = crop_and_resize(boxes(), window(3, 11, 70.5), 64)
    mirrored = crop_and_resize(boxes(), window(3, 11, 70.5, -1.0), 64)
    torch.testing.assert_close(mirrored, plain.flip(3), atol=2e-5, rtol=0)
    assert (mirrored - plain).abs().max() > 0.1


def test_a_larger_window_equals_interpolate() -> None:
    box = boxes(80)
    whole = box.permute(0, 3, 1, 2) / 255
    expected = torch.nn.functional.interpolate(whole, (64, 64), mode="bicubic", align_corners=False)
    expected = expected.clamp(0, 1)
    torch.testing.assert_close(crop_and_resize(box, window(0, 0, 80), 64), expected, atol=2e-5, rtol=0)


def test_a_crop_is_as_sharp_as_its_picture() -> None:
    """Wherever the window begins, and however large it is."""
    (picture,) = draw("garden", 1, 84, 0)
    box = torch.from_numpy(np.array(picture))[None]
    for top, side in ((4.0, 70.5), (5.5, 70.5), (0.3, 83.2)):
        drawn = picture.resize((64, 64), Image.Resampling.LANCZOS, box=(top, top, top + side, top + side))
        real = torch.from_numpy(np.array(drawn)).permute(2, 0, 1)[None] / 255
        crop = crop_and_resize(box, window(top, top, side), 64)
        power, real_power = (radial_power(squares) for squares in (crop, real))
        assert abs(10 * (power / real_power).log10()[0, 15:].mean()) < 1, "dB of the finest octave"


def test_parameters_stay_within_the_recipe() -> None:
    recipe = Recipe(scale=1.2, brightness=0.2, contrast=0.15)
    params = sample_params(recipe, 5000, torch.Generator().manual_seed(0))
    for values, low, high in (
        (params.scale, 1.0, 1.2),
        (params.down, 0.0, 1.0),
        (params.across, 0.0, 1.0),
        (params.brightness, -0.2, 0.2),
        (params.contrast, 0.85, 1.15),
    ):
        assert low <= values.min() < low + 0.01 * (high - low)
        assert high >= values.max() > high - 0.01 * (high - low)
    assert 0.45 < (params.mirror == -1).float().mean() < 0.55


def test_no_picture_is_mirrored_without_flip() -> None:
    params = sample_params(Recipe(flip=False), 1000, torch.Generator().manual_seed(0))
    assert (params.mirror == 1).all()


def test_parameters_follow_the_generator() -> None:
    first, same, different = (
        sample_params(Recipe(), 8, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)
    )
    assert torch.equal(first.scale, same.scale)
    assert not torch.equal(first.scale, different.scale)


def test_a_pair_of_equal_pictures_stays_equal(tmp_path: Path) -> None:
    pictures = store(tmp_path, same_inputs=True)
    recipe = Recipe(pixels=64, guide="colour", brightness=0.0, contrast=0.0)
    params = sample_params(recipe, 8, torch.Generator().manual_seed(0))
    pair = make_pair(load_batch(pictures, range(8), params), make_guide("colour", 64), 64)
    torch.testing.assert_close(pair.input, pair.target, atol=1e-6, rtol=0)


def test_the_guide_is_made_from_the_input() -> None:
    black, white = torch.zeros(1, 84, 84, 3).byte(), torch.full((1, 84, 84, 3), 255).byte()
    batch = Batch(white, black, window(0, 0, 84), torch.tensor([[0.1], [1.0]]))
    pair = make_pair(batch, make_guide("soft", 64), 64)
    torch.testing.assert_close(pair.target, torch.ones(1, 3, 64, 64))
    # Black, brightened by 0.1 of 1, on the scale of -1..1.
    torch.testing.assert_close(pair.input, torch.full((1, 1, 64, 64), -0.8), atol=1e-5, rtol=0)


def test_each_picture_has_its_own_brightness_and_contrast() -> None:
    grey = torch.full((2, 84, 84, 3), 102).byte()
    light = torch.tensor([[0.2, -0.1], [1.0, 0.5]])
    pair = make_pair(Batch(grey, None, window(0, 0, 84).repeat(1, 2), light), make_guide("colour", 64), 64)
    means = pair.input.mean(dim=(1, 2, 3))
    # contrast * (0.4 - 0.5) + 0.5 + brightness, then 2x - 1
    torch.testing.assert_close(means, torch.tensor([0.2, -0.3]), atol=1e-5, rtol=0)
