"""Networks that compute their weights."""

from __future__ import annotations

import numpy as np
import onnx

from onnx_cases.network import Network
from onnx_cases.torch_export import exported


def weight_norm() -> onnx.ModelProto:
    """Weights in torch's weight_norm parametrisation, g v / |v|, exported without folding."""
    import torch
    from torch import nn
    from torch.nn.utils.parametrizations import weight_norm

    torch.manual_seed(7)
    layers = [
        weight_norm(nn.Conv2d(3, 24, 3, padding=1)), nn.LeakyReLU(0.2),
        weight_norm(nn.Conv2d(24, 40, 3, stride=2, padding=1), dim=1), nn.LeakyReLU(0.2),
        weight_norm(nn.Conv2d(40, 40, 3, padding=1, groups=4)), nn.LeakyReLU(0.2),
        weight_norm(nn.ConvTranspose2d(40, 3, 4, stride=2, padding=1)), nn.Tanh(),
    ]  # fmt: skip
    return exported(nn.Sequential(*layers), 32, 48, do_constant_folding=False)


def standardised() -> onnx.ModelProto:
    """Weights that the file computes: standardised (Qiao et al. 2019) in several ways."""
    net = Network(8)
    value = "image"
    for inputs, outputs, old in ((3, 48, False), (48, 16, True), (16, 3, False)):
        drawn = net.drawn(outputs, inputs, 3, 3)
        if old:
            weights = net.node("Cast", net.constant(drawn.astype(np.float16)), to=1)
            norm = net.node("Pow", net.node("Abs", weights), net.constant(np.array(2, dtype=np.float32)))
            norm = net.node("ReduceSum", norm, net.whole(1, 2, 3), keepdims=1)
        else:
            weights = net.constant(drawn)
            mean = net.node("ReduceMean", weights, axes=[1, 2, 3])
            weights = net.node("Sub", weights, mean)
            norm = net.node("ReduceSumSquare", weights, axes=[1, 2, 3], keepdims=1)
        norm = net.node("Sqrt", net.node("Add", norm, net.constant(np.array(1e-4, dtype=np.float32))))
        most = net.node("ReduceMax", net.node("Div", weights, norm), axes=[2, 3], keepdims=1)
        weights = net.node("Div", weights, norm)
        gain = net.node("ReduceMin", net.node("Sub", net.node("ReduceL2", most, axes=[0]), most), axes=[0])
        weights = net.node("Mul", weights, net.node("Exp", gain))
        value = net.node("Conv", value, weights, pads=[1, 1, 1, 1])
    return net.model([1, 3, 20, 28], net.node("Tanh", value))
