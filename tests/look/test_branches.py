"""Branches in a look's graph: the base to the bit, kernels as defined, and a file that can be read back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, numpy_helper

from helpers.branches import LAYERS, random_branch, tiny_look, tiny_model, whole_branch
from limner.errors import LimnerError
from limner.live import LiveInput
from limner.look.branch_graph import measure_branches, with_branches
from limner.look.branch_weights import read_branch_weights
from limner.look.branches import Branch, branch_input, find_layers, read_branches, without_branches
from limner.look.look import open_look
from limner.look.packaged import FOLDER
from limner.look.quantization import dequantize_weights
from limner.look.session import make_session
from limner.look.transposed import with_transposed_convs

Array = NDArray[np.float32]


def probes(side: int) -> list[Array]:
    noise = np.random.default_rng(0).random((1, 3, side, side), dtype=np.float32)
    return [noise, np.zeros_like(noise), np.ones_like(noise)]


def paint(model: ModelProto, pictures: list[Array], **live: float) -> list[Array]:
    """Paintings of ONNX Runtime, in the form that `Look` gives it."""
    plain = with_transposed_convs(dequantize_weights(model))
    session = make_session(plain.SerializeToString(), Path("model.onnx"))
    feed = {name: np.array(value, np.float32) for name, value in live.items()}
    return [session.run(["painting"], {"image": picture, **feed})[0] for picture in pictures]


def two_branches(base: ModelProto) -> list[Branch]:
    return [random_branch(base, "Men", seed=1), random_branch(base, "Old men", seed=2, rank=2)]


def bases() -> dict[str, ModelProto]:
    return {
        "tiny": tiny_model(),
        "transposed": tiny_model("float16", is_transposed=True),
        "float32": tiny_model("float32"),
        "shipped": without_branches(open_look(FOLDER / "sea.onnx").model),
    }


@pytest.mark.parametrize("name", ["tiny", "transposed", "float32", "shipped"])
def test_with_all_branches_off_the_base_paints_to_the_bit(name: str) -> None:
    base = bases()[name]
    side = base.graph.input[0].type.tensor_type.shape.dim[2].dim_value
    pictures = probes(side)
    expected = paint(base, pictures)
    for branches in (two_branches(base)[:1], two_branches(base)):
        model = with_branches(base, branches)
        onnx.checker.check_model(model, full_check=True)
        for found, right in zip(paint(model, pictures), expected, strict=True):
            np.testing.assert_array_equal(found, right)
        on = paint(model, pictures, branch_men=1.0)
        assert np.abs(on[0] - expected[0]).max() > 0.01


def test_whole_kernels_are_off_to_the_bit_too() -> None:
    base = tiny_model()
    model = with_branches(base, [whole_branch(base, "men", ("first", "last")), random_branch(base, "old")])
    pictures = probes(32)
    for found, right in zip(paint(model, pictures), paint(base, pictures), strict=True):
        np.testing.assert_array_equal(found, right)


def changed_kernels(base: ModelProto, branches: list[Branch], weights: Mapping[str, float]) -> ModelProto:
    """The base with other kernels and biases: W + sum w (g W + U D), and b + sum w (g b + t)."""
    model = dequantize_weights(base)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    for layer in find_layers(base):
        conv = next(node for node in model.graph.node if node.output[0] == layer.name)
        kernel = numpy_helper.to_array(constants[conv.input[1]])
        has_bias = len(conv.input) > 2
        bias = numpy_helper.to_array(constants[conv.input[2]]) if has_bias else np.zeros(layer.channels[1])
        along: list[Any] = [1] * 4
        along[layer.axis] = -1
        new, new_bias = kernel.astype(np.float64), bias.astype(np.float64)
        for branch in branches:
            weight, change = weights[branch.input], branch.layers.get(layer.name)
            if change is None:
                continue
            gain = np.zeros(1) if change.gain is None else change.gain
            new = new + weight * kernel * gain.reshape(along)
            new_bias = new_bias + weight * (bias * gain + change.shift)
            if change.down is not None and change.up is not None:
                down, up = change.down.values()[:, :, 0, 0], change.up.values()
                form = "orhw,ri->oihw" if layer.axis == 0 else "rohw,ri->iohw"
                new = new + weight * np.einsum(form, up, down)
            if change.kernel is not None:
                new = new + weight * change.kernel.values()
        constants[conv.input[1]].CopyFrom(numpy_helper.from_array(new.astype(np.float32), conv.input[1]))
        if has_bias:
            constants[conv.input[2]].CopyFrom(
                numpy_helper.from_array(new_bias.astype(np.float32), conv.input[2])
            )
        else:
            name = f"{layer.name}.bias"
            conv.input.append(name)
            model.graph.initializer.append(numpy_helper.from_array(new_bias.astype(np.float32), name))
    return model


@pytest.mark.parametrize("is_transposed", [False, True])
@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.5, 0.25), (1.0, 1.0)])
def test_branches_add_up_in_the_kernels(weights: tuple[float, float], is_transposed: bool) -> None:
    base = tiny_model(is_transposed=is_transposed)
    branches = two_branches(base)
    live = dict(zip(["branch_men", "branch_old_men"], weights, strict=True))
    found = paint(with_branches(base, branches), probes(32), **live)
    expected = paint(changed_kernels(base, branches, live), probes(32))
    for image, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(image, right, rtol=0, atol=2e-5)


def test_a_whole_kernel_is_added_beside_factors() -> None:
    base = tiny_model()
    branches = [whole_branch(base, "men", ("first", "last")), random_branch(base, "old")]
    live = {"branch_men": 0.7, "branch_old": 0.4}
    found = paint(with_branches(base, branches), probes(32), **live)
    expected = paint(changed_kernels(base, branches, live), probes(32))
    np.testing.assert_allclose(found[0], expected[0], rtol=0, atol=2e-5)


def test_the_base_and_the_branches_are_read_back_as_they_were() -> None:
    base = tiny_model()
    branches = [*two_branches(base), whole_branch(base, "blocks", ("last",))]
    model = with_branches(base, branches)
    again = without_branches(model)
    assert again.SerializeToString() == base.SerializeToString()
    live = {branch.input: LiveInput(branch.label, 0, 1, 0) for branch in branches}
    read = read_branches(model, live)
    assert [(branch.input, branch.label, branch.rank) for branch in read] == [
        ("branch_men", "Men", 3),
        ("branch_old_men", "Old men", 2),
        ("branch_blocks", "blocks", 0),
    ]
    assert list(read[0].layers) == list(LAYERS)
    assert with_branches(again, read).SerializeToString() == model.SerializeToString()
    # One can be taken out alone.
    assert (
        with_branches(base, [read[1]]).SerializeToString()
        == with_branches(base, [branches[1]]).SerializeToString()
    )
    sizes = measure_branches(model, branches)
    assert sum(sizes.values()) < model.ByteSize() - base.ByteSize() + 3000
    assert sizes["branch_blocks"] < 1500 < min(sizes["branch_men"], sizes["branch_old_men"])


def test_factors_read_before_doubling_and_padding_and_never_the_guide() -> None:
    model = with_branches(tiny_model(), [random_branch(tiny_model(), "men")])
    nodes = {node.output[0]: node for node in model.graph.node}
    assert nodes["branch.2.read"].input[0] == "down.activation"
    assert nodes["branch.2.pad"].input[0] == "branch.2.resize"
    assert "branch.0.read" not in nodes
    # The engine takes all of it into the base's convolution if that comes last.
    order = list(nodes)
    assert order.index("branch.2.factors") < order.index("up") < order.index("branch.up")


def test_damaged_branches_are_refused_in_a_sentence(tmp_path: Path) -> None:
    base = open_look(tiny_look(tmp_path)).model
    model = with_branches(base, [random_branch(base, "men")])
    (gain,) = (tensor for tensor in model.graph.initializer if tensor.name == "branch.0.1.gain")
    gain.CopyFrom(numpy_helper.from_array(np.zeros((1, 5, 1, 1), np.float32), gain.name))
    with pytest.raises(LimnerError, match="has a damaged branch"):
        read_branches(model, {})
    model.graph.initializer.remove(gain)
    with pytest.raises(LimnerError, match="has a damaged branch"):
        read_branches(model, {})
    assert read_branches(base, {}) == ()


@pytest.mark.parametrize(
    ("label", "name"),
    [("men", "branch_men"), ("Old men!", "branch_old_men"), ("Männer", "branch_manner_62ad65")],
)
def test_a_name_becomes_a_live_input(label: str, name: str) -> None:
    assert branch_input(label)[:13] == name[:13]
    assert branch_input(label).isidentifier()


LIVE = {
    "brightness": LiveInput("Brightness", 0, 1, 0),
    "branch_men": LiveInput("men", 0, 1, 0),
    "branch_a_b": LiveInput("a:b", 0, 1, 0),
}


@pytest.mark.parametrize(
    ("words", "weights"),
    [
        ((), {}),
        (("men",), {"branch_men": 1}),
        (("men:0.25", "a:b:0.5"), {"branch_men": 0.25, "branch_a_b": 0.5}),
        (("branch_men:0.5", "a:b"), {"branch_men": 0.5, "branch_a_b": 1}),
    ],
)
def test_weights_as_people_type_them(words: tuple[str, ...], weights: dict[str, float]) -> None:
    assert read_branch_weights(words, LIVE, Path("look.onnx")) == weights


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("women", "has no branch women; it has men, a:b"),
        ("Brightness", "has no branch Brightness"),
        ("men:much", "much is no weight of men"),
    ],
)
def test_a_wrong_weight_gets_a_sentence(word: str, reason: str) -> None:
    with pytest.raises(LimnerError, match=reason):
        read_branch_weights([word], LIVE, Path("look.onnx"))
