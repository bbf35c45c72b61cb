"""A look's network in torch, from its file alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import ModelProto, helper

from helpers.branches import random_branch, tiny_model
from helpers.looks import graph, recipe
from limner.errors import LimnerError
from limner.export.torch_graph import GraphNetwork
from limner.look.packaged import FOLDER, packaged_looks
from limner.look.session import make_session


def difference(model: ModelProto, **live: float) -> float:
    """The largest between torch and ONNX Runtime, of two pictures at once."""
    shape = model.graph.input[0].type.tensor_type.shape.dim
    side = shape[2].dim_value
    pictures = np.random.default_rng(1).random((2, 3, side, side), dtype=np.float32)
    session = make_session(model.SerializeToString(), Path("model.onnx"))
    feed = {name: np.array(value, np.float32) for name, value in live.items()}
    expected = [session.run(["painting"], {"image": picture[None], **feed})[0] for picture in pictures]
    tensors = {name: torch.tensor(value) for name, value in live.items()}
    with torch.no_grad():
        found = GraphNetwork(model)(torch.from_numpy(pictures), tensors).numpy()
    return float(np.abs(found - np.concatenate(expected)).max())


@pytest.mark.parametrize("path", packaged_looks(), ids=lambda path: path.stem)
def test_shipped_looks_paint_in_torch_as_in_onnx_runtime(path: Path) -> None:
    model = onnx.load(path)
    assert difference(model) < 1e-4
    assert difference(model, brightness=0.2, contrast=1.3, levels=0.4) < 1e-4


@pytest.mark.parametrize("is_transposed", [False, True])
def test_tiny_networks_do(is_transposed: bool) -> None:
    assert difference(tiny_model(is_transposed=is_transposed)) < 1e-5
    assert difference(tiny_model("float32")) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("guide", ["edges", "colour"])
def test_other_guides_and_the_papers_sizes_do(guide: str) -> None:
    assert difference(graph(recipe("small", guide, "transposed"))) < 1e-4  # type: ignore[arg-type]


def test_live_inputs_may_differ_within_a_batch() -> None:
    network = GraphNetwork(onnx.load(FOLDER / "sea.onnx"))
    pictures = torch.rand(2, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    brightness = torch.tensor([0.0, 0.3]).reshape(2, 1, 1, 1)
    with torch.no_grad():
        both = network(pictures, {"brightness": brightness})
        for number in range(2):
            alone = network(pictures[number : number + 1], {"brightness": brightness[number].reshape(())})
            torch.testing.assert_close(both[number : number + 1], alone, rtol=0, atol=1e-5)


def test_nothing_of_it_is_learned() -> None:
    network = GraphNetwork(tiny_model())
    assert list(network.parameters()) == []
    assert not network(torch.rand(1, 3, 32, 32)).requires_grad


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [("InstanceNormalization", {}), ("Pad", {"mode": "wrap"}), ("Conv", {"auto_pad": "SAME_UPPER"})],
)
def test_a_node_that_limner_does_not_write_gets_a_sentence(kind: str, attributes: dict[str, str]) -> None:
    model = tiny_model()
    node = next(node for node in model.graph.node if node.output[0] == "down")
    inputs = [node.input[0], "edge"] if kind == "Pad" else list(node.input)
    node.CopyFrom(helper.make_node(kind, inputs, ["down"], "strange", **attributes))
    with pytest.raises(LimnerError, match=rf"has the node 'strange' \({kind}\)"):
        GraphNetwork(model)


def test_it_does_not_run_the_nodes_of_branches() -> None:
    """They are taken out of a file first (`limner.look.branches`): here it would know no weights."""
    network = GraphNetwork(tiny_model())
    assert {node.output[0] for node in network._nodes} & set(random_branch(tiny_model(), "men").layers) == {
        "first",
        "down",
        "up",
        "last",
    }
