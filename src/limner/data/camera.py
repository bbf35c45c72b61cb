"""What a webcam makes of a picture: another exposure, less contrast, dark corners, noise.

Guides are made of photos while a network learns, and of a webcam's frames when it paints. The painting that
is wanted is the same, so the guide of a training pair is degraded and its target is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import Tensor, nn

GAMMA = 0.6
"""Largest change of the exposure curve, in powers of 2: a gamma of 0.66 to 1.52."""

HAZE = 0.5
"""Largest share of the contrast that is lost, to a grey of 0.3 to 0.7."""

VIGNETTE = 0.4
"""Largest share of the light that is lost in the corners."""

NOISE = 0.03
"""Largest standard deviation of the noise, of 64 x 64 blocks, as denoising and compression leave it."""

BLOCKS = 64


@dataclass(frozen=True)
class CameraParams:
    """The cameras of B pictures, float32."""

    gamma: Tensor
    """(B,): the exponent of the light."""
    contrast: Tensor
    """(B,): what is left of the contrast, about `haze`."""
    haze: Tensor
    """(B,): the grey to which contrast is lost."""
    vignette: Tensor
    """(B,): the share of the light that is lost in the corners."""
    noise: Tensor
    """(B, 1, BLOCKS, BLOCKS): is added."""

    def map(self, function: Callable[[Tensor], Tensor]) -> Self:
        """The parameters after `function`, such as a copy to a device or the share of a process."""
        return type(self)(*(function(getattr(self, field.name)) for field in fields(self)))


def sample_camera(strength: float, count: int, generator: torch.Generator) -> CameraParams:
    """Draw the cameras of `count` pictures on the CPU; a `strength` of 0 changes nothing, 1 is a webcam."""
    gamma, contrast, haze, vignette, noise = torch.rand(5, count, generator=generator)
    blocks = torch.randn(count, 1, BLOCKS, BLOCKS, generator=generator)
    return CameraParams(
        gamma=2 ** (strength * GAMMA * (2 * gamma - 1)),
        contrast=1 - strength * HAZE * contrast,
        haze=0.3 + 0.4 * haze,
        vignette=strength * VIGNETTE * vignette,
        noise=strength * NOISE * noise.reshape(-1, 1, 1, 1) * blocks,
    )


def degrade(image: Tensor, camera: CameraParams) -> Tensor:
    """(B, C, H, W) in 0..1 as the cameras give it, on their device.

    The image may be the guide's cells.
    """
    gamma, contrast, haze, vignette = (
        values.reshape(-1, 1, 1, 1)
        for values in (camera.gamma, camera.contrast, camera.haze, camera.vignette)
    )
    height, width = image.shape[2:]
    down, across = (_positions(count, image) ** 2 for count in (height, width))
    lit = image * (1 - vignette * (down[:, None] + across) / 2)
    exposed = (haze + contrast * (lit - haze)).clamp(0, 1) ** gamma
    # The mean where blocks are finer than the image, as in a camera; else each block is repeated.
    noise = nn.functional.interpolate(camera.noise, (height, width), mode="area")
    return (exposed + noise).clamp(0, 1)


def _positions(count: int, image: Tensor) -> Tensor:
    """(count,): centres of equal parts of -1..1."""
    return (2 * torch.arange(count, dtype=image.dtype, device=image.device) + 1) / count - 1
