"""Publishing into a folder that has files: a page is replaced, and what a person made stays."""

from __future__ import annotations

import contextlib
import errno
import shutil
from pathlib import Path

import pytest
import torch

from helpers.strangers import NESTED_JSON
from limner.errors import LimnerError
from limner.export.onnx import export_look
from limner.networks.generator import make_generator
from limner.page import publish as module
from limner.page.manifest import MANIFEST, read_manifest
from limner.page.publish import publish
from limner.recipe import Recipe

pytestmark = pytest.mark.usefixtures("web")

FILES = {
    ".nojekyll",
    "assets/app-2.js",
    "index.html",
    "limner.json",
    "looks/looks.json",
    "looks/north-sea.jpg",
    "looks/north-sea.webp",
    "looks/north-sea.onnx",
}
"""The files of a page with one look."""

WRITES = 7
"""Writes of a page with one look where there is one already: its files, and the manifest twice."""


def files(page: Path) -> set[str]:
    return {path.relative_to(page).as_posix() for path in page.rglob("*") if path.is_file()}


def test_publishing_again_replaces_the_page_and_keeps_added_files(
    look: Path, tmp_path: Path, web: Path
) -> None:
    page = publish([look], tmp_path / "page")
    (page / "CNAME").write_text("sea.example")
    (web / "assets" / "app-2.js").rename(web / "assets" / "app-3.js")
    publish([look], page)
    assert (page / "CNAME").read_text() == "sea.example"
    assert [path.name for path in (page / "assets").iterdir()] == ["app-3.js"]


def test_a_look_of_the_page_can_be_republished_to_the_same_page(look: Path, tmp_path: Path) -> None:
    page = publish([look], tmp_path / "page")
    publish([page / "looks" / "north-sea.onnx"], page)
    assert (page / "looks" / "north-sea.onnx").read_bytes() == look.read_bytes()


def test_looks_no_longer_listed_are_removed(look: Path, tmp_path: Path) -> None:
    page = publish([look, look], tmp_path / "page")
    (page / "looks" / "mine.txt").write_text("kept")
    publish([look], page)
    assert {path.name for path in (page / "looks").iterdir()} == {
        "looks.json",
        "mine.txt",
        "north-sea.jpg",
        "north-sea.webp",
        "north-sea.onnx",
    }


