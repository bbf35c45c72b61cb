"""The state of a style's training: the network, its optimizer, the paintings, and how far it is."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from limner.art.paintings import Painting
from limner.art.style_objective import StyleDistance
from limner.art.style_options import StyleRecipe
from limner.networks.features import load_squeezenet
from limner.networks.style_network import StyleNetwork, make_style_network
from limner.seeding import INIT, derive_seed
from limner.training.keyframe_state import make_adam
from limner.training.state import to_device


class StyleState:
    """Everything that the training changes: `tensors`, the step and the seconds so far."""

    def __init__(self, paintings: Sequence[Painting], recipe: StyleRecipe, device: torch.device) -> None:
        torch.manual_seed(derive_seed(recipe.seed, INIT))
        names = [painting.name for painting in paintings]
        self.network = to_device(make_style_network(names), device)
        self.average: StyleNetwork = copy.deepcopy(self.network).requires_grad_(False)
        """The moving average of the network: what paints."""
        self.optimizer = make_adam(self.network, recipe.learning_rate)
        self.features = to_device(load_squeezenet(), device)
        self.styles = [
            StyleDistance(self.features, painting.to_tensor().to(device), recipe.loss, recipe.seed)
            for painting in paintings
        ]
        self.step = 0
        self.seconds = 0.0
        """Training time over all sessions."""

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor that the training changes, by a name that begins with its owner."""
        named = {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        named |= {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        for name, parameter in self.network.named_parameters():
            for key, tensor in self.optimizer.state[parameter].items():
                named[f"network_adam.{name}.{key}"] = tensor
        return named
