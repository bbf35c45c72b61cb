"""Browsers and pages that the page's tests share.

Everything ends with its module: two of Playwright's loops cannot run beside each other, and other tests
start one of their own.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import FLAGS, LONGEST_MS, Visit, camera_file, lay_out, serve
from limner.page.chromium import find_chromium


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("site")
    lay_out(top)
    return top


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with serve(folder) as url:
        yield url


@pytest.fixture(scope="module")
def player() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(player: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Without a GPU, as most test machines; its camera is a file."""
    clip = camera_file(tmp_path_factory.mktemp("camera") / "camera.y4m")
    flags = ["--no-sandbox", "--use-fake-device-for-media-stream"]
    launched = player.chromium.launch(
        executable_path=find_chromium(),
        args=[*flags, f"--use-file-for-fake-video-capture={clip}"],
        timeout=LONGEST_MS,
    )
    yield launched
    launched.close()


@pytest.fixture(scope="module")
def gpu_browser(player: Any) -> Iterator[Any]:
    """With WebGPU on a software adapter."""
    launched = player.chromium.launch(executable_path=find_chromium(), args=FLAGS, timeout=LONGEST_MS)
    yield launched
    launched.close()


@pytest.fixture
def visit(request: pytest.FixtureRequest) -> Iterator[Callable[..., Visit]]:
    """Makes visits, with WebGPU where asked for, and ends them."""
    visits: list[Visit] = []

    def make(backend: str = "wasm", **context: Any) -> Visit:
        on = request.getfixturevalue("gpu_browser" if backend == "webgpu" else "browser")
        visits.append(Visit(on, **context))
        return visits[-1]

    yield make
    for one in visits:
        one.context.close()


@pytest.fixture(scope="module", params=["wasm", "webgpu"])
def painting_page(request: pytest.FixtureRequest, address: str) -> Iterator[Visit]:
    """One page per painter, for tests that leave it as they found it."""
    on = request.getfixturevalue("gpu_browser" if request.param == "webgpu" else "browser")
    one = Visit(on, viewport={"width": 820, "height": 620}).open(f"{address}?backend={request.param}")
    yield one
    one.context.close()


@pytest.fixture(scope="module")
def shared(browser: Any, address: str) -> Iterator[Visit]:
    """One page that paints on WASM, for tests to which the painter makes no difference."""
    one = Visit(browser).open(f"{address}?backend=wasm")
    yield one
    one.context.close()
