"""Files that people may publish or drop on the page, each made here, and what a page does with it."""

from typing import Literal, NamedTuple

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from e2e.tiny import classifier, tiny_look

Outcome = Literal["gpu", "wasm", "refused"]

LFS_POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:5945dee6478abdab2d5e4ce3868b4d969741e3dad2134cc669da65a4f092755b\nsize 435852734\n"
)


class Stranger(NamedTuple):
    """A file, and what a page does with it."""

    content: bytes
    outcome: Outcome
    by_table: Outcome | None = None
    """What the table of operators finds, before ONNX Runtime judges; None if it finds nothing."""


def network(
    nodes: list[NodeProto],
    *,
    sides: tuple[int | str, int | str] = (32, 32),
    painted: tuple[int | str, int | str] | None = None,
    constants: dict[str, object] | None = None,
    opset: int = 17,
    other_inputs: tuple[str, ...] = (),
    scalars: tuple[str, ...] = (),
) -> bytes:
    """A network from `x` to `y`, both of `sides` unless the painting has other ones."""
    picture = [1, 3, *sides]
    graph = helper.make_graph(
        nodes,
        "stranger",
        [
            *(
                helper.make_tensor_value_info(name, TensorProto.FLOAT, picture)
                for name in ("x", *other_inputs)
            ),
            *(helper.make_tensor_value_info(name, TensorProto.FLOAT, []) for name in scalars),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, *(painted or sides)])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def group_norm() -> bytes:
    """Group norm as torch exports it, with a value of 8 x 16,384 for the statistics."""
    rng = np.random.default_rng(5)
    return network(
        [
            helper.make_node("Conv", ["x", "open"], ["a"]),
            helper.make_node("Reshape", ["a", "groups"], ["b"]),
            helper.make_node("InstanceNormalization", ["b", "ones", "zeros"], ["c"]),
            helper.make_node("Reshape", ["c", "channels"], ["d"]),
            helper.make_node("Conv", ["d", "close"], ["e"]),
            helper.make_node("Sigmoid", ["e"], ["y"]),
        ],
        sides=(64, 64),
        constants={
            "open": rng.normal(0, 0.3, (32, 3, 1, 1)).astype(np.float32),
            "close": rng.normal(0, 0.3, (3, 32, 1, 1)).astype(np.float32),
            "groups": np.array([1, 8, -1]),
            "channels": np.array([1, 32, 64, 64]),
            "ones": np.ones(8, np.float32),
            "zeros": np.zeros(8, np.float32),
        },
    )


def written_out_norm() -> bytes:
    """Instance norm as older exporters write it: the statistics are of 9,216 values in a row."""
    return network(
        [
            helper.make_node("Reshape", ["x", "row"], ["a"]),
            helper.make_node("ReduceMean", ["a"], ["mean"], axes=[3]),
            helper.make_node("Sub", ["x", "mean"], ["b"]),
            helper.make_node("Mul", ["b", "b"], ["c"]),
            helper.make_node("Reshape", ["c", "row"], ["d"]),
            helper.make_node("ReduceMean", ["d"], ["e"], axes=[3]),
            helper.make_node("Sqrt", ["e"], ["f"]),
            helper.make_node("Div", ["b", "f"], ["y"]),
        ],
        sides=(96, 96),
        constants={"row": np.array([1, 3, 1, -1])},
    )


def picture_and_shape() -> bytes:
    """A network with a second output, which is not of float32."""
    model = onnx.load_from_string(network([*RELU, helper.make_node("Shape", ["x"], ["shape"])]))
    model.graph.output.append(helper.make_tensor_value_info("shape", TensorProto.INT64, [4]))
    content: bytes = model.SerializeToString()
    return content


