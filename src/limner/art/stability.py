"""What keeps a painted film from flickering, as losses of a network that paints each frame alone.

The frame difference (Xu, Xiong and Hu 2021, *Frame Difference-Based Temporal Loss for Video Stylization*)
asks that paintings of two frames differ as the frames do, in no other way: it needs no optical flow. Noise
resilience asks that the noise of a camera changes a painting little: it is the noise gain, squared.
"""

from __future__ import annotations

from torch import Tensor

FLOOR = 4e-3
"""Least mean square of the difference of two frames, in -1..1, by which theirs is divided: in a clip where
hardly anything moves, a mean of 0.03 of a pixel's range."""


def frame_difference(paintings: Tensor, following: Tensor, frames: Tensor, next_frames: Tensor) -> Tensor:
    """Mean square (), of what paintings change other than their frames do, divided by the frames' change.

    All are (B, 3, H, W) in -1..1. 0 where each painting moves as its frame, 1 for about as much again.
    """
    moved = next_frames - frames
    excess = (following - paintings - moved).square().mean((1, 2, 3))
    return (excess / (moved.square().mean((1, 2, 3)) + FLOOR)).mean()


def squared_noise_gain(paintings: Tensor, noisy: Tensor, noise: Tensor) -> Tensor:
    """Mean square (), of what noise changes in paintings (B, 3, H, W), divided by that of the noise."""
    return (noisy - paintings).square().mean() / noise.square().mean()
