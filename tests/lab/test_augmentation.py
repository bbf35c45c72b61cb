"""Shifts and flips depend on the seed, the epoch and the picture alone, and do what they say."""

from __future__ import annotations

import torch

from limner.lab.augmentation import MAX_SHIFT, Augmentation, draw_augmentation


def test_a_picture_s_fate_is_the_same_in_any_batch() -> None:
    pictures = torch.randint(0, 256, (20, 3, 8, 8), generator=torch.Generator().manual_seed(0))
    drawn = draw_augmentation(20, seed=5, epoch=2, pixels=32, with_flips=True)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(1))
    together = drawn.apply(pictures[order], order)
    for at, index in enumerate(order):
        assert torch.equal(drawn.apply(pictures[index : index + 1], index[None])[0], together[at])


def test_epochs_and_seeds_differ_and_repeat() -> None:
    first, again, later, other = (
        draw_augmentation(50, seed, epoch, pixels=32, with_flips=True)
        for seed, epoch in ((0, 0), (0, 0), (0, 1), (1, 0))
    )
    assert torch.equal(first.shifts, again.shifts)
    assert torch.equal(first.flips, again.flips)
    assert not torch.equal(first.shifts, later.shifts)
    assert not torch.equal(first.shifts, other.shifts)


def test_a_shift_moves_down_and_right_and_mirrors_at_the_edge() -> None:
    picture = torch.arange(16).reshape(1, 1, 4, 4)
    moved = Augmentation(torch.tensor([[1, 2]]), torch.tensor([False])).apply(picture, torch.tensor([0]))
    # Row 0 shows row 1 (mirrored at row 0), rows 1 to 3 show rows 0 to 2; columns likewise, by two.
    assert moved[0, 0].tolist() == [[6, 5, 4, 5], [2, 1, 0, 1], [6, 5, 4, 5], [10, 9, 8, 9]]


def test_a_flip_mirrors_left_and_right() -> None:
    picture = torch.arange(9).reshape(1, 1, 3, 3)
    flipped = Augmentation(torch.tensor([[0, 0]]), torch.tensor([True])).apply(picture, torch.tensor([0]))
    assert torch.equal(flipped, picture.flip(3))


def test_shifts_are_within_two_pixels_and_digits_are_not_flipped() -> None:
    drawn = draw_augmentation(2000, 0, 0, pixels=32, with_flips=False)
    assert [int(drawn.shifts.min()), int(drawn.shifts.max())] == [-MAX_SHIFT, MAX_SHIFT]
    assert not drawn.flips.any()
    flips = draw_augmentation(2000, 0, 0, pixels=32, with_flips=True).flips
    assert abs(float(flips.float().mean()) - 0.5) < 0.05
