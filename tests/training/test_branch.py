"""A branch learns from three pairs, the same from the same seed, and is kept when training is stopped."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from helpers.branches import PIXELS, pairs, tiny_model
from limner.branch_recipe import BranchRecipe
from limner.data.few_pairs import FewPair
from limner.errors import LimnerError
from limner.export.torch_graph import GraphNetwork
from limner.look.branches import find_layers
from limner.networks.multibranch import FactorChange, NetworkBranch, WholeChange
from limner.training import branch as module
from limner.training.branch import BranchBudget, BranchResult, describe_result, train_branch
from limner.training.pair_sampler import PairSampler
from limner.training.signals import StopSignal

RECIPE = BranchRecipe(perceptual=0, batch=2, learning_rate=2e-2)
torch.set_num_threads(1)  # in a network this small, waiting for threads costs more than they gain


def make_branch() -> NetworkBranch:
    layers = find_layers(tiny_model())
    return NetworkBranch(
        {layer.name: FactorChange(layer.shape, 0 if layer.is_first else 2) for layer in layers}
    )


def make_blocks() -> NetworkBranch:
    return NetworkBranch({layer.name: WholeChange(layer.shape) for layer in find_layers(tiny_model())})


def train(
    steps: int = 60, recipe: BranchRecipe = RECIPE, budget: BranchBudget | None = None
) -> BranchResult:
    return train_branch(
        GraphNetwork(tiny_model()),
        make_branch,
        pairs(3),
        recipe,
        pixels=PIXELS,
        budget=budget or BranchBudget(None, steps),
    )


def distance(branch: NetworkBranch | None, pair: FewPair) -> float:
    """Mean absolute difference from the target in the middle of a pair."""
    shown, target = (torch.tensor(picture[16:48, 24:56]) / 255 for picture in (pair.input, pair.target))
    with torch.no_grad():
        painting = GraphNetwork(tiny_model())(shown.permute(2, 0, 1)[None], branch=branch)
    return float((painting[0].permute(1, 2, 0) - target).abs().mean())


def test_a_frame_that_it_has_not_seen_comes_much_nearer() -> None:
    unseen = pairs(7)[6]
    assert distance(train().branch, unseen) < 0.5 * distance(None, unseen)


@pytest.mark.parametrize("perceptual", [0, 2])
def test_the_same_seed_gives_the_same_branch_and_another_one_another(perceptual: float) -> None:
    recipe = dataclasses.replace(RECIPE, perceptual=perceptual)
    one, two = train(2, recipe).branch.state_dict(), train(2, recipe).branch.state_dict()
    assert all(torch.equal(tensor, two[name]) for name, tensor in one.items())
    other = train(2, dataclasses.replace(recipe, seed=1)).branch.state_dict()
    assert not any(torch.equal(tensor, other[name]) for name, tensor in one.items() if "up" in name)


def test_blocks_learn_too_and_more_slowly() -> None:
    result = train_branch(
        GraphNetwork(tiny_model()),
        make_blocks,
        pairs(3),
        RECIPE,
        pixels=PIXELS,
        budget=BranchBudget(None, 30),
    )
    unseen = pairs(7)[6]
    assert distance(result.branch, unseen) < 0.8 * distance(None, unseen)
    optimizer = module._make_adam(make_blocks(), RECIPE)
    assert [group["lr"] for group in optimizer.param_groups] == [RECIPE.learning_rate / 5]


def test_a_request_to_stop_keeps_what_was_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = iter([False, False, True, True])
    monkeypatch.setattr(StopSignal, "requested", property(lambda _: next(asked)))
    result = train(50)
    assert (result.steps, result.was_stopped) == (2, True)
    assert "what was learned so far is kept" in describe_result(result)
    assert any(
        parameter.abs().max() > 0 for name, parameter in result.branch.named_parameters() if "up" in name
    )


def test_time_ends_it_too() -> None:
    told: list[tuple[int, int, str]] = []
    result = train_branch(
        GraphNetwork(tiny_model()),
        make_branch,
        pairs(3),
        RECIPE,
        pixels=PIXELS,
        budget=BranchBudget(0.005, None),
        progress=lambda *what: told.append(what),
    )
    assert 0.3 <= result.seconds < 5
    assert told[-1][2] == "Learning, seconds"


@pytest.mark.parametrize(
    ("minutes", "steps", "reason"),
    [
        (0, None, "minutes is 0"),
        (math.nan, None, "minutes is nan"),
        (None, 0, "steps is 0"),
        (None, None, "never end"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(
    minutes: float | None, steps: int | None, reason: str
) -> None:
    with pytest.raises(LimnerError, match=reason):
        BranchBudget(minutes, steps)


def test_a_loss_that_is_not_finite_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = module.compute_loss
    monkeypatch.setattr(module, "compute_loss", lambda *given: whole(*given) * math.nan)
    with pytest.raises(LimnerError, match="diverged at step 1"):
        train(3)


def test_both_pictures_of_a_pair_are_cut_alike() -> None:
    """The input is the target here, so only noise and light differ."""
    own = [FewPair(pair.name, pair.target, pair.target) for pair in pairs(3)]
    recipe = BranchRecipe(noise=0, light=0, batch=3)
    sampler = PairSampler(own, recipe, PIXELS, torch.device("cpu"))
    first, again, later = sampler.at(0), sampler.at(0), sampler.at(1)
    assert first.input.shape == first.target.shape == (3, 3, PIXELS, PIXELS)
    torch.testing.assert_close(first.input, first.target)
    assert torch.equal(first.input, again.input)
    assert not torch.equal(first.input, later.input)
    lit = PairSampler(own, BranchRecipe(batch=3), PIXELS, torch.device("cpu")).at(0)
    assert torch.equal(lit.target, first.target)
    assert 0.001 < float((lit.input - lit.target).abs().mean()) < 0.1
    assert np.isclose(float(lit.input.min()), 0, atol=0.3)
