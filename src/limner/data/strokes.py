"""Paint a picture anew with brush strokes, as in oils.

The method is Hertzmann's (1998, "Painterly rendering with curved brush strokes of multiple sizes"): broad
strokes first, then finer ones where the canvas still differs from the picture. A stroke follows the edges
of the picture, which the structure tensor finds. Where there are none, it follows a slowly turning field,
as in van Gogh's skies.
"""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Floats = NDArray[np.floating[Any]]

BRUSHES = (1 / 32, 1 / 64, 1 / 128, 1 / 210)
"""Radii of the brushes, as parts of the picture's short side."""

THINNEST = 1.25
"""Least radius of a brush, in pixels: finer strokes are not seen as strokes."""

SHADES, HUES = 0.035, 0.015
"""Standard deviations of a stroke's brightness, relative, and of each of its colours, in 0..1."""

_SPACING = 1.15  # between strokes of a brush, in radii
_STRIDE = 1.3  # between two of a stroke's five points, in radii
_WIDTHS = np.array((0.6, 1.0, 1.1, 1.0, 0.6))  # of a stroke along its line, in radii
_LEAVES = 0.25  # a stroke ends where the picture differs by so much from its colour, summed over RGB
_DIFFERS = 0.08  # of canvas and picture, summed over RGB, where a finer stroke is worth while
_EDGE = 0.02  # difference of brightness over half a radius that leads strokes as much as the field does
_FIELD_CELLS = 3  # along the short side: how fast the field turns
_CANVAS_SCALE = 2  # strokes are drawn larger, and their edges smoothed by shrinking


def paint_strokes(picture: Image.Image) -> Image.Image:
    """Paint an RGB picture, which keeps its size; the same picture is painted in the same way.

    A picture below some 40 pixels is too small for strokes, and stays as it is.
    """
    rng = np.random.default_rng(zlib.crc32(picture.tobytes()))
    short = min(picture.size)
    radii = [part * short for part in BRUSHES if part * short >= THINNEST]
    if not radii:
        return picture
    pixels = np.asarray(picture, np.float32) / 255
    field = _turning_field(rng, picture.size)
    canvas = _soften(picture, radii[0]).resize([_CANVAS_SCALE * side for side in picture.size])
    for radius in radii:
        target = np.asarray(_soften(picture, radius), np.float32) / 255
        starts = _choose_starts(rng, target, None if radius == radii[0] else canvas, radius)
        lines = _trace(starts, target, _edge_angles(pixels, field, radius), radius)
        colours = _vary(rng, _at(target, starts))
        _draw(canvas, _outline(lines, radius), colours)
    return canvas.resize(picture.size, Image.Resampling.LANCZOS)


def _soften(picture: Image.Image, radius: float) -> Image.Image:
    """What a brush of a radius can show of a picture."""
    return picture.filter(ImageFilter.GaussianBlur(0.6 * radius))


def _turning_field(rng: np.random.Generator, size: tuple[int, int]) -> Floats:
    """Angles (H, W) that turn slowly from place to place."""
    cells = [round(_FIELD_CELLS * side / min(size)) + 1 for side in size]
    grid = rng.random((cells[1], cells[0]), dtype=np.float32)
    return 2 * np.pi * _resize(grid, size)


def _edge_angles(pixels: Floats, field: Floats, radius: float) -> Floats:
    """Angles (H, W) of strokes: along the edges of pixels (H, W, 3), or else along the field.

    An angle and its opposite mean the same, so that means are taken of doubled angles.
    """
    height, width = field.shape
    cells = (max(2, round(2 * width / radius)), max(2, round(2 * height / radius)))
    brightness = _resize(pixels.mean(-1), cells, Image.Resampling.BOX)
    down, across = np.gradient(brightness, axis=0), np.gradient(brightness, axis=1)
    cosine, sine = (
        _resize(_mean_of_neighbours(edge), (width, height)) / _EDGE**2
        for edge in (down**2 - across**2, -2 * down * across)
    )
    return np.asarray(np.arctan2(sine + np.sin(2 * field), cosine + np.cos(2 * field)) / 2)


