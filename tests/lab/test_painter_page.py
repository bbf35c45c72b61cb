"""Python and the page's tab Painter have the same first numbers, files and usual settings.

What the page does is in painter-page.snap, which its own test keeps up to date.
"""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from limner.cli.commands.lab_painter import PainterCommand
from limner.cli.main import parse
from limner.lab.painter.export import make_model
from limner.lab.painter.initial_weights import draw_weights
from limner.lab.painter.loop import make_state
from limner.lab.painter.options import default_rate, make_settings
from limner.lab.painter.picture import pixel_places
from limner.networks.pixel_network import (
    PixelNetwork,
    count_multiply_adds,
    count_parameters,
    make_architecture,
)

SNAPSHOT = Path(__file__).parents[2] / "web/tests/node/lab/painter-page.snap"
PAGE: dict[str, Any] = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
SIDE = 24


def make_network(case: dict[str, Any]) -> PixelNetwork:
    architecture = make_architecture(case["kind"], case["depth"], case["width"], case["act"])
    network = PixelNetwork(architecture)
    network.load_state_dict(draw_weights(architecture, case["seed"]))
    return network


def page_picture() -> torch.Tensor:
    """The picture of the page's test: red to the right, green downwards, and a pattern; (24 * 24, 3)."""
    y, x = np.divmod(np.arange(SIDE * SIDE), SIDE)
    return torch.from_numpy((0.8 * np.stack([x, y, x * y % SIDE], 1) / (SIDE - 1)).astype(np.float32))


def name_of(case: dict[str, Any]) -> str:
    return f"{case['kind']}-{case['depth']}-{case['act']}"


@pytest.mark.parametrize("case", PAGE["networks"], ids=name_of)
def test_a_network_begins_as_the_page_s_does(case: dict[str, Any]) -> None:
    network = make_network(case)
    assert count_parameters(network.architecture) == case["parameters"]
    assert count_multiply_adds(network.architecture) == case["multiplyAdds"]
    state = network.state_dict()
    for name, weight in state.items():
        values = weight.flatten().double()
        expected = case["constants"][name]
        assert list(weight.shape) == expected["dims"]
        ends = [*values[:3].tolist(), *values[-3:].tolist()]
        assert ends == pytest.approx(expected["ends"], rel=1e-5), name
        assert float(values.sum()) == pytest.approx(expected["sum"], rel=1e-4, abs=1e-4), name
    with torch.no_grad():
        colours = network(pixel_places(SIDE))
    planes = colours.T.flatten()
    assert [float(planes[at]) for at in (0, 100, 1000, -1)] == pytest.approx(case["colours"], abs=2e-5)
    loss = float(torch.nn.functional.mse_loss(colours, page_picture()))
    assert loss == pytest.approx(case["firstLoss"], abs=1e-5)


@pytest.mark.parametrize("case", PAGE["networks"], ids=name_of)
def test_the_file_is_the_page_s(case: dict[str, Any]) -> None:
    model = make_model(make_network(case))
    graph = model.graph
    assert model.opset_import[0].version == case["opset"]
    for values, expected in ((graph.input, case["inputs"]), (graph.output, case["outputs"])):
        found = [
            [each.name, [size.dim_param or size.dim_value for size in each.type.tensor_type.shape.dim]]
            for each in values
        ]
        assert found == expected
    assert [[each.op_type, list(each.input), list(each.output)] for each in graph.node] == case["nodes"]
    shapes = {each.name: list(each.dims) for each in graph.initializer}
    assert shapes == {name: each["dims"] for name, each in case["constants"].items()}


@pytest.mark.parametrize("case", PAGE["curves"], ids=lambda case: f"{case['net']}-{case['opt']}")
def test_all_pixels_give_the_page_s_curve(case: dict[str, Any]) -> None:
    state = make_state(make_settings(net=case["net"], optimizer=case["opt"]))
    places, colours = pixel_places(SIDE), page_picture()
    losses = []
    for _ in case["losses"]:
        loss = torch.nn.functional.mse_loss(state.network(places), colours)
        for optimizer in state.optimizers:
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in state.optimizers:
            optimizer.step()
        losses.append(loss.item())
    assert losses == pytest.approx(case["losses"], rel=1e-3)


@pytest.mark.parametrize("net", list(PAGE["usual"]))
def test_the_usual_settings_are_the_page_s(net: Any) -> None:
    expected = PAGE["usual"][net]
    settings = make_settings(net=net)
    assert (settings.depth, settings.width) == (expected["depth"], expected["width"])
    for optimizer, rate in expected["rates"].items():
        assert math.isclose(default_rate(net, optimizer), rate), optimizer


@pytest.mark.parametrize("case", PAGE["commands"], ids=lambda case: case["command"])
def test_the_command_line_takes_the_page_s_commands(case: dict[str, Any]) -> None:
    words = shlex.split(case["command"])
    assert words[0] == "limner"
    command = parse(words[1:])
    assert isinstance(command, PainterCommand)
    settings = command.settings()
    assert (settings.depth, settings.width) == (case["depth"], case["width"])
    assert settings.lr == pytest.approx(case["rate"])
