"""What `publish` says about a file is what the page does with it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.harness import MARKS, SMALL, Visit, make_site, serve
from helpers.strangers import STRANGERS, Outcome
from limner.errors import LimnerError
from limner.look.adaptation import read_network
from limner.look.picture_format import FormatOptions

pytestmark = MARKS

NOT_FOR_VISITORS = re.compile(r"[Nn]ode '|\bop \w|\d x \d+ x|tensor|dims|opset|\{")

HARDWARE_GPU = """Object.defineProperty(GPUAdapter.prototype, 'info', {
    get: () => ({ vendor: 'test', architecture: '', device: '', description: '' })
});"""
"""Chromium's software GPU under another name, since the page uses no software GPU."""


def drop_outcome(guest: Visit, name: str, content: bytes) -> Outcome:
    """Drop a file on the page and read from its statistics what paints it, unless there is an alert."""
    page = guest.page
    guest.drop(f"{name}.onnx", content)
    page.wait_for_function(
        """name => document.getElementById('label-name').textContent === name
            || !document.getElementById('alert').hidden""",
        arg=name,
    )
    if page.is_visible("#alert"):
        sentence = guest.alert_text()
        assert sentence.startswith(f"{name}.onnx cannot be painted with here: "), sentence
        assert not NOT_FOR_VISITORS.search(sentence), sentence
        page.click("#alert-close")
        return "refused"
    page.keyboard.press("s")
    painted_by = page.inner_text("#stats-list div:has-text('painted by')")
    page.keyboard.press("s")
    return "wasm" if "WASM" in painted_by else "gpu"


@pytest.mark.parametrize(
    ("name", "multiple"), [("any-size", 1), ("multiples-of-8", 8), ("multiples-of-8-wide", 8)]
)
def test_paint_takes_the_sizes_that_the_page_offers(
    address: str, visit: Callable[..., Visit], name: str, multiple: int
) -> None:
    """And not the sizes between them."""
    guest = visit(viewport=SMALL, reduced_motion="reduce").open(f"{address}?backend=wasm")
    content = STRANGERS[name].content
    guest.drop(f"{name}.onnx", content)
    guest.wait_for_look(name)
    guest.page.wait_for_selector("#format-form", state="attached")
    offered = guest.page.locator("#format-form [name=Size] option").all_inner_texts()
    assert len(offered) >= 7
    for width, height in (map(int, size.removesuffix(" px").split(" × ")) for size in offered):
        options = FormatOptions(pixels=(height, width))
        assert read_network(content, Path("open.onnx"), options).look.shape == (height, width)
    if multiple > 1:
        between = FormatOptions(pixels=(height, width - multiple // 2))
        with pytest.raises(LimnerError, match=f"open.onnx does not take .* but .*{width}"):
            read_network(content, Path("open.onnx"), between)


def test_the_page_does_with_each_file_what_publish_says(
    tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    """`tests/page/test_check.py` compares what `publish` says with the same outcomes.

    With reduced motion the scene is paused, so that nothing paints while the next file loads.
    """
    make_site(tmp_path, names=())
    guest = visit("webgpu", viewport=SMALL, reduced_motion="reduce")
    guest.page.add_init_script(HARDWARE_GPU)
    with serve(tmp_path) as url:
        guest.open(url, painted=False)
        guest.alert_text("no looks")
        guest.page.click("#alert-close")
        outcomes = {
            name: drop_outcome(guest, name, stranger.content) for name, stranger in STRANGERS.items()
        }
    assert outcomes == {name: stranger.outcome for name, stranger in STRANGERS.items()}
    assert [problem for problem in guest.problems if "404" not in problem] == []
