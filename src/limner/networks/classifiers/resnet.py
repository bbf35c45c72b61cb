"""ResNet for 32 pixels (He et al. 2015, section 4.2): 6n + 2 layers of 16, 32 and 64 channels.

n is 3 in ResNet-20, as published, and 1 in ResNet-8. Shortcuts between stages are the paper's option A:
every second pixel, and zeros for the new channels; they have no weights.

- resnet8: 75,002 parameters, 9,145,216 multiply-adds for 28x28x1;
  75,290 parameters, 12,239,488 multiply-adds for 32x32x3
- resnet20: 269,434 parameters, 30,821,248 multiply-adds for 28x28x1;
  269,722 parameters, 40,551,040 multiply-adds for 32x32x3
"""

from __future__ import annotations

from torch import Tensor, nn

from limner.networks.classifiers.norm_conv import norm_conv


class ResidualBlock(nn.Module):
    """(N, C, H, W) to (N, D, H / stride, W / stride): two convolutions, and the input added to them."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.first = norm_conv(channels_in, channels_out, 3, stride)
        self.second = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels_out)
        self.relu = nn.ReLU()
        self.stride = stride
        self.new_channels = (channels_out - channels_in) // 2

    def forward(self, maps: Tensor) -> Tensor:
        """The maps of the block."""
        shortcut = maps
        if self.stride != 1:
            shortcut = maps[:, :, :: self.stride, :: self.stride]
            # Half of the new channels come first, as in the code that most results are from.
            padding = (0, 0, 0, 0, self.new_channels, self.new_channels)
            shortcut = nn.functional.pad(shortcut, padding)
        sums: Tensor = self.relu(self.norm(self.second(self.first(maps))) + shortcut)
        return sums


class ResNet(nn.Module):
    """Pictures (N, C, P, P), P 28 or 32, to scores (N, 10) before softmax; `blocks` is the paper's n."""

    def __init__(self, channels: int, blocks: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [norm_conv(channels, 16, 3)]
        for before, width in ((16, 16), (16, 32), (32, 64)):
            layers.append(ResidualBlock(before, width, stride=width // before))
            layers += [ResidualBlock(width, width, stride=1) for _ in range(blocks - 1)]
        self.layers = nn.Sequential(*layers)
        self.output = nn.Linear(64, 10)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, pictures: Tensor) -> Tensor:
        """The scores."""
        scores: Tensor = self.output(self.layers(pictures).mean((2, 3)))
        return scores
