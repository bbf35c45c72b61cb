"""The guide: the network's input, computed from a picture (Akten, *Learning to See*, 2017).

A guide is a module of standard operators. Training uses it, and the export puts it inside the look, so the
live page and the training cannot disagree. Its live inputs are tensors: in training one value per picture
(B, 1, 1, 1), in a look scalars with a default.

The soft guide keeps the light of a picture and not its form: the means of 32 x 32 cells, smoothed. Akten
averaged over 11 x 11 cells, whose grid stays where it is when the camera moves; networks learn to paint it.
A smooth window keeps as little, and moves with the camera. What is done to the light is done to the cells.

Both resamplings are products with constant matrices, which are exact in every runtime. They are thin and
cheap beside the network.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from limner.levels import LEVELS, AutoLevels
from limner.light import PHOTOS, Light
from limner.live import LiveInput
from limner.recipe import CELLS, GuideName

SMOOTHNESS = 1.5
"""Standard deviation of the window by which cells are smoothed, in cells: as much is left as of Akten's
11 x 11 means."""

BRIGHTNESS = LiveInput("Brightness", -0.5, 0.5, 0.0)
CONTRAST = LiveInput("Contrast", 0.0, 3.0, 1.0)

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in grey: BT.601, as in OpenCV."""


def area_matrix(size: int, cells: int) -> Tensor:
    """(cells, size): each row is the exact mean over one of `cells` equal parts of `size` pixels."""
    edges = torch.linspace(0, size, cells + 1, dtype=torch.float64)
    pixels = torch.arange(size, dtype=torch.float64)
    low = torch.maximum(edges[:-1, None], pixels)
    high = torch.minimum(edges[1:, None], pixels + 1)
    return ((high - low).clamp(min=0) * cells / size).float()


def average_cells(images: Tensor) -> Tensor:
    """The means of images (B, 1, S, S) in the soft guide's cells, (B, 1, 32, 32)."""
    down = area_matrix(images.shape[-1], CELLS).to(images.device)
    return torch.matmul(torch.matmul(down, images), down.mT)


def smoothing_matrix(cells: int, deviation: float) -> Tensor:
    """(cells, cells): a Gaussian window of `deviation` cells, cut off at three deviations."""
    places = torch.arange(cells, dtype=torch.float64)
    distance = (places[:, None] - places).abs() / deviation
    window = torch.where(distance <= 3, torch.exp(-0.5 * distance**2), 0)
    return (window / window.sum(1, keepdim=True)).float()


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
    """(B, 3, H, W) to (B, 1, H, W) by `LUMA`."""
    weight = picture.new_tensor(LUMA).reshape(1, 3, 1, 1)
    return nn.functional.conv2d(picture, weight)


def adjust(image: Tensor, brightness: Tensor, contrast: Tensor) -> Tensor:
    """Scale the contrast about 0.5, then add the brightness, then clamp to 0..1."""
    return (contrast * (image - 0.5) + (0.5 + brightness)).clamp(0, 1)


class SoftGuide(nn.Module):
    """Grey, averaged over cells and smoothed: light without form."""

    channels = 1

    def __init__(self, pixels: int, light: Light = PHOTOS, side: int | None = None) -> None:
        """`side` is that of the guide, `CELLS` or `pixels`; the default is `pixels`."""
        super().__init__()
        self.live = {"brightness": BRIGHTNESS, "contrast": CONTRAST, "levels": LEVELS}
        self.pixels, self.side = pixels, side or pixels
        self.auto_levels = AutoLevels(light, CELLS)
        smoothing = smoothing_matrix(CELLS, SMOOTHNESS)
        self.register_buffer("down", area_matrix(pixels, CELLS), persistent=False)
        self.register_buffer("smooth", smoothing, persistent=False)
        self.register_buffer("up", cubic_matrix(CELLS, pixels) @ smoothing, persistent=False)
        self.down: Tensor
        self.smooth: Tensor
        self.up: Tensor

    def forward(
        self,
        picture: Tensor,
        brightness: Tensor,
        contrast: Tensor,
        levels: Tensor,
        side: int | None = None,
    ) -> Tensor:
        """The guide (B, 1, S, S) of a picture (B, 3, P, P); `side` is S, by default that of the guide."""
        return self.enlarge(self.cells(picture, brightness, contrast, levels), side or self.side)

    def cells(self, picture: Tensor, brightness: Tensor, contrast: Tensor, levels: Tensor) -> Tensor:
        """All that the guide keeps of a picture (B, 3, P, P): cells (B, 1, 32, 32), 0..1."""
        return self.adjust_cells(self.coarse(picture), brightness, contrast, levels)

    def coarse(self, picture: Tensor) -> Tensor:
        """The means of a picture (B, 3, P, P) in the cells (B, 1, 32, 32)."""
        # Rows first, then columns, keeps each product thin: 32 x P, 32 x 32.
        return torch.matmul(torch.matmul(self.down, grey(picture)), self.down.mT)

    def adjust_cells(self, coarse: Tensor, brightness: Tensor, contrast: Tensor, levels: Tensor) -> Tensor:
        """Cells after the live inputs."""
        return adjust(self.auto_levels(coarse, levels), brightness, contrast)

    def enlarge(self, cells: Tensor, side: int) -> Tensor:
        """Cells (B, 1, 32, 32), smoothed, as the guide (B, 1, S, S); S is `CELLS` or P."""
        matrix = self.smooth if side == CELLS else self.up
        return torch.matmul(torch.matmul(matrix, cells), matrix.mT)


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


def make_guide(name: GuideName, pixels: int, light: Light = PHOTOS, side: int | None = None) -> GuideModule:
    """The guide `name` for pictures of `pixels` x `pixels`.

    Auto-levels aim at `light`. `side` is the side of a soft guide: see `Recipe.guide_side`.
    """
    match name:
        case "soft":
            return SoftGuide(pixels, light, side)
        case "edges":
            return EdgesGuide()
        case "colour":
            return ColourGuide()
