"""classify: a network that learns to tell one's own pictures apart, which can then dream of them.

Like every command (`limner.cli.commands.look`) it imports heavy modules only when it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from tyro.conf import Positional

from limner.cli.commands.lab import describe
from limner.cli.options import NO_DEFAULT_SHOWN
from limner.display import printable, quoted
from limner.errors import LimnerError
from limner.lab.options import CLASSIFY_TASK, LabSettings, check_settings
from limner.slug import slugify

if TYPE_CHECKING:
    from limner.lab.run import LabOptions

NET = "squeezenet"
"""What files and records call the network."""

DEFAULT_MINUTES = 5.0

DEFAULT_RATE = 3e-4
"""Of AdamW: the network knows pictures already, and forgets them at rates for beginners."""


@dataclass(frozen=True)
class ClassifyCommand:
    """Teach a network to tell your own pictures apart, folder by folder; then it can dream of them.

    Each folder is a class; of one folder, each folder in it is. A hundred pictures of each are good, ten
    are enough to try. SqueezeNet goes on learning from what it knows of ImageNet's thousand kinds of
    things. A fifth of the pictures is the test, which is measured once. OUT gets the network as ONNX, the
    record, and the curves and confusions as SVG. The same command resumes. `limner dream --network` lets
    the network dream. For example:

        limner classify flowers
        limner classify photos/cats photos/dogs --minutes 10
        limner dream clouds.jpg --network limner-lab/classify-flowers/classify-squeezenet.onnx --class roses
    """

    folders: Annotated[
        Positional[tuple[Path, ...]], tyro.conf.arg(metavar="FOLDER...", help_behavior_hint="(required)")
    ] = ()
    """A folder of pictures for each class, or one folder that has a folder for each."""
    pixels: int = 128
    """Side of the squares that the pictures are cropped to, 32 to 256. More sees more, and takes longer."""
    minutes: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Minutes to train, at most. Default: 5 where --epochs is not given."""
    epochs: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Passes over the pictures. Default: as many as fit into the minutes."""
    batch: int = 16
    """Pictures a step."""
    lr: float = DEFAULT_RATE
    """The highest learning rate; it rises and falls once (one-cycle)."""
    augment: bool = True
    """Whether to shift pictures and to mirror them. Not for things whose sides tell them apart, such as
    left and right hands."""
    seed: int = 0
    """The same seed gives the same curve, on one machine and with as many threads."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Folder of the results. Default: limner-lab/classify-NAME."""

    def run(self) -> None:
        settings = self.settings()
        options = self.options()
        import torch

        from limner.bench.environment import collect_environment
        from limner.lab.folders import load_folders
        from limner.lab.reporter import TerminalReporter
        from limner.lab.run import run_lab
        from limner.progress import ProgressBar

        with ProgressBar() as progress:
            sentences: list[str] = []
            examples = load_folders(
                self.folders, self.pixels, sentences.append, out=options.out, progress=progress
            )
        with TerminalReporter() as reporter:
            for sentence in sentences:
                reporter.message(sentence)
            environment = collect_environment(torch.device("cpu"))
            record = run_lab(settings, examples, options, environment, reporter)
        network = options.out / f"{CLASSIFY_TASK}-{NET}.onnx"
        print(describe(record, options.out))
        print(
            f"Let it dream: limner dream PICTURE --network {quoted(network)} "
            f"--class {quoted(printable(record['data']['classes'][0]))}"
        )

    def settings(self) -> LabSettings:
        """The settings with their defaults. Raises LimnerError where one cannot be used."""
        return check_settings(
            LabSettings(
                task=CLASSIFY_TASK,
                net=NET,
                optimizer="adamw",
                lr=self.lr,
                schedule="one-cycle",
                batch=self.batch,
                epochs=1 if self.epochs is None else self.epochs,
                seed=self.seed,
                weight_decay=None,
                label_smoothing=0.0,
                augment=self.augment,
            )
        )

    def options(self) -> LabOptions:
        if not self.folders:
            raise LimnerError("Name a folder of pictures for each class: `limner classify cats dogs`.")
        minutes = DEFAULT_MINUTES if self.minutes is None and self.epochs is None else self.minutes
        if minutes is not None and not 0 < minutes <= 1e6:
            raise LimnerError(f"--minutes is {minutes}, but has to be above 0 and at most 1,000,000.")
        from limner.lab.loop import Budget
        from limner.lab.run import LabOptions

        name = "-".join(slugify(path.resolve().name) for path in self.folders)[:60]
        return LabOptions(
            out=self.out or Path("limner-lab") / f"{CLASSIFY_TASK}-{name}",
            budget=Budget(minutes),
            range="0..1",
            fit_epochs=self.epochs is None,
        )
