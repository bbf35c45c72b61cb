"""Browsers and pages that the page's tests share.

Browsers end with the last of these tests, because two event loops of Playwright cannot run at the same
time, and other tests start their own.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import FLAGS, MAX_WAIT_MS, Visit, camera_file, make_site, serve
from limner.page.chromium import find_chromium


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("site")
    make_site(top)
    return top


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with serve(folder) as url:
        yield url


@pytest.fixture(scope="package")
def playwright_driver() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def browser(playwright_driver: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser without a GPU, like most test machines; its camera plays a file."""
    clip = camera_file(tmp_path_factory.mktemp("camera") / "camera.y4m")
    flags = ["--no-sandbox", "--use-fake-device-for-media-stream"]
    launched = playwright_driver.chromium.launch(
        executable_path=find_chromium(),
        args=[*flags, f"--use-file-for-fake-video-capture={clip}"],
        timeout=MAX_WAIT_MS,
    )
    yield launched
    launched.close()


@pytest.fixture(scope="package")
def gpu_browser(playwright_driver: Any) -> Iterator[Any]:
    """A browser with WebGPU on a software adapter."""
    launched = playwright_driver.chromium.launch(
        executable_path=find_chromium(), args=FLAGS, timeout=MAX_WAIT_MS
    )
    yield launched
    launched.close()


@pytest.fixture
def visit(request: pytest.FixtureRequest) -> Iterator[Callable[..., Visit]]:
    """A function that opens pages, with WebGPU for the backend "webgpu"; they are closed after the test."""
    visits: list[Visit] = []

    def make(backend: str = "wasm", **context: Any) -> Visit:
        chosen = request.getfixturevalue("gpu_browser" if backend == "webgpu" else "browser")
        visits.append(Visit(chosen, **context))
        return visits[-1]

    yield make
    for opened in visits:
        opened.context.close()


@pytest.fixture(scope="module", params=["wasm", "webgpu"])
def painting_page(request: pytest.FixtureRequest, address: str) -> Iterator[Visit]:
    """One page per backend, for tests that restore its state."""
    chosen = request.getfixturevalue("gpu_browser" if request.param == "webgpu" else "browser")
    opened = Visit(chosen, viewport={"width": 820, "height": 620}).open(
        f"{address}?backend={request.param}"
    )
    yield opened
    opened.context.close()


@pytest.fixture(scope="module")
def shared(browser: Any, address: str) -> Iterator[Visit]:
    """One page that paints on WASM, for tests that do not depend on the backend."""
    opened = Visit(browser).open(f"{address}?backend=wasm")
    yield opened
    opened.context.close()
