"""Keyframe painting: a small network learns a style from one or a few frames that were painted over.

The method is that of Texler et al. 2020 (*Interactive Video Stylization Using Few-Shot Patch-Based
Training*): the network learns from random patches of these pairs alone, and then paints the rest of the
clip, or a camera. It is meant for up to five keyframes. The perceptual loss compares SqueezeNet's features
in place of VGG's.

Every random number is a function of the seed and the step, so a training that is stopped and resumed gets
the weights of one that was not, on the same number of threads.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from limner.data.keyframes import Keyframes
from limner.display import readable_duration
from limner.errors import LimnerError
from limner.keyframe_recipe import KeyframeRecipe
from limner.lock import folder_lock
from limner.networks.patch_unet import PatchUNet
from limner.progress import Progress, no_progress
from limner.training.batch_norm import recalibrate_batch_norm
from limner.training.keyframe_checkpoint import check_folder, load_newest, save_checkpoint
from limner.training.keyframe_state import KeyframeState
from limner.training.losses import adversarial_loss, fake_loss, perceptual_loss, real_loss
from limner.training.moving_average import update_average
from limner.training.patches import PatchBatch, PatchSampler
from limner.training.signals import StopSignal

AVERAGE = 0.998
"""Decay of the moving average of the weights, which is what paints. It rises to this over the steps."""

SAVE_SECONDS = 30.0
"""Seconds between two checkpoints: what a training that is killed loses at most."""


@dataclass(frozen=True)
class KeyframeResult:
    """The trained network and what it took."""

    network: PatchUNet
    """The moving average, on the CPU, in evaluation mode."""
    steps: int
    seconds: float
    """Training time over all sessions."""
    was_stopped: bool
    """Whether a person stopped it before its budget was reached."""


def train_keyframes(
    keyframes: Keyframes,
    recipe: KeyframeRecipe,
    folder: Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    progress: Progress = no_progress,
    message: Callable[[str], None] = lambda _: None,
    device: str | None = None,
) -> KeyframeResult:
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
        state = KeyframeState(recipe, place)
        digest = keyframes.digest()
        if load_newest(folder, state, recipe, digest, message):
            message(f"Resuming at step {state.step:,}.")
        sampler = PatchSampler(keyframes.pairs, recipe, place)

        def save() -> None:
            if not all(tensor.isfinite().all() for tensor in state.tensors().values()):
                raise _divergence(state.step)  # a gradient can be NaN where the loss is not
            lock.check_in_place()
            save_checkpoint(folder, state, recipe, digest)

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
        recalibrate_batch_norm(state.average, sampler.whole_frames())
        save()
    network = copy.deepcopy(state.average).cpu().eval()
    return KeyframeResult(network, state.step, state.seconds, stop_signal.requested)


def train_step(state: KeyframeState, recipe: KeyframeRecipe, batch: PatchBatch) -> float:
    """Update the networks and the average once.

    Returns the sum of all losses before it, the discriminator's included: it is finite where they all are.
    """
    painting = state.network(batch.input)
    # Where nothing is painted, the network's own painting is right: no loss sees a difference.
    target = torch.where(batch.is_painted, batch.target, painting.detach())
    l1 = (painting - target).abs().sum() / (3 * batch.is_painted.sum())
    loss = recipe.l1 * l1
    discriminator_loss = torch.zeros(())
    if state.features is not None:
        loss = loss + recipe.perceptual * perceptual_loss(state.features, painting, target)
    if state.discriminator is not None:
        discriminator_loss = _update_discriminator(state, painting.detach(), target)
        loss = loss + recipe.adversarial * adversarial_loss(state.discriminator(painting)[0])
    state.optimizer.zero_grad()
    loss.backward()
    state.optimizer.step()
    update_average(state.average, state.network, AVERAGE, state.step)
    return float(loss.detach()) + float(discriminator_loss)


def _divergence(step: int) -> LimnerError:
    return LimnerError(
        f"Training diverged at step {step:,}. Try a lower --learning-rate and another --out."
    )


def _update_discriminator(state: KeyframeState, painting: Tensor, target: Tensor) -> Tensor:
    """One step of the discriminator, which is frozen afterwards for the generator's; returns its loss."""
    discriminator, optimizer = state.discriminator, state.discriminator_optimizer
    assert discriminator is not None
    assert optimizer is not None
    discriminator.requires_grad_(True)
    loss = real_loss(discriminator(target)[0]) + fake_loss(discriminator(painting)[0])
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    discriminator.requires_grad_(False)
    return loss.detach()


def check_budget(minutes: float | None, steps: int | None) -> None:
    """Raise LimnerError for a budget out of range, or none at all."""
    if minutes is not None and not 0 < minutes < math.inf:
        raise LimnerError(f"minutes is {minutes}; choose a number above 0.")
    if steps is not None and steps < 1:
        raise LimnerError(f"steps is {steps}; choose 1 or more.")
    if minutes is None and steps is None:
        raise LimnerError("Neither minutes nor steps are given: training would never end.")


def report_progress(
    progress: Progress, step: int, seconds: float, minutes: float | None, steps: int | None
) -> None:
    """Tell the limit that comes first at the speed so far."""
    by_time = 0.0 if minutes is None else seconds / (60 * minutes)
    by_steps = 0.0 if steps is None else step / steps
    if by_steps >= by_time:
        assert steps is not None
        progress(step, steps, "Learning, steps")
    else:
        assert minutes is not None
        progress(min(round(seconds), round(60 * minutes)), round(60 * minutes), "Learning, seconds")


def describe_result(result: KeyframeResult) -> str:
    """What was reached, as a sentence."""
    reached = f"Learned from {result.steps:,} steps in {readable_duration(result.seconds)}."
    return (
        f"{reached} Stopped early: the same command resumes from there." if result.was_stopped else reached
    )
