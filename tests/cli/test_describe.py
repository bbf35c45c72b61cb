"""describe: exact figures for the paper's networks, and figures for any ONNX graph."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from rich.console import Console

from helpers.looks import look_file, recipe
from helpers.names import LATIN1, SHOWN
from limner.cli.commands.describe import describe
from limner.errors import LimnerError
from limner.networks.summary import describe_recipe
from limner.recipe import Recipe, Size
from limner.summary import LayerSummary, NetworkSummary
from limner.training.run import begin_run

PAPER: dict[Size, tuple[int, int]] = {
    # Parameters: Murr 2020, table 2. Multiply-adds: without those by filled-in zeros.
    "small": (6_297_491, 49_283_072),
    "medium": (16_786_211, 174_063_616),
    "large": (54_423_811, 6_014_631_936),
}


@pytest.mark.parametrize("size", PAPER)
def test_describes_the_papers_networks_exactly(size: Size) -> None:
    summary = describe(size)
    assert (summary.parameters, summary.multiply_adds) == PAPER[size]
    assert summary.kind == "network"
    assert len(summary.layers) == 16
    assert summary.layers[-1].name == "last"
    assert summary.layers[-1].shape == (3, 256, 256)
    assert (
        summary.bytes["uint8"]
        < 1.01 * summary.parameters
        < summary.bytes["uint16"]
        < summary.bytes["float32"]
    )


def test_a_size_is_described_at_the_given_pixels_and_guide() -> None:
    summary = describe("lean", pixels=512, guide="colour")
    assert (summary.pixels, summary.recipe["guide"]) == (512, "colour")
    # The encoder is half as wide as the decoder at 256 pixels; the three channels have 3x3 weights.
    assert summary.layers[0].shape == (4, 256, 256)
    assert summary.layers[0].parameters == 3 * 4 * 9 + 4 + 4 * 4
    with pytest.raises(LimnerError, match="pixels is 100"):
        describe("lean", pixels=100)


def test_nearest_upsampling_multiplies_as_often_and_stores_nine_weights_for_sixteen() -> None:
    nearest, plain = (
        describe_recipe("x", Recipe(size="small", upsampling=kind)) for kind in ("nearest", "transposed")
    )
    assert nearest.multiply_adds == plain.multiply_adds
    ups = [(a, b) for a, b in zip(nearest.layers, plain.layers, strict=True) if b.kind == "ConvTranspose"]
    assert len(ups) == 8
    for ours, papers in ups:
        assert (ours.kind, ours.shape, ours.name) == ("Conv", papers.shape, f"{papers.name}.conv")
        assert ours.multiply_adds == papers.multiply_adds
        assert 16 * ours.zero_stuffed == 9 * papers.zero_stuffed
        rest = 3 if papers.name == "last" else 4 * papers.shape[0]
        assert 16 * (ours.parameters - rest) == 9 * (papers.parameters - rest)


def figures_of(layer: LayerSummary) -> tuple[object, ...]:
    return layer.name, layer.kind, layer.shape, layer.multiply_adds, layer.zero_stuffed


def test_a_look_has_its_networks_layers(tmp_path: Path) -> None:
    path = look_file(tmp_path)
    summary = describe(str(path))
    network = describe_recipe("lean", recipe())
    assert (summary.kind, summary.pixels) == ("look", 64)
    assert summary.bytes == {"file": path.stat().st_size}
    assert summary.credits == {"name": "Clouds", "author": "Ada Example", "credit": "Photos by Ada"}
    generator_layers = [layer for layer in summary.layers if not layer.name.startswith("guide.")]
    assert list(map(figures_of, generator_layers)) == list(map(figures_of, network.layers))
    # The file has the noise, of which nothing is learned.
    grain, *convolutions = [layer.parameters for layer in generator_layers]
    assert (network.layers[0].parameters, grain) == (0, 32 * 32)
    # Folding batch norm leaves nothing of its four values per channel: the convolution has a bias already.
    normed_channels = sum(layer.shape[0] for layer in generator_layers[1:-1])
    assert sum(convolutions) == network.parameters - 4 * normed_channels
    assert summary.figures["parameters"] == network.parameters
    assert summary.figures["multiply_adds"] == network.multiply_adds
    assert summary.figures["zero_stuffed"] == network.zero_stuffed


def test_describes_an_onnx_file_of_another_program(tmp_path: Path) -> None:
    weight = numpy_helper.from_array(np.zeros((6, 1, 5, 5), np.float32), "w")
    back = numpy_helper.from_array(np.zeros((6, 3, 2, 2), np.float32), "v")
    graph = helper.make_graph(
        [
            helper.make_node(
                "Conv", ["x", "w"], ["y"], name="grouped", group=3, strides=[2, 2], pads=[2] * 4
            ),
            helper.make_node("ConvTranspose", ["y", "v"], ["z"], strides=[2, 2]),
        ],
        "other",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 3, 8, 8])],
        [weight, back],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (tmp_path / "other.onnx").write_bytes(model.SerializeToString())
    summary = describe(str(tmp_path / "other.onnx"))
    assert summary.kind == "ONNX file"
    conv, grow = summary.layers
    assert (conv.name, conv.shape, conv.parameters, conv.multiply_adds) == ("grouped", (6, 4, 4), 150, 2400)
    assert (grow.name, grow.parameters, grow.multiply_adds, grow.zero_stuffed) == ("z", 72, 1152, 4608)


def printed_table(summary: NetworkSummary) -> str:
    console = Console(file=io.StringIO(), width=140)
    console.print(summary.table())
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_prints_a_table_and_json(tmp_path: Path) -> None:
    summary = describe(str(look_file(tmp_path)))
    text = printed_table(summary)
    assert "down.0.conv" in text
    assert f"{summary.parameters:,}" in text
    assert "author: Ada Example" in text
    assert "filters: freeze, stillness" in text
    assert summary.noise_gain is not None
    assert summary.noise_gain > 0
    assert "camera noise in the painting: " in text
    read = json.loads(summary.to_json())
    assert read["parameters"] == summary.parameters
    assert len(read["layers"]) == len(summary.layers)
    assert read["layers"][0]["name"] == summary.layers[0].name
    assert "6,297,491" in printed_table(describe("small"))


def test_a_strangers_names_neither_act_nor_fail() -> None:
    layer = LayerSummary("[red]a[/]\x1b[2J", "Conv", (3, 8, 8), 1, 1, 1)
    summary = NetworkSummary(f"{LATIN1}[/]", "ONNX file", 8, (layer,), {}, figures={"[/]": "\x1b[2J"})
    text = printed_table(summary)
    assert "[red]a[/]\ufffd[2J" in text
    assert f"{SHOWN}[/]: ONNX file" in text
    assert "export's [/]: \ufffd[2J" in text
    assert json.loads(summary.to_json())["target"] == f"{SHOWN}[/]"


def test_an_unknown_or_invalid_target_raises(tmp_path: Path) -> None:
    with pytest.raises(
        LimnerError, match="is not a file, a folder or one of full, lean, small, medium, large"
    ):
        describe("huge")
    (tmp_path / "text.onnx").write_text("a text")
    with pytest.raises(LimnerError, match=r"text\.onnx is not an ONNX file"):
        describe(str(tmp_path / "text.onnx"))


def test_a_run_is_described_by_its_recipe(tmp_path: Path) -> None:
    begin_run(tmp_path / "run", recipe("small"), tmp_path / "pictures")
    summary = describe(str(tmp_path / "run"))
    assert (summary.kind, summary.pixels, summary.recipe["size"]) == ("run", 64, "small")
    assert summary.layers == describe_recipe("small", recipe("small")).layers
    with pytest.raises(LimnerError, match="There is no run in"):
        describe(str(tmp_path))
