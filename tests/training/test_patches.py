"""Patches of keyframes: aligned, painted, disturbed, and the same for the same step."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from helpers.keyframes import keyframes, pair
from limner.keyframe_recipe import KeyframeRecipe
from limner.training.patches import PatchSampler

CPU = torch.device("cpu")
STILL = KeyframeRecipe(pixels=64, patch=32, batch=4, noise=0, light=0)


def test_a_patch_is_a_part_of_its_frame_and_of_its_painting() -> None:
    batch = PatchSampler(keyframes(0).pairs, STILL, CPU).at(0)
    both = torch.cat([batch.input, batch.target], 1)
    own = pair(0)
    whole = torch.from_numpy(np.concatenate([own.frame, own.painted], -1)).permute(2, 0, 1) / 127.5 - 1
    windows = whole.unfold(1, 32, 1).unfold(2, 32, 1).permute(1, 2, 0, 3, 4)
    for patch in both:
        assert (windows - patch).abs().amax((2, 3, 4)).min() < 1e-6


def test_every_patch_has_something_painted() -> None:
    is_painted = np.zeros((64, 80), bool)
    is_painted[5, 70] = True
    spot = dataclasses.replace(pair(0), is_painted=is_painted)
    batch = PatchSampler([spot], STILL, CPU).at(3)
    assert (batch.is_painted.sum((1, 2, 3)) == 1).all()


def test_frames_are_disturbed_and_paintings_are_not() -> None:
    still = PatchSampler(keyframes(0, 1).pairs, STILL, CPU).at(5)
    recipe = dataclasses.replace(STILL, noise=0.02, light=0.05)
    disturbed = PatchSampler(keyframes(0, 1).pairs, recipe, CPU).at(5)
    assert torch.equal(disturbed.target, still.target)
    apart = (disturbed.input - still.input).abs().mean((1, 2, 3))
    assert apart.min() > 0.001
    assert apart.max() < 0.15


def test_the_step_decides_the_patches() -> None:
    first, again = (PatchSampler(keyframes(0, 1).pairs, KeyframeRecipe(pixels=64), CPU) for _ in range(2))
    again.at(1)
    assert torch.equal(first.at(7).input, again.at(7).input)
    assert not torch.equal(first.at(7).input, first.at(8).input)
