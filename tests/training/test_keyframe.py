"""Keyframe painting learns a style from one frame, resumes bit-exactly, and refuses what does not fit."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.keyframes import frame, keyframes, psnr, recoloured
from limner.errors import LimnerError
from limner.export.whole_frames import WholeFramePainter
from limner.keyframe_recipe import KeyframeRecipe
from limner.training import keyframe as module
from limner.training.checkpoint import list_checkpoints
from limner.training.keyframe import KeyframeResult, train_keyframes
from limner.training.keyframe_checkpoint import load_newest
from limner.training.keyframe_state import KeyframeState
from limner.training.signals import StopSignal

RECIPE = KeyframeRecipe(pixels=64, patch=32, batch=4, perceptual=0)
torch.set_num_threads(1)  # in a network this small, waiting for threads costs more than they gain


def train(folder: Path, steps: int, recipe: KeyframeRecipe = RECIPE, first: int = 0) -> KeyframeResult:
    return train_keyframes(keyframes(first), recipe, folder, steps=steps, device="cpu")


def test_frames_come_six_decibels_nearer_from_one_keyframe(tmp_path: Path) -> None:
    paint = WholeFramePainter(train(tmp_path, 100).network, RECIPE)
    for number in (2, 5, 7):
        truth = recoloured(frame(number))
        assert psnr(paint(frame(number)), truth) > psnr(frame(number), truth) + 6


def test_a_painting_of_a_part_is_not_spoiled_by_the_rest(tmp_path: Path) -> None:
    """Where nothing is painted, nothing is learned: neither white nor the frame's own colours."""
    own = keyframes(0)
    is_painted = own.pairs[0].is_painted.copy()
    is_painted[:, :40] = False
    painted = own.pairs[0].painted.copy()
    painted[:, :40] = 255
    part = dataclasses.replace(own.pairs[0], painted=painted, is_painted=is_painted)
    result = train_keyframes(
        dataclasses.replace(own, pairs=(part,)), RECIPE, tmp_path, steps=60, device="cpu"
    )
    truth = recoloured(frame(0))
    painting = WholeFramePainter(result.network, RECIPE)(frame(0))
    assert psnr(painting, truth) > psnr(frame(0), truth) + 3


@pytest.mark.parametrize("others", [0, 0.5])
def test_a_resumed_training_is_the_uninterrupted_one(others: float, tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, batch=2, perceptual=others, adversarial=others)
    whole = train(tmp_path / "whole", 4, recipe)
    train(tmp_path / "parts", 2, recipe)
    resumed = train(tmp_path / "parts", 4, recipe)
    assert resumed.steps == whole.steps == 4
    expected = whole.network.state_dict()
    assert [n for n, t in resumed.network.state_dict().items() if not torch.equal(t, expected[n])] == []


def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path) -> None:
    train(tmp_path, 1)
    train(tmp_path, 2)
    newest, _ = list_checkpoints(tmp_path)
    newest.write_bytes(newest.read_bytes()[:500])
    said: list[str] = []
    result = train_keyframes(keyframes(0), RECIPE, tmp_path, steps=2, message=said.append, device="cpu")
    assert result.steps == 2
    assert "is damaged" in said[0]
    assert "Resuming at step 1." in said


def test_a_request_to_stop_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StopSignal, "requested", True)
    result = train(tmp_path, 50)
    assert (result.steps, result.was_stopped) == (1, True)
    assert [path.name for path in list_checkpoints(tmp_path)] == ["step-00000001.safetensors"]


def test_time_ends_it_too(tmp_path: Path) -> None:
    progress: list[tuple[int, int, str]] = []
    result = train_keyframes(
        keyframes(0),
        RECIPE,
        tmp_path,
        minutes=0.01,
        progress=lambda *told: progress.append(told),
        device="cpu",
    )
    assert 0.6 <= result.seconds < 10
    assert progress[-1] == (1, 1, "Learning, seconds")


def test_what_does_not_fit_is_refused_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "training"
    train(folder, 1)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(LimnerError, match="learned from other pictures"):
        train(folder, 2, first=1)
    with pytest.raises(LimnerError, match=r"its batch \(4, not 8\)"):
        train(folder, 2, dataclasses.replace(RECIPE, batch=8))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(LimnerError, match=r"what limner did not write \(notes.txt\)"):
        train(folder, 2)
    with pytest.raises(LimnerError, match="is a file"):
        train(folder / "notes.txt", 2)


@pytest.mark.parametrize("loss", ["perceptual_loss", "adversarial_loss", "real_loss"])
def test_a_loss_that_is_not_finite_keeps_the_last_checkpoint(
    loss: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = dataclasses.replace(RECIPE, batch=2, perceptual=0.5, adversarial=0.5)
    train(tmp_path, 1, recipe)
    whole = getattr(module, loss)
    monkeypatch.setattr(module, loss, lambda *given: whole(*given) * float("nan"))
    with pytest.raises(LimnerError, match=r"diverged at step 2\. Try a lower --learning-rate and another"):
        train(tmp_path, 2, recipe)
    assert [path.name for path in list_checkpoints(tmp_path)] == ["step-00000001.safetensors"]


def test_a_weight_that_is_not_finite_is_not_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(tmp_path, 1)

    def spoil(state: KeyframeState, *_: object) -> float:
        next(state.network.parameters()).data.fill_(float("nan"))
        return 0.5

    monkeypatch.setattr(module, "train_step", spoil)
    with pytest.raises(LimnerError, match="diverged at step 2"):
        train(tmp_path, 2)
    assert [path.name for path in list_checkpoints(tmp_path)] == ["step-00000001.safetensors"]


def test_a_resumed_training_does_not_save_at_its_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of earlier sessions, here an hour, says nothing of the last checkpoint."""
    whole = load_newest

    def load(folder: Path, state: KeyframeState, *others: Any) -> bool:
        loaded = whole(folder, state, *others)
        state.seconds += 3600
        return loaded

    train(tmp_path, 1)
    monkeypatch.setattr(module, "load_newest", load)
    saved = []
    monkeypatch.setattr(module, "save_checkpoint", lambda _, state, *__: saved.append(state.step))
    train(tmp_path, 4)
    assert saved == [4]


@pytest.mark.parametrize(
    ("minutes", "steps", "reason"),
    [(0, None, "minutes is 0"), (float("nan"), None, "minutes is nan"), (None, 0, "steps is 0")],
)
def test_a_budget_out_of_range_is_refused(
    minutes: float | None, steps: int | None, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(LimnerError, match=reason):
        train_keyframes(keyframes(0), RECIPE, tmp_path / "x", minutes=minutes, steps=steps)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pixels": 100}, "pixels is 100"),
        ({"patch": 36}, "patch is 36"),
        ({"batch": 1}, "batch is 1"),
        ({"noise": float("nan")}, "noise is nan"),
        ({"l1": 0, "perceptual": 0}, "nothing is learned"),
    ],
)
def test_a_recipe_out_of_range_is_refused(changes: dict[str, float], reason: str) -> None:
    with pytest.raises(LimnerError, match=reason):
        dataclasses.replace(RECIPE, **changes)  # type: ignore[arg-type]
