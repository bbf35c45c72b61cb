"""Checkpoints restore the whole state, or are refused; an earlier one replaces a damaged one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from helpers.names import odd_name
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


def changed_state(step: int) -> TrainState:
    """A state in which every value differs from the initial one."""
    state = TrainState(TINY, CPU)
    for number, tensor in enumerate(state.tensors().values()):
        tensor.data.add_(number + step)
    state.position = Position(step, 3, 2)
    state.seconds = 12.25
    return state


def save(folder: Path, step: int) -> Path:
    return save_checkpoint(folder, changed_state(step), TINY, "pictures")


def test_the_whole_state_is_restored(tmp_path: Path) -> None:
    path = save(tmp_path, 7)
    state, expected = TrainState(TINY, CPU), changed_state(7)
    assert load_checkpoint(path, state, TINY)["pictures"] == "pictures"
    assert (state.position, state.seconds) == (Position(7, 3, 2), 12.25)
    tensors, expected_tensors = state.tensors(), expected.tensors()
    assert tensors.keys() == expected_tensors.keys()
    assert all(torch.equal(tensors[name], expected_tensors[name]) for name in tensors)
    owners = {name.split(".")[0] for name in tensors}
    assert owners == {
        "sums",
        "generator",
        "average",
        "discriminator",
        "generator_adam",
        "discriminator_adam",
    }


def test_a_folder_of_odd_bytes(tmp_path: Path) -> None:
    path = save(odd_name(tmp_path), 7)
    assert read_checkpoint(path)[1]["step"] == "7"


def test_a_float16_scaler_is_restored(tmp_path: Path) -> None:
    recipe = replace(TINY, precision="float16")
    state = TrainState(recipe, CPU)
    assert state.scaler.is_enabled()
    state.scaler.load_state_dict(state.scaler.state_dict() | {"scale": 512.0, "_growth_tracker": 9})
    path = save_checkpoint(tmp_path, state, recipe, "")
    loaded = TrainState(recipe, CPU)
    load_checkpoint(path, loaded, recipe)
    assert loaded.scaler.state_dict()["scale"] == 512.0
    assert loaded.scaler.state_dict()["_growth_tracker"] == 9


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


def zero_the_end(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-4096] + bytes(4096))


@pytest.mark.parametrize("damage", [cut_off, empty, flip_a_bit, zero_the_end])
def test_a_damaged_checkpoint_is_skipped(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    save(tmp_path, 1)
    damage(save(tmp_path, 2))
    state, messages = TrainState(TINY, CPU), list[str]()
    assert load_newest(tmp_path, state, TINY, messages.append) is not None
    assert state.position.step == 1
    assert len(messages) == 1
    assert "step-00000002.safetensors is damaged" in messages[0]
    assert "resumes from an earlier one, at step 1" in messages[0]


def test_a_damaged_checkpoint_leaves_the_state_unchanged(tmp_path: Path) -> None:
    path = save(tmp_path, 1)
    flip_a_bit(path)
    state = TrainState(TINY, CPU)
    before = {name: tensor.clone() for name, tensor in state.tensors().items()}
    with pytest.raises(DamagedCheckpoint):
        load_checkpoint(path, state, TINY)
    assert all(torch.equal(before[name], tensor) for name, tensor in state.tensors().items())
    with pytest.raises(LimnerError, match="No intact checkpoint is left: start a new run"):
        load_newest(tmp_path, state, TINY, pytest.fail)


def test_a_folder_without_checkpoints_is_no_error(tmp_path: Path) -> None:
    assert load_newest(tmp_path / "absent", TrainState(TINY, CPU), TINY, pytest.fail) is None


def test_another_recipe_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path, 1)
    with pytest.raises(LimnerError, match=r"differs in learning_rate \(0.0004, not 0.001\)"):
        load_checkpoint(path, TrainState(TINY, CPU), replace(TINY, learning_rate=1e-3))


def test_another_format_is_refused_and_not_skipped(tmp_path: Path) -> None:
    save(tmp_path, 1)
    path = save(tmp_path, 2)
    save_file(load_file(path), path, {"limner.checkpoint": "1"})
    with pytest.raises(LimnerError, match="format 1, and this limner reads format 4"):
        load_newest(tmp_path, TrainState(TINY, CPU), TINY, pytest.fail)


def test_only_tensors_with_the_prefix_are_read(tmp_path: Path) -> None:
    tensors, metadata = read_checkpoint(save(tmp_path, 5), "generator.")
    assert tensors.keys() == {f"generator.{name}" for name in TrainState(TINY, CPU).generator.state_dict()}
    assert metadata["step"] == "5"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_and_infinite_values_are_found(value: float) -> None:
    finite = [torch.zeros(3), torch.ones(2, dtype=torch.int64)]
    assert is_all_finite(finite)
    assert not is_all_finite([*finite, torch.tensor([0.0, value])])
