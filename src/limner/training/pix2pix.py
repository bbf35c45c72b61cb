"""One step of pix2pix (Isola et al. 2016): the discriminator learns, then the generator.

The generator paints once in a step; both losses use that painting. The discriminator is frozen while the
generator learns, so no gradients of its weights are computed.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus

from limner.data.augmentation import TrainingPair
from limner.recipe import Recipe
from limner.training.distributed import ProcessGroup
from limner.training.state import TrainState

LOSSES = ("d_real", "d_fake", "g_adversarial", "g_l1")
"""What `train_step` returns: the discriminator's cross-entropy on photos and on paintings (0.69 where it
guesses), the generator's adversarial cross-entropy, and the mean absolute difference between
painting and target on the scale of -1..1 (0..2)."""


def train_step(state: TrainState, recipe: Recipe, pair: TrainingPair, group: ProcessGroup) -> Tensor:
    """Update both networks once; returns the losses (4,) float32 in the order of `LOSSES`."""
    with state.autocast():
        painting = state.generator(pair.input)
    real, fake = _update_discriminator(state, pair, painting.detach(), group)
    adversarial, l1 = _update_generator(state, recipe, pair, painting, group)
    state.scaler.update()
    losses = torch.stack([real, fake, adversarial, l1]).detach()
    group.all_reduce_mean([losses])
    return losses


def _update_discriminator(
    state: TrainState, pair: TrainingPair, painting: Tensor, group: ProcessGroup
) -> tuple[Tensor, Tensor]:
    state.discriminator.requires_grad_(True)
    with state.autocast():
        real = real_loss(state.discriminator(pair.input, pair.target))
        fake = fake_loss(state.discriminator(pair.input, painting))
    state.discriminator_optimizer.zero_grad()
    # Halved, so that the discriminator learns at half the generator's rate (Isola et al. 2016, 3.3).
    state.scaler.scale((real + fake) / 2).backward()  # type: ignore[no-untyped-call]
    group.average_gradients(state.discriminator.parameters())
    state.scaler.step(state.discriminator_optimizer)
    return real, fake


def _update_generator(
    state: TrainState, recipe: Recipe, pair: TrainingPair, painting: Tensor, group: ProcessGroup
) -> tuple[Tensor, Tensor]:
    state.discriminator.requires_grad_(False)
    with state.autocast():
        adversarial = real_loss(state.discriminator(pair.input, painting))
    l1 = (painting.float() - pair.target).abs().mean()
    state.generator_optimizer.zero_grad()
    loss = adversarial + recipe.l1 * l1
    state.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
    group.average_gradients(state.generator.parameters())
    state.scaler.step(state.generator_optimizer)
    return adversarial, l1


def real_loss(logits: Tensor) -> Tensor:
    """Mean cross-entropy of logits against "this is a photo", in float32."""
    return softplus(-logits.float()).mean()


def fake_loss(logits: Tensor) -> Tensor:
    """Mean cross-entropy of logits against "this is a painting", in float32."""
    return softplus(logits.float()).mean()
