"""What a branch does to a convolution."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from limner.networks.multibranch import FactorChange, LayerChange, NetworkBranch, WholeChange


def changes(*, is_transposed: bool) -> list[LayerChange]:
    torch.manual_seed(0)
    shape = (6, 4, 3, 3)
    return [
        FactorChange(shape, 2, is_transposed=is_transposed),
        FactorChange(shape, 0, is_transposed=is_transposed),
        WholeChange(shape, is_transposed=is_transposed),
    ]


def randomized(change: LayerChange) -> LayerChange:
    for parameter in change.parameters():
        torch.nn.init.normal_(parameter)
    return change


def layer(*, is_transposed: bool) -> tuple[Tensor, Tensor]:
    return torch.randn(6, 4, 3, 3), torch.randn(4 if is_transposed else 6)


@pytest.mark.parametrize("is_transposed", [False, True])
def test_a_new_branch_changes_nothing(is_transposed: bool) -> None:
    kernel, bias = layer(is_transposed=is_transposed)
    for change in changes(is_transposed=is_transposed):
        new, new_bias = change.change(kernel, bias)
        assert torch.equal(new, kernel)
        assert torch.equal(new_bias, bias)
        assert torch.equal(change.change(kernel, None)[1], torch.zeros_like(bias))


@pytest.mark.parametrize("is_transposed", [False, True])
def test_the_added_kernel_has_the_rank(is_transposed: bool) -> None:
    change = randomized(changes(is_transposed=is_transposed)[0])
    assert isinstance(change, FactorChange)
    torch.nn.init.zeros_(change.gain)
    kernel, bias = layer(is_transposed=is_transposed)
    added = change.change(kernel, bias)[0] - kernel
    by_input = added.permute(1, 0, 2, 3) if not is_transposed else added
    assert torch.linalg.matrix_rank(by_input.flatten(1), rtol=1e-4) == 2


def test_balanced_factors_do_the_same() -> None:
    change = randomized(changes(is_transposed=False)[0])
    kernel, bias = layer(is_transposed=False)
    before = change.change(kernel, bias)[0]
    NetworkBranch({"conv": change}).balance()  # type: ignore[dict-item]
    assert isinstance(change, FactorChange)
    assert change.down is not None
    torch.testing.assert_close(change.down.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(change.change(kernel, bias)[0], before)


def test_gain_and_shift_are_those_of_the_outputs() -> None:
    change = changes(is_transposed=False)[1]
    assert isinstance(change, FactorChange)
    torch.nn.init.constant_(change.gain, 0.5)
    torch.nn.init.constant_(change.shift, 2)
    kernel, bias = layer(is_transposed=False)
    image = torch.randn(1, 4, 5, 5)
    found = torch.nn.functional.conv2d(image, *change.change(kernel, bias))
    torch.testing.assert_close(found, 1.5 * torch.nn.functional.conv2d(image, kernel, bias) + 2)
