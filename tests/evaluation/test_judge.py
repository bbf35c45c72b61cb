"""The judge: never a network of the recipe's loss, and patches of pictures."""

from __future__ import annotations

import pytest
import torch

from limner.evaluation import judge as module
from limner.evaluation.judge import PATCH, Judge, choose_judge, cut_patches, shrink


def test_the_judge_is_never_the_network_of_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    squeezed, plain = {"perceptual": 4.0}, {"perceptual": 0.0}
    for recipe in (squeezed, plain, {}):
        judge = choose_judge(recipe)
        assert judge is not None and judge.name == "EfficientNet-Lite0"
    monkeypatch.setattr(module, "is_installed", lambda: False)
    assert choose_judge(squeezed) is None
    for recipe in (plain, {}):
        judge = choose_judge(recipe)
        assert judge is not None and judge.name == "SqueezeNet 1.0"


def test_patches_tile_a_picture() -> None:
    picture = torch.rand(2, 3, 2 * PATCH, 2 * PATCH)
    patches = cut_patches(picture)
    assert patches.shape == (2, 4, 3, PATCH, PATCH)
    torch.testing.assert_close(patches[1, 1], picture[1, :, :PATCH, PATCH:])
    small = torch.rand(2, 3, 64, 64)
    torch.testing.assert_close(cut_patches(small), small[:, None])


def test_nothing_of_a_picture_of_any_side_is_left_out() -> None:
    picture = torch.zeros(1, 3, 224, 224)
    picture[..., 160:, 160:] = 1
    assert cut_patches(picture).shape == (1, 4, 3, PATCH, PATCH)
    assert cut_patches(picture)[0, 3].mean() > 0.2
    assert shrink(picture).shape[-1] == PATCH
    torch.testing.assert_close(shrink(picture).mean(), picture.mean(), rtol=0.02, atol=0)


def test_whole_pictures_are_halved_to_the_size_of_a_patch() -> None:
    picture = torch.rand(1, 3, 2 * PATCH, 2 * PATCH)
    assert shrink(picture).shape[-1] == PATCH
    torch.testing.assert_close(shrink(picture)[0, :, 0, 0], picture[0, :, :2, :2].mean((1, 2)))
    assert shrink(picture[..., :64, :64]).shape[-1] == 64


def test_features_do_not_depend_on_the_other_pictures(judge: Judge) -> None:
    pictures = torch.rand(20, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(judge.features(pictures)[18:], judge.features(pictures[18:]))
    assert judge.patch_features(pictures).shape[:2] == (20, 1)
