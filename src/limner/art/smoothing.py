"""Gaussian smoothing of pictures and of gradients."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def gaussian_blur(picture: Tensor, sigma: float) -> Tensor:
    """(B, C, H, W), blurred by a Gaussian with a standard deviation in pixels; the border is repeated."""
    radius = max(1, math.ceil(3 * sigma))
    places = torch.arange(-radius, radius + 1, dtype=picture.dtype, device=picture.device)
    line = torch.exp(-0.5 * (places / sigma) ** 2)
    line = (line / line.sum()).expand(picture.shape[1], 1, -1)
    padded = functional.pad(picture, (radius,) * 4, mode="replicate")
    rows = functional.conv2d(padded, line[..., None], groups=picture.shape[1])
    return functional.conv2d(rows, line[:, :, None], groups=picture.shape[1])


def smooth_gradient(gradient: Tensor, amount: float) -> Tensor:
    """A gradient (B, C, H, W) with more of its low frequencies, which gradients have too little of.

    Blurred ones are added, each with the mean magnitude of the gradient itself, times `amount`.
    """
    if amount == 0:
        return gradient
    result = gradient
    for sigma in (1.0, 2.0, 4.0):
        blurred = gaussian_blur(gradient, sigma)
        result = result + amount * blurred * (gradient.abs().mean() / (blurred.abs().mean() + TINY))
    return result


TINY = torch.finfo(torch.float32).tiny
"""Added to a divisor that may be zero."""
