"""Train a small network to paint in the style of one or several paintings (Johnson et al. 2016).

Every random number is a function of the seed and the step, so a training that is stopped and resumed gets
the weights of one that was not, on the same number of threads.
"""

from __future__ import annotations

import copy
import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from limner.art.content import Content, ContentBatch, ContentSampler
from limner.art.paintings import DIGEST_BYTES, Painting
from limner.art.stability import frame_difference, squared_noise_gain
from limner.art.style_objective import STYLE_WEIGHT, Features, content_distance, extract, total_variation
from limner.art.style_options import DRAW_STEP, StyleRecipe
from limner.art.style_state import StyleState
from limner.display import readable_duration
from limner.errors import LimnerError
from limner.lock import folder_lock
from limner.networks.style_network import StyleNetwork
from limner.progress import Progress, no_progress
from limner.seeding import STYLES, derive_generator
from limner.training.keyframe import check_budget, report_progress
from limner.training.keyframe_checkpoint import check_folder, load_newest, save_checkpoint
from limner.training.moving_average import update_average
from limner.training.signals import StopSignal

AVERAGE = 0.99
"""Decay of the moving average of the weights, which is what paints. It rises to this over the steps."""

SAVE_SECONDS = 30.0
"""Seconds between two checkpoints: what a training that is killed loses at most."""

KIND = "style"
"""The kind of training that a checkpoint names."""

NOISE = 2 / 255
"""Standard deviation of a camera's noise, where black is 0 and white 1."""

NOISE_WEIGHT = 0.02
"""Weight of the squared noise gain: at a gain of 10, as of published networks, as much as the content."""

FRAME_WEIGHT = 0.1
"""Weight of the frame difference."""

RAMP = 200
"""Steps in which the weights of the two rise: a network that does not paint yet learns to paint nothing."""


@dataclass(frozen=True)
class StyleResult:
    """The trained network and what it took."""

    network: StyleNetwork
    """The moving average, on the CPU, in evaluation mode."""
    steps: int
    seconds: float
    """Training time over all sessions."""
    was_stopped: bool
    """Whether a person stopped it before its budget was reached."""

    def describe(self) -> str:
        """What was reached, as a sentence."""
        reached = f"Learned in {self.steps:,} steps, {readable_duration(self.seconds)}."
        again = " Stopped early: the same command resumes from there."
        return reached + again if self.was_stopped else reached


def train_style(
    paintings: Sequence[Painting],
    content: Content,
    recipe: StyleRecipe,
    folder: Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    progress: Progress = no_progress,
    message: Callable[[str], None] = lambda _: None,
    device: str | None = None,
) -> StyleResult:
    """Train in `folder`, or resume the training in it, until `minutes` or `steps` are reached.

    Both include earlier sessions. Ctrl-C and SIGTERM end it after the current step, as if the budget were
    reached. `device` is by default the CUDA GPU where there is one, else the CPU. torch's global random
    number generator is reseeded.

    Raises LimnerError where the budget is out of range, another process trains there, the folder holds
    something else or a training of other pictures or settings, or a loss or a weight is NaN or infinite:
    the last checkpoint is then unchanged.
    """
    check_budget(minutes, steps)
    check_folder(folder)
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    with StopSignal(message) as stop_signal, folder_lock(folder, "trained") as lock:
        state = StyleState(paintings, recipe, place)
        digest = _digest(paintings, content)
        if load_newest(folder, state, recipe, digest, message, kind=KIND):
            message(f"Resuming at step {state.step:,}.")
        sampler = ContentSampler(content, recipe, place)

        def save() -> None:
            if not all(tensor.isfinite().all() for tensor in state.tensors().values()):
                raise _divergence(state.step)  # a gradient can be NaN where the loss is not
            lock.check_in_place()
            save_checkpoint(folder, state, recipe, digest, kind=KIND)

        budget = math.inf if minutes is None else 60 * minutes
        if state.seconds >= budget or (steps is not None and state.step >= steps):
            message("This training has already reached its budget: to go on, give more minutes or steps.")
        saved = time.perf_counter()
        start = saved - state.seconds
        while state.seconds < budget and (steps is None or state.step < steps):
            loss = train_step(state, recipe, sampler.at(state.step))
            state.step += 1
            now = time.perf_counter()
            state.seconds = now - start
            if not math.isfinite(loss):
                raise _divergence(state.step)
            report_progress(progress, state.step, state.seconds, minutes, steps)
            if stop_signal.requested:
                break
            if now - saved > SAVE_SECONDS:
                save()
                saved = time.perf_counter()
        save()
    network = copy.deepcopy(state.average).cpu().eval()
    return StyleResult(network, state.step, state.seconds, stop_signal.requested)


