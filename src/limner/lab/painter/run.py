"""One painting from the settings to its folder: learned, written as a picture and as ONNX, recorded, drawn.

```
FOLDER/
  checkpoint.safetensors   what training changes; it goes on from here
  painting.png             the painting
  network.onnx             the network, as the page saves it
  record.json              settings, curve, likeness, machine
  curve.svg                the likeness by steps
```
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from limner.display import printable
from limner.files import atomic_write
from limner.lab.export import Exported
from limner.lab.folder import check_folder, check_same_record
from limner.lab.painter.export import export_network, write_painting
from limner.lab.painter.history import psnr_of
from limner.lab.painter.loop import PainterTrainer, Stopped, measure_error
from limner.lab.painter.options import COMMAND, SIDE, PainterSettings
from limner.lab.painter.picture import Picture
from limner.lab.painter.reporter import PainterReporter
from limner.lab.record import FILE, FORMAT, read_record, write_record
from limner.lab.svg import Axes, Curve, draw_plot, limits_of
from limner.lock import folder_lock
from limner.networks.pixel_network import count_multiply_adds, count_parameters

NETWORK, PAINTING, CURVE = "network.onnx", "painting.png", "curve.svg"


@dataclass(frozen=True)
class PainterOptions:
    """What is asked of a training, beside its settings."""

    source: str
    """The picture as it was named, for the command that repeats the training."""
    out: Path
    steps: int
    """Steps in all; a folder that has fewer goes on."""
    minutes: float | None
    """The most that training takes, over all sessions."""
    pixels: int
    """Along a side of the painting."""


def run_painter(
    picture: Picture,
    settings: PainterSettings,
    options: PainterOptions,
    environment: Mapping[str, Any],
    reporter: PainterReporter,
) -> dict[str, Any]:
    """Learn the picture, or go on, and return the record.

    A folder that has so many steps, or minutes, already is left as it is, but for the size of its painting.
    `environment` is what the record says of the machine and the versions. Raises LimnerError where the
    folder holds other files or another training, and KeyboardInterrupt after Ctrl-C, when the checkpoint is
    written.
    """
    check_folder(options.out)
    with folder_lock(options.out, "trained"):
        record = read_record(options.out / FILE)
        if record is not None:
            check_same_record(options.out, settings.differences(record["settings"]))
        trainer = PainterTrainer(
            picture,
            settings,
            options.out,
            steps=options.steps,
            minutes=options.minutes,
            reporter=reporter,
        )
        if record is not None and trainer.is_finished and record["steps"] == trainer.state.counters.step:
            return _paint_again(trainer, record, options, reporter)
        stopped_by = trainer.run()
        return _finish(trainer, stopped_by, options, environment)


def _paint_again(
    trainer: PainterTrainer, record: dict[str, Any], options: PainterOptions, reporter: PainterReporter
) -> dict[str, Any]:
    """Nothing is left to learn: paint at another size, if one is wanted."""
    out = options.out
    if record["painting"]["pixels"] == options.pixels and (out / PAINTING).exists():
        reporter.message(f"{printable(out)} has this training already: its record is shown.")
        return record
    write_painting(trainer.state.network, out / PAINTING, options.pixels, reporter.on_rows)
    record = {**record, "painting": {"pixels": options.pixels}}
    write_record(out, record)
    return record


def _finish(
    trainer: PainterTrainer, stopped_by: Stopped, options: PainterOptions, environment: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the painting, the network and the curve, and the record last."""
    network, settings, picture = trainer.state.network, trainer.settings, trainer.picture
    out = options.out
    about = {"task": "painter", "net": settings.net, "seed": settings.seed}
    exported = export_network(network, out / NETWORK, SIDE, about)
    write_painting(network, out / PAINTING, options.pixels, trainer.reporter.on_rows)
    record = {**_make_record(trainer, stopped_by, exported, options), **environment}
    atomic_write(out / CURVE, draw_curve(f"{settings.net}, {picture.title}, {settings.optimizer}", record))
    write_record(out, record)
    return record


def _make_record(
    trainer: PainterTrainer, stopped_by: Stopped, exported: Exported, options: PainterOptions
) -> dict[str, Any]:
    state, settings, picture = trainer.state, trainer.settings, trainer.picture
    error = measure_error(state.network, picture)
    flat = float(picture.colours.double().var(0, correction=0).mean())
    architecture = state.network.architecture
    return {
        "limner.lab": FORMAT,
        "settings": settings.to_json(),
        "command": command_line(settings, options.source, state.counters.step),
        "data": {"title": picture.title, "sha256": picture.sha256, "pixels": SIDE},
        "parameters": count_parameters(architecture),
        "multiply_adds": count_multiply_adds(architecture),
        "bytes": exported.bytes,
        "onnx_runtime": {"checked": exported.checked, "max_difference": exported.max_difference},
        "painting": {"pixels": options.pixels},
        "stopped_by": stopped_by,
        "steps": state.counters.step,
        "seconds": round(state.counters.seconds, 2),
        "cpu_seconds": round(state.counters.cpu_seconds, 2),
        "start": _likeness(trainer.first_error),
        "constant_colour": _likeness(flat),
        "test": _likeness(error),
        "history": [asdict(record) for record in state.history],
    }


def _likeness(error: float) -> dict[str, float]:
    """Over all pixels of the picture that is learned."""
    return {"loss": error, "psnr": round(psnr_of(error), 3)}


def command_line(settings: PainterSettings, source: str, steps: int) -> str:
    """The command that repeats the curve."""
    words = [*COMMAND.split(), source]
    for name, value in asdict(settings).items():
        if name == "frozen":
            words += ["--frozen", *value] if value else []
        elif name != "act" or settings.net == "mlp":
            words += [f"--{name}", str(value)]
    return shlex.join([*words, "--steps", str(steps)])


def draw_curve(title: str, record: Mapping[str, Any]) -> str:
    """The likeness by steps as SVG: of the pixels of the steps, and in the end of the whole picture."""
    points = [(float(each["step"]), float(each["psnr"])) for each in record["history"]]
    steps = record["steps"]
    flat = record["constant_colour"]["psnr"]
    start = (0.0, float(record["start"]["psnr"]))
    curves = [Curve("painting", [start, *points]), Curve("one colour", [(0, flat), (steps, flat)])]
    values = [y for curve in curves for _, y in curve.points]
    axes = Axes(title, "step", "likeness (PSNR), dB", (0, steps), limits_of(values))
    return draw_plot(axes, curves)
