"""The guides compute their formulas."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import interpolate

from limner.guide import ColourGuide, EdgesGuide, SoftGuide, area_matrix, cubic_matrix, grey, make_guide
from limner.recipe import GuideName

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


def test_soft_is_the_enlarged_means_of_coarse_cells() -> None:
    picture = noise(2, 3, 128, 128)
    guide = SoftGuide(128)
    down, up = area_matrix(128, 11), cubic_matrix(11, 128)
    expected = up @ (down @ grey(picture) @ down.T) @ up.T
    torch.testing.assert_close(guide(picture, ZERO, ONE, ZERO), expected, atol=1e-5, rtol=0)


def test_a_smaller_guide_is_the_exact_mean_of_the_guide() -> None:
    guide = SoftGuide(128)
    cells = 0.2 + 0.6 * noise(1, 1, 11, 11)
    whole = guide.enlarge(cells, 128)
    torch.testing.assert_close(guide.enlarge(cells, 32), interpolate(whole, (32, 32), mode="area"))


def test_a_guide_stays_in_range_beside_steep_edges() -> None:
    cells = torch.zeros(1, 1, 11, 11)
    cells[..., 5:] = 1
    output = SoftGuide(64).enlarge(cells, 64)
    assert [float(output.min()), float(output.max())] == [0, 1]


def test_a_shifted_grid_moves_the_cells_and_not_the_light() -> None:
    guide = SoftGuide(64)
    ramp = torch.linspace(0.1, 0.9, 64).expand(2, 3, 64, 64)
    shift = torch.tensor([[0.0, -0.5], [0.25, 0.5]])
    shifted, plain = guide.coarse(ramp, shift), guide.coarse(ramp)
    half_a_cell = 0.8 * 64 / 63 / 22  # nearly: a pixel that is cut by an edge has one shade
    for at, sign in ((0, -1), (1, 1)):
        moved = shifted[at, :, :, 1:-1] - plain[at, :, :, 1:-1]
        torch.testing.assert_close(moved, torch.full_like(moved, sign * half_a_cell), atol=3e-4, rtol=0)
    enlarged = guide.enlarge(shifted, 64, shift)
    inside = (..., slice(12, -12))
    # This cubic bends ramps by that much; cells that were enlarged in place would be off by half a cell.
    torch.testing.assert_close(enlarged[inside], guide.enlarge(plain, 64)[inside], atol=8e-3, rtol=0)


def test_a_shift_of_nothing_changes_nothing() -> None:
    guide, still = SoftGuide(64), torch.zeros(2, 2)
    picture = noise(2, 3, 64, 64)
    cells = guide.coarse(picture, still)
    torch.testing.assert_close(cells, guide.coarse(picture))
    for side in (32, 64):
        torch.testing.assert_close(guide.enlarge(cells, side, still), guide.enlarge(cells, side))


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
