"""Remake the pictures of docs/dream.md: dream_pictures.py WATER_CLIP FLOWER_CLIP NETWORK [FOLDER].

NETWORK is what `limner classify` learned of folders of flowers, among them sunflowers and roses.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from limner.art.deepdream import DeepDream
from limner.art.dream_film import FILM_FRAMES_PER_SECOND
from limner.art.dream_network import read_network
from limner.art.dream_objective import Activation, ClassScore, GuideSimilarity, Objective
from limner.art.dream_options import DreamOptions, FilmOptions
from limner.art.dreamer import Dreamer
from limner.data.arrays import center_crop
from limner.data.synthetic.draw import draw
from limner.data.videos import FrameReader
from limner.networks.feature_layers import Layer
from limner.networks.features import load_squeezenet

SHOWN: tuple[Layer, ...] = ("fire3", "fire5", "fire7", "fire8", "fire9")
CLASSES = ("sunflowers", "roses")
OPTIONS = DreamOptions(pixels=480)
FILM, FILM_FRAMES = FilmOptions(), (0, 12, 24, 36, 48)
GAP, PAPER, QUALITY = 8, "#f4f1ea", 88


def frame_of(clip: Path) -> Image.Image:
    """The frame in the middle of a clip."""
    return next(FrameReader(clip, 1)).image


def sheet(pictures: Sequence[Image.Image], columns: int) -> Image.Image:
    """Pictures of one size in rows."""
    width, height = pictures[0].size
    rows = -(-len(pictures) // columns)
    whole = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), PAPER)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        whole.paste(picture, (column * (width + GAP), row * (height + GAP)))
    return whole


def same_size(picture: Image.Image, like: Image.Image) -> Image.Image:
    """The middle of a picture in another one's size."""
    return Image.fromarray((center_crop(picture, like.size) * 255 + 0.5).astype(np.uint8))


def main(water: Path, flower: Path, own: Path, folder: Path) -> None:
    network = load_squeezenet()
    source, guide = frame_of(water), frame_of(flower)

    def dream_of(objective: Objective, picture: Image.Image = source) -> Image.Image:
        return Dreamer(DeepDream(objective, OPTIONS), FILM)(picture)

    layers = {layer: dream_of(Activation(network, layer)) for layer in SHOWN}
    shown = [same_size(source, layers["fire9"]), *layers.values()]
    sheet(shown, 3).save(folder / "dream-layers.jpg", quality=QUALITY)

    small = center_crop(guide, 224)
    wanted = torch.from_numpy(small.copy()).permute(2, 0, 1)[None]
    guided = dream_of(GuideSimilarity(network, "fire8", wanted))
    shown = [same_size(guide, guided), guided, layers["fire8"]]
    sheet(shown, 3).save(folder / "dream-guided.jpg", quality=QUALITY)

    taught = read_network(own)
    assert taught.classes is not None
    flowers = [dream_of(ClassScore(taught.features, taught.classes, name)) for name in CLASSES]
    shown = [same_size(source, flowers[0]), *flowers]
    sheet(shown, 3).save(folder / "dream-classes.jpg", quality=QUALITY)

    [garden] = draw("garden", 1, 480, 3)
    dreamer = Dreamer(DeepDream(Activation(network, "fire9"), OPTIONS), FILM)
    film = list(dreamer.film(garden, FILM_FRAMES[-1] + 1, FILM_FRAMES_PER_SECOND))
    sheet([film[number] for number in FILM_FRAMES], 5).save(folder / "dream-film.jpg", quality=QUALITY)


if __name__ == "__main__":
    here = Path(__file__).parents[1] / "docs" / "pictures"
    clip, other, network = map(Path, sys.argv[1:4])
    main(clip, other, network, Path(sys.argv[4]) if len(sys.argv) > 4 else here)
