"""The project folder of one look, and the record of its sources and credits.

FOLDER/project.json  sources and credits
FOLDER/pictures      the store                 (limner.data)
FOLDER/run           recipe, log, checkpoints  (limner.training)
FOLDER/NAME.onnx     the look                  (limner.export)
FOLDER/page          the page                  (limner.page)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from limner.cli.options import Credits
from limner.display import printable
from limner.errors import LimnerError
from limner.files import atomic_write
from limner.reading import read_json
from limner.replacing import check_replaceable
from limner.slug import slugify

PROJECT_FILE = "project.json"

FORMAT = 1
"""Version of the project file's format."""


@dataclass(frozen=True)
class Project:
    """The paths of everything that belongs to one look."""

    folder: Path
    credits: Credits

    @property
    def pictures(self) -> Path:
        """The store."""
        return self.folder / "pictures"

    @property
    def run(self) -> Path:
        """The run."""
        return self.folder / "run"

    @property
    def look(self) -> Path:
        """The look's file."""
        return self.folder / f"{slugify(self.credits.name)}.onnx"

    @property
    def page(self) -> Path:
        """The page."""
        return self.folder / "page"

    def check_replaceable(self, *, force: bool = False) -> None:
        """Raise LimnerError where `save` would replace a file that limner did not write."""
        check_replaceable(self.folder / PROJECT_FILE, lambda _: _load(self.folder) is not None, force=force)

    def save(self, sources: Sequence[Path]) -> None:
        """Write the sources and credits to the project file."""
        about = {
            "limner.project": FORMAT,
            "sources": _resolve_paths(sources),
            "credits": asdict(self.credits),
        }
        # As ASCII: a path may have odd bytes, which UTF-8 refuses and escapes keep.
        atomic_write(self.folder / PROJECT_FILE, json.dumps(about, indent=2) + "\n")


def open_project(out: Path | None, sources: Sequence[Path], credits: Credits) -> Project:
    """The project in `out`, or in the folder named after the sources; writes nothing.

    Credits from an earlier run are kept unless new ones are given. Raises LimnerError if `out` is None and
    the folder was made from different sources of the same name: they must not be mixed.
    """
    name = _default_name(sources)
    folder = out or Path(f"limner-{slugify(name)}")
    if folder.exists() and not folder.is_dir():
        raise LimnerError(f"{folder} is a file; name a folder with --out.")
    earlier = _load(folder)
    if out is None and earlier and earlier.sources != _resolve_paths(sources):
        raise LimnerError(
            f"{folder} was made from {', '.join(earlier.sources)}: name another folder with --out, "
            f"or name this one, to continue with the pictures of {', '.join(map(str, sources))}."
        )
    merged = earlier.credits if earlier else Credits()
    given = {key: value for key, value in asdict(credits).items() if value}
    merged = replace(merged, **given)
    return Project(folder, merged if merged.name else replace(merged, name=printable(name)))


@dataclass(frozen=True)
class _Record:
    """The content of a project file."""

    sources: list[str]
    credits: Credits


def _load(folder: Path) -> _Record | None:
    """The project file's content; None if it is another program's or damaged, as nothing depends on it."""
    try:
        about = read_json(folder / PROJECT_FILE)
        record = _Record(list(about["sources"]), Credits(**about["credits"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    texts = (*record.sources, *asdict(record.credits).values())
    is_known = about.get("limner.project") == FORMAT or _is_first_format(about)
    return record if is_known and all(isinstance(text, str) for text in texts) else None


def _is_first_format(about: dict[str, Any]) -> bool:
    """Whether this is the content of a first project file, which has no mark: its fields must tell."""
    names = {field.name for field in fields(Credits)}
    are_paths = all(Path(str(source)).is_absolute() for source in about["sources"])
    return about.keys() == {"sources", "credits"} and about["credits"].keys() == names and are_paths


def _resolve_paths(sources: Sequence[Path]) -> list[str]:
    return sorted(str(source.resolve()) for source in sources)


def _default_name(sources: Sequence[Path]) -> str:
    """The default name of the look: the first source's name."""
    first = sources[0].absolute()
    return (first.resolve().name if first.is_dir() else first.stem) or "look"
