"""Every format keeps the mark, and files without it have none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.files import scene, video
from limner.mark import make_mark, parse_mark, read_image_mark, read_video_mark, save_options


@pytest.mark.parametrize(
    ("suffix", "image_format"), [(".png", "PNG"), (".jpg", "JPEG"), (".gif", "GIF"), (".webp", "WEBP")]
)
def test_a_picture_keeps_its_mark(tmp_path: Path, suffix: str, image_format: str) -> None:
    marked, plain = tmp_path / f"marked{suffix}", tmp_path / f"plain{suffix}"
    scene(20, 20).save(marked, image_format, **save_options(image_format, "contact sheet"))
    scene(20, 20).save(plain, image_format)
    assert read_image_mark(marked) == "contact sheet"
    assert read_image_mark(plain) is None


def test_a_video_keeps_its_mark_under_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = video(tmp_path / "clip.mp4", frames=2, comment=make_mark("film"))
    monkeypatch.chdir(tmp_path)
    # To FFmpeg, the part before a colon is a protocol.
    assert read_video_mark(path.rename("12:30.mp4")) == "film"


def test_files_without_a_mark(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text(make_mark("painting"))
    assert read_image_mark(text) is None
    assert read_image_mark(tmp_path / "missing.png") is None
    assert read_video_mark(video(tmp_path / "clip.mp4", frames=2)) is None
    assert read_video_mark(text) is None


@pytest.mark.parametrize(
    "text", ["limner", "limner 0.1.0: portrait", "by limner 0.1.0: painting", b"\xff", 3]
)
def test_other_texts_are_no_mark(text: object) -> None:
    assert parse_mark(text) is None


def test_marks_of_other_versions_are_known() -> None:
    assert parse_mark("limner 12.3.4.dev1+g1: film") == "film"
    assert parse_mark("limner page: painting") == "painting"  # that of web/player/render/painting-mark.ts
    assert parse_mark(make_mark("drawing").encode() + b"\0") == "drawing"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert read_image_mark(tmp_path / "pipe.png") is None
    assert read_video_mark(tmp_path / "pipe.png") is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_script_with_a_video_s_name_opens_nothing(tmp_path: Path) -> None:
    """FFmpeg's scripts name other files: a pipe among them would be waited for."""
    os.mkfifo(tmp_path / "pipe")
    script = tmp_path / "script.mp4"
    script.write_text("ffconcat version 1.0\nfile 'pipe'\n")
    # In a process of its own, because a call that waits in FFmpeg cannot be ended.
    code = (
        "import pathlib, sys; from limner.mark import read_video_mark; "
        "print(read_video_mark(pathlib.Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    assert done.stdout == "None\n"


def test_a_picture_of_too_many_pixels_has_no_mark(tmp_path: Path) -> None:
    """Pillow refuses it with an error that is none of its ordinary ones."""
    side = (40_000).to_bytes(2, "little")
    (tmp_path / "huge.gif").write_bytes(
        b"GIF89a" + 2 * side + bytes(3) + b"," + bytes(4) + 2 * side + bytes(40)
    )
    assert read_image_mark(tmp_path / "huge.gif") is None
