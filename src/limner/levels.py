"""Auto-levels: the light of a camera, moved to where the light of a look's own pictures lies.

A network paints best what it has seen. A webcam's pictures are brighter or darker than photos, and duller.
Mean and spread (standard deviation) of the guide's coarse cells say by how much. Nothing is remembered from
frame to frame, so that a painting depends on its frame alone and never pumps.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from limner.light import Light
from limner.live import LiveInput

CAMERA_MEAN, CAMERA_VARIATION = 0.5, 0.2
"""The mean of a camera's cells, and the standard deviation of its frames' means: about those of the scenes
that limner draws, which `scripts/light.py` prints."""

MAX_GAIN = 3.0
"""The gain of a picture without contrast. A higher one would make clouds of a wall's shadows."""

MIN_SPREAD = 0.05
"""The least spread that is aimed at: what half floats can still tell from none."""

LEVELS = LiveInput("Auto levels", 0.0, 1.0, 1.0)


class AutoLevels(nn.Module):
    """Moves the mean and the spread of coarse cells towards those of a look's pictures.

    Powers of the cells lie side by side as channels, and channels are picked by 1x1 convolutions: so the
    engine computes it all in one kernel beside the guide's own. Reductions and slices would cost a kernel
    each.
    """

    def __init__(self, light: Light, cells: int) -> None:
        super().__init__()
        self.light = light
        # Pictures without any contrast, too, can be learned from.
        self.spread = max(light.spread, MIN_SPREAD)
        # A room that is darker than others stays darker: means of a camera become means of pictures.
        self.follow = min(light.variation / CAMERA_VARIATION, 1.0)
        first, second = torch.eye(2).reshape(2, 1, 2, 1, 1)
        self.register_buffer("first", first, persistent=False)
        self.register_buffer("second", second, persistent=False)
        self.register_buffer("average", torch.full((cells, cells), 1 / cells), persistent=False)
        self.first: Tensor
        self.second: Tensor
        self.average: Tensor

    def forward(self, cells: Tensor, strength: Tensor) -> Tensor:
        """Move (B, 1, N, N) cells all the way where `strength` is 1, not at all where it is 0."""
        centred = cells - CAMERA_MEAN
        powers = centred * (self.first + self.second * centred)
        moments = torch.matmul(torch.matmul(self.average, powers), self.average)
        centred, mean, square = self._pick(powers, 0), self._pick(moments, 0), self._pick(moments, 1)
        # Of flat cells, rounding alone could make it negative: a GPU may keep the powers as half floats.
        variance = torch.relu(square - mean * mean)
        # The gain is MAX_GAIN for flat cells and 1 for cells of the pictures' spread.
        flat, curve = 1 / MAX_GAIN**2, (1 - 1 / MAX_GAIN**2) / self.spread**2
        levelled = (centred - mean) / torch.sqrt(flat + curve * variance)
        levelled = levelled + self.follow * mean + self.light.mean
        unchanged = centred + CAMERA_MEAN
        return unchanged + strength * (levelled - unchanged)

    def _pick(self, pair: Tensor, channel: int) -> Tensor:
        return nn.functional.conv2d(pair, (self.first, self.second)[channel])
