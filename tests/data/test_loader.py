"""Batches meet every picture, follow from the place alone, and are shared out among processes."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch

from helpers.stores import TINY, store
from limner.data.loader import BatchLoader, Position, center_batch
from limner.data.store import ImageStore

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> ImageStore:
    return store(tmp_path_factory.mktemp("batches"))


def met(pictures: ImageStore, batches: BatchLoader, epoch: int) -> list[int]:
    """The pictures of an epoch, in order, found again by their middles."""
    # Without enlargement a box is the whole picture's short side; sums of a corner tell them apart.
    still_recipe_boxes = {
        int(center_batch(pictures, [i]).target.long().sum()): i for i in pictures.training
    }
    found = []
    for position in range(batches.steps_per_epoch):
        batch = batches.at(Position(position, epoch, position))
        found += [still_recipe_boxes[int(box.long().sum())] for box in batch.target]
    return found


def square(folder: Path) -> ImageStore:
    """Square pictures: their only box is the whole picture."""
    from helpers.stores import colours
    from limner.data.prepare import prepare
    from limner.progress import no_progress

    for seed in range(14):
        colours(seed, 90, 90).save(folder / f"{seed}.png")
    return prepare([folder], folder / "store", pixels=64, progress=no_progress)[0]


def test_an_epoch_meets_every_picture_and_fills_up_with_its_first(tmp_path: Path) -> None:
    pictures = square(tmp_path)
    batches = BatchLoader(pictures, TINY, CPU)
    first, second = met(pictures, batches, 0), met(pictures, batches, 1)
    count = len(pictures.training)
    assert batches.steps_per_epoch == -(-count // 4)
    assert count % 4, "this test needs a last batch that is not full"
    for epoch in (first, second):
        assert sorted(epoch[:count]) == sorted(pictures.training)
        assert epoch[count:] == epoch[: len(epoch) - count]
    assert first != second


def test_few_pictures_fill_a_large_batch(tmp_path: Path) -> None:
    pictures = square(tmp_path)
    batches = BatchLoader(pictures, replace(TINY, batch=32), CPU)
    assert batches.steps_per_epoch == 1
    assert set(met(pictures, batches, 0)) == set(pictures.training)


def test_a_batch_follows_from_its_place(pictures: ImageStore) -> None:
    batches, again = BatchLoader(pictures, TINY, CPU), BatchLoader(pictures, TINY, CPU)
    streamed = list(islice(batches.stream(Position()), 6))
    place = Position()
    for batch in streamed:
        same = again.at(place)
        assert torch.equal(batch.target, same.target)
        assert torch.equal(batch.window, same.window)
        assert torch.equal(batch.guide_params, same.guide_params)
        place = place.next(batches.steps_per_epoch)
    assert not torch.equal(streamed[0].window, streamed[1].window)
    other = BatchLoader(pictures, replace(TINY, seed=1), CPU).at(Position())
    assert not torch.equal(other.window, streamed[0].window)


def test_two_processes_share_the_batch_of_one(pictures: ImageStore) -> None:
    place = Position(5, 1, 1)
    whole = BatchLoader(pictures, TINY, CPU).at(place)
    parts = [BatchLoader(pictures, TINY, CPU, rank=rank, world=2).at(place) for rank in range(2)]
    assert torch.equal(torch.cat([part.target for part in parts]), whole.target)
    assert torch.equal(torch.cat([part.window for part in parts], 1), whole.window)
    assert torch.equal(torch.cat([part.guide_params for part in parts], 1), whole.guide_params)


def test_places_follow_each_other() -> None:
    assert Position().next(2) == Position(1, 0, 1)
    assert Position(1, 0, 1).next(2) == Position(2, 1, 0)
    # The pictures became fewer since: the epoch ends with the next step.
    assert Position(9, 0, 9).next(4) == Position(10, 1, 0)
