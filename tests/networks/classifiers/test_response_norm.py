"""Local response normalization has the paper's formula."""

from __future__ import annotations

import torch

from limner.networks.classifiers.response_norm import ResponseNorm


def test_it_equals_the_paper_s_formula() -> None:
    maps = 30 * torch.rand(2, 7, 3, 3, generator=torch.Generator().manual_seed(0))
    found = ResponseNorm()(maps)
    for channel in range(7):
        near = maps[:, max(0, channel - 2) : channel + 3].square().sum(1)
        expected = maps[:, channel] / (2 + 1e-4 * near) ** 0.75
        assert torch.allclose(found[:, channel], expected, rtol=1e-5)
