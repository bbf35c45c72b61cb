"""A style's network as a look: small, equal to torch at every mixture, with operators that looks have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.styles import TINY, content, lively_network, picture
from limner.export.inference import make_look_module
from limner.export.onnx import export_look
from limner.look.look import Look, open_look
from limner.page.chromium import run_engine

MAX_BYTES = 300_000
MIXTURES: tuple[dict[str, float], ...] = (
    {},
    {"style1": 0.0, "style2": 1.0},
    {"style1": 0.3, "style2": 0.9, "contrast": 1.4},
    {"style1": 0.0},
)


def export(folder: Path, styles: int) -> Look:
    frames = [each.frame for each in content(2).pictures]
    out = folder / "style.onnx"
    export_look(lively_network(styles), TINY, out, storage="float32", name="Stripes", held_out=frames)
    return open_look(out)


@pytest.fixture(scope="module")
def blend(tmp_path_factory: pytest.TempPathFactory) -> Look:
    return export(tmp_path_factory.mktemp("blend"), 2)


def test_the_file_paints_as_the_network_at_every_mixture(blend: Look) -> None:
    module = make_look_module(TINY, lively_network(2))
    shown = picture(64)
    painted = []
    for mixture in MIXTURES:
        values = {name: one.default for name, one in blend.live.items()} | mixture
        with torch.no_grad():
            expected, _ = module(shown, *map(torch.tensor, values.values()))
        found = blend.paint(shown[0].permute(1, 2, 0).numpy(), **mixture)
        assert np.abs(found - expected[0].permute(1, 2, 0).numpy()).max() < 1e-4
        painted.append(found)
    assert np.abs(painted[0] - painted[1]).mean() > 0.01
    # Without any weight the first style paints, as by default.
    assert np.abs(painted[0] - painted[3]).max() < 1e-5


def test_styles_are_live_inputs_after_those_of_the_guide(blend: Look) -> None:
    assert list(blend.live) == ["brightness", "contrast", "style1", "style2"]
    assert [one.label for one in blend.live.values()][2:] == ["Style 1", "Style 2"]
    assert (blend.size, blend.guide) == ("style", "colour")
    operators = {node.op_type for node in blend.model.graph.node}
    assert "InstanceNormalization" in operators
    assert operators <= {
        *(
            "Add",
            "Clip",
            "Constant",
            "Conv",
            "Div",
            "Identity",
            "InstanceNormalization",
            "Max",
            "Mul",
            "Pad",
        ),
        *("Relu", "Resize", "Sub", "Tanh"),
    }


@pytest.mark.browser
def test_the_engine_paints_as_onnx_runtime_does(blend: Look) -> None:
    mixture = {"style1": 0.3, "style2": 0.9}
    shown = picture(64).numpy()
    values = {name: np.asarray(value, np.float32) for name, value in mixture.items()}
    found = run_engine(blend.content, {"image": shown, **values})
    expected = blend.run(shown[0].transpose(1, 2, 0), **mixture)
    assert np.abs(found["painting"] - expected[0].ravel()).max() < 1e-4


@pytest.mark.parametrize("styles", [1, 3])
def test_the_file_is_small_and_has_a_live_input_for_each_of_several_styles(
    styles: int, tmp_path: Path
) -> None:
    out = tmp_path / "style.onnx"
    report = export_look(lively_network(styles), TINY, out, name="A style with a name")
    assert report.bytes == out.stat().st_size <= MAX_BYTES
    look = open_look(out)
    names = [name for name in look.live if name.startswith("style")]
    assert len(names) == (styles if styles > 1 else 0)
    instance_norms = [n for n in look.model.graph.node if n.op_type == "InstanceNormalization"]
    assert len(instance_norms) == 11
