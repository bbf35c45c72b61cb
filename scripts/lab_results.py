"""Record trainings of the lab, and write docs/results-lab.md with its plots.

    runs/lab-digits.sh
    python scripts/lab_results.py record limner-lab/*
    python scripts/lab_results.py page
    python scripts/lab_results.py page --check
    python scripts/lab_results.py best-rate limner-lab/rates-digits-lenet-adam-*

A record is the record.json of a training, in docs/results/lab/ under the name of its folder. Trainings
that differ in the seed alone are one row: mean and standard deviation. Those whose names begin with
`optimizers-` are compared with each other, as curves; they share data, network, epochs and seeds.
`best-rate` prints the learning rate of the training that was best on held-out examples, for
`runs/lab-optimizers.sh`.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lab_classics import compare_classics
from limner.display import readable_duration
from limner.errors import LimnerError
from limner.files import atomic_write
from limner.lab.panels import Panels, draw_panels
from limner.lab.record import FILE, read_record, to_text
from limner.lab.svg import Curve, draw_table

DOCS = Path(__file__).parents[1] / "docs"
RACE = "optimizers-"
RATES = "rates-"
HEAD = """# Results of the lab

What `limner lab` reached: small networks for digits, clothes, pictures and cars, and the optimizers
compared. `runs/lab-*.sh` train, `python scripts/lab_results.py` writes this page from `docs/results/lab/`.
Up to 5,000 training pictures are held out: the weights of the epoch that is best on them are tested, once.
± is the standard deviation over seeds; a single seed has none. Accuracies on a JPEG copy of CIFAR-10 cannot
be compared with published ones.
"""

Record = dict[str, Any]
Rows = list[list[Record]]
"""Records that differ in the seed alone, by row."""


def read_records(folder: Path) -> dict[str, Record]:
    """The records by their names."""
    found = {path.stem: read_record(path) for path in sorted(folder.glob("*.json"))}
    return {name: record for name, record in found.items() if record is not None}


def best_rate(folders: Iterable[Path]) -> float:
    """The learning rate of the training with the best score on held-out examples."""
    records = [record for folder in folders if (record := read_record(folder / FILE)) is not None]
    if not records:
        raise LimnerError("None of these folders has a record.json: train there first.")
    best = max(records, key=lambda record: max(each["held_out_score"] for each in record["history"]))
    return float(best["settings"]["lr"])


def make_page(records: dict[str, Record]) -> tuple[str, dict[str, str]]:
    """The page, and its plots by the names of their files."""
    lines, plots = [HEAD], {}
    single = {name: record for name, record in records.items() if not name.startswith((RACE, RATES))}
    races = {name: record for name, record in records.items() if name.startswith(RACE)}
    for title, rows in _by_data(single).items():
        lines += [f"## {title}", "", *_table(rows), ""]
        if "accuracy" in rows[0][0]["test"]:
            name = f"lab-{_slug(title)}-confusion.svg"
            plots[name] = _confusion(rows[0][0])
            lines += [f"![What the first network takes for what](pictures/{name})", ""]
        lines += compare_classics(record for row in rows for record in row)
    for title, rows in _by_data(races).items():
        net, epochs = rows[0][0]["settings"]["net"], rows[0][0]["settings"]["epochs"]
        name = f"lab-{_slug(title)}-{net}-optimizers.svg"
        plots[name] = _race(title, rows)
        lines += [f"## Optimizers on {title}: {net}, {epochs} epochs", "", *_race_table(rows), ""]
        lines += [f"![Errors on held-out pictures by epoch, a panel each](pictures/{name})", ""]
    return "\n".join(lines).rstrip() + "\n", plots


def _by_data(records: dict[str, Record]) -> dict[str, Rows]:
    """Rows of each data set, the best first."""
    groups: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records.values():
        settings = {name: value for name, value in record["settings"].items() if name != "seed"}
        groups[record["data"]["title"]][repr(settings)].append(record)
    return {
        title: sorted(rows.values(), key=lambda row: -_mean(row, _score))
        for title, rows in sorted(groups.items())
    }


def _score(record: Record) -> float:
    test = record["test"]
    return float(100 * test["accuracy"] if "accuracy" in test else test["r2"])


def _table(rows: Rows) -> Iterator[str]:
    is_accuracy = "accuracy" in rows[0][0]["test"]
    names = (
        "network",
        "test accuracy, %" if is_accuracy else "R²",
        "hardest class, %" if is_accuracy else "RMSE, miles per gallon",
        "parameters",
        "multiply-adds",
        "ONNX, kB",
        "recipe",
        "epochs",
        "seeds",
        "processor time of one",
        "machine",
        "commit, date",
    )
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        first, settings = row[0], row[0]["settings"]
        hardest = _hardest(row) if is_accuracy else _spread(row, lambda each: float(each["test"]["rmse"]))
        cells = (
            settings["net"],
            _spread(row, _score),
            hardest,
            f"{first['parameters']:,}",
            f"{first['multiply_adds']:,}",
            f"{first['bytes'] / 1000:,.0f}",
            _recipe(settings),
            f"{statistics.mean(len(each['history']) for each in row):g}",
            str(len(row)),
            readable_duration(_mean(row, lambda each: float(each["cpu_seconds"]))),
            f"{first['machine']['cpu']}, {first['threads']} thread{'s' * (first['threads'] > 1)}",
            f"{(first['commit'] or 'unknown')[:7]}, {first['time'][:10]}",
        )
        yield f"| {' | '.join(cells)} |"


def _race_table(rows: Rows) -> Iterator[str]:
    names = ("optimizer", "rate", "test accuracy, %", "held out after the first epoch, %", "seeds")
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        settings = row[0]["settings"]
        after_one = _spread(row, lambda each: 100 * float(each["history"][0]["held_out_score"]))
        yield (
            f"| {settings['optimizer']} | {settings['lr']:g} | {_spread(row, _score)} | {after_one} | "
            f"{len(row)} |"
        )


def _race(title: str, rows: Rows) -> str:
    """Errors on held-out pictures by epoch: mean and standard deviation over seeds, a panel each."""
    curves = []
    for row in rows:
        numbers = range(1, 1 + min(len(record["history"]) for record in row))
        errors = [[_error(record, number) for record in row] for number in numbers]
        means = [statistics.mean(each) for each in errors]
        spreads = [statistics.stdev(each) if len(each) > 1 else 0.0 for each in errors]
        band = [
            (x, mean - spread, mean + spread)
            for x, mean, spread in zip(numbers, means, spreads, strict=True)
        ]
        settings = row[0]["settings"]
        label = f"{settings['optimizer']}, {settings['lr']:g}"
        curves.append(Curve(label, list(zip(numbers, means, strict=True)), band))
    values = [y for curve in curves for _, y in curve.points if y > 0]
    panels = Panels(
        f"{rows[0][0]['settings']['net']} on {title}: optimizers and their rates",
        "epoch",
        "Errors on held-out pictures, %",
        (1, max(2, *(curve.points[-1][0] for curve in curves))),
        (0.9 * min(values, default=1), 1.1 * max(values, default=10)),
    )
    return draw_panels(panels, curves)


def _error(record: Record, epoch: int) -> float:
    return 100 * (1 - float(record["history"][epoch - 1]["held_out_score"]))


def _confusion(record: Record) -> str:
    test, settings = record["test"], record["settings"]
    title = f"{settings['net']}, seed {settings['seed']}: {test['accuracy']:.2%} right"
    return draw_table(title, record["data"]["classes"], test["confusion"])


def _hardest(row: Sequence[Record]) -> str:
    """Such as `cat 81.2`: the class with the lowest mean accuracy."""
    classes = row[0]["data"]["classes"]
    means = {
        name: _mean(row, lambda each, name=name: 100 * each["test"]["accuracy_by_class"][name])
        for name in classes
    }
    worst = min(means, key=means.__getitem__)
    return f"{worst} {means[worst]:.1f}"


def _recipe(settings: Record) -> str:
    """Such as `nesterov 0.1, one-cycle, decay 0.0005, batch 128`."""
    words = [f"{settings['optimizer']} {settings['lr']:g}", settings["schedule"]]
    if settings["weight_decay"] is not None:
        words.append(f"decay {settings['weight_decay']:g}")
    if settings["label_smoothing"]:
        words.append(f"smoothing {settings['label_smoothing']:g}")
    words.append(f"batch {settings['batch']}")
    if not settings["augment"] and settings["task"] != "cars":
        words.append("no augmentation")
    if settings.get("precision", "float32") != "float32":
        words.append(settings["precision"])
    return ", ".join(words)


def _mean(row: Sequence[Record], value: Any) -> float:
    return float(statistics.mean(value(record) for record in row))


def _spread(row: Sequence[Record], value: Any) -> str:
    """Such as `99.21 ± 0.05`."""
    values = [value(record) for record in row]
    mean = f"{statistics.mean(values):.2f}"
    return f"{mean} ± {statistics.stdev(values):.2f}" if len(values) > 1 else mean


def _slug(title: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in title.lower()).split())


def write_page(docs: Path, *, check: bool) -> None:
    """Write the page and its plots, or exit with a sentence where they are not up to date."""
    records = read_records(docs / "results" / "lab")
    if not records:
        raise LimnerError(f"Nothing is recorded in {docs / 'results' / 'lab'}: record a training first.")
    page, plots = make_page(records)
    files = {docs / "results-lab.md": page}
    files |= {docs / "pictures" / name: text for name, text in plots.items()}
    for path, text in files.items():
        if not check:
            atomic_write(path, text)
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            raise LimnerError(f"{path} is not up to date: run `python scripts/lab_results.py page`.")


def record_folders(folders: Iterable[Path], docs: Path) -> int:
    """Copy the records of finished trainings; return how many there are."""
    count = 0
    for folder in folders:
        record = read_record(folder / FILE)
        if record is None:
            print(f"{folder} has no {FILE}: its training is not finished.")
        elif record["settings"]["task"] == "painter":
            print(f"{folder} is a painting, which is compared with no other: it is left out.")
        elif not folder.name.startswith(RATES):
            atomic_write(docs / "results" / "lab" / f"{folder.name}.json", to_text(record))
            count += 1
    return count


def main() -> None:
    """Record, write the page, or print a rate."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    recording, writing = commands.add_parser("record"), commands.add_parser("page")
    choosing = commands.add_parser("best-rate")
    writing.add_argument("--check", action="store_true", help="only check that the page is up to date")
    for command in (recording, choosing):
        command.add_argument("folders", type=Path, nargs="+")
    for command in (recording, writing):
        command.add_argument("--docs", type=Path, default=DOCS, help="the folder of the page")
    options = parser.parse_args()
    try:
        match options.command:
            case "record":
                print(f"{record_folders(options.folders, options.docs)} recorded.")
            case "page":
                write_page(options.docs, check=options.check)
            case _:
                print(best_rate(options.folders))
    except LimnerError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
