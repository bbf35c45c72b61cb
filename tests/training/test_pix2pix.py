"""A step's losses: their names, their weights, and what each network learns of them."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from helpers.stores import TINY
from limner.data.augmentation import TrainingPair
from limner.recipe import Recipe
from limner.training.distributed import ProcessGroup
from limner.training.inputs import StepInputs
from limner.training.losses import (
    adversarial_loss,
    fake_loss,
    feature_matching,
    light_loss,
    low_frequency_l1,
    perceptual_loss,
    real_loss,
)
from limner.training.pix2pix import split_scenes, train_step
from limner.training.state import LOSSES, TrainState

CPU = torch.device("cpu")
ALONE = ProcessGroup(0, 1, CPU)
NOISE = 1
"""Seed of the place from which a step sees the generator's noise."""

STILL = replace(TINY, learning_rate=1e-7)
"""A recipe that learns as little as can be: the networks after a step are nearly those before it."""


def random_inputs(pairs: int = 3, scenes: int = 1) -> StepInputs:
    generator = torch.Generator().manual_seed(5)

    def draw(count: int, channels: int, side: int) -> Tensor:
        return 2 * torch.rand(count, channels, side, side, generator=generator) - 1

    pair = TrainingPair(draw(pairs, 1, 32), draw(pairs, 3, 64))
    return StepInputs(pair, draw(scenes, 1, 32), draw(scenes, 1, 32) / 2 + 0.5)


def step(recipe: Recipe, inputs: StepInputs) -> tuple[TrainState, dict[str, float]]:
    """The state after its first step, and the losses by their names."""
    state = TrainState(recipe, CPU)
    torch.manual_seed(NOISE)
    losses = train_step(state, recipe, inputs, ALONE)
    return state, dict(zip(LOSSES, losses.tolist(), strict=True))


def test_each_loss_has_its_name() -> None:
    inputs = random_inputs()
    state, losses = step(STILL, inputs)
    target = inputs.pair.target
    torch.manual_seed(NOISE)
    with torch.no_grad():
        painted = state.generator(inputs.all())
        logits, features = state.discriminator(painted)
        real_logits, real_features = state.discriminator(target)
        assert state.features is not None
        pairs, scenes = (slice(0, 3), slice(3, 4))
        expected = {
            "d_real": real_loss(real_logits),
            "d_fake": (fake_loss(logits[pairs]) + fake_loss(logits[scenes])) / 2,
            "g_adversarial": adversarial_loss(logits[pairs]) + adversarial_loss(logits[scenes]),
            "g_feature_matching": feature_matching([maps[pairs] for maps in features], real_features),
            "g_perceptual": perceptual_loss(state.features, painted[pairs], target),
            "g_low_l1": low_frequency_l1(painted[pairs], target),
            "g_l1": (painted[pairs] - target).abs().mean(),
            "g_light": light_loss(painted[scenes], inputs.scene_cells),
        }
    # Spectral norm estimates a little better with each call.
    named = {name: float(value) for name, value in expected.items()}
    assert losses == pytest.approx(named, abs=4e-3)
    values = sorted(losses.values())
    assert min(b - a for a, b in pairwise(values)) > 8e-3, "no two can be mistaken for each other"


@pytest.mark.parametrize("name", ["feature_matching", "perceptual", "low_l1", "l1", "light"])
def test_each_weight_changes_what_the_generator_learns_and_nothing_else(name: str) -> None:
    inputs = random_inputs()
    recipes = (Recipe(**(asdict(TINY) | {name: weight})) for weight in (1e-6, 100.0))
    one, other = (step(recipe, inputs)[0] for recipe in recipes)
    assert not torch.allclose(flatten(one.generator), flatten(other.generator))
    assert torch.equal(flatten(one.discriminator), flatten(other.discriminator))


def flatten(network: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def test_the_discriminator_learns_from_its_own_loss_alone() -> None:
    state = TrainState(TINY, CPU)
    gradients: list[list[Tensor]] = []
    original = state.discriminator_optimizer.step

    def keep(*given: object, **more: object) -> object:
        gradients.append([p.grad.clone() for p in state.discriminator.parameters() if p.grad is not None])
        return original(*given, **more)

    state.discriminator_optimizer.step = keep  # type: ignore[method-assign]
    train_step(state, TINY, random_inputs(), ALONE)
    (at_its_step,) = gradients
    after = [p.grad for p in state.discriminator.parameters() if p.grad is not None]
    assert at_its_step
    torch.testing.assert_close(after, at_its_step, rtol=0, atol=0)


def empty_inputs(pairs: int, scenes: int) -> StepInputs:
    pair = TrainingPair(torch.zeros(pairs, 1, 32, 32), torch.zeros(pairs, 3, 64, 64))
    return StepInputs(pair, torch.zeros(scenes, 1, 32, 32), torch.zeros(scenes, 1, 32, 32))


def test_scenes_are_judged_apart_from_pairs() -> None:
    values = torch.arange(5.0)[:, None]
    pairs, scenes = split_scenes(values, empty_inputs(4, 1))
    assert pairs.flatten().tolist() == [0, 1, 2, 3]
    assert scenes.flatten().tolist() == [4]


def test_without_scenes_there_are_pairs_alone() -> None:
    (pairs,) = split_scenes(torch.arange(4.0)[:, None], empty_inputs(4, 0))
    assert pairs.shape == (4, 1)
