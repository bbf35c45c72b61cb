"""Write into docs/lab-page.md how many bytes a visitor of each of the lab's tabs fetches: lab_sizes.py

Each tab of the built lab is opened in a browser and played for a moment. Counted is what it fetched,
gzipped, with its workers. The engine and training are counted apart.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from limner.files import atomic_write
from limner.page.chromium import find_chromium
from limner.page.lab import WEB, make_lab_app
from limner.page.server import serve_in_background

DOCUMENT = Path(__file__).parents[1] / "docs" / "lab-page.md"
HEADING = "| tab | the lab's own, kB | engine and training, kB |\n|---|---|---|\n"
PLAYED_MS = 3000

ENGINE = {
    "adversary",
    "array-runner",
    "context",
    "cpu-backend",
    "cpu-evaluator",
    "cpu-session",
    "cpu-worker",
    "engine",
    "extended",
    "folds",
    "foreign",
    "foreign-code",
    "kernels",
    "learning-painter",
    "learning-painter-device",
    "norms",
    "painter",
    "philox",
    "state",
    "training",
    "training-code",
    "training-extended",
    "training-gpu",
    "training-webgpu",
    "webgl2",
    "webgl2-backend",
}
"""The engine's scripts and those of training, as the build calls them."""


def is_engine(name: str) -> bool:
    """Whether a built file is the engine's or training's, and not the lab's own."""
    # Such as `engine-BqIVPWx.js`: a name and seven letters.
    found = re.fullmatch(r"(.+)-.{7}\.js", name)
    return found is not None and found[1] in ENGINE


def fetched_files(page: Any) -> dict[str, int]:
    """The files of the lab that an open page has fetched, by name, with their gzipped bytes."""
    urls = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    names = {url.split("?")[0].rsplit("/", 1)[-1] for url in urls} | {"index.html"}
    return {
        path.name: len(gzip.compress(path.read_bytes(), mtime=0))
        for path in WEB.rglob("*")
        if path.is_file() and path.name in names
    }


def open_and_play(page: Any, address: str) -> None:
    """Open a tab, and play it for a moment: what it needs then is fetched."""
    page.goto(address)
    page.wait_for_selector(".bench canvas")
    page.wait_for_load_state("networkidle")
    page.click("#play-button")
    page.wait_for_timeout(PLAYED_MS)
    page.wait_for_load_state("networkidle")


def measure_tabs(browser: Any, address: str) -> dict[str, dict[str, int]]:
    """For each tab by its name, the files that a visitor of it fetches."""
    page = browser.new_page()
    page.goto(address)
    links = page.locator("nav a").all()
    tabs = [(link.inner_text(), link.get_attribute("href") or "") for link in links]
    page.close()
    sizes = {}
    for name, hash_ in tabs:
        page = browser.new_page()
        open_and_play(page, address + hash_)
        sizes[name] = fetched_files(page)
        page.close()
    return sizes


def table_of(sizes: Mapping[str, Mapping[str, int]]) -> str:
    """The table in Markdown: a row for each tab, and one for all files of the lab's own together."""

    def row(name: str, files: Mapping[str, int]) -> str:
        own = sum(size for file, size in files.items() if not is_engine(file))
        return f"| {name} | {own / 1000:.1f} | {(sum(files.values()) - own) / 1000:.1f} |\n"

    together = {file: size for files in sizes.values() for file, size in files.items()}
    rows = [row(name, files) for name, files in sizes.items()]
    return HEADING + "".join(rows) + row("all of them, one after the other", together)


def with_table(document: str, table: str) -> str:
    """The document with its table of bytes replaced."""
    pattern = re.escape(HEADING) + r"(\|.*\n)*"
    if not re.search(pattern, document):
        raise ValueError(f"The document has no table that begins with {HEADING!r}.")
    return re.sub(pattern, lambda _: table, document, count=1)


def main() -> None:
    from playwright.sync_api import sync_playwright  # tests of the rest work without it

    with serve_in_background(make_lab_app()) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        table = table_of(measure_tabs(browser, address))
        browser.close()
    atomic_write(DOCUMENT, with_table(DOCUMENT.read_text(), table).encode())
    print(table, end="")


if __name__ == "__main__":
    main()
