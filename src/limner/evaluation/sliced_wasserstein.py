"""Distance between paintings and photos, measured without a trained network.

It is the sliced Wasserstein distance between patches of Laplacian pyramids (Karras et al. 2018,
*Progressive growing of GANs*, section 5). It responds to texture and colour at each scale, whereas the mean
absolute difference prefers blur. FID and LPIPS need weights that are larger than all of ours together.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

PATCH, PATCHES, DIRECTIONS = 7, 128, 256
MIN_SIDE = 16
"""Side in pixels of the coarsest level."""


def sliced_wasserstein(paintings: Tensor, photos: Tensor) -> dict[int, float]:
    """Distance for each level, by its side in pixels, between two sets (N, 3, P, P) of equal size.

    The distance is 0 for equal sets. Patches are normalised per channel by the photos' statistics, so that
    paintings that are too pale or too dark are far away. Each call uses the same patches and directions.
    """
    generator = torch.Generator().manual_seed(0)
    distances = {}
    for level, reference in zip(laplacian_pyramid(paintings), laplacian_pyramid(photos), strict=True):
        side = level.shape[-1]
        corners = torch.randint(0, side - PATCH + 1, (2, len(level), PATCHES), generator=generator)
        mean, deviation = reference.mean((0, 2, 3)), reference.std((0, 2, 3)) + 1e-8
        directions = torch.randn(3 * PATCH * PATCH, DIRECTIONS, generator=generator)
        directions /= directions.norm(dim=0)
        sorted_sets = [
            (
                sample_patches((images - mean[:, None, None]) / deviation[:, None, None], corners)
                @ directions
            )
            .sort(dim=0)
            .values
            for images in (level, reference)
        ]
        distances[side] = float((sorted_sets[0] - sorted_sets[1]).abs().mean())
    return distances


def laplacian_pyramid(images: Tensor) -> list[Tensor]:
    """The detail that each halving loses, finest first, then the image left at `MIN_SIDE` pixels."""
    levels = []
    while images.shape[-1] > MIN_SIDE:
        coarse = avg_pool2d(images, 2)
        levels.append(images - interpolate(coarse, scale_factor=2.0, mode="bilinear"))
        images = coarse
    return [*levels, images]


def sample_patches(images: Tensor, corners: Tensor) -> Tensor:
    """Patches (N K, 3 x 7 x 7) of images (N, 3, H, W); `corners` (2, N, K) are their rows and columns."""
    offset = torch.arange(PATCH)
    rows = corners[0, :, :, None, None] + offset[:, None]  # (N, K, 7, 1)
    columns = corners[1, :, :, None, None] + offset  # (N, K, 1, 7)
    picture = torch.arange(len(images))[:, None, None, None]
    cut = images.permute(0, 2, 3, 1)[picture, rows, columns]  # (N, K, 7, 7, 3)
    return cut.reshape(-1, PATCH * PATCH * images.shape[1])
