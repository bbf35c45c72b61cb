"""The doctor tells subjects apart by the network that limner brings along."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from limner.cli.main import main
from limner.data.lists import read_list
from limner.data.synthetic.draw import draw


def test_gardens_and_seas_are_split(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "drawn").mkdir()
    for subject in ("garden", "sea"):
        for at, picture in enumerate(draw(subject, 20, 96, seed=0)):
            picture.save(work / "drawn" / f"{subject}-{at:02}.png")
    command = ["doctor", "drawn", "--pixels", "64", "--split", "subjects"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "warning: The pictures are of 2 subjects: 50 % like " in said
    assert "subjects/subject-1.txt lists 20 files." in said
    lists = [{path.name[:3] for path in read_list(work / "subjects" / f"subject-{n}.txt")} for n in (1, 2)]
    assert sorted(map(sorted, lists)) == [["gar"], ["sea"]]

    (work / "subjects" / "subject-1.txt").rename(work / "one.txt")
    assert main(["doctor", "one.txt", "--pixels", "64", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pictures"] == 20


def test_one_subject_is_not_split(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "drawn").mkdir()
    for at, picture in enumerate(draw("garden", 40, 96, seed=0)):
        picture.save(work / "drawn" / f"{at:02}.png")
    assert main(["doctor", "drawn", "--pixels", "64", "--split", "subjects"]) == 0
    said = capsys.readouterr().out
    assert "good: The pictures have one subject." in said
    assert "No lists were written" in said
    assert not (work / "subjects").exists()