def test_a_site_of_another_program_is_published_into_with_force_only(look: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    texts = {
        "looks/looks.json": '{"looks": [{"file": "old.onnx", "preview": "old.jpg"}]}',
        "looks/old.onnx": "mine",
        "looks/old.jpg": "mine",
        "index.html": "mine",
        "assets/hero.js": "mine",
        "runtime/x": "mine",
    }
    for name, text in texts.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    with pytest.raises(
        LimnerError, match=r"site holds other files, such as .*; .* --force to put the page among them"
    ):
        publish([look], site)
    assert {name: (site / name).read_text() for name in files(site)} == texts
    publish([look], site, force=True)
    assert files(site) == FILES | texts.keys()
    replaced = {"looks/looks.json", "index.html"}
    assert {(site / name).read_text() for name in texts.keys() - replaced} == {"mine"}
    assert (site / "index.html").read_text() == "new"


def test_a_page_that_lost_its_manifest_is_refused(look: Path, tmp_path: Path) -> None:
    page = publish([look], tmp_path / "page")
    (page / MANIFEST).unlink()
    with pytest.raises(LimnerError, match="page holds other files"):
        publish([look], page)
    publish([look], page, force=True)
    assert files(publish([look], page)) == FILES


@pytest.mark.parametrize("name", ["index.html", "looks/looks.json", "looks/north-sea.onnx"])
def test_an_edited_file_is_replaced_with_force_only(
    look: Path, tmp_path: Path, web: Path, name: str
) -> None:
    page = publish([look], tmp_path / "page")
    (web / "assets" / "app-2.js").rename(web / "assets" / "app-3.js")
    (page / name).write_text("edited")
    before = {path: (page / path).read_bytes() for path in files(page)}
    with pytest.raises(LimnerError, match=rf"{name} holds what limner did not write: .* --force"):
        publish([look], page)
    assert {path: (page / path).read_bytes() for path in files(page)} == before
    publish([look], page, force=True)
    assert files(page) == {*FILES, "assets/app-3.js"} - {"assets/app-2.js"}
    publish([look], page)


@pytest.mark.parametrize("force", [False, True])
def test_an_edited_file_that_the_page_no_longer_has_stays(
    look: Path, tmp_path: Path, web: Path, force: bool
) -> None:
    page = publish([look, look], tmp_path / "page")
    (web / "assets" / "app-2.js").rename(web / "assets" / "app-3.js")
    edited = [page / name for name in ("assets/app-2.js", "looks/north-sea-2.jpg")]
    for path in edited:
        path.write_text("edited")
    publish([look], page, force=force)
    assert [path.read_text() for path in edited] == ["edited"] * 2
    assert files(page) == {*FILES, "assets/app-3.js", "looks/north-sea-2.jpg"}


def test_a_file_in_the_way_of_the_page_is_refused_before_anything_is_written(
    look: Path, tmp_path: Path, web: Path
) -> None:
    page = publish([look], tmp_path / "page")
    shutil.rmtree(page / "assets")
    (page / "assets").write_text("mine")
    (web / "index.html").write_text("newer")
    before = {path: (page / path).read_bytes() for path in files(page)}
    for force in (False, True):
        with pytest.raises(LimnerError, match=r"app-2\.js cannot be written: .*/assets is not a folder"):
            publish([look], page, force=force)
    assert {path: (page / path).read_bytes() for path in files(page)} == before
    (web / "assets" / "app-2.js").unlink()
    publish([look], page)
    assert (page / "assets").read_text() == "mine", "a page without that file goes round it"


def test_a_disk_that_fills_leaves_a_page_that_is_said_to_be_incomplete(
    look: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = publish([look], tmp_path / "page")
    replace = Path.replace

    def fill(self: Path, target: Path) -> Path:
        if target.name == "app-2.js":
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fill)
        sentence = (
            r"app-2\.js cannot be written: the disk is full.* It was not changed\. "
            r"The page in .*page is incomplete: publish it again\."
        )
        with pytest.raises(LimnerError, match=sentence):
            publish([look], page)
    assert files(publish([look], page)) == FILES


def test_files_that_a_person_added_are_not_replaced_and_stay(look: Path, tmp_path: Path, web: Path) -> None:
    page = publish([look], tmp_path / "page")
    (page / "assets" / "mine.css").write_text("mine")
    (page / "assets" / "app-3.js").write_text("mine")
    publish([look], page)
    (web / "assets" / "app-3.js").write_text("3")
    with pytest.raises(LimnerError, match=r"app-3\.js holds what limner did not write"):
        publish([look], page)
    publish([look], page, force=True)
    assert (page / "assets" / "app-3.js").read_text() == "3"
    assert (page / "assets" / "mine.css").read_text() == "mine"


def test_a_file_that_a_person_deleted_is_written_again(look: Path, tmp_path: Path) -> None:
    page = publish([look], tmp_path / "page")
    (page / "index.html").unlink()
    assert (publish([look], page) / "index.html").read_text() == "new"


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"limner.page": 1, "files": {"../precious": []}}',
        '{"limner.page": 1, "files": {"looks/\\ud800.jpg": ["x"]}}',
        *NESTED_JSON,
    ],
)
def test_a_strangers_manifest_is_replaced_with_force_only(look: Path, tmp_path: Path, text: str) -> None:
    page = publish([look], tmp_path / "page")
    (tmp_path / "precious").write_text("kept")
    (page / "assets" / "mine.css").write_text("mine")
    (page / MANIFEST).write_text(text)
    with pytest.raises(LimnerError, match=r"limner\.json holds what limner did not write"):
        publish([look], page)
    publish([look], page, force=True)
    assert (tmp_path / "precious").read_text() == "kept"
    assert files(page) == {*FILES, "assets/mine.css"}


