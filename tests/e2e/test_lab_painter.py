"""The tab Painter: networks paint, forget and heal; pictures are bred, and leave the page as files."""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from e2e.harness import MARKS, MAX_WAIT_MS, Picture
from e2e.lab import (
    AXE,
    MAX_TASK_MS,
    PHONE,
    STOPPED,
    find_violations,
    lab,
    lab_address,
    playing_task_times,
    wait_until,
)
from limner.page.lab import WEB

__all__ = ["lab", "lab_address"]

pytestmark = [*MARKS, pytest.mark.skipif(not (WEB / "index.html").exists(), reason="the lab is not built")]

FIGURES = "document.querySelector('.figures').textContent"
STEP = f"Number(/Step ([0-9,]+)/.exec({FIGURES})[1].replaceAll(',', ''))"
PSNR = f"Number(/([0-9.]+) dB/.exec({FIGURES})?.[1])"
HASH = "location.hash"
MODES = ("grid", "activations", "synaptic", "cppn")
ALL_MODES = (*MODES, "siren", "fourier", "mlp")
SMALL = "#painter?net=mlp&depth=1&width=8"
"""A network that is drawn soon."""


PAINTING_ERROR = """() => {
  const side = 64;
  const [painted, wanted] = ['.looked-at .painting', '.target'].map(selector => {
    const copy = new OffscreenCanvas(side, side).getContext('2d');
    copy.drawImage(document.querySelector(selector), 0, 0, side, side);
    return copy.getImageData(0, 0, side, side).data;
  });
  return painted.reduce((sum, value, i) => sum + Math.abs(value - wanted[i]), 0) / (3 * side * side);
}"""
"""How far the painting is from its picture: the mean difference of their colours, 0 to 255."""


def wait_for_colour(page: Any, matches: Callable[[list[float]], bool]) -> list[float]:
    """Wait until the mean colour of the painting matches, and return it."""
    end = time.monotonic() + MAX_WAIT_MS / 1000
    while not matches(now := average_colour(page, ".looked-at .painting")):
        assert time.monotonic() < end, now
        page.wait_for_timeout(50)
    return now


def steady_colour(page: Any) -> list[float]:
    """The mean colour of the painting, when it has one that stays."""
    last = [0.0, 0.0, 0.0]

    def is_steady(now: list[float]) -> bool:
        nonlocal last
        page.wait_for_timeout(300)
        last, before = now, last
        return sum(now) > 0 and np.abs(np.subtract(now, before)).max() < 0.5

    return wait_for_colour(page, is_steady)


@pytest.fixture
def calm(lab: Callable[..., Any]) -> Callable[..., Any]:
    """A function that opens the lab as one who wants little motion: it does not play by itself."""
    return lambda address, **context: lab(address, reduced_motion="reduce", **context)


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


def test_the_page_opens_with_the_painter_which_paints(lab: Any) -> None:
    page = lab("")
    assert page.evaluate(HASH) == "#painter"
    assert page.get_attribute("nav a >> nth=0", "aria-current") == "page"
    wait_until(page, f"{STEP} > 0")
    page.click("#play-button")
    page.click("nav a:has-text('Line')")
    page.wait_for_selector(".bench.line")
    page.go_back()
    page.wait_for_selector(".bench.painter")
    assert page.inner_text("#play-button") == "Play", "it begins by itself only once"


def test_who_wants_little_motion_presses_play(calm: Any) -> None:
    page = calm("")
    page.wait_for_timeout(1000)
    assert page.inner_text("#play-button") == "Play"
    assert page.evaluate(STEP) == 0


def test_grids_paint_the_still_life_and_heal(calm: Any) -> None:
    page = calm("#painter")
    page.click("#play-button")
    wait_until(page, f"{PSNR} > 30")
    page.click("#play-button")
    wait_until(page, STOPPED)
    page.wait_for_timeout(1000)
    first = error = page.evaluate(PAINTING_ERROR)
    assert first < 8
    tears: tuple[Callable[[], Any], ...] = (
        lambda: page.click(".looked-at", position={"x": 290, "y": 390}),
        lambda: page.press(".looked-at", "Enter"),
        lambda: page.click("text=Tear a piece out"),
    )
    for tear in tears:
        tear()
        wait_until(page, f"({PAINTING_ERROR})() > {error} + 0.4")
        error = page.evaluate(PAINTING_ERROR)
    page.click("#play-button")
    wait_until(page, f"({PAINTING_ERROR})() < {first}")


