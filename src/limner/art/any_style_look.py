"""A look that paints in the style of one painting, or of any that is given to its page.

The style is 100 numbers, which a second network makes of a painting (`limner.look.any_style`). They are a
constant of the file: the page replaces them by those of another painting, and what follows from them is
computed once, when the look is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper
from PIL import Image

from limner.data.arrays import center_crop
from limner.errors import LimnerError
from limner.export.onnx import check_output_path
from limner.files import atomic_write
from limner.live import LiveInput
from limner.look.any_style import PREDICTOR, STYLE_PIXELS, STYLE_SIZE, paint_network, style_network
from limner.look.look import read_look
from limner.look.metadata import Metadata, write_metadata
from limner.look.session import make_session

KIND = "any style"
"""What pages and `limner describe` call such a look."""

PIXELS = (64, 128, 256, 512)
"""Sides of a look's picture."""

STRENGTH = "strength"
LIVE = {STRENGTH: LiveInput("Strength", 0, 1, 1)}
"""How much of the painting and how little of the picture is shown."""


@dataclass(frozen=True)
class WrittenStyle:
    """A look that was written."""

    path: Path
    bytes: int


def write_any_style_look(
    out: Path,
    painting: Image.Image,
    *,
    pixels: int = 256,
    name: str = "",
    credit: str = "",
    force: bool = False,
) -> WrittenStyle:
    """Write the look atomically, with the style of `painting`, an RGB picture.

    Raises LimnerError for a number of pixels that looks do not have, a place that must not be written, and
    where the networks are not installed.
    """
    if pixels not in PIXELS:
        raise LimnerError(
            f"pixels is {pixels}; a look has {', '.join(map(str, PIXELS[:-1]))} or {PIXELS[-1]}."
        )
    check_output_path(out, force=force)
    model = _with_strength(paint_network(pixels, predict_style(painting)))
    metadata = Metadata(
        name=name or out.stem,
        credit=" ".join(
            filter(None, (credit, "Any-style network by Ghiasi et al. (2017), changed by limner."))
        ),
        licence="Apache-2.0",
        pixels=pixels,
        size=KIND,
        live=LIVE,
        predictor=PREDICTOR,
    )
    write_metadata(model, metadata)
    content = model.SerializeToString(deterministic=True)
    read_look(content, out)
    atomic_write(out, content)
    return WrittenStyle(out, len(content))


def predict_style(painting: Image.Image) -> NDArray[np.float32]:
    """The numbers (1, 100) that stand for an RGB painting, the middle of which is taken.

    Raises LimnerError where the networks are not installed.
    """
    square = center_crop(painting, STYLE_PIXELS).transpose(2, 0, 1)[None]
    session: Any = make_session(style_network().SerializeToString(), Path(PREDICTOR))
    (style,) = session.run(None, {"painting": square})
    result: NDArray[np.float32] = style.reshape(1, STYLE_SIZE)
    return result


def _with_strength(model: ModelProto) -> ModelProto:
    """The network with a live input that mixes its painting with the picture."""
    graph = model.graph
    for node in graph.node:
        node.output[:] = ["styled" if name == "painting" else name for name in node.output]
    graph.node.extend(
        helper.make_node(operator, inputs, [output], name=output)
        for operator, inputs, output in (
            ("Sub", ["styled", "image"], "apart"),
            ("Mul", ["apart", STRENGTH], "part"),
            ("Add", ["image", "part"], "painting"),
        )
    )
    graph.input.append(helper.make_tensor_value_info(STRENGTH, TensorProto.FLOAT, ()))
    graph.initializer.append(
        numpy_helper.from_array(np.array(LIVE[STRENGTH].default, np.float32), STRENGTH)
    )
    return model
