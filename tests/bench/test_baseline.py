"""The baseline of the training benchmark trains, and worker processes prepare its pictures."""

from __future__ import annotations

import math
import os
from pathlib import Path

import torch

from helpers.stores import TINY, store
from limner.bench.baseline import BaselineTrainer, PictureFiles, published_recipe
from limner.networks.summary import count_parameters
from limner.networks.unet import make_generator
from limner.recipe import Recipe

CPU = torch.device("cpu")


def test_the_loss_falls(tmp_path: Path) -> None:
    pictures = store(tmp_path)
    torch.manual_seed(0)
    files = sorted((pictures.folder.parent / "sources").iterdir())
    trainer = BaselineTrainer(files, TINY, CPU, workers=1)
    losses = [trainer.train_step()[0] for _ in range(12)]
    assert all(math.isfinite(loss) for loss in losses)
    assert sum(losses[-3:]) < sum(losses[:3])


def test_pictures_are_cropped_at_random_and_in_range(tmp_path: Path) -> None:
    store(tmp_path)
    files = PictureFiles(sorted((tmp_path / "sources").iterdir()), TINY)
    (guide, target), (_, other) = files[0], files[0]
    assert guide.shape == (1, 64, 64) and target.shape == (3, 64, 64)
    assert guide.abs().max() <= 1 and target.abs().max() <= 1
    assert not torch.equal(target, other)


def test_the_workers_end_with_the_trainer(tmp_path: Path) -> None:
    pictures = store(tmp_path)
    files = sorted((pictures.folder.parent / "sources").iterdir())
    trainer = BaselineTrainer(files, TINY, CPU, workers=1)
    children = _children()
    assert children
    del trainer
    assert not children & _children()


def _children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_the_published_networks_are_those_of_the_paper() -> None:
    published = published_recipe(Recipe())
    with torch.device("meta"):
        assert count_parameters(make_generator(published)) == 54_423_811
    assert published.discriminator == 64
