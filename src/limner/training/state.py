"""The state of training: the networks, their Adam optimisers, a gradient scaler, and the position."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from limner.data.loader import Position
from limner.networks.features import load_squeezenet
from limner.networks.generator import make_generator
from limner.networks.patchgan import make_discriminator
from limner.recipe import Recipe
from limner.seeding import INIT, derive_seed

Network = TypeVar("Network", bound=nn.Module)

BETA2 = 0.99
"""Adam's decay rate of the second moment. torch's 0.999 remembers the first, wild steps for too long."""

LOSSES = (
    "d_real",
    "d_fake",
    "g_adversarial",
    "g_feature_matching",
    "g_perceptual",
    "g_low_l1",
    "g_l1",
    "g_light",
)
"""The losses of a step, those of `limner.training.losses` without their weights. The discriminator's are 1
where it guesses. A loss that a step has no inputs for is 0."""


class TrainState:
    """Everything that training changes: `tensors` and the plain fields."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        torch.manual_seed(derive_seed(recipe.seed, INIT))
        # Initial weights are drawn on the CPU, so they are the same on every device.
        self.generator = to_device(make_generator(recipe), device)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        """The moving average of the generator: what paints."""
        self.discriminator = to_device(make_discriminator(recipe), device)
        self.features = to_device(load_squeezenet(), device) if recipe.perceptual else None
        """The frozen network of the perceptual loss."""
        self.generator_optimizer = make_optimizer(self.generator, recipe)
        self.discriminator_optimizer = make_optimizer(self.discriminator, recipe)
        self.device = device
        self.dtype = compute_dtype(recipe, device)
        is_float16 = self.dtype is torch.float16
        self.scaler = torch.amp.GradScaler(device.type, enabled=is_float16)
        self.position = Position()
        self.seconds = 0.0
        """Training time over all sessions."""
        self.sums = torch.zeros(len(LOSSES), dtype=torch.float64, device=device)
        """Sums of the losses over the current epoch."""

    def autocast(self) -> torch.autocast:
        """The context in which networks run in the recipe's precision."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not torch.float32)

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor that training changes, by a name that begins with its owner."""
        named: dict[str, Tensor] = {"sums": self.sums}
        named |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        for owner, network, optimizer in (
            ("generator", self.generator, self.generator_optimizer),
            ("discriminator", self.discriminator, self.discriminator_optimizer),
        ):
            named |= {f"{owner}.{name}": tensor for name, tensor in network.state_dict().items()}
            for name, parameter in network.named_parameters():
                for key, tensor in optimizer.state[parameter].items():
                    named[f"{owner}_adam.{name}.{key}"] = tensor
        return named


def to_device(network: Network, device: torch.device) -> Network:
    """Move a network to `device` in the channels-last layout, in which convolutions on a CPU are faster."""
    moved: Network = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


def make_optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Adam:
    """The recipe's Adam with its state allocated, so that it can be saved and loaded by copying tensors."""
    parameters = list(network.parameters())
    optimizer = torch.optim.Adam(
        parameters, lr=recipe.learning_rate, betas=(recipe.beta1, BETA2), fused=True
    )
    for parameter in parameters:
        optimizer.state[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
    return optimizer


def compute_dtype(recipe: Recipe, device: torch.device) -> torch.dtype:
    """The dtype in which the networks compute."""
    if recipe.precision != "auto":
        chosen: Any = getattr(torch, recipe.precision)
        assert isinstance(chosen, torch.dtype)
        return chosen
    if device.type != "cuda":
        return torch.float32
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if native else torch.float16
