"""Small paintings, and pictures to learn a style on."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from limner.art.content import Content, ContentPicture
from limner.art.paintings import Painting
from limner.art.style_options import StyleRecipe
from limner.data.synthetic.draw import SUBJECTS
from limner.data.synthetic.primitives import to_image
from limner.networks.style_network import StyleNetwork, make_style_network

TINY = StyleRecipe(pixels=64, crop=32)


INKS = (((0.9, 0.2, 0.1), (1.0, 0.9, 0.3)), ((0.1, 0.2, 0.5), (0.7, 0.9, 1.0)))
"""Two for each painting: red and yellow, blue and white."""


def stripes(number: int = 0) -> Painting:
    """Bold diagonal stripes: 0 is warm, 1 is cold and the other way round."""
    across, down = np.meshgrid(np.arange(64), np.arange(64))
    light = (np.sin((across + (-1) ** number * down) * 0.6) > 0)[..., None]
    return Painting(f"Stripes {number}", to_image(np.where(light, *INKS[number])))


@cache
def content(count: int = 4, first: int = 0) -> Content:
    """Drawn landscapes of 80 pixels."""
    draws = list(SUBJECTS.values())
    numbers = range(first, first + count)
    images = [to_image(draws[n % len(draws)](np.random.default_rng(n), 80)) for n in numbers]
    return Content(tuple(ContentPicture(np.asarray(image)) for image in images))


def picture(pixels: int = 32, number: int = 7) -> Tensor:
    """A drawn landscape, RGB in 0..1, (1, 3, P, P)."""
    image = Image.fromarray(content(1, number).pictures[0].frame).resize((pixels, pixels))
    return torch.from_numpy(np.asarray(image, np.float32) / 255).permute(2, 0, 1)[None]


def lively_network(styles: int, seed: int = 0) -> StyleNetwork:
    """A network with random weights whose styles differ."""
    torch.manual_seed(seed)
    network = make_style_network([f"Style {number}" for number in range(1, styles + 1)])
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "scales" in name or "shifts" in name:
                parameter.add_(0.3 * torch.randn(parameter.shape))
    return network.eval().requires_grad_(False)
