"""A project remembers what it is made of, and does not mix two sources of one name."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.cli.options import Credits
from limner.cli.project import open_project
from limner.errors import LimnerError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for folder in ("a/Photos", "b/Photos"):
        Path(folder).mkdir(parents=True)
    return tmp_path


def test_is_named_after_its_sources() -> None:
    project = open_project(None, (Path("a/Photos"),), Credits())
    assert project.folder == Path("limner-photos")
    assert project.credits.name == "Photos"
    assert project.look == Path("limner-photos/photos.onnx")


def test_opening_writes_nothing(here: Path) -> None:
    open_project(None, (Path("a/Photos"),), Credits())
    assert {path.name for path in here.iterdir()} == {"a", "b"}


def test_credits_hold_until_others_are_given() -> None:
    sources = (Path("a/Photos"),)
    open_project(None, sources, Credits(name="Sea", author="Ada")).save(sources)
    again = open_project(None, sources, Credits(author="Bo"))
    assert (again.credits.name, again.credits.author) == ("Sea", "Bo")


def test_other_sources_of_the_same_name_are_not_mixed_in() -> None:
    sources = (Path("a/Photos"),)
    open_project(None, sources, Credits()).save(sources)
    with pytest.raises(LimnerError, match=r"was made from .*a/Photos.*--out"):
        open_project(None, (Path("b/Photos"),), Credits())
    named = open_project(Path("limner-photos"), (Path("b/Photos"),), Credits())
    assert named.folder == Path("limner-photos")


def test_a_damaged_memory_is_none() -> None:
    Path("limner-photos").mkdir()
    Path("limner-photos/project.json").write_text("{")
    assert open_project(None, (Path("a/Photos"),), Credits()).credits.name == "Photos"


def test_a_file_in_the_way_is_named() -> None:
    Path("limner-photos").write_text("x")
    with pytest.raises(LimnerError, match="is a file"):
        open_project(None, (Path("a/Photos"),), Credits())
