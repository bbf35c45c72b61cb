"""The scenes are flat and busy, dark and bright, and follow from the generator."""

import time

import pytest
import torch

from limner.data.synthetic.scenes import draw_scenes
from limner.guide import area_matrix
from limner.recipe import CELLS
from limner.seeding import SCENES, derive_generator


def _coarse(scenes: torch.Tensor) -> torch.Tensor:
    down = area_matrix(scenes.shape[-1], CELLS)
    return (down @ scenes @ down.T).flatten(1)


@pytest.mark.parametrize("side", [32, 64])
def test_scenes_have_the_size_and_range_asked_for(side: int) -> None:
    scenes = draw_scenes(40, side, derive_generator(0, SCENES, 0))
    assert scenes.shape == (40, 1, side, side)
    assert scenes.dtype == torch.float32
    assert 0 <= float(scenes.min()) < 0.05
    assert 0.95 < float(scenes.max()) <= 1


def test_a_scene_follows_from_the_generator_and_its_index() -> None:
    few = draw_scenes(2, 32, derive_generator(3, SCENES, 7))
    many = draw_scenes(9, 32, derive_generator(3, SCENES, 7))
    next_step = draw_scenes(9, 32, derive_generator(3, SCENES, 8))
    torch.testing.assert_close(few, many[:2], rtol=0, atol=0)
    scenes = torch.cat([many, next_step]).flatten(1)
    assert len(torch.unique(scenes, dim=0)) == 18


def test_a_generator_gives_new_scenes_at_each_call() -> None:
    generator = derive_generator(0, SCENES, 0)
    assert not torch.equal(draw_scenes(2, 32, generator), draw_scenes(2, 32, generator))


def test_scenes_are_flat_and_busy_dark_and_bright() -> None:
    coarse = _coarse(draw_scenes(300, 64, derive_generator(1, SCENES, 0)))
    mean, spread = coarse.mean(1), coarse.std(1)
    # Photos are seldom flat: of 300 of flowers, 1 in 20 has a spread below 0.08.
    assert 0.08 < float((spread < 0.05).float().mean()) < 0.4
    assert float((spread > 0.2).float().mean()) > 0.1
    assert float((mean < 0.3).float().mean()) > 0.05
    assert float((mean > 0.7).float().mean()) > 0.05


def test_drawing_is_fast() -> None:
    generator = derive_generator(0, SCENES, 0)
    draw_scenes(4, 64, generator)
    start = time.process_time()
    for _ in range(10):
        draw_scenes(4, 64, generator)
    # About 1 ms for four; room for a busy machine.
    assert (time.process_time() - start) / 10 < 0.005
