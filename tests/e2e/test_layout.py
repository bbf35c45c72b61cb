"""The layout, from small phones to large screens: no control ever covers the painting or the credits."""

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.harness import MARKS, MAX_WAIT_MS, Visit
from limner.page.chromium import find_chromium

pytestmark = MARKS

SIZES = [
    (320, 480),
    (360, 640),
    (390, 844),
    (480, 320),
    (568, 320),
    (640, 360),
    (700, 360),
    (740, 360),
    (844, 390),
    (915, 412),
    (768, 1024),
    (820, 620),
    (1024, 600),
    (1280, 800),
    (1920, 1080),
]
MIN_TOUCH = 44
"""Pixels a side of what a finger must hit."""
MIN_PAINTING = 192

SET_LABEL = """() => {
    const words = {
        name: 'North Sea in Winter', author: 'by Ada Example',
        credit: 'Photographs by A. Example, B. Example and the archive of the harbour museum, scanned and '
            + 'kindly lent by the Society of Friends of the Harbour, 1904 to 1931. Licence: CC BY 4.0',
        facts: 'lean · 256 px · 0.9 MB',
    };
    for (const [part, text] of Object.entries(words)) {
        document.getElementById(`label-${part}`).textContent = text;
    }
}"""

SHOW = """([alert, more]) => {
    document.getElementById('status').classList.remove('shown');
    document.getElementById('status').textContent = '';
    document.getElementById('alert').hidden = !alert;
    document.getElementById('alert-text').textContent = alert;
    document.getElementById('alert-action').hidden = !alert;
    document.getElementById('alert-action').textContent = 'Open in a new tab';
    document.getElementById('more').classList.toggle('open', more);
    for (const one of ['#room', '.label', '#alert-text']) document.querySelector(one).scrollTop = 0;
}"""

WHOLE = """names => names.filter(name => {
    // Nothing scrolls these into view but the room: whatever cuts or covers a piece of one is a fault.
    const button = document.querySelector(name);
    const room = document.getElementById('room');
    const middle = element => (box => (box.top + box.bottom) / 2)(element.getBoundingClientRect());
    room.scrollTop += middle(button) - middle(room);
    const { left, top, right, bottom } = button.getBoundingClientRect();
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const points = [[x, y], [x, top + 1], [x, bottom - 1], [left + 1, y], [right - 1, y]];
    return !points.every(([x, y]) => button.contains(document.elementFromPoint(x, y)));
})"""
"""The buttons of these that are not wholly visible."""

CUT = """() => {
    // A box whose content is longer than itself must scroll, and its edge must fade.
    return ['.details', '.label', '#alert', '#alert-text', '#stats-view'].filter(name => {
        const box = document.querySelector(name);
        const { overflowY, maskImage, display } = getComputedStyle(box);
        const isLonger = box.scrollHeight > box.clientHeight + 1;
        return display !== 'none' && isLonger && !(overflowY === 'auto' && maskImage !== 'none');
    });
}"""
"""The boxes that cut their content without a sign."""

