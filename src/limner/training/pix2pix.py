"""One step of training: the discriminator learns, then the generator.

It is pix2pix (Isola et al. 2016) with other losses. The generator paints once in a step, and all losses use
that painting. The discriminator is frozen while the generator learns, so no gradients of its weights are
computed.

Beside the pairs, the generator paints scenes (`limner.data.synthetic.scenes`), which have no target. The
discriminator judges their paintings, and the light of a painting has to be the light that was shown.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.utils.parametrize import cached

from limner.recipe import Recipe
from limner.training.distributed import ProcessGroup
from limner.training.inputs import StepInputs
from limner.training.losses import (
    adversarial_loss,
    fake_loss,
    feature_matching,
    light_loss,
    low_frequency_l1,
    perceptual_loss,
    real_loss,
    take_view,
)
from limner.training.moving_average import update_average
from limner.training.state import LOSSES, TrainState


def train_step(state: TrainState, recipe: Recipe, inputs: StepInputs, group: ProcessGroup) -> Tensor:
    """Update the networks and the average once; returns the losses, float32, in the order of `LOSSES`."""
    with state.autocast():
        paintings = state.generator(inputs.all())
    d_losses = _update_discriminator(state, inputs, paintings.detach(), group)
    g_losses = _update_generator(state, recipe, inputs, paintings, group)
    state.scaler.update()
    update_average(state.average, state.generator, recipe.average, state.position.step)
    losses = d_losses | g_losses
    means = torch.stack([losses[name] for name in LOSSES]).detach()
    group.all_reduce_mean([means])
    return means


def _update_discriminator(
    state: TrainState, inputs: StepInputs, paintings: Tensor, group: ProcessGroup
) -> dict[str, Tensor]:
    state.discriminator.requires_grad_(True)
    with state.autocast(), cached():
        real = real_loss(state.discriminator(inputs.pair.target)[0])
        fakes = split_scenes(state.discriminator(paintings)[0], inputs)
        fake = torch.stack([fake_loss(logits) for logits in fakes]).mean()
    state.discriminator_optimizer.zero_grad()
    state.scaler.scale(real + fake).backward()  # type: ignore[no-untyped-call]
    group.average_gradients(state.discriminator.parameters())
    state.scaler.step(state.discriminator_optimizer)
    return {"d_real": real, "d_fake": fake}


def split_scenes(values: Tensor, inputs: StepInputs) -> list[Tensor]:
    """What belongs to the pairs, and to the scenes if there are any.

    The discriminator's word on a few scenes weighs as much as that on all pairs: no other loss asks that
    paintings of scenes are like the pictures.
    """
    pairs, scenes = values.tensor_split([len(inputs.pair.target)])
    return [pairs, scenes] if len(scenes) else [pairs]


def _update_generator(
    state: TrainState,
    recipe: Recipe,
    inputs: StepInputs,
    paintings: Tensor,
    group: ProcessGroup,
) -> dict[str, Tensor]:
    target = inputs.pair.target
    painting, scenes = paintings.tensor_split([len(target)])
    state.discriminator.requires_grad_(False)
    with state.autocast(), cached():
        logits, features = state.discriminator(paintings)
        with torch.no_grad():
            targets = state.discriminator(target)[1]
        losses = {
            "adversarial": torch.stack(
                [adversarial_loss(part) for part in split_scenes(logits, inputs)]
            ).sum(),
            "feature_matching": feature_matching([maps[: len(target)] for maps in features], targets),
            "perceptual": _perceptual_loss(state, painting, target),
        }
    painting = painting.float()
    losses |= {
        "low_l1": low_frequency_l1(painting, target),
        "l1": (painting - target).abs().mean(),
        "light": light_loss(scenes.float(), inputs.scene_cells),
    }
    weights = {"adversarial": 1.0} | {
        name: getattr(recipe, name) for name in losses if name != "adversarial"
    }
    loss = torch.stack([weights[name] * value for name, value in losses.items()]).sum()
    state.generator_optimizer.zero_grad()
    state.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
    group.average_gradients(state.generator.parameters())
    state.scaler.step(state.generator_optimizer)
    return {f"g_{name}": value for name, value in losses.items()}


def _perceptual_loss(state: TrainState, painting: Tensor, target: Tensor) -> Tensor:
    """The perceptual loss of a part of the pictures, or 0 where the recipe has none."""
    if state.features is None:
        return painting.new_zeros(())
    view, target_view = take_view(torch.cat([painting, target])).chunk(2)
    return perceptual_loss(state.features, view, target_view)
