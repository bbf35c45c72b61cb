"""A project records its sources and credits, and does not mix two sources of the same name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers.names import SHOWN, odd_name
from helpers.strangers import NESTED_JSON
from limner.cli.options import Credits
from limner.cli.project import open_project
from limner.errors import LimnerError


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for folder in ("a/Photos", "b/Photos"):
        Path(folder).mkdir(parents=True)
    return tmp_path


def test_the_project_is_named_after_its_sources() -> None:
    project = open_project(None, (Path("a/Photos"),), Credits())
    assert project.folder == Path("limner-photos")
    assert project.credits.name == "Photos"
    assert project.look == Path("limner-photos/photos.onnx")


def test_opening_a_project_writes_nothing(working_folder: Path) -> None:
    open_project(None, (Path("a/Photos"),), Credits())
    assert {path.name for path in working_folder.iterdir()} == {"a", "b"}


def test_credits_are_kept_until_new_ones_are_given() -> None:
    sources = (Path("a/Photos"),)
    open_project(None, sources, Credits(name="Sea", author="Ada")).save(sources)
    again = open_project(None, sources, Credits(author="Bo"))
    assert (again.credits.name, again.credits.author) == ("Sea", "Bo")


def test_different_sources_of_the_same_name_are_refused() -> None:
    sources = (Path("a/Photos"),)
    open_project(None, sources, Credits()).save(sources)
    with pytest.raises(LimnerError, match=r"was made from .*a/Photos.*--out"):
        open_project(None, (Path("b/Photos"),), Credits())
    named = open_project(Path("limner-photos"), (Path("b/Photos"),), Credits())
    assert named.folder == Path("limner-photos")


def test_sources_of_odd_bytes_are_found_again(working_folder: Path) -> None:
    folder = odd_name(working_folder)
    folder.mkdir()
    project = open_project(None, (folder,), Credits())
    project.save((folder,))
    assert project.credits.name == SHOWN
    assert open_project(None, (folder,), Credits()) == project
    other = working_folder / "a" / folder.name
    other.mkdir()
    with pytest.raises(LimnerError, match="was made from"):
        open_project(None, (other,), Credits())


STRANGERS = [
    '{"sources": ["my bibliography"], "credits": {}}',
    '{"sources": ["/home/ada/photos"], "credits": {"name": "Sea"}}',
    '{"sources": ["photos"], "credits": {"name": "Sea", "author": "", "credit": "", "licence": ""}}',
    '{"limner.project": 1, "sources": [], "credits": {"name": 5}}',
    '{"limner.project": 1, "sources": [5], "credits": {}}',
    '{"limner.project": 1, "sources": null, "credits": {}}',
    '{"limner.project": 1, "sources": [], "credits": null}',
    "[]",
    "{",
    *NESTED_JSON,
]


def test_a_project_file_of_the_first_format_is_read_and_replaced() -> None:
    """It has no mark, and sources as paths from the root."""
    sources = (Path("a/Photos"),)
    Path("limner-photos").mkdir()
    sea = {"name": "Sea", "author": "Ada", "credit": "", "licence": ""}
    about = {"sources": [str(Path("a/Photos").resolve())], "credits": sea}
    Path("limner-photos/project.json").write_text(json.dumps(about))
    project = open_project(None, sources, Credits())
    assert project.credits == Credits("Sea", "Ada")
    project.check_replaceable()
    project.save(sources)
    assert open_project(None, sources, Credits()) == project
    assert json.loads(Path("limner-photos/project.json").read_text()) == {"limner.project": 1} | about


@pytest.mark.parametrize("text", STRANGERS)
def test_a_damaged_project_file_or_a_stranger_s_is_ignored_and_kept(text: str) -> None:
    Path("limner-photos").mkdir()
    Path("limner-photos/project.json").write_text(text)
    project = open_project(None, (Path("a/Photos"),), Credits())
    assert project.credits.name == "Photos"
    with pytest.raises(LimnerError, match="holds what limner did not write"):
        project.check_replaceable()


def test_a_file_at_the_project_folder_is_an_error() -> None:
    Path("limner-photos").write_text("x")
    with pytest.raises(LimnerError, match="is a file"):
        open_project(None, (Path("a/Photos"),), Credits())
