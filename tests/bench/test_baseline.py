"""The baseline of the training benchmark trains, and worker processes prepare its pictures."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
import torch

from helpers.stores import TINY, store
from limner.bench.baseline import PictureFiles, PlainTrainer
from limner.bench.published import PublishedTrainer, make_patchgan
from limner.networks.generator import make_generator
from limner.networks.summary import count_parameters
from limner.recipe import Recipe

CPU = torch.device("cpu")


@pytest.mark.parametrize("make_trainer", [PlainTrainer, PublishedTrainer])
def test_the_loss_falls(make_trainer: type[PlainTrainer] | type[PublishedTrainer], tmp_path: Path) -> None:
    pictures = store(tmp_path)
    torch.manual_seed(0)
    files = sorted((pictures.folder.parent / "sources").iterdir())
    trainer = make_trainer(files, TINY, CPU)
    losses = [trainer.train_step()[0] for _ in range(12)]
    assert all(math.isfinite(loss) for loss in losses)
    assert sum(losses[-3:]) < sum(losses[:3])


def test_pictures_are_cropped_at_random_and_in_range(tmp_path: Path) -> None:
    store(tmp_path)
    files = PictureFiles(sorted((tmp_path / "sources").iterdir()), TINY)
    (guide, target), (_, other) = files[0], files[0]
    assert guide.shape == (1, TINY.guide_side, TINY.guide_side) and target.shape == (3, 64, 64)
    assert guide.abs().max() <= 1 and target.abs().max() <= 1
    assert not torch.equal(target, other)


def test_the_workers_end_with_the_trainer(tmp_path: Path) -> None:
    pictures = store(tmp_path)
    files = sorted((pictures.folder.parent / "sources").iterdir())
    trainer = PlainTrainer(files, TINY, CPU)
    children = _children()
    assert children
    del trainer
    assert not children & _children()


def _children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_the_published_networks_are_those_of_the_paper() -> None:
    with torch.device("meta"):
        generator = make_generator(Recipe(size="large", upsampling="transposed"))
        # pytorch-CycleGAN-and-pix2pix prints 2.769 M for it.
        discriminator = make_patchgan(6)
    assert count_parameters(generator) == 54_423_811
    assert sum(p.numel() for p in discriminator.parameters()) == 2_768_705
