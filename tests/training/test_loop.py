"""Training keeps to its budget, leaves its files in the run, and refuses what does not fit it."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch
from PIL import Image

import limner.training.loop
from helpers.names import LATIN1
from helpers.stores import TINY, colours, prepare_store, store
from helpers.training import RecordingReporter, at_step, last_tensors, read_step
from limner.data.store import ImageStore, StoredImage
from limner.errors import LimnerError
from limner.lock import LOCK, folder_lock
from limner.mark import read_image_mark
from limner.recipe import Precision
from limner.training.log import RunLog
from limner.training.loop import digest_of_store, train
from limner.training.reporter import Status
from limner.training.run import Run
from limner.training.state import TrainState


class Clock:
    """A clock that advances only between steps, so that a busy machine changes nothing."""

    now = 1000.0

    def perf_counter(self) -> float:
        self.now += 1e-6
        return self.now

    def pass_by(self, _: Status) -> None:
        self.now += 0.25


def test_minutes_include_earlier_sessions(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("limner.training.timing.time", clock)
    monkeypatch.setattr("limner.training.loop.time", clock)
    train(pictures, TINY, tmp_path, minutes=1.2 / 60, report=RecordingReporter(clock.pass_by))
    assert read_step(tmp_path) == 6, "training stops at the first step after 1.2 s, at 1.25 s"
    reporter = RecordingReporter()
    train(pictures, TINY, tmp_path, minutes=1.2 / 60, report=reporter)
    assert read_step(tmp_path) == 6
    assert reporter.statuses == []
    assert reporter.messages == [
        "Resuming at step 6.",
        "This run has already reached its budget, at step 6: to train it further, give more epochs or "
        "minutes.",
    ]
    clock.now += 99  # time between sessions does not count
    monkeypatch.setattr("limner.training.loop.ESTIMATE_STEPS", 2)
    reporter = RecordingReporter(clock.pass_by)
    train(pictures, TINY, tmp_path, minutes=1.8 / 60, report=reporter)
    assert reporter.messages[1:3] == [
        "Training ends after 0.03 minutes.",
        "At this speed it ends in about 0 s, after 3 epochs.",
    ]
    assert read_step(tmp_path) == 9, "1.5 s of the budget were used before"


def test_batch_norm_statistics_are_recomputed_once_per_step(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recalibrations: list[int] = []
    monkeypatch.setattr(limner.training.loop, "recalibrate_batch_norm", lambda *_: recalibrations.append(1))
    monkeypatch.setattr("limner.training.timing.StepTimer.checkpoint_due", lambda *_: True)
    train(pictures, TINY, tmp_path, epochs=2)
    assert len(recalibrations) == 6, "each of six steps has a checkpoint, two of them end an epoch"


def test_the_files_of_a_run(whole: Run) -> None:
    records = [json.loads(line) for line in whole.log.read_text().splitlines()]
    assert [record["epoch"] for record in records] == [1, 2, 3]
    assert [record["step"] for record in records] == [3, 6, 9]
    for record in records:
        assert 0 < record["held_out_l1"] < 2
        assert 0 < record["g_l1"] < 2
        assert min(record["d_real"], record["d_fake"]) >= 0
        assert math.isfinite(record["g_adversarial"])
        assert record["pictures_per_second"] > 0
    assert records[0]["seconds"] < records[-1]["seconds"]
    assert records[0]["g_perceptual"] > records[-1]["g_perceptual"], "it learns"
    assert whole.sheets()[-1].name == "step-00000009.jpg"
    with Image.open(whole.film) as film:
        assert film.n_frames == len(whole.sheets())  # type: ignore[attr-defined]
    generator = whole.generator()
    with torch.no_grad():
        assert generator(torch.zeros(1, 1, TINY.guide_side, TINY.guide_side)).isfinite().all()


def test_a_longer_run_comes_nearer_to_the_pictures(long: Run) -> None:
    first, *_, last = RunLog(long.log).records()
    assert last.g_perceptual < 0.8 * first.g_perceptual
    assert last.g_l1 < first.g_l1
    assert last.held_out_l1 is not None and first.held_out_l1 is not None
    assert last.held_out_l1 < first.held_out_l1


def test_sheets_after_the_checkpoint_are_replaced(pictures: ImageStore, tmp_path: Path) -> None:
    run = train(pictures, TINY, tmp_path, epochs=1)
    newer = run.samples / "step-00000099.jpg"
    newer.write_bytes(run.sheets()[-1].read_bytes())
    left_over = run.checkpoints / ".step-00000099.safetensors.x.part"
    left_over.write_bytes(b"half")
    train(pictures, TINY, tmp_path, epochs=2)
    assert [int(sheet.stem[5:]) for sheet in run.sheets()] == [3, 6]
    assert not left_over.exists()


def test_pictures_of_a_person_in_a_run_stay(pictures: ImageStore, tmp_path: Path) -> None:
    run = train(pictures, TINY, tmp_path, epochs=1)
    theirs = [run.samples / f"step-{step:08}.jpg" for step in (6, 900)]
    for path in theirs:
        colours(1).save(path)
    before = [path.read_bytes() for path in theirs]

    def replace_film() -> None:
        colours(1).save(run.film)

    reporter = at_step(5, replace_film)
    train(pictures, TINY, tmp_path, epochs=2, report=reporter)
    assert [path.read_bytes() for path in theirs] == before
    assert read_image_mark(run.film) is None
    stays = "holds what limner did not write: it stays, and no"
    assert reporter.messages[2:4] == [
        f"{theirs[0]} {stays} sample sheet is written.",
        f"{run.film} {stays} film is written.",
    ]
    # A film that a person put there does not stop training.
    train(pictures, TINY, tmp_path, epochs=3)
    assert read_step(tmp_path) == 9
    assert read_image_mark(run.film) is None
    run.film.unlink()
    train(pictures, TINY, tmp_path, epochs=3)
    with Image.open(run.film) as film:
        assert getattr(film, "n_frames", 1) == len(run.sheets())


@pytest.mark.parametrize("due", ["a checkpoint", "a record"])
def test_a_run_that_is_moved_is_not_written_to_its_old_place(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, due: str
) -> None:
    run, moved = tmp_path / "run", tmp_path / "moved"
    train(pictures, TINY, run, epochs=1)
    monkeypatch.setattr("limner.training.timing.StepTimer.checkpoint_due", lambda *_: due == "a checkpoint")

    def move() -> None:
        run.rename(moved)

    with pytest.raises(LimnerError, match="run was moved or deleted while it was being trained"):
        train(pictures, TINY, run, epochs=3, report=at_step(4, move))
    assert not run.exists()
    train(pictures, TINY, moved, epochs=2)
    assert read_step(moved) == 6


def test_changed_pictures_are_reported(pictures: ImageStore, tmp_path: Path) -> None:
    train(pictures, TINY, tmp_path / "run", epochs=1)
    reporter = RecordingReporter()
    more = store(tmp_path / "more", 20)
    train(more, TINY, tmp_path / "run", epochs=2, report=reporter)
    assert "The pictures have changed since; training uses the new ones." in reporter.messages
    assert read_step(tmp_path / "run") == 3 + -(-len(more.training) // 4)


@pytest.mark.parametrize(
    "changes", [{"guide": "colour"}, {"guide": "edges", "upsampling": "transposed", "size": "small"}]
)
def test_other_guides_and_pairs_train(tmp_path: Path, changes: dict[str, str]) -> None:
    recipe = replace(TINY, **changes)  # type: ignore[arg-type]
    run = train(store(tmp_path / "pairs", same_inputs=True), recipe, tmp_path / "run", epochs=1)
    assert len(RunLog(run.log).records()) == 1


@pytest.mark.parametrize(
    "precision",
    ["bfloat16", pytest.param("float16", marks=pytest.mark.slow)],  # slow: a CPU emulates it
)
def test_half_precision_trains(pictures: ImageStore, tmp_path: Path, precision: Precision) -> None:
    recipe = replace(TINY, precision=precision)
    # The loss scale of float16 starts too high on purpose; the first steps only lower it.
    run = train(pictures, recipe, tmp_path, epochs=1 if precision == "bfloat16" else 4)
    before = TrainState(recipe, torch.device("cpu")).tensors()
    after = last_tensors(run)
    moved = [name for name in before if name.endswith("conv.weight.exp_avg") and after[name].any()]
    assert len(moved) > 8
    # Only the computation is in half precision: the state stays in full precision.
    assert {name: t.dtype for name, t in before.items()} == {name: t.dtype for name, t in after.items()}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"epochs": 0}, "epochs is 0; choose 1 or more"),
        ({"minutes": 0.0}, "minutes is 0.0; choose a number above 0"),
        ({"minutes": float("nan")}, "minutes is nan"),
        ({"epochs": 1, "device": "warp"}, "There is no device warp here"),
        ({"epochs": 1, "device": "mps"}, "cpu or cuda, and not yet on mps"),
    ],
)
def test_wrong_options_are_refused(
    pictures: ImageStore, tmp_path: Path, options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(LimnerError, match=sentence):
        train(pictures, TINY, tmp_path / "run", **options)  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


def test_pictures_of_another_size_are_refused(pictures: ImageStore, tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="prepared for 64 pixels, and the recipe says 128"):
        train(pictures, replace(TINY, pixels=128), tmp_path, epochs=1)


def test_the_digest_of_a_store_takes_any_names() -> None:
    """For valid names it stays as it was: a run must not say that its pictures changed."""
    entry = StoredImage("a.jpg", 0, 1, 1, "0123456789abcdef", held_out=False, enlarged=False, trimmed=False)
    pictures = Mock()
    pictures.index.settings.strokes = False
    pictures.index.entries = [entry, replace(entry, name="花.png")]
    assert digest_of_store(pictures) == "24a24bd915a74ea9"
    pictures.index.entries = [replace(entry, name=LATIN1)]
    assert digest_of_store(pictures) != "24a24bd915a74ea9"


def test_a_run_goes_on_neither_with_strokes_nor_without_them_unawares(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for seed in range(8):
        colours(seed).save(tmp_path / "in" / f"{seed}.png")
    photos, _ = prepare_store(tmp_path / "photos", tmp_path / "in", pixels=64)
    oils, _ = prepare_store(tmp_path / "oils", tmp_path / "in", pixels=64, strokes=True)
    for first, second, sentence in (
        (oils, photos, "with brush strokes, and these are without: give --strokes"),
        (photos, oils, "without brush strokes, and these are with: leave out --strokes"),
    ):
        run = tmp_path / first.folder.name / "run"
        train(first, TINY, run, epochs=1)
        with pytest.raises(LimnerError, match=sentence):
            train(second, TINY, run, epochs=2)
        train(first, TINY, run, epochs=2)


def test_one_trainer_at_a_time(pictures: ImageStore, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with (
        folder_lock(run, "trained"),
        pytest.raises(LimnerError, match=rf"run is being trained by process {os.getpid()}, since"),
    ):
        train(pictures, TINY, run, epochs=1)
    assert not run.exists()
    locked: list[bool] = []
    train(pictures, TINY, run, epochs=1, report=at_step(1, lambda: locked.append((run / LOCK).exists())))
    assert locked == [True]
    assert not (run / LOCK).exists()


def test_a_folder_that_is_not_a_run_gets_no_lock(pictures: ImageStore, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(LimnerError, match="is not empty and not a run"):
        train(pictures, TINY, tmp_path, epochs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]
