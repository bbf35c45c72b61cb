"""The looks in the page's list, and files that visitors open."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from e2e.harness import MARKS, SMALL, Visit, add_look, assert_tiny_painting, make_site, serve
from e2e.tiny import classifier, tiny_look
from helpers.strangers import enlarging
from limner.files import atomic_write

pytestmark = MARKS


def test_another_look(painting_page: Visit) -> None:
    """The second look has a live input that the first look's painter does not have."""
    page = painting_page.page
    assert page.locator("#sliders input").count() == 2
    before = painting_page.painting().mean()
    painting_page.choose("Second")
    assert page.title().startswith("Second")
    assert page.locator("#sliders input").count() == 3
    page.click("#light-button")
    page.get_by_label("Detail").fill("1")
    page.get_by_label("Brightness").fill("0.5")
    page.keyboard.press("Escape")
    bright = painting_page.wait_for_match(
        lambda seen: seen.mean() > before + 0.1, "a brighter painting"
    ).mean()
    painting_page.choose("Tiny")
    assert page.locator("#sliders input").count() == 2
    assert_tiny_painting(
        painting_page.wait_for_match(
            lambda seen: seen.mean() < bright - 0.1, "a painting with the default live inputs"
        )
    )
    assert page.is_hidden("#alert")
    assert painting_page.problems == []


def test_the_later_choice_wins(painting_page: Visit) -> None:
    page = painting_page.page
    page.click("#look-button")
    page.evaluate(
        """() => {
            const [first, second] = document.querySelectorAll('#look-list button');
            second.click(); first.click(); second.click(); first.click();
        }"""
    )
    page.wait_for_selector("#look-list button:has-text('Tiny')[aria-pressed=true]")
    page.wait_for_selector("#loading", state="hidden")
    page.wait_for_timeout(500)
    page.keyboard.press("Escape")
    assert page.inner_text("#label-name") == "Tiny"
    assert page.locator("#sliders input").count() == 2
    assert page.locator("#look-list [aria-pressed=true]").count() == 1
    assert_tiny_painting(painting_page.painting())
    assert painting_page.problems == []


def test_the_list_credits_each_look(shared: Visit) -> None:
    shared.page.click("#look-button")
    words = shared.page.inner_text("#look-list button:has-text('Second')")
    shared.page.keyboard.press("Escape")
    assert "A. Painter" in words and "Made by a test from nothing" in words and "CC0" in words


def test_a_model_without_metadata(painting_page: Visit) -> None:
    """It paints, but has no guide and no live inputs."""
    page = painting_page.page
    page.keyboard.press("g")
    assert page.is_visible("#guide-view")
    painting_page.drop("bare.onnx", tiny_look(bare=True))
    page.wait_for_selector("#guide-button:disabled")
    assert page.is_hidden("#guide-view")
    assert page.is_disabled("#light-button")
    assert page.inner_text("#label-name") == "bare", "its name is that of its file"
    page.keyboard.press("g")
    assert page.is_hidden("#guide-view")
    assert "no guide to show" in page.inner_text("#status")
    assert_tiny_painting(painting_page.painting())
    painting_page.choose("Tiny")
    assert page.is_enabled("#guide-button")
    assert painting_page.problems == []


