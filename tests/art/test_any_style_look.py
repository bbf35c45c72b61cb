"""Looks that paint in the style of any painting: the networks, the file, and the page that it goes to."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import ModelProto
from PIL import Image

from helpers.files import scene
from limner.art.any_style_look import predict_style, write_any_style_look
from limner.errors import LimnerError
from limner.look import any_style
from limner.look.any_style import NOTICE_FILE, PACKAGE, PREDICTOR, paint_network, style_network
from limner.look.look import Look, open_look
from limner.page.publish import publish

PIXELS = 64


def run(model: ModelProto, **inputs: Any) -> Any:
    (made,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, inputs)
    return made


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Look:
    path = tmp_path_factory.mktemp("looks") / "mine.onnx"
    written = write_any_style_look(path, scene(300, 200, seed=3), pixels=PIXELS, credit="By nobody.")
    assert written.bytes == path.stat().st_size < 300_000
    return open_look(path)


def test_the_networks_are_those_of_the_package_but_for_their_rounding() -> None:
    """The package's own networks round activations to 8 bits: the same picture, coarser."""
    folder = files(PACKAGE).joinpath("models")

    def original(name: str) -> Any:
        return onnxruntime.InferenceSession(folder.joinpath(name).read_bytes())

    picture = np.asarray(scene(384, 384, seed=1), np.float32) / 255
    painting = np.asarray(scene(256, 256, seed=2), np.float32) / 255
    session = original("arbitrary_predict.onnx")
    (coarse,) = session.run(None, {"style_image": painting[None]})
    style = run(style_network(), painting=painting.transpose(2, 0, 1)[None])
    assert np.corrcoef(style.ravel(), coarse.ravel())[0, 1] > 0.9
    session = original("arbitrary_transform.onnx")
    names = [value.name for value in session.get_inputs()]
    (coarse,) = session.run(
        None, dict(zip(names, (picture[None], style.reshape(1, 1, 1, -1)), strict=True))
    )
    made = run(paint_network(384, style), image=picture.transpose(2, 0, 1)[None])
    assert np.corrcoef(made.transpose(0, 2, 3, 1).ravel(), coarse.ravel())[0, 1] > 0.9


def test_a_look_says_whose_networks_it_has_and_what_makes_styles(look: Look) -> None:
    assert look.name == "mine"
    assert look.predictor == PREDICTOR
    assert look.licence == "Apache-2.0"
    assert look.size == "any style"  # the page shows it as the kind
    assert look.credit == "By nobody. Any-style network by Ghiasi et al. (2017), changed by limner."


def test_its_style_is_that_of_the_painting(look: Look) -> None:
    picture = np.asarray(scene(PIXELS, PIXELS, seed=5), np.float32) / np.float32(255)
    style = predict_style(scene(300, 200, seed=3))
    expected = run(paint_network(PIXELS, style), image=picture.transpose(2, 0, 1)[None])[0]
    painted = look.paint(picture)
    assert np.abs(painted - expected.transpose(1, 2, 0)).max() < 1e-5
    assert np.abs(look.paint(picture, strength=0) - picture).max() < 1e-6
    assert np.abs(look.paint(picture, strength=0.5) - (picture + painted) / 2).max() < 1e-5


def test_paintings_differ_in_their_styles() -> None:
    dark, bright = (predict_style(Image.new("RGB", (80, 60), colour)) for colour in ("#220033", "#ffee88"))
    assert dark.shape == (1, 100)
    assert np.abs(dark - bright).max() > 0.1


def test_a_page_has_the_network_that_makes_styles_and_its_notice(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = tmp_path / "web"
    web.mkdir()
    (web / "index.html").write_text("page")
    monkeypatch.setattr("limner.page.publish.WEB", web)
    looks = publish([look.path], tmp_path / "page") / "looks"
    assert run(
        ModelProto.FromString((looks / PREDICTOR).read_bytes()),
        painting=np.zeros((1, 3, 256, 256), np.float32),
    ).shape == (1, 100, 1, 1)
    notice = (looks / NOTICE_FILE).read_text()
    assert "Changed by limner" in notice
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION" in notice
    assert "Copyright (c) 2026 Ekaghni" in notice


def test_without_the_package_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(any_style, "PACKAGE", "no_such_package")
    with pytest.raises(LimnerError, match=r"pip install 'limner\[styles\]'"):
        write_any_style_look(tmp_path / "a.onnx", scene(64, 64))
    file = SimpleNamespace(read_bytes=lambda: b"other")
    folder = SimpleNamespace(joinpath=lambda _: file)
    monkeypatch.setattr(any_style, "files", lambda _: SimpleNamespace(joinpath=lambda _: folder))
    with pytest.raises(LimnerError, match="is not the one that limner knows"):
        style_network()


def test_sizes_and_places_that_cannot_be_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="pixels is 100; a look has 64, 128, 256 or 512"):
        write_any_style_look(tmp_path / "a.onnx", scene(64, 64), pixels=100)
    with pytest.raises(LimnerError, match=r"A look is an \.onnx file"):
        write_any_style_look(tmp_path / "a.png", scene(64, 64))
