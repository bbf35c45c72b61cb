"""One race from the settings to its folder: paths.svg for the eye, record.json with all numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from limner.display import printable
from limner.errors import LimnerError
from limner.files import atomic_write, disk_errors
from limner.lab.descent.drawing import draw_race
from limner.lab.descent.options import DescentSettings
from limner.lab.descent.path import Path as RacerPath
from limner.lab.descent.path import race
from limner.lab.descent.surfaces import Surface, make_surface
from limner.lab.record import FILE, to_text
from limner.progress import Progress, no_progress
from limner.reading import read_json
from limner.system_files import is_system_name

KEY, FORMAT = "limner.lab.descent", 1
PICTURE = "paths.svg"


def run_descent(
    settings: DescentSettings,
    out: Path,
    data: Path | None,
    environment: Mapping[str, Any],
    progress: Progress = no_progress,
) -> list[RacerPath]:
    """Race, write the results into the folder `out`, and return the paths in the page's order.

    `data` holds the data sets, None for the user's; `environment` is what the record says of the machine
    and the versions. Results of an earlier race are replaced. Raises LimnerError where the folder holds
    other files, the start is not on the map, or the cars are not there.
    """
    _check_folder(out)
    surface = make_surface(settings.on, settings.k, data)
    paths = race(surface, settings, progress)
    atomic_write(out / PICTURE, draw_race(surface, settings, paths))
    atomic_write(out / FILE, to_text(make_record(surface, settings, paths, environment)))
    return paths


def make_record(
    surface: Surface,
    settings: DescentSettings,
    paths: Sequence[RacerPath],
    environment: Mapping[str, Any],
) -> dict[str, Any]:
    """The content of record.json."""
    return {
        KEY: FORMAT,
        "settings": settings.to_json(),
        "command": settings.command_line(),
        "surface": {
            "title": surface.title,
            "formula": surface.formula,
            "axes": list(surface.axes),
            "view": surface.view,
            "minima": surface.minima,
            "least": surface.least,
        },
        "paths": [
            {
                "name": path.racer.name,
                "rate": path.rate,
                "steps": path.steps,
                "end": path.points[-1],
                "end_above_minimum": path.losses[-1],
                "converged": path.converged,
                "diverged": path.diverged,
                "points": path.points,
                "above_minimum": path.losses,
            }
            for path in paths
        ],
        **environment,
    }


def _check_folder(out: Path) -> None:
    """Raise LimnerError where the folder holds what no race left."""
    with disk_errors(out):
        names = (
            {path.name for path in out.iterdir() if not is_system_name(path.name)}
            if out.is_dir()
            else set()
        )
    if not names or (names <= {FILE, PICTURE} and _is_race(out / FILE)):
        return
    raise LimnerError(f"{printable(out)} holds other files: choose another folder with --out.")


def _is_race(record: Path) -> bool:
    try:
        return KEY in read_json(record)
    except (OSError, ValueError, TypeError):
        return False
