"""Small networks and a look, and what torch does with them in some steps: the losses, and the weights at
the end."""

from __future__ import annotations

import copy
import io
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from unittest import mock

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn, optim
from torch.nn import functional

from helpers.looks import recipe, trained_generator
from limner.export.inference import LookModule, make_look_module
from limner.export.onnx_graph import export_graph
from onnx_cases.optimizers import orthogonalize

LEAN = recipe("lean")
STEPS = 100
BATCH = 16

Loss = Callable[[Tensor, Tensor], Tensor]


def lenet() -> nn.Module:
    """LeNet-5 (LeCun et al. 1998) as practised: ReLU and max pooling."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


class Residual(nn.Module):
    """A block with batch norm, and strides, around a sum."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.second = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.other = nn.BatchNorm2d(8)
        self.last = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.norm(self.first(x)))
        x = functional.relu(x + self.other(self.second(x)))
        made: Tensor = self.last(x.mean((2, 3)))
        return made


def painter() -> nn.Module:
    """Transposed convolutions and norms, as in a look."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(6, 8, 3, padding=1, bias=False),  # a bias before a norm learns noise alone
        nn.InstanceNorm2d(8, affine=True),
        nn.ReLU(),
        nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1),
        nn.Sigmoid(),
    )


def discriminator() -> nn.Module:
    """Tells pictures of three channels apart, patch by patch."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 4, stride=2, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 4, 1, 1)
    )


class Painting(nn.Module):
    """A look without live inputs: a picture in 0..1 to its painting."""

    def __init__(self, look: LookModule) -> None:
        super().__init__()
        self.look = look
        look.generator.requires_grad_(True)

    def forward(self, x: Tensor) -> Tensor:
        painting: Tensor = self.look(x, *self.look.defaults())[0]
        return painting


def lean() -> Painting:
    return Painting(make_look_module(LEAN, trained_generator(LEAN)))


def exported_look(model: Painting) -> onnx.ModelProto:
    """As limner writes it, with the names of these cases."""
    file = export_graph(model.look, LEAN.pixels)
    onnx.helper.set_model_props(file, {"limner.guide": LEAN.guide})
    names = {"image": "x", "painting": "y"}
    for value in [*file.graph.input, *file.graph.output]:
        value.name = names.get(value.name, value.name)
    for node in file.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    return file


def classes(count: int) -> Callable[[torch.Generator], Tensor]:
    return lambda random: torch.randint(count, (BATCH,), generator=random)


def pictures(*shape: int, batch: int = BATCH) -> Callable[[torch.Generator], Tensor]:
    return lambda random: torch.rand((batch, *shape), generator=random)


@dataclass(frozen=True)
class Case:
    name: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    loss: str
    loss_of: Loss
    target: Callable[[torch.Generator], Tensor]
    steps: int = STEPS
    clip: dict[str, float] = field(default_factory=dict)
    optimizer: str = "adam"
    batch: int = BATCH
    draw: Callable[..., Tensor] = torch.randn
    adversary: float | None = None
    """The weight of `discriminator`'s word, if there is one."""


DIGITS = ("crossEntropy", functional.cross_entropy, classes(10))
CLASSES = ("crossEntropy", functional.cross_entropy, classes(5))
PICTURES = pictures(3, 12, 16)
CASES = [
    Case("lenet", lenet, (1, 28, 28), *DIGITS),
    Case("residual", Residual, (3, 10, 12), *CLASSES),
    Case("painter", painter, (1, 12, 16), "l1", functional.l1_loss, PICTURES),
    Case("painter-mse", painter, (1, 12, 16), "mse", functional.mse_loss, PICTURES),
    Case("painter-adversary", painter, (1, 12, 16), "l1", functional.l1_loss, PICTURES, 60, adversary=0.5),
    Case("residual-norm", Residual, (3, 10, 12), *CLASSES, 40, {"norm": 0.5}, "sgd"),
    Case("residual-value", Residual, (3, 10, 12), *CLASSES, 40, {"value": 0.02}, "sgd"),
    Case("residual-both", Residual, (3, 10, 12), *CLASSES, 40, {"norm": 0.8, "value": 0.1}, "sgd"),
    Case("lenet-muon", lenet, (1, 28, 28), *DIGITS, 15, {"norm": 1}, "muon"),
    Case(
        "lean",
        lean,
        (3, LEAN.pixels, LEAN.pixels),
        "l1",
        functional.l1_loss,
        pictures(3, LEAN.pixels, LEAN.pixels, batch=1),
        20,
        batch=1,
        draw=torch.rand,
    ),
]


def optimizers_of(name: str, parameters: list[nn.Parameter]) -> list[optim.Optimizer]:
    """Optimizers that step together."""
    if name == "adam":
        return [optim.Adam(parameters)]
    if name == "sgd":
        return [optim.SGD(parameters, lr=0.1, momentum=0.9)]
    matrices = [one for one in parameters if one.ndim == 2]
    others = [one for one in parameters if one.ndim != 2]
    return [optim.Muon(matrices, lr=0.01), optim.AdamW(others, lr=0.002)]


