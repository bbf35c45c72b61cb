"""The losses of training: adversarial ones, and distances between a painting and its picture."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, relu

from limner.guide import SMOOTHNESS, average_cells, grey, smoothing_matrix
from limner.networks.feature_layers import Layer
from limner.networks.features import SqueezeNet
from limner.recipe import CELLS

LOW_FREQUENCY = 8
"""Side in pixels of the means that `low_frequency_l1` compares."""

COMPARED: tuple[Layer, ...] = ("fire2", "fire4", "fire6", "fire8")
"""Layers of SqueezeNet that `perceptual_loss` compares: from strokes to things."""

VIEW = 128
"""Side in pixels of what SqueezeNet is shown: larger pictures cost too much."""


def real_loss(logits: Tensor) -> Tensor:
    """The discriminator's hinge loss of photos (Lim and Ye 2017), in float32; 1 where it guesses."""
    return relu(1 - logits.float()).mean()


def fake_loss(logits: Tensor) -> Tensor:
    """The discriminator's hinge loss of paintings; 1 where it guesses."""
    return relu(1 + logits.float()).mean()


def adversarial_loss(logits: Tensor) -> Tensor:
    """The generator's loss against a discriminator with a hinge loss: less than 0 where it is believed."""
    return -logits.float().mean()


def feature_matching(features: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """Mean absolute difference of the discriminator's features, summed over layers (Wang et al. 2018)."""
    return torch.stack(
        [(a.float() - b.float()).abs().mean() for a, b in zip(features, targets, strict=True)]
    ).sum()


def low_frequency_l1(painting: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of the means of `LOW_FREQUENCY` x `LOW_FREQUENCY` pixels.

    A full L1 loss asks for the mean of all textures that could be there, which is a blur.
    """
    return avg_pool2d((painting - target).float(), LOW_FREQUENCY).abs().mean()


def perceptual_loss(network: SqueezeNet, painting: Tensor, target: Tensor) -> Tensor:
    """Squared difference of normalised SqueezeNet features, summed over layers (Zhang et al. 2018).

    It has not the heads that LPIPS learns. Pictures are (B, 3, H, W) in -1..1.
    """
    with torch.no_grad():
        targets = [normalize_features(f) for f in network(target, COMPARED)]
    paintings = [normalize_features(f) for f in network(painting, COMPARED)]
    distances = [(a - b).square().sum(1).mean() for a, b in zip(paintings, targets, strict=True)]
    return torch.stack(distances).sum()


def normalize_features(features: Tensor) -> Tensor:
    """Scale the features (B, C, H, W) of each place to unit length, in float32."""
    features = features.float()
    return features * (features.square().sum(1, keepdim=True) + 1e-6).rsqrt()


def take_view(pictures: Tensor) -> Tensor:
    """`VIEW` x `VIEW` pixels of each picture, for `perceptual_loss`: the whole, made small, or a part.

    Which of them, and which part, is drawn by torch's global generator, the same for all pictures. Only
    parts show the finest strokes, and only the whole shows things.
    """
    pixels = pictures.shape[-1]
    if pixels <= VIEW:
        return pictures
    if torch.rand(()) < 0.5:
        return avg_pool2d(pictures, pixels // VIEW)
    top, left = torch.randint(pixels - VIEW + 1, (2,)).tolist()
    return pictures[:, :, top : top + VIEW, left : left + VIEW]


def light_loss(paintings: Tensor, cells: Tensor) -> Tensor:
    """Mean absolute difference between the smoothed light of paintings and that of what was shown.

    `cells` are (B, 1, 32, 32) in 0..1, paintings (B, 3, P, P) in -1..1. 0 where both are empty.
    """
    if not len(cells):
        return paintings.new_zeros(())
    smooth = smoothing_matrix(CELLS, SMOOTHNESS).to(cells.device)
    difference = average_cells(grey(paintings / 2 + 0.5)) - cells
    return torch.matmul(torch.matmul(smooth, difference), smooth.mT).abs().mean()
