"""Record what a training reached, and write docs/results.md, the table of all that is recorded.

    limner evaluate run --against held-out --training photos --out figures
    python scripts/results.py record NAME --run run --figures figures/evaluation.json --pictures sunflowers
    python scripts/results.py table
    python scripts/results.py table --check

Record on the machine and at the commit that trained the run. Rows of one set of pictures are sorted by KID:
the first is to be beaten. Figures on other held-out pictures cannot be compared, so give each set a name of
its own (`limner bench quality` keeps its sets).
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import torch

from limner.bench.environment import collect_environment
from limner.evaluation.report import is_report
from limner.files import atomic_write
from limner.training.checkpoint import list_checkpoints, read_checkpoint
from limner.training.run import open_run

DOCS = Path(__file__).parents[1] / "docs"
HEAD = """# Results

Looks and what their training reached, the best of each set first: beat them. `limner evaluate` makes the
figures ([what they see](measures.md)), `python scripts/results.py` this page from `docs/results/`.
"""

COLUMNS = {
    "kid_x1000": "KID x 1000",
    "top_octave_db": "top octave, dB",
    "held_out_l1": "held-out L1",
    "equivariance_loss_2px_db": "shift by 2 px, lost dB",
    "noise_gain": "noise gain",
    "camera_sensitivity": "camera sensitivity",
    "memorising_ratio": "memorising",
    "diversity_to_real": "diversity, to real",
}
"""The figures of the table, by their keys in evaluation.json; the record has all."""


def make_record(run_folder: Path, figures: Path, pictures: str) -> dict[str, Any]:
    """What is recorded of a run and its evaluation. Raises LimnerError where the run cannot be read."""
    if not is_report(figures):
        raise SystemExit(f"{figures} is no evaluation: make it by `limner evaluate RUN --out FOLDER`.")
    run = open_run(run_folder)
    checkpoints = list_checkpoints(run.checkpoints)
    if not checkpoints:
        raise SystemExit(f"{run_folder} has no checkpoint: train it first.")
    _, metadata = read_checkpoint(checkpoints[0], "none")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    environment = collect_environment(device)
    machine = environment["machine"]
    evaluation = json.loads(figures.read_text())
    return {
        "limner.result": 1,
        "pictures": pictures,
        "training_pictures": evaluation["training_pictures"],
        "held_out_pictures": evaluation["pictures"],
        "judge": evaluation["judge"],
        "figures": evaluation["figures"],
        "recipe": json.loads(run.recipe.to_json()),
        "steps": int(metadata["step"]),
        "minutes": round(float(metadata["seconds"]) / 60, 1),
        "machine": machine["device"]
        if device.type == "cuda"
        else f"{machine['cpu']}, {machine['cores']} cores",
        "commit": environment["commit"],
        "date": datetime.now(UTC).date().isoformat(),
    }


def read_records(folder: Path) -> dict[str, dict[str, Any]]:
    """The records by their names."""
    found = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    return {name: record for name, record in found.items() if record.get("limner.result") == 1}


def table(records: dict[str, dict[str, Any]]) -> str:
    """The page of all records."""
    ordered = sorted(records.items(), key=lambda item: (item[1]["pictures"], *_rank(item[1]), item[0]))
    lines = [HEAD]
    for pictures, rows in groupby(ordered, key=lambda item: item[1]["pictures"]):
        lines += [f"## {pictures}", "", *_rows(rows), ""]
    return "\n".join(lines).rstrip() + "\n"


def _rank(record: dict[str, Any]) -> tuple[str, float]:
    """Of each judge, those with a KID first, the lowest foremost."""
    kid = record["figures"].get("kid_x1000", {}).get("value")
    return record["judge"] or "~", math.inf if kid is None else kid


def _rows(records: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    names = ("look", "size, pixels", *COLUMNS.values(), "minutes", "steps", "machine", "commit, date")
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for name, record in records:
        recipe = record["recipe"]
        figures = " | ".join(_format(record["figures"].get(key)) for key in COLUMNS)
        judge = "" if record["judge"] is None else f" (judge: {record['judge']})"
        yield (
            f"| [{name}](results/{name}.json){judge} | {recipe['size']}, {recipe['pixels']} | {figures} | "
            f"{record['minutes']:g} | {record['steps']:,} | {record['machine']} | "
            f"{record['commit'] or 'unknown'}, {record['date']} |"
        )


def _format(figure: dict[str, Any] | None) -> str:
    """Such as `12.3 (11 to 13.5)`."""
    if figure is None or figure["value"] is None:
        return "-"
    ends = "" if figure["low"] is None else f" ({figure['low']:.3g} to {figure['high']:.3g})"
    return f"{figure['value']:.3g}{ends}"


def main() -> None:
    """Record one result, or write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record")
    recording.add_argument("name")
    recording.add_argument("--run", type=Path, required=True)
    recording.add_argument("--figures", type=Path, required=True)
    recording.add_argument("--pictures", required=True)
    writing = commands.add_parser("table")
    writing.add_argument("--check", action="store_true", help="only check that the page is up to date")
    for command in (recording, writing):
        command.add_argument("--docs", type=Path, default=DOCS, help="the folder of the page")
    options = parser.parse_args()
    if options.command == "record":
        if not re.fullmatch(r"[a-z0-9-]+", options.name):
            raise SystemExit(f"{options.name!r} is no name: take small letters, digits and hyphens.")
        path = options.docs / "results" / f"{options.name}.json"
        record = make_record(options.run, options.figures, options.pictures)
        atomic_write(path, json.dumps(record, indent=1) + "\n")
        print(f"Recorded: {path}. `python scripts/results.py table` writes the page.")
        return
    records, page = read_records(options.docs / "results"), options.docs / "results.md"
    if not records:
        raise SystemExit(f"Nothing is recorded in {options.docs / 'results'}: record a result first.")
    if not options.check:
        atomic_write(page, table(records))
    elif not page.is_file() or page.read_text() != table(records):
        raise SystemExit(f"{page} is not up to date: run `python scripts/results.py table`.")


if __name__ == "__main__":
    main()
