"""No folder, argument or surroundings make a command end in a traceback, hang, or change what existed.

hypothesis makes 2,000 command lines, always the same ones. `HYPOTHESIS_PROFILE=explore` makes others, as
many as `LIMNER_FUZZ_RUNS` says for each command.
"""

from __future__ import annotations

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
import torch
from hypothesis import HealthCheck, Phase, given, note, settings

import limner.cli.main
from e2e.tiny import tiny_look
from fuzz.commands import COMMAND_LINES, Arguments, resolve
from fuzz.files import contents
from fuzz.folders import Item, folders, snapshot, write_folder
from fuzz.surroundings import ENCODINGS, outputs, streams, variables
from helpers.files import photos
from helpers.stores import store
from limner.errors import LimnerError
from limner.training import loop
from limner.training.pix2pix import LOSSES
from limner.training.signals import StopSignal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a clock that interrupts"),
]

RUNS = {
    "doctor": 390,
    "pictures": 390,
    "paint": 390,
    "describe": 320,
    "publish": 320,
    "train": 60,
    "export": 15,
    "look": 35,
    "play": 50,
    "demo": 10,
    "bench": 20,
}
"""Command lines of each command: 2,000 in all."""

ALWAYS_PARSED = {"doctor", "pictures", "paint", "describe", "publish"}
"""Commands of which at least `MIN_PARSED` must get past parsing."""

MIN_PARSED = 200
MAX_SECONDS = 20
"""A run that takes longer hangs. None takes more than a few seconds."""

OURS = {"store", "run", "page", "tiny.onnx", "out", "new.onnx"}
"""What limner made in the working folder: a command may replace its own."""

settings.register_profile("ci", derandomize=True, database=None)
settings.register_profile("explore", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="module", autouse=True)
def short_work() -> Iterator[None]:
    """Replace what takes long or leaves the process: training stops after one step, nothing is served."""
    with pytest.MonkeyPatch.context() as patch:
        web = Path(mkdtemp())
        (web / "index.html").write_text("page")
        patch.setattr("limner.page.publish.WEB", web)
        patch.setattr("limner.page.server.serve", lambda *_, **__: None)
        patch.setattr("limner.page.chromium.find_chromium", lambda: None)
        patch.setattr("limner.page.check.shutil.which", lambda _: None)
        patch.setattr("limner.cli.pipeline.DEMO_PICTURES", 4)
        patch.setattr(StopSignal, "requested", True)
        patch.setattr(loop, "train_step", lambda *_: torch.zeros(len(LOSSES)))
        for benchmark in ("training", "discriminator", "browser"):
            patch.setattr(f"limner.bench.{benchmark}.bench_{benchmark}", _refuse)
        yield
        shutil.rmtree(web)


def _refuse(*_: object, **__: object) -> None:
    raise LimnerError("Benchmarks are not fuzzed.")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What limner made before: a look, a store, a run and a page; and a person's own files."""
    made = tmp_path_factory.mktemp("template")
    (made / "tiny.onnx").write_bytes(tiny_look())
    store(tmp_path_factory.mktemp("pictures"), 4).folder.rename(made / "store")
    with streams("utf-8", "utf-8"):
        words = ["--discriminator", "4", "--pixels", "64"]
        assert limner.cli.main.main(["train", str(made / "store"), "--out", str(made / "run"), *words]) == 0
        assert limner.cli.main.main(["publish", str(made / "tiny.onnx"), "--out", str(made / "page")]) == 0
    (made / "notes.txt").write_text("mine\n")
    photos(made / "gallery", 3)
    (made / "gallery" / "waves.gif").write_bytes(contents()["animation"])
    (made / "gallery" / "clip.mp4").write_bytes(contents()["film"])
    (made / "album").mkdir()
    (made / "album" / "0.jpg").write_bytes(b"mine")
    return made


class Hang(BaseException):
    """The command takes too long. No handler of ordinary exceptions may swallow it."""


@contextmanager
def time_limit() -> Iterator[None]:
    """Raise `Hang` in a block that takes longer than `MAX_SECONDS`."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Hang(f"signal {number} in {frame}")

    earlier = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)


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


def run_main(arguments: list[str], stdout: str, stderr: str) -> tuple[int, str]:
    """The exit code and what was printed on stderr."""
    with streams(stdout, stderr) as (_, errors), time_limit():
        try:
            code = limner.cli.main.main(arguments)
        except SystemExit as stop:  # tyro's way to end
            code = stop.code if isinstance(stop.code, int) else 2
    encoding = stderr if stderr in ENCODINGS else "utf-8"
    return code, errors.getvalue().decode(encoding, errors="replace")


def lost(before: dict[str, Any], after: dict[str, Any], allowed: set[str]) -> list[str]:
    """What existed and is gone or changed, except below the paths that the command may replace."""
    return [
        path
        for path, state in before.items()
        if after.get(path) != state
        and not any(path == one or path.startswith(f"{one}/") for one in allowed)
    ]


@pytest.mark.parametrize("command", RUNS)
def test_commands_end_with_a_sentence(command: str, template: Path, tmp_path: Path) -> None:
    runs = int(os.environ.get("LIMNER_FUZZ_RUNS", RUNS[command]))

    @settings(
        max_examples=runs,
        deadline=None,
        report_multiple_bugs=False,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        parts=folders,
        line=COMMAND_LINES[command],
        variables=variables,
        stdout=outputs,
        stderr=outputs,
    )
    def run_one(
        parts: list[Item], line: Arguments, variables: dict[str, str], stdout: str, stderr: str
    ) -> None:
        work = Path(mkdtemp(dir=tmp_path))
        with pytest.MonkeyPatch.context() as patch:
            shutil.copytree(template, work, dirs_exist_ok=True)
            patch.chdir(work)
            Path("photos").mkdir()
            made = write_folder(Path("photos"), parts)
            arguments = [command, *resolve(line, made)]
            for name, value in variables.items():
                patch.setenv(name, value)
            before = snapshot(work)
            note(f"limner {arguments} with {variables}, stdout {stdout}, stderr {stderr}")
            code, errors = run_main(arguments, stdout, stderr)
            note(errors)
            assert code in {0, 1, 2}
            assert "Traceback" not in errors
            assert lost(before, snapshot(work), OURS | _forced(arguments)) == []
        shutil.rmtree(work)

    with counted_parses() as counts:
        run_one()
    if command in ALWAYS_PARSED and runs == RUNS[command]:
        assert counts[command] >= MIN_PARSED


def _forced(arguments: list[str]) -> set[str]:
    """What `--force` allows to replace: the output, which `--out` or `--sheet` names."""
    if "--force" not in arguments:
        return set()
    named = [value for option, value in pairwise(arguments) if option in {"--out", "--sheet"}]
    return {os.path.normpath(value) for value in named}
