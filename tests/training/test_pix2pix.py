"""A step's losses: scenes weigh as much as pairs where there are any."""

from __future__ import annotations

import torch

from limner.data.augmentation import TrainingPair
from limner.training.inputs import StepInputs
from limner.training.pix2pix import split_scenes


def inputs(pairs: int, scenes: int) -> StepInputs:
    pair = TrainingPair(torch.zeros(pairs, 1, 32, 32), torch.zeros(pairs, 3, 64, 64))
    return StepInputs(pair, torch.zeros(scenes, 1, 32, 32), torch.zeros(scenes, 1, 32, 32))


def test_scenes_are_judged_apart_from_pairs() -> None:
    values = torch.arange(5.0)[:, None]
    pairs, scenes = split_scenes(values, inputs(4, 1))
    assert pairs.flatten().tolist() == [0, 1, 2, 3]
    assert scenes.flatten().tolist() == [4]


def test_without_scenes_there_are_pairs_alone() -> None:
    (pairs,) = split_scenes(torch.arange(4.0)[:, None], inputs(4, 0))
    assert pairs.shape == (4, 1)
