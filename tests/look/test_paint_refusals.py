"""Painting replaces nothing unasked, and refuses what it cannot paint."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from helpers.files import animation, photo, video
from helpers.looks import look_file
from limner.errors import LimnerError
from limner.look.look import Look, open_look
from limner.look.paint import paint_file
from limner.mark import read_image_mark


def test_files_are_replaced_only_with_force_and_a_source_never(tmp_path: Path, look: Look) -> None:
    source = photo(tmp_path / "photo.png")
    before = source.read_bytes()
    (tmp_path / "taken.png").write_bytes(b"mine")
    (tmp_path / "alias.png").hardlink_to(source)
    with pytest.raises(LimnerError, match="exists; add --force to replace it"):
        paint_file(look, source, tmp_path / "taken.png")
    assert (tmp_path / "taken.png").read_bytes() == b"mine"
    for name in ("photo.png", "alias.png"):
        with pytest.raises(LimnerError, match="is the source itself"):
            paint_file(look, source, tmp_path / name, force=True)
    paint_file(look, source, tmp_path / "taken.png", force=True)
    assert Image.open(tmp_path / "taken.png").size == (64, 64)
    assert source.read_bytes() == before


def test_links_that_lead_nowhere_are_replaced_only_with_force(tmp_path: Path, look: Look) -> None:
    source = photo(tmp_path / "photo.png")
    drive = tmp_path / "drive" / "painting.png"
    link, default = tmp_path / "link.png", tmp_path / "photo-painted.png"
    for path in (link, default):
        path.symlink_to(drive)
    with pytest.raises(LimnerError, match=r"link\.png exists; add --force to replace it"):
        paint_file(look, source, link)
    assert paint_file(look, source).paintings == (tmp_path / "photo-painted-2.png",)
    assert not drive.parent.exists()
    paint_file(look, source, link, force=True)
    assert link.is_symlink()
    assert read_image_mark(drive) == "painting"


def test_a_free_name_that_is_a_link_to_the_source_is_refused(tmp_path: Path, look: Look) -> None:
    source = photo(tmp_path / "photo.png")
    (tmp_path / "photo-painted.png").symlink_to(source)
    with pytest.raises(LimnerError, match="is the source itself"):
        paint_file(look, source, force=True)
    assert (tmp_path / "photo-painted.png").is_symlink()


def test_folders_and_files_in_the_way_are_refused_before_painting(tmp_path: Path, look: Look) -> None:
    source = tmp_path / "holiday"
    source.mkdir()
    for name in ("a.png", "b.png"):
        photo(source / name)
    (tmp_path / "out" / "b.png").mkdir(parents=True)
    with pytest.raises(LimnerError, match=r"out/b\.png is a folder"):
        paint_file(look, source, tmp_path / "out", force=True)
    assert not (tmp_path / "out" / "a.png").exists()
    with pytest.raises(
        LimnerError, match=r"a\.png/painting\.png cannot be written: .*a\.png is not a folder"
    ):
        paint_file(look, source / "a.png", source / "a.png" / "painting.png", force=True)
    (source / "a-painted.png").mkdir()
    with pytest.raises(LimnerError, match=r"a-painted\.png is a folder"):
        paint_file(look, source / "a.png", force=True)


def test_a_folder_s_painting_never_replaces_one_of_its_pictures(tmp_path: Path, look: Look) -> None:
    source = tmp_path / "holiday"
    for folder in (source, source / "sea"):
        folder.mkdir()
        photo(folder / "photo.png")
    before = (source / "sea" / "photo.png").read_bytes()
    (tmp_path / "out").symlink_to(source / "sea")  # a target inside the source, by another spelling
    with pytest.raises(LimnerError, match=r"out/photo\.png is the source itself"):
        paint_file(look, source, tmp_path / "out", force=True)
    assert (source / "sea" / "photo.png").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "options", "sentence"),
    [
        ("nothing.png", None, {}, "nothing.png does not exist"),
        ("text.jpg", b"a text", {}, r"text.jpg is a text file, not a picture\.$"),
        ("empty.png", b"", {}, "empty.png is an empty file"),
        ("broken.mp4", b"broken" * 99, {}, "broken.mp4 is a text file, not a video"),
        ("photo.ppm.gif", b"GIF87a" + bytes(40), {}, "photo.ppm.gif is damaged or cut off"),
        ("text.jpg", b"a text", {"live": {"hue": 1.0}}, "has no live input hue"),
    ],
)
def test_sources_and_options_that_are_refused(
    tmp_path: Path, name: str, content: bytes | None, options: dict[str, Any], sentence: str
) -> None:
    look = open_look(look_file(tmp_path))
    if content is not None:
        (tmp_path / name).write_bytes(content)
    before = set(tmp_path.iterdir())
    with pytest.raises(LimnerError, match=sentence):
        paint_file(look, tmp_path / name, **options)
    assert set(tmp_path.iterdir()) == before


def test_a_suffix_that_cannot_be_written_is_refused(tmp_path: Path, look: Look) -> None:
    source = photo(tmp_path / "photo.png")
    with pytest.raises(LimnerError, match=r"painting\.tiff has no suffix that can be written"):
        paint_file(look, source, Path("painting.tiff"))
    clip = video(tmp_path / "clip.mp4", frames=1)
    with pytest.raises(LimnerError, match=r"painting\.png has no suffix that can be written; .*\.mp4"):
        paint_file(look, clip, Path("painting.png"))


def test_folders_without_readable_pictures_are_refused(tmp_path: Path, look: Look) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(LimnerError, match="empty has no pictures"):
        paint_file(look, tmp_path / "empty")
    moving = animation(tmp_path / "empty" / "moving.gif", durations=(100, 100))
    with pytest.raises(
        LimnerError, match=r"empty has no pictures to paint; moving\.gif is a clip: paint it"
    ):
        paint_file(look, tmp_path / "empty")
    moving.unlink()
    (tmp_path / "empty" / "a.png").write_bytes(b"a text")
    with pytest.raises(LimnerError, match=r"None of the pictures in .*empty can be read; a\.png is a text"):
        paint_file(look, tmp_path / "empty")
