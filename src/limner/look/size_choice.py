"""The size at which a network is painted that leaves its height, its width or both open."""

from __future__ import annotations

from collections.abc import Callable

from limner.errors import LimnerError
from limner.look.picture_sizes import (
    OTHER_SIDES,
    Size,
    Takes,
    find_multiple,
    nearest_sizes,
    size_of,
    write_pixels,
)
from limner.look.validation import DEFAULT_PIXELS, MAX_SIDE, describe_size

Refusal = Callable[[Size], str | None]
"""Why a network does not run at this size; None if it does."""


def choose_size(sides: Size, pixels: int | Size | None, takes: Takes, refusal: Refusal) -> Size:
    """The size that is painted: what `--pixels` says, or a usual one.

    `sides` are height and width as the file has them, 0 where it leaves them open. Raises LimnerError with
    a sentence for a size that the network does not take.
    """
    if pixels is None:
        return _usual_size(sides, refusal)
    said = (pixels, pixels) if isinstance(pixels, int) else pixels
    wanted = size_of(sides, said)
    # One number is about the sides that are open.
    if wanted != said and (all(sides) or not isinstance(pixels, int)):
        raise LimnerError(_describe_fixed(sides, wanted))
    if (longest := max(wanted)) > MAX_SIDE:
        raise LimnerError(f"is asked for {longest:,} pixels a side; a look takes at most {MAX_SIDE:,}")
    if all(sides) or takes(wanted):
        return wanted
    taken = _usual_size(sides, refusal)
    if takes(taken):
        raise LimnerError(_describe_nearest(sides, pixels, taken, takes))
    if (error := refusal(wanted)) is not None:
        raise LimnerError(f"cannot paint {describe_size(*wanted)}: {error}")
    return wanted


def _usual_size(sides: Size, refusal: Refusal) -> Size:
    """The size of a network for which nobody says one."""
    if all(sides):
        return sides
    usual = max(sides) or DEFAULT_PIXELS
    candidates = [size_of(sides, (side, side)) for side in (usual, *OTHER_SIDES)]
    errors = (refusal(size) for size in candidates)
    first = next(errors)
    if first is None:
        return candidates[0]
    for size, error in zip(candidates[1:], errors, strict=True):
        if error is None:
            return size
    raise LimnerError(f"cannot paint {describe_size(*candidates[0])}: {first}")


def _describe_nearest(sides: Size, pixels: int | Size, taken: Size, takes: Takes) -> str:
    """What to give instead of the wanted size, which the network does not take."""
    wanted = size_of(sides, (pixels, pixels) if isinstance(pixels, int) else pixels)
    multiple = find_multiple(sides, taken, takes)
    near = nearest_sizes(sides, pixels, multiple) if multiple else []
    found = [size for size in near if max(size) <= MAX_SIDE and takes(size)][:2] or [taken]
    names = " and ".join(describe_size(*size).removesuffix(" pixels") for size in found)
    return f"does not take {describe_size(*wanted)}, but {names}: add --pixels {write_pixels(found[0])}"


def _describe_fixed(sides: Size, wanted: Size) -> str:
    """What to say of a size other than the one that the file fixes; 0 is an open side."""
    if all(sides):
        return f"takes pictures of {describe_size(*sides)} only: leave out --pixels"
    side = f"height of {sides[0]}" if sides[0] else f"width of {sides[1]}"
    return f"takes pictures with a {side} pixels only: add --pixels {write_pixels(wanted)}"
