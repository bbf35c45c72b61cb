"""The guides compute their formulas."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import interpolate

from limner.guide import (
    SMOOTHNESS,
    ColourGuide,
    EdgesGuide,
    SoftGuide,
    area_matrix,
    cubic_matrix,
    grey,
    make_guide,
    smoothing_matrix,
)
from limner.recipe import CELLS, GuideName

ZERO, ONE = torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1)


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("pixels", "cells"), [(64, 8), (256, 16), (96, 32)])
def test_area_matrix_is_the_mean_over_whole_cells(pixels: int, cells: int) -> None:
    image = noise(1, 1, pixels, pixels)
    down = area_matrix(pixels, cells)
    torch.testing.assert_close(down @ image @ down.T, interpolate(image, (cells, cells), mode="area"))


@pytest.mark.parametrize(("pixels", "cells"), [(256, 11), (64, 11), (128, 11)])
def test_area_matrix_keeps_the_mean_of_fractional_cells(pixels: int, cells: int) -> None:
    down = area_matrix(pixels, cells)
    torch.testing.assert_close(down.sum(1), torch.ones(cells))
    torch.testing.assert_close(down.sum(0), torch.full((pixels,), cells / pixels))


@pytest.mark.parametrize(("cells", "pixels"), [(8, 64), (16, 256), (11, 256), (11, 64)])
def test_cubic_matrix_equals_torch_s_bicubic(cells: int, pixels: int) -> None:
    image = noise(1, 1, cells, cells)
    up = cubic_matrix(cells, pixels)
    expected = interpolate(image, (pixels, pixels), mode="bicubic", align_corners=False)
    torch.testing.assert_close(up @ image @ up.T, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("pixels", [64, 128, 256, 512])
def test_a_constant_picture_stays_constant(pixels: int) -> None:
    output = SoftGuide(pixels)(torch.full((1, 3, pixels, pixels), 0.4), ZERO, ONE, ZERO)
    torch.testing.assert_close(output, torch.full((1, 1, pixels, pixels), 0.4), atol=1e-5, rtol=0)


def test_smoothing_keeps_the_mean_and_has_the_asked_deviation() -> None:
    window = smoothing_matrix(64, 2.5)
    torch.testing.assert_close(window.sum(1), torch.ones(64))
    places = torch.arange(64.0)
    variance = (window[32] * (places - 32) ** 2).sum()
    assert float(variance.sqrt()) == pytest.approx(2.5, rel=0.02)


def test_soft_is_the_smoothed_and_enlarged_means_of_cells() -> None:
    picture = noise(2, 3, 128, 128)
    down = area_matrix(128, CELLS)
    smooth = smoothing_matrix(CELLS, SMOOTHNESS)
    cells = smooth @ (down @ grey(picture) @ down.T) @ smooth.T
    live = (ZERO, ONE, ZERO)
    torch.testing.assert_close(SoftGuide(128)(picture, *live, CELLS), cells, atol=1e-5, rtol=0)
    torch.testing.assert_close(SoftGuide(128, side=CELLS)(picture, *live), cells, atol=1e-5, rtol=0)
    up = cubic_matrix(CELLS, 128)
    torch.testing.assert_close(SoftGuide(128)(picture, *live), up @ cells @ up.T, atol=1e-5, rtol=0)


def test_a_guide_moves_with_the_camera() -> None:
    wide = torch.zeros(1, 3, 64, 72)
    wide[..., 36:] = 1
    guides = [SoftGuide(64)(wide[..., at : at + 64], ZERO, ONE, ZERO) for at in range(8)]
    for at, guide in enumerate(guides):
        moved_back = guide[..., 16 - at : 48 - at]
        # The means of 11 cells that stay in place are off by an eighth.
        torch.testing.assert_close(moved_back, guides[0][..., 16:48], atol=0.03, rtol=0)


def test_grey_is_bt_601() -> None:
    colours = torch.eye(3).reshape(3, 3, 1, 1)
    torch.testing.assert_close(grey(colours).flatten(), torch.tensor([0.299, 0.587, 0.114]))


@pytest.mark.parametrize(
    ("value", "brightness", "contrast", "expected"),
    [
        (0.4, 0.1, 1.0, 0.5),
        (0.4, 0.0, 2.0, 0.3),
        (0.6, 0.2, 0.5, 0.75),
        (0.9, 0.3, 1.0, 1.0),
        (0.1, -0.2, 1.0, 0.0),
    ],
)
def test_brightness_and_contrast(value: float, brightness: float, contrast: float, expected: float) -> None:
    picture = torch.full((1, 3, 64, 64), value)
    output = ColourGuide()(picture, brightness * ONE, contrast * ONE)
    torch.testing.assert_close(output, torch.full((1, 3, 64, 64), expected))


def test_edges_are_at_the_step() -> None:
    picture = torch.zeros(1, 3, 64, 64)
    picture[..., 32:] = 1.0
    output = EdgesGuide()(picture, ZERO, ONE)[0, 0]
    torch.testing.assert_close(output[:, 31:33], torch.ones(64, 2), atol=1e-4, rtol=0)
    assert output[:, :28].max() < 0.01
    assert output[:, 36:].max() < 0.01
    turned = EdgesGuide()(picture.transpose(2, 3), ZERO, ONE)[0, 0]
    torch.testing.assert_close(turned.T, output)


@pytest.mark.parametrize("name", ["soft", "edges", "colour"])
def test_guides_declare_their_live_inputs_and_channels(name: GuideName) -> None:
    guide = make_guide(name, 64)
    live = [torch.full((2, 1, 1, 1), value.default) for value in guide.live.values()]
    output = guide(noise(2, 3, 64, 64), *live)
    assert output.shape == (2, guide.channels, 64, 64)
    assert 0 <= output.min() < output.max() <= 1
    assert not guide.state_dict(), "constants are recomputed, not stored in checkpoints"
