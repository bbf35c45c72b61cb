"""Samples: the fixed pictures, and the held-out L1."""

from __future__ import annotations

import pytest
import torch

from limner.data.augmentation import make_pair
from limner.data.loader import center_batch
from limner.data.store import ImageStore
from limner.evaluation.samples import Samples, evenly_spaced
from limner.guide import make_guide


def test_held_out_l1_of_a_generator_that_paints_grey(pictures: ImageStore, samples: Samples) -> None:
    class Grey(torch.nn.Module):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return torch.zeros(len(inputs), 3, 64, 64)

    target = make_pair(center_batch(pictures, pictures.held_out), make_guide("soft", 64), 64).target
    l1 = samples.held_out_l1(Grey())  # type: ignore[arg-type]
    assert l1 == pytest.approx(float(target.abs().mean()), rel=1e-5)


def test_indices_are_evenly_spaced() -> None:
    assert evenly_spaced(range(100), 4) == [12, 37, 62, 87]
    assert evenly_spaced([5, 6], 4) == [5, 6]
    assert evenly_spaced([], 4) == []
