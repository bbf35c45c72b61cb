"""Drawn pictures as tensors: sets of equal kind, to tell from spoiled ones."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor

from limner.data.synthetic.draw import SUBJECTS
from limner.data.synthetic.primitives import to_image
from limner.data.synthetic.subjects import Subject
from limner.evaluation.equivariance import MARGIN
from limner.guide import SoftGuide

PIXELS, COUNT = 64, 32

torch.set_num_threads(1)  # on pictures this small, threads cost more by waiting than they gain


@cache
def drawn(seed: int, subject: Subject = "garden", pixels: int = PIXELS, count: int = COUNT) -> Tensor:
    """(count, 3, pixels, pixels) in 0..1, without brush strokes, which hide what is this small."""
    images = (
        to_image(SUBJECTS[subject](np.random.default_rng((seed, nth)), pixels)) for nth in range(count)
    )
    pictures = [np.asarray(image, np.float32) / 255 for image in images]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()


def drawn_wide(seed: int, count: int = COUNT) -> Tensor:
    """Pictures in which a camera can move."""
    return drawn(seed, pixels=PIXELS + 2 * MARGIN, count=count)


def show_soft(pictures: Tensor) -> Tensor:
    """The soft guide of pictures, as training shows them: without auto-levels."""
    guide = SoftGuide(pictures.shape[-1])
    guide_image: Tensor = guide(pictures, torch.zeros(()), torch.ones(()), torch.zeros(()))
    return guide_image


def blur(pictures: Tensor, pixels: int = 2) -> Tensor:
    """Means over cells, enlarged again."""
    small = torch.nn.functional.avg_pool2d(pictures, pixels)
    return torch.nn.functional.interpolate(small, size=pictures.shape[-2:], mode="bilinear")
