"""The guide: the network's input, computed from a picture (Akten, *Learning to See*, 2017).

A guide is a module of standard operators. Training uses it, and the export puts it inside the look, so the
live page and the training cannot disagree. Its live inputs are tensors: in training one value per picture
(B, 1, 1, 1), in a look scalars with a default.

The soft guide keeps 11 x 11 numbers of a picture: its light in coarse cells. What is done to the light is
done to these, and enlarging comes last.

The soft guide's two resamplings are products with constant matrices. Akten's training used OpenCV's area
and cubic modes. ONNX's Resize has no exact counterpart to them when the factor is not a whole number; a
matrix is exact everywhere. The products are thin and cheap beside the network: at 256 pixels about 1.5
million multiply-adds, half a percent of lean's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from limner.levels import LEVELS, PHOTOS, AutoLevels, Light
from limner.live import LiveInput
from limner.recipe import GuideName

CELLS = round(256 / 24)
"""Coarse cells along a side: Akten's are 24 pixels of a 256-pixel picture wide."""

BRIGHTNESS = LiveInput("Brightness", -0.5, 0.5, 0.0)
CONTRAST = LiveInput("Contrast", 0.0, 3.0, 1.0)

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in grey: BT.601, as in OpenCV."""

NO_SHIFT = torch.zeros((), dtype=torch.float64)


def area_matrix(size: int, cells: int, shift: Tensor = NO_SHIFT) -> Tensor:
    """(..., cells, size): each row is the exact mean over one of `cells` equal parts of `size` pixels.

    `shift` (...) moves the parts by that share of a cell, from -1/2 to 1/2. What lies outside does not
    count.
    """
    steps = torch.arange(cells + 1, dtype=shift.dtype, device=shift.device)
    edges = ((steps + shift[..., None]) * (size / cells)).clamp(0, size)
    pixels = torch.arange(size, dtype=shift.dtype, device=shift.device)
    low = torch.maximum(edges[..., :-1, None], pixels)
    high = torch.minimum(edges[..., 1:, None], pixels + 1)
    inside = edges.diff()[..., None]
    return ((high - low).clamp(min=0) / inside).float()


def average_cells(images: Tensor) -> Tensor:
    """The means of images (B, 1, S, S) in the soft guide's cells, (B, 1, 11, 11)."""
    down = area_matrix(images.shape[-1], CELLS).to(images.device)
    return torch.matmul(torch.matmul(down, images), down.mT)


def cubic_matrix(cells: int, size: int, shift: Tensor = NO_SHIFT) -> Tensor:
    """(..., size, cells): cubic interpolation (Keys 1981, a = -0.75, as in OpenCV), borders repeated.

    `shift` (...) moves the cells as in `area_matrix`.
    """
    a = -0.75
    rows = torch.arange(size, dtype=shift.dtype, device=shift.device)
    centres = (rows + 0.5) * (cells / size) - 0.5 - shift[..., None]
    # Cells that the border repeats count as cells of their own, and are then added to the outermost ones.
    taps = torch.arange(-3, cells + 3, dtype=shift.dtype, device=shift.device)
    x = (centres[..., None] - taps).abs()
    near = ((a + 2) * x - (a + 3)) * x**2 + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    weights = torch.where(x <= 1, near, torch.where(x < 2, far, 0))
    matrix = weights[..., 3:-3].clone()
    matrix[..., 0] += weights[..., :3].sum(-1)
    matrix[..., -1] += weights[..., -3:].sum(-1)
    return matrix.float()


def grey(picture: Tensor) -> Tensor:
    """(B, 3, H, W) to (B, 1, H, W) by `LUMA`."""
    weight = picture.new_tensor(LUMA).reshape(1, 3, 1, 1)
    return nn.functional.conv2d(picture, weight)


def adjust(image: Tensor, brightness: Tensor, contrast: Tensor) -> Tensor:
    """Scale the contrast about 0.5, then add the brightness, then clamp to 0..1."""
    return (contrast * (image - 0.5) + (0.5 + brightness)).clamp(0, 1)


