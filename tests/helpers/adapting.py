"""Adapts networks of strangers to looks, from bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.errors import LimnerError
from limner.look.adaptation import Adapted, read_network
from limner.look.picture_format import NOTHING_SAID, FormatOptions


def adapt(content: bytes, options: FormatOptions = NOTHING_SAID) -> Adapted:
    return read_network(content, Path("stranger.onnx"), options)


def refusal(content: bytes, options: FormatOptions = NOTHING_SAID) -> str:
    """Why the network is refused: a sentence that names its file."""
    with pytest.raises(LimnerError) as error:
        adapt(content, options)
    sentence = str(error.value)
    assert sentence.startswith("stranger.onnx ")
    assert sentence.endswith(".")
    return sentence
