"""A style is learned, resumed bit-exactly, and calmed; what does not fit is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from helpers.dreams import squeezenet
from helpers.styles import TINY, content, picture, stripes
from limner.art import style_training as module
from limner.art.paintings import Painting
from limner.art.style_objective import StyleDistance, content_distance, extract
from limner.art.style_options import StyleRecipe
from limner.art.style_state import StyleState
from limner.art.style_training import StyleResult, train_style
from limner.errors import LimnerError
from limner.networks.style_network import StyleNetwork
from limner.training.checkpoint import list_checkpoints
from limner.training.signals import StopSignal

torch.set_num_threads(1)  # in a network this small, waiting for threads costs more than they gain

FAST = dataclasses.replace(TINY, learning_rate=0.01, stability=False)
"""Learns in few steps what is tested."""

SHOWN = torch.cat([2 * picture(64, number) - 1 for number in (20, 21, 22)])


def train(
    folder: Path, steps: int, recipe: StyleRecipe = TINY, paintings: Sequence[Painting] = ()
) -> StyleResult:
    return train_style(paintings or [stripes()], content(), recipe, folder, steps=steps, device="cpu")


def style_distance(painted: Tensor, painting: Painting) -> float:
    style = StyleDistance(squeezenet(), painting.to_tensor(), "sliced-wasserstein")
    return float(style(extract(squeezenet(), painted), torch.Generator().manual_seed(0)))


def noise_gain(network: StyleNetwork) -> float:
    noise = 4 / 255 * torch.randn(SHOWN.shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        changed = network(SHOWN + noise) - network(SHOWN)
    return float((changed.square().mean() / noise.square().mean()).sqrt())


def paint(network: StyleNetwork, *weights: float) -> Tensor:
    with torch.no_grad():
        painted: Tensor = network(SHOWN, *map(torch.tensor, weights))
    return painted


def test_paintings_come_nearer_to_the_style_and_less_strength_keeps_more_of_the_content(
    tmp_path: Path,
) -> None:
    strong = paint(train(tmp_path / "strong", 40, FAST).network)
    assert style_distance(strong, stripes()) < 0.5 * style_distance(SHOWN, stripes())
    recipe = dataclasses.replace(FAST, strength=0.03)
    faint = paint(train(tmp_path / "faint", 40, recipe).network)
    wanted, *found = (extract(squeezenet(), images).content for images in (SHOWN, strong, faint))
    assert content_distance(found[1], wanted) < content_distance(found[0], wanted)


def test_two_styles_are_learned_by_one_network(tmp_path: Path) -> None:
    both = [stripes(0), stripes(1)]
    network = train(tmp_path, 40, FAST, both).network
    for number, weights in enumerate(((1.0, 0.0), (0.0, 1.0))):
        own, other = (style_distance(paint(network, *weights), each) for each in both[:: 1 - 2 * number])
        assert own < other


@pytest.mark.slow
def test_the_terms_against_flicker_lower_the_noise_gain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RAMP", 1)
    gains = [
        noise_gain(train(tmp_path / name, 40, dataclasses.replace(TINY, stability=stability)).network)
        for name, stability in (("calm", True), ("free", False))
    ]
    assert gains[0] < 0.8 * gains[1]


@pytest.mark.parametrize("paintings", [1, 2])
def test_a_resumed_training_is_the_uninterrupted_one(paintings: int, tmp_path: Path) -> None:
    styles = [stripes(number) for number in range(paintings)]
    whole = train(tmp_path / "whole", 4, paintings=styles)
    train(tmp_path / "parts", 2, paintings=styles)
    resumed = train(tmp_path / "parts", 4, paintings=styles)
    assert resumed.steps == whole.steps == 4
    expected = whole.network.state_dict()
    assert [n for n, t in resumed.network.state_dict().items() if not torch.equal(t, expected[n])] == []


def test_a_request_to_stop_saves_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StopSignal, "requested", True)
    result = train(tmp_path, 50)
    assert (result.steps, result.was_stopped) == (1, True)
    assert "the same command resumes" in result.describe()
    assert [path.name for path in list_checkpoints(tmp_path)] == ["step-00000001.safetensors"]


def test_time_ends_it_too(tmp_path: Path) -> None:
    progress: list[tuple[int, int, str]] = []
    result = train_style(
        [stripes()],
        content(),
        TINY,
        tmp_path,
        minutes=0.01,
        progress=lambda *told: progress.append(told),
        device="cpu",
    )
    assert 0.6 <= result.seconds < 10
    assert progress[-1] == (1, 1, "Learning, seconds")


def test_what_does_not_fit_is_refused_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "training"
    train(folder, 1)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(LimnerError, match="learned from other pictures"):
        train(folder, 2, paintings=[stripes(1)])
    with pytest.raises(LimnerError, match=r"its stability \(True, not False\)"):
        train(folder, 2, dataclasses.replace(TINY, stability=False))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("spoil", [lambda _: float("nan"), lambda _: 0.5])
def test_what_is_not_finite_keeps_the_last_checkpoint(
    spoil: Callable[[object], float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(tmp_path, 1)

    def step(state: StyleState, *_: object) -> float:
        next(state.network.parameters()).data.fill_(float("nan"))
        return spoil(state)

    monkeypatch.setattr(module, "train_step", step)
    with pytest.raises(LimnerError, match=r"diverged at step 2\. Try another --seed"):
        train(tmp_path, 2)
    assert [path.name for path in list_checkpoints(tmp_path)] == ["step-00000001.safetensors"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pixels": 100}, "pixels is 100"),
        ({"crop": 33}, "crop is 33; choose a multiple of 4 from 32 to 512"),
        ({"batch": 0}, "batch is 0"),
        ({"loss": "vgg"}, "loss is 'vgg'; choose one of sliced-wasserstein, gram"),
        ({"strength": float("nan")}, "strength is nan"),
        ({"smooth": -1}, "smooth is -1"),
    ],
)
def test_a_recipe_out_of_range_is_refused(changes: dict[str, float], reason: str) -> None:
    with pytest.raises(LimnerError, match=reason):
        dataclasses.replace(TINY, **changes)  # type: ignore[arg-type]
