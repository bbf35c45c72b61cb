"""What the tab Painter saves: the picture, the shader and the network agree."""

import io
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from e2e.harness import Picture
from e2e.lab import LAB_MARKS, lab, lab_address, wait_until
from e2e.painter import PSNR, STEP, calm, downloads_of
from limner.cli.commands.lab_painter import PainterCommand
from limner.cli.main import parse
from limner.lab.painter.history import psnr_of
from limner.lab.painter.loop import make_state, measure_error
from limner.lab.painter.picture import load_picture

__all__ = ["calm", "lab", "lab_address"]

pytestmark = LAB_MARKS


def colours_of(network: bytes, side: int) -> Picture:
    """What a saved network gives at side x side places, 0 to 255, by ONNX Runtime."""
    runtime = pytest.importorskip("onnxruntime")
    places = (2 * np.arange(side, dtype=np.float32) + 1) / side - 1
    x, y = np.meshgrid(places, places)
    (made,) = runtime.InferenceSession(network).run(None, {"xy": np.stack([x, y])[None]})
    colours: Picture = 255 * np.clip(made[0], 0, 1).transpose(1, 2, 0)
    return colours


def draw_shader(page: Any, shader: str, tables: bytes, side: int) -> Picture:
    """What a shader draws at side x side places, with the picture of its tables if it has one."""
    drawn = page.evaluate(
        """async ([source, side, tables]) => {
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
          if (tables.length > 0) {
            const picture = await createImageBitmap(new Blob([new Uint8Array(tables)]), {
              colorSpaceConversion: 'none',
              premultiplyAlpha: 'none',
            });
            gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
            gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
            gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture);
          }
          gl.uniform2f(gl.getUniformLocation(program, 'size'), side, side);
          gl.drawArrays(gl.TRIANGLES, 0, 3);
          const pixels = new Uint8Array(4 * side * side);
          gl.readPixels(0, 0, side, side, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
          return [...pixels];
        }""",
        [shader, side, list(tables)],
    )
    return np.array(drawn, float).reshape(side, side, 4)[::-1, :, :3]


def test_the_picture_the_shader_and_the_network_agree(calm: Any) -> None:
    page = calm("#painter?net=siren&depth=1&width=8&seed=2")
    picture = Image.open(io.BytesIO(downloads_of(page, "text=Picture, 4K")["png"]))
    assert picture.size == (4096, 4096)
    shader = downloads_of(page, "text=Shader (GLSL)")["glsl"].decode()
    side = 32
    expected = colours_of(downloads_of(page, "#save-button")["onnx"], side)
    assert expected.std() > 2
    assert np.abs(draw_shader(page, shader, b"", side) - expected).max() <= 2
    # The middle of a pixel of 32 lies between four of 4,096.
    step = 4096 // side
    by_picture = np.asarray(picture.convert("RGB"), float)[step // 2 :: step, step // 2 :: step]
    assert np.abs(by_picture - expected).max() <= 3


def test_a_shader_of_grids_has_their_tables_beside_it(calm: Any) -> None:
    page = calm("#painter?width=8&lr=0.1&batch=32")
    page.focus("#step-button")
    for step in (1, 2, 3):
        page.keyboard.press(".")
        wait_until(page, f"{STEP} === {step}")
    files = downloads_of(page, "text=Shader (GLSL)", 2)
    expected = colours_of(downloads_of(page, "#save-button")["onnx"], 64)
    assert expected.std() > 5
    drawn = draw_shader(page, files["glsl"].decode(), files["png"], 64)
    assert np.abs(drawn - expected).max() <= 2


def test_layers_that_are_too_large_for_a_shader_are_told(calm: Any) -> None:
    page = calm("#painter?net=siren&depth=5&width=128")
    page.click("text=Shader (GLSL)")
    page.wait_for_selector("#said:has-text('save the network as ONNX')")


def test_python_begins_where_the_page_does(calm: Any, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    page = calm("#painter?net=siren&depth=2&width=16&batch=all&seed=5")
    command = page.input_value("#python-command")
    assert command == (
        "limner lab painter picture.png --net siren --depth 2 --width 16 --batch 65536 --seed 5"
    )
    words = shlex.split(command)
    path = tmp_path / words[3]
    path.write_bytes(downloads_of(page, ".choices button:has-text('Save')")["png"])
    model = onnx.load_from_string(downloads_of(page, "#save-button")["onnx"])
    lab = parse(words[1:])
    assert isinstance(lab, PainterCommand)
    network = make_state(lab.settings()).network
    weights = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    for name, weight in network.state_dict().items():
        assert np.abs(weight.numpy() - weights[name]).max() < 1e-6, name
    page.focus("#step-button")
    page.keyboard.press(".")
    wait_until(page, f"{STEP} === 1")
    likeness = psnr_of(measure_error(network, load_picture(path)))
    assert page.evaluate(PSNR) == pytest.approx(likeness, abs=0.051)
    # Nothing in Python follows the camera, or trains synaptic's perceptron.
    page.click("text=Synaptic")
    assert not page.is_visible("#python-command")