def _choose_starts(
    rng: np.random.Generator, target: Floats, canvas: Image.Image | None, radius: float
) -> Floats:
    """Where strokes start: x and y (N, 2) in pixels, shuffled: one in each cell where it is needed."""
    height, width = target.shape[:2]
    across, down = (max(1, round(side / (_SPACING * radius))) for side in (width, height))
    rows, columns = np.divmod(rng.permutation(down * across), across)
    if canvas is not None:
        painted = np.asarray(canvas.resize((width, height), Image.Resampling.BOX), np.float32) / 255
        differs = _resize(np.abs(painted - target).sum(-1), (across, down), Image.Resampling.BOX)
        chosen = differs[rows, columns] > _DIFFERS
        rows, columns = rows[chosen], columns[chosen]
    x, y = columns + rng.random(len(columns)), rows + rng.random(len(rows))
    return np.stack([x * width / across, y * height / down], axis=-1)


def _trace(starts: Floats, target: Floats, angles: Floats, radius: float) -> Floats:
    """The strokes' middle lines (N, 5, 2): from its start both ways, as long as the colour stays."""
    own = _at(target, starts)
    points = {0: starts}
    for way in (1, -1):
        at, is_painted = starts, np.ones(len(starts), bool)
        before = way * _direction(_at(angles, starts))
        for nth in (1, 2):
            along = _direction(_at(angles, at))
            along *= np.where((along * before).sum(-1, keepdims=True) < 0, -1, 1)
            ahead = at + _STRIDE * radius * along
            is_painted = is_painted & (np.abs(_at(target, ahead) - own).sum(-1) < _LEAVES)
            at = np.where(is_painted[:, None], ahead, at)
            points[way * nth], before = at, along
    return np.stack([points[nth] for nth in sorted(points)], axis=1)


def _outline(lines: Floats, radius: float) -> Floats:
    """The polygons (N, 12, 2) of strokes: both sides of their lines, and a tip at each end."""
    along = np.gradient(lines, axis=1)
    length = np.linalg.norm(along, axis=-1, keepdims=True)
    along = np.where(length > 0, along / np.maximum(length, 1e-6), _whole_direction(lines))
    side = np.stack([-along[..., 1], along[..., 0]], axis=-1) * radius * _WIDTHS[:, None]
    first, last = lines[:, :1] - radius * along[:, :1], lines[:, -1:] + radius * along[:, -1:]
    return np.concatenate([first, lines + side, last, (lines - side)[:, ::-1]], axis=1)


def _whole_direction(lines: Floats) -> Floats:
    """The direction (N, 1, 2) of each line from end to end; of a dot, to the right."""
    whole = lines[:, -1:] - lines[:, :1]
    length = np.linalg.norm(whole, axis=-1, keepdims=True)
    return np.where(length > 0, whole / np.maximum(length, 1e-6), (1.0, 0.0))


def _vary(rng: np.random.Generator, colours: Floats) -> Floats:
    """Colours (N, 3) as a hand mixes them, each a little different."""
    shades = 1 + SHADES * rng.standard_normal((len(colours), 1))
    return colours * shades + HUES * rng.standard_normal(colours.shape)


def _draw(canvas: Image.Image, polygons: Floats, colours: Floats) -> None:
    """Draw polygons (N, M, 2), in pixels of the picture, one over the other."""
    draw = ImageDraw.Draw(canvas)
    corners = (_CANVAS_SCALE * polygons).reshape(len(polygons), -1).tolist()
    levels = np.rint(255 * colours.clip(0, 1)).astype(int).tolist()
    for polygon, level in zip(corners, levels, strict=True):
        draw.polygon(polygon, fill=tuple(level))


def _at(values: Floats, points: Floats) -> Floats:
    """The values (N, ...) of a picture (H, W, ...) at points (N, 2), or at its border next to them."""
    column, row = np.moveaxis(points.astype(int), -1, 0)
    return np.asarray(values[row.clip(0, values.shape[0] - 1), column.clip(0, values.shape[1] - 1)])


def _direction(angles: Floats) -> Floats:
    """Unit vectors (N, 2), x and y."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def _mean_of_neighbours(values: Floats) -> Floats:
    """Means of 3 x 3 of values (H, W)."""
    padded = np.pad(values, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9)


def _resize(
    values: Floats, size: tuple[int, int], filter_: Image.Resampling = Image.Resampling.BICUBIC
) -> Floats:
    """Values (H, W), resized to a width and height."""
    image = Image.fromarray(np.asarray(values, np.float32))
    return np.asarray(image.resize(size, filter_))
