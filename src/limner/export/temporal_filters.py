"""Filters that remember the frames before.

What they keep is 1 more than it is: zeros then mean that there was no frame yet. What depends on time asks
for the elapsed seconds, so it is the same at any frame rate.
"""

from __future__ import annotations

from limner.export.filter_writer import FilterWriter, Value

CELL = 8
"""Side of the squares of the painting in which motion is measured, in pixels."""

MOTION = (2 / 255, 6 / 255)
"""Changes of the guide's mean in a cell: up to the first it is noise, from the second on it is motion."""

MOTION_REACH = 2
"""Cells around a moving one in which the painting follows at once: networks see that far."""

DIFFERENCE_GAIN = 4.0
"""What the difference of two frames is multiplied by, so that slow motion shows."""


def write_freeze(one: FilterWriter, picture: Value) -> None:
    """Hold the picture. The first frame is what is held, since there is none before it."""
    add, out = one.writer.add, one.replace(picture)
    held, following = one.keep("held", picture.shape)
    is_on = add("Floor", add("Add", one.strength(), 0.5))
    share = add("Mul", is_on, add("Min", held, 1.0))
    shifted = add("Mul", add("Add", picture.name, 1.0), add("Sub", 1.0, share))
    add("Add", shifted, add("Mul", held, share), out=following)
    # Through the same rounding in each frame: so a held picture is the same to the bit.
    add("Sub", following, 1.0, out=out)


def write_stillness(one: FilterWriter, shown: Value, painting: Value) -> None:
    """Mix the last painting into this one, as far as the guide has not changed since.

    What the guide is compared with is mixed by the same shares, so a slow change adds up until it is seen.
    """
    add, out = one.writer.add, one.replace(painting)
    last, _ = one.keep("last", painting.shape, painting.name)
    cells = min(shown.side, painting.side // CELL)
    seen = one.shrink(one.read(shown.name), shown.side, cells)
    before, following = one.keep("seen", (1, shown.channels, cells, cells))
    # Added twice: a value with one reader costs the engine no dispatch.
    change = add("Abs", add("Sub", add("Add", seen, 1.0), before))
    if shown.channels > 1:
        change = add("ReduceMean", change, one.writer.integers([1]))
    noise, motion = MOTION
    moving = add("Clip", add("Div", add("Sub", change, noise), motion - noise), 0.0, 1.0)
    window = [2 * MOTION_REACH + 1] * 2
    near = add("MaxPool", moving, kernel_shape=window, pads=[MOTION_REACH] * 4)
    fresh = add("Sub", 1.0, add("Mul", one.share_kept(), add("Sub", 1.0, near)))
    missing = add("Sub", add("Add", seen, 1.0), before)
    add("Add", before, add("Mul", fresh, missing), out=following)
    share = one.enlarge(fresh, cells, painting.side)
    add("Add", last, add("Mul", share, add("Sub", painting.name, last)), out=out)


def write_smoothing(one: FilterWriter, shown: Value) -> None:
    """Mix the last guide into this one, everywhere alike."""
    add, out = one.writer.add, one.replace(shown)
    last, following = one.keep("last", shown.shape)
    current = add("Add", shown.name, 1.0)
    share = add("Mul", one.share_kept(), add("Min", last, 1.0))
    add("Add", current, add("Mul", share, add("Sub", last, current)), out=following)
    add("Sub", following, 1.0, out=out)


def write_difference(one: FilterWriter, shown: Value) -> None:
    """Show the network what has changed since the last frame; nothing at the first one."""
    add = one.writer.add
    last, following = one.keep("last", shown.shape)
    add("Add", one.read(shown.name), 1.0, out=following)
    change = add("Min", add("Mul", add("Abs", add("Sub", following, last)), DIFFERENCE_GAIN), 1.0)
    one.mix(shown, add("Mul", change, add("Min", last, 1.0)))
