"""The pictures of a measure: from a store, from a folder, and frames of a clip."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from helpers.stores import colours, store
from limner.data.store import ImageStore
from limner.errors import LimnerError
from limner.evaluation.equivariance import MARGIN, crop_middle
from limner.evaluation.judge import shrink
from limner.evaluation.pictures import (
    MAX_FRAMES,
    load_held_out,
    load_training,
    read_folder,
    read_frames,
    read_training,
)
from limner.mark import save_options
from limner.progress import no_progress


def test_held_out_pictures_are_wider_than_what_is_painted(tmp_path: Path) -> None:
    pictures = store(tmp_path, 40)
    held_out = load_held_out(pictures, 64, 3)
    assert held_out.inputs is held_out.targets
    assert held_out.targets.shape == (3, 3, 64 + 2 * MARGIN, 64 + 2 * MARGIN)
    assert 0 <= held_out.targets.min() < held_out.targets.max() <= 1
    training = load_training(pictures, 64)
    assert training.shape == (len(pictures.training), 3, 64, 64)
    assert torch.equal(shrink(training), training)


def test_pairs_keep_their_inputs(tmp_path: Path) -> None:
    held_out = load_held_out(store(tmp_path, 40, same_inputs=True), 64, 8)
    assert held_out.inputs is not held_out.targets
    assert torch.equal(held_out.inputs, held_out.targets)


def test_too_few_held_out_pictures_are_refused(pictures: ImageStore) -> None:
    with pytest.raises(LimnerError, match="--against"):
        load_held_out(pictures, 64, 8)


def test_a_folder_gives_its_pictures_and_passes_over_the_rest(tmp_path: Path) -> None:
    for seed in range(6):
        colours(seed).save(tmp_path / f"{seed}.png")
    (tmp_path / "2.png").write_bytes(b"\x89PNG\r\n\x1a\n cut off")
    read = read_folder(tmp_path, 64, 10, no_progress)
    assert read.shape == (5, 3, 64 + 2 * MARGIN, 64 + 2 * MARGIN)
    assert crop_middle(read).shape == (5, 3, 64, 64)
    for seed in (3, 4):
        (tmp_path / f"{seed}.png").unlink()
    with pytest.raises(LimnerError, match="has 3 pictures that can be read"):
        read_folder(tmp_path, 64, 10, no_progress)


def test_a_folder_is_painted_with_strokes_on_request(tmp_path: Path) -> None:
    for seed in range(4):
        colours(seed).save(tmp_path / f"{seed}.png")
    photos = read_folder(tmp_path, 64, 10, no_progress)
    oils = read_folder(tmp_path, 64, 10, no_progress, strokes=True)
    assert oils.shape == photos.shape
    assert 0.004 < (oils - photos).abs().mean() < 0.15
    small = [read_training(tmp_path, 64, no_progress, strokes=strokes) for strokes in (False, True)]
    assert not torch.equal(*small)


def test_paintings_and_animations_are_not_taken_for_pictures(tmp_path: Path) -> None:
    for seed in range(6):
        colours(seed).save(tmp_path / f"{seed}.png")
    colours(7).save(tmp_path / "painted.png", **save_options("PNG", "painting"))
    colours(8).save(tmp_path / "moving.gif", save_all=True, append_images=[colours(9)])
    assert len(read_folder(tmp_path, 64, 10, no_progress)) == 6


def test_frames_come_in_order_from_the_beginning(tmp_path: Path) -> None:
    frames = [colours(seed) for seed in range(MAX_FRAMES + 4)]
    clip = tmp_path / "clip.webp"
    frames[0].save(clip, save_all=True, append_images=frames[1:], duration=40, lossless=True, method=0)
    read = read_frames(clip, 32)
    assert read.shape == (MAX_FRAMES, 3, 32, 32)
    frames[0].save(tmp_path / "still.png")
    with pytest.raises(LimnerError, match="is not a clip"):
        read_frames(tmp_path / "still.png", 32)
    (tmp_path / "text.mp4").write_text("hello")
    with pytest.raises(LimnerError, match=r"text\.mp4"):
        read_frames(tmp_path / "text.mp4", 32)
