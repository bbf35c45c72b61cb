"""The sliced Wasserstein distance of patches, and its Laplacian pyramid."""

from __future__ import annotations

import torch

from limner.evaluation.sliced_wasserstein import laplacian_pyramid, sliced_wasserstein


def test_the_distance_is_zero_for_equal_photos_and_grows_with_blur_and_low_contrast() -> None:
    photos = torch.rand(6, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert set(sliced_wasserstein(photos, photos)) == {64, 32, 16}
    assert max(sliced_wasserstein(photos, photos).values()) == 0
    pale, blurred = photos * 0.7, torch.nn.functional.avg_pool2d(photos, 3, 1, 1)
    slight = sum(sliced_wasserstein(photos * 0.9, photos).values())
    assert slight < sum(sliced_wasserstein(pale, photos).values())
    assert sliced_wasserstein(blurred, photos)[64] > 0.3


def test_the_levels_of_a_pyramid_add_up_to_the_picture() -> None:
    picture = torch.rand(1, 3, 64, 64)
    fine, middle, coarse = laplacian_pyramid(picture)
    grown = torch.nn.functional.interpolate(coarse, scale_factor=2.0, mode="bilinear") + middle
    again = torch.nn.functional.interpolate(grown, scale_factor=2.0, mode="bilinear") + fine
    torch.testing.assert_close(again, picture)
