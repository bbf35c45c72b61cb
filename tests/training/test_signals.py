"""Ctrl-C is a wish; SIGTERM is one too, and ends the program once it is granted."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from limner.errors import LimnerError
from limner.training.signals import STOPPING, StopSignal, Terminated


def test_ctrl_c_is_a_wish() -> None:
    with StopSignal() as interruption:
        assert not interruption.requested
        signal.raise_signal(signal.SIGINT)
        assert interruption.requested


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_said_at_once_and_once(number: signal.Signals) -> None:
    said: list[str] = []
    heard = threading.Event()

    def tell(sentence: str) -> None:
        said.append(sentence)
        heard.set()

    def saving() -> None:
        with StopSignal(tell):
            signal.raise_signal(number)
            assert heard.wait(60), "before all is saved"
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Terminated):
        saving()
    assert said == [STOPPING[number]]


def test_a_second_ctrl_c_ends_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), StopSignal():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)


def test_what_went_wrong_is_said_before_all_else() -> None:
    with pytest.raises(LimnerError), StopSignal():
        signal.raise_signal(signal.SIGTERM)
        raise LimnerError("The disk is full.")


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with StopSignal():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("sent", "code", "printed"),
    [("SIGINT", 0, ["saved", "tidy", "served"]), ("SIGTERM", 143, ["saved", "tidy"])],
)
def test_what_was_begun_is_finished_first(sent: str, code: int, printed: list[str]) -> None:
    program = f"""
        import signal
        from limner.training.signals import StopSignal
        try:
            with StopSignal() as stop_signal:
                signal.raise_signal(signal.{sent})
                print("saved" if stop_signal.requested else "lost", flush=True)
        finally:
            print("tidy", flush=True)
        print("served", flush=True)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == code, ended.stderr
    assert ended.stderr == ""
    assert ended.stdout.split() == printed
