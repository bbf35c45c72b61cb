"""The lab's page of results: rows by seed, the best first, the optimizers' curves, and up to date."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lab_results
from limner.cli.commands.lab import LabCommand
from limner.cli.main import parse
from limner.errors import LimnerError
from limner.lab.record import to_text

RUNS = Path(__file__).parents[2] / "runs"


def record(
    accuracy: float = 0.9, seed: int = 0, net: str = "lenet", title: str = "MNIST", **changes: Any
) -> dict[str, Any]:
    settings = {
        "task": "digits",
        "net": net,
        "optimizer": "adam",
        "lr": 0.001,
        "schedule": "constant",
        "batch": 64,
        "epochs": 2,
        "seed": seed,
        "weight_decay": None,
        "label_smoothing": 0.0,
        "augment": True,
    }
    right = round(100 * accuracy)
    return {
        "limner.lab": 1,
        "settings": settings | changes,
        "data": {"title": title, "classes": ["cat", "dog"], "test": 200},
        "parameters": 61706,
        "multiply_adds": 416520,
        "bytes": 249273,
        "seconds": 120.0,
        "cpu_seconds": 90.0,
        "test": {
            "accuracy": accuracy,
            "accuracy_by_class": {"cat": accuracy - 0.1, "dog": accuracy},
            "confusion": [[right, 100 - right], [100 - right, right]],
        },
        "history": [{"epoch": at, "held_out_score": accuracy - 0.1 / at} for at in (1, 2)],
        "machine": {"cpu": "CPU"},
        "threads": 1,
        "commit": "abcdef0123",
        "time": "2026-11-30T12:00:00+00:00",
    }


def write(folder: Path, name: str, content: dict[str, Any]) -> Path:
    (folder / name).mkdir(parents=True)
    (folder / name / "record.json").write_text(to_text(content))
    return folder / name


def test_seeds_are_one_row_and_the_best_is_first() -> None:
    page, plots = lab_results.make_page(
        {
            "a": record(0.90, seed=0),
            "b": record(0.92, seed=1),
            "c": record(0.95, net="cnn"),
            "d": record(0.5, net="resnet8", title="CIFAR-10 (JPEG copy)"),
        }
    )
    lines = page.splitlines()
    assert [line for line in lines if line.startswith("## ")] == ["## CIFAR-10 (JPEG copy)", "## MNIST"]
    rows = [line for line in lines if line.startswith(("| cnn", "| lenet", "| resnet8"))]
    assert [row.split(" | ")[:3] for row in rows] == [
        ["| resnet8", "50.00", "cat 40.0"],
        ["| cnn", "95.00", "cat 85.0"],
        ["| lenet", "91.00 ± 1.41", "cat 81.0"],
    ]
    assert (
        "| adam 0.001, constant, batch 64 | 2 | 2 | 2 min | CPU, 1 thread | abcdef0, 2026-11-30 |"
        in rows[2]
    )
    assert set(plots) == {"lab-mnist-confusion.svg", "lab-cifar-10-jpeg-copy-confusion.svg"}


def test_classic_networks_stand_beside_those_of_the_thesis() -> None:
    title = "CIFAR-10 (JPEG copy)"
    page, _ = lab_results.make_page(
        {
            "a": record(0.8, net="resnet20", title=title, precision="bfloat16"),
            "b": record(0.71, title=title),
            "c": record(0.73, title=title, seed=1),
            "d": record(0.9, net="resnet8", title=title),
            "e": record(0.9, net="resnet20"),
        }
    )
    section = page.split("### The classic networks")[1].split("## MNIST")[0]
    assert [line for line in section.splitlines() if line.startswith("| ")][1:] == [
        "| lenet | LeNet | 66 | 72.0 | 2 | 0.4 |",
        "| resnet20 | ResNet | 80 | 80.0 | 2 | 0.4 |",
    ]
    assert "| adam 0.001, constant, batch 64, bfloat16 |" in page


def test_optimizers_are_compared_with_their_spread() -> None:
    page, plots = lab_results.make_page(
        {
            f"optimizers-digits-lenet-{name}-{seed}": record(
                accuracy + seed / 100, seed=seed, optimizer=name
            )
            for name, accuracy in (("sgd", 0.8), ("adam", 0.9))
            for seed in (0, 1)
        }
    )
    assert "## Optimizers on MNIST: lenet, 2 epochs" in page
    rows = [line for line in page.splitlines() if line.startswith(("| sgd", "| adam"))]
    assert rows[0] == "| adam | 0.001 | 90.50 ± 0.71 | 80.50 ± 0.71 | 2 |"
    assert rows[1].startswith("| sgd")
    (plot,) = plots.values()
    assert plot.count('class="band"') == 2
    assert "adam, 0.001" in plot


def test_records_are_copied_and_the_page_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finished = write(tmp_path / "runs", "digits-lenet-0", record())
    rate = write(tmp_path / "runs", "rates-digits-lenet-adam-0.1", record())
    painting = write(tmp_path / "runs", "painter-cat-grid-adam-0", record(task="painter", net="grid"))
    (tmp_path / "runs/begun").mkdir()
    docs = tmp_path / "docs"

    def run(*arguments: object) -> None:
        monkeypatch.setattr(sys, "argv", ["lab_results.py", *map(str, arguments), "--docs", str(docs)])
        lab_results.main()

    with pytest.raises(SystemExit, match="Nothing is recorded"):
        run("page")
    run("record", finished, rate, tmp_path / "runs/begun", painting)
    printed = capsys.readouterr().out
    assert "begun has no record.json" in printed
    assert "painter-cat-grid-adam-0 is a painting" in printed
    assert [path.name for path in (docs / "results/lab").iterdir()] == ["digits-lenet-0.json"]
    assert json.loads((docs / "results/lab/digits-lenet-0.json").read_text()) == record()
    run("page")
    run("page", "--check")
    (docs / "results-lab.md").write_text("old")
    with pytest.raises(SystemExit, match="is not up to date"):
        run("page", "--check")


def test_the_page_of_this_repository_is_up_to_date() -> None:
    lab_results.write_page(lab_results.DOCS, check=True)


def test_the_best_rate_is_that_of_the_best_held_out_score(tmp_path: Path) -> None:
    folders = [
        write(tmp_path, str(rate), record(accuracy, lr=rate))
        for rate, accuracy in ((0.1, 0.7), (0.01, 0.9), (0.001, 0.8))
    ]
    assert lab_results.best_rate(folders) == 0.01
    with pytest.raises(LimnerError, match="None of these folders"):
        lab_results.best_rate([tmp_path / "missing"])


STAND_IN = """#!/bin/sh
# Stands for Python: writes down the command, and leaves a record where its training would.
echo "$*" >>"$COMMANDS"
while [ $# -gt 0 ]; do
  if [ "$1" = best-rate ]; then echo 0.001; exit; fi
  if [ "$1" = --out ]; then mkdir -p "$2"; echo "{}" >"$2/record.json"; fi
  shift
done
"""


@pytest.mark.parametrize("script", sorted(RUNS.glob("lab-*.sh")), ids=lambda path: path.stem)
def test_scripts_give_options_that_the_command_takes_and_bound_their_time(
    script: Path, tmp_path: Path
) -> None:
    copy, stand_in, commands = tmp_path / "repo/runs", tmp_path / "python", tmp_path / "commands"
    copy.mkdir(parents=True)
    for each in RUNS.glob("lab*.sh"):
        (copy / each.name).write_text(each.read_text())
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    environment = os.environ | {"PYTHON": str(stand_in), "COMMANDS": str(commands)}
    for _ in range(2):  # the second time everything is finished
        subprocess.run(["sh", str(copy / script.name)], env=environment, check=True)
    lines = [line.split() for line in commands.read_text().splitlines() if "-m limner" in line]
    assert len(lines) == len({line[line.index("--out") + 1] for line in lines})
    for words in lines:
        command = parse(words[2:])
        assert isinstance(command, LabCommand)
        assert command.task is not None
        settings = command.settings(command.task)
        assert command.threads == (2 if settings.net == "airbench" else 1)
        is_best = settings.net == "airbench"
        if settings.task != "cars" and "optimizers" not in script.stem:
            assert command.minutes is not None
            assert command.minutes <= (60 if is_best else 30)