@pytest.mark.parametrize("at", [0, 1, 3, 5, 6, 7])
def test_a_page_interrupted_at_any_write_can_be_published_again(
    look: Path, tmp_path: Path, web: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    page = publish([look, look], tmp_path / "page")
    (web / "index.html").write_text("newer")
    (web / "assets" / "app-2.js").rename(web / "assets" / "app-3.js")
    replace = Path.replace
    replaced: list[Path] = []

    def stop(self: Path, target: Path) -> Path:
        if len(replaced) == at:
            raise KeyboardInterrupt
        replaced.append(target)
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", stop)
        with contextlib.suppress(KeyboardInterrupt):
            publish([look], page)
    assert len(replaced) == min(at, WRITES)
    publish([look], page)
    assert files(page) == {*FILES, "assets/app-3.js"} - {"assets/app-2.js"}
    assert set(read_manifest(page) or ()) == files(page) - {".nojekyll", MANIFEST}


def test_a_first_page_interrupted_at_once_is_known(
    look: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: Path, __: bytes) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(module, "atomic_write", stop)
        publish([look], tmp_path / "page")
    assert files(tmp_path / "page") == {MANIFEST}
    assert files(publish([look], tmp_path / "page")) == FILES


def test_a_look_of_the_page_survives_a_new_look_of_the_same_name(look: Path, tmp_path: Path) -> None:
    page = publish([look], tmp_path / "page")
    old = (page / "looks" / "north-sea.onnx").read_bytes()
    other = tmp_path / "new" / "North Sea.onnx"
    torch.manual_seed(1)
    recipe = Recipe(size="lean", pixels=64)
    export_look(make_generator(recipe).eval(), recipe, other, name="Newer")
    publish([other, page / "looks" / "north-sea.onnx"], page)
    assert (page / "looks" / "north-sea.onnx").read_bytes() == other.read_bytes()
    assert (page / "looks" / "north-sea-2.onnx").read_bytes() == old


def test_an_interrupted_page_can_be_published_again(
    look: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_disk_full(*_: object) -> None:
        raise LimnerError("the disk is full")

    with monkeypatch.context() as patched, pytest.raises(LimnerError, match="full"):
        patched.setattr(module, "_copy_web", raise_disk_full)
        publish([look], tmp_path / "page")
    assert not (tmp_path / "page" / "index.html").exists()
    assert (publish([look], tmp_path / "page") / "index.html").exists()


def test_a_folder_with_other_files_is_refused(look: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "holiday.jpg").write_bytes(b"x")
    (folder / ".hidden").write_bytes(b"x")
    with pytest.raises(LimnerError, match=r"holds other files, such as holiday\.jpg; "):
        publish([look], folder)
    assert {path.name for path in folder.iterdir()} == {"holiday.jpg", ".hidden"}


@pytest.mark.parametrize(
    "names",
    [
        [],
        [".DS_Store", "._.DS_Store", ".Trashes", "Icon\r"],
        ["Thumbs.db", "desktop.ini", "$RECYCLE.BIN", "System Volume Information"],
        ["@eaDir", "lost+found"],
        [
            ".git",
            "README.md",
            "LICENSE",
            "CNAME",
            ".gitignore",
            ".gitmodules",
            ".circleci",
            ".editorconfig",
        ],
        ["README.rst", "LICENCE", "COPYING.txt", ".gitlab-ci.yml", ".domains", ".well-known", ".vscode"],
    ],
)
def test_a_folder_of_a_fresh_repository_is_published_into(
    look: Path, tmp_path: Path, names: list[str]
) -> None:
    folder = tmp_path / "page"
    folder.mkdir()
    for name in names:
        (folder / name).write_text("kept")
    publish([look], folder)
    assert (folder / "index.html").exists()
    assert [(folder / name).read_text() for name in names] == ["kept"] * len(names)
