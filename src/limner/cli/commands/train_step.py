"""train-step: write the training step of a network as an ONNX file, or put what it learned back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from limner.cli.options import NO_DEFAULT_SHOWN
from limner.display import printable
from limner.export.step_options import Loss, OptimizerName


@dataclass(frozen=True)
class TrainStepCommand:
    """Write the training step of a network as one ONNX file: any runtime of ONNX then trains it.

    The file computes the loss of a batch, its gradients and the new weights; what it keeps from step to
    step are inputs with defaults, and outputs. Once it is written, the command prints a short program of
    Python that trains with it in ONNX Runtime and saves the weights. The page's own engine makes the file,
    in Node, or in Chromium with playwright. With --weights, the weights come back into the network instead.
    For example:

        limner train-step clouds.onnx --batch 4 --out step.onnx
        limner train-step clouds.onnx --weights step.safetensors --out learned.onnx
    """

    network: Annotated[Positional[Path], tyro.conf.arg(metavar="LOOK|MODEL")]
    """The network: a look, or any ONNX file whose operators the engine has."""
    loss: Loss = "l1"
    """The loss: mean absolute or squared difference, cross-entropy of classes (the target is their
    numbers), or binary cross-entropy."""
    optimizer: OptimizerName = "adam"
    """The optimizer: torch's formulas, with its defaults; momentum and nesterov have 0.9. muon moves
    matrices, and adamw all other weights."""
    batch: int = 4
    """Examples a step."""
    clip_norm: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Clip all gradients together to this norm. Default: no clipping."""
    clip_value: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Clip each element of a gradient to plus or minus this, after the norm. Default: no clipping."""
    weights: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Write no step: write the network with these weights (safetensors), stored as it had its own. The
    other options of the step are not looked at then."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """The file to write. Default: NAME-step.onnx in the current folder; with --weights,
    NAME-learned.onnx."""
    force: bool = False
    """Replace a file at --out that limner did not write."""

    def run(self) -> None:
        if self.weights is None:
            self._write_step()
        else:
            self._write_learned(self.weights)

    def _write_learned(self, weights: Path) -> None:
        from limner.export.learned_weights import write_learned

        out = self.out or Path(f"{self.network.stem or 'network'}-learned.onnx")
        learned = write_learned(self.network, weights, out, force=self.force)
        print(
            f"{printable(learned.path)}: {learned.bytes / 1e6:.2f} MB, {learned.weights} tensors of "
            f"weights from {printable(weights)}."
        )

    def _write_step(self) -> None:
        from limner.export.train_step import write_training_step

        step = write_training_step(
            self.network,
            self.out or Path(f"{self.network.stem or 'network'}-step.onnx"),
            loss=self.loss,
            optimizer=self.optimizer,
            batch=self.batch,
            clip_norm=self.clip_norm,
            clip_value=self.clip_value,
            force=self.force,
        )
        print(
            f"{printable(step.path)}: {step.bytes / 1e6:.2f} MB, {len(step.parameters)} tensors of "
            "weights. This program trains with it:"
        )
        print()
        print(step.program())
