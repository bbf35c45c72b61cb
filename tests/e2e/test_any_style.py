"""A painting that is given to the page is the style at once, where the look paints in any."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from e2e.harness import MARKS, SMALL, SUB_PATH, Picture, Visit, serve
from helpers.files import scene
from limner.art.any_style_look import write_any_style_look
from limner.look.any_style import PREDICTOR
from limner.look.look import open_look
from limner.page.publish import publish

pytestmark = MARKS

PIXELS, PAINTING = 64, 256


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("site")
    write_any_style_look(folder / "any.onnx", scene(PAINTING, PAINTING, seed=1), pixels=PIXELS)
    publish([folder / "any.onnx"], folder / "site" / SUB_PATH.strip("/"))
    with serve(folder / "site") as url:
        yield url


def expected(folder: Path, seed: int) -> Picture:
    """What Python paints of the subject in the style of a scene."""
    write_any_style_look(folder / f"{seed}.onnx", scene(PAINTING, PAINTING, seed=seed), pixels=PIXELS)
    subject = np.asarray(scene(PIXELS, PIXELS, seed=9), np.float32) / np.float32(255)
    return np.asarray(open_look(folder / f"{seed}.onnx").paint(subject), np.float64)


def test_a_painting_that_is_chosen_or_dropped_is_the_style(
    site: str, tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    for name, pixels, seed in (("subject", PIXELS, 9), ("chosen", PAINTING, 2), ("dropped", PAINTING, 3)):
        scene(pixels, pixels, seed=seed).save(tmp_path / f"{name}.png")
    guest = visit("webgpu", viewport=SMALL).open(f"{site}?backend=webgpu")
    page = guest.page
    page.set_input_files("#file-picture", tmp_path / "subject.png")
    page.wait_for_selector("body[data-source=picture]")
    assert not any(PREDICTOR in url for url in guest.requests)
    moving = page.locator("#look-list picture source")
    assert moving.get_attribute("srcset") == "looks/any.webp"
    assert moving.get_attribute("media") == "(prefers-reduced-motion: no-preference)"

    def wait_for_style(name: str, seed: int) -> None:
        page.wait_for_selector(f"#status:has-text('Its style is that of {name}.')", state="attached")
        want = expected(tmp_path, seed)
        guest.wait_for_match(lambda seen: float(np.abs(seen - want).mean()) < 0.02, f"the style of {name}")

    page.set_input_files("#file-style", tmp_path / "chosen.png")
    wait_for_style("chosen.png", 2)
    dropped = io.BytesIO()
    scene(PAINTING, PAINTING, seed=3).save(dropped, "png")
    guest.drop("dropped.png", dropped.getvalue(), "image/png")
    wait_for_style("dropped.png", 3)
    guest.drop("broken.png", b"no picture", "image/png")
    assert "broken.png could not be read as a picture" in guest.alert_text()
    # The style stays, and the next painting takes the alert away.
    guest.drop("chosen.png", (tmp_path / "chosen.png").read_bytes(), "image/png")
    wait_for_style("chosen.png", 2)
    assert page.is_hidden("#alert")
    assert sum(PREDICTOR in url for url in guest.requests) == 1