def clip_gradients(clip: dict[str, float], parameters: list[nn.Parameter]) -> None:
    if "norm" in clip:
        nn.utils.clip_grad_norm_(parameters, clip["norm"])
    if "value" in clip:
        nn.utils.clip_grad_value_(parameters, clip["value"])


def exported(model: nn.Module, shape: tuple[int, ...], folded: bool = False) -> onnx.ModelProto:
    """In the mode for inference; without folding, batch norm stays."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.eval(),
            (torch.zeros(1, *shape),),
            cast(Any, file),
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": {0: "batch"}},
            opset_version=17,
            do_constant_folding=folded,
            training=torch.onnx.TrainingMode.PRESERVE,
            dynamo=False,
        )
    return onnx.load_from_string(file.getvalue())


def adversarial_losses(judge: nn.Module, made: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Binary cross-entropies (Goodfellow et al. 2014): the generator's, and the discriminator's."""
    loss = functional.binary_cross_entropy_with_logits
    believed, real, fake = judge(made), judge(target), judge(made.detach())
    ones, zeros = torch.ones_like(real), torch.zeros_like(real)
    return loss(believed, ones), (loss(real, ones) + loss(fake, zeros)) / 2


POOLING_STATE_STEPS = 30
"""After how many steps weights of a network with max pooling are compared, at most. Later a rounding error
may have moved a maximum of a window elsewhere, from where on weights differ, though losses hardly do."""


def write_training(folder: Path) -> None:
    with mock.patch("torch.optim._muon._zeropower_via_newtonschulz", orthogonalize):
        listed = [write_case(folder, case) for case in CASES]
    (folder / "training.json").write_text(json.dumps(listed))


def write_case(folder: Path, case: Case) -> dict[str, Any]:
    name = f"training-{case.name}"
    torch.manual_seed(11)
    model = case.make()
    file = exported_look(model) if isinstance(model, Painting) else exported(model, case.shape)
    (folder / f"{name}.onnx").write_bytes(file.SerializeToString())
    random = torch.Generator().manual_seed(3)
    # A look in training moves its noise, which is fixed in the file.
    model.train(not isinstance(model, Painting)).double()
    judge = discriminator().double()
    if case.adversary is not None:
        (folder / f"{name}.discriminator.onnx").write_bytes(
            exported(copy.deepcopy(judge).float(), (3, *case.shape[1:])).SerializeToString()
        )
    parameters = list(model.parameters())
    optimizers = [*optimizers_of(case.optimizer, parameters), optim.Adam(judge.parameters())]
    batches, targets, losses = [], [], []
    state: dict[str, NDArray[np.float32]] = {}
    pools = any(isinstance(module, nn.MaxPool2d) for module in model.modules())
    state_steps = min(case.steps, POOLING_STATE_STEPS) if pools else case.steps
    for step in range(case.steps):
        batch = case.draw((case.batch, *case.shape), generator=random)
        wanted = case.target(random)
        target = wanted.double() if wanted.is_floating_point() else wanted
        output = model(batch.double())
        loss = made = case.loss_of(output, target)
        if case.adversary is not None:
            believed, judged = adversarial_losses(judge, output, target)
            loss = made + case.adversary * believed
        model.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if case.adversary is not None:
            judge.zero_grad()
            judged.backward()  # type: ignore[no-untyped-call]
        clip_gradients(case.clip, parameters)
        for optimizer in optimizers:
            optimizer.step()
        batches.append(batch.numpy())
        targets.append(wanted.numpy().astype(np.float32))
        losses.append(made.item())
        if step == state_steps - 1:
            state = state_of(model, judge if case.adversary is not None else None)
    np.stack(batches).tofile(folder / f"{name}.x")
    np.stack(targets).tofile(folder / f"{name}.target")
    for i, (_key, values) in enumerate(state.items()):
        values.tofile(folder / f"{name}.state{i}")
    return {
        "name": name,
        "loss": case.loss,
        "steps": case.steps,
        "batch": case.batch,
        "clip": case.clip,
        "optimizer": case.optimizer,
        "adversary": case.adversary,
        "losses": losses,
        "state": list(state),
        "state_steps": state_steps,
    }


def state_of(model: nn.Module, judge: nn.Module | None) -> dict[str, NDArray[np.float32]]:
    """Weights and statistics by their names in the file."""

    def values_of(module: nn.Module, prefix: str) -> dict[str, NDArray[np.float32]]:
        return {
            prefix + key.removeprefix("look.generator."): value.numpy().astype(np.float32)
            for key, value in module.state_dict().items()
        }

    return values_of(model, "") | (values_of(judge, "discriminator/") if judge is not None else {})
