"""Print the light of sets of pictures: the figures in `limner/light.py` and `limner/levels.py`.

    python scripts/light.py flowers sunrise clouds

Each set is a folder of pictures or a clip. The last line but one is of all sets together, the last one of
drawn scenes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from limner.data.light import measure_light
from limner.data.prepare import prepare
from limner.data.synthetic.scenes import draw_scenes
from limner.guide import area_matrix
from limner.light import Light
from limner.progress import no_progress
from limner.recipe import CELLS
from limner.seeding import SCENES, derive_generator

SCENE_SIDE = 64


def light_of_files(sources: Sequence[Path]) -> Light:
    """The light of pictures and clips."""
    with TemporaryDirectory(prefix="limner-") as folder:
        pictures, _ = prepare(sources, Path(folder) / "store", pixels=128, progress=no_progress)
        return measure_light(pictures)


def light_of_scenes(count: int) -> Light:
    """The light of drawn scenes."""
    down = area_matrix(SCENE_SIDE, CELLS)
    cells = down @ draw_scenes(count, SCENE_SIDE, derive_generator(0, SCENES, 0)) @ down.T
    means, spreads = cells.mean((1, 2, 3)), cells.flatten(1).std(1, correction=0)
    return Light(float(means.mean()), float(means.std(correction=0)), float(spreads.mean()))


def main(names: Sequence[str]) -> None:
    torch.set_num_threads(1)
    sources = [Path(name) for name in names]
    lights = {source.name: light_of_files([source]) for source in sources}
    lights |= {"all": light_of_files(sources)} if len(sources) > 1 else {}
    lights |= {"drawn scenes": light_of_scenes(1000)}
    for name, light in lights.items():
        print(
            f"{name:24} mean {light.mean:.2f}  variation {light.variation:.2f}  spread {light.spread:.2f}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
