"""One step of pix2pix (Isola et al. 2016): the discriminator learns, then the generator.

The generator paints once in a step; both losses use that painting. The discriminator is frozen while
the generator learns, which spares the gradients of its weights.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus

from limner.data.augmentation import TrainingPair
from limner.recipe import Recipe
from limner.training.distributed import Processes
from limner.training.state import State

LOSSES = ("d_real", "d_fake", "g_adversarial", "g_l1")
"""What `learn` returns: the discriminator's cross-entropy on photos and on paintings (0.69 where it
cannot tell), the generator's adversarial cross-entropy, and the mean absolute difference between
painting and target on the scale of -1..1 (0..2)."""


def learn(state: State, recipe: Recipe, lesson: TrainingPair, group: Processes) -> Tensor:
    """Change both networks by one step; returns the losses (4,) float32 in the order of `LOSSES`."""
    with state.autocast():
        painting = state.generator(lesson.input)
    real, fake = _learn_to_judge(state, lesson, painting.detach(), group)
    adversarial, l1 = _learn_to_paint(state, recipe, lesson, painting, group)
    state.scaler.update()
    losses = torch.stack([real, fake, adversarial, l1]).detach()
    group.average([losses])
    return losses


def _learn_to_judge(
    state: State, lesson: TrainingPair, painting: Tensor, group: Processes
) -> tuple[Tensor, Tensor]:
    state.discriminator.requires_grad_(True)
    with state.autocast():
        real = photo_loss(state.discriminator(lesson.input, lesson.target))
        fake = painting_loss(state.discriminator(lesson.input, painting))
    state.discriminator_adam.zero_grad()
    # Halved, so that the discriminator learns at half the generator's pace (Isola et al. 2016, 3.3).
    state.scaler.scale((real + fake) / 2).backward()  # type: ignore[no-untyped-call]
    group.average_gradients(state.discriminator.parameters())
    state.scaler.step(state.discriminator_adam)
    return real, fake


def _learn_to_paint(
    state: State, recipe: Recipe, lesson: TrainingPair, painting: Tensor, group: Processes
) -> tuple[Tensor, Tensor]:
    state.discriminator.requires_grad_(False)
    with state.autocast():
        adversarial = photo_loss(state.discriminator(lesson.input, painting))
    l1 = (painting.float() - lesson.target).abs().mean()
    state.generator_adam.zero_grad()
    loss = adversarial + recipe.l1 * l1
    state.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
    group.average_gradients(state.generator.parameters())
    state.scaler.step(state.generator_adam)
    return adversarial, l1


def photo_loss(logits: Tensor) -> Tensor:
    """Mean cross-entropy of logits against "this is a photo", in float32."""
    return softplus(-logits.float()).mean()


def painting_loss(logits: Tensor) -> Tensor:
    """Mean cross-entropy of logits against "this is a painting", in float32."""
    return softplus(logits.float()).mean()
