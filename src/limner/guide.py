"""The guide: the network's input, computed from a picture (Akten, *Learning to See*, 2017).

A guide is a module of standard operators. Training uses it, and the export puts it inside the look, so the
live page and the training cannot disagree. Its live inputs are tensors: in training one value per picture
(B, 1, 1, 1), in a look scalars with a default.

The soft guide's two resamplings are products with constant matrices. Akten's training used OpenCV's area
and cubic modes. ONNX's Resize has no exact counterpart to them when the factor is not a whole number; a
matrix is exact everywhere. The products are thin and cheap beside the network: at 256 pixels about 1.5
million multiply-adds, half a percent of lean's.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from limner.live import LiveInput
from limner.recipe import GuideName

CELL = 24
"""Side of a coarse cell, in pixels of a 256-pixel picture: Akten's area downscale."""


BRIGHTNESS = LiveInput("Brightness", -0.5, 0.5, 0.0)
CONTRAST = LiveInput("Contrast", 0.0, 3.0, 1.0)
DETAIL = LiveInput("Detail", 0.0, 1.0, 0.0)


def area_matrix(size: int, cells: int) -> Tensor:
    """(cells, size): each row is the exact mean over one of `cells` equal parts of `size` pixels."""
    edges = torch.linspace(0, size, cells + 1, dtype=torch.float64)
    pixels = torch.arange(size, dtype=torch.float64)
    low = torch.maximum(edges[:-1, None], pixels[None])
    high = torch.minimum(edges[1:, None], pixels[None] + 1)
    return ((high - low).clamp(min=0) * cells / size).float()


def cubic_matrix(cells: int, size: int) -> Tensor:
    """(size, cells): cubic interpolation (Keys 1981, a = -0.75, as in OpenCV), borders repeated."""
    a = -0.75
    matrix = torch.zeros(size, cells, dtype=torch.float64)
    for row in range(size):
        centre = (row + 0.5) * cells / size - 0.5
        for tap in range(math.floor(centre) - 1, math.floor(centre) + 3):
            x = abs(centre - tap)
            near = (a + 2) * x**3 - (a + 3) * x**2 + 1
            far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
            matrix[row, min(max(tap, 0), cells - 1)] += near if x <= 1 else far
    return matrix.float()


def grey(picture: Tensor) -> Tensor:
    """(B, 3, H, W) to (B, 1, H, W) by the luma of BT.601, as in OpenCV."""
    weight = picture.new_tensor([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)
    return nn.functional.conv2d(picture, weight)


def adjust(image: Tensor, brightness: Tensor, contrast: Tensor) -> Tensor:
    """Scale the contrast about 0.5, then add the brightness, then clamp to 0..1."""
    return (contrast * (image - 0.5) + (0.5 + brightness)).clamp(0, 1)


class SoftGuide(nn.Module):
    """Grey, averaged over coarse cells, enlarged by cubic interpolation: light without form."""

    channels = 1

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.live = {"brightness": BRIGHTNESS, "contrast": CONTRAST, "detail": DETAIL}
        cells = round(256 / CELL)
        self.register_buffer("down", area_matrix(pixels, cells), persistent=False)
        self.register_buffer("up", cubic_matrix(cells, pixels), persistent=False)
        self.down: Tensor
        self.up: Tensor

    def forward(self, picture: Tensor, brightness: Tensor, contrast: Tensor, detail: Tensor) -> Tensor:
        shade = grey(picture)
        # Rows first, then columns, keeps each product thin: cells x P, cells x cells, P x cells, P x P.
        coarse = torch.matmul(torch.matmul(self.down, shade), self.down.T)
        soft = torch.matmul(torch.matmul(self.up, coarse), self.up.T)
        return adjust(soft + detail * (shade - soft), brightness, contrast)


class EdgesGuide(nn.Module):
    """Edge strength: the Sobel gradient of the grey picture, slightly smoothed (5x5)."""

    channels = 1
    gain = 2.0
    """Scales the response to a step from black to white to 1."""

    def __init__(self) -> None:
        super().__init__()
        self.live = {"brightness": BRIGHTNESS, "contrast": CONTRAST}
        slope = torch.tensor([-1.0, -2.0, 0.0, 2.0, 1.0]) / 6.0
        smooth = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
        kernel = torch.stack([torch.outer(smooth, slope), torch.outer(slope, smooth)])[:, None]
        self.register_buffer("kernel", kernel, persistent=False)
        self.kernel: Tensor

    def forward(self, picture: Tensor, brightness: Tensor, contrast: Tensor) -> Tensor:
        shade = nn.functional.pad(grey(picture), (2, 2, 2, 2), mode="replicate")
        gradient = nn.functional.conv2d(shade, self.kernel)
        across, down = gradient[:, :1], gradient[:, 1:]
        strength = torch.sqrt(across * across + down * down + 1e-8) * self.gain
        return adjust(strength, brightness, contrast)


class ColourGuide(nn.Module):
    """The picture itself: for training pairs, and for looks that keep the picture's colours."""

    channels = 3

    def __init__(self) -> None:
        super().__init__()
        self.live = {"brightness": BRIGHTNESS, "contrast": CONTRAST}

    def forward(self, picture: Tensor, brightness: Tensor, contrast: Tensor) -> Tensor:
        return adjust(picture, brightness, contrast)


GuideModule = SoftGuide | EdgesGuide | ColourGuide


def make_guide(name: GuideName, pixels: int) -> GuideModule:
    """The guide `name` for pictures of `pixels` x `pixels`."""
    match name:
        case "soft":
            return SoftGuide(pixels)
        case "edges":
            return EdgesGuide()
        case "colour":
            return ColourGuide()
