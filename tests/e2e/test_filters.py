"""Filters in the page: sliders that turn them on, on each backend, and what they cost while off."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from onnx import ModelProto

from e2e.harness import MARKS, Visit
from e2e.tiny import tiny_look
from limner.export.filters import add_filters
from limner.look.metadata import read_metadata, write_metadata

pytestmark = MARKS


def look_with_filters() -> bytes:
    model = ModelProto.FromString(tiny_look("Calm"))
    metadata = read_metadata(model)
    assert metadata is not None
    write_metadata(model, dataclasses.replace(metadata, filters=add_filters(model)))
    content: bytes = model.SerializeToString()
    return content


def dispatches(guest: Visit) -> str:
    """The dispatches or draws of a frame, as the statistics tell them; empty on WASM."""
    guest.page.wait_for_timeout(700)
    return str(
        guest.page.evaluate(
            """() => [...document.querySelectorAll('#stats-list div')]
                .filter(row => /per frame/.test(row.textContent))
                .map(row => row.lastChild.textContent).join()"""
        )
    )


def turn(guest: Visit, label: str, value: float) -> None:
    """Moves a filter's slider, or checks its box."""
    guest.page.evaluate(
        """([label, value]) => {
            const row = [...document.querySelectorAll('.filters label')].find(
                one => one.firstChild.textContent === label);
            const input = row.querySelector('input');
            if (input.type === 'checkbox') return input.click();
            input.valueAsNumber = value;
            input.dispatchEvent(new Event('input', { bubbles: true }));
        }""",
        [label, value],
    )


@pytest.mark.parametrize("backend", ["webgpu", "webgl2", "wasm"])
def test_a_filter_is_turned_on_and_off(backend: str, address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(backend).open(f"{address}?backend={backend}")
    guest.drop("calm.onnx", look_with_filters())
    guest.wait_for_look("Calm")
    assert not [url for url in guest.requests if "filter" in url]
    guest.page.click("#stats-button")
    plain = dispatches(guest)
    guest.page.click("#light-button")
    guest.page.wait_for_selector(".filters h3")
    turn(guest, "Stillness", 0.8)
    turn(guest, "Freeze", 1)
    # The scene moves on, and its painting does not.
    frozen = guest.wait_for_match(lambda seen: bool((seen == guest.painting()).all()), "a still painting")
    if backend != "wasm":
        assert int(dispatches(guest)) > int(plain)
    guest.page.click("#light-reset")
    guest.wait_for_match(lambda seen: bool(np.abs(seen - frozen).max() > 0.02), "another painting")
    assert dispatches(guest) == plain
    assert guest.page.is_hidden("#alert"), guest.alert_text()
