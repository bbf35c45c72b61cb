"""Runs are begun, opened and resumed; other folders and damaged runs are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from helpers.stores import TINY, colours
from helpers.strangers import NESTED_JSON
from limner.errors import LimnerError
from limner.evaluation.sheets import write_image
from limner.training.checkpoint import list_checkpoints, save_checkpoint
from limner.training.run import begin_run, check_run, open_run
from limner.training.state import TrainState


def test_a_run_is_begun_and_opened(tmp_path: Path) -> None:
    run = begin_run(tmp_path / "run", TINY, tmp_path / "store")
    opened = open_run(tmp_path / "run")
    assert opened == run
    assert opened.recipe == TINY
    assert opened.pictures == tmp_path / "store"
    assert begin_run(tmp_path / "run", TINY, tmp_path / "store") == run


def test_a_run_and_its_store_can_be_moved_together(tmp_path: Path) -> None:
    begin_run(tmp_path / "one" / "run", TINY, tmp_path / "one" / "store")
    (tmp_path / "one").rename(tmp_path / "two")
    assert open_run(tmp_path / "two" / "run").pictures == tmp_path / "two" / "store"


def test_the_store_can_be_moved(tmp_path: Path) -> None:
    begin_run(tmp_path / "run", TINY, tmp_path / "store")
    begin_run(tmp_path / "run", TINY, tmp_path / "elsewhere")
    assert open_run(tmp_path / "run").pictures == tmp_path / "elsewhere"


def test_a_beginning_that_was_interrupted_is_repeated(tmp_path: Path) -> None:
    begin_run(tmp_path, TINY, tmp_path / "store")
    (tmp_path / "run.json").unlink()
    assert begin_run(tmp_path, replace(TINY, batch=8), tmp_path / "store").recipe.batch == 8


@pytest.mark.parametrize(
    "text",
    ['{"flour": 500}', "two eggs", "{}", "{}\n", '{"size": "large"}', TINY.to_json(), NESTED_JSON[0]],
)
def test_another_program_s_recipe_is_not_the_beginning_of_a_run(tmp_path: Path, text: str) -> None:
    (tmp_path / "recipe.json").write_text(text)
    with pytest.raises(LimnerError, match=r"not empty and not a run \(it holds recipe\.json\)"):
        begin_run(tmp_path, TINY, tmp_path / "store")
    assert (tmp_path / "recipe.json").read_text() == text


def test_a_person_s_copies_are_neither_sheets_nor_checkpoints(tmp_path: Path) -> None:
    run = begin_run(tmp_path, TINY, tmp_path / "store")
    state = TrainState(TINY, torch.device("cpu"))
    first = save_checkpoint(run.checkpoints, state, TINY, "")
    copy = first.rename(first.with_name("step-00000000 best.safetensors"))
    for step in (1, 2, 3):
        state.position = replace(state.position, step=step)
        save_checkpoint(run.checkpoints, state, TINY, "")
    assert [path.stem for path in list_checkpoints(run.checkpoints)] == ["step-00000003", "step-00000002"]
    assert copy.exists()
    run.samples.mkdir()
    for name in ("step-00000001.jpg", "step-best.jpg"):
        write_image(run.samples / name, colours(1))
    colours(1).save(run.samples / "step-00000002.jpg")
    assert [path.name for path in run.sheets()] == ["step-00000001.jpg"]


def test_checking_writes_nothing(tmp_path: Path) -> None:
    assert check_run(tmp_path / "run", TINY) is None
    assert not (tmp_path / "run").exists()
    begin_run(tmp_path / "run", TINY, tmp_path / "pictures")
    before = (tmp_path / "run" / "run.json").read_bytes()
    (tmp_path / "run").rename(tmp_path / "moved")  # the path to the pictures stays as it is written
    assert check_run(tmp_path / "moved", TINY) == open_run(tmp_path / "moved")
    assert (tmp_path / "moved" / "run.json").read_bytes() == before


def test_another_recipe_is_refused(tmp_path: Path) -> None:
    begin_run(tmp_path, TINY, tmp_path / "store")
    with pytest.raises(LimnerError, match=r"another recipe: its batch \(4, not 8\), seed \(0, not 3\)"):
        begin_run(tmp_path, replace(TINY, batch=8, seed=3), tmp_path / "store")
    assert open_run(tmp_path).recipe == TINY


def test_a_foreign_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "novel.txt").write_text("chapter one")
    with pytest.raises(LimnerError, match=r"not empty and not a run \(it holds novel.txt\)"):
        begin_run(tmp_path, TINY, tmp_path / "store")
    assert [entry.name for entry in tmp_path.iterdir()] == ["novel.txt"]


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(LimnerError, match="is a file, and a run is a folder"):
        begin_run(tmp_path / "run", TINY, tmp_path / "store")


def test_another_version_is_refused(tmp_path: Path) -> None:
    begin_run(tmp_path, TINY, tmp_path / "store")
    about = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(about | {"limner.run": 1}))
    with pytest.raises(LimnerError, match="has format 1, and this limner reads format 4"):
        open_run(tmp_path)
    with pytest.raises(LimnerError, match="has format 1, and this limner reads format 4"):
        begin_run(tmp_path, TINY, tmp_path / "store")


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '{"limner.run": 2}', *NESTED_JSON),
        '{"limner.run": 2, "version": "0.1.0", "pictures": 5}',
    ],
)
def test_a_damaged_run_is_refused(tmp_path: Path, text: str) -> None:
    begin_run(tmp_path, TINY, tmp_path / "store")
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(LimnerError, match=r"run\.json is damaged"):
        open_run(tmp_path)


def test_a_damaged_recipe_is_refused(tmp_path: Path) -> None:
    begin_run(tmp_path, TINY, tmp_path / "store")
    for text in NESTED_JSON:
        (tmp_path / "recipe.json").write_text(text)
        with pytest.raises(LimnerError, match="The recipe is not JSON"):
            open_run(tmp_path)


def test_a_missing_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match=r"There is no run in .*: run\.json is missing"):
        open_run(tmp_path)


def test_the_generator_is_that_of_the_last_intact_checkpoint(tmp_path: Path) -> None:
    run = begin_run(tmp_path, TINY, tmp_path / "store")
    with pytest.raises(LimnerError, match="no intact checkpoint yet"):
        run.generator()
    state = TrainState(TINY, torch.device("cpu"))
    for step in (1, 2):
        state.position = replace(state.position, step=step)
        for parameter in state.average.parameters():
            parameter.data.fill_(step / 100)
        newest = save_checkpoint(run.checkpoints, state, TINY, "")
    generator = run.generator()
    assert not generator.training
    assert all(p.eq(2 / 100).all() for p in generator.parameters())
    newest.write_bytes(newest.read_bytes()[:-1])
    assert all(p.eq(1 / 100).all() for p in run.generator().parameters())


def test_networks_of_another_version_are_refused(tmp_path: Path) -> None:
    run = begin_run(tmp_path, TINY, tmp_path / "store")
    save_checkpoint(run.checkpoints, TrainState(replace(TINY, size="small"), torch.device("cpu")), TINY, "")
    with pytest.raises(LimnerError, match="holds networks that this version of limner does not make"):
        run.generator()
