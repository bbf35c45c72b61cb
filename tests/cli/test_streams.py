"""Output that a stream cannot take is lost; the work is not, and nobody sees a traceback."""

from __future__ import annotations

import errno
import io
import subprocess
import sys
from pathlib import Path

import pytest

from limner.cli.main import main
from limner.cli.streams import steady_streams


class Failing(io.StringIO):
    """A stream that raises `error` until it is told to stop."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error: OSError | None = error

    def write(self, text: str) -> int:
        if self.error is not None:
            raise self.error
        return super().write(text)


def full() -> Failing:
    return Failing(OSError(errno.ENOSPC, "No space left on device"))


def test_work_goes_on_after_standard_output_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stdout, steps = full(), []
    monkeypatch.setattr(sys, "stdout", stdout)
    with pytest.raises(SystemExit) as exited, steady_streams():
        print("lost")
        steps.append("train")
        stdout.error = None
        print("The look is sea.onnx.")
    assert exited.value.code == 1
    assert steps == ["train"]
    assert stdout.getvalue().endswith("The look is sea.onnx.\n")
    assert capsys.readouterr().err == (
        "limner: not all output could be written: No space left on device.\n"
    )


def test_a_reader_that_closed_the_pipe_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Failing(BrokenPipeError()))
    assert main(["describe", "lean"]) == 0
    with pytest.raises(SystemExit) as exited:
        main(["--help"])
    assert exited.value.code == 0
    assert capsys.readouterr().err == ""


def test_standard_error_may_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", full())
    with steady_streams():
        print("progress", file=sys.stderr)
        print("result")
    assert capsys.readouterr().out == "result\n"


def test_closed_streams_are_replaced_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["describe", "lean"]) == 0
    assert main(["describe", "nowhere"]) == 1
    assert sys.stdout is None


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
def test_characters_that_the_encoding_lacks_are_replaced(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    for arguments in (["describe", "lean"], ["describe", "lean", "--json"]):
        assert main(arguments) == 0
    with pytest.raises(SystemExit):
        main(["--help"])
    sys.stdout.flush()
    text = written.getvalue().decode(encoding)
    assert "recipe: size lean" in text and '"multiply_adds"' in text and "usage: limner" in text


@pytest.mark.parametrize("encoding", ["idna", "undefined"])
def test_encodings_that_replace_nothing_give_way_to_utf8(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, io.TextIOWrapper(written, encoding=encoding, write_through=True))
    assert main(["describe", "lean"]) == 0
    assert main(["describe", "nowhere é"]) == 1
    text = written.getvalue().decode()
    assert "recipe: size lean" in text and "limner: " in text and "nowhere é" in text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_the_interpreter_exits_cleanly() -> None:
    """What it still holds for a stream, it must not try to write when it exits."""
    limner = f"{sys.executable} -m limner"
    script = (
        f"{limner} --version >/dev/full; echo $? >&2; {limner} --version >&- 2>&-; echo $? >&2; "
        f"{limner} describe nowhere 2>/dev/full; echo $? >&2"
    )
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == [
        "limner: not all output could be written: No space left on device.",
        "1",
        "0",
        "1",
    ]
    reader = f"exec 3>&1; {{ {limner} --version; echo $? >&3; }} | true"
    done = subprocess.run(["sh", "-c", reader], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("0\n", "")
