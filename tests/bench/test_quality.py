"""The quality benchmark: it measures, compares, reports a collapse, and trains nothing twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from helpers.looks import look_file
from limner.bench import turns
from limner.bench.entries import LookEntry, RecipeEntry
from limner.bench.quality import QUICK_PLAN, bench_quality, check_plan
from limner.bench.quality_report import table
from limner.errors import LimnerError
from limner.evaluation import judge
from limner.mark import read_image_mark
from limner.training.checkpoint import list_checkpoints
from limner.training.loop import TrainingDiverged, train
from limner.training.run import open_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quality")


@pytest.fixture(scope="module")
def results(folder: Path) -> Iterator[dict[str, Any]]:
    plan = replace(QUICK_PLAN, looks=[LookEntry("before", look_file(folder), None)], minutes=0.02)
    yield bench_quality(plan, folder, device="cpu")


def test_recipes_and_looks_are_compared_with_the_first(results: dict[str, Any]) -> None:
    (garden,) = results["sets"]
    default, fast, before = garden["contestants"]
    assert [each["name"] for each in (default, fast, before)] == ["default", "too-fast", "before"]
    assert garden["held_out"] == 8 and garden["judge"]
    for each in (default, fast):
        assert each["trainings"][0]["steps"] > 0
        assert each["trainings"][0]["seconds"] >= 60 * results["minutes"]
    assert before["trainings"] == [] and before["recipe"] is None
    assert default["figures"].keys() == fast["figures"].keys() == before["figures"].keys()
    assert "against_first" not in default["figures"]["held_out_l1"]
    compared = fast["figures"]["held_out_l1"]["against_first"]
    assert compared["low"] <= compared["difference"] <= compared["high"]
    assert compared["verdict"] == "worse", "it painted with a learning rate of 1"


def test_a_collapsed_discriminator_is_reported(results: dict[str, Any], folder: Path) -> None:
    default, fast, _ = results["sets"][0]["contestants"]
    assert default["trainings"][0]["collapsed"] is None
    training = fast["trainings"][0]
    assert training["collapsed"] or training["diverged"]
    assert "- too-fast, seed 0: " in (folder / "quality.md").read_text()


def test_the_files_are_written(results: dict[str, Any], folder: Path) -> None:
    written = json.loads((folder / "quality.json").read_text(), parse_constant=pytest.fail)
    assert written == {"limner.benchmark": 1} | results
    assert "| held-out L1 | 0 |" in (folder / "quality.md").read_text()
    assert "![garden](quality-garden.jpg)" in (folder / "quality.md").read_text()
    assert read_image_mark(folder / "quality-garden.jpg") == "sample sheet"
    with Image.open(folder / "quality-garden.jpg") as sheet:
        assert sheet.height == 40 + 5 * 64, "a row for the guide, three contestants, and the pictures"


def test_the_table_shows_no_photos(results: dict[str, Any]) -> None:
    (drawn,) = results["sets"]
    assert "![" not in table(results | {"sets": [drawn | {"drawn": False}]})


@pytest.mark.usefixtures("results")
def test_nothing_is_trained_twice_and_more_minutes_resume(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[float] = []

    def record(*arguments: Any, minutes: float, **options: Any) -> Any:
        trained.append(minutes)
        return train(*arguments, minutes=minutes, **options)

    monkeypatch.setattr(turns, "train", record)
    again = replace(QUICK_PLAN, recipes=QUICK_PLAN.recipes[:1], minutes=0.02)
    bench_quality(again, folder, device="cpu")
    assert trained == []
    (run,) = (open_run(path) for path in folder.glob("quality/runs/garden/default-*/"))
    before = list_checkpoints(run.checkpoints)
    more = turns.run_progress(run.folder)[1] / 60 + 0.01  # a slow machine is past 0.02 minutes already
    bench_quality(replace(again, minutes=more), folder, device="cpu")
    assert trained == [more]
    assert list_checkpoints(run.checkpoints)[0].stem > before[0].stem


def test_nothing_is_trained_where_something_cannot_be_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "train", lambda *_, **__: pytest.fail("it trains"))
    (tmp_path / "no-clip.mp4").write_bytes(b"nothing")
    with pytest.raises(LimnerError, match="no-clip"):
        bench_quality(replace(QUICK_PLAN, clips=[tmp_path / "no-clip.mp4"]), tmp_path / "out")
    with pytest.raises(LimnerError, match="measures need"):
        bench_quality(replace(QUICK_PLAN, drawn=3), tmp_path / "few")


def test_squeezenet_does_not_judge_a_look_that_learned_to_please_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "is_installed", lambda: False)
    looks = [LookEntry(name, look_file(tmp_path), None) for name in ("a", "b")]
    results = bench_quality(replace(QUICK_PLAN, recipes=(), looks=looks), tmp_path / "out")
    assert results["sets"][0]["judge"] is None
    assert "limner[measure]" in results["sets"][0]["left_out"][0]


def test_recipes_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds: dict[Path, float] = {}
    order: list[str] = []

    def train(_: object, __: object, folder: Path, *, minutes: float, **___: object) -> None:
        order.append(f"{folder.name}{minutes:g}")
        if folder.name == "b" and minutes > 4:
            raise TrainingDiverged("b diverged.")
        seconds[folder] = 60 * minutes

    monkeypatch.setattr(turns, "train", train)
    monkeypatch.setattr(turns, "run_progress", lambda folder: (0, seconds.get(folder, 0.0)))
    recipe = QUICK_PLAN.recipes[0].recipe
    trainings = [turns.Training(recipe, None, tmp_path / name) for name in "abc"]  # type: ignore[arg-type]
    results = turns.train_in_turns(trainings, 12)
    assert order == ["a6", "b6", "c6", "a12", "c12"]
    assert [result.diverged for result in results] == [None, "b diverged.", None]
    with pytest.raises(LimnerError, match="was trained for 12 min"):
        turns.train_in_turns(trainings, 3)


def test_ctrl_c_ends_all_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[object] = []
    monkeypatch.setattr(turns, "train", lambda *arguments, **_: begun.append(arguments))
    recipe = QUICK_PLAN.recipes[0].recipe
    trainings = [turns.Training(recipe, None, tmp_path / name) for name in "ab"]  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        turns.train_in_turns(trainings, 12)
    assert len(begun) == 1, "it was stopped before its time was up"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"recipes": ()}, "nothing to compare"),
        ({"sets": ()}, "Name the pictures"),
        ({"sets": ("sea", "x/sea")}, "Two sets have one name"),
        ({"clips": (Path("a/x.mp4"), Path("b/x.mp4"))}, "Two clips have one name"),
        ({"seeds": ()}, "a number in --seeds"),
        ({"looks": [LookEntry("a", Path("a.onnx"), "sea")]}, "the sets are garden"),
        ({"recipes": (QUICK_PLAN.recipes[0],) * 2}, "Two contestants have one name"),
        (
            {
                "recipes": [
                    RecipeEntry(str(p), replace(QUICK_PLAN.recipes[0].recipe, pixels=p)) for p in (64, 128)
                ]
            },
            "the same pixels; here they paint 64 64, 128 128",
        ),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LimnerError, match=sentence):
        check_plan(replace(QUICK_PLAN, **changes))
