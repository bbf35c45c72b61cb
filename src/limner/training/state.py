"""All that a step of training changes: two networks, two Adams, a scaler, and how far the run is."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from limner.data.loader import Position
from limner.networks.patchgan import make_discriminator
from limner.networks.unet import make_generator
from limner.recipe import Recipe
from limner.seeding import INIT, derive_seed

Network = TypeVar("Network", bound=nn.Module)


class TrainState:
    """What training changes. `tensors` and the plain fields together are everything."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        torch.manual_seed(derive_seed(recipe.seed, INIT))
        # First weights are drawn on the CPU: the same on every device.
        self.generator = to_device(make_generator(recipe), device)
        self.discriminator = to_device(make_discriminator(recipe), device)
        self.generator_optimizer = make_optimizer(self.generator, recipe)
        self.discriminator_optimizer = make_optimizer(self.discriminator, recipe)
        self.device = device
        self.dtype = compute_dtype(recipe, device)
        half = self.dtype is torch.float16
        self.scaler = torch.amp.GradScaler(device.type, enabled=half)
        self.position = Position()
        self.seconds = 0.0
        """Training time over all sittings."""
        self.sums = torch.zeros(4, dtype=torch.float64, device=device)
        """Sums of the losses over the epoch under way."""

    def autocast(self) -> torch.autocast:
        """The context in which networks run in the recipe's precision."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not torch.float32)

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor that training changes, by a name that says whose it is."""
        named: dict[str, Tensor] = {"sums": self.sums}
        for who, network, optimiser in (
            ("generator", self.generator, self.generator_optimizer),
            ("discriminator", self.discriminator, self.discriminator_optimizer),
        ):
            named |= {f"{who}.{name}": tensor for name, tensor in network.state_dict().items()}
            for name, parameter in network.named_parameters():
                for what, tensor in optimiser.state[parameter].items():
                    named[f"{who}_adam.{name}.{what}"] = tensor
        return named


def to_device(network: Network, device: torch.device) -> Network:
    """Move a network, channels-last: convolutions on a CPU take clearly less time so."""
    moved: Network = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


def make_optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Adam:
    """The recipe's Adam with its state in place, so that keeping and loading it is copying tensors."""
    parameters = list(network.parameters())
    optimiser = torch.optim.Adam(
        parameters, lr=recipe.learning_rate, betas=(recipe.beta1, 0.999), fused=True
    )
    for parameter in parameters:
        optimiser.state[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
    return optimiser


def compute_dtype(recipe: Recipe, device: torch.device) -> torch.dtype:
    """The type in which the networks compute."""
    if recipe.precision != "auto":
        chosen: Any = getattr(torch, recipe.precision)
        assert isinstance(chosen, torch.dtype)
        return chosen
    if device.type != "cuda":
        return torch.float32
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if native else torch.float16
