"""Writes a look for the engines of others: tfjs/model.json, look.tflite, half.onnx, and layers.json.

python web/tests/proxy/rival_files.py LOOK.onnx FOLDER

Live inputs are constants, and the guide is no output: engines paint and do nothing else. layers.json has
the number of weights of each convolution of the network, and its multiply-adds as the file has them: an
image that is doubled is multiplied by all nine weights.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, numpy_helper

sys.path.insert(0, str(Path(__file__).parents[3] / "src"))
from limner.export.tfjs import write_tfjs
from limner.export.tflite import write_tflite
from limner.look.look import Look, read_look
from limner.look.quantization import dequantize_weights
from limner.look.validation import value_shape

MIN_WEIGHTS = 16
"""Convolutions with fewer belong to the guide: they choose or mix channels."""


def open_packed_look(path: Path) -> Look:
    """The look without its metadata, which those of the tests have in part."""
    model = onnx.load(path)
    del model.metadata_props[:]
    model.producer_name = ""
    return read_look(model.SerializeToString(), path)


def paint_only(model: ModelProto) -> ModelProto:
    """`model` in float32, with the painting as its only output and no node that it does not need."""
    model = dequantize_weights(model)
    graph = model.graph
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    read = {graph.output[0].name}
    nodes = []
    for node in reversed(graph.node):
        if not read.isdisjoint(node.output):
            nodes.append(node)
            read |= set(node.input)
    del graph.input[:], graph.output[1:], graph.node[:]
    graph.input.extend(inputs)
    graph.node.extend(reversed(nodes))
    return model


def in_halves(model: ModelProto) -> ModelProto:
    """`model` in float16, but for the scales of Resize, which have to be float32."""
    half = ModelProto()
    half.CopyFrom(model)
    scales = {name for node in half.graph.node if node.op_type == "Resize" for name in node.input[2:3]}
    for tensor in half.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and tensor.name not in scales:
            values = numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    for value in [*half.graph.input, *half.graph.output, *half.graph.value_info]:
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.FLOAT16
    for node in half.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
    onnx.checker.check_model(half, full_check=True)
    return half


def layers(model: ModelProto) -> list[dict[str, int]]:
    """The convolutions of the network, in their order."""
    weights = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    shapes = {value.name: value_shape(value) for value in [*model.graph.value_info, *model.graph.output]}
    found = []
    for node in model.graph.node:
        if node.op_type not in {"Conv", "ConvTranspose"}:
            continue
        count = int(np.prod(weights[node.input[1]]))
        _, channels, height, width = shapes[node.output[0]]
        multiply_adds = count // channels * channels * height * width
        if node.op_type == "ConvTranspose":
            strides = next(entry.ints for entry in node.attribute if entry.name == "strides")
            multiply_adds //= int(np.prod(strides))
        if count >= MIN_WEIGHTS:
            found.append({"weights": count, "multiplyAdds": multiply_adds})
    return found


def main() -> None:
    path, folder = map(Path, sys.argv[1:])
    look = open_packed_look(path)
    write_tfjs(look, folder / "tfjs")
    write_tflite(look, folder / "look.tflite")
    model = paint_only(look.model)
    onnx.save(in_halves(model), folder / "half.onnx")
    (folder / "layers.json").write_text(json.dumps(layers(model)))


if __name__ == "__main__":
    main()
