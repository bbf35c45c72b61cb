"""No folder, argument or surroundings make a command end in a traceback, hang, or change what existed.

hypothesis makes 2,260 command lines, always the same ones. `HYPOTHESIS_PROFILE=explore` makes others, as
many as `LIMNER_FUZZ_RUNS` says for each command. Permissions restrict nobody who is root.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from fuzz.files import contents
from fuzz.folders import Item, write_folder
from fuzz.runner import check, fuzz, working_folder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a clock that interrupts"),
]

RUNS = {
    "doctor": 390,
    "pictures": 390,
    "paint": 390,
    "describe": 320,
    "evaluate": 10,
    "publish": 320,
    "train": 60,
    "export": 15,
    "train-step": 20,
    "keyframe": 20,
    "dream": 30,
    "classify": 20,
    "look": 35,
    "play": 50,
    "demo": 10,
    "data": 50,
    "lab": 40,
    "lab descent": 40,
    "lab painter": 30,
    "bench": 20,
}
"""Command lines of each command: 2,260 in all."""

ALWAYS_PARSED = {"doctor", "pictures", "paint", "describe", "publish"}
"""Commands of which at least `MIN_PARSED` must get past parsing."""

MIN_PARSED = 200

settings.register_profile("ci", derandomize=True, database=None)
settings.register_profile("explore", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.mark.parametrize("command", RUNS)
def test_commands_end_with_a_sentence(command: str, template: Path, tmp_path: Path) -> None:
    runs = int(os.environ.get("LIMNER_FUZZ_RUNS", RUNS[command]))
    parsed = fuzz(command, runs, template, tmp_path)
    if command in ALWAYS_PARSED and runs == RUNS[command]:
        assert parsed >= MIN_PARSED


def test_made_links_lead_somewhere(tmp_path: Path) -> None:
    items = [Item(0, b"d", "folder", "", 0o755), Item(1, b"a.jpg", "file", "jpeg", 0o644)]
    items += [
        Item(0, b"b.jpg", "link", "", 0),
        Item(1, b"c.jpg", "hard link", "", 0),
        Item(1, b"l", "loop", "", 0),
    ]
    write_folder(tmp_path, items)
    assert (
        (tmp_path / "b.jpg").read_bytes() == (tmp_path / "d" / "c.jpg").read_bytes() == contents()["jpeg"]
    )
    assert (tmp_path / "d" / "l" / "l" / "a.jpg").is_file()


@pytest.mark.parametrize(
    ("protection", "arguments"),
    [
        (
            "limner.data.checks.dataset.check_sheet",
            ["doctor", "gallery", "--pixels", "64", "--sheet", "theirs.png"],
        ),
        (
            "limner.look.paint.check_no_source",
            ["paint", "tiny.onnx", "gallery/photo-000.jpg", "--out", "gallery/photo-000.jpg", "--force"],
        ),
        (
            "limner.cli.pipeline.Project.check_replaceable",
            ["look", "gallery", "--out", "theirs", "--pixels", "64", "--discriminator", "4"],
        ),
    ],
)
def test_the_fuzz_notices_a_loss(
    protection: str, arguments: list[str], template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with working_folder(template, tmp_path):
        check(arguments, "utf-8", "utf-8")
    monkeypatch.setattr(protection, lambda *_, **__: None)
    with pytest.raises(AssertionError), working_folder(template, tmp_path):
        check(arguments, "utf-8", "utf-8")
