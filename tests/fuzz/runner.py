"""Run command lines in made folders, and check that each ends with a sentence and loses nothing."""

from __future__ import annotations

import faulthandler
import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

import limner.cli.main
from fuzz.commands import COMMAND_LINES, Arguments, resolve
from fuzz.folders import Item, folders, open_folders, snapshot, write_folder
from fuzz.surroundings import ENCODINGS, outputs, streams, variables

MAX_SECONDS = 60
"""A run that takes longer hangs: on a quiet machine none takes more than a few seconds."""

REPLACEABLE = {
    "pictures": {"store"},
    "publish": {"page"},
    "train": {"run"},
    "export": {"tiny.onnx"},
    "branch": {"tiny.onnx"},
}
"""What limner made in the working folder, and which command may replace it without `--force`."""

STRANGERS = {"run/notes.txt", "run/samples/step-00000900.jpg", "page/notes.txt", "edited/mine.css"}
"""Files of people among limner's own, which no command replaces or deletes."""

OUTPUT_OPTIONS = {"--out", "--sheet"}

READERS = {"doctor", "paint", "keyframe", "style", "branch"}
"""Commands that read pictures and may write beside them: no `--force` replaces what they read."""


class Hang(BaseException):
    """The command takes too long. No handler of ordinary exceptions may swallow it."""


def fuzz(command: str, runs: int, template: Path, folder: Path) -> int:
    """Run `runs` command lines of a command; returns how many got past parsing.

    Raises AssertionError for a traceback or a loss, and `Hang`.
    """

    @settings(
        max_examples=runs,
        deadline=None,
        report_multiple_bugs=False,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(parts=folders, line=COMMAND_LINES[command], variables=variables, stdout=outputs, stderr=outputs)
    def run_one(
        parts: list[Item], line: Arguments, variables: dict[str, str], stdout: str, stderr: str
    ) -> None:
        with working_folder(template, folder) as patch:
            made = write_folder(Path("photos"), parts)
            arguments = [*command.split(), *resolve(line, made)]
            for name, value in variables.items():
                patch.setenv(name, value)
            note(f"limner {arguments} with {variables}, stdout {stdout}, stderr {stderr}")
            check(arguments, stdout, stderr)

    with counted_parses() as counts:
        run_one()
    return counts[command.split(maxsplit=1)[0]]


def check(arguments: list[str], stdout: str, stderr: str) -> None:
    """Run one command line in the current folder and check what it leaves."""
    before = snapshot(Path())
    code, errors = run_main(arguments, stdout, stderr)
    assert code in {0, 1, 2}, errors
    assert "Traceback" not in errors
    assert find_losses(before, snapshot(Path()), arguments) == []


@contextmanager
def working_folder(template: Path, folder: Path) -> Iterator[pytest.MonkeyPatch]:
    """A copy of the template as the current folder, with an empty folder `photos`."""
    work = Path(mkdtemp(dir=folder))
    shutil.copytree(template, work, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        Path("photos").mkdir()
        patch.setenv("LIMNER_DATA", "datasets")
        yield patch
    open_folders(work)
    shutil.rmtree(work)


@contextmanager
def counted_parses() -> Iterator[Counter[str]]:
    """Count the command lines that parse."""
    counts: Counter[str] = Counter()
    parse = limner.cli.main.parse

    def parse_and_count(arguments: Any) -> Any:
        command = parse(arguments)
        counts[arguments[0]] += 1
        return command

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limner.cli.main, "parse", parse_and_count)
        yield counts


@contextmanager
def time_limit() -> Iterator[None]:
    """Raise `Hang` in a block that takes longer than `MAX_SECONDS`; end the program if it waits in C."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Hang(f"signal {number} in {frame}")

    earlier = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS)
    faulthandler.dump_traceback_later(3 * MAX_SECONDS, exit=True, file=2)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)


def run_main(arguments: list[str], stdout: str, stderr: str) -> tuple[int, str]:
    """The exit code and what was printed on stderr."""
    with streams(stdout, stderr) as (_, errors), time_limit():
        try:
            code = limner.cli.main.main(arguments)
        except SystemExit as stop:  # tyro's way to end
            code = stop.code if isinstance(stop.code, int) else 2
    encoding = stderr if stderr in ENCODINGS else "utf-8"
    return code, errors.getvalue().decode(encoding, errors="replace")


def find_losses(before: dict[str, Any], after: dict[str, Any], arguments: list[str]) -> list[str]:
    """What existed and is gone or changed, except what the command line may replace."""
    allowed = REPLACEABLE.get(arguments[0], set()) | _forced(arguments)
    kept = STRANGERS | (_good_sources(arguments) if arguments[0] in READERS else set())
    return [
        path
        for path, state in before.items()
        if after.get(path) != state and (_is_below(path, kept) or not _is_below(path, allowed))
    ]


def _good_sources(arguments: list[str]) -> set[str]:
    """The sources in the folder whose pictures can all be read."""
    outputs = [index for index, word in enumerate(arguments, start=1) if word in OUTPUT_OPTIONS]
    sources = [word for index, word in enumerate(arguments) if index not in outputs]
    return {word for word in sources if word == "gallery" or word.startswith("gallery/")}


def _is_below(path: str, folders: set[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _forced(arguments: list[str]) -> set[str]:
    """What `--force` allows to replace: the output, which `--out` or `--sheet` names."""
    if "--force" not in arguments:
        return set()
    named = [value for option, value in pairwise(arguments) if option in OUTPUT_OPTIONS]
    # An empty name would stand for the whole folder, which no command writes.
    return {os.path.normpath(value) for value in named if value} - {"."}
