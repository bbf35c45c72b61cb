"""A look that is small enough to train in a test, branches with random numbers, and pairs to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from helpers.keyframes import frame, recoloured
from limner.data.few_pairs import FewPair
from limner.look.branches import Branch, LayerChange, StoredKernel, branch_input, find_layers
from limner.look.metadata import PRODUCER, Metadata, write_metadata
from limner.look.quantization import quantize_weights
from limner.look.storage import Storage

PIXELS = 32

LAYERS = ("first", "down", "up", "last")
"""The convolutions of `tiny_model`."""


def tiny_model(storage: Storage = "uint8", *, is_transposed: bool = False) -> ModelProto:
    """A U-Net of four convolutions that paints 32 x 32 pixels, as limner's exporter would write it."""
    rng = np.random.default_rng(7)
    constants: dict[str, NDArray[Any]] = {
        "edge": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64),
        "doubling": np.array([1, 1, 2, 2], np.float32),
        "half": np.array(0.5, np.float32),
    }
    nodes: list[NodeProto] = []

    def add(kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name

    def conv(name: str, read: str, channels: tuple[int, int], stride: int = 1) -> str:
        scale = (2 / (9 * channels[0])) ** 0.5
        kernel = rng.normal(0, scale, (channels[1], channels[0], 3, 3)).astype(np.float32)
        constants[f"{name}.weight"] = kernel
        constants[f"{name}.bias"] = rng.normal(0, 0.1, channels[1]).astype(np.float32)
        padded = add("Pad", [read, "edge"], f"{name}.pad", mode="edge")
        strides = {} if stride == 1 else {"strides": [stride, stride]}
        return add("Conv", [padded, f"{name}.weight", f"{name}.bias"], name, kernel_shape=[3, 3], **strides)

    def act(name: str) -> str:
        return add("LeakyRelu", [name], f"{name}.activation", alpha=0.2)

    skip = act(conv("first", "image", (3, 8)))
    deep = act(conv("down", skip, (8, 12), 2))
    if is_transposed:
        constants["up.weight"] = rng.normal(0, 0.15, (12, 8, 4, 4)).astype(np.float32)
        pads = {"kernel_shape": [4, 4], "strides": [2, 2], "pads": [1, 1, 1, 1]}
        wide = act(add("ConvTranspose", [deep, "up.weight"], "up", **pads))
    else:
        modes = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        doubled = add("Resize", [deep, "", "doubling"], "up.resize", **modes)
        wide = act(conv("up", doubled, (12, 8)))
    joined = add("Concat", [wide, skip], "up.concat", axis=1)
    signed = add("Tanh", [conv("last", joined, (16, 3))], "tanh")
    add("Add", [add("Mul", [signed, "half"], "mul"), "half"], "painting")
    shape = [1, 3, PIXELS, PIXELS]
    image, painting = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("image", "painting")
    )
    tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "look", [image], [painting], tensors)
    model = helper.make_model(
        graph, producer_name=PRODUCER, opset_imports=[helper.make_opsetid("", 21)], ir_version=10
    )
    return quantize_weights(model, storage)


def tiny_look(folder: Path, name: str = "tiny.onnx") -> Path:
    """The file of a tiny look."""
    model = tiny_model()
    write_metadata(model, Metadata(name="Tiny", pixels=PIXELS, size="lean", figures={"parameters": 3111}))
    path = folder / name
    path.write_bytes(model.SerializeToString())
    return path


def random_branch(model: ModelProto, label: str, *, seed: int = 0, rank: int = 3) -> Branch:
    """A branch of a model without branches: factors, gain and shift everywhere, but no factors first."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> NDArray[np.float32]:
        drawn: NDArray[np.float32] = rng.normal(0, 0.2, shape).astype(np.float32)
        return drawn

    layers = {}
    for layer in find_layers(model):
        channels_in, channels_out = layer.channels
        change = LayerChange(draw(channels_out), draw(channels_out))
        if not layer.is_first:
            first = (channels_out, rank) if layer.axis == 0 else (rank, channels_out)
            down = StoredKernel.of(draw(rank, channels_in, 1, 1), 0)
            up = StoredKernel.of(draw(*first, *layer.shape[2:]), layer.axis)
            change = LayerChange(change.shift, change.gain, down, up)
        layers[layer.name] = change
    return Branch(branch_input(label), label, layers)


def whole_branch(model: ModelProto, label: str, names: tuple[str, ...], *, seed: int = 0) -> Branch:
    """A branch with whole kernels of the layers of these names."""
    rng = np.random.default_rng(seed)
    layers = {}
    for layer in find_layers(model):
        if layer.name in names:
            kernel = rng.normal(0, 0.1, layer.shape).astype(np.float32)
            shift = rng.normal(0, 0.1, layer.channels[1]).astype(np.float32)
            layers[layer.name] = LayerChange(shift, kernel=StoredKernel.of(kernel, layer.axis))
    return Branch(branch_input(label), label, layers)


def pairs(count: int = 3) -> list[FewPair]:
    """Frames of a drawn clip, and the same in other inks."""
    made = []
    for number in range(count):
        own = frame(number)
        made.append(FewPair(f"{number}.png", np.asarray(own), np.asarray(recoloured(own))))
    return made


def save_pairs(folder: Path, count: int = 3) -> tuple[Path, Path]:
    """Folders of targets and of inputs."""
    targets, inputs = folder / "painted", folder / "photos"
    targets.mkdir()
    inputs.mkdir()
    for number in range(count):
        frame(number).save(inputs / f"{number}.png")
        recoloured(frame(number)).save(targets / f"{number}.png")
    return targets, inputs
