"""Flashes are counted as WCAG counts them, and limited."""

from __future__ import annotations

import pytest
import torch

from limner.art.flashes import (
    MAX_FLASHES,
    FlashLimiter,
    count_flashes,
    from_linear,
    mean_luminance,
    to_linear,
)

RATE = 25


def test_sixty_changes_in_two_seconds_are_fifteen_flashes_a_second() -> None:
    strobe = [0.1, 0.9] * 30
    assert count_flashes(strobe, 30) == 15


@pytest.mark.parametrize(
    "lights",
    [
        [0.5] * 50,
        [0.5, 0.55] * 25,  # less than a tenth
        [0.85, 1.0] * 25,  # both ends are bright
        [number / 50 for number in range(50)],  # one change, in one direction: half a flash
    ],
)
def test_what_is_no_flash(lights: list[float]) -> None:
    assert count_flashes(lights, 25) <= 0.5


def test_a_slow_change_counts_once_and_not_for_each_frame() -> None:
    wave = [0.1, 0.2, 0.3, 0.4, 0.3, 0.2, 0.1, 0.2, 0.3, 0.4]
    assert count_flashes(wave, 25) == 1.5


def lights_of(frames: list[torch.Tensor]) -> list[float]:
    return [float(mean_luminance(to_linear(frame))) for frame in frames]


def test_a_strobe_is_limited_to_the_allowed_flashes() -> None:
    generator = torch.Generator().manual_seed(1)
    texture = 0.8 + 0.4 * torch.rand((1, 3, 32, 32), generator=generator)
    frames = [(level * texture).clamp(0, 1) for level in [0.1, 0.8] * RATE]
    limit = FlashLimiter(RATE)
    shown = [limit(frame) for frame in frames]
    assert count_flashes(lights_of(frames), RATE) > MAX_FLASHES
    assert count_flashes(lights_of(shown), RATE) <= MAX_FLASHES
    assert all(frame.min() >= 0 and frame.max() <= 1 for frame in shown)


def test_the_worst_wave_at_the_limit_has_three_flashes_a_second() -> None:
    """It turns as soon as the light has changed by a tenth."""
    shown, level, wanted = [], 0.4, 0.6
    limit = FlashLimiter(60)
    for _ in range(240):
        frame = from_linear(torch.full((1, 3, 4, 4), wanted))
        level = lights_of([limit(frame)])[0]
        shown.append(level)
        if abs(level - wanted) < 1e-3 or level >= 0.5 > wanted or level <= 0.4 < wanted:
            wanted = 0.2 if wanted > 0.4 else 0.7
    assert count_flashes(shown, 60) <= MAX_FLASHES


def test_what_changes_slowly_is_shown_as_it_is() -> None:
    limit = FlashLimiter(RATE)
    for level in (0.5, 0.51, 0.52, 0.51):
        frame = torch.full((1, 3, 8, 8), level)
        assert limit(frame) is frame


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_the_limited_light_changes_by_the_rate(target: float) -> None:
    limit = FlashLimiter(RATE)
    limit(from_linear(torch.full((1, 3, 8, 8), 0.5)))
    shown = limit(torch.full((1, 3, 8, 8), target))
    assert abs(lights_of([shown])[0] - 0.5) == pytest.approx(0.6 / RATE, abs=1e-4)


def test_linear_light_and_back() -> None:
    levels = torch.linspace(0, 1, 256)
    torch.testing.assert_close(from_linear(to_linear(levels)), levels, atol=1e-5, rtol=0)
    assert float(to_linear(torch.tensor(0.5))) == pytest.approx(0.2140, abs=1e-4)
