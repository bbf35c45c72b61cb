"""Runtimes in the browser: each in a tab of its own, in one fresh Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from limner.bench.browser import ADAPTERS, GPU_FLAGS, refuse_software
from limner.bench.everywhere.cpu_time import descendants_cpu_ms
from limner.bench.json_process import Json, Unavailable
from limner.page.chromium import FLAGS, open_page
from limner.page.server import make_app, serve_in_background

PAGE = "everywhere.html"
FILES = "looks"
"""The path below which the server has the networks' files."""

TIMEOUT = 300.0
"""Seconds for one answer."""

ANSWERED = "limner: answered"
ASK = """([request, answered]) => {
  setTimeout(async () => {
    window.answer = await window.measure(request);
    console.debug(answered);
  });
}"""
"""Asks, and does not wait: a tab that computes without end answers nothing, not even that it is late. The
answer is told on the console, so that nothing looks for it while runs are timed."""


class Tab:
    """A tab that answers requests within `TIMEOUT`."""

    def __init__(self, tab: Any) -> None:
        self._tab = tab

    def ask(self, request: Json) -> Json:
        """The answer. Raises Unavailable with the reason where there is none."""
        from playwright.sync_api import Error, TimeoutError

        try:
            with self._tab.expect_console_message(
                lambda message: message.text == ANSWERED, timeout=1000 * TIMEOUT
            ):
                self._tab.evaluate(ASK, [request, ANSWERED])
            answer: Json = self._tab.evaluate("window.answer")
        except TimeoutError as error:
            raise Unavailable(f"no answer within {TIMEOUT:g} s") from error
        except Error as error:
            raise Unavailable(f"its tab failed ({error.message.splitlines()[0]})") from error
        if "error" in answer:
            raise Unavailable(str(answer["error"]).rstrip("."))
        return answer

    def close(self) -> None:
        """Close the tab."""
        from playwright.sync_api import Error

        with suppress(Error):
            self._tab.close()


class Browser:
    """A Chromium whose tabs have the bench's page."""

    def __init__(self, first_tab: Any, address: str) -> None:
        self._context = first_tab.context.browser.new_context()
        self._address = address
        first_tab.goto(f"{address}{PAGE}")
        self.adapters: dict[str, str] = first_tab.evaluate(ADAPTERS)
        """The names of the GPUs for WebGPU and WebGL; empty where there is none."""
        self._context.expose_function("cpuTime", descendants_cpu_ms)
        self.version = f"Chromium {first_tab.context.browser.version}"

    def open_tab(self) -> Tab:
        """A new tab. Raises Unavailable where the browser fails."""
        from playwright.sync_api import Error

        try:
            tab = self._context.new_page()
            tab.goto(f"{self._address}{PAGE}")
            tab.wait_for_function("window.measure !== undefined")
        except Error as error:
            raise Unavailable(f"its tab did not open ({error.message.splitlines()[0]})") from error
        return Tab(tab)


@contextmanager
def open_browser(page: Path, files: Path, *, gpu: bool) -> Iterator[Browser]:
    """A fresh Chromium for the built `page`, with the `files` below /looks.

    Raises BrowserUnavailable where there is none, and LimnerError if `gpu` is set and it has none.
    """
    flags = GPU_FLAGS if gpu else FLAGS
    with serve_in_background(make_app(page, looks=files)) as address, open_page(flags) as tab:
        browser = Browser(tab, address)
        if gpu:
            refuse_software(browser.adapters)
        yield browser
