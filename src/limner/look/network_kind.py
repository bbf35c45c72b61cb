"""What a network that makes no picture seems to be, told from the names and shapes of its outputs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

BOXES = re.compile(r"box|bbox|det|anchor|num_?dets", re.IGNORECASE)
POINTS = re.compile(r"heat_?map|key_?point|landmark|joint|(?:^|[^a-z])pose", re.IGNORECASE)
FEATURES = re.compile(r"embed|feature|latent|encod|pool", re.IGNORECASE)

YOLO_ROWS = 1000
"""A detector has more candidates than these, with a few values each."""


MIN_SIDE = 16
"""A map of classes has no shorter side."""


class Output(NamedTuple):
    """An output of a network, as it was computed."""

    name: str
    shape: Sequence[int]
    is_integer: bool
    """Whether its values are integers, signed or not. A class for each pixel is such a number."""


def describe_outputs(outputs: Sequence[Output]) -> str:
    """What a network with these outputs seems to do, as the rest of a sentence: "seems to ..."."""
    name, shape, is_integer = outputs[0]
    sides = [side for side in shape if side != 1]
    count = max(sides, default=1)
    is_map = len(shape) == 4 and min(shape[1], shape[3]) > 1 and min(sides[-2:]) > 1
    if is_integer and len(sides) == 2 and min(sides) >= MIN_SIDE:
        text = "seems to name what each part of a picture shows"
    elif any(BOXES.search(one.name) for one in outputs) or _is_list_of_boxes(sides):
        text = "seems to find things in a picture and to give boxes around them"
    elif POINTS.search(name):
        text = "seems to find points in a picture, such as the joints of a body"
    elif FEATURES.search(name):
        text = f"seems to describe a picture by {count:,} numbers"
    elif is_map:
        text = f"seems to name what each part of a picture shows ({min(shape[1], shape[3]):,} classes)"
    elif len(sides) == 1:
        text = f"seems to name what is in a picture ({count:,} classes)"
    elif not sides:
        text = "gives one number for a picture"
    else:
        text = f"gives {' x '.join(map(str, shape))} values"
    return text


def _is_list_of_boxes(sides: Sequence[int]) -> bool:
    """Whether it is a list of boxes, or of many candidates with a few values each."""
    if len(sides) != 2:
        return False
    few, many = min(sides), max(sides)
    return 4 in sides or sides[-1] in {5, 6, 7} or (many >= YOLO_ROWS and 5 <= few <= 300)
