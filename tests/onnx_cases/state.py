"""Looks with state, and what ONNX Runtime makes of a hundred pictures with each."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, StringStringEntryProto, TensorProto, helper, numpy_helper

Array = NDArray[np.float32]

HEIGHT, WIDTH = 24, 32
RUNS = 100
KEPT = (0, 1, 2, 49, 99)
"""Runs whose outputs are written."""

PICTURE = (1, 3, HEIGHT, WIDTH)


def stateful(
    nodes: Sequence[NodeProto],
    *,
    inputs: dict[str, Sequence[int]],
    outputs: dict[str, Sequence[int]],
    constants: dict[str, Any],
    state: Any,
) -> onnx.ModelProto:
    """A model with `state` as the metadata that looks have: text as it is, anything else as JSON."""
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in listed.items()]
        for listed in (inputs, outputs)
    ]
    initializers = [
        numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in constants.items()
    ]
    graph = helper.make_graph(list(nodes), "stateful", ends[0], ends[1], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    text = state if isinstance(state, str) else json.dumps(state)
    model.metadata_props.append(StringStringEntryProto(key="limner.state", value=text))
    onnx.checker.check_model(model)
    return model


def mixing() -> onnx.ModelProto:
    """The last painting as a state, a counter, five channels, and a state that begins with an initializer.

    It has no guide, and its painting is read by the next frame. Each state has another shape.
    """
    rng = np.random.default_rng(21)
    nodes = [
        helper.make_node("Sub", ["one", "rate"], ["rest"]),
        helper.make_node("Mul", ["last", "rest"], ["old"]),
        helper.make_node("Mul", ["image", "rate"], ["new"]),
        helper.make_node("Add", ["old", "new"], ["mixed"]),
        helper.make_node("Mul", ["mixed", "drift"], ["drifted"]),
        helper.make_node("Concat", ["five", "image"], ["eight"], axis=1),
        helper.make_node("Conv", ["eight", "weight", "bias"], ["sums"], pads=[1, 1, 1, 1]),
        helper.make_node("Tanh", ["sums"], ["five_next"]),
        helper.make_node("Conv", ["five", "colours"], ["shades"]),
        helper.make_node("Add", ["drifted", "shades"], ["painting"]),
        helper.make_node("Add", ["count", "one"], ["count_next"]),
        helper.make_node("Mul", ["drift", "slower"], ["drift_next"]),
    ]
    return stateful(
        nodes,
        inputs={
            "last": PICTURE,
            "image": PICTURE,
            "rate": (),
            "count": (1,),
            "five": (1, 5, HEIGHT, WIDTH),
            "drift": (1, 3, 1, 1),
        },
        outputs={
            "painting": PICTURE,
            "count_next": (1,),
            "five_next": (1, 5, HEIGHT, WIDTH),
            "drift_next": (1, 3, 1, 1),
        },
        constants={
            "rate": 0.1,
            "one": 1,
            "slower": 0.999,
            "drift": [[[[1.0]], [[0.95]], [[0.9]]]],
            "weight": rng.normal(0, 0.15, (5, 8, 3, 3)),
            "bias": rng.normal(0, 0.2, 5),
            "colours": rng.normal(0, 0.2, (3, 5, 1, 1)),
        },
        state={
            "last": "painting",
            "count": "count_next",
            "five": "five_next",
            "drift": "drift_next",
        },
    )


def smoothed_guide() -> onnx.ModelProto:
    """A guide that is smoothed over frames, and the picture before, to see what moves."""
    rng = np.random.default_rng(22)
    nodes = [
        helper.make_node("Conv", ["image", "grey"], ["light"]),
        helper.make_node("Mul", ["seen", "much"], ["old"]),
        helper.make_node("Mul", ["light", "little"], ["new"]),
        helper.make_node("Add", ["old", "new"], ["seen_next"]),
        helper.make_node("Identity", ["seen_next"], ["guide"]),
        helper.make_node("Conv", ["seen_next", "first"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "second"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Sigmoid", ["c"], ["painted"]),
        helper.make_node("Sub", ["image", "before"], ["motion"]),
        helper.make_node("Mul", ["motion", "little"], ["trace"]),
        helper.make_node("Add", ["painted", "trace"], ["painting"]),
        helper.make_node("Identity", ["image"], ["before_next"]),
    ]
    grey = (1, 1, HEIGHT, WIDTH)
    return stateful(
        nodes,
        inputs={"image": PICTURE, "seen": grey, "before": PICTURE},
        outputs={"painting": PICTURE, "guide": grey, "seen_next": grey, "before_next": PICTURE},
        constants={
            "grey": np.full((1, 3, 1, 1), 1 / 3),
            "much": 0.7,
            "little": 0.3,
            "first": rng.normal(0, 0.5, (8, 1, 3, 3)),
            "second": rng.normal(0, 0.3, (3, 8, 3, 3)),
        },
        state={"seen": "seen_next", "before": "before_next"},
    )


def sampled() -> onnx.ModelProto:
    """The next frame reads a picture that one convolution alone reads; the guide shows the last one."""
    rng = np.random.default_rng(23)
    nodes = [
        helper.make_node("Relu", ["image"], ["before_next"]),
        helper.make_node("Conv", ["before_next", "first"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "second"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["c", "before"], ["d"]),
        helper.make_node("Sigmoid", ["d"], ["painting"]),
        helper.make_node("MatMul", ["rows", "before"], ["low"]),
        helper.make_node("MatMul", ["low", "columns"], ["guide"]),
    ]
    return stateful(
        nodes,
        inputs={"image": PICTURE, "before": PICTURE},
        outputs={"painting": PICTURE, "guide": PICTURE, "before_next": PICTURE},
        constants={
            "first": rng.normal(0, 0.3, (8, 3, 3, 3)),
            "second": rng.normal(0, 0.3, (3, 8, 3, 3)),
            "rows": smoothing(HEIGHT),
            "columns": smoothing(WIDTH).T,
        },
        state={"before": "before_next"},
    )


def pooled() -> onnx.ModelProto:
    """What a convolution alone reads of the smoothed picture, the next frame reads too."""
    rng = np.random.default_rng(24)
    nodes = [
        helper.make_node("MatMul", ["rows", "image"], ["low"]),
        helper.make_node("MatMul", ["low", "columns"], ["soft_next"]),
        helper.make_node("Conv", ["soft_next", "first"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "second"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["c", "soft"], ["d"]),
        helper.make_node("Sigmoid", ["d"], ["painting"]),
    ]
    return stateful(
        nodes,
        inputs={"image": PICTURE, "soft": PICTURE},
        outputs={"painting": PICTURE, "soft_next": PICTURE},
        constants={
            "first": rng.normal(0, 0.3, (8, 3, 3, 3)),
            "second": rng.normal(0, 0.3, (3, 8, 3, 3)),
            "rows": smoothing(HEIGHT),
            "columns": smoothing(WIDTH).T,
        },
        state={"soft": "soft_next"},
    )


def smoothing(side: int) -> Array:
    """A matrix that averages three neighbours."""
    band = np.eye(side) + np.eye(side, k=1) + np.eye(side, k=-1)
    return np.asarray(band / band.sum(1, keepdims=True), np.float32)


LOOKS: dict[str, Callable[[], onnx.ModelProto]] = {
    "state-mixing": mixing,
    "state-smoothed-guide": smoothed_guide,
    "state-sampled": sampled,
    "state-pooled": pooled,
}


def pictures() -> Array:
    """One picture for each run."""
    return np.random.default_rng(25).random((RUNS, *PICTURE), dtype=np.float32)


def write_state(folder: Path) -> None:
    import onnxruntime

    images = pictures()
    images.tofile(folder / "state.images")
    listed = []
    for name, make in LOOKS.items():
        model = make()
        content = model.SerializeToString()
        (folder / f"{name}.onnx").write_bytes(content)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        next_names = json.loads(model.metadata_props[0].value)
        defaults = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        shapes = {
            value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
            for value in model.graph.input
        }
        state = {key: defaults.get(key, np.zeros(shapes[key], np.float32)) for key in next_names}
        outputs = [value.name for value in model.graph.output]
        for run, image in enumerate(images):
            made = dict(zip(outputs, session.run(None, {"image": image, **state}), strict=True))
            state = {key: made[output] for key, output in next_names.items()}
            if run in KEPT:
                np.concatenate([made[output].ravel() for output in outputs]).tofile(
                    folder / f"{name}.{run}"
                )
        sizes = {output: int(made[output].size) for output in outputs}
        listed.append({"name": name, "state": next_names, "sizes": sizes})
    (folder / "state.json").write_text(json.dumps({"runs": RUNS, "kept": KEPT, "looks": listed}))
