"""lab painter: a network of x and y learns a picture, as in the tab Painter of the lab's page.

Like every command (`limner.cli.commands.look`) it imports heavy modules only when it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.conf import Positional

from limner.cli.options import NO_DEFAULT_SHOWN
from limner.display import printable, readable_duration, readable_size
from limner.errors import LimnerError
from limner.lab.painter.options import (
    DEFAULT_STEPS,
    SIDE,
    PainterSettings,
    check_pixels,
    check_steps,
    make_settings,
)
from limner.slug import slugify


@dataclass(frozen=True)
class PainterCommand:
    """Let a network of x and y learn a picture, as in the tab Painter of the lab's page.

    It learns the square in the picture's middle, at 256 x 256 pixels, from the first weights that the page
    has for the seed. OUT gets painting.png, network.onnx, record.json and curve.svg. The same command
    resumes, and more steps go on. For example:

        limner lab painter cat.jpg
        limner lab painter cat.jpg --net siren --steps 5000 --pixels 1024
        limner lab painter cat.jpg --net mlp --act relu --depth 4 --minutes 2
    """

    picture: Annotated[Positional[Path], tyro.conf.arg(metavar="PICTURE", help_behavior_hint="(required)")]
    """The picture that is learned."""
    net: Annotated[str, NO_DEFAULT_SHOWN] = ""
    """The network: grid, siren, fourier, mlp. Default: grid."""
    depth: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Hidden layers. Default: 1 for grid, 3 for siren and mlp, 2 for fourier."""
    width: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Units of each. Default: 32 for grid and mlp, 64 for siren and fourier."""
    act: Annotated[str, NO_DEFAULT_SHOWN] = ""
    """The activation of mlp's hidden layers: tanh, relu, sigmoid (logistic), sine, identity, step.
    Default: tanh."""
    optimizer: str = "adam"
    """The optimizer: sgd, momentum, nesterov, adagrad, adadelta, rmsprop, adam, adamw, lion, muon."""
    lr: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """The learning rate. Default: the page's for the network and the optimizer."""
    batch: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Pixels a step, of 65536, which are all. Default: 4096."""
    frozen: Annotated[tuple[str, ...], tyro.conf.arg(metavar="LAYER...", help_behavior_hint="")] = ()
    """Layers that stay as they were drawn: grids, hidden1, hidden2, ..., colour."""
    steps: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Steps in all. More of them later go on from there. Default: 2000."""
    minutes: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Minutes to train, at most, including the time of earlier sessions."""
    pixels: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Pixels along a side of painting.png; what is learned has 256. Default: 256."""
    seed: int = 0
    """The same seed gives the same first weights, as the page's, and the same curve."""
    threads: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Threads of the processor. Default: as many as torch takes."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Folder of the results. Default: limner-lab/painter-PICTURE-NET-OPTIMIZER-SEED."""

    def run(self) -> None:
        settings = self.settings()
        for option, value, most in (("--minutes", self.minutes, 1e6), ("--threads", self.threads, 4096)):
            if value is not None and not 0 < value <= most:
                raise LimnerError(f"{option} is {value}, but has to be above 0 and at most {most:,.0f}.")
        steps = DEFAULT_STEPS if self.steps is None else check_steps(self.steps)
        pixels = SIDE if self.pixels is None else check_pixels(self.pixels)
        import torch

        from limner.bench.environment import collect_environment
        from limner.lab.painter.picture import load_picture
        from limner.lab.painter.reporter import TerminalPainterReporter
        from limner.lab.painter.run import PainterOptions, run_painter

        if self.threads is not None:
            torch.set_num_threads(self.threads)
        picture = load_picture(self.picture)
        name = f"painter-{slugify(self.picture.stem)}-{settings.net}-{settings.optimizer}-{settings.seed}"
        options = PainterOptions(
            source=str(self.picture),
            out=self.out or Path("limner-lab") / name,
            steps=steps,
            minutes=self.minutes,
            pixels=pixels,
        )
        with TerminalPainterReporter() as reporter:
            environment = collect_environment(torch.device("cpu"))
            record = run_painter(picture, settings, options, environment, reporter)
        print(describe_painting(record, options.out))

    def settings(self) -> PainterSettings:
        """The settings with their defaults. Raises LimnerError where one cannot be used."""
        return make_settings(
            net=self.net,
            depth=self.depth,
            width=self.width,
            act=self.act,
            optimizer=self.optimizer,
            lr=self.lr,
            batch=self.batch,
            frozen=self.frozen,
            seed=self.seed,
        )


def describe_painting(record: dict[str, Any], out: Path) -> str:
    """The result in a few lines."""
    settings = record["settings"]
    lines = (
        f"{settings['net']} paints {record['data']['title']}: {record['test']['psnr']:.2f} dB after "
        f"{record['steps']:,} steps; one colour would have {record['constant_colour']['psnr']:.2f} dB.",
        f"{record['parameters']:,} parameters, {record['multiply_adds']:,} multiply-adds a pixel, "
        f"{readable_size(record['bytes'])}; {readable_duration(record['seconds'])}.",
        f"Repeat it: {record['command']}",
        f"Results: {out}",
    )
    return "\n".join(map(printable, lines))
