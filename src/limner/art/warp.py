"""Zoom and rotate pictures about their middle."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def warp(picture: Tensor, zoom: float, rotation: float) -> Tensor:
    """(1, C, H, W), enlarged `zoom` times and turned by `rotation` degrees counter-clockwise.

    What comes in from beyond the border is its mirror image. Values overshoot a little, since the
    interpolation is cubic: a linear one blurs a film more with each frame.
    """
    if zoom == 1 and rotation == 0:
        return picture
    height, width = picture.shape[2:]
    across, up = math.cos(math.radians(rotation)) / zoom, math.sin(math.radians(rotation)) / zoom
    theta = torch.tensor(
        [[[across, -up * height / width, 0], [up * width / height, across, 0]]],
        dtype=picture.dtype,
        device=picture.device,
    )
    grid = functional.affine_grid(theta, list(picture.shape), align_corners=False)
    return functional.grid_sample(
        picture, grid, mode="bicubic", padding_mode="reflection", align_corners=False
    )
