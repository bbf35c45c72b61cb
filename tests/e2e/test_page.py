"""The built page: its size, its references, and its message if the script cannot run."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

from e2e.harness import BUILT, MARKS, SMALL, Visit, embed

pytestmark = MARKS

FETCHED_ON_USE = {
    "extended-": 15_200,
    "foreign-": 9_600,
    "kernels-": 1_200,
    "norms-": 3_500,
    "folds-": 2_600,
    "array-runner-": 1_400,
    "format-form-": 7_250,
    "style-form-": 1_600,
    "network-kind-": 700,
    "sizes-": 1_000,
    "state-": 1_900,
    "filter-panel-": 2_600,
    "panel-": 12_700,
    "discriminator-": 450,
    "storage-": 1_450,
    "training-": 47_000,
    "adversary-": 950,
    "pixel-batches-": 1_100,
    "update-inputs-": 650,
    "philox-": 400,
    "cpu-": 8_600,
    "learning-painter-": 1_400,
    "webgl2-backend-": 10_900,
}
"""Most bytes, gzipped, of what a page with our looks never fetches: other operators, first those that
our looks need to learn, and kernels for them, norms that are spelled out, doublings and transposes
that are folded, `run`, what finds the format of another program's pictures, what takes a painting as a
style, what tells a network that makes none, what finds the sizes that one takes, state, filters, and
what learns in the page: its panel,
what judges paintings and what stores weights in fewer bits, training for any backend and for
WebGPU, what an adversary, drawn pixels, and clipping or Muon need, random numbers, and what the CPU,
a painting that follows and WebGL2 need."""


def test_the_page_is_small_and_refers_only_to_itself() -> None:
    files = [
        path
        for path in BUILT.rglob("*")
        if path.is_file() and path.relative_to(BUILT).parts[0] not in ("runtime", "looks")
    ]
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in files}
    later = {name: size for name, size in sizes.items() if name.startswith(tuple(FETCHED_ON_USE))}
    total = sum(sizes.values()) - sum(later.values())
    assert total <= 100_000, f"{total} bytes before it paints: {sizes}"
    for kind, limit in FETCHED_ON_USE.items():
        size = sum(one for name, one in later.items() if name.startswith(kind))
        assert 0 < size <= limit, f"{kind}: {size} bytes"
    index = (BUILT / "index.html").read_text()
    assert "default-src 'none'" in index and "unsafe-inline" not in index
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", index)
    assert not re.search(r"""(src|href)=["']/""", index)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", index)
    assert "Microsoft" in (BUILT / "LICENSES.txt").read_text()


def test_a_script_that_does_not_load_gives_a_message(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit()
    guest.context.route("**/assets/*.js", lambda route: route.abort("failed"))
    guest.open(address, painted=False)
    guest.page.wait_for_selector(".noscript:has-text('did not start')")


def test_a_page_in_a_sandbox_names_its_own_address(
    address: str, tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    """Browsers fetch no module for a sandbox unless the site allows it."""
    with embed(tmp_path, address, 'sandbox="allow-scripts"') as around:
        guest = visit(viewport=SMALL)
        guest.page.clock.install()
        guest.open(around, painted=False)
        guest.page.clock.fast_forward(3500)
        guest.page.frames[1].wait_for_selector(f".noscript:has-text('tab of its own: {address}')")


def test_a_page_that_is_opened_from_a_folder(visit: Callable[..., Visit]) -> None:
    guest = visit(viewport=SMALL).open((BUILT / "index.html").as_uri(), painted=False)
    sentence = guest.page.inner_text(".noscript")
    assert "limner play ." in sentence
    assert "python3 -m http.server" in sentence and "py -m http.server" in sentence
    assert guest.page.evaluate("getComputedStyle(document.body).margin") == "0px", "it keeps its style"


def test_a_page_that_starts_shows_no_such_message(shared: Visit) -> None:
    shared.page.wait_for_timeout(3500)
    assert shared.page.locator("p.noscript:visible").count() == 0
