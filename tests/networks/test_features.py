"""SqueezeNet's features: the weights, the range of the input, the layers, the memory format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from limner.errors import LimnerError
from limner.networks import features
from limner.networks.feature_layers import LAYERS, Layer
from limner.networks.features import WEIGHTS, load_squeezenet, smallest_side


def random_pictures(count: int, pixels: int) -> Tensor:
    return 2 * torch.rand(count, 3, pixels, pixels, generator=torch.Generator().manual_seed(0)) - 1


def test_the_first_layer_takes_rgb_where_the_file_has_bgr_less_its_mean() -> None:
    network, pictures = load_squeezenet(), random_pictures(1, 32)
    with np.load(Path(features.__file__).with_name(WEIGHTS), allow_pickle=False) as stored:
        weight, bias = (torch.from_numpy(stored[f"features.0.{name}"]) for name in ("weight", "bias"))
    caffe = ((pictures + 1) * 127.5).flip(1) - torch.tensor([104.0, 117, 123]).reshape(1, 3, 1, 1)
    torch.testing.assert_close(
        network.conv1(pictures), conv2d(caffe, weight, bias, stride=2), rtol=1e-4, atol=1e-2
    )


def test_maps_come_in_the_order_of_the_network_with_its_shapes() -> None:
    network, pictures = load_squeezenet(), random_pictures(2, 64)
    shapes = [tuple(image.shape) for image in network(pictures, ["fire5", "fire2", "fire9"])]
    assert shapes == [(2, 128, 14, 14), (2, 256, 7, 7), (2, 512, 3, 3)]
    assert network.pooled(pictures).shape == (2, 512)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_has_one_place_of_its_smallest_side_and_none_of_less(layer: Layer) -> None:
    network, side = load_squeezenet(), smallest_side(layer)
    assert network(random_pictures(1, side), [layer])[0].shape[2:] == (1, 1)
    with pytest.raises(RuntimeError):
        network(random_pictures(1, side - 1), [layer])


def test_the_smallest_picture_has_features() -> None:
    pooled = load_squeezenet().pooled(random_pictures(1, features.MIN_PIXELS))
    assert torch.isfinite(pooled).all()


def test_no_weight_is_trained_but_pictures_get_gradients() -> None:
    network, pictures = load_squeezenet().train(), random_pictures(1, 32).requires_grad_()
    (gradient,) = torch.autograd.grad(network.pooled(pictures).sum(), pictures)
    assert gradient.abs().sum() > 0
    assert not any(weight.requires_grad for weight in network.parameters())


def test_channels_last_pictures_stay_so_in_every_layer() -> None:
    pictures = random_pictures(2, 64).contiguous(memory_format=torch.channels_last)
    for image in load_squeezenet()(pictures, LAYERS):
        assert image.is_contiguous(memory_format=torch.channels_last)


def test_damaged_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "SHA256", "0" * 64)
    with pytest.raises(LimnerError, match="install limner again"):
        load_squeezenet()
