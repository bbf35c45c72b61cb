"""The tab Painter: networks paint, forget and heal; pictures are bred, and leave the page as files."""

import io
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from e2e.harness import MARKS, MAX_WAIT_MS
from e2e.lab import AXE, PHONE, lab, lab_address, wait_until
from limner.page.lab import WEB

__all__ = ["lab", "lab_address"]

pytestmark = [*MARKS, pytest.mark.skipif(not (WEB / "index.html").exists(), reason="the lab is not built")]

FIGURES = "document.querySelector('.figures').textContent"
STEP = f"Number(/Step ([0-9,]+)/.exec({FIGURES})[1].replaceAll(',', ''))"
PSNR = f"Number(/([0-9.]+) dB/.exec({FIGURES})?.[1])"
HASH = "location.hash"
MODES = ("grid", "synaptic", "cppn")
SMALL = "#painter?net=mlp&depth=1&width=8"
"""A network that is drawn soon."""


def average_colour(page: Any, selector: str) -> list[float]:
    """The mean colour of a canvas, 0 to 255."""
    mean: list[float] = page.evaluate(
        """selector => {
          const { width, height } = document.querySelector(selector);
          const copy = new OffscreenCanvas(width, height).getContext('2d');
          copy.drawImage(document.querySelector(selector), 0, 0);
          const { data } = copy.getImageData(0, 0, width, height);
          const sum = c => data.reduce((total, value, i) => (i % 4 === c ? total + value : total), 0);
          return [0, 1, 2].map(c => sum(c) / width / height);
        }""",
        selector,
    )
    return mean


def test_grids_paint_the_still_life_and_heal(lab: Any) -> None:
    page = lab("#painter")
    page.click("#play-button")
    wait_until(page, f"{PSNR} > 30")
    painted, wanted = average_colour(page, ".looked-at .painting"), average_colour(page, ".target")
    assert np.abs(np.subtract(painted, wanted)).max() < 8
    page.click("#play-button")
    wait_until(page, "document.getElementById('play-button').textContent === 'Play'")
    before = page.evaluate(PSNR)
    page.click("text=Tear a hole")
    page.keyboard.press(".")
    page.keyboard.press(".")
    page.click("#play-button")
    wait_until(page, f"{PSNR} < {before} - 1")
    wait_until(page, f"{PSNR} > {before} - 0.5")


def test_a_stroke_changes_what_is_learned(lab: Any) -> None:
    page = lab("#painter?source=text")
    before = average_colour(page, ".target")
    box = page.locator(".target").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert average_colour(page, ".target") != before
    page.fill("[aria-label='A text to paint']", "Ü")
    assert "text=%C3%9C" in page.evaluate(HASH)


def test_a_frozen_layer_is_in_the_address(lab: Any) -> None:
    page = lab("#painter?net=siren&width=16")
    page.click("text=Freeze >> nth=1")
    assert "frozen=hidden2" in page.evaluate(HASH)
    page.click("#step-button")
    wait_until(page, f"{STEP} === 1")
    page.click("text=Tear out a quarter >> nth=0")
    page.click("#step-button")
    wait_until(page, f"{STEP} === 2")


def test_the_painting_is_zoomed_by_keys_and_wheel(lab: Any) -> None:
    page = lab(SMALL)
    page.focus(".looked-at")
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    assert "zoom=1.25" in page.evaluate(HASH) and "at=" in page.evaluate(HASH)
    page.keyboard.press("Home")
    assert "zoom" not in page.evaluate(HASH)
    box = page.locator(".looked-at").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    page.mouse.wheel(0, -600)
    wait_until(page, "location.hash.includes('zoom=')")


def test_five_perceptrons_learn_pixel_by_pixel(lab: Any) -> None:
    page = lab("#painter?net=synaptic")
    assert page.locator(".wall.bends button").count() == 5
    page.click("#step-button")
    wait_until(page, f"{STEP} === 5 * 300")
    page.click("#play-button")
    wait_until(page, f"{STEP} > 5 * 90000")
    page.click(".wall.bends button >> nth=2")
    assert "pick=relu" in page.evaluate(HASH)
    assert page.get_attribute(".wall.bends button >> nth=2", "aria-pressed") == "true"
    assert "steps/s" in page.inner_text("#chip")


