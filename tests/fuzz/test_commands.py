"""No folder, argument or surroundings make a command end in a traceback, hang, or change what existed.

hypothesis makes 919 command lines, always the same ones. `HYPOTHESIS_PROFILE=explore` makes others, as
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
    "doctor": 150,
    "pictures": 150,
    "paint": 150,
    "describe": 130,
    "evaluate": 5,
    "publish": 130,
    "train": 25,
    "export": 6,
    "train-step": 8,
    "keyframe": 8,
    "style": 8,
    "branch": 8,
    "dream": 12,
    "classify": 10,
    "look": 12,
    "play": 20,
    "demo": 4,
    "data": 25,
    "lab": 16,
    "lab descent": 20,
    "lab painter": 12,
    "bench": 10,
}
"""Command lines of each command: 919 in all. `LIMNER_FUZZ_RUNS=400` runs as many of each."""

ALWAYS_PARSED = {"doctor", "pictures", "paint", "describe", "publish"}
"""Commands of which at least `MIN_PARSED` must get past parsing."""

MIN_PARSED = 80

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
