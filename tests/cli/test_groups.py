"""limner look --groups: the largest group becomes the look, and the others branches of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.branches import tiny_look
from limner.cli import branch as branch_module
from limner.cli import groups as module
from limner.cli.groups import add_groups, find_groups
from limner.cli.main import main
from limner.data import few_pairs
from limner.errors import LimnerError
from limner.look.look import open_look


def people(folder: Path, **counts: int) -> Path:
    """Folders of that many pictures."""
    rng = np.random.default_rng(0)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 255, (40, 48, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:02}.png")
    return folder


def test_the_largest_group_is_the_base(tmp_path: Path) -> None:
    folder = people(tmp_path / "people", children=3, women=5, men=4)
    base, others = find_groups(folder, None)
    assert (base.name, base.pictures) == ("women", 5)
    assert [(group.name, group.pictures, group.inputs) for group in others] == [
        ("children", 3, None),
        ("men", 4, None),
    ]
    photos = people(tmp_path / "photos", children=3, women=5, men=4)
    assert find_groups(folder, photos)[0].inputs == photos / "women"


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({"women": 5}, "has 1 folders of pictures"),
        ({"women": 5, "men": 2}, "men has 2 pictures; a branch needs at least 3"),
        ({"women": 5, "old-men": 3, "old men": 3}, "would have one slider"),
    ],
)
def test_what_are_no_groups_gets_a_sentence(counts: dict[str, int], reason: str, tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match=reason):
        find_groups(people(tmp_path / "people", **counts), None)


def test_missing_folders_get_a_sentence(tmp_path: Path) -> None:
    folder = people(tmp_path / "people", women=5, men=3)
    with pytest.raises(LimnerError, match="There is no folder of groups"):
        find_groups(tmp_path / "nobody", None)
    with pytest.raises(LimnerError, match=r"There is no folder of inputs .*men"):
        find_groups(folder, people(tmp_path / "photos", women=5))


def test_each_group_becomes_a_branch_and_many_pictures_are_spread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny_look(tmp_path)
    folder = people(tmp_path / "people", women=24, men=3, old=22)
    monkeypatch.setattr(module, "BRANCH_MINUTES", 0.001)
    read = few_pairs.read_few_pairs
    counts = []

    def counted(*given, **options):  # type: ignore[no-untyped-def]
        found = read(*given, **options)
        counts.append([pair.name for pair in found.pairs])
        return found

    monkeypatch.setattr(branch_module, "read_few_pairs", counted)
    _, others = find_groups(folder, None)
    for _ in range(2):  # learned anew
        add_groups(path, others, seed=0)
    assert list(open_look(path).live) == ["branch_men", "branch_old"]
    assert [len(names) for names in counts] == [3, 20, 3, 20]
    assert counts[1][:3] == ["00.png", "01.png", "02.png"]
    assert counts[1][-1] == "20.png"


@pytest.mark.slow
def test_from_folders_to_a_page_and_again(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limner.page.server.serve", lambda page, **_: print(f"served {page}"))
    monkeypatch.setattr("limner.page.chromium.find_chromium", lambda: None)
    monkeypatch.setattr(module, "BRANCH_MINUTES", 0.01)
    people(work / "people", women=5, men=3)
    command = ["look", "--groups", "people", "--pixels", "64", "--epochs", "1", "--discriminator", "4"]
    for _ in range(2):
        assert main([*command, "--no-open"]) == 0
        look = open_look(work / "limner-people" / "people.onnx")
        assert list(look.live)[-1] == "branch_men"
    assert main(["look", "people", "--groups", "people"]) == 1
