"""Small networks and what torch does with them in some steps: the losses, and the weights at the end."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import torch
from torch import Tensor, nn, optim
from torch.nn import functional

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


def classes(count: int) -> Callable[[torch.Generator], Tensor]:
    return lambda random: torch.randint(count, (BATCH,), generator=random)


def pictures(*shape: int) -> Callable[[torch.Generator], Tensor]:
    return lambda random: torch.rand((BATCH, *shape), generator=random)


CASES: list[tuple[str, Callable[[], nn.Module], tuple[int, ...], str, Loss, Any]] = [
    ("lenet", lenet, (1, 28, 28), "crossEntropy", functional.cross_entropy, classes(10)),
    ("residual", Residual, (3, 10, 12), "crossEntropy", functional.cross_entropy, classes(5)),
    ("painter", painter, (1, 12, 16), "l1", functional.l1_loss, pictures(3, 12, 16)),
    ("painter-mse", painter, (1, 12, 16), "mse", functional.mse_loss, pictures(3, 12, 16)),
]


def exported(model: nn.Module, shape: tuple[int, ...]) -> onnx.ModelProto:
    """In the mode for inference, without folding: batch norm stays."""
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
            do_constant_folding=False,
            training=torch.onnx.TrainingMode.PRESERVE,
            dynamo=False,
        )
    return onnx.load_from_string(file.getvalue())


def write_training(folder: Path) -> None:
    listed = []
    for name, make, shape, loss_name, loss_of, target in CASES:
        torch.manual_seed(11)
        model = make()
        (folder / f"training-{name}.onnx").write_bytes(exported(model, shape).SerializeToString())
        random = torch.Generator().manual_seed(3)
        model.train().double()
        optimizer = optim.Adam(model.parameters())
        batches, targets, losses = [], [], []
        for _ in range(STEPS):
            batch = torch.randn((BATCH, *shape), generator=random)
            wanted = target(random)
            made = loss_of(model(batch.double()), wanted.double() if wanted.is_floating_point() else wanted)
            optimizer.zero_grad()
            made.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            batches.append(batch.numpy())
            targets.append(wanted.numpy().astype(np.float32))
            losses.append(made.item())
        np.stack(batches).tofile(folder / f"training-{name}.x")
        np.stack(targets).tofile(folder / f"training-{name}.target")
        state = {key: value.numpy().astype(np.float32) for key, value in model.state_dict().items()}
        for i, (_key, values) in enumerate(state.items()):
            values.tofile(folder / f"training-{name}.state{i}")
        listed.append(
            {
                "name": f"training-{name}",
                "loss": loss_name,
                "steps": STEPS,
                "batch": BATCH,
                "losses": losses,
                "state": list(state),
            }
        )
    (folder / "training.json").write_text(json.dumps(listed))
