"""A run: the folder that training writes. Its files hold all state; everything else only reads them.

```
run.json       format, version of limner, where the pictures are
recipe.json    the recipe
log.jsonl      one line per epoch
checkpoints/   the last two
samples/       sheets of fixed pictures, one per epoch or minute
film.gif       the sheets over time
```

torch is not imported at the top: the command line opens runs and must start fast.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limner import __version__
from limner.errors import LimnerError, system_reason
from limner.files import atomic_write
from limner.mark import read_image_mark
from limner.reading import read_json, read_regular
from limner.recipe import Recipe

if TYPE_CHECKING:
    from limner.networks.generator import Generator

FORMAT = 4
"""Version of the format; it changes with the meaning of the folder's files."""


@dataclass(frozen=True)
class Run:
    """A folder that training writes."""

    folder: Path
    recipe: Recipe
    pictures: Path
    """The folder of the prepared pictures of the last session."""
    version: str
    """The version of limner that began the run."""

    @property
    def log(self) -> Path:
        """One line of JSON per epoch: see `limner.training.log.EpochRecord`."""
        return self.folder / "log.jsonl"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.folder / "checkpoints"

    @property
    def samples(self) -> Path:
        """The folder of the sheets, `step-00001234.jpg`."""
        return self.folder / "samples"

    @property
    def film(self) -> Path:
        """The sheets over time, an animated GIF; written when training stops."""
        return self.folder / "film.gif"

    def sheets(self) -> list[Path]:
        """The sheets in the folder, oldest first; files of other names or without a mark are a person's."""
        found = self.samples.glob("step-*.jpg")
        sheets = sorted(path for path in found if path.stem.removeprefix("step-").isdecimal())
        return [path for path in sheets if read_image_mark(path) == "sample sheet"]

    def generator(self) -> Generator:
        """The averaged generator of the last intact checkpoint, on the CPU, in evaluation mode.

        Raises LimnerError where there is no checkpoint, none can be read, or it has another version.
        """
        from limner.networks.generator import make_generator
        from limner.training.checkpoint import (
            DamagedCheckpoint,
            check_networks_match,
            list_checkpoints,
            read_checkpoint,
        )

        network = make_generator(self.recipe)
        for path in list_checkpoints(self.checkpoints):
            try:
                tensors, _ = read_checkpoint(path, "average.")
            except DamagedCheckpoint:
                continue
            found = {name.removeprefix("average."): tensor for name, tensor in tensors.items()}
            check_networks_match(path, network.state_dict(), found)
            network.load_state_dict(found)
            return network.eval()
        raise LimnerError(f"The run in {self.folder} has no intact checkpoint yet: train it first.")


def open_run(folder: Path) -> Run:
    """Open a run. Raises LimnerError where there is none, or it is damaged or has another version."""
    path = folder / "run.json"
    try:
        about: Any = read_json(path)
        run_format, version = about["limner.run"], str(about["version"])
        pictures = Path(os.path.normpath(folder / about["pictures"]))
        recipe = read_regular(folder / "recipe.json").decode()
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise LimnerError(f"There is no run in {folder}: {missing} is missing.") from error
    except OSError as error:
        raise LimnerError(f"The run in {folder} cannot be read: {system_reason(error)}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise LimnerError(f"{path} is damaged: start a new run in another folder.") from error
    if run_format != FORMAT:
        raise LimnerError(
            f"The run in {folder} has format {run_format}, and this limner reads format {FORMAT}: "
            "use the version that wrote it, or start a new run in another folder."
        )
    return Run(folder, Recipe.from_json(recipe), pictures, version)


def check_run(folder: Path, recipe: Recipe) -> Run | None:
    """The run in `folder` if `recipe` can resume it, None if a run can begin there. Writes nothing.

    Raises LimnerError where the folder holds something else, or a run of another recipe or version.
    """
    if not (folder / "run.json").exists():
        _check_folder_is_free(folder)
        return None
    run = open_run(folder)
    if differing := run.recipe.differences(recipe):
        raise LimnerError(
            f"The run in {folder} has another recipe: its {', '.join(differing)}. Give the same "
            "values to resume it, or another folder to start a new run."
        )
    return run


def begin_run(folder: Path, recipe: Recipe, pictures: Path) -> Run:
    """Begin a run in an empty folder, or open the one in it to resume it. Raises as `check_run`."""
    run = check_run(folder, recipe)
    if run is None:
        atomic_write(folder / "recipe.json", _recipe_text(recipe))
    elif run.pictures.resolve() == pictures.resolve():
        return run
    # run.json is written last: a folder without it holds no run yet.
    about = {"limner.run": FORMAT, "version": __version__, "pictures": _relative_path(pictures, folder)}
    atomic_write(folder / "run.json", json.dumps(about, indent=2) + "\n")
    return open_run(folder)


def _check_folder_is_free(folder: Path) -> None:
    """Raise LimnerError where the folder holds anything but the beginning of a run."""
    if folder.exists() and not folder.is_dir():
        raise LimnerError(f"{folder} is a file, and a run is a folder: choose another name.")
    foreign = [
        entry.name
        for entry in (folder.iterdir() if folder.exists() else ())
        if not entry.name.startswith(".") and not _is_recipe(entry)
    ]
    if foreign:
        raise LimnerError(
            f"{folder} is not empty and not a run (it holds {min(foreign)}): choose another folder."
        )


def _is_recipe(path: Path) -> bool:
    """Whether limner began a run with this file: it has exactly the text that `begin_run` writes."""
    if path.name != "recipe.json":
        return False
    try:
        text = read_regular(path).decode()
        return text == _recipe_text(Recipe.from_json(text))
    except (OSError, ValueError, LimnerError):
        return False


def _recipe_text(recipe: Recipe) -> str:
    return recipe.to_json() + "\n"


def _relative_path(path: Path, start: Path) -> str:
    """Relative where possible, so that a project's folder can be moved as a whole."""
    try:
        return Path(os.path.relpath(path.resolve(), start.resolve())).as_posix()
    except ValueError:  # another drive on Windows
        return path.resolve().as_posix()
