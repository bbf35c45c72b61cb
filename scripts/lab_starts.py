"""Ship trained networks with the lab page, as the starts of its tabs Digits and Pictures.

    runs/lab-digits.sh lenet
    python scripts/lab_results.py record limner-lab/digits-lenet-0
    python scripts/lab_starts.py limner-lab/digits-lenet-0

The file goes to web/lab/public/data/starts/, as TASK-NET.onnx. Its training must be recorded, so that the
page of results says how well it does; tests/lab/test_starts.py holds each file to its record.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from limner.errors import LimnerError
from limner.files import atomic_write
from limner.lab.record import FILE, read_record, to_text

ROOT = Path(__file__).parents[1]
STARTS = ROOT / "web/lab/public/data/starts"
RECORDS = ROOT / "docs/results/lab"
MAX_BYTES = 2_000_000
"""Of all files together."""


def ship(folder: Path, starts: Path = STARTS, records: Path = RECORDS) -> Path:
    """Copy the network of a recorded training; return where to. Raises LimnerError, with nothing written,
    where there is no such record, or where all files would be larger than `MAX_BYTES`."""
    record = read_record(folder / FILE)
    recorded = records / f"{folder.name}.json"
    if record is None:
        raise LimnerError(f"{folder} has no {FILE}: its training is not finished.")
    if not recorded.is_file() or recorded.read_text(encoding="utf-8") != to_text(record):
        raise LimnerError(
            f"{folder} is not recorded: run `python scripts/lab_results.py record {folder}` first."
        )
    name = f"{record['settings']['task']}-{record['settings']['net']}.onnx"
    content = (folder / name).read_bytes()
    others = sum(path.stat().st_size for path in starts.glob("*.onnx") if path.name != name)
    if others + len(content) > MAX_BYTES:
        raise LimnerError(
            f"{name} has {len(content):,} bytes, the others {others:,}: {MAX_BYTES:,} are allowed in all."
        )
    starts.mkdir(parents=True, exist_ok=True)
    atomic_write(starts / name, content)
    return starts / name


def main() -> None:
    """Ship the networks of the folders."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", help="folders of trainings")
    try:
        for folder in parser.parse_args().folders:
            print(ship(folder))
    except LimnerError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
