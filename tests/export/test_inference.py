"""The fused network for inference paints the same as the trained network."""

import copy

import pytest
import torch
from torch import nn

from helpers.looks import recipe, trained_generator
from limner.export.inference import fuse_for_inference, make_look_module
from limner.light import Light
from limner.recipe import Size, Upsampling


@pytest.mark.parametrize(
    ("size", "upsampling"), [("lean", "nearest"), ("small", "nearest"), ("small", "transposed")]
)
def test_the_fused_network_paints_the_same(size: Size, upsampling: Upsampling) -> None:
    the_recipe = recipe(size, upsampling=upsampling)
    network = trained_generator(the_recipe)
    guide = torch.rand(2, 1, the_recipe.guide_side, the_recipe.guide_side) * 2 - 1
    with torch.no_grad():
        expected, found = network(guide), fuse_for_inference(network)(guide)
    assert expected.std() > 0.05
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-5)


def test_batch_norm_and_dropout_are_gone() -> None:
    kinds = {type(module) for module in fuse_for_inference(trained_generator(recipe())).modules()}
    assert not kinds & {nn.BatchNorm2d, nn.Dropout}


def test_fusing_does_not_change_the_trained_network() -> None:
    network = copy.deepcopy(trained_generator(recipe())).train()
    before = copy.deepcopy(network.state_dict())
    fuse_for_inference(network)
    assert network.training
    assert all(value.requires_grad for value in network.parameters())
    assert network.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_the_module_returns_a_painting_in_0_to_1_and_the_guide() -> None:
    module = make_look_module(recipe(guide="colour"), trained_generator(recipe(guide="colour")))
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        painting, guide = module(image, *module.defaults())
    assert painting.shape == image.shape
    assert 0 <= painting.min() < 0.4
    assert 0.6 < painting.max() <= 1
    torch.testing.assert_close(guide, image, rtol=0, atol=1e-6)


def test_auto_levels_aim_at_the_light_of_the_look_s_pictures() -> None:
    dark, bright = (
        make_look_module(recipe(), trained_generator(recipe()), Light(mean, 0.1, 0.15))
        for mean in (0.2, 0.7)
    )
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        guides = [module(image, *module.defaults())[1].mean().item() for module in (dark, bright)]
    assert guides == pytest.approx([0.2, 0.7], abs=0.02)
