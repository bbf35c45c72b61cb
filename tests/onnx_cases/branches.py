"""Looks with and without branches, and what ONNX Runtime paints with some of their weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto

from helpers.branches import random_branch, tiny_model, whole_branch
from limner.look.branch_graph import with_branches
from limner.look.branches import find_layers
from limner.look.packaged import FOLDER
from limner.look.quantization import dequantize_weights
from limner.look.session import make_session

RUN = ("branches-tiny-3", "branches-tiny-blocks", "branches-sea-1")
"""What the browsers run; of the others the plans are tested."""

WEIGHTS = {"branch_men": 0.75, "branch_old_men": 0.5, "branch_children": 0.25}


def looks() -> dict[str, tuple[ModelProto, ModelProto, list[str]]]:
    """The looks by name, each with its base and its live inputs."""
    found = {}
    for name, base in (("tiny", tiny_model()), ("sea", onnx.load(FOLDER / "sea.onnx"))):
        labels = ("men", "old men", "children")
        branches = [random_branch(base, label, seed=seed, rank=4) for seed, label in enumerate(labels)]
        for count in (1, 3):
            inputs = [branch.input for branch in branches[:count]]
            found[f"branches-{name}-{count}"] = (with_branches(base, branches[:count]), base, inputs)
        # The first layer stays: with a kernel of a branch's own, the guide is computed apart from it.
        last = tuple(layer.name for layer in find_layers(base) if not layer.is_first)[-2:]
        blocks = with_branches(base, [whole_branch(base, "men", last)])
        found[f"branches-{name}-blocks"] = (blocks, base, ["branch_men"])
    return found


def write_branches(folder: Path) -> None:
    listed = []
    for name, (model, base, inputs) in looks().items():
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
        (folder / f"{name}.base.onnx").write_bytes(base.SerializeToString())
        if name not in RUN:
            continue
        side = base.graph.input[0].type.tensor_type.shape.dim[2].dim_value
        image = np.random.default_rng(3).random((1, 3, side, side), dtype=np.float32)
        image.tofile(folder / f"{name}.image")
        live = {key: WEIGHTS[key] for key in inputs}
        session = make_session(dequantize_weights(model).SerializeToString(), Path(name))
        feed = {key: np.array(value, np.float32) for key, value in live.items()}
        (painting,) = session.run(["painting"], {"image": image, **feed})
        painting.tofile(folder / f"{name}.painting")
        listed.append({"name": name, "live": live})
    (folder / "branches.json").write_text(json.dumps(listed))
