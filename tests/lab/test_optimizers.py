"""The optimizers are torch's with its defaults, and Lion is that of its paper."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
import torch
from torch import nn, optim

from limner.export.step_options import RATES, OptimizerName
from limner.lab.optimizers import MAKERS, make_optimizers, set_rate


def test_every_name_of_the_page_has_one() -> None:
    assert set(MAKERS) == set(get_args(OptimizerName))


@pytest.mark.parametrize("name", ["sgd", "adagrad", "adadelta", "rmsprop", "adam", "adamw"])
def test_rates_and_decays_are_torch_s(name: Any) -> None:
    defaults = {
        "sgd": optim.SGD,
        "adagrad": optim.Adagrad,
        "adadelta": optim.Adadelta,
        "rmsprop": optim.RMSprop,
        "adam": optim.Adam,
        "adamw": optim.AdamW,
    }[name]([torch.zeros(1, requires_grad=True)]).defaults
    (made,) = make_optimizers(name, nn.Linear(2, 2), RATES[name], None)
    assert made.defaults == defaults


def test_lion_has_the_paper_s_formula() -> None:
    network = nn.Linear(3, 2, bias=False).double()
    (lion,) = make_optimizers("lion", network, 0.01, 0.1)
    expected = network.weight.detach().numpy().copy()
    average = np.zeros_like(expected)
    rng = np.random.default_rng(0)
    for _ in range(50):
        gradient = rng.normal(size=expected.shape)
        network.weight.grad = torch.from_numpy(gradient.copy())
        lion.step()
        expected = expected - 0.01 * (np.sign(0.9 * average + 0.1 * gradient) + 0.1 * expected)
        average = 0.99 * average + 0.01 * gradient
    np.testing.assert_allclose(network.weight.detach().numpy(), expected, atol=1e-12)


def test_muon_moves_matrices_and_adamw_the_rest() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 4))
    muon, adamw = make_optimizers("muon", network, 0.02, None)
    assert (type(muon), type(adamw)) == (optim.Muon, optim.AdamW)
    assert [weight.ndim for weight in muon.param_groups[0]["params"]] == [2]
    assert [weight.ndim for weight in adamw.param_groups[0]["params"]] == [4, 1, 1]
    assert (muon.defaults["weight_decay"], adamw.defaults["weight_decay"]) == (0.1, 0.01)


def test_frozen_weights_are_left_out_and_rates_are_set() -> None:
    network = nn.Linear(2, 2)
    network.bias.requires_grad_(False)
    (made,) = make_optimizers("nesterov", network, 0.1, 5e-4)
    set_rate([made], 0.05)
    (group,) = made.param_groups
    assert (len(group["params"]), group["lr"], group["nesterov"], group["momentum"]) == (1, 0.05, True, 0.9)
