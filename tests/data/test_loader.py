"""Batches cover every picture, depend on the position alone, and are split among processes."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch

from helpers.stores import TINY, store
from limner.data.augmentation import Batch, identity_params, sample_params
from limner.data.loader import BatchLoader, Position, center_batch, load_batch
from limner.data.store import ImageStore

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> ImageStore:
    return store(tmp_path_factory.mktemp("batches"))


def epoch_pictures(pictures: ImageStore, batches: BatchLoader, epoch: int) -> list[int]:
    """The pictures of an epoch, in order, recognised by their centre crops."""
    # The pictures are square, so a box is the whole picture; the sum of its pixels identifies it.
    picture_by_sum = {int(center_batch(pictures, [i]).target.long().sum()): i for i in pictures.training}
    found = []
    for step in range(batches.steps_per_epoch):
        batch = batches.at(Position(step, epoch, step))
        found += [picture_by_sum[int(box.long().sum())] for box in batch.target]
    return found


def square_store(folder: Path) -> ImageStore:
    """A store of square pictures: the only box of each is the whole picture."""
    from helpers.stores import colours
    from limner.data.prepare import prepare
    from limner.progress import no_progress

    for seed in range(14):
        colours(seed, 90, 90).save(folder / f"{seed}.png")
    return prepare([folder], folder / "store", pixels=64, progress=no_progress)[0]


def test_an_epoch_uses_every_picture_and_fills_up_with_its_first(tmp_path: Path) -> None:
    pictures = square_store(tmp_path)
    batches = BatchLoader(pictures, TINY, CPU)
    first, second = epoch_pictures(pictures, batches, 0), epoch_pictures(pictures, batches, 1)
    count = len(pictures.training)
    assert batches.steps_per_epoch == -(-count // 4)
    assert count % 4, "this test needs a last batch that is not full"
    for epoch in (first, second):
        assert sorted(epoch[:count]) == sorted(pictures.training)
        assert epoch[count:] == epoch[: len(epoch) - count]
    assert first != second


def noise_of(batch: Batch) -> torch.Tensor:
    assert batch.camera is not None
    return batch.camera.noise


def test_few_pictures_fill_a_large_batch(tmp_path: Path) -> None:
    pictures = square_store(tmp_path)
    batches = BatchLoader(pictures, replace(TINY, batch=32), CPU)
    assert batches.steps_per_epoch == 1
    assert set(epoch_pictures(pictures, batches, 0)) == set(pictures.training)


def test_a_batch_depends_on_its_position_alone(pictures: ImageStore) -> None:
    batches, again = BatchLoader(pictures, TINY, CPU), BatchLoader(pictures, TINY, CPU)
    streamed = list(islice(batches.stream(Position()), 6))
    position = Position()
    for batch in streamed:
        same = again.at(position)
        assert torch.equal(batch.target, same.target)
        assert torch.equal(batch.window, same.window)
        assert torch.equal(batch.guide_params, same.guide_params)
        assert torch.equal(noise_of(batch), noise_of(same))
        position = position.next(batches.steps_per_epoch)
    assert not torch.equal(streamed[0].window, streamed[1].window)
    assert not torch.equal(noise_of(streamed[0]), noise_of(streamed[1]))
    other = BatchLoader(pictures, replace(TINY, seed=1), CPU).at(Position())
    assert not torch.equal(other.window, streamed[0].window)


def test_two_processes_share_one_global_batch(pictures: ImageStore) -> None:
    position = Position(5, 1, 1)
    whole = BatchLoader(pictures, TINY, CPU).at(position)
    parts = [BatchLoader(pictures, TINY, CPU, rank=rank, world=2).at(position) for rank in range(2)]
    assert torch.equal(torch.cat([part.target for part in parts]), whole.target)
    assert torch.equal(torch.cat([part.window for part in parts], 1), whole.window)
    assert torch.equal(torch.cat([part.guide_params for part in parts], 1), whole.guide_params)
    assert torch.equal(torch.cat([noise_of(part) for part in parts]), noise_of(whole))


def test_a_recipe_without_a_camera_leaves_guides_alone(pictures: ImageStore) -> None:
    assert BatchLoader(pictures, replace(TINY, camera=0.0), CPU).at(Position()).camera is None
    assert center_batch(pictures, pictures.held_out).camera is None


def test_positions_follow_each_other() -> None:
    assert Position().next(2) == Position(1, 0, 1)
    assert Position(1, 0, 1).next(2) == Position(2, 1, 0)
    # The store has fewer pictures than before: the epoch ends with the next step.
    assert Position(9, 0, 9).next(4) == Position(10, 1, 0)


def test_crops_lie_within_upright_and_wide_pictures(tmp_path: Path) -> None:
    pictures = store(tmp_path)
    params = sample_params(TINY, len(pictures), torch.Generator().manual_seed(0))
    batch = load_batch(pictures, range(len(pictures)), params)
    top, left, side, _ = batch.window
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + side <= pictures.short_side + 1e-3).all()
    assert (left + side <= pictures.short_side + 1e-3).all()
    assert (side >= pictures.short_side / 1.3 - 1e-3).all()
    assert side.std() > 1


def test_without_augmentation_the_centre_is_cropped(tmp_path: Path) -> None:
    pictures = store(tmp_path)
    side = pictures.short_side
    batch = load_batch(pictures, [0], identity_params(1))
    picture = torch.from_numpy(pictures.image(0).copy())
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    assert torch.equal(batch.target[0], picture[top : top + side, left : left + side])
    torch.testing.assert_close(batch.window[2], torch.tensor([float(side)]))
