"""Writes networks, with ONNX Runtime's outputs for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

Networks = dict[str, tuple[Callable[[], onnx.ModelProto], tuple[int, ...]]]


def write_networks(folder: Path, networks: Networks, listing: str) -> None:
    listed = []
    for name, (make, shape) in networks.items():
        model = make()
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
        image = np.random.default_rng(3).random(shape, dtype=np.float32)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        [out] = session.run(None, {"image": image})
        (folder / f"{name}.input").write_bytes(image.tobytes())
        (folder / f"{name}.output").write_bytes(np.ascontiguousarray(out).tobytes())
        dims = dict(zip(("batch", "channels", "height", "width"), shape, strict=True))
        listed.append({"name": name, "dims": dims, "shape": list(out.shape)})
    (folder / f"{listing}.json").write_text(json.dumps(listed))
