"""publish and paint: what they print of a look from another program."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.pictures import core, paint, wrap
from helpers.strangers import LFS_POINTER, STRANGERS, enlarging, times_two_hundred
from limner.cli.main import main
from limner.display import quoted
from limner.look.picture_format import Formats, PictureFormat
from limner.page import check as check_module
from limner.page.check import Refusals
from onnx_cases.state import mixing

pytestmark = pytest.mark.usefixtures("work")


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that runs no graph."""
    monkeypatch.setattr(check_module, "read_in_node", lambda _: Refusals("Node 'c' is too long", None))


def test_publish_prints_how_each_look_is_painted(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "a.onnx").write_bytes(STRANGERS["bare"].content)
    (work / "b.onnx").write_bytes(times_two_hundred())
    assert main(["publish", "a.onnx", "b.onnx", "--out", "my page"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "a.onnx paints by ONNX Runtime (WASM) only, which is slower: the page's own engine cannot run it. "
        "(The engine says: Node 'c' is too long.)",
        "b.onnx paints by ONNX Runtime (WASM) only, which is slower: the page's own engine cannot run it. "
        "(The engine says: Node 'c' is too long.)",
        "b.onnx takes 0..1 and gives 0..255; it is converted. If its paintings look "
        "wrong, say what it takes with --range, --layout and --channels.",
        "my page is ready: put it on any static host, or open it with `limner play 'my page'`.",
    ]


def test_publish_says_of_each_look_once_what_becomes_of_it(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("large", "bare", "small"):
        (work / f"{name}.onnx").write_bytes(STRANGERS["bare"].content if name == "bare" else enlarging())
    assert main(["publish", "large.onnx", "bare.onnx", "small.onnx", "--out", "page"]) == 1
    out, err = capsys.readouterr()
    assert [line.partition(" ")[0] for line in out.splitlines()] == ["bare.onnx"]
    assert err.startswith("limner: large.onnx cannot be painted with")
    assert err.count("large.onnx") == err.count("small.onnx") == 1
    assert not (work / "page").exists()


def test_a_page_whose_name_begins_with_a_hyphen_can_be_played(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "a.onnx").write_bytes(STRANGERS["bare"].content)
    assert main(["publish", "a.onnx", "--out=-page"]) == 0
    assert f"`limner play {quoted('./-page')}`" in capsys.readouterr().out


def test_paint_says_that_the_range_that_is_said_seems_wrong(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "b.onnx").write_bytes(times_two_hundred())
    Image.new("RGB", (40, 40)).save(work / "photo.png")
    assert main(["paint", "b.onnx", "photo.png", "--range", "0..1"]) == 0
    assert "b.onnx seems to work in 0..255" in capsys.readouterr().out


def test_a_look_of_ours_takes_no_word_about_its_pictures(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "own.onnx").write_bytes(STRANGERS["own"].content)
    Image.new("RGB", (40, 40)).save(work / "photo.png")
    assert main(["paint", "own.onnx", "photo.png", "--pixels", "64"]) == 1
    assert "own.onnx is limner's own, and its pictures are known" in capsys.readouterr().err


def test_what_is_said_of_a_network_is_painted_with(work: Path) -> None:
    form = PictureFormat("-1..1", "NHWC", "BGR")
    (work / "c.onnx").write_bytes(wrap(core("relu"), Formats(form, form)))
    Image.new("RGB", (64, 64), (200, 120, 40)).save(work / "photo.png")
    said = ["--range=-1..1", "--layout", "NHWC", "--channels", "BGR"]
    assert main(["paint", "c.onnx", "photo.png", "--out", "said.png", *said]) == 0
    flat = np.full((64, 64, 3), np.array([200, 120, 40], np.float32) / np.float32(255))
    expected = paint(core("relu"), flat) * 255
    with Image.open(work / "said.png") as painting:
        assert np.abs(np.asarray(painting, np.float32) - expected).max() < 1


@pytest.mark.parametrize("command", [["publish", "--out", "page"], ["describe"], ["play"], ["paint"]])
def test_a_pointer_of_git_lfs_is_named(
    command: list[str], work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "c.onnx").write_bytes(LFS_POINTER)
    source = ["photo.png"] if command == ["paint"] else []
    assert main([*command, "c.onnx", *source]) == 1
    assert (
        "c.onnx is not a look but Git LFS's pointer to the file: run `git lfs pull`"
        in capsys.readouterr().err
    )


def test_a_look_with_state_is_published_as_it_is(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = mixing().SerializeToString()
    (work / "dream.onnx").write_bytes(content)
    assert main(["publish", "dream.onnx", "--out", "page"]) == 0
    assert "converted" not in capsys.readouterr().out
    assert (work / "page" / "looks" / "dream.onnx").read_bytes() == content
