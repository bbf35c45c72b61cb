"""record.json: everything that is told about a training, for people and for the page of results."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limner.display import printable
from limner.errors import LimnerError
from limner.files import atomic_write
from limner.lab.examples import Examples
from limner.lab.history import EpochRecord
from limner.lab.options import CLASSIFY_TASK, LabSettings
from limner.lab.scores import ClassScores, NumberScores
from limner.reading import read_json

if TYPE_CHECKING:
    from limner.lab.export import Exported

FILE = "record.json"
FORMAT = 1

CLASSIFY_OPTIONS = ("lr", "batch", "epochs", "seed")
"""The settings that `limner classify` takes."""


@dataclass(frozen=True)
class Outcome:
    """How a training ended."""

    stopped_by: str
    chosen_epoch: int
    """The epoch whose weights were best on held-out examples, and were tested."""
    history: Sequence[EpochRecord]
    scores: ClassScores | NumberScores
    exported: Exported
    parameters: int
    multiply_adds: int


def make_record(
    settings: LabSettings, examples: Examples, outcome: Outcome, environment: Mapping[str, Any]
) -> dict[str, Any]:
    """The content of record.json."""
    last = outcome.history[-1]
    return {
        "limner.lab": FORMAT,
        "settings": settings.to_json(),
        "command": command_line(settings, examples),
        "data": {
            "title": examples.title,
            "note": examples.note,
            "sha256": examples.sha256,
            "classes": list(examples.classes),
            "train": len(examples.train.inputs),
            "held_out": len(examples.held_out.inputs),
            "test": len(examples.test.inputs),
        },
        "parameters": outcome.parameters,
        "multiply_adds": outcome.multiply_adds,
        "bytes": outcome.exported.bytes,
        "onnx_runtime": {
            "checked": outcome.exported.checked,
            "max_difference": outcome.exported.max_difference,
        },
        "stopped_by": outcome.stopped_by,
        "chosen_epoch": outcome.chosen_epoch,
        "steps": last.step,
        "seconds": last.seconds,
        "cpu_seconds": last.cpu_seconds,
        "test": asdict(outcome.scores),
        "history": [asdict(record) for record in outcome.history],
        **environment,
    }


def command_line(settings: LabSettings, examples: Examples) -> str:
    """The command that repeats the curve."""
    values = {name: value for name, value in settings.to_json().items() if value is not None}
    without = [] if settings.augment else ["--no-augment"]
    if settings.task == CLASSIFY_TASK:
        words = ["limner", "classify", *examples.options]
        return " ".join(words + _as_options({name: values[name] for name in CLASSIFY_OPTIONS}) + without)
    given = _as_options({name: value for name, value in values.items() if name not in ("task", "augment")})
    return " ".join(["limner", "lab", settings.task, *given, *without, *examples.options])


def _as_options(values: Mapping[str, Any]) -> list[str]:
    return [word for name, value in values.items() for word in (f"--{name.replace('_', '-')}", str(value))]


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write record.json. Raises LimnerError where the disk does not take it."""
    atomic_write(folder / FILE, to_text(record))


def to_text(record: Mapping[str, Any]) -> str:
    """The record as JSON: a line for each of its fields, and for each entry of a list of objects."""
    lines = []
    for name, value in record.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            entries = ",\n".join(f"  {json.dumps(each)}" for each in value)
            lines.append(f" {json.dumps(name)}: [\n{entries}\n ]")
        else:
            lines.append(f" {json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read_record(path: Path) -> dict[str, Any] | None:
    """The record at `path`; None where there is no file. Raises LimnerError where it is no record."""
    if not path.exists():
        return None
    try:
        record: dict[str, Any] = read_json(path)
        if record["limner.lab"] != FORMAT:
            raise ValueError("it is of another version")
        _ = record["settings"]["task"], record["test"], record["history"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LimnerError(
            f"{printable(path)} is no record of a training in the lab ({error}): delete it, or choose "
            "another folder with --out."
        ) from error
    return record
