"""A look with filters, and what ONNX Runtime makes of frames with some of them in its graph."""

from __future__ import annotations

import json
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from onnx import ModelProto

from helpers.filters import frames
from helpers.looks import PIXELS, look_bytes
from limner.look.filters import with_filters
from limner.look.look import read_look
from limner.look.metadata import FILTER_DOMAIN
from limner.recipe import GuideName

RUNS = 32
KEPT = (0, 1, 2, 15, 16, 17, 18, 31)
"""Runs whose paintings are written: the first ones, and those about the frame from which a square moves."""

ELAPSED = (1 / 60, 1 / 30, 1 / 144)

CASES: dict[str, tuple[GuideName, dict[str, float]]] = {
    "soft-stillness": ("soft", {"stillness": 0.8}),
    "edges-stillness": ("edges", {"stillness": 0.8}),
    "colour-freeze": ("colour", {"freeze": 1.0}),
    "edges-threshold": ("edges", {"threshold": 0.2}),
    "soft-guide": (
        "soft",
        {"smoothing": 0.7, "difference": 0.4, "blur": 0.6, "median": 1.0, "invert": 1.0},
    ),
    "colour-all": (
        "colour",
        {
            "freeze": 0.0,
            "stillness": 0.5,
            "smoothing": 0.6,
            "difference": 0.3,
            "stretch": 0.8,
            "blur": 0.5,
            "median": 1.0,
            "threshold": 0.3,
            "invert": 0.7,
        },
    ),
}


def without_filters(content: bytes) -> bytes:
    """The look as limner wrote it before there were filters."""
    model = ModelProto.FromString(content)
    del model.functions[:]
    opsets = [entry for entry in model.opset_import if entry.domain != FILTER_DOMAIN]
    entries = [entry for entry in model.metadata_props if entry.key != "limner.filters"]
    del model.opset_import[:], model.metadata_props[:]
    model.opset_import.extend(opsets)
    model.metadata_props.extend(entries)
    stripped: bytes = model.SerializeToString()
    return stripped


def write_filters(folder: Path) -> None:
    images = frames(RUNS, PIXELS)
    np.stack([image.transpose(2, 0, 1) for image in images]).tofile(folder / "filters.images")
    moments = list(islice(cycle(ELAPSED), RUNS))
    for guide in {guide for guide, _ in CASES.values()}:
        (folder / f"filters-{guide}.onnx").write_bytes(look_bytes(guide))
        (folder / f"filters-{guide}-none.onnx").write_bytes(without_filters(look_bytes(guide)))
    for name, (guide, values) in CASES.items():
        plain = read_look(look_bytes(guide), Path(f"{guide}.onnx"))
        look = with_filters(plain, list(values))
        (folder / f"filters-{name}.onnx").write_bytes(look.content)
        for run, (image, elapsed) in enumerate(zip(images, moments, strict=True)):
            live = values | ({"elapsed": elapsed} if "elapsed" in look.live else {})
            painting = look.run(image, **live)[0]
            if run in KEPT:
                painting.tofile(folder / f"filters-{name}.{run}")
    listed = [{"name": name, "guide": guide, "values": values} for name, (guide, values) in CASES.items()]
    cases = {"pixels": PIXELS, "kept": KEPT, "elapsed": moments, "cases": listed}
    (folder / "filters.json").write_text(json.dumps(cases))