MEASURE = """() => {
    // What is seen of an element: its box, without what the boxes that scroll it cut off.
    const seen = element => {
        let { left, top, right, bottom } = element.getBoundingClientRect();
        for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
            const { overflowY, display } = getComputedStyle(box);
            if (overflowY === 'visible' || display === 'contents') continue;
            const around = box.getBoundingClientRect();
            [left, top] = [Math.max(left, around.left), Math.max(top, around.top)];
            [right, bottom] = [Math.min(right, around.right), Math.min(bottom, around.bottom)];
        }
        return { left, top, right: Math.max(left, right), bottom: Math.max(top, bottom) };
    };
    const names = ['.bar', '.frame', '.label', '#camera-button', '#alert', '.site-header'];
    const shown = names.map(name => document.querySelector(name)).filter(one =>
        one.checkVisibility() && getComputedStyle(one).clipPath === 'none');
    const overlaps = shown.flatMap((one, index) => shown.slice(index + 1).filter(other => {
        const [a, b] = [seen(one), seen(other)];
        return Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
            && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
    }).map(other => `${one.className || one.id} and ${other.className || other.id}`));
    const frame = seen(document.querySelector('.frame'));
    const covered = [0.02, 0.5, 0.98].flatMap(x => [0.02, 0.5, 0.98].filter(y => {
        const top = document.elementFromPoint(
            frame.left + x * (frame.right - frame.left), frame.top + y * (frame.bottom - frame.top));
        return !top?.closest('.frame');
    }));
    const buttons = [...document.querySelectorAll('.bar button, #camera-button')];
    const small = buttons.filter(one => one.checkVisibility()).map(one => one.getBoundingClientRect())
        .map(box => Math.min(box.width, box.height));
    return {
        overlaps, covered: covered.length, touch: Math.min(...small),
        painting: [frame.right - frame.left, frame.bottom - frame.top],
        tooWide: document.documentElement.scrollWidth - innerWidth,
    };
}"""

UNDER_STATUS = """([text, names]) => {
    // Shown and measured in one go: the page takes away a status of its own when its time is over.
    const status = document.getElementById('status');
    status.textContent = text;
    status.classList.add('shown');
    const a = status.getBoundingClientRect();
    return names.filter(name => {
        const b = document.querySelector(name).getBoundingClientRect();
        return Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
            && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
    });
}"""

SHARE_OF_TEXT = """() => {
    const text = document.getElementById('alert-text');
    return text.clientHeight / text.scrollHeight;
}"""

REACH = """selector => {
    const target = document.querySelector(selector);
    target.scrollIntoView({ block: 'end' });
    const box = target.getBoundingClientRect();
    const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return target.contains(hit);
}"""

ALERT = (
    "“North Sea in Winter, after the Photographs of the Harbour Museum” cannot be painted with here: "
    "This browser cannot paint here: it gives this page no graphics processor, and the policy of this site "
    "forbids WebAssembly. Turn on graphics acceleration in the browser’s settings, or open the page in "
    "another browser."
)
"""At least as long as any that the page has."""
STATUS = "Painting with “North Sea in Winter”, without the GPU: it cannot run this look."


