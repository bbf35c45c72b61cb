"""Reading the few pairs of a branch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.branches import save_pairs
from helpers.keyframes import frame, recoloured
from limner.data.few_pairs import FewPairs, read_few_pairs
from limner.errors import LimnerError


def read(folder: Path, inputs: Path | None = None) -> FewPairs:
    return read_few_pairs(folder, inputs, pixels=32, scale=1.15)


def test_pairs_have_the_same_size_and_their_own_pictures(tmp_path: Path) -> None:
    targets, inputs = save_pairs(tmp_path, 4)
    # An input of another resolution.
    frame(1).resize((160, 128)).save(inputs / "1.png")
    found = read(targets, inputs)
    assert [pair.name for pair in found.pairs] == ["0.png", "1.png", "2.png", "3.png"]
    assert found.notices == ()
    for number, pair in enumerate(found.pairs):
        assert pair.input.shape == pair.target.shape == (37, 46, 3)
        small = frame(number).resize((46, 37), Image.Resampling.LANCZOS)
        assert np.abs(pair.input.astype(int) - np.asarray(small)).mean() < 6
        painted = recoloured(frame(number)).resize((46, 37), Image.Resampling.LANCZOS)
        assert np.abs(pair.target.astype(int) - np.asarray(painted)).mean() < 6


def test_without_inputs_a_picture_is_its_own(tmp_path: Path) -> None:
    targets, _ = save_pairs(tmp_path)
    for pair in read(targets).pairs:
        np.testing.assert_array_equal(pair.input, pair.target)


def test_what_cannot_be_learned_from_is_told_and_left_out(tmp_path: Path) -> None:
    targets, inputs = save_pairs(tmp_path, 5)
    (inputs / "4.png").unlink()
    (targets / "3.png").write_bytes(b"\x89PNG and no more")
    (sentence,) = read(targets, inputs).notices
    assert "4.png has no partner" in sentence
    assert "3.png" in sentence


@pytest.mark.parametrize(
    ("count", "reason"),
    [(2, "has 2 pictures to learn from; a branch needs at least 3"), (21, "has 21 pictures")],
)
def test_too_few_and_too_many_are_refused(count: int, reason: str, tmp_path: Path) -> None:
    for number in range(count):
        Image.fromarray(np.full((40, 40, 3), 5 * number, np.uint8)).save(tmp_path / f"{number}.png")
    with pytest.raises(LimnerError, match=reason):
        read(tmp_path)


def test_copies_count_once(tmp_path: Path) -> None:
    targets, _ = save_pairs(tmp_path)
    (targets / "2.png").write_bytes((targets / "1.png").read_bytes())
    with pytest.raises(LimnerError, match=r"has 2 pictures.*2\.png is a copy of another one"):
        read(targets)


def test_inputs_that_are_the_targets_are_refused(tmp_path: Path) -> None:
    targets, inputs = save_pairs(tmp_path)
    for path in targets.iterdir():
        (inputs / path.name).write_bytes(path.read_bytes())
    with pytest.raises(LimnerError, match="are the same pictures"):
        read(targets, inputs)
