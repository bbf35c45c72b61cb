"""The command line: parse the arguments, run the command, return the exit code."""

from __future__ import annotations

import functools
import operator
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Protocol

import tyro

from limner import __version__
from limner.cli.commands.bench import BenchCommand
from limner.cli.commands.branch import BranchCommand
from limner.cli.commands.classify import ClassifyCommand
from limner.cli.commands.data import DataCommand
from limner.cli.commands.demo import DemoCommand
from limner.cli.commands.describe import DescribeCommand
from limner.cli.commands.doctor import DoctorCommand
from limner.cli.commands.dream import DreamCommand
from limner.cli.commands.evaluate import EvaluateCommand
from limner.cli.commands.export import ExportCommand
from limner.cli.commands.keyframe import KeyframeCommand
from limner.cli.commands.lab import LabCommand
from limner.cli.commands.lab_descent import DescentCommand
from limner.cli.commands.lab_painter import PainterCommand
from limner.cli.commands.look import LookCommand
from limner.cli.commands.paint import PaintCommand
from limner.cli.commands.pictures import PicturesCommand
from limner.cli.commands.play import PlayCommand
from limner.cli.commands.publish import PublishCommand
from limner.cli.commands.style import StyleCommand
from limner.cli.commands.train import TrainCommand
from limner.cli.commands.train_step import TrainStepCommand
from limner.cli.options import PATHS
from limner.cli.streams import steady_streams
from limner.cli.terminal import usable_size
from limner.display import printable
from limner.errors import LimnerError, system_reason


class Command(Protocol):
    """The interface of every command."""

    def run(self) -> None: ...


COMMANDS: dict[str, type[Any]] = {  # names of one word or two
    "look": LookCommand,
    "demo": DemoCommand,
    "keyframe": KeyframeCommand,
    "branch": BranchCommand,
    "pictures": PicturesCommand,
    "train": TrainCommand,
    "export": ExportCommand,
    "publish": PublishCommand,
    "play": PlayCommand,
    "paint": PaintCommand,
    "style": StyleCommand,
    "dream": DreamCommand,
    "classify": ClassifyCommand,
    "describe": DescribeCommand,
    "doctor": DoctorCommand,
    "evaluate": EvaluateCommand,
    "train-step": TrainStepCommand,
    "data": DataCommand,
    "lab": LabCommand,
    "lab descent": DescentCommand,
    "lab painter": PainterCommand,
    "bench": BenchCommand,
}
ABOUT = f"""limner {__version__}: a folder of pictures becomes a network that paints live in the browser.

`limner COMMAND --help` explains each command; `limner --version` prints the version."""
CONFIG = (tyro.conf.HelptextFromCommentsOff, tyro.conf.DisallowNone)


def parse(arguments: Sequence[str]) -> Command:
    """Parse the arguments into a command; exits with code 2 and a hint if they are invalid."""
    for words in (2, 1):
        name, rest = " ".join(arguments[:words]), arguments[words:]
        if name in COMMANDS:
            command: Command = tyro.cli(
                COMMANDS[name], prog=f"limner {name}", args=rest, config=CONFIG, registry=PATHS
            )
            return command
    union: Any = functools.reduce(operator.or_, (_as_subcommand(*entry) for entry in COMMANDS.items()))
    parsed: Command = tyro.cli(
        union, prog="limner", description=ABOUT, args=list(arguments), config=CONFIG, registry=PATHS
    )
    return parsed


def _as_subcommand(name: str, kind: type[Any]) -> Any:
    """The command as `limner --help` lists it: with the first line of its own help text."""
    line = (kind.__doc__ or "").strip().splitlines()[0]
    return Annotated[kind, tyro.conf.subcommand(name, description=line)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 after printing an error, 130 after Ctrl-C."""
    options = sys.argv[1:] if arguments is None else list(arguments)
    with usable_size(), steady_streams():
        try:
            run(options)
        except (LimnerError, OSError) as error:
            print(f"limner: {printable(sentence_of(error))}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("limner: stopped.", file=sys.stderr)
            return 130
        return 0


def run(options: Sequence[str]) -> None:
    """Run one command, or print the version. Raises LimnerError, OSError, SystemExit."""
    if list(options) in (["--version"], ["-V"]):
        print(f"limner {__version__}")
        return
    if any("\0" in option for option in options):
        raise LimnerError("An argument has a NUL character, which no name has: leave it out.")
    parse(options or ["--help"]).run()


def sentence_of(error: LimnerError | OSError) -> str:
    """What is wrong, where, and what to do."""
    if isinstance(error, LimnerError):
        return str(error)
    names = " or ".join(str(name) for name in (error.filename, error.filename2) if name)
    return f"{names or 'A file'} cannot be used: {system_reason(error)}."