def test_pictures_are_bred_and_the_address_keeps_them(lab: Any) -> None:
    page = lab("#painter?net=cppn&seed=5")
    wait_until(page, "document.querySelector('.looked-at .painting').width > 300")
    page.wait_for_timeout(1000)
    before = average_colour(page, ".looked-at .painting")
    page.click(".wall.children button >> nth=3")
    page.click(".wall.children button >> nth=8")
    assert page.evaluate(HASH).endswith("path=3.8&seed=5")
    again = lab("#painter?net=cppn&seed=5&path=3.8")
    end = time.monotonic() + MAX_WAIT_MS / 1000
    while True:
        pictures = [average_colour(one, ".looked-at .painting") for one in (page, again)]
        is_same = np.abs(np.subtract(pictures[0], pictures[1])).max() < 2
        if is_same and sum(pictures[0]) > 0 and np.abs(np.subtract(pictures[0], before)).max() > 10:
            break
        assert time.monotonic() < end, pictures
        page.wait_for_timeout(200)
    page.click("#reset-button")
    assert "path" not in page.evaluate(HASH)


def test_the_picture_the_shader_and_the_network_agree(lab: Any) -> None:
    runtime = pytest.importorskip("onnxruntime")
    page = lab("#painter?net=siren&depth=1&width=8&seed=2")
    with page.expect_download(timeout=MAX_WAIT_MS) as download:
        page.click("text=Picture, 4K")
        wait_until(
            page, "[...document.querySelectorAll('button')].some(one => / %$/.test(one.textContent))"
        )
    picture = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert picture.size == (4096, 4096)
    with page.expect_download() as download:
        page.click("text=Shader (GLSL)")
    shader = Path(download.value.path()).read_text()
    with page.expect_download() as download:
        page.click("#save-button")
    session = runtime.InferenceSession(Path(download.value.path()).read_bytes())
    side = 32
    places = (2 * np.arange(side, dtype=np.float32) + 1) / side - 1
    x, y = np.meshgrid(places, places)
    (made,) = session.run(None, {"xy": np.stack([x, y])[None]})
    expected = 255 * np.clip(made[0], 0, 1).transpose(1, 2, 0)
    drawn = page.evaluate(
        """([source, side]) => {
          const gl = new OffscreenCanvas(side, side).getContext('webgl2');
          const program = gl.createProgram();
          const vertex = `#version 300 es
            void main() { gl_Position = vec4(ivec2(gl_VertexID & 1, gl_VertexID >> 1) * 4 - 1, 0., 1.); }`;
          for (const [type, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, source]]) {
            const shader = gl.createShader(type);
            gl.shaderSource(shader, text);
            gl.compileShader(shader);
            gl.attachShader(program, shader);
          }
          gl.linkProgram(program);
          const problem = gl.getProgramInfoLog(program);
          if (problem) throw new Error(problem);
          gl.useProgram(program);
          gl.uniform2f(gl.getUniformLocation(program, 'size'), side, side);
          gl.drawArrays(gl.TRIANGLES, 0, 3);
          const pixels = new Uint8Array(4 * side * side);
          gl.readPixels(0, 0, side, side, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
          return [...pixels];
        }""",
        [shader, side],
    )
    by_shader = np.array(drawn, float).reshape(side, side, 4)[::-1, :, :3]
    assert np.abs(by_shader - expected).max() <= 2
    # The middle of a pixel of 32 lies between four of 4,096.
    step = 4096 // side
    by_picture = np.asarray(picture.convert("RGB"), float)[step // 2 :: step, step // 2 :: step]
    assert np.abs(by_picture - expected).max() <= 3


def test_grids_are_too_large_for_a_shader(lab: Any) -> None:
    page = lab("#painter")
    page.click("text=Shader (GLSL)")
    page.wait_for_selector("#said:has-text('Save the network as ONNX')")


def test_a_picture_of_ones_own_is_painted(lab: Any) -> None:
    page = lab("#painter")
    file = io.BytesIO()
    Image.new("RGB", (40, 20), (10, 200, 30)).save(file, "PNG")
    content = {"name": "green.png", "mimeType": "image/png", "buffer": file.getvalue()}
    page.set_input_files("input[type=file]", content)
    end = time.monotonic() + 10
    while np.abs(np.subtract(average_colour(page, ".target"), (10, 200, 30))).max() > 1:
        assert time.monotonic() < end
        page.wait_for_timeout(50)
    page.set_input_files("input[type=file]", {**content, "buffer": b"no picture"})
    page.wait_for_selector("#said:has-text('cannot read that file as a picture')")


@pytest.mark.parametrize("mode", MODES)
def test_on_a_phone_nothing_lies_outside(lab: Any, mode: str) -> None:
    page = lab(f"#painter?net={mode}", viewport=PHONE, has_touch=True)
    page.wait_for_selector(".looked-at canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("mode", MODES)
def test_axe_finds_nothing(lab: Any, mode: str, scheme: str) -> None:
    page = lab(f"#painter?net={mode}", color_scheme=scheme, bypass_csp=True)
    page.wait_for_selector(".looked-at canvas")
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run().then(({ violations }) => violations)")
    told = [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]
    assert told == [], json.dumps(told, indent=1)
