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


def flashes(luminances: list[float], rate: float) -> float:
    return count_flashes(luminances, [number / rate for number in range(len(luminances))])


def test_sixty_changes_in_two_seconds_are_fifteen_flashes_a_second() -> None:
    strobe = [0.1, 0.9] * 30
    assert flashes(strobe, 30) == 15


@pytest.mark.parametrize(
    "luminances",
    [
        [0.5] * 50,
        [0.5, 0.55] * 25,  # less than a tenth
        [0.85, 1.0] * 25,  # both ends are bright
        [number / 50 for number in range(50)],  # one change, in one direction: half a flash
    ],
)
def test_what_is_no_flash(luminances: list[float]) -> None:
    assert flashes(luminances, 25) <= 0.5


def test_a_slow_change_counts_once_and_not_for_each_frame() -> None:
    wave = [0.1, 0.2, 0.3, 0.4, 0.3, 0.2, 0.1, 0.2, 0.3, 0.4]
    assert flashes(wave, 25) == 1.5


def luminances_of(frames: list[torch.Tensor]) -> list[float]:
    return [float(mean_luminance(to_linear(frame))) for frame in frames]


def test_a_strobe_is_limited_to_the_allowed_flashes() -> None:
    generator = torch.Generator().manual_seed(1)
    texture = 0.8 + 0.4 * torch.rand((1, 3, 32, 32), generator=generator)
    frames = [(level * texture).clamp(0, 1) for level in [0.1, 0.8] * RATE]
    limit = FlashLimiter()
    shown = [limit(frame, number / RATE) for number, frame in enumerate(frames)]
    assert flashes(luminances_of(frames), RATE) > MAX_FLASHES
    assert flashes(luminances_of(shown), RATE) <= MAX_FLASHES
    assert all(frame.min() >= 0 and frame.max() <= 1 for frame in shown)


BURSTS = [start + number / 60 for start in (0, 0.7, 1.4, 2.1, 9, 9.3) for number in range(12)]
"""Seconds: 60 frames a second, but 7 a second as a mean, as of a phone that films in the dark."""


@pytest.mark.parametrize("times", [[number / 60 for number in range(240)], BURSTS], ids=["even", "uneven"])
def test_the_worst_wave_at_the_limit_has_three_flashes_a_second(times: list[float]) -> None:
    """It turns as soon as the luminance has changed by a tenth."""
    shown, start, wanted = [], 0.4, 0.9
    limit = FlashLimiter()
    limit(from_linear(torch.full((1, 3, 4, 4), start)), times[0])
    for seconds in times:
        frame = from_linear(torch.full((1, 3, 4, 4), wanted))
        level = luminances_of([limit(frame, seconds)])[0]
        shown.append(level)
        if abs(level - start) >= 0.1:
            start, wanted = level, 0.1 if wanted > 0.5 else 0.9
    assert 1.5 <= count_flashes(shown, times) <= MAX_FLASHES


def test_what_changes_slowly_is_shown_as_it_is() -> None:
    limit = FlashLimiter()
    for number, level in enumerate((0.5, 0.51, 0.52, 0.51)):
        frame = torch.full((1, 3, 8, 8), level)
        assert limit(frame, number / RATE) is frame


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_the_limited_light_changes_by_the_rate(target: float) -> None:
    limit = FlashLimiter()
    limit(from_linear(torch.full((1, 3, 8, 8), 0.5)), 7)
    shown = limit(torch.full((1, 3, 8, 8), target), 7 + 1 / RATE)
    assert abs(luminances_of([shown])[0] - 0.5) == pytest.approx(0.6 / RATE, abs=1e-4)


def test_two_frames_of_one_time_have_the_same_luminance() -> None:
    limit = FlashLimiter()
    frames = [torch.full((1, 3, 8, 8), level) for level in (0.5, 0.9)]
    first, second = luminances_of([limit(frame, 1) for frame in frames])
    assert second == pytest.approx(first, abs=1e-4)


def test_linear_light_and_back() -> None:
    levels = torch.linspace(0, 1, 256)
    torch.testing.assert_close(from_linear(to_linear(levels)), levels, atol=1e-5, rtol=0)
    assert float(to_linear(torch.tensor(0.5))) == pytest.approx(0.2140, abs=1e-4)
