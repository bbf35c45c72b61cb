"""A small network of ours for digits: five 3x3 convolutions with batch norm, in the manner of VGG.

24, 48, 48, 96 and 96 channels; a max-pool after the first, and one after the third; the mean over all
places; dropout of 0.3; one linear layer.

- cnn: 157,330 parameters, 12,363,072 multiply-adds for 28x28x1;
  157,762 parameters, 16,589,760 multiply-adds for 32x32x3
"""

from __future__ import annotations

from torch import Tensor, nn

from limner.networks.classifiers.norm_conv import norm_conv


class SmallCNN(nn.Module):
    """Pictures (N, C, P, P), P 28 or 32, to scores (N, 10) before softmax."""

    def __init__(self, channels: int, pixels: int) -> None:
        super().__init__()
        _ = pixels
        self.layers = nn.Sequential(
            norm_conv(channels, 24, 3),
            nn.MaxPool2d(2),
            norm_conv(24, 48, 3),
            norm_conv(48, 48, 3),
            nn.MaxPool2d(2),
            norm_conv(48, 96, 3),
            norm_conv(96, 96, 3),
        )
        self.dropout = nn.Dropout(0.3)
        self.output = nn.Linear(96, 10)

    def forward(self, pictures: Tensor) -> Tensor:
        """The scores."""
        scores: Tensor = self.output(self.dropout(self.layers(pictures).mean((2, 3))))
        return scores