class SoftGuide(nn.Module):
    """Grey, averaged over coarse cells, enlarged by cubic interpolation: light without form."""

    channels = 1

    def __init__(self, pixels: int, light: Light = PHOTOS) -> None:
        super().__init__()
        self.live = {"brightness": BRIGHTNESS, "contrast": CONTRAST, "levels": LEVELS}
        self.pixels = pixels
        self.auto_levels = AutoLevels(light, CELLS)
        self.register_buffer("down", area_matrix(pixels, CELLS), persistent=False)
        self.down: Tensor
        for side in _sides(pixels):
            self.register_buffer(f"up_{side}", _enlarging_matrix(pixels, side), persistent=False)

    def forward(
        self,
        picture: Tensor,
        brightness: Tensor,
        contrast: Tensor,
        levels: Tensor,
        side: int | None = None,
    ) -> Tensor:
        """The guide (B, 1, P, P) of a picture (B, 3, P, P), or that of fewer pixels: see `enlarge`."""
        return self.enlarge(self.cells(picture, brightness, contrast, levels), side or self.pixels)

    def cells(self, picture: Tensor, brightness: Tensor, contrast: Tensor, levels: Tensor) -> Tensor:
        """All that the guide keeps of a picture (B, 3, P, P): cells (B, 1, 11, 11), 0..1."""
        return self.light(self.coarse(picture), brightness, contrast, levels)

    def coarse(self, picture: Tensor, shift: Tensor | None = None) -> Tensor:
        """The means of a picture (B, 3, P, P) in the coarse cells (B, 1, 11, 11).

        `shift` (B, 2) moves the grid of cells down and to the right, by shares of a cell from -1/2 to 1/2.
        """
        rows = columns = self.down
        if shift is not None:
            rows, columns = area_matrix(self.pixels, CELLS, shift)[:, :, None].unbind(1)
        # Rows first, then columns, keeps each product thin: 11 x P, 11 x 11.
        return torch.matmul(torch.matmul(rows, grey(picture)), columns.mT)

    def light(self, coarse: Tensor, brightness: Tensor, contrast: Tensor, levels: Tensor) -> Tensor:
        """Coarse cells after the live inputs."""
        return adjust(self.auto_levels(coarse, levels), brightness, contrast)

    def enlarge(self, cells: Tensor, side: int, shift: Tensor | None = None) -> Tensor:
        """Cells (B, 1, 11, 11) as the guide (B, 1, P, P), or for a smaller `side` its exact area mean.

        `side` is a power of two from 32 to P; `shift` is as in `coarse`.
        """
        rows = columns = self.get_buffer(f"up_{side}")
        if shift is not None:
            rows, columns = _enlarging_matrix(self.pixels, side, shift)[:, :, None].unbind(1)
        # Cubic interpolation overshoots beside steep edges.
        return torch.matmul(torch.matmul(rows, cells), columns.mT).clamp(0, 1)


def _enlarging_matrix(pixels: int, side: int, shift: Tensor = NO_SHIFT) -> Tensor:
    """(..., side, CELLS): cubic interpolation to `pixels`, then the means of `side` equal parts."""
    cubic = cubic_matrix(CELLS, pixels, shift)
    return cubic if side == pixels else area_matrix(pixels, side).to(cubic.device) @ cubic


def _sides(pixels: int) -> list[int]:
    """Powers of two from 32 to `pixels`."""
    return [side for side in (32, 64, 128, 256, 512) if side <= pixels]


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


def make_guide(name: GuideName, pixels: int, light: Light = PHOTOS) -> GuideModule:
    """The guide `name` for pictures of `pixels` x `pixels`, whose auto-levels aim at `light`."""
    match name:
        case "soft":
            return SoftGuide(pixels, light)
        case "edges":
            return EdgesGuide()
        case "colour":
            return ColourGuide()
