"""AlexNet (Krizhevsky et al. 2012), made small by us: no form for 32 pixels is agreed on.

The paper's layers and order are kept: five convolutions, overlapping 3x3 max-pools with stride 2 after the
first, second and fifth, local response normalization after the first two, two linear layers with dropout.
Each layer has a quarter of the paper's width. As the picture has a seventh of its side, the kernels are
5, 5, 3, 3, 3 (the paper's are 11, 5, 3, 3, 3) and the first stride is 1 (4). The authors' own networks for
CIFAR-10 are other ones: those of cuda-convnet (Krizhevsky 2012,
https://code.google.com/archive/p/cuda-convnet), with three convolutions or two and two local layers;
the paper gives 11 % errors for one of them.

- alexnet-small: 2,342,330 parameters, 19,587,456 multiply-adds for 28x28x1;
  2,343,530 parameters, 26,167,296 multiply-adds for 32x32x3
"""

from __future__ import annotations

from torch import Tensor, nn

from limner.networks.classifiers.response_norm import ResponseNorm


class SmallAlexNet(nn.Module):
    """Pictures (N, C, P, P), P 28 or 32, to scores (N, 10) before softmax."""

    def __init__(self, channels: int, pixels: int) -> None:
        super().__init__()
        _ = pixels  # 28 and 32 are both 4 after three pools
        pool = nn.MaxPool2d(3, 2, padding=1)
        self.features = nn.Sequential(
            nn.Conv2d(channels, 24, 5, padding=2),
            nn.ReLU(),
            ResponseNorm(),
            pool,
            nn.Conv2d(24, 64, 5, padding=2),
            nn.ReLU(),
            ResponseNorm(),
            pool,
            nn.Conv2d(64, 96, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(96, 96, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(96, 64, 3, padding=1),
            nn.ReLU(),
            pool,
        )
        self.classifier = nn.Sequential(
            nn.Dropout(0.5),
            nn.Linear(64 * 4 * 4, 1024),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(1024, 1024),
            nn.ReLU(),
            nn.Linear(1024, 10),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """The scores."""
        scores: Tensor = self.classifier(self.features(pictures).flatten(1))
        return scores
