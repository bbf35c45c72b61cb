"""MobileNetV2 (Sandler et al. 2018) for 32 pixels: its 17 inverted residual blocks and their widths.

As in other implementations for CIFAR-10, the first convolution and the blocks of 24 channels have stride 1
where the paper's have 2. The half form has half of every width, with the same expansions.

- mobilenetv2: 2,236,106 parameters, 72,938,624 multiply-adds for 28x28x1;
  2,236,682 parameters, 87,976,448 multiply-adds for 32x32x3
- mobilenetv2-half: 586,890 parameters, 19,448,896 multiply-adds for 28x28x1;
  587,178 parameters, 23,688,448 multiply-adds for 32x32x3
"""

from __future__ import annotations

from torch import Tensor, nn

STEM, LAST = 32, 1280
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 1),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, blocks and first stride of each stage: the paper's table 2."""


def _conv(
    channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """A convolution, its batch norm and ReLU6."""
    conv = nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(channels_out), nn.ReLU6()]


class InvertedResidual(nn.Module):
    """(N, C, H, W) to (N, D, H / stride, W / stride): widened, filtered by channel, narrowed linearly."""

    def __init__(self, channels_in: int, channels_out: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels_in * expansion
        widening = _conv(channels_in, wide, 1) if expansion > 1 else []
        self.layers = nn.Sequential(
            *widening,
            *_conv(wide, wide, 3, stride, groups=wide),
            nn.Conv2d(wide, channels_out, 1, bias=False),
            nn.BatchNorm2d(channels_out),
        )
        self.is_residual = stride == 1 and channels_in == channels_out

    def forward(self, maps: Tensor) -> Tensor:
        """The maps of the block."""
        narrowed: Tensor = self.layers(maps)
        return narrowed + maps if self.is_residual else narrowed


class MobileNetV2(nn.Module):
    """Pictures (N, C, P, P), P 28 or 32, to scores (N, 10) before softmax; widths divided by `part`."""

    def __init__(self, channels: int, part: int) -> None:
        super().__init__()
        width = STEM // part
        layers: list[nn.Module] = _conv(channels, width, 3)
        for expansion, wide, count, stride in STAGES:
            for number in range(count):
                block = InvertedResidual(width, wide // part, 1 if number else stride, expansion)
                layers.append(block)
                width = wide // part
        self.layers = nn.Sequential(*layers, *_conv(width, LAST // part, 1))
        self.output = nn.Linear(LAST // part, 10)

    def forward(self, pictures: Tensor) -> Tensor:
        """The scores."""
        scores: Tensor = self.output(self.layers(pictures).mean((2, 3)))
        return scores
