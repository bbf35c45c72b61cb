"""A source file from its mirrors: in order, with retries; whole and checked, or absent."""

from __future__ import annotations

import time
from pathlib import Path

from limner.data.datasets.catalog import Dataset, SourceFile
from limner.data.datasets.faults import TransferError
from limner.data.datasets.transfer import Patience, Show, discard, finish, host_of, receive, url_of
from limner.data.datasets.unpacking import WrongContentError, unpack
from limner.errors import LimnerError
from limner.progress import Progress

GAIN = 1 << 20
"""New bytes after which a broken transfer counts as a new one: large files may take many."""


def download(
    dataset: Dataset, source: SourceFile, folder: Path, patience: Patience, progress: Progress
) -> None:
    """Fetch a source file into `folder`, under its name; `transfer.url_of` then says where it is from.

    A partial file of an earlier attempt is continued. A file appears under its name only when it has the
    contents of the catalog. Raises LimnerError where no mirror gives it, with a sentence for each.
    """

    def show(done: int, total: int) -> None:
        progress(done, total, f"{dataset.title}: {source.name}")

    target, part = folder / source.name, folder / f"{source.name}.part"
    begun = url_of(part)
    faults: list[tuple[str, TransferError]] = []
    for url in sorted(source.urls, key=lambda url: url != begun):  # the mirror that has begun goes on
        try:
            _download_from(url, source, part, patience, show)
        except TransferError as error:
            faults.append((url, error))
            continue
        finish(part, target)
        return
    raise LimnerError(_describe(dataset, source, faults))


def _download_from(url: str, source: SourceFile, part: Path, patience: Patience, show: Show) -> None:
    """Fetch a file from one mirror, whole and checked, at `part`. Raises the last TransferError."""
    tries, size = 0, _size(part)
    while True:
        try:
            resumed = receive(url, part, source.max_bytes, patience, show)
            _check(part, source, resumed)
            return
        except TransferError as error:
            tries = 1 if _size(part) >= size + GAIN else tries + 1
            size = _size(part)
            if not error.may_pass or tries >= patience.tries:
                raise
        time.sleep(patience.pause * 2 ** (tries - 1))


def _check(part: Path, source: SourceFile, resumed: bool) -> None:
    """Check the contents; delete what is wrong. What came in several parts may be fetched anew."""
    try:
        unpack(part, source)
    except WrongContentError as error:
        discard(part)
        raise TransferError(f"it sent a wrong file: {error}", may_pass=resumed) from error


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _describe(dataset: Dataset, source: SourceFile, faults: list[tuple[str, TransferError]]) -> str:
    reasons = "; ".join(f"{host_of(url)}: {error}" for url, error in faults)
    if all(error.is_offline for _, error in faults):
        state = "This machine seems to have no network: "
    else:
        state = ""
    return (
        f"{state}{source.name} of {dataset.title} could not be fetched. {reasons}. Run `limner data "
        f"{dataset.name}` again to go on from what has arrived, or fetch the file yourself "
        f"({source.urls[0]}) and name its folder: `limner data {dataset.name} --from FOLDER`."
    )
