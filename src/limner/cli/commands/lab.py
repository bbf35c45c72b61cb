"""lab: serve the page on which small networks learn, or train one as that page does.

Like every command (`limner.cli.commands.look`) it imports heavy modules only when it runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from tyro.conf import Positional

from limner.cli.options import NO_DEFAULT_SHOWN, Flat, ServeOptions
from limner.display import printable, readable_duration, readable_size
from limner.errors import LimnerError
from limner.export.step_options import OptimizerName
from limner.lab.options import (
    DEFAULT_EPOCHS,
    InputRange,
    LabSettings,
    PrecisionName,
    ScheduleName,
    TaskName,
    check_settings,
    default_rate,
)

if TYPE_CHECKING:
    from limner.lab.run import LabOptions

MAX_THREADS = 256

DEFAULT_NETS: dict[TaskName, str] = {
    "digits": "lenet",
    "fashion": "lenet",
    "pictures": "resnet8",
    "cars": "curve",
}


@dataclass(frozen=True)
class LabCommand:
    """Serve the lab, where small networks learn in the page; or, with a task, train one here.

    Without a task, the page is served on this machine and opened. With one, a network for digits,
    clothes, pictures or cars is trained, tested and written as ONNX. The data come from `limner data`;
    digits are drawn where MNIST is not there. Up to 5,000 training pictures are held out: the weights
    of the epoch that does best on them are kept. Then the test set is measured, once. OUT gets the ONNX
    file, record.json, and the curves and confusions as SVG. The same command resumes. `limner lab descent`
    and `limner lab painter` have options of their own: optimizers race over a surface, and a network of x
    and y learns a picture. For example:

        limner lab
        limner lab digits --net lenet --optimizer adam --epochs 10 --seed 7
        limner lab pictures --net resnet8 --optimizer nesterov --lr 0.1 --schedule one-cycle --minutes 30
        limner lab cars --net curve
        limner lab descent --on beale
        limner lab painter cat.jpg
    """

    task: Annotated[Positional[TaskName | None], NO_DEFAULT_SHOWN] = None
    """digits: MNIST. fashion: Fashion-MNIST. pictures: CIFAR-10. cars: miles per gallon by horsepower.
    Default: serve the page."""
    net: Annotated[str, NO_DEFAULT_SHOWN] = ""
    """The network: perceptron, codelab, lenet, cnn, alexnet-small, googlenet, googlenet-narrow, resnet8,
    resnet20, mobilenet, mobilenet-half, mobilenet-quarter, mobilenetv2, mobilenetv2-half, airbench,
    airbench-half, airbench-quarter; for cars line, curve. Default: lenet, resnet8 for pictures, curve for
    cars."""
    optimizer: str = "adam"
    """The optimizer: sgd, momentum, nesterov, adagrad, adadelta, rmsprop, adam, adamw, lion, muon; torch's
    formulas and defaults. Momentum and nesterov have 0.9."""
    lr: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """The learning rate, the highest of the schedule. Default: torch's for the optimizer."""
    schedule: str = "constant"
    """How the rate changes: constant, step, exponential, cosine, one-cycle."""
    weight_decay: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Weight decay. Default: torch's, 0.01 for adamw, 0.1 for muon, 0 for others."""
    label_smoothing: float = 0.0
    """The part of the target that is spread over all classes."""
    batch: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Examples a step. Default: 64; 32 for cars."""
    augment: bool = True
    """Whether to shift training pictures by up to 2 pixels, and to flip those of clothes and pictures."""
    precision: str = "float32"
    """float32, or bfloat16: products of half the bits, faster on processors that have them (AVX512-BF16,
    AMX), slower on others. Weights, tests and the file stay float32."""
    epochs: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Passes over the training set. Default: as many as fit into --minutes; without it 10, 20 for pictures,
    100 for cars."""
    minutes: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Minutes to train, at most, including the time of earlier sessions."""
    patience: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Stop after so many epochs without a better score on held-out examples. Default: never."""
    seed: int = 0
    """The same seed gives the same curve, on one machine and with as many threads."""
    threads: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Threads. Default: torch's."""
    drawn: bool = False
    """For digits: take drawn ones, even if MNIST is there."""
    range: InputRange = "0..1"
    """The values of black and white that the ONNX file takes."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Folder of the results. Default: limner-lab/TASK-NET-OPTIMIZER-SEED."""
    data: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Folder that holds the data sets. Default: where `limner data` keeps them."""
    serving: Flat[ServeOptions] = field(default_factory=ServeOptions)

    def run(self) -> None:
        if self.task is None:
            self.serve()
        else:
            self.train(self.task)

    def serve(self) -> None:
        from limner.data.datasets.location import data_folder
        from limner.page.lab import serve_lab

        folder = self.data or data_folder()
        serve_lab(folder, port=self.serving.port, open_browser=self.serving.open)

    def train(self, task: TaskName) -> None:
        settings = self.settings(task)
        options = self.options(settings)
        import torch

        from limner.bench.environment import collect_environment
        from limner.lab.reporter import TerminalReporter
        from limner.lab.run import run_lab
        from limner.lab.sources import load_examples

        if self.threads is not None:
            torch.set_num_threads(self.threads)
        with TerminalReporter() as reporter:
            examples = load_examples(task, self.data, reporter.message, drawn=self.drawn)
            environment = collect_environment(torch.device("cpu"))
            record = run_lab(settings, examples, options, environment, reporter)
        print(describe(record, options.out))

    def settings(self, task: TaskName) -> LabSettings:
        """The settings with their defaults. Raises LimnerError where one cannot be used."""
        lr = default_rate(self.optimizer) if self.lr is None else self.lr
        batch = self.batch if self.batch is not None else 32 if task == "cars" else 64
        return check_settings(
            LabSettings(
                task=task,
                net=self.net or DEFAULT_NETS[task],
                optimizer=cast(OptimizerName, self.optimizer),
                lr=lr,
                schedule=cast(ScheduleName, self.schedule),
                batch=batch,
                epochs=DEFAULT_EPOCHS[task] if self.epochs is None else self.epochs,
                seed=self.seed,
                weight_decay=self.weight_decay,
                label_smoothing=self.label_smoothing,
                augment=self.augment,
                precision=cast(PrecisionName, self.precision),
            )
        )

    def options(self, settings: LabSettings) -> LabOptions:
        for option, value, most in (
            ("--minutes", self.minutes, 1e6),
            ("--patience", self.patience, 1e6),
            ("--threads", self.threads, MAX_THREADS),
        ):
            if value is not None and not 0 < value <= most:
                raise LimnerError(f"{option} is {value}, but has to be above 0 and at most {most:,.0f}.")
        if self.drawn and settings.task != "digits":
            raise LimnerError(f"limner lab {settings.task} takes no --drawn; only digits are drawn.")
        from limner.lab.loop import Budget
        from limner.lab.run import LabOptions

        name = f"{settings.task}-{settings.net}-{settings.optimizer}-{settings.seed}"
        return LabOptions(
            out=self.out or Path("limner-lab") / name,
            budget=Budget(self.minutes, self.patience),
            range=self.range,
            fit_epochs=self.minutes is not None and self.epochs is None,
        )


def describe(record: dict[str, Any], out: Path) -> str:
    """The result in a few lines."""
    test, settings, data = record["test"], record["settings"], record["data"]
    if "accuracy" in test:
        worst = min(test["accuracy_by_class"], key=test["accuracy_by_class"].__getitem__)
        found = (
            f"{test['accuracy']:.2%} of {data['test']:,} test pictures; the hardest class is {worst}, "
            f"{test['accuracy_by_class'][worst]:.1%}"
        )
    else:
        found = f"R² {test['r2']:.3f} on {data['test']} test cars, {test['rmse']:.2f} miles per gallon off"
    lines = (
        f"{settings['net']} on {data['title']}: {found}.",
        f"{record['parameters']:,} parameters, {record['multiply_adds']:,} multiply-adds, "
        f"{readable_size(record['bytes'])}; epoch {record['chosen_epoch']} of {len(record['history'])}, "
        f"{readable_duration(record['seconds'])}.",
        f"Repeat it: {record['command']}",
        f"Results: {out}",
    )
    return "\n".join(map(printable, lines))
