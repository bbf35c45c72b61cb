"""ONNX Runtime sessions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from limner.errors import LimnerError

LIBRARY_NOISE = re.compile(
    r"\[\w+\] : \d+ : \w+ : "  # [ONNXRuntimeError] : 1 : FAIL :
    r"|(?:/[\w.+-]+)+:\d+ "  # /onnxruntime_src/onnxruntime/core/graph/model.cc:182
    r"|(?:[\w:&*~<>,]+ )*\w+(?:::[\w~]+)+\([^)]*\)(?: const)? "  # onnxruntime::Model::Model(...)
)
"""What ONNX Runtime puts before its messages, for its developers."""


def make_session(content: bytes, path: Path) -> Any:
    """An onnxruntime session on the CPU for an ONNX file's bytes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # No log: ONNX Runtime warns about each input with a default, which our looks have on purpose, and
    # errors are raised anyway.
    options.log_severity_level = 4
    # Threads that spin while they wait take CPU time from other threads on a small machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # On CPUs that have AVX2 but no VNNI, sums of products with signed 8-bit weights saturate at 16 bits.
    # The first entry computes QuantizeLinear and DequantizeLinear in floats, as ONNX defines them; the
    # second gives integer operators, such as QLinearConv, unsigned weights.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no class
        raise LimnerError(f"{path} is refused by ONNX Runtime: {short_message(error)}.") from error


def short_message(error: Exception) -> str:
    """A library's message, without its brackets, codes, source files and function signatures."""
    lines = LIBRARY_NOISE.sub("", str(error)[:2000]).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].strip().rstrip(".")
