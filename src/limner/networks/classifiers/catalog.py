"""The classifiers by the names that `limner lab` takes."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from limner.networks.classifiers.airbench import Airbench
from limner.networks.classifiers.alexnet import SmallAlexNet
from limner.networks.classifiers.cnn import SmallCNN
from limner.networks.classifiers.codelab import Codelab
from limner.networks.classifiers.googlenet import GoogLeNet
from limner.networks.classifiers.lenet import LeNet5
from limner.networks.classifiers.mobilenet import MobileNet
from limner.networks.classifiers.mobilenet_v2 import MobileNetV2
from limner.networks.classifiers.perceptron import Perceptron
from limner.networks.classifiers.regression import Curve, Line
from limner.networks.classifiers.resnet import ResNet

CLASSIFIERS: dict[str, Callable[[int, int], nn.Module]] = {
    "perceptron": Perceptron,
    "codelab": Codelab,
    "lenet": LeNet5,
    "cnn": SmallCNN,
    "alexnet-small": SmallAlexNet,
    "googlenet": lambda channels, _: GoogLeNet(channels),
    "googlenet-narrow": lambda channels, _: GoogLeNet(channels, part=4, pool_first=True),
    "resnet8": lambda channels, _: ResNet(channels, blocks=1),
    "resnet20": lambda channels, _: ResNet(channels, blocks=3),
    "mobilenet": lambda channels, _: MobileNet(channels, part=1),
    "mobilenet-half": lambda channels, _: MobileNet(channels, part=2),
    "mobilenet-quarter": lambda channels, _: MobileNet(channels, part=4),
    "mobilenetv2": lambda channels, _: MobileNetV2(channels, part=1),
    "mobilenetv2-half": lambda channels, _: MobileNetV2(channels, part=2),
    "airbench": lambda channels, _: Airbench(channels, part=1),
    "airbench-half": lambda channels, _: Airbench(channels, part=2),
    "airbench-quarter": lambda channels, _: Airbench(channels, part=4),
}
"""By name, what makes the network for pictures of so many channels and pixels, with its initial weights."""

REGRESSIONS: dict[str, Callable[[], nn.Module]] = {"line": Line, "curve": Curve}
"""By name, what makes the network of one number."""