def foreign_operator() -> bytes:
    """An operator of ONNX Runtime's own."""
    model = onnx.load_from_string(network([helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft")]))
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    content: bytes = model.SerializeToString()
    return content


def times_two_hundred() -> bytes:
    """A network that works in 0..255."""
    return network([helper.make_node("Mul", ["x", "scale"], ["y"])], constants={"scale": np.float32(200)})


def enlarging(painted: tuple[int | str, int | str] = (64, 64)) -> bytes:
    """A super-resolution network: the painting has twice the side of the picture."""
    return network(
        [
            helper.make_node("Concat", ["x"] * 4, ["a"], axis=1),
            helper.make_node("DepthToSpace", ["a"], ["y"], blocksize=2),
        ],
        painted=painted,
    )


def encoder_decoder(sides: tuple[int | str, int | str] = ("h", "w")) -> bytes:
    """A network that halves the picture three times, rounding up, and doubles it as often.

    Of sides that are no multiples of 8 it makes larger ones.
    """
    rng = np.random.default_rng(4)
    constants: dict[str, object] = {}
    nodes: list[NodeProto] = []
    value = "x"
    for step, channels in enumerate([(4, 3), (4, 4), (4, 4), (4, 4), (4, 4), (4, 3)]):
        constants[f"w{step}"] = rng.normal(0, 0.2, (*channels, 4, 4)).astype(np.float32)
        operator, pads = ("Conv", [1, 1, 2, 2]) if step < 3 else ("ConvTranspose", [1, 1, 1, 1])
        names = [value, f"w{step}"]
        value = f"v{step}"
        nodes.append(helper.make_node(operator, names, [value], strides=[2, 2], pads=pads))
    nodes.append(helper.make_node("Sigmoid", [value], ["y"]))
    return network(nodes, sides=sides, painted=("H", "W"), constants=constants)


RELU = [helper.make_node("Relu", ["x"], ["y"])]

STRANGERS = {
    "own": Stranger(tiny_look("own"), "gpu"),
    "bare": Stranger(tiny_look(bare=True), "gpu"),
    "any-size": Stranger(network(RELU, sides=("height", "width")), "gpu"),
    "any-height": Stranger(network(RELU, sides=("height", 256)), "gpu"),
    "any-width": Stranger(network(RELU, sides=(128, "width")), "gpu"),
    "multiples-of-8": Stranger(encoder_decoder(), "gpu"),
    "multiples-of-8-wide": Stranger(encoder_decoder((128, "w")), "gpu"),
    "minus-one": Stranger(network(RELU, sides=(-1, -1)), "gpu"),
    "scalar": Stranger(network([helper.make_node("Add", ["x", "k"], ["y"])], scalars=("k",)), "gpu"),
    "range": Stranger(times_two_hundred(), "gpu"),
    "group-norm": Stranger(group_norm(), "gpu"),
    "unknown-operator": Stranger(
        network([helper.make_node("Shrink", ["x"], ["y"], lambd=0.1)]), "wasm", "wasm"
    ),
    "scalar-of-unknown-operator": Stranger(
        network(
            [
                helper.make_node("Shrink", ["x"], ["a"], lambd=0.1),
                helper.make_node("Add", ["a", "k"], ["y"]),
            ],
            scalars=("k",),
        ),
        *("wasm", "wasm"),
    ),
    "written-out-norm": Stranger(written_out_norm(), "gpu"),
    "second-output": Stranger(picture_and_shape(), "wasm"),
    "foreign-operator": Stranger(foreign_operator(), "wasm", "wasm"),
    "old": Stranger(network(RELU, opset=6), "refused", "refused"),
    "enlarging": Stranger(enlarging(), "refused"),
    "enlarging-unsaid": Stranger(enlarging(("h", "w")), "refused"),
    "unknown-domain": Stranger(
        network([helper.make_node("Relu", ["x"], ["y"], domain="com.example")]), "refused", "wasm"
    ),
    "two-pictures": Stranger(
        network([helper.make_node("Add", ["x", "z"], ["y"])], other_inputs=("z",)), "gpu"
    ),
    "too-large": Stranger(network(RELU, sides=(4160, 4160)), "refused"),
    "oblong": Stranger(network(RELU, sides=(32, 48)), "gpu"),
    "classifier": Stranger(classifier(), "refused"),
    "pointer": Stranger(LFS_POINTER, "refused"),
    "garbage": Stranger(b"this is no network at all", "refused"),
    "cut": Stranger(tiny_look()[:700], "refused"),
}


NESTED_JSON = ("[" * 200_000, "[" * 900 + "]" * 900)
"""JSON that is too deep for Python to read, and JSON that it reads but cannot copy or print."""
