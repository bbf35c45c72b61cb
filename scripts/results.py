"""Record what a showpiece's training reached, and write docs/results.md, the table of all that is recorded.

    python runs/showpiece.py garden
    python scripts/results.py record garden --showpiece showpieces/garden.json --pictures garden
    python scripts/results.py table
    python scripts/results.py table --check

A record has the figures of each measurement, with its steps, time, machine and commit; the table has those
of the last. Rows of one set of pictures are sorted by KID: the first is to be beaten. Figures on other
held-out pictures cannot be compared, so give each set a name of its own.
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from limner.files import atomic_write
from limner.reading import read_json

DOCS = Path(__file__).parents[1] / "docs"
HEAD = """# Results

Looks and what their training reached, the best of each set first: beat them. `python runs/showpiece.py`
makes the figures ([what they see](measures.md)), `python scripts/results.py` this page from
`docs/results/`. *KID before* is that of the measurement before the last: where it is higher, training was
still improving. Judges were asked about [the paintings](results/blind-oils/README.md), and which they
prefer, [those of today's recipe or of the former one](results/blind-pairs/README.md).
"""

COLUMNS = {
    "kid_x1000": "KID x 1000",
    "top_octave_db": "top octave, dB",
    "held_out_l1": "held-out L1",
    "moved_psnr_2px_db": "shift by 2 px, PSNR, dB",
    "equivariance_loss_2px_db": "shift by 2 px, lost dB",
    "noise_gain": "noise gain",
    "camera_sensitivity": "camera sensitivity",
    "memorising_ratio": "memorising",
    "diversity_to_real": "diversity, to real",
}
"""The figures of the table, by their keys in evaluation.json; the record has all."""


def make_record(showpiece: Path, pictures: str) -> dict[str, Any]:
    """What is recorded of a showpiece's measurements."""
    try:
        content = read_json(showpiece)
        measured = content["measured"]
        measured[-1]["figures"].items()
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise SystemExit(
            f"{showpiece} has no measurements: make it by `python runs/showpiece.py`."
        ) from None
    return {"limner.result": 1, "pictures": pictures, "recipe": content["recipe"], "measured": measured}


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
    last = record["measured"][-1]
    kid = last["figures"].get("kid_x1000", {}).get("value")
    return last["judge"] or "~", math.inf if kid is None else kid


def _rows(records: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    names = (
        "look",
        "size, pixels",
        *COLUMNS.values(),
        "border and grid: the farthest from real",
        "KID before",
        "minutes",
        "steps",
        "machine",
        "commit, date",
    )
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for name, record in records:
        recipe, last = record["recipe"], record["measured"][-1]
        figures = " | ".join(_format(last["figures"].get(key)) for key in COLUMNS)
        judge = "" if last["judge"] is None else f" (judge: {last['judge']})"
        yield (
            f"| [{name}](results/{name}.json){judge} | {recipe['size']}, {recipe['pixels']} | {figures} | "
            f"{_farthest(last['figures'])} | "
            f"{_before(record)} | {last['minutes']:g} | {last['steps']:,} | {_machine(last)} | "
            f"{(last['commit'] or 'unknown')[:7]}, {last['time'][:10]} |"
        )


def _farthest(figures: dict[str, Any]) -> str:
    """Of the ratios to real pictures the farthest from 1, such as `grid 2 px edges 3.84; halves 0.07`."""
    ratios = {
        key: figure
        for key, figure in figures.items()
        if key.startswith(("border_", "grid_")) and figure["value"]
    }
    if not ratios:
        return "-"
    key = max(ratios, key=lambda one: abs(math.log(ratios[one]["value"])))
    halves = ratios[key].get("halves_of_real_differ_by")
    name = key.removesuffix("_to_real").replace("_", " ")
    return f"{name} {ratios[key]['value']:.3g}" + ("" if halves is None else f"; halves {halves:.2g}")


def _before(record: dict[str, Any]) -> str:
    """KID of the measurement before the last, such as `682 at 60 min`: whether it was still improving."""
    if len(record["measured"]) < 2:
        return "-"
    before = record["measured"][-2]
    kid = before["figures"].get("kid_x1000", {}).get("value")
    return "-" if kid is None else f"{kid:.3g} at {before['minutes']:g} min"


def _machine(measurement: dict[str, Any]) -> str:
    """Such as `AMD EPYC, 1 of 2 cores`."""
    machine, threads = measurement["machine"], measurement["threads"]
    if machine["device"] != "cpu":
        return str(machine["device"])
    used = f"{threads} of " if threads < machine["cores"] else ""
    return f"{machine['cpu']}, {used}{machine['cores']} cores"


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
    recording.add_argument("--showpiece", type=Path, required=True)
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
        record = make_record(options.showpiece, options.pictures)
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
