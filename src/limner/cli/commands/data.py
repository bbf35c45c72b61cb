"""data: the data sets of the lab, fetched once and checked."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from tyro.conf import Positional

from limner.cli.options import NO_DEFAULT_SHOWN
from limner.data.datasets.catalog import CATALOG, Dataset, DatasetName, find_dataset
from limner.data.datasets.location import data_folder
from limner.display import printable, readable_size
from limner.errors import LimnerError

if TYPE_CHECKING:
    from rich.table import Table

    from limner.data.datasets.storage import Stored


@dataclass(frozen=True)
class DataCommand:
    """Fetch a data set of the lab: MNIST, CIFAR-10, Fashion-MNIST or the cars. Without a name, list them.

    A set is fetched once, from the first of its mirrors that has it, checked by its sha256, and kept in
    your data folder ($LIMNER_DATA names another). A download that broke off goes on where it stopped when
    you run the command again. Without a network, name a folder that has the files, under the names that
    the mirrors give them; for CIFAR-10, cifar10-train-jpg.tar.gz and cifar10-test-jpg.tar.gz do too, and
    the set is then marked as a JPEG copy.

    For example:

        limner data
        limner data mnist
        limner data cifar10 --from downloads
    """

    name: Annotated[Positional[Literal["list"] | DatasetName], NO_DEFAULT_SHOWN] = "list"
    """The data set. Default: list them, and what of them is here."""
    source: Annotated[Path | None, tyro.conf.arg(name="from", help_behavior_hint="")] = None
    """Take the files from this folder."""

    def run(self) -> None:
        if self.name != "list":
            get(self.name, self.source)
        elif self.source is not None:
            names = ", ".join(CATALOG)
            raise LimnerError(f"Name the data set to take from {printable(self.source)}: {names}.")
        else:
            from rich import print as rich_print

            rich_print(list_sets())
            print(f"Data sets are kept in {printable(data_folder())}.")


def get(name: str, source: Path | None) -> None:
    """Fetch the data set `name` unless it is here, or read it from the folder `source`."""
    from limner.data.datasets.fetch import fetch, fetch_from
    from limner.progress import ProgressBar

    dataset = find_dataset(name)
    _introduce(dataset)
    if source is not None:
        with ProgressBar() as progress:
            stored = fetch_from(name, source, progress=progress)
    elif (here := _whole(name)) is not None:
        print(f"It is here already, and intact: {_describe(here)}.")
        return
    else:
        print(f"  download  {readable_size(dataset.bytes)}", flush=True)
        try:
            with ProgressBar(unit="bytes") as progress:
                stored = fetch(name, progress=progress)
        except KeyboardInterrupt:
            print(f"What has arrived is kept: `limner data {name}` goes on from there.", file=sys.stderr)
            raise
    print(f"Stored: {_describe(stored)}.")
    if stored.about.note:
        print(
            f"It is a {stored.about.note}, not the original: say so beside every figure that comes of it."
        )


def list_sets() -> Table:
    """The data sets: what each is, what is here of it, and its licence."""
    from rich.table import Table
    from rich.text import Text

    table = Table("name", "what it is", "here", "licence", show_lines=True)
    for dataset in CATALOG.values():
        row = (dataset.name, f"{dataset.title}: {dataset.about}", _state(dataset), dataset.licence)
        table.add_row(*map(Text, row))
    return table


def _introduce(dataset: Dataset) -> None:
    print(f"{dataset.title}: {dataset.about}")
    print(f"  licence   {dataset.licence}")
    print(f"  cite      {dataset.citation}")
    print(f"  about     {dataset.homepage}")


def _state(dataset: Dataset) -> str:
    from limner.data.datasets.storage import find_stored

    try:
        stored = find_stored(dataset.name)
    except LimnerError:
        return f"damaged: `limner data {dataset.name}` mends it"
    if stored is None:
        return f"no; {readable_size(dataset.bytes)} to fetch"
    note = f", a {stored.about.note}" if stored.about.note else ""
    return f"yes, {readable_size(stored.size)}{note}"


def _whole(name: str) -> Stored | None:
    """The stored set if it is the original and nothing of it has changed."""
    from limner.data.datasets.storage import find_stored

    try:
        stored = find_stored(name)
        if stored is None or stored.about.note:
            return None
        for file in stored.about.files:
            stored.read(file)
    except LimnerError as error:
        print(f"limner: {error}", file=sys.stderr)
        return None
    return stored


def _describe(stored: Stored) -> str:
    counts = ", ".join(f"{count:,} {split}" for split, count in stored.about.counts.items())
    return f"{counts}; {readable_size(stored.size)} in {printable(stored.folder)}"
