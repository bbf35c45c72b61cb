"""The step of `limner.art.dream_graph` in torch, with autograd's gradient: the graph is checked by it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from limner.art.deepdream import mute_colours
from limner.art.dream_graph import (
    CYCLE,
    GAMMA,
    MIN_LUMINANCE,
    MIN_MAGNITUDE,
    PAGE_FRAMES_PER_SECOND,
    SHIFTS,
)
from limner.art.dream_network import Classes
from limner.art.dream_objective import LayerFeatures
from limner.art.flashes import MAX_RATE, mean_luminance
from limner.networks.feature_layers import Layer
from limner.networks.features import SqueezeNet


@dataclass(frozen=True)
class DreamState:
    """What a step leaves to the next one."""

    dream: Tensor
    """RGB in 0..1, (1, 3, P, P)."""
    count: int
    """Frames so far; from time to time it goes back to 1."""
    luminance: float
    """Mean relative luminance of what was shown last."""


@dataclass(frozen=True)
class DreamStep:
    """A step of a layer's dream, with its live inputs as the graph has them."""

    network: SqueezeNet
    layer: Layer
    classes: Classes | None = None
    """Of a dream of classes."""

    def __call__(
        self,
        image: Tensor,
        state: DreamState,
        *,
        strength: float,
        zoom: float,
        rotation: float,
        camera: float,
        channel: float,
    ) -> tuple[Tensor, DreamState]:
        """The painting and the next state, given the camera's picture (1, 3, P, P)."""
        start = _warp(state.dream, zoom, rotation)
        start = start + max(camera, 1 - min(state.count, 1)) * (image - start)
        gradient = mute_colours(self._gradient(start, state.count, channel), 0.5)
        step = strength * gradient / gradient.abs().mean().clamp(min=MIN_MAGNITUDE)
        dream = (start + step).clamp(0, 1)
        painting, luminance = _limit_luminance(dream, state.luminance)
        return painting, DreamState(dream, state.count % CYCLE + 1, luminance)

    def _gradient(self, picture: Tensor, count: int, channel: float) -> Tensor:
        """That of half the sum of squared activations, or of a class's score, by the picture as seen."""
        right, down = (count * factor % SHIFTS - SHIFTS // 2 for factor in (7, 11))
        seen = _shift(picture, right, down, border="border").requires_grad_(True)
        maps = LayerFeatures(self.network, self.layer)(seen)
        choices = maps.shape[1] if self.classes is None else len(self.classes.names)
        distance = (torch.arange(choices, dtype=torch.float32) - channel).abs().view(1, -1, 1, 1)
        chosen = (1 - distance).clamp(min=0).clamp(min=min(max(-channel, 0), 1))
        if self.classes is None:
            raised = (chosen * maps.square()).sum() / 2
        else:
            raised = ((chosen.flatten() @ self.classes.directions).view(1, -1, 1, 1) * maps).sum()
        (gradient,) = torch.autograd.grad(raised, seen)
        return _shift(gradient, -right, -down, border="zeros")


def _warp(picture: Tensor, zoom: float, rotation: float) -> Tensor:
    along, across = (f(math.radians(rotation)) / zoom for f in (math.cos, math.sin))
    theta = torch.tensor([[[along, -across, 0.0], [across, along, 0.0]]])
    grid = functional.affine_grid(theta, list(picture.shape), align_corners=False)
    return functional.grid_sample(picture, grid, padding_mode="reflection", align_corners=False)


def _shift(picture: Tensor, right: int, down: int, *, border: str) -> Tensor:
    """What a place shows is `right` and `down` pixels from it."""
    margin = SHIFTS
    if border == "border":
        padded = functional.pad(picture, (margin,) * 4, mode="replicate")
    else:
        padded = functional.pad(picture, (margin,) * 4)
    height, width = picture.shape[2:]
    return padded[:, :, margin + down : margin + down + height, margin + right : margin + right + width]


def _limit_luminance(dream: Tensor, before: float) -> tuple[Tensor, float]:
    most = MAX_RATE / PAGE_FRAMES_PER_SECOND
    linear = dream**GAMMA
    mean = float(mean_luminance(linear))
    wanted = min(max(min(max(mean, before - most), before + most), 0.0), 1.0)
    darkened = linear * min(wanted / max(mean, MIN_LUMINANCE), 1.0)
    lift = max(wanted - mean, 0.0) / max(1 - mean, MIN_LUMINANCE)
    return (darkened + (1 - darkened) * lift) ** (1 / GAMMA), wanted
