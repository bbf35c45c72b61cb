"""Training of a branch: a few pairs change a frozen network a little.

The network and its guide stay as they are; only the branch learns, with L1 and the difference of
SqueezeNet's features. What is kept is a moving average of what was learned, which a training that is
stopped early has too. There is no discriminator: it would learn five pictures by heart.

Every random number is a function of the seed and the step, so the same steps give the same branch on the
same number of threads.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from limner.branch_recipe import BranchRecipe
from limner.data.few_pairs import FewPair
from limner.display import readable_duration
from limner.errors import LimnerError
from limner.networks.features import SqueezeNet, load_squeezenet
from limner.networks.multibranch import NetworkBranch, WholeChange
from limner.progress import Progress, no_progress
from limner.seeding import FEW_PAIRS, INIT, derive_seed
from limner.training.losses import perceptual_loss, take_view
from limner.training.moving_average import update_average
from limner.training.pair_sampler import PairBatch, PairSampler
from limner.training.signals import StopSignal
from limner.training.state import to_device

BETAS = (0.9, 0.99)
"""Adam's decay rates."""

WHOLE_RATE = 0.2
"""The share of the learning rate that whole kernels get: they have far more numbers than factors."""


class BranchedNetwork(Protocol):
    """A frozen network that paints (B, 3, P, P) in 0..1 from pictures of the same shape, with a branch."""

    def __call__(self, image: Tensor, *, branch: NetworkBranch) -> Tensor: ...


@dataclass(frozen=True)
class BranchResult:
    """What was learned, and what it took."""

    branch: NetworkBranch
    """The moving average, on the CPU, for evaluation."""
    steps: int
    seconds: float
    was_stopped: bool
    """Whether a person stopped it before its budget was reached."""


@dataclass(frozen=True)
class BranchBudget:
    """When training ends: at whichever limit comes first."""

    minutes: float | None
    steps: int | None

    def __post_init__(self) -> None:
        if self.minutes is not None and not 0 < self.minutes < math.inf:
            raise LimnerError(f"minutes is {self.minutes}; choose a number above 0.")
        if self.steps is not None and self.steps < 1:
            raise LimnerError(f"steps is {self.steps}; choose 1 or more.")
        if self.minutes is None and self.steps is None:
            raise LimnerError("Neither minutes nor steps are given: training would never end.")

    def share(self, step: int, seconds: float) -> float:
        """How much of it is used, from 0 to 1."""
        by_time = 0.0 if self.minutes is None else seconds / (60 * self.minutes)
        by_steps = 0.0 if self.steps is None else step / self.steps
        return min(max(by_time, by_steps), 1.0)

    def report(self, progress: Progress, step: int, seconds: float) -> None:
        """Tell the limit that comes first at the speed so far."""
        by_steps = 0.0 if self.steps is None else step / self.steps
        if self.steps is not None and by_steps >= self.share(step, seconds):
            progress(step, self.steps, "Learning, steps")
        elif self.minutes is not None:
            whole = max(round(60 * self.minutes), 1)
            progress(min(round(seconds), whole), whole, "Learning, seconds")


def train_branch(
    network: BranchedNetwork,
    make_branch: Callable[[], NetworkBranch],
    pairs: Sequence[FewPair],
    recipe: BranchRecipe,
    *,
    pixels: int,
    budget: BranchBudget,
    save: Callable[[BranchResult], None] = lambda _: None,
    progress: Progress = no_progress,
    message: Callable[[str], None] = lambda _: None,
) -> BranchResult:
    """Train a branch of `network`, which is on the CPU, until the budget is reached.

    `make_branch` draws its first weights from torch's global generator, which is reseeded. Ctrl-C and
    SIGTERM end the training after the current step, as if the budget were reached; `save` gets the result
    before SIGTERM ends the program. Raises LimnerError where a loss or a weight is NaN or infinite.
    """
    torch.manual_seed(derive_seed(recipe.seed, INIT))
    branch = make_branch()
    average = copy.deepcopy(branch).requires_grad_(False)
    device = torch.device("cpu")
    features = to_device(load_squeezenet(), device) if recipe.perceptual else None
    optimizer = _make_adam(branch, recipe)
    rates = [group["lr"] for group in optimizer.param_groups]
    sampler = PairSampler(pairs, recipe, pixels, device)
    step, seconds = 0, 0.0
    with StopSignal(message) as stop_signal:
        start = time.perf_counter()
        while (share := budget.share(step, seconds)) < 1 and not stop_signal.requested:
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * share))
            torch.manual_seed(derive_seed(recipe.seed, FEW_PAIRS, step, 1))
            loss = compute_loss(network, branch, features, recipe, sampler.at(step))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            update_average(average, branch, recipe.average, step)
            step += 1
            seconds = time.perf_counter() - start
            if not math.isfinite(float(loss.detach())):
                raise _divergence(step)
            budget.report(progress, step, seconds)
        if not all(parameter.isfinite().all() for parameter in average.parameters()):
            raise _divergence(step)  # a gradient can be NaN where the loss is not
        average.balance()
        result = BranchResult(average.eval(), step, seconds, stop_signal.requested)
        save(result)
    return result


def compute_loss(
    network: BranchedNetwork,
    branch: NetworkBranch,
    features: SqueezeNet | None,
    recipe: BranchRecipe,
    batch: PairBatch,
) -> Tensor:
    """The sum of a batch's losses. torch's global generator draws the view that SqueezeNet sees."""
    painting = 2 * network(batch.input, branch=branch) - 1
    target = 2 * batch.target - 1
    loss = recipe.l1 * (painting - target).abs().mean()
    if features is not None:
        view, target_view = take_view(torch.cat([painting, target])).chunk(2)
        loss = loss + recipe.perceptual * perceptual_loss(features, view, target_view)
    return loss


def _make_adam(branch: NetworkBranch, recipe: BranchRecipe) -> torch.optim.Adam:
    whole = [layer for layer in branch.changes if isinstance(layer, WholeChange)]
    slow: list[nn.Parameter] = [parameter for layer in whole for parameter in layer.parameters()]
    known = {id(parameter) for parameter in slow}
    groups = [
        {
            "params": [parameter for parameter in branch.parameters() if id(parameter) not in known],
            "lr": recipe.learning_rate,
        },
        {"params": slow, "lr": WHOLE_RATE * recipe.learning_rate},
    ]
    return torch.optim.Adam([group for group in groups if group["params"]], betas=BETAS)


def _divergence(step: int) -> LimnerError:
    return LimnerError(f"Training diverged at step {step:,}. Try a lower --learning-rate.")


def describe_result(result: BranchResult) -> str:
    """What was reached, as a sentence."""
    reached = f"Learned from {result.steps:,} steps in {readable_duration(result.seconds)}."
    return f"{reached} Stopped early: what was learned so far is kept." if result.was_stopped else reached
