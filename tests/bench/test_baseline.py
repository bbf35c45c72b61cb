"""The baseline of the training benchmark trains."""

from __future__ import annotations

import math
from pathlib import Path

import torch

from helpers.stores import TINY, store
from limner.bench.baseline import BaselineTrainer

CPU = torch.device("cpu")


def test_the_loss_falls(tmp_path: Path) -> None:
    pictures = store(tmp_path)
    torch.manual_seed(0)
    trainer = BaselineTrainer(sorted((pictures.folder.parent / "sources").iterdir()), TINY, CPU)
    losses = [trainer.train_step()[0] for _ in range(12)]
    assert all(math.isfinite(loss) for loss in losses)
    assert sum(losses[-3:]) < sum(losses[:3])