def test_a_stroke_changes_what_is_learned(calm: Any) -> None:
    page = calm("#painter?source=text")
    page.click("#play-button")
    wait_until(page, f"{PSNR} > 25")
    before = wait_for_colour(page, lambda now: sum(now) > 0)
    target = average_colour(page, ".target")
    box = page.locator(".target").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    change = np.subtract(average_colour(page, ".target"), target)
    assert np.abs(change).max() > 4
    # The painting follows by more than half of the way.
    wait_for_colour(page, lambda now: bool(np.subtract(now, before) @ change > 0.5 * change @ change))
    page.fill("[aria-label='A text to paint']", "Ü")
    assert "text=%C3%9C" in page.evaluate(HASH)


def test_a_stroke_is_drawn_by_keys(calm: Any) -> None:
    page = calm(SMALL, bypass_csp=True)
    page.evaluate("document.querySelector('.brush input').value = '#00ff00'")
    pixel = """(([x, y]) => {
      const canvas = document.querySelector('.target');
      const place = [x, y].map(one => Math.floor(one * canvas.width));
      return [...canvas.getContext('2d').getImageData(...place, 1, 1).data];
    })"""
    ends = [[0.5, 0.5], [0.25, 0.5], [0.25, 0.75]]
    pen = page.locator(".pen-frame")
    pen.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    assert "Pen up, 50 % from the left, 50 % from the top" in pen.inner_text()
    for place in ends:
        assert page.evaluate(f"{pixel}({place})") != [0, 255, 0, 255]
    page.keyboard.press("Enter")
    for key in ("ArrowLeft", "ArrowDown"):
        for _ in range(8):
            page.keyboard.press(key)
    assert "Pen down, 25 % from the left, 75 % from the top" in pen.inner_text()
    for place in ends:
        assert page.evaluate(f"{pixel}({place})") == [0, 255, 0, 255]
    if AXE.exists():
        assert find_violations(page) == []
    page.keyboard.press("Space")
    assert "Pen up" in pen.inner_text()
    assert page.inner_text("#play-button") == "Play", "the space is the pen's"
    lifted = page.evaluate("document.querySelector('.target').toDataURL()")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.querySelector('.target').toDataURL()") == lifted


def test_a_source_is_as_sharp_after_another_network(calm: Any) -> None:
    page = calm("#painter?net=mlp&depth=1&width=8")
    picture = "document.querySelector('.target').toDataURL()"
    before = page.evaluate(picture)
    page.click("text=Synaptic")
    assert page.evaluate("document.querySelector('.target').width") == 300
    page.click(".modes button:has-text('Perceptron')")
    assert page.evaluate("document.querySelector('.target').width") == 256
    assert page.evaluate(picture) == before


def weights_of(page: Any, name: str) -> Picture:
    """A layer's weights, as they are saved."""
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string(downloads_of(page, "#save-button")["onnx"])
    found = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    weights: Picture = found[name]
    return weights


def test_a_frozen_layer_stays_and_torn_units_are_zero(calm: Any) -> None:
    page = calm("#painter?net=siren&width=16")
    page.click("text=Freeze >> nth=1")
    assert "frozen=hidden2" in page.evaluate(HASH)
    first = {name: weights_of(page, f"{name}.weight") for name in ("hidden1", "hidden2")}
    page.click("#step-button")
    wait_until(page, f"{STEP} === 1")
    assert np.array_equal(weights_of(page, "hidden2.weight"), first["hidden2"])
    assert not np.array_equal(weights_of(page, "hidden1.weight"), first["hidden1"])
    page.click("text=Tear out a quarter >> nth=0")
    torn = [0, 4, 8, 12]
    assert not weights_of(page, "hidden1.weight")[torn].any()
    assert not weights_of(page, "hidden2.weight")[:, torn].any()
    assert weights_of(page, "hidden1.weight")[[1, 2, 3]].all()
    page.click("#step-button")
    wait_until(page, f"{STEP} === 2")


def test_the_painting_is_zoomed_by_keys_and_wheel(calm: Any) -> None:
    page = calm(SMALL)
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


def test_a_run_by_keyboard_alone(calm: Any) -> None:
    page = calm(SMALL)

    def reach(selector: str, key: str = "Tab") -> None:
        for _ in range(80):
            page.keyboard.press(key)
            if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
                return
        raise AssertionError(f"{key} never came to {selector}")

    reach("nav a[href^='#painter']")
    reach(".words input")
    page.keyboard.press("Control+A")
    page.keyboard.type("Hi")
    assert "text=Hi" in page.evaluate(HASH) and "source=text" in page.evaluate(HASH)
    reach(".slider input")
    page.keyboard.press("ArrowRight")
    assert "depth=2" in page.evaluate(HASH)
    reach("#play-button")
    page.keyboard.press("Enter")
    wait_until(page, f"{STEP} > 2")
    page.keyboard.press("Enter")
    wait_until(page, STOPPED)
    reach(".modes button:last-child", "Shift+Tab")
    page.keyboard.press("Enter")
    assert "net=cppn" in page.evaluate(HASH)
    reach(".wall.children button")
    page.keyboard.press("Enter")
    wait_until(page, "location.hash.includes('path=0')")
    page.keyboard.press("r")
    wait_until(page, "!location.hash.includes('path')")


