"""The files of a network for TensorFlow.js."""

from __future__ import annotations

from pathlib import Path

import onnx

from limner.errors import LimnerError
from limner.export.tfjs import write_tfjs, write_tfjs_network
from limner.look.look import open_look

LOOK = "limner.format"
"""The metadata that looks have."""


def write_tfjs_files(path: Path, folder: Path) -> str | None:
    """Write the network of an ONNX file into `folder`; returns why not, without a full stop."""
    try:
        model = onnx.load(path)
        if any(entry.key == LOOK for entry in model.metadata_props):
            write_tfjs(open_look(path), folder)
        else:
            write_tfjs_network(model, folder, name="it")
    except LimnerError as error:
        return f"limner does not export it for TensorFlow.js: {str(error).removesuffix('.')}"
    except Exception as error:  # the libraries' exceptions share no class
        reason = next(iter(str(error).splitlines()), "")[:200].removesuffix(".")
        return f"limner failed to export it for TensorFlow.js: {type(error).__name__}: {reason}"
    return None
