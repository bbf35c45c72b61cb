"""Small stores of pictures: soft colours, 64 pixels, prepared quickly."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from limner.data.pairs import Side
from limner.data.prepare import prepare
from limner.data.report import PrepareReport
from limner.data.store import ImageStore
from limner.progress import no_progress
from limner.recipe import Recipe

TINY = Recipe(size="lean", pixels=64, discriminator=4, batch=4)
"""The fastest recipe that still has all parts."""

# In steps this small, threads cost more by waiting for each other than they gain.
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
        # Some are upright, some are wide: crops must fit both.
        size = (100, 90) if seed % 2 else (90, 130)
        colours(seed, *size).save(sources / f"{seed:02}.png")
    inputs = folder / "inputs" if same_inputs else None
    if inputs is not None:
        shutil.copytree(sources, inputs)
    pictures, _ = prepare([sources], folder / "store", pixels=64, inputs=inputs, progress=no_progress)
    return pictures


def prepare_store(
    folder: Path,
    *sources: Path,
    pixels: int = 32,
    inputs: Path | None = None,
    side: Side | None = None,
    frames: int = 10,
    strokes: bool = False,
) -> tuple[ImageStore, PrepareReport]:
    """Prepare a store of small pictures, without progress."""
    return prepare(
        sources,
        folder,
        pixels=pixels,
        inputs=inputs,
        side=side,
        frames=frames,
        strokes=strokes,
        progress=no_progress,
    )


def picture_bytes(pictures: ImageStore) -> dict[str, bytes]:
    """The bytes of each picture by its name."""
    return {pictures.name(i): pictures.image(i).tobytes() for i in range(len(pictures))}


def file_bytes(folder: Path) -> dict[str, bytes]:
    """The bytes of each file by its name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}
