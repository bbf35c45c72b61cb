"""Pictures whose pixels are doubled before a 3x3 convolution, and what is left of such networks."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import onnx

from onnx_cases.doubled import CHANNELS, SAME, SIDES
from onnx_cases.doubled_steps import (
    after,
    batch_norm,
    by_place,
    clip,
    cropped,
    edge,
    gate,
    instance_norm,
    op,
    prelu,
    reflect,
    zeros,
)
from onnx_cases.doubled_unets import (
    added,
    both_doubled,
    by_unet,
    few_doubled,
    from_torch,
    quantized_unet,
    read_twice,
    two_splits,
)
from onnx_cases.doubling_forms import (
    by_attribute,
    by_axes,
    by_computed_scales,
    by_computed_sizes,
    by_concat,
    by_modes,
    by_old,
    by_scales,
    by_sizes,
    padded,
    same,
    three_times,
)
from onnx_cases.writing import Networks, write_networks

Maker = Callable[[], onnx.ModelProto]
TALL = (24, 32)


class Case(NamedTuple):
    """How a network is made; what is left of it; and the sides of its picture."""

    make: Maker
    left: str | None = "convolution doubling"
    """Its operations. A `doubling` is a convolution that takes four products per output and not nine.
    None if there is none."""
    sides: tuple[int, int] = SIDES


DOUBLINGS = {
    "doubled": Case(partial(by_modes, "asymmetric", "floor")),
    "doubled-asymmetric-round": Case(partial(by_modes, "asymmetric", "round_prefer_floor")),
    "doubled-half-pixel": Case(partial(by_modes, "half_pixel", "round_prefer_floor")),
    "doubled-half-pixel-up": Case(partial(by_modes, "half_pixel", "round_prefer_ceil", 13)),
    "doubled-pytorch": Case(partial(by_modes, "pytorch_half_pixel", "round_prefer_floor")),
    "doubled-tf": Case(partial(by_modes, "tf_half_pixel_for_nn", "floor", 11)),
    "doubled-corners": Case(partial(by_modes, "align_corners", "round_prefer_floor")),
    "doubled-sizes": Case(by_sizes),
    "doubled-axes": Case(by_axes),
    "doubled-upsample": Case(partial(by_old, "Upsample", 9)),
    "doubled-resize-10": Case(partial(by_old, "Resize", 10)),
    "doubled-concat": Case(by_concat),
    "doubled-same": Case(same),
    "doubled-zeros": Case(partial(padded, "constant", 1, 1, 1, 1)),
    "doubled-edge": Case(partial(padded, "edge", 1, 1, 1, 1)),
    "doubled-reflect": Case(partial(padded, "reflect", 1, 1, 1, 1)),
    "doubled-ones": Case(partial(padded, "constant", 1, 1, 1, 1, value=1.0), None),
    "doubled-reflect-far": Case(partial(padded, "reflect", 2, 1, 0, 1), None),
    "doubled-zeros-twice": Case(partial(padded, "constant", 1, 1, 1, 1, **SAME), None),
    "doubled-zeros-uneven": Case(partial(padded, "constant", 2, 0, 1, 3), None),
    "doubled-floor": Case(partial(by_modes, "half_pixel", "floor"), None),
    "doubled-ceil": Case(partial(by_modes, "asymmetric", "ceil"), None),
    "doubled-corners-floor": Case(partial(by_modes, "align_corners", "floor"), None),
    "doubled-columns": Case(partial(by_scales, 1.0, 2.0), None),
    "tripled": Case(partial(by_scales, 3.0, 3.0), None),
    "tripled-concat": Case(three_times, None),
    "doubled-attribute": Case(by_attribute),
    "doubled-computed-sizes": Case(by_computed_sizes),
    "doubled-computed-scales": Case(partial(by_computed_scales, 12)),
    "doubled-upsample-computed": Case(partial(by_computed_scales, 9)),
    "doubled-tanh": Case(partial(after, op("Tanh"))),
    "doubled-leaky": Case(partial(after, op("LeakyRelu", alpha=0.2))),
    "doubled-elu": Case(partial(after, op("Elu"))),
    "doubled-clip": Case(partial(after, clip)),
    "doubled-prelu": Case(partial(after, prelu)),
    "doubled-dropout": Case(partial(after, op("Dropout"), op("Identity"), op("Relu"))),
    "doubled-batch-norm": Case(partial(after, batch_norm, op("Relu"))),
    "doubled-instance-norm": Case(
        partial(after, instance_norm, op("Relu")), "convolution normalization doubling"
    ),
    "doubled-gate": Case(
        partial(after, gate), "convolution resample reduce convolution elementwise doubling"
    ),
    "doubled-relu-reflect": Case(partial(after, op("Sigmoid"), reflect)),
    "doubled-relu-edge": Case(partial(after, op("Sigmoid"), edge)),
    "doubled-relu-zeros": Case(partial(after, op("Sigmoid"), zeros)),
    "doubled-both": Case(both_doubled, "convolution convolution doubling"),
    "doubled-sum": Case(partial(added, doubled=True), "convolution convolution doubling"),
    "doubled-read-twice": Case(read_twice, "convolution resample doubling convolution"),
    "doubled-unet": Case(partial(by_unet, None, 8), "convolution convolution convolution doubling"),
    "doubled-unet-first": Case(partial(by_unet, 5, None), "convolution convolution convolution doubling"),
    "doubled-unet-between": Case(
        partial(by_unet, 5, None, 3), "convolution convolution convolution concat convolution doubling"
    ),
    "doubled-unet-reflect": Case(
        partial(by_unet, None, 8, last=reflect), "convolution convolution movement convolution doubling"
    ),
    "doubled-unet-edge": Case(
        partial(by_unet, None, 8, last=edge), "convolution convolution convolution doubling"
    ),
    "doubled-unet-quantized": Case(
        quantized_unet, "convolution convolution convolution doubling convolution doubling convolution"
    ),
    "doubled-torch": Case(
        partial(from_torch, 17),
        "convolution convolution doubling normalization elementwise convolution convolution doubling",
        TALL,
    ),
    "doubled-torch-11": Case(
        partial(from_torch, 11, open_sizes=True),
        "convolution convolution doubling normalization elementwise convolution convolution doubling",
        TALL,
    ),
    "doubled-dynamo": Case(
        partial(from_torch, 18, dynamo=True),
        "convolution convolution doubling normalization elementwise convolution convolution doubling",
        TALL,
    ),
    "doubled-by-place": Case(partial(after, op("Relu"), by_place), None),
    "doubled-cropped": Case(partial(after, op("Relu"), cropped), None),
    "doubled-sum-of-one": Case(partial(added, doubled=False), None),
    "doubled-few": Case(few_doubled, None),
    "doubled-unet-rows": Case(partial(by_unet, None, CHANNELS, axis=2), None),
    "doubled-two-splits": Case(
        two_splits, "convolution resample convolution convolution doubling convolution convolution"
    ),
}


def write_doublings(folder: Path) -> None:
    networks: Networks = {name: (case.make, (1, 3, *case.sides)) for name, case in DOUBLINGS.items()}
    write_networks(folder, networks, "doublings")
    path = folder / "doublings.json"
    listed = json.loads(path.read_text())
    for one in listed:
        one["left"] = DOUBLINGS[one["name"]].left
    path.write_text(json.dumps(listed))
