"""The manifest of a page: the files that limner wrote, so that it replaces and removes no others.

```
limner.json    {"limner.page": 1, "version": "0.1.0", "files": {"index.html": ["SHA-256"], ...}}
```

The manifest is written before the files and again after them. In between, a file may be that of the earlier
page or that of the new one: it has the digests of both, so that an interrupted page is still known.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath

from limner import __version__
from limner.files import atomic_write
from limner.reading import read_json
from limner.replacing import check_replaceable

MANIFEST = "limner.json"

FORMAT = 1
"""Version of the format."""

Files = Mapping[str, frozenset[str]]
"""The digests that a file may have, by its path in the page, with forward slashes."""


def read_manifest(folder: Path) -> Files | None:
    """The files of the page in `folder`; None where it has no manifest that this version wrote or knows."""
    try:
        manifest = read_json(folder / MANIFEST)
        if manifest["limner.page"] != FORMAT:
            return None
        files = {str(name): frozenset(map(str, digests)) for name, digests in manifest["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return files if all(map(_is_inside, files)) else None


def write_manifest(folder: Path, *pages: Files) -> None:
    """Write the manifest of a page; of two pages while the second replaces the first."""
    names = sorted({name for page in pages for name in page})
    files = {name: sorted({digest for page in pages for digest in page.get(name, ())}) for name in names}
    manifest = {"limner.page": FORMAT, "version": __version__, "files": files}
    atomic_write(folder / MANIFEST, json.dumps(manifest, indent=1) + "\n")


def check_unedited(folder: Path, names: Iterable[str], *, force: bool = False) -> None:
    """Raise LimnerError where a file of a page was edited or added by a person, unless `force` is set.

    `names` are the files that are going to be written, without the manifest.
    """
    manifest = read_manifest(folder)
    check_replaceable(folder / MANIFEST, lambda _: manifest is not None, force=force)
    files = manifest or {}
    for name in sorted(names):
        is_ours = partial(is_unedited, digests=files.get(name, frozenset()))
        check_replaceable(folder / name, is_ours, force=force)


def is_unedited(path: Path, digests: frozenset[str]) -> bool:
    """Whether a regular file at `path`, which can be read, has one of these digests."""
    try:
        return path.is_file() and digest_of_file(path) in digests
    except OSError:
        return False


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_inside(name: str) -> bool:
    """Whether `name` is a path inside the page: a manifest may come from a stranger."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:  # a lone surrogate, which this system has in no name
        return False
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and not set("\\:\0") & set(name)
