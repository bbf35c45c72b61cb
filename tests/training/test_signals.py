"""Ctrl-C and SIGTERM request a stop; SIGTERM then ends the program."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from limner.errors import LimnerError
from limner.training.signals import STOP_MESSAGES, StopSignal, Terminated


def test_ctrl_c_requests_a_stop() -> None:
    with StopSignal() as stop_signal:
        assert not stop_signal.requested
        signal.raise_signal(signal.SIGINT)
        assert stop_signal.requested


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_reported_at_once_and_only_once(number: signal.Signals) -> None:
    messages: list[str] = []
    received = threading.Event()

    def message(sentence: str) -> None:
        messages.append(sentence)
        received.set()

    def stop_twice() -> None:
        with StopSignal(message):
            signal.raise_signal(number)
            assert received.wait(60), "the sentence comes before saving ends"
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Terminated):
        stop_twice()
    assert messages == [STOP_MESSAGES[number]]


def test_a_second_ctrl_c_ends_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), StopSignal():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)


def test_an_error_is_raised_rather_than_terminated() -> None:
    with pytest.raises(LimnerError), StopSignal():
        signal.raise_signal(signal.SIGTERM)
        raise LimnerError("The disk is full.")


def test_signal_handlers_are_restored() -> None:
    before = signal.getsignal(signal.SIGINT)
    with StopSignal():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("signal_name", "code", "printed"),
    [("SIGINT", 0, ["saved", "tidy", "served"]), ("SIGTERM", 143, ["saved", "tidy"])],
)
def test_sigterm_ends_the_program_only_after_saving(
    signal_name: str, code: int, printed: list[str]
) -> None:
    program = f"""
        import signal
        from limner.training.signals import StopSignal
        try:
            with StopSignal() as stop_signal:
                signal.raise_signal(signal.{signal_name})
                print("saved" if stop_signal.requested else "lost", flush=True)
        finally:
            print("tidy", flush=True)
        print("served", flush=True)
    """
    completed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
    )
    assert completed.returncode == code, completed.stderr
    assert completed.stderr == ""
    assert completed.stdout.split() == printed
