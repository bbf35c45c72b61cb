"""How a video's frame is to be shown: turned, mirrored and stretched to square pixels."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from PIL import Image

MAX_PIXEL_ASPECT = 8
"""Pixels longer than this, either way, are a mistake in the file and are shown as squares."""

_Transpose = Image.Transpose

# By the signs of a, b, c, d of the matrix (x, y) -> (a x + c y, b x + d y), with y downwards.
_TRANSPOSES = {
    (-1, 0, 0, 1): _Transpose.FLIP_LEFT_RIGHT,
    (-1, 0, 0, -1): _Transpose.ROTATE_180,
    (1, 0, 0, -1): _Transpose.FLIP_TOP_BOTTOM,
    (0, 1, 1, 0): _Transpose.TRANSPOSE,
    (0, 1, -1, 0): _Transpose.ROTATE_270,
    (0, -1, -1, 0): _Transpose.TRANSVERSE,
    (0, -1, 1, 0): _Transpose.ROTATE_90,
}

_ROTATIONS = {1: _Transpose.ROTATE_90, 2: _Transpose.ROTATE_180, 3: _Transpose.ROTATE_270}
"""By quarter turns counterclockwise."""


def make_upright(image: Image.Image, frame: VideoFrame, pixel_aspect: Fraction | None) -> Image.Image:
    """The picture of `frame` as players show it. `pixel_aspect` is the width of a pixel over its height."""
    if pixel_aspect and Fraction(1, MAX_PIXEL_ASPECT) <= pixel_aspect <= MAX_PIXEL_ASPECT:
        image = image.resize((max(1, round(image.width * pixel_aspect)), image.height))
    transpose = _read_transpose(frame)
    return image if transpose is None else image.transpose(transpose)


def _read_transpose(frame: VideoFrame) -> _Transpose | None:
    """The nearest of the eight orientations to the frame's display matrix."""
    try:
        side_data: Any = frame.side_data  # PyAV's stub has another type
    except ValueError:
        # PyAV 18 lacks names for some side data, such as the EXIF of cameras' MJPEG, and then gives none.
        # Its own rotation does not tell a mirrored frame from a turned one.
        return _ROTATIONS.get(round(frame.rotation / 90) % 4)
    if Type.DISPLAYMATRIX not in side_data:
        return None
    matrix = np.frombuffer(side_data[Type.DISPLAYMATRIX], np.int32)
    a, b, _, c, d = np.sign(matrix[:5]).tolist()
    along, across = np.abs(matrix[[0, 4]]).sum(dtype=float), np.abs(matrix[[1, 3]]).sum(dtype=float)
    return _TRANSPOSES.get((0, b, c, 0) if across > along else (a, 0, 0, d))
