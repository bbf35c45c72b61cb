"""KID tells pictures of the same kind from blurred ones and from another subject."""

from __future__ import annotations

import torch

from helpers.drawn import blur, drawn
from limner.evaluation.judge import Judge
from limner.evaluation.kid import measure_kid


def test_pictures_of_the_same_kind_are_near_and_spoiled_ones_far(judge: Judge) -> None:
    real = judge.patch_features(drawn(1))
    near = measure_kid(judge.patch_features(drawn(2)), real, seed=0)
    assert near.low < 0 < near.high
    for spoiled in (blur(drawn(2)), drawn(1, "sea"), drawn(2)[:1].expand(len(real), -1, -1, -1)):
        assert measure_kid(judge.patch_features(spoiled), real, seed=0).low > 2 * near.high


def test_features_from_one_distribution_have_a_mean_distance_of_zero() -> None:
    generator = torch.Generator().manual_seed(3)
    values = []
    for _ in range(60):
        offsets = torch.randn(2, 12, 1, 8, generator=generator)  # what the patches of a picture share
        painted, real = (offsets + 0.1 * torch.randn(2, 12, 3, 8, generator=generator)).double()
        values.append(measure_kid(painted, real, seed=0).value)
    mean, deviation = torch.tensor(values).mean(), torch.tensor(values).std()
    assert abs(mean) < 3 * deviation / len(values) ** 0.5
