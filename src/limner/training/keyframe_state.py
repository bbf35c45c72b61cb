"""The state of keyframe painting: the networks, their optimizers, and how far the training is."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from limner.keyframe_recipe import KeyframeRecipe
from limner.networks.features import SqueezeNet, load_squeezenet
from limner.networks.patch_unet import PatchUNet, make_patch_unet
from limner.networks.patchgan import PatchGAN
from limner.seeding import INIT, derive_seed
from limner.training.state import to_device

BETAS = (0.5, 0.99)
"""Adam's decay rates, as in pix2pix and limner's own training."""

DISCRIMINATOR = 16
"""Width of the PatchGAN's first layer."""


class KeyframeState:
    """Everything that the training changes: `tensors`, and the step and the seconds so far."""

    def __init__(self, recipe: KeyframeRecipe, device: torch.device) -> None:
        torch.manual_seed(derive_seed(recipe.seed, INIT))
        self.network = to_device(make_patch_unet(), device)
        self.average: PatchUNet = copy.deepcopy(self.network).requires_grad_(False)
        self.optimizer = make_adam(self.network, recipe.learning_rate)
        self.discriminator: PatchGAN | None = None
        self.discriminator_optimizer: torch.optim.Adam | None = None
        if recipe.adversarial:
            self.discriminator = to_device(PatchGAN(DISCRIMINATOR), device)
            self.discriminator_optimizer = make_adam(self.discriminator, recipe.learning_rate)
        self.features: SqueezeNet | None = (
            to_device(load_squeezenet(), device) if recipe.perceptual else None
        )
        self.step = 0
        self.seconds = 0.0
        """Training time over all sessions."""

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor that the training changes, by a name that begins with its owner."""
        named = {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        for owner, network, optimizer in (
            ("network", self.network, self.optimizer),
            ("discriminator", self.discriminator, self.discriminator_optimizer),
        ):
            if network is None or optimizer is None:
                continue
            named |= {f"{owner}.{name}": tensor for name, tensor in network.state_dict().items()}
            for name, parameter in network.named_parameters():
                for key, tensor in optimizer.state[parameter].items():
                    named[f"{owner}_adam.{name}.{key}"] = tensor
        return named


def make_adam(network: nn.Module, learning_rate: float) -> torch.optim.Adam:
    """Adam with its state allocated, so that it can be saved and loaded by copying tensors."""
    parameters = list(network.parameters())
    optimizer = torch.optim.Adam(parameters, lr=learning_rate, betas=BETAS, fused=True)
    for parameter in parameters:
        optimizer.state[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
    return optimizer
