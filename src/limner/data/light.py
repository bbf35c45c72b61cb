"""The light of a store's pictures, at which a look's auto-levels aim."""

from __future__ import annotations

import numpy as np

from limner.data.store import ImageStore
from limner.guide import LUMA, area_matrix
from limner.light import Light
from limner.recipe import CELLS

MAX_PICTURES = 500
"""Pictures that are measured, evenly chosen; more would hardly change the figures."""


def measure_light(pictures: ImageStore) -> Light:
    """The light in the middle squares of the training pictures; of pairs, in those of their inputs."""
    load = pictures.input_image if pictures.is_paired() else pictures.image
    side = pictures.short_side
    down = area_matrix(side, CELLS).numpy()
    step = -(-len(pictures.training) // MAX_PICTURES)
    cells = []
    for index in pictures.training[::step]:
        image = load(index)
        top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
        square = image[top : top + side, left : left + side] @ (np.array(LUMA, np.float32) / 255)
        cells.append(down @ square @ down.T)
    means, spreads = np.mean(cells, axis=(1, 2)), np.std(cells, axis=(1, 2))
    return Light(mean=float(means.mean()), variation=float(means.std()), spread=float(spreads.mean()))
