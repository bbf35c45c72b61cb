"""One training from the settings to its folder: trained, tested once, exported, recorded, drawn.

```
FOLDER/
  checkpoint.safetensors   what training changes; it resumes from here
  TASK-NET.onnx            the network with the weights that were best on held-out examples
  record.json              settings, curve, test, machine
  curves.svg confusion.svg (cars: fit.svg)
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from limner.display import printable
from limner.lab.examples import Examples
from limner.lab.export import export_network
from limner.lab.folder import check_folder, check_same_record
from limner.lab.loop import Budget, Trainer
from limner.lab.objective import as_batch
from limner.lab.options import InputRange, LabSettings
from limner.lab.plots import write_plots
from limner.lab.record import FILE, Outcome, make_record, read_record, write_record
from limner.lab.reporter import LabReporter
from limner.lab.scores import measure_test
from limner.lab.speed import fit_epochs
from limner.lab.state import read_settings
from limner.lab.task import Task, make_task
from limner.lock import folder_lock
from limner.networks.classifiers.counts import count_multiply_adds, count_parameters


@dataclass(frozen=True)
class LabOptions:
    """What is asked of a training, beside its settings."""

    out: Path
    budget: Budget
    range: InputRange
    """Of the pictures that the ONNX file takes."""
    fit_epochs: bool
    """As many epochs as fit into the budget's minutes, in place of the settings'."""


def run_lab(
    settings: LabSettings,
    examples: Examples,
    options: LabOptions,
    environment: Mapping[str, Any],
    reporter: LabReporter,
) -> dict[str, Any]:
    """Train, or resume, and return the record; a folder that has its record is left as it is.

    `environment` is what the record says of the machine and the versions. Raises LimnerError where the
    folder holds other files or another training, and KeyboardInterrupt after Ctrl-C, when the checkpoint is
    written.
    """
    check_folder(options.out)
    with folder_lock(options.out, "trained"):
        if options.fit_epochs:
            settings = _fit(settings, examples, options)
        if (record := read_record(options.out / FILE)) is not None:
            same_data = record["data"]["sha256"] == examples.sha256
            differing = settings.differences(record["settings"])
            check_same_record(options.out, differing, has_same_data=same_data)
            reporter.message(
                f"{printable(options.out)} has this training already: its record is shown. Another --out "
                "begins anew."
            )
            return record
        task = make_task(settings, examples)
        trainer = Trainer(task, settings, options.out, options.budget, reporter)
        stopped_by = trainer.run()
        return _finish(trainer, task, stopped_by, options, environment)


def _fit(settings: LabSettings, examples: Examples, options: LabOptions) -> LabSettings:
    """The settings with the epochs that an earlier session planned, or with as many as fit."""
    assert options.budget.minutes is not None
    record = read_record(options.out / FILE)
    earlier = record["settings"] if record is not None else read_settings(options.out)
    if earlier is not None:
        return replace(settings, epochs=int(earlier["epochs"]))
    return fit_epochs(make_task(settings, examples), settings, options.budget.minutes)


def _finish(
    trainer: Trainer, task: Task, stopped_by: str, options: LabOptions, environment: Mapping[str, Any]
) -> dict[str, Any]:
    """Test the best weights once, export them, and write the record last."""
    state, settings, examples = trainer.state, trainer.settings, task.examples
    task.network.load_state_dict(state.best)
    scores = measure_test(task.network, task.objective, examples)
    about = {
        "task": settings.task,
        "net": settings.net,
        "data": examples.title,
        "classes": list(examples.classes),
        "seed": settings.seed,
    }
    path = options.out / f"{settings.task}-{settings.net}.onnx"
    exported = export_network(task.network, examples.test.inputs, path, options.range, about)
    outcome = Outcome(
        stopped_by=stopped_by,
        chosen_epoch=state.counters.best_epoch,
        history=state.history,
        scores=scores,
        exported=exported,
        parameters=count_parameters(task.network),
        multiply_adds=count_multiply_adds(task.network, as_batch(examples.test.inputs[:1])),
    )
    record = make_record(settings, examples, outcome, environment)
    write_plots(options.out, record, task.network, examples)
    write_record(options.out, record)
    return record