def train_step(state: StyleState, recipe: StyleRecipe, batch: ContentBatch) -> float:
    """Update the network and the average once; returns the loss before it."""
    generator = derive_generator(recipe.seed, STYLES, DRAW_STEP, state.step)
    count = len(batch.frames)
    chosen = [(state.step * count + place) % len(state.styles) for place in range(count)]
    shown = batch.frames
    if recipe.stability:
        noise = 2 * NOISE * torch.randn(shown.shape, generator=generator).to(shown)
        # Every second picture is shown again with noise, the others a moment later.
        is_noisy = torch.arange(count, device=shown.device).add(state.step) % 2 == 0
        second = torch.where(is_noisy[:, None, None, None], shown + noise, batch.following)
        shown = torch.cat([shown, second])
    weights = _one_hot(chosen * (len(shown) // count), len(state.styles), shown)
    paintings = state.network(shown.contiguous(memory_format=torch.channels_last), *weights)
    loss = _painting_loss(state, recipe, (batch.frames, paintings[:count]), chosen, generator)
    if recipe.stability:
        ramp = min(1.0, (state.step + 1) / RAMP)
        loss = loss + ramp * _stability_loss(paintings, shown, is_noisy)
    state.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    state.optimizer.step()
    update_average(state.average, state.network, AVERAGE, state.step)
    return float(loss.detach())


def _painting_loss(
    state: StyleState,
    recipe: StyleRecipe,
    pictures: tuple[Tensor, Tensor],
    chosen: Sequence[int],
    generator: torch.Generator,
) -> Tensor:
    """Content, style and total variation of frames and their paintings, each in the style of its number."""
    frames, paintings = pictures
    with torch.no_grad():
        wanted = extract(state.features, frames).content
    found = extract(state.features, paintings)
    loss = content_distance(found.content, wanted) + recipe.smooth * total_variation(paintings)
    for number, style in enumerate(state.styles):
        places = [place for place, painted in enumerate(chosen) if painted == number]
        if places:
            own = Features([maps[places] for maps in found.style], found.content[places])
            share = len(places) / len(chosen)
            loss = loss + recipe.strength * STYLE_WEIGHT * share * style(own, generator)
    return loss


def _stability_loss(paintings: Tensor, shown: Tensor, is_noisy: Tensor) -> Tensor:
    """The terms against flicker, of two views of each picture: the first half, then the second."""
    (first, second), (before, after) = paintings.chunk(2), shown.chunk(2)
    loss = paintings.new_zeros(())
    if is_noisy.any():
        noise = after[is_noisy] - before[is_noisy]
        loss = loss + NOISE_WEIGHT * squared_noise_gain(first[is_noisy], second[is_noisy], noise)
    if not is_noisy.all():
        moved = ~is_noisy
        loss = loss + FRAME_WEIGHT * frame_difference(
            first[moved], second[moved], before[moved], after[moved]
        )
    return loss


def _one_hot(chosen: Sequence[int], styles: int, like: Tensor) -> list[Tensor]:
    """The weight of each style in each painting: tensors (B, 1, 1, 1)."""
    numbers = torch.tensor(chosen, device=like.device)[:, None, None, None]
    return [(numbers == style).to(like.dtype) for style in range(styles)]


def _digest(paintings: Sequence[Painting], content: Content) -> str:
    """16 hexadecimal digits that change with any pixel that is learned from."""
    parts = [painting.digest() for painting in paintings] + [content.digest()]
    return hashlib.blake2b(" ".join(parts).encode(), digest_size=DIGEST_BYTES).hexdigest()


def _divergence(step: int) -> LimnerError:
    return LimnerError(
        f"Training diverged at step {step:,}. Try another --seed or a lower --strength, and another --out."
    )
