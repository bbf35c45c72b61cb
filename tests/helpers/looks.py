"""Networks with weights as after training, and their looks, made once for all tests."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from onnx import ModelProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from limner.export.inference import LookModule, make_look_module
from limner.export.onnx import export_look
from limner.export.onnx_graph import export_graph
from limner.guide import make_guide
from limner.networks.generator import Generator, make_generator
from limner.recipe import GuideName, Recipe, Size, Upsampling

PIXELS = 64

torch.set_num_threads(1)  # in networks this small, waiting for threads costs more than they gain


def recipe(
    size: Size | None = None, guide: GuideName = "soft", upsampling: Upsampling = "nearest"
) -> Recipe:
    """A quick recipe; only the paper's sizes have transposed convolutions."""
    size = size or ("small" if upsampling == "transposed" else "lean")
    return Recipe(size=size, guide=guide, upsampling=upsampling, pixels=PIXELS)


@cache
def trained_generator(the_recipe: Recipe) -> Generator:
    """A generator as after training: its features keep their scale, its batch norms have statistics."""
    torch.manual_seed(11)
    network = make_generator(the_recipe)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            sources = module.in_channels * (4 if isinstance(module, nn.ConvTranspose2d) else 9)
            nn.init.normal_(module.weight, 0, (2 / sources) ** 0.5)
            if module.bias is not None:
                nn.init.normal_(module.bias, 0, 0.2)
        elif isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.3, 2)
            nn.init.normal_(module.bias, 0, 0.3)
    return network.eval()


class EdgeNetwork(nn.Module):
    """An encoder and a decoder whose convolutions all repeat the edge: (B, 1, P, P) to (B, 3, P, P)."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(12)
        self.first = edge_conv(1, 8)
        self.down = nn.ModuleList([edge_conv(8, 12, stride=2), edge_conv(12, 16, stride=2)])
        self.up = nn.ModuleList([edge_conv(16, 12), edge_conv(24, 8)])
        self.last = edge_conv(16, 3)

    def forward(self, guide: Tensor) -> Tensor:
        skips = [functional.leaky_relu(self.first(guide), 0.2)]
        for down in self.down:
            skips.append(functional.leaky_relu(down(skips[-1]), 0.2))
        features = skips.pop()
        for up in self.up:
            doubled = functional.interpolate(features, scale_factor=2.0, mode="nearest")
            features = torch.cat([functional.leaky_relu(up(doubled), 0.2), skips.pop()], dim=1)
        return torch.tanh(self.last(features))


def edge_conv(channels_in: int, channels_out: int, *, stride: int = 1) -> nn.Conv2d:
    layer = nn.Conv2d(channels_in, channels_out, 3, stride, 1, padding_mode="replicate")
    nn.init.normal_(layer.weight, 0, (2 / (9 * channels_in)) ** 0.5)
    return layer


@cache
def edge_module() -> LookModule:
    """A look's module around an `EdgeNetwork`, with the soft guide."""
    return LookModule(make_guide("soft", PIXELS), EdgeNetwork()).eval()  # type: ignore[arg-type]


@cache
def edge_graph() -> ModelProto:
    return export_graph(edge_module(), PIXELS)


@cache
def module(the_recipe: Recipe) -> LookModule:
    return make_look_module(the_recipe, trained_generator(the_recipe))


@cache
def graph(the_recipe: Recipe) -> ModelProto:
    return export_graph(module(the_recipe), the_recipe.pixels)


@cache
def look_bytes(guide: GuideName = "soft") -> bytes:
    """A complete look with metadata, weights in uint8."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "look.onnx"
        the_recipe = recipe(guide=guide)
        export_look(
            trained_generator(the_recipe),
            the_recipe,
            path,
            name="Clouds",
            author="Ada Example",
            credit="Photos by Ada",
        )
        return path.read_bytes()


def look_file(folder: Path, guide: GuideName = "soft", name: str = "clouds.onnx") -> Path:
    path = folder / name
    path.write_bytes(look_bytes(guide))
    return path


def strided_bytes() -> bytes:
    """Another program's file: strides and pads that looks do not have, and one bias per channel."""
    rng = np.random.default_rng(4)
    shapes = {"a": (8, 3, 3, 3), "b": (8, 8, 5, 5), "c": (8, 6, 2, 2), "d": (3, 6, 3, 3), "e": (1, 3, 1, 1)}
    weights = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    weights["bias"] = rng.normal(0, 0.3, 8).astype(np.float32)
    pads = np.array([0, 0, 3, 2, 0, 0, 1, 2])
    nodes = [
        helper.make_node("Conv", ["x", "a", "bias"], ["p"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["p"], ["q"]),
        helper.make_node("Pad", ["q", "pads"], ["r"], mode="edge"),
        helper.make_node("Conv", ["r", "b"], ["s"]),
        helper.make_node("LeakyRelu", ["s"], ["t"], alpha=0.3),
        helper.make_node("Add", ["s", "t"], ["u"]),
        helper.make_node("ConvTranspose", ["u", "c"], ["v"], strides=[2, 2]),
        helper.make_node("Conv", ["v", "d"], ["w"], pads=[1, 1, 1, 1]),
        helper.make_node("Mul", ["w", "e"], ["y"]),
    ]
    constants = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    constants.append(numpy_helper.from_array(pads, "pads"))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 3, 32, 32)) for name in "xy"]
    graph = helper.make_graph(nodes, "strided", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    content: bytes = model.SerializeToString()
    return content


def edge_padded_bytes() -> bytes:
    """A network whose convolutions repeat the edge, one with stride 2 and one of a doubled image."""
    rng = np.random.default_rng(5)
    shapes = {"a": (8, 3, 3, 3), "b": (6, 8, 3, 3), "c": (5, 6, 3, 3), "d": (3, 5, 3, 3), "bias": (5,)}
    constants = [
        numpy_helper.from_array(rng.normal(0, 0.3, shape).astype(np.float32), name)
        for name, shape in shapes.items()
    ]
    constants.append(numpy_helper.from_array(np.array([0, 0, 1, 1, 0, 0, 1, 1]), "pads"))
    constants.append(numpy_helper.from_array(np.array([1, 1, 2, 2], dtype=np.float32), "scales"))
    modes = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    nodes = [
        helper.make_node("Pad", ["x", "pads"], ["xp"], mode="edge"),
        helper.make_node("Conv", ["xp", "a"], ["p"]),
        helper.make_node("LeakyRelu", ["p"], ["q"], alpha=0.2),
        helper.make_node("Pad", ["q", "pads"], ["qp"], mode="edge"),
        helper.make_node("Conv", ["qp", "b"], ["r"], strides=[2, 2]),
        helper.make_node("Resize", ["r", "", "scales"], ["s"], **modes),
        helper.make_node("Pad", ["s", "pads"], ["sp"], mode="edge"),
        helper.make_node("Conv", ["sp", "c", "bias"], ["t"]),
        helper.make_node("Pad", ["t", "pads"], ["tp"], mode="edge"),
        helper.make_node("Conv", ["tp", "d"], ["u"]),
        helper.make_node("Tanh", ["u"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 3, 32, 32)) for name in "xy"]
    graph = helper.make_graph(nodes, "edges", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    content: bytes = model.SerializeToString()
    return content
