"""A look with state paints live, on each backend."""

from collections.abc import Callable

import pytest
from onnx import helper

from e2e.harness import MARKS, SMALL, Visit
from onnx_cases.state import stateful

pytestmark = MARKS

PICTURE = (1, 3, 64, 64)


def dawn() -> bytes:
    """A look that is a little brighter with each frame: black at first, white after thirteen."""
    model = stateful(
        [
            helper.make_node("Mul", ["image", "none"], ["dark"]),
            helper.make_node("Add", ["count", "one"], ["count_next"]),
            helper.make_node("Mul", ["count", "step"], ["light"]),
            helper.make_node("Add", ["dark", "light"], ["lit"]),
            helper.make_node("Clip", ["lit", "none", "one"], ["painting"]),
        ],
        inputs={"count": (1,), "image": PICTURE},
        outputs={"painting": PICTURE, "count_next": (1,)},
        constants={"count": [-3], "none": 0, "one": 1, "step": 0.1},
        state={"count": "count_next"},
    )
    content: bytes = model.SerializeToString()
    return content


@pytest.mark.parametrize("backend", ["webgpu", "webgl2", "wasm"])
def test_each_frame_goes_on_from_the_one_before(
    backend: str, address: str, visit: Callable[..., Visit]
) -> None:
    guest = visit(backend, viewport=SMALL).open(f"{address}?backend={backend}")
    guest.drop("dawn.onnx", dawn())
    guest.wait_for_look("dawn")
    assert guest.page.is_hidden("#alert"), guest.alert_text()
    guest.page.wait_for_timeout(1500)
    guest.wait_for_match(lambda seen: bool(seen.min() > 0.99), "a white painting")
