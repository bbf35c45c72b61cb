"""The folder in which one look is made, and its memory of what it is made of.

FOLDER/project.json  sources and credits
FOLDER/pictures      the store                 (limner.data)
FOLDER/run           recipe, log, checkpoints  (limner.training)
FOLDER/NAME.onnx     the look                  (limner.export)
FOLDER/page          the page                  (limner.page)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from limner.cli.options import Credits
from limner.errors import LimnerError
from limner.files import atomic_write
from limner.slug import slugify

PROJECT_FILE = "project.json"


@dataclass(frozen=True)
class Project:
    """What is made where."""

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

    def save(self, sources: Sequence[Path]) -> None:
        """Write down what this project is made of."""
        about = {"sources": _resolve_paths(sources), "credits": asdict(self.credits)}
        atomic_write(self.folder / PROJECT_FILE, json.dumps(about, indent=2, ensure_ascii=False) + "\n")


def open_project(out: Path | None, sources: Sequence[Path], credits: Credits) -> Project:
    """The project in `out`, or in the folder that is named after the sources; writes nothing.

    Credits that were given earlier hold until others are given. Raises LimnerError where the folder was
    not named and belongs to other sources of the same name, which must not be mixed.
    """
    name = _default_name(sources)
    folder = out or Path(f"limner-{slugify(name)}")
    if folder.exists() and not folder.is_dir():
        raise LimnerError(f"{folder} is a file; name a folder with --out.")
    earlier = _load(folder)
    if out is None and earlier and earlier["sources"] != _resolve_paths(sources):
        raise LimnerError(
            f"{folder} was made from {', '.join(earlier['sources'])}: name another folder with --out, "
            f"or this one, to go on with the pictures of {', '.join(map(str, sources))}."
        )
    known = Credits(**earlier["credits"]) if earlier else Credits()
    given = {key: value for key, value in asdict(credits).items() if value}
    known = replace(known, **given)
    return Project(folder, known if known.name else replace(known, name=name))


def _load(folder: Path) -> dict[str, Any] | None:
    """What was written down, if it can be read: it is a convenience, nothing that work depends on."""
    try:
        about = json.loads((folder / PROJECT_FILE).read_text(encoding="utf-8"))
        Credits(**about["credits"])
        return {"sources": [str(place) for place in about["sources"]], "credits": about["credits"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _resolve_paths(sources: Sequence[Path]) -> list[str]:
    return sorted(str(source.resolve()) for source in sources)


def _default_name(sources: Sequence[Path]) -> str:
    """What people would call the sources: the first one's name."""
    first = sources[0].absolute()
    return (first.resolve().name if first.is_dir() else first.stem) or "look"
