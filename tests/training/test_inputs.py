"""The inputs of a step: pairs, and scenes that depend on the seed and the step alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from helpers.stores import TINY, store
from limner.data.loader import BatchLoader, Position
from limner.data.store import ImageStore
from limner.guide import make_guide
from limner.recipe import Recipe
from limner.training.inputs import StepInputs, make_inputs

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> ImageStore:
    return store(tmp_path_factory.mktemp("inputs"))


def inputs_of(pictures: ImageStore, recipe: Recipe, step: int = 3, rank: int = 0) -> StepInputs:
    batch = BatchLoader(pictures, recipe, CPU).at(Position(step, 0, step))
    guide = make_guide(recipe.guide, recipe.pixels, side=recipe.guide_side)
    return make_inputs(batch, guide, recipe, step, rank)


def test_there_is_a_scene_for_four_pairs_and_one_at_least(pictures: ImageStore) -> None:
    inputs = inputs_of(pictures, TINY)
    assert inputs.pair.input.shape == (4, 1, 32, 32)
    assert inputs.scenes.shape == inputs.scene_cells.shape == (1, 1, 32, 32)
    assert torch.equal(inputs.all()[:4], inputs.pair.input)
    assert torch.equal(inputs.all()[4:], inputs.scenes)
    assert -1 <= inputs.scenes.min() < inputs.scenes.max() <= 1
    assert len(inputs_of(pictures, replace(TINY, batch=8)).scenes) == 2
    assert len(inputs_of(pictures, replace(TINY, batch=2)).scenes) == 1


def test_scenes_depend_on_the_seed_the_step_and_the_process(pictures: ImageStore) -> None:
    scenes = inputs_of(pictures, TINY).scenes
    assert torch.equal(inputs_of(pictures, TINY).scenes, scenes)
    for other in (
        inputs_of(pictures, TINY, step=4),
        inputs_of(pictures, TINY, rank=1),
        inputs_of(pictures, replace(TINY, seed=1)),
    ):
        assert not torch.equal(other.scenes, scenes)


def test_the_papers_sizes_are_shown_scenes_at_the_full_side(pictures: ImageStore) -> None:
    assert inputs_of(pictures, replace(TINY, size="small")).scenes.shape == (1, 1, 64, 64)


@pytest.mark.parametrize("changes", [{"light": 0.0}, {"guide": "edges"}, {"guide": "colour"}])
def test_there_are_no_scenes_without_a_use_for_them(
    pictures: ImageStore, changes: dict[str, float | str]
) -> None:
    inputs = inputs_of(pictures, replace(TINY, **changes))  # type: ignore[arg-type]
    assert len(inputs.scenes) == 0
    assert len(inputs.all()) == 4


def test_pairs_have_no_scenes(tmp_path: Path) -> None:
    assert len(inputs_of(store(tmp_path, same_inputs=True), TINY).scenes) == 0
