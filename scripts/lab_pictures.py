"""Remake the docs' pictures of the lab's page, and of a race: lab_pictures.py [FOLDER OF DATA SETS]."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from limner.lab.descent.drawing import draw_race
from limner.lab.descent.options import DescentSettings
from limner.lab.descent.path import race
from limner.lab.descent.surfaces import make_surface
from limner.page.chromium import find_chromium
from limner.page.lab import make_lab_app
from limner.page.server import serve_in_background

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
WIDTH, HEIGHT = 1440, 1000
PLAYED_MS = 20_000
HEALING_MS = 600
MAX_MEASURED_MS = 900_000
SHOTS = {
    "lab-painter": ("#painter", True),
    "lab-painter-bred": ("#painter?net=cppn&seed=7&path=3.8", True),
    "lab-descent": ("#descent?on=himmelblau", False),
    "lab-descent-mnist": ("#descent?on=mnist", False),
    "lab-line": ("#line?hidden=2&epochs=200", True),
    "lab-digits": ("#digits?data=drawn", True),
    "lab-measure": ("#measure?on=webgl2.cpu&runs=40&seconds=4", True),
    "lab-pictures": ("#pictures?data=drawn&batch=32", True),
}
"""For each picture: the address, and whether the run is played."""
PLANE = ".plane:has-text('off the plane'):not(:has-text('so far'))"
PLANE_TIMEOUT_MS = 300_000


def draw_three(page: Any) -> None:
    """Draw a 3 on the tab's pad."""
    box = page.locator(".pad").bounding_box()
    points = [(0.3, 0.25), (0.5, 0.15), (0.68, 0.28), (0.5, 0.45), (0.72, 0.65), (0.5, 0.85), (0.28, 0.75)]
    for index, (x, y) in enumerate(points):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=6)
        if index == 0:
            page.mouse.down()
    page.mouse.up()


def draw_beale() -> None:
    """Draw what `limner lab descent --on beale` draws."""
    settings = DescentSettings(on="beale")
    surface = make_surface(settings.on, settings.k)
    svg = draw_race(surface, settings, race(surface, settings))
    (PICTURES / "lab-race-beale.svg").write_text(svg, encoding="utf-8")


def main(data: Path | None) -> None:
    draw_beale()
    with serve_in_background(make_lab_app(data)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        for name, (state, is_played) in SHOTS.items():
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark")
            page.goto(address + state)
            page.wait_for_selector(".bench canvas >> visible=true")
            if "on=mnist" in state:
                page.wait_for_selector(PLANE, timeout=PLANE_TIMEOUT_MS)
            if page.locator(".pad").count():
                draw_three(page)
            if is_played and page.inner_text("#play-button") == "Play":
                page.click("#play-button")
            if name == "lab-measure":
                page.locator(".measure-run + .hint", has_text="measured").wait_for(timeout=MAX_MEASURED_MS)
            page.wait_for_timeout(PLAYED_MS if is_played else 3000)
            if name == "lab-painter":
                page.click(".looked-at", position={"x": 130, "y": 130})
                page.wait_for_timeout(HEALING_MS)
            page.screenshot(path=PICTURES / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
