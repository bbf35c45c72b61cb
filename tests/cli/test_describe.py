"""Networks in figures: the paper's, to the digit, and any graph's."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from rich.console import Console

from helpers.looks import look_file, recipe
from limner.cli.commands.describe import describe
from limner.errors import LimnerError
from limner.networks.summary import describe_recipe
from limner.recipe import Recipe, Size
from limner.summary import NetworkSummary
from limner.training.run import begin_run

PAPER: dict[Size, tuple[int, int]] = {
    # Murr 2020, table 2; multiply-adds by design/engine.md's own count.
    "small": (6_297_491, 49_283_072),
    "medium": (16_786_211, 174_063_616),
    "large": (54_423_811, 6_014_631_936),
}


@pytest.mark.parametrize("size", PAPER)
def test_the_papers_networks(size: Size) -> None:
    found = describe(size)
    assert (found.parameters, found.multiply_adds) == PAPER[size]
    assert found.kind == "network"
    assert len(found.layers) == 16
    assert found.layers[-1].name == "last"
    assert found.layers[-1].shape == (3, 256, 256)
    assert found.bytes["uint8"] < 1.01 * found.parameters < found.bytes["uint16"] < found.bytes["float32"]


def test_pixels_and_guide_of_a_name() -> None:
    found = describe("lean", pixels=512, guide="colour")
    assert (found.pixels, found.recipe["guide"]) == (512, "colour")
    assert found.layers[0].shape == (16, 256, 256)
    assert found.layers[0].parameters == 3 * 16 * 16
    with pytest.raises(LimnerError, match="pixels is 100"):
        describe("lean", pixels=100)


def test_upsampling_does_not_change_the_form_described() -> None:
    nearest, plain = (describe_recipe("x", Recipe(upsampling=kind)) for kind in ("nearest", "transposed"))
    assert nearest.layers == plain.layers


def test_a_look_has_its_networks_layers(tmp_path: Path) -> None:
    path = look_file(tmp_path)
    found = describe(str(path))
    network = describe_recipe("lean", recipe())
    assert (found.kind, found.pixels) == ("look", 64)
    assert found.bytes == {"file": path.stat().st_size}
    assert found.credits == {"name": "Clouds", "author": "Ada Example", "credit": "Photos by Ada"}
    own = [layer for layer in found.layers if not layer.name.startswith("guide.")]
    assert [(one.name, one.kind, one.shape, one.multiply_adds, one.zero_stuffed) for one in own] == [
        (one.name, one.kind, one.shape, one.multiply_adds, one.zero_stuffed) for one in network.layers
    ]
    # Batch norm's four values for each channel are folded into one.
    normed = sum(one.shape[0] for one in own[1:-1])
    assert sum(one.parameters for one in own) == network.parameters - 3 * normed
    assert found.figures["parameters"] == network.parameters
    assert found.figures["multiply_adds"] == network.multiply_adds
    assert found.figures["zero_stuffed"] == network.zero_stuffed


def test_another_programs_network(tmp_path: Path) -> None:
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
    found = describe(str(tmp_path / "other.onnx"))
    assert found.kind == "ONNX file"
    conv, grow = found.layers
    assert (conv.name, conv.shape, conv.parameters, conv.multiply_adds) == ("grouped", (6, 4, 4), 150, 2400)
    assert (grow.name, grow.parameters, grow.multiply_adds, grow.zero_stuffed) == ("z", 72, 1152, 4608)


def printed(found: NetworkSummary) -> str:
    console = Console(file=io.StringIO(), width=140)
    console.print(found.table())
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_tables_and_json(tmp_path: Path) -> None:
    found = describe(str(look_file(tmp_path)))
    text = printed(found)
    assert "down.0.conv" in text
    assert f"{found.parameters:,}" in text
    assert "author: Ada Example" in text
    read = json.loads(found.to_json())
    assert read["parameters"] == found.parameters
    assert len(read["layers"]) == len(found.layers)
    assert read["layers"][0]["name"] == found.layers[0].name
    assert "6,297,491" in printed(describe("small"))


def test_targets_that_are_nothing(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="neither a file or folder nor one of lean, small, medium, large"):
        describe("huge")
    (tmp_path / "text.onnx").write_text("a text")
    with pytest.raises(LimnerError, match=r"text\.onnx is not an ONNX file"):
        describe(str(tmp_path / "text.onnx"))


def test_a_run_is_described_by_its_recipe(tmp_path: Path) -> None:
    begin_run(tmp_path / "run", recipe("small"), tmp_path / "pictures")
    found = describe(str(tmp_path / "run"))
    assert (found.kind, found.pixels, found.recipe["size"]) == ("run", 64, "small")
    assert found.layers == describe_recipe("small", recipe("small")).layers
    with pytest.raises(LimnerError, match="There is no run in"):
        describe(str(tmp_path))