def _resize(page: Any, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function("([w, h]) => innerWidth === w && innerHeight === h", arg=[width, height])


@pytest.fixture(scope="module")
def guest(browser: Any, address: str) -> Iterator[Visit]:
    """One page for all sizes. The layout does not wait for a painting."""
    opened = Visit(browser).open(f"{address}?backend=webgl2", painted=False)
    opened.page.wait_for_selector("body:not(.no-look)")
    opened.page.evaluate(SET_LABEL)
    yield opened
    opened.context.close()


def test_nothing_is_covered_at_any_size(guest: Visit) -> None:
    page = guest.page
    for size in SIZES:
        _resize(page, *size)
        for alert, more in (("", False), ("", True), (ALERT, False)):
            page.evaluate(SHOW, [alert, more])
            found = page.evaluate(MEASURE)
            case = (*size, "alert" if alert else "", "more" if more else "", found)
            assert found["overlaps"] == [] and found["covered"] == 0, case
            assert found["tooWide"] <= 0, case
            assert found["touch"] >= MIN_TOUCH, case
            assert page.evaluate(CUT) == [], case
            if alert:
                assert page.evaluate(WHOLE, ["#alert-close", "#alert-action", "#camera-button"]) == [], case
                assert page.evaluate(SHARE_OF_TEXT) > 0.3, case
            else:
                assert min(found["painting"]) >= MIN_PAINTING, case
        page.evaluate(SHOW, ["", False])
        for target in ("#label-name", "#label-credit", "#label-facts", "#camera-button", "#play-button"):
            assert page.evaluate(REACH, target), (size, target)


def test_a_phone_held_sideways(guest: Visit) -> None:
    """The artwork comes first: it takes nearly all of the height, and stays clear of the notch."""
    page = guest.page
    page.evaluate(SHOW, ["", False])
    for width, height in [(640, 360), (700, 360), (844, 390)]:
        _resize(page, width, height)
        assert min(page.evaluate(MEASURE)["painting"]) >= 0.9 * height
    emulate = functools.partial(
        guest.context.new_cdp_session(page).send, "Emulation.setSafeAreaInsetsOverride"
    )
    emulate({"insets": {"left": 47, "right": 47, "bottom": 21}})
    page.wait_for_function("document.querySelector('.frame').getBoundingClientRect().left >= 47")
    assert (
        page.evaluate("innerWidth - document.querySelector('#help-button').getBoundingClientRect().right")
        >= 47
    )
    assert page.evaluate(MEASURE)["overlaps"] == []
    emulate({"insets": {}})


def test_letters_of_twice_the_size(playwright_driver: Any, address: str) -> None:
    """The browser's own setting, which media queries follow."""
    launched = playwright_driver.chromium.launch(
        executable_path=find_chromium(),
        args=["--no-sandbox", "--blink-settings=defaultFontSize=32"],
        timeout=MAX_WAIT_MS,
    )
    page = Visit(launched).open(f"{address}?backend=webgl2", painted=False).page
    page.wait_for_selector("body:not(.no-look)")
    page.evaluate(SET_LABEL)
    for size in [(360, 640), (640, 360), (844, 390), (768, 1024), (1280, 800)]:
        _resize(page, *size)
        page.evaluate(SHOW, [ALERT, False])
        for target in ("#alert-text", "#alert-action", "#alert-close"):
            assert page.evaluate(REACH, target), (size, target)
        page.evaluate(SHOW, ["", False])
        found = page.evaluate(MEASURE)
        assert found["overlaps"] == [] and found["covered"] == 0, (size, found)
        assert found["tooWide"] <= 0, (size, found)
        for target in ("#label-name", "#camera-button", "#play-button", "#light-button"):
            assert page.evaluate(REACH, target), (size, target)
    launched.close()


def test_the_status_lies_over_nothing(guest: Visit) -> None:
    """Neither while it is shown nor while it fades does it take clicks."""
    page = guest.page
    for size in SIZES:
        _resize(page, *size)
        page.evaluate(SHOW, ["", False])
        names = [".frame", ".label h2", "#label-author", "#camera-button", ".bar", ".site-header h1"]
        assert page.evaluate(UNDER_STATUS, [STATUS, names]) == [], size
        assert page.evaluate("getComputedStyle(document.getElementById('status')).pointerEvents") == "none"


def test_the_bar_of_a_phone_held_sideways_has_two_columns(guest: Visit) -> None:
    page = guest.page
    _resize(page, 844, 390)
    page.evaluate(SHOW, ["", False])
    columns = page.evaluate(
        """() => ['.main', '.more'].map(group => [...document.querySelectorAll(`.bar ${group} button`)]
            .filter(one => one.checkVisibility()).map(one => one.getBoundingClientRect())
            .map(box => Math.round(box.left + box.width / 2)))"""
    )
    assert [len(set(column)) for column in columns] == [1, 1], "each group is a column of its own"
    assert columns[0][0] != columns[1][0]


def test_a_new_alert_starts_at_its_first_line(guest: Visit) -> None:
    page = guest.page
    _resize(page, 320, 480)
    page.evaluate(SHOW, ["", False])
    guest.drop("long name " * 40 + ".txt", b"")
    guest.alert_text()
    assert page.evaluate(SHARE_OF_TEXT) < 1
    page.evaluate("document.getElementById('alert-text').scrollTop = 1000")
    guest.drop("another long name " * 30 + ".txt", b"")
    guest.alert_text("another")
    assert page.evaluate("document.getElementById('alert-text').scrollTop") == 0
    page.click("#alert-close")