def test_a_look_chosen_in_the_url(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit()
    with guest.page.expect_request("**/looks/second.onnx"):
        guest.open(f"{address}?look=second.onnx", painted=False)
    assert not any(url.endswith("tiny.onnx") for url in guest.requests)


def test_files_that_are_not_looks(shared: Visit) -> None:
    shared.drop("notes.txt", b"hello")
    assert "neither a look" in shared.alert_text()
    for name, content in {
        "classifier.onnx": classifier(),
        "notes.onnx": b"this is no network at all",
        "empty.onnx": b"",
        "cut.onnx": tiny_look()[:700],
    }.items():
        shared.page.click("#alert-close")
        shared.drop(name, content)
        sentence = shared.alert_text()
        assert sentence.startswith(f"{name} cannot be painted with here: "), sentence
        assert len(sentence) > len(name) + 40
    shared.page.click("#alert-close")
    assert shared.page.inner_text("#label-name") == "Tiny"
    assert_tiny_painting(shared.painting())


def test_an_opened_look_with_html_in_its_name(shared: Visit) -> None:
    name = "<img src=x onerror=alert(1)>"
    shared.drop("own.onnx", tiny_look(name))
    shared.wait_for_look(name)
    assert shared.page.locator(".label img").count() == 0
    assert shared.problems == []
    shared.choose("Tiny")


def test_a_page_without_looks(tmp_path: Path, visit: Callable[..., Visit]) -> None:
    make_site(tmp_path, names=())
    with serve(tmp_path) as url:
        guest = visit().open(url, painted=False)
        assert "no looks beside this page" in guest.alert_text()


def test_a_published_look_that_cannot_be_painted_leaves_the_others(
    tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    page = make_site(tmp_path)
    (page / "looks" / "second.onnx").write_bytes(enlarging())
    with serve(tmp_path) as url:
        guest = visit().open(f"{url}?backend=wasm&look=second.onnx", painted=False)
        sentence = guest.alert_text()
        assert sentence.startswith("“Second” cannot be painted with here: "), sentence
        assert guest.page.is_hidden("#alert-action"), "trying again does not help"
        guest.choose("Tiny")
        assert_tiny_painting(guest.painting())
        assert guest.page.is_hidden("#alert")


def test_an_interrupted_download(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit()
    guest.page.route("**/tiny.onnx", lambda route: route.abort("connectionreset"))
    guest.open(f"{address}?backend=wasm", painted=False)
    assert "broke off" in guest.alert_text()
    guest.page.unroute("**/tiny.onnx")
    guest.page.click("#alert-action")
    guest.wait_for_painting()
    guest.page.route("**/second.onnx", lambda route: route.abort("connectionreset"))
    guest.page.click("#look-button")
    guest.page.click("#look-list button:has-text('Second')")
    assert "broke off" in guest.alert_text()
    assert guest.page.inner_text("#label-name") == "Tiny"
    assert_tiny_painting(guest.painting())


def test_the_network_is_gone(tmp_path: Path, visit: Callable[..., Visit]) -> None:
    """Looks that were fetched before are in the browser's cache, even if the site has them checked anew."""
    make_site(tmp_path, names=("Tiny", "Second", "Third"))
    site = functools.partial(serve, tmp_path, headers={"Cache-Control": "no-cache"})
    guest = visit(viewport=SMALL)
    with site() as url:
        guest.open(f"{url}?backend=webgl2")
        guest.choose("Second")
    guest.choose("Tiny")
    guest.page.click("#look-button")
    guest.page.click("#look-list button:has-text('Third')")
    assert "broke off" in guest.alert_text()
    assert guest.page.inner_text("#label-name") == "Tiny"
    assert_tiny_painting(guest.painting())
    with site(port=urlsplit(url).port):
        guest.page.click("#alert-action")
        guest.wait_for_look("Third")


def test_a_look_that_is_dropped_before_the_list_comes_stays(
    address: str, visit: Callable[..., Visit]
) -> None:
    guest = visit(viewport=SMALL)
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    guest.context.route("**/looks/looks.json", hold)
    guest.open(f"{address}?backend=webgl2", painted=False)
    guest.drop("own.onnx", tiny_look("My own"))
    guest.wait_for_painting()
    held[0].continue_()
    guest.page.wait_for_selector("#look-list .look", state="attached")
    guest.page.wait_for_timeout(300)
    assert guest.page.inner_text("#label-name") == "My own"


def test_a_look_that_is_trained_meanwhile_joins_the_list(
    tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    looks = make_site(tmp_path, names=("Tiny",)) / "looks"
    entries = json.loads((looks / "looks.json").read_text())["looks"]
    (looks / "looks.json").write_text(json.dumps({"looks": entries, "refresh": 0.2}))
    with serve(tmp_path) as url:
        guest = visit(viewport=SMALL).open(f"{url}?backend=wasm")
        guest.page.wait_for_selector("#look-list [aria-pressed=true]", state="attached")
        entries.append(add_look(looks, "Second"))
        atomic_write(looks / "looks.json", json.dumps({"looks": entries}))
        guest.page.wait_for_selector("#status:has-text('“Second” is among the looks now.')")
        assert guest.page.locator("#look-list [aria-pressed=true]:has-text('Tiny')").count() == 1
        guest.choose("Second")
        asked: list[str] = []
        guest.page.on("request", lambda request: asked.append(request.url))
        guest.page.wait_for_timeout(500)
        assert not any("looks.json" in url for url in asked), "the list is complete"
        assert guest.page.locator("#look-list .look").count() == 2
        assert guest.problems == []
