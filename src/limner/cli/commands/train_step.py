"""train-step: write the training step of a network as an ONNX file."""

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

    The file computes the loss of a batch, its gradients and the new weights, with standard operators. Its
    state (weights, running statistics, what the optimizer keeps) are inputs with defaults, and outputs. The
    metadata `limner.state` say which output each input gets in the next step. For example:

        limner train-step clouds.onnx --batch 4 --out step.onnx

    and then, in Python:

        session = onnxruntime.InferenceSession("step.onnx")
        state = json.loads(session.get_modelmeta().custom_metadata_map["limner.state"])
        rate, feeds = 0.001, {}
        for t, (x, target) in enumerate(batches, 1):  # float32 of (4, 3, 256, 256), (4, 3, 256, 256)
            feeds |= {"image": x, "target": target}
            feeds["scalars"] = np.array(
                [rate / (1 - 0.9**t), (1 - 0.999**t) ** -0.5, 1], np.float32)
            loss, *new = session.run(["loss", *state.values()], feeds)
            feeds |= dict(zip(state, new))
            print(t, loss)

    The command prints this program for your file. Weights of a look that are stored as 8 bits are learned
    as floats. The page's own engine makes the file; that needs Node, or Chromium with playwright.
    """

    network: Annotated[Positional[Path], tyro.conf.arg(metavar="LOOK|MODEL")]
    """The network: a look, or any ONNX file whose operators the engine has."""
    loss: Loss = "l1"
    """What is made small: mean absolute or squared difference, cross-entropy of classes (the target is
    their numbers), or binary cross-entropy."""
    optimizer: OptimizerName = "adam"
    """How the weights move: torch's formulas, with its defaults; momentum and nesterov have 0.9."""
    batch: int = 4
    """Examples a step."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """The step's file. Default: NAME-step.onnx in the current folder."""
    force: bool = False
    """Replace a file at --out that is no training step of limner's."""

    def run(self) -> None:
        from limner.export.train_step import write_training_step

        step = write_training_step(
            self.network,
            self.out or Path(f"{self.network.stem or 'network'}-step.onnx"),
            loss=self.loss,
            optimizer=self.optimizer,
            batch=self.batch,
            force=self.force,
        )
        print(
            f"{printable(step.path)}: {step.bytes / 1e6:.2f} MB, {len(step.parameters)} tensors of "
            "weights. This program trains with it:"
        )
        print()
        print(step.program())
