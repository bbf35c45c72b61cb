"""Small stores of pictures to train on: soft colours, 64 pixels, made in a moment."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from limner.data.prepare import prepare
from limner.data.store import ImageStore
from limner.progress import no_progress
from limner.recipe import Recipe

TINY = Recipe(pixels=64, discriminator=4, batch=4)
"""The fastest recipe that still has all parts."""

# Steps this small lose more by two threads that wait for each other than they gain.
torch.set_num_threads(1)


def colours(seed: int, width: int = 100, height: int = 90) -> Image.Image:
    """A picture of soft blobs."""
    noise = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


def store(folder: Path, count: int = 14, *, same_inputs: bool = False) -> ImageStore:
    """A store of `count` pictures in `folder`; with `same_inputs` each is its own input."""
    sources = folder / "sources"
    sources.mkdir(parents=True)
    for seed in range(count):
        # Some upright, some wide: windows must fit both.
        size = (100, 90) if seed % 2 else (90, 130)
        colours(seed, *size).save(sources / f"{seed:02}.png")
    inputs = folder / "inputs" if same_inputs else None
    if inputs is not None:
        shutil.copytree(sources, inputs)
    pictures, _ = prepare([sources], folder / "store", pixels=64, inputs=inputs, progress=no_progress)
    return pictures
