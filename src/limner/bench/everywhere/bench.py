"""`limner bench everywhere`: the same networks and inputs in Python, in Node and in the browser.

The driver (this process) asks one runtime at a time. It needs the built bench (`npm run bench:build` in
web/); where a runtime, Node or a browser is missing, its rows have the reason.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from limner.bench.browser import PAGE
from limner.bench.environment import collect_environment
from limner.bench.everywhere.accuracy import AccuracySet, write_accuracy_set
from limner.bench.everywhere.examples import Examples, draw_examples
from limner.bench.everywhere.launcher import Launcher
from limner.bench.everywhere.models import Model, make_models, read_model
from limner.bench.everywhere.plot import draw_everywhere
from limner.bench.everywhere.report import render_report
from limner.bench.everywhere.rounds import FULL, QUICK, Plan, measure
from limner.bench.everywhere.runtimes import RUNTIMES
from limner.bench.results import write_results
from limner.errors import LimnerError
from limner.files import atomic_write
from limner.progress import Progress, no_progress

OnResults = Callable[[dict[str, Any]], None]


def bench_everywhere(
    paths: Sequence[Path] = (),
    *,
    quick: bool = False,
    gpu: bool = False,
    page: Path = PAGE,
    plan: Plan | None = None,
    progress: Progress = no_progress,
    on_results: OnResults = lambda _: None,
) -> dict[str, Any]:
    """Measure the networks of `paths`, or those of `make_models`; returns the content of the JSON file.

    `on_results` is called with the results so far after each network. Raises LimnerError if the bench is
    not built, a file cannot be measured, or `gpu` is set but Chromium has no GPU.
    """
    if not (page / "everywhere.html").is_file():
        raise LimnerError(
            "The bench's page is not built: run `npm ci && npm run bench:build` in web/ first."
        )
    chosen = plan or (QUICK if quick else FULL)
    environment = collect_environment(torch.device("cpu"))
    # Each row has its own.
    del environment["threads"]
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        models = _name_apart([read_model(path) for path in paths]) or make_models(top / "made", quick=quick)
        results: dict[str, Any] = {
            "benchmark": "everywhere",
            **environment,
            "versions": environment["versions"] | {"node": _node_version(), "browser": None},
            "gpu": gpu,
            "plan": asdict(chosen),
            "models": [],
            "rows": [],
        }
        total = sum(_steps(model, chosen) for model in models)
        done = 0

        def on_step(label: str) -> None:
            nonlocal done
            progress(done, total, label)
            done += 1

        for number, model in enumerate(models):
            files = top / str(number)
            examples = draw_examples(model, files / "examples.bin")
            accuracy_set, about = _find_accuracy_set(model, chosen.pictures, files / "pictures.bin")
            with Launcher(model, examples, accuracy_set, files, page, gpu=gpu) as launcher:
                rows = measure(
                    *(model, examples, RUNTIMES[model.kind], launcher.open, chosen),
                    accuracy_set=accuracy_set,
                    on_step=on_step,
                )
            results["versions"]["browser"] = launcher.browser_version or results["versions"]["browser"]
            results["models"].append(_describe(model, examples) | {"accuracy": about})
            results["rows"] += [row.to_json() for row in rows]
            on_results(results)
    return results


def write_everywhere(results: dict[str, Any], folder: Path) -> None:
    """Write `everywhere.json`, and the table and the plot that are made from it."""
    write_results(results, folder, "everywhere")
    atomic_write(folder / "everywhere.svg", draw_everywhere(results))
    atomic_write(folder / "everywhere.md", render_report(results))


def _name_apart(models: Sequence[Model]) -> list[Model]:
    """The same, with a number behind a name that another before it has: files of two folders."""
    named: dict[str, Model] = {}
    for model in models:
        name, count = model.name, 2
        while name in named:
            name, count = f"{model.name} {count}", count + 1
        named[name] = replace(model, name=name)
    return list(named.values())


def _find_accuracy_set(
    model: Model, count: int, path: Path
) -> tuple[AccuracySet | None, dict[str, Any] | None]:
    """Test pictures for the network, and what the JSON says of them, or why there are none.

    None twice where the network's task is not known.
    """
    try:
        found = write_accuracy_set(model, count, path)
    except LimnerError as error:
        return None, {"reason": str(error)}
    if found is None:
        return None, None
    return found, {"data": found.title, "pictures": len(found.labels), "sha256": found.sha256}


def _steps(model: Model, plan: Plan) -> int:
    """Loads and turns of all its runtimes."""
    return len(RUNTIMES[model.kind]) * (1 + plan.rounds)


def _describe(model: Model, examples: Examples) -> dict[str, Any]:
    return {
        "name": model.name,
        "sha256": model.sha256,
        "bytes": model.path.stat().st_size,
        "input": list(model.shape),
        "examples": len(examples.values),
        "examplesSha256": examples.sha256,
    }


def _node_version() -> str | None:
    node = shutil.which("node")
    if node is None:
        return None
    try:
        found = subprocess.run([node, "--version"], check=True, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip().removeprefix("v")
