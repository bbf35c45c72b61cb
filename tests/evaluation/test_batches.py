"""Work in batches gives what work on all pictures gives."""

from __future__ import annotations

import torch

from limner.evaluation.batches import BATCH, map_batches


def test_batches_are_small_and_their_results_in_order() -> None:
    pictures = torch.rand(2 * BATCH + 3, 3, 4, 4)
    sizes = []

    def mean(batch: torch.Tensor) -> torch.Tensor:
        sizes.append(len(batch))
        return batch.mean((2, 3))

    torch.testing.assert_close(map_batches(mean, pictures), pictures.mean((2, 3)))
    assert sizes == [BATCH, BATCH, 3]
