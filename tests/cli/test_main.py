"""The command line: teaches, answers at once, and says what is wrong in a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from limner import __version__
from limner.cli.main import COMMANDS, main, parse

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_teaches_every_command_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    taught = capsys.readouterr().out.split("or example:", 1)[1]
    assert f"    limner {name} " in taught or f"-m limner {name} " in taught


def test_the_overview_has_a_line_for_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    for name in COMMANDS:
        assert f"• {name} " in said
    assert "For example" not in said


def test_help_without_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([])
    assert "a folder of pictures becomes" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"limner {__version__}\n"


def test_starts_without_torch() -> None:
    code = (
        "import sys; from limner.cli.main import main\n"
        "try: main(['look', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'onnx', 'onnxruntime', 'numpy', 'PIL', 'av', 'starlette'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_the_recipe_s_fields_are_options() -> None:
    command = parse(["look", "photos", "--size", "small", "--pixels", "128", "--no-flip", "--no-open"])
    assert (command.recipe.size, command.recipe.pixels, command.recipe.flip) == ("small", 128, False)  # type: ignore[attr-defined]
    assert command.serving.open is False  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["look", "nowhere", "--pixels", "100"], "pixels is 100; choose a power of two"),
        (["look"], "Name a folder"),
        (["look", "nowhere"], "nowhere"),
        (["pictures", "nowhere", "--out", "store"], "nowhere"),
        (["train", "nowhere", "--out", "run"], "nowhere"),
        (["export", "nowhere", "--out", "a.onnx"], "nowhere"),
        (["publish", "nowhere.onnx", "--out", "page"], "nowhere.onnx"),
        (["play", "nowhere"], "nowhere"),
        (["paint", "nowhere.onnx", "photo.jpg"], "nowhere.onnx"),
        (["describe", "nowhere"], "nowhere"),
        (["doctor", "nowhere"], "nowhere"),
    ],
)
def test_what_is_wrong_is_a_sentence(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("limner: ")
    assert sentence in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []  # nothing half-made is left behind


def test_a_mistyped_option_gets_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["look", "photos", "--pixel", "128"])
    assert ended.value.code == 2
    assert "--pixels" in capsys.readouterr().err


def test_the_reference_is_current() -> None:
    check = [sys.executable, str(ROOT / "scripts" / "reference.py"), "--check"]
    assert subprocess.run(check, check=False).returncode == 0, "run `make docs`"