def test_a_run_by_touch_on_a_phone(lab: Any) -> None:
    page = lab(SMALL, viewport=PHONE, has_touch=True)
    wait_until(page, f"{STEP} > 2")
    page.tap("#play-button")
    wait_until(page, STOPPED)
    before = average_colour(page, ".target")
    page.tap(".target")
    assert average_colour(page, ".target") != before
    page.tap("text=Synaptic")
    page.tap(".wall.bends button >> nth=1")
    assert "net=synaptic" in page.evaluate(HASH) and "pick=tanh" in page.evaluate(HASH)


RECORD_TRACKS = """() => {
  window.tracks = [];
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async wanted => {
    const stream = await ask(wanted);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
}"""
LIVE_TRACKS = "tracks.filter(track => track.readyState === 'live').length"


def test_the_camera_is_painted_until_another_picture_is_chosen(calm: Any) -> None:
    page = calm(SMALL, permissions=["camera"])
    page.evaluate(RECORD_TRACKS)
    still = average_colour(page, ".target")

    def wait_for_another(than: list[float]) -> list[float]:
        end = time.monotonic() + MAX_WAIT_MS / 1000
        while np.abs(np.subtract(now := average_colour(page, ".target"), than)).max() < 0.02:
            assert time.monotonic() < end
            page.wait_for_timeout(50)
        return now

    page.click("text=Camera")
    first = wait_for_another(still)
    wait_for_another(first)
    assert "source=camera" in page.evaluate(HASH)
    page.click("#step-button")
    wait_until(page, f"{STEP} === 1")
    assert page.evaluate(LIVE_TRACKS) == 1
    page.click("text=Still life")
    assert page.evaluate(LIVE_TRACKS) == 0
    page.wait_for_timeout(500)
    assert average_colour(page, ".target") == still
    page.click("text=Camera")
    wait_until(page, f"{LIVE_TRACKS} === 1")
    page.click("nav a:has-text('Line')")
    wait_until(page, f"{LIVE_TRACKS} === 0")
    page.go_back()
    wait_until(page, f"{LIVE_TRACKS} === 1")


@pytest.mark.parametrize(
    ("pick", "sentence"),
    [
        (lambda page: page.click("text=Camera"), "There is no camera"),
        (lambda page: choose_drive(page, "sound"), "There is no microphone"),
        (lambda page: choose_drive(page, "midi"), "This browser has no MIDI"),
    ],
    ids=["camera", "microphone", "MIDI"],
)
def test_a_device_that_is_refused_is_told(calm: Any, pick: Callable[[Any], None], sentence: str) -> None:
    page = calm(SMALL)
    pick(page)
    page.wait_for_selector(f"#said:has-text('{sentence}')")


def choose_drive(page: Any, drive: str) -> None:
    """Let this move the numbers of a bred picture."""
    page.click(".modes button:last-child")
    page.select_option("select >> visible=true >> nth=1", drive)


def test_sound_moves_a_bred_picture_and_a_pause_ends_it(calm: Any) -> None:
    """Chromium's microphone of the test beeps once a second."""
    page = calm("#painter?net=cppn&depth=1&width=8", permissions=["microphone"])
    page.evaluate(RECORD_TRACKS)
    choose_drive(page, "sound")
    assert page.inner_text("#play-button") == "Pause"
    seen: list[list[float]] = []
    end = time.monotonic() + MAX_WAIT_MS / 1000
    while not seen or np.ptp(seen, axis=0).max() < 5:
        assert time.monotonic() < end, seen
        page.wait_for_timeout(100)
        seen.append(average_colour(page, ".looked-at .painting"))
    assert page.evaluate(LIVE_TRACKS) == 1
    page.click("#play-button")
    assert page.evaluate(LIVE_TRACKS) == 0


MIDI = """() => {
  const input = new EventTarget();
  const access = Object.assign(new EventTarget(), { inputs: new Map([['keys', input]]) });
  navigator.requestMIDIAccess = async () => access;
  window.sendMidi = (...bytes) =>
    input.dispatchEvent(Object.assign(new Event('midimessage'), { data: Uint8Array.from(bytes) }));
}"""


