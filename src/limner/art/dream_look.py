"""Write a dream as a look: the page then dreams live, from the camera.

```python
written = write_dream_look(Path("dream.onnx"), "fire9", pixels=256)
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from onnx import ModelProto

from limner.art.dream_graph import FIRST_LUMINANCE, dream_graph, live_inputs
from limner.art.dream_network import DreamNetwork
from limner.art.dream_step import DreamState, DreamStep
from limner.errors import LimnerError
from limner.export.onnx import check_output_path
from limner.export.torch_export import infer_and_check
from limner.files import atomic_write
from limner.live import LiveInput
from limner.look.look import read_look
from limner.look.metadata import Metadata, write_metadata
from limner.look.quantization import quantize_weights
from limner.look.session import make_session
from limner.look.storage import Storage
from limner.networks.feature_layers import Layer
from limner.networks.features import load_squeezenet

KIND = "dream"
"""What pages and `limner describe` call such a look."""

PIXELS = (64, 128, 256, 512)
"""Sides of a look's picture."""

TRIALS = 5
"""Pictures of noise that a step is tried with where the first differs."""

MAX_DIFFERENCE = 1e-5
"""The largest allowed difference of a step from autograd's, of values in 0..1."""


@dataclass(frozen=True)
class WrittenDream:
    """A dream's look that was written."""

    path: Path
    bytes: int
    difference: float
    """The largest difference of a step, before weights are stored, from torch's with autograd."""


def write_dream_look(
    out: Path,
    layer: Layer,
    *,
    network: DreamNetwork | None = None,
    class_name: str = "",
    pixels: int = 256,
    storage: Storage = "float16",
    flash_limit: bool = True,
    name: str = "",
    force: bool = False,
) -> WrittenDream:
    """Write the look atomically, once ONNX Runtime's step is that of torch.

    `network` is ImageNet's by default; with `class_name` it dreams of a class of its own, from
    `CLASS_LAYER`. Raises LimnerError for a number of pixels that looks do not have, a class that the
    network does not have, a place that must not be written, and a step that differs.
    """
    if pixels not in PIXELS:
        raise LimnerError(
            f"pixels is {pixels}; a look has {', '.join(map(str, PIXELS[:-1]))} or {PIXELS[-1]}."
        )
    check_output_path(out, force=force)
    network = network or DreamNetwork(load_squeezenet())
    classes = network.classes if class_name else None
    live = live_inputs(layer, classes, class_name)
    model, state = dream_graph(
        network.features, layer, pixels, classes=classes, class_name=class_name, flash_limit=flash_limit
    )
    step = DreamStep(network.features, layer, classes)
    differences = measure_differences(model, step, pixels, live)
    difference = float(np.median(differences))
    if not difference <= MAX_DIFFERENCE:  # also true for NaN
        raise LimnerError(
            f"A step of this dream differs from torch's by {difference:.2g}, where at most "
            f"{MAX_DIFFERENCE:g} is allowed, so the look was not written: this version of ONNX Runtime "
            "computes it wrongly."
        )
    stored = infer_and_check(quantize_weights(model, storage))
    metadata = Metadata(
        name=name or f"Dream of {class_name or layer}",
        credit="DeepDream by Mordvintsev, Olah and Tyka (2015), with SqueezeNet by Iandola et al. (2016)",
        pixels=pixels,
        size=KIND,
        live=live,
        state=state,
        figures={
            "parity": [{"runtime": "ONNX Runtime", "difference": difference, "pictures": len(differences)}]
        },
    )
    write_metadata(stored, metadata)
    content = stored.SerializeToString(deterministic=True)
    read_look(content, out)
    atomic_write(out, content)
    return WrittenDream(out, len(content), difference)


def measure_differences(
    model: ModelProto, step: DreamStep, pixels: int, live_inputs: Mapping[str, LiveInput]
) -> list[float]:
    """The largest differences of the next dream from torch's, of noise and at the default live inputs.

    The dream is neither enlarged nor turned here: positions are rounded in their own ways, and layers make
    much of that. Where a value is as good as 0 before a ReLU, or two are as good as equal in a pool, the
    gradient jumps, and either side is right. So if the first picture of noise differs, `TRIALS` are
    compared: it is their median that has to be small.
    """
    first = _difference_of_noise(model, step, pixels, live_inputs, 0)
    if first <= MAX_DIFFERENCE:
        return [first]
    return [first] + [
        _difference_of_noise(model, step, pixels, live_inputs, seed) for seed in range(1, TRIALS)
    ]


def _difference_of_noise(
    model: ModelProto, step: DreamStep, pixels: int, live_inputs: Mapping[str, LiveInput], seed: int
) -> float:
    rng = np.random.default_rng(seed)
    image, dream = (rng.random((1, 3, pixels, pixels), np.float32) for _ in range(2))
    turned = {name: live.default for name, live in live_inputs.items()} | {"zoom": 1.0}
    state = DreamState(torch.from_numpy(dream), 1, FIRST_LUMINANCE)
    _, following = step(torch.from_numpy(image), state, **turned)
    session = make_session(model.SerializeToString(), Path("The look"))
    feeds = {name: np.asarray(value, np.float32) for name, value in turned.items()}
    output = "dream_next" if any(value.name == "dream_next" for value in model.graph.output) else "painting"
    (found,) = session.run([output], {"image": image, "dream": dream, "count": np.ones(1, "f4"), **feeds})
    return float(np.abs(found - following.dream.numpy()).max())
