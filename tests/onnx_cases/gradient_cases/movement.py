"""Operators that move elements."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from onnx_cases.gradient_cases.case import Case, Function, drawn, whole


def movement() -> list[Case]:
    x = drawn(2, 8, 4, 6)
    pads = (1, 2, 0, 3)

    def padded(mode: str) -> Function:
        return lambda v: functional.pad(v, (pads[1], pads[3], pads[0], pads[2]), mode=mode)

    four = whole(0, 0, *pads[:2], 0, 0, *pads[2:])
    shuffled = functional.pixel_shuffle

    def by_depth_first(v: Tensor) -> Tensor:
        n, c, h, w = v.shape
        corners = v.reshape(n, 2, 2, c // 4, h, w).permute(0, 3, 4, 1, 5, 2)
        return corners.reshape(n, c // 4, 2 * h, 2 * w)

    def to_depth(v: Tensor) -> Tensor:
        n, c, h, w = v.shape
        corners = v.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 3, 5, 1, 2, 4)
        return corners.reshape(n, 4 * c, h // 2, w // 2)

    return [
        Case("Concat", lambda a, b: torch.cat([a, b], 1), [x, drawn(2, 3, 4, 6, seed=1)], {"axis": 1}),
        Case(
            "Concat",
            lambda a, b: torch.cat([a, b], 2),
            [x, drawn(2, 8, 3, 6, seed=1)],
            {"axis": -2},
            name="concat_of_rows",
        ),
        Case(
            "DepthToSpace",
            lambda v: shuffled(v, 2),
            [x],
            {"blocksize": 2, "mode": "CRD"},
            name="depth_to_space_crd",
        ),
        Case("DepthToSpace", by_depth_first, [x], {"blocksize": 2}),
        Case("SpaceToDepth", to_depth, [x], {"blocksize": 2}),
        Case("Expand", lambda v: v.expand(2, 3, 4, 5), [drawn(3, 1, 5)], constants={1: whole(2, 3, 4, 5)}),
        Case("Flatten", lambda v: v.flatten(2).flatten(0, 1), [x], {"axis": 2}),
        Case("Gather", lambda v: v[:, [1, 5, 1, 2]], [x], {"axis": 1}, constants={1: whole(1, 5, 1, 2)}),
        Case(
            "Gather",
            lambda v: v[:, :, [0, 2]],
            [x],
            {"axis": 2},
            constants={1: whole(0, 2)},
            name="gather_by_step",
        ),
        Case(
            "Pad",
            lambda v: functional.pad(v, (2, 3, 1, 0), value=0.5),
            [x],
            constants={1: four, 2: np.array(0.5, np.float32)},
            name="pad",
        ),
        Case(
            "Pad",
            lambda v: v[:, 1:, :, :-2],
            [x],
            constants={1: whole(0, -1, 0, 0, 0, 0, 0, -2)},
            name="pad_negative",
        ),
        Case("Pad", padded("reflect"), [x], {"mode": "reflect"}, constants={1: four}, name="pad_reflect"),
        Case("Pad", padded("replicate"), [x], {"mode": "edge"}, constants={1: four}, name="pad_edge"),
        Case("Pad", padded("circular"), [x], {"mode": "wrap"}, constants={1: four}, name="pad_wrap"),
        Case("Reshape", lambda v: v.reshape(4, -1), [x], constants={1: whole(4, -1)}),
        Case(
            "Slice",
            lambda v: v[:, 2:7, 1:],
            [x],
            constants={1: whole(2, 1), 2: whole(7, 99), 3: whole(1, 2)},
        ),
        Case(
            "Slice",
            lambda v: v[:, 1:8:3].flip(3)[:, :, :, ::2],
            [x],
            constants={1: whole(1, -1), 2: whole(8, -99), 3: whole(1, 3), 4: whole(3, -2)},
            name="slice_by_steps",
        ),
        Case("Tile", lambda v: v.repeat(2, 1, 3, 2), [x], constants={1: whole(2, 1, 3, 2)}),
        Case("Squeeze", lambda v: v.squeeze(1), [drawn(3, 1, 4)], constants={1: whole(1)}),
        Case("Unsqueeze", lambda v: v[:, None], [drawn(3, 4)], constants={1: whole(1)}),
        Case("Transpose", lambda v: v.permute(2, 0, 3, 1), [x], {"perm": [2, 0, 3, 1]}),
    ]


def splits() -> list[Case]:
    x = drawn(2, 8, 4)

    def first_and_last(v: Tensor) -> list[Tensor]:
        return [v[:, :3], v[:, 3:7], v[:, 7:]]

    return [Case("Split", first_and_last, [x], {"axis": 1}, constants={1: whole(3, 4, 1)}, outputs=3)]
