"""Ctrl-C is a wish; SIGTERM is one too, and ends the program once it is granted."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

from limner.interruption import Interruption


def test_ctrl_c_is_a_wish() -> None:
    with Interruption() as interruption:
        assert not interruption.wished
        signal.raise_signal(signal.SIGINT)
        assert interruption.wished


def test_a_second_ctrl_c_ends_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), Interruption():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interruption():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(("sent", "code"), [("SIGINT", 0), ("SIGTERM", -signal.SIGTERM)])
def test_what_was_begun_is_finished_first(sent: str, code: int) -> None:
    program = f"""
        import signal
        from limner.interruption import Interruption
        with Interruption() as interruption:
            signal.raise_signal(signal.{sent})
            print("saved" if interruption.wished else "lost", flush=True)
        print("served", flush=True)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == code
    assert ended.stdout.split() == (["saved", "served"] if sent == "SIGINT" else ["saved"])
