"""The command line: help texts, exit codes, error sentences, and a start without heavy imports."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.names import LATIN1, SHOWN, TOO_LONG
from limner import __version__
from limner.cli.main import COMMANDS, main, parse, sentence_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_commands_help_has_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main([*name.split(), "--help"])
    assert exited.value.code == 0
    example = capsys.readouterr().out.split("or example:", 1)[1]
    assert f"    limner {name} " in example or f"-m limner {name} " in example


def test_the_main_help_has_a_line_for_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    output = capsys.readouterr().out
    for name in COMMANDS:
        assert f"• {name} " in output
    assert "For example" not in output


def test_no_arguments_prints_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([])
    assert "a folder of pictures becomes" in capsys.readouterr().out


def test_version_option_prints_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"limner {__version__}\n"


HEAVY = {"torch", "onnx", "onnxruntime", "numpy", "PIL", "av", "starlette"}


@pytest.mark.parametrize(
    "imported",
    [
        "from limner.cli.main import main; main(['look', '--help'])",
        "import limner.cli.pipeline, limner.cli.project",
        "import limner.recipe",
        "import limner.training.run",
        "import limner.data.checks, limner.data.synthetic, limner.export, limner.look, limner.page",
    ],
)
def test_what_the_command_line_imports_is_free_of_heavy_packages(imported: str) -> None:
    code = (
        "import sys\n"
        f"try: {imported}\n"
        "except SystemExit: pass\n"
        f"heavy = {HEAVY!r} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    exited = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert exited.returncode == 0, exited.stderr


def test_the_recipes_fields_are_options() -> None:
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
def test_an_error_is_printed_as_one_sentence(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    output = capsys.readouterr().err
    assert output.startswith("limner: ")
    assert sentence in output
    assert "Traceback" not in output
    assert list(tmp_path.iterdir()) == []  # no partial output is left behind


def test_a_file_is_no_run_to_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lenet.onnx").write_bytes(b"a network")
    assert main(["export", "lenet.onnx", "--to", "tfjs", "--out", "lenet-tfjs"]) == 1
    assert "lenet.onnx is a file: `limner export` takes the folder of a run" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["lenet.onnx"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["look", TOO_LONG],
        ["look", ".", "--out", TOO_LONG],
        ["pictures", TOO_LONG, "--out", "store"],
        ["train", TOO_LONG, "--out", "run"],
        ["export", TOO_LONG, "--out", "a.onnx"],
        ["publish", TOO_LONG, "--out", "page"],
        ["publish", "a.onnx", "--out", TOO_LONG],
        ["play", TOO_LONG],
        ["paint", TOO_LONG, "photo.jpg"],
        ["describe", TOO_LONG],
        ["doctor", TOO_LONG],
        ["doctor", ".", "--inputs", TOO_LONG],
    ],
)
def test_a_name_that_is_too_long_gets_a_sentence(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.jpg").write_bytes(b"")
    assert main(arguments) == 1
    output = capsys.readouterr().err
    assert output.startswith("limner: ") and output.count("\n") == 1
    assert TOO_LONG in output
    assert "choose a shorter one" in output or "give a shorter one" in output
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_odd_bytes_and_control_characters_of_a_name_are_replaced(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for command in (["play"], ["doctor"], ["describe"]):
        assert main([*command, f"{LATIN1}\x1b[2J\n[red]"]) == 1
        output = capsys.readouterr().err
        assert f"{SHOWN}\ufffd[2J\ufffd[red]" in output
        assert output.count("\n") == 1


def test_a_nul_character_gets_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "photos\0"]) == 1
    assert "NUL character" in capsys.readouterr().err


def test_an_error_of_the_system_is_a_sentence() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "run/log.jsonl")
    assert sentence_of(full) == (
        "run/log.jsonl cannot be used: No space left on device: free some space and run the same command "
        "again."
    )
    assert sentence_of(TimeoutError()).startswith("A file cannot be used: TimeoutError")


def test_a_mistyped_option_gets_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main(["look", "photos", "--pixel", "128"])
    assert exited.value.code == 2
    assert "--pixels" in capsys.readouterr().err


def test_the_command_reference_is_up_to_date() -> None:
    check = [sys.executable, str(ROOT / "scripts" / "reference.py"), "--check"]
    assert subprocess.run(check, check=False).returncode == 0, "run `make docs`"
