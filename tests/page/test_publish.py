"""A published page is complete, and what cannot be published is refused before anything is written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.pictures import core, wrap
from helpers.strangers import LFS_POINTER, RELU, enlarging, network
from limner.errors import LimnerError
from limner.look.look import open_look
from limner.look.picture_format import Formats, PictureFormat
from limner.mark import read_image_mark
from limner.page.check import LookCheck
from limner.page.preview import FRAME_COUNTS
from limner.page.publish import publish

pytestmark = pytest.mark.usefixtures("web")


def test_the_list_has_the_look_with_its_credits(look: Path, tmp_path: Path) -> None:
    page = publish([look], tmp_path / "page")
    (entry,) = json.loads((page / "looks" / "looks.json").read_text())["looks"]
    assert entry == {
        "file": "north-sea.onnx",
        "name": "North Sea",
        "author": "Ada",
        "credit": "Bo",
        "licence": "CC0",
        "pixels": 64,
        "size": "lean",
        "bytes": look.stat().st_size,
        "preview": "north-sea.jpg",
        "moving": "north-sea.webp",
    }
    assert (page / "looks" / "north-sea.onnx").read_bytes() == look.read_bytes()
    with Image.open(page / "looks" / "north-sea.jpg") as preview:
        assert preview.size == (128, 128)
    assert read_image_mark(page / "looks" / "north-sea.jpg") == "preview"
    with Image.open(page / "looks" / "north-sea.webp") as moving:
        assert moving.size == (128, 128)
        frames = getattr(moving, "n_frames", 1)
        assert frames in FRAME_COUNTS
        first = np.asarray(moving.convert("RGB"), float)
        moving.seek(frames // 4)
        moving.load()
        assert frames * moving.info["duration"] * moving.info["loop"] <= 5000
        assert np.abs(np.asarray(moving.convert("RGB"), float) - first).mean() > 1
    assert read_image_mark(page / "looks" / "north-sea.webp") == "preview"
    assert (page / "index.html").read_text() == "new"
    assert (page / "assets" / "app-2.js").exists()
    assert (page / ".nojekyll").exists()


def test_the_list_has_what_a_network_of_another_program_takes(tmp_path: Path) -> None:
    form = PictureFormat("0..255", "NHWC", "RGB")
    (tmp_path / "other.onnx").write_bytes(wrap(core("tanh"), Formats(form, form)))
    (tmp_path / "wide.onnx").write_bytes(network(RELU, sides=(48, 64)))
    seen: list[LookCheck] = []
    page = publish(
        [tmp_path / "other.onnx", tmp_path / "wide.onnx"], tmp_path / "page", on_checked=seen.append
    )
    other, wide = json.loads((page / "looks" / "looks.json").read_text())["looks"]
    words = {"range": "0..255", "layout": "NHWC", "channels": "RGB"}
    assert other["pictures"] == {"input": words, "output": words}
    assert (wide["pixels"], wide["width"], wide["height"]) == (64, 64, 48)
    assert "pictures" not in wide
    assert "takes and gives 0..255, NHWC; it is converted" in " ".join(seen[0].sentences())
    published = open_look(page / "looks" / "other.onnx")
    assert published.formats == Formats(form, form)
    assert published.paint(np.full((64, 64, 3), 0.5, np.float32)).std() < 0.05


def test_two_looks_of_the_same_name_are_both_published(look: Path, tmp_path: Path) -> None:
    page = publish([look, look], tmp_path / "page")
    entries = json.loads((page / "looks" / "looks.json").read_text())["looks"]
    assert [entry["file"] for entry in entries] == ["north-sea.onnx", "north-sea-2.onnx"]
    assert {path.name for path in (page / "looks").glob("*.onnx")} == {"north-sea.onnx", "north-sea-2.onnx"}


def test_how_the_page_paints_is_said_before_anything_is_written(look: Path, tmp_path: Path) -> None:
    seen: list[tuple[Path, bool]] = []
    page = tmp_path / "page"
    publish([look], page, on_checked=lambda check: seen.append((check.path, page.exists())))
    assert seen == [(look, False)]


def test_all_looks_are_checked_and_all_refusals_are_raised_together(look: Path, tmp_path: Path) -> None:
    looks = [tmp_path / f"{name}.onnx" for name in ("large", "pointer")]
    for path, content in zip(looks, [enlarging(), LFS_POINTER], strict=True):
        path.write_bytes(content)
    seen: list[LookCheck] = []
    with pytest.raises(
        LimnerError, match=r"large\.onnx cannot be .*\. .*pointer\.onnx is not a look but Git LFS"
    ):
        publish([looks[0], look, looks[1]], tmp_path / "page", on_checked=seen.append)
    assert [check.path for check in seen] == [looks[0], look, looks[1]]
    assert [check.painter == "refused" for check in seen] == [True, False, True]
    assert not (tmp_path / "page").exists()


def test_a_look_that_no_page_paints_raises_before_anything_is_written(look: Path, tmp_path: Path) -> None:
    bad = tmp_path / "large.onnx"
    bad.write_bytes(enlarging())
    with pytest.raises(LimnerError, match=r"large\.onnx cannot be painted with on a page"):
        publish([look, bad], tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_an_invalid_look_raises_before_anything_is_written(look: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"not a look")
    with pytest.raises(LimnerError, match=r"bad\.onnx"):
        publish([look, bad], tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_publishing_no_look_raises(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="No look was given"):
        publish([], tmp_path / "page")


def test_a_page_that_is_not_built_raises(look: Path, tmp_path: Path, web: Path) -> None:
    (web / "index.html").unlink()
    with pytest.raises(LimnerError, match="make web"):
        publish([look], tmp_path / "page")
