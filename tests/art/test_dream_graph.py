"""A dream's step as forward operators is the step of torch with autograd."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from helpers.dreams import PIXELS, StepCase, some_classes, squeezenet, step_case
from limner.art.dream_graph import SHIFTS, dream_graph
from limner.art.graph_writer import GraphWriter
from limner.art.max_pool_graph import pool, unpool
from limner.art.squeezenet_graph import SqueezeNetGraph
from limner.look.session import make_session
from limner.networks.feature_layers import Layer

LAYERS: tuple[Layer, ...] = ("fire4", "fire7", "fire9")


def run(model: Any, feeds: dict[str, Any]) -> dict[str, Any]:
    session = make_session(model.SerializeToString(), Path("dream"))
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds), strict=True))


def differences(case: StepCase) -> dict[str, float]:
    live = {name: np.asarray(value, np.float32) for name, value in case.live.items()}
    found = run(case.model, {**case.inputs, **live})
    assert found.keys() == case.outputs.keys()
    return {name: float(np.abs(found[name] - expected).max()) for name, expected in case.outputs.items()}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("pixels", [64, 96, 97])
def test_the_gradient_is_that_of_autograd(layer: Layer, pixels: int) -> None:
    """Also where a pool's windows reach beyond the border, and where the first convolution leaves a row."""
    picture = torch.rand((1, 3, pixels, pixels), generator=torch.Generator().manual_seed(3))
    writer = GraphWriter()
    graph = SqueezeNetGraph(writer, squeezenet(), pixels)
    writer.add("Identity", graph.backward(graph.forward("picture", layer)), out="gradient")
    model = writer.model({"picture": picture.shape}, {"gradient": picture.shape})
    found = run(model, {"picture": picture.numpy()})["gradient"]
    seen = (2 * picture - 1).requires_grad_(True)
    (maps,) = squeezenet()(seen, [layer])
    (expected,) = torch.autograd.grad(maps.square().sum(), seen)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.parametrize("side", [9, 10, 12])
def test_equal_values_in_a_window_share_no_gradient(side: int) -> None:
    """Torch gives it to the first of them. In some windows all values are 0."""
    generator = torch.Generator().manual_seed(4)
    maps = torch.randint(0, 3, (1, 5, side, side), generator=generator).float().requires_grad_(True)
    writer = GraphWriter()
    pooled = pool(writer, "maps", side)
    writer.add("Identity", unpool(writer, pooled, "weights"), out="gradient")
    shape = (1, 5, pooled.side, pooled.side)
    weights = torch.rand(shape, generator=generator)
    model = writer.model({"maps": maps.shape, "weights": shape}, {"gradient": maps.shape})
    found = run(model, {"maps": maps.detach().numpy(), "weights": weights.numpy()})["gradient"]
    output = functional.max_pool2d(maps, 3, 2, ceil_mode=True)
    (expected,) = torch.autograd.grad((output * weights).sum(), maps)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_step_is_that_of_torch(layer: Layer) -> None:
    found = differences(step_case(layer))
    assert max(found.values()) < 1e-5, found


@pytest.mark.parametrize("number", [0.0, 1.25, 2.0])
def test_a_class_can_be_chosen(number: float) -> None:
    found = differences(step_case("fire9", classes=some_classes(), channel=number))
    assert max(found.values()) < 1e-5, found


@pytest.mark.parametrize("channel", [0.0, 100.25, 511.0, -0.5])
def test_a_channel_can_be_chosen(channel: float) -> None:
    found = differences(step_case("fire9", channel=channel))
    assert max(found.values()) < 1e-5, found


def test_zoom_and_rotation_are_those_of_torch() -> None:
    found = differences(step_case("fire4", zoom=1.03, rotation=2, strength=0.01))
    assert max(found.values()) < 1e-3, found


def test_the_first_frame_begins_with_the_camera() -> None:
    case = step_case("fire4", strength=0, camera=0)
    live = {name: np.asarray(value, np.float32) for name, value in case.live.items()}
    later = run(case.model, {**case.inputs, **live})
    first = run(
        case.model,
        {
            "image": case.inputs["image"],
            "dream": np.zeros_like(case.inputs["dream"]),
            "count": np.zeros(1, np.float32),
            **live,
        },
    )
    np.testing.assert_allclose(first["dream_next"], case.inputs["image"], atol=1e-5)
    np.testing.assert_allclose(later["dream_next"], case.inputs["dream"], atol=1e-5)


def test_all_shifts_come_and_the_count_stays_small() -> None:
    model, _ = dream_graph(squeezenet(), "fire2", PIXELS)
    image = np.zeros((1, 3, PIXELS, PIXELS), np.float32)
    feeds: dict[str, Any] = {"image": image, "dream": image, "count": np.zeros(1, np.float32)}
    counts = []
    for _ in range(100):
        feeds["count"] = run(model, feeds)["count_next"]
        counts.append(int(feeds["count"][0]))
    assert min(counts) == 1
    assert max(counts) < 64
    assert {count % SHIFTS for count in counts} == set(range(SHIFTS))
