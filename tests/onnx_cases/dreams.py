"""Steps of dreams, what torch makes of them with autograd, and a look that dreams."""

from __future__ import annotations

import json
from pathlib import Path

from onnx import ModelProto, StringStringEntryProto

from helpers.dreams import PIXELS, StepCase, step_case
from limner.art.dream_look import write_dream_look

EXACT, ROUNDED = 1e-5, 5e-3
"""Largest allowed differences: of a still dream, and of one that is turned. WGSL promises sines to 2^-11,
which moves the border by 0.02 pixels. It is turned alone, since layers make much of small differences."""


def steps() -> dict[str, tuple[StepCase, float]]:
    """The steps by name, each with its largest allowed difference."""
    return {
        "dream-fire4": (step_case("fire4"), EXACT),
        "dream-fire7": (step_case("fire7"), EXACT),
        "dream-fire9": (step_case("fire9"), EXACT),
        "dream-fire9-channel": (step_case("fire9", channel=100.25, camera=0), EXACT),
        "dream-fire4-moving": (step_case("fire4", zoom=1.03, rotation=2, strength=0), ROUNDED),
    }


def write_dreams(folder: Path) -> None:
    listed = []
    for name, (case, tolerance) in steps().items():
        model = ModelProto.FromString(case.model.SerializeToString())
        # Without it, an input that is no single number and has a default is a constant to the engine.
        state = {key: f"{key}_next" for key in ("dream", "count", "luminance")}
        model.metadata_props.append(StringStringEntryProto(key="limner.state", value=json.dumps(state)))
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
        for values in (case.inputs, case.outputs):
            for key, array in values.items():
                array.tofile(folder / f"{name}.{key}")
        listed.append(
            {
                "name": name,
                "inputs": list(case.inputs),
                "live": case.live,
                "outputs": list(case.outputs),
                "tolerance": tolerance,
            }
        )
    write_dream_look(folder / "dream-look.onnx", "fire2", pixels=PIXELS, force=True)
    (folder / "dreams.json").write_text(json.dumps(listed))
