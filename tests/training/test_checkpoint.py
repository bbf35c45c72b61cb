"""Checkpoints come back whole, or say what is wrong; an earlier one stands in for a damaged one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from helpers.stores import TINY
from limner.data.loader import Position
from limner.errors import LimnerError
from limner.training.checkpoint import (
    DamagedCheckpoint,
    is_all_finite,
    list_checkpoints,
    load_checkpoint,
    load_newest,
    read_checkpoint,
    save_checkpoint,
)
from limner.training.state import TrainState

CPU = torch.device("cpu")


def changed(step: int) -> TrainState:
    """A state in which nothing is as it begins."""
    state = TrainState(TINY, CPU)
    for number, tensor in enumerate(state.tensors().values()):
        tensor.data.add_(number + step)
    state.position = Position(step, 3, 2)
    state.seconds = 12.25
    return state


def save(folder: Path, step: int) -> Path:
    return save_checkpoint(folder, changed(step), TINY, "pictures")


def test_everything_comes_back(tmp_path: Path) -> None:
    path = save(tmp_path, 7)
    state, expected = TrainState(TINY, CPU), changed(7)
    assert load_checkpoint(path, state, TINY)["pictures"] == "pictures"
    assert (state.position, state.seconds) == (Position(7, 3, 2), 12.25)
    own, theirs = state.tensors(), expected.tensors()
    assert own.keys() == theirs.keys()
    assert all(torch.equal(own[name], theirs[name]) for name in own)
    kinds = {name.split(".")[0] for name in own}
    assert kinds == {"sums", "generator", "discriminator", "generator_adam", "discriminator_adam"}


def test_a_float16_scaler_comes_back(tmp_path: Path) -> None:
    recipe = replace(TINY, precision="float16")
    state = TrainState(recipe, CPU)
    assert state.scaler.is_enabled()
    state.scaler.load_state_dict(state.scaler.state_dict() | {"scale": 512.0, "_growth_tracker": 9})
    path = save_checkpoint(tmp_path, state, recipe, "")
    again = TrainState(recipe, CPU)
    load_checkpoint(path, again, recipe)
    assert again.scaler.state_dict()["scale"] == 512.0
    assert again.scaler.state_dict()["_growth_tracker"] == 9


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    for step in (1, 2, 30, 4):
        save(tmp_path, step)
    assert [path.stem for path in list_checkpoints(tmp_path)] == ["step-00000030", "step-00000004"]


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-5000] ^= 1
    path.write_bytes(content)


def lose_the_end(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-4096] + bytes(4096))


@pytest.mark.parametrize("damage", [cut_off, empty, flip_a_bit, lose_the_end])
def test_a_damaged_one_is_passed_over(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    save(tmp_path, 1)
    damage(save(tmp_path, 2))
    state, notes = TrainState(TINY, CPU), list[str]()
    assert load_newest(tmp_path, state, TINY, notes.append) is not None
    assert state.position.step == 1
    assert len(notes) == 1
    assert "step-00000002.safetensors is damaged" in notes[0]
    assert "goes on from the one before, at step 1" in notes[0]


def test_damage_changes_nothing(tmp_path: Path) -> None:
    path = save(tmp_path, 1)
    flip_a_bit(path)
    state = TrainState(TINY, CPU)
    before = {name: tensor.clone() for name, tensor in state.tensors().items()}
    with pytest.raises(DamagedCheckpoint):
        load_checkpoint(path, state, TINY)
    assert all(torch.equal(before[name], tensor) for name, tensor in state.tensors().items())
    with pytest.raises(LimnerError, match="No good one is left: start a new run"):
        load_newest(tmp_path, state, TINY, pytest.fail)


def test_none_is_no_error(tmp_path: Path) -> None:
    assert load_newest(tmp_path / "absent", TrainState(TINY, CPU), TINY, pytest.fail) is None


def test_another_recipe_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path, 1)
    with pytest.raises(LimnerError, match=r"differs in learning_rate \(0.0002, not 0.001\)"):
        load_checkpoint(path, TrainState(TINY, CPU), replace(TINY, learning_rate=1e-3))


def test_another_format_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    save(tmp_path, 1)
    path = save(tmp_path, 2)
    save_file(load_file(path), path, {"limner.checkpoint": "2"})
    with pytest.raises(LimnerError, match="format 2, and this limner reads format 1"):
        load_newest(tmp_path, TrainState(TINY, CPU), TINY, pytest.fail)


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    tensors, metadata = read_checkpoint(save(tmp_path, 5), "generator.")
    assert tensors.keys() == {f"generator.{name}" for name in TrainState(TINY, CPU).generator.state_dict()}
    assert metadata["step"] == "5"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_all_finite(value: float) -> None:
    good = [torch.zeros(3), torch.ones(2, dtype=torch.int64)]
    assert is_all_finite(good)
    assert not is_all_finite([*good, torch.tensor([0.0, value])])