def test_a_midi_controller_moves_a_bred_picture(calm: Any) -> None:
    page = calm("#painter?net=cppn&depth=1&width=8")
    page.evaluate(MIDI)
    choose_drive(page, "midi")
    before = steady_colour(page)
    page.evaluate("sendMidi(0xb0, 7, 127)")
    first = wait_for_colour(page, lambda now: np.abs(np.subtract(now, before)).max() > 3)
    page.evaluate("sendMidi(0xb0, 8, 0)")
    wait_for_colour(page, lambda now: np.abs(np.subtract(now, first)).max() > 3)
    page.evaluate("sendMidi(0xb0, 7, 64); sendMidi(0xb0, 8, 64)")
    wait_for_colour(page, lambda now: np.abs(np.subtract(now, before)).max() < 5)


def test_five_perceptrons_learn_pixel_by_pixel(calm: Any) -> None:
    page = calm("#painter?net=synaptic")
    assert page.locator(".wall.bends button").count() == 5
    page.click("#step-button")
    wait_until(page, f"{STEP} === 5 * 300")
    page.click("#play-button")
    wait_until(page, f"{STEP} > 5 * 90000")
    page.click(".wall.bends button >> nth=2")
    assert "pick=relu" in page.evaluate(HASH)
    assert page.get_attribute(".wall.bends button >> nth=2", "aria-pressed") == "true"
    assert "steps/s" in page.inner_text("#chip")


def test_five_activations_learn_side_by_side(calm: Any) -> None:
    page = calm("#painter?net=activations&depth=2&width=8&batch=32")
    wall = page.locator(".wall.bends button")
    assert wall.count() == 5
    page.click("#step-button")
    wait_until(page, f"{STEP} === 1")
    page.click("#play-button")
    wait_until(page, f"{STEP} > 20")
    page.click("#play-button")
    wait_until(page, STOPPED)
    page.wait_for_timeout(1000)
    captions = [text.split("\n") for text in wall.all_inner_texts()]
    assert [name for name, _ in captions] == ["Logistic", "tanh", "ReLU", "Step", "Identity"]
    pictures = [average_colour(page, f".wall.bends button >> nth={i} >> canvas") for i in range(5)]
    assert len({tuple(colour) for colour in pictures}) == 5
    wall.nth(2).focus()
    page.keyboard.press("Enter")
    assert "pick=relu" in page.evaluate(HASH)
    assert wall.nth(2).get_attribute("aria-pressed") == "true"
    assert f"{page.evaluate(PSNR):.1f} dB" == captions[2][1]
    page.click("text=Freeze >> visible=true >> nth=0")
    assert "frozen=hidden1" in page.evaluate(HASH)


def test_pictures_are_bred_and_the_address_keeps_them(calm: Any) -> None:
    page = calm("#painter?net=cppn&seed=5")
    wait_until(page, "document.querySelector('.looked-at .painting').width > 300")
    page.wait_for_timeout(1000)
    before = average_colour(page, ".looked-at .painting")
    page.click(".wall.children button >> nth=3")
    page.click(".wall.children button >> nth=8")
    assert page.evaluate(HASH).endswith("path=3.8&seed=5")
    again = calm("#painter?net=cppn&seed=5&path=3.8")
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


def downloads_of(page: Any, selector: str, count: int = 1) -> dict[str, bytes]:
    """The files that a click saves, by their endings."""
    saved: list[Any] = []

    def keep(download: Any) -> None:
        saved.append(download)

    page.on("download", keep)
    page.click(selector)
    end = time.monotonic() + MAX_WAIT_MS / 1000
    while len(saved) < count:
        assert time.monotonic() < end
        page.wait_for_timeout(50)
    page.remove_listener("download", keep)
    return {one.suggested_filename.rsplit(".", 1)[-1]: Path(one.path()).read_bytes() for one in saved}


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


def test_a_picture_of_ones_own_is_painted(calm: Any) -> None:
    page = calm("#painter")
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


@pytest.mark.parametrize("mode", ALL_MODES)
def test_on_a_phone_nothing_lies_outside(calm: Any, mode: str) -> None:
    page = calm(f"#painter?net={mode}", viewport=PHONE, has_touch=True)
    page.wait_for_selector(".looked-at canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("mode", MODES)
def test_axe_finds_nothing(calm: Any, mode: str, scheme: str) -> None:
    page = calm(f"#painter?net={mode}", color_scheme=scheme, bypass_csp=True)
    page.wait_for_selector(".looked-at canvas")
    assert find_violations(page) == []


@pytest.mark.parametrize("gpu", ["browser", "gpu_browser"])
@pytest.mark.parametrize("mode", MODES)
def test_no_task_keeps_the_page_waiting(
    lab_address: str, request: pytest.FixtureRequest, gpu: str, mode: str, tmp_path: Path
) -> None:
    """In processor time, since the machine may be busy; without a GPU, and with one in software."""
    browser = request.getfixturevalue(gpu)
    times = playing_task_times(browser, f"{lab_address}#painter?net={mode}", tmp_path / "trace.json")
    assert max(times) <= MAX_TASK_MS, sorted(times)[-5:]
