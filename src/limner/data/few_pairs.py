"""The few pictures, or pairs of an input and a target, that a branch learns from. They fit into memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.data.decode import Still, decode_source
from limner.data.images import UnreadableFile, resize
from limner.data.report import describe_skipped
from limner.data.sources import Skipped, Source, find_sources
from limner.data.store import READING_RULES, StoreSettings
from limner.display import printable
from limner.errors import LimnerError

MIN_PAIRS, MAX_PAIRS = 3, 20

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class FewPair:
    """A pair at a common short side; of a picture alone, both are the same."""

    name: str
    input: Pixels
    """(H, W, 3): what the look is shown."""
    target: Pixels
    """(H, W, 3): what it is to paint."""


@dataclass(frozen=True)
class FewPairs:
    """All pairs, and what a person should know of how they were read."""

    pairs: tuple[FewPair, ...]
    notices: tuple[str, ...]


def read_few_pairs(
    folder: Path, inputs: Path | None, *, pixels: int, scale: float, is_spread: bool = False
) -> FewPairs:
    """Read 3 to 20 pictures from a folder, with the inputs of the same names in the other folder, if any.

    Their short side is `pixels` times `scale`, for crops of up to that enlargement. Of more pictures, with
    `is_spread` evenly spread ones are read. Raises LimnerError for another number of pictures, and where
    nothing is to be learned since all targets are their own inputs.
    """
    found = find_sources([folder], inputs=inputs)
    sources = found.sources
    if is_spread and len(sources) > MAX_PAIRS:
        sources = tuple(sources[len(sources) * place // MAX_PAIRS] for place in range(MAX_PAIRS))
    if len(sources) > MAX_PAIRS:
        raise LimnerError(
            f"{printable(folder)} has {len(found.sources)} pictures; a branch learns from {MIN_PAIRS} to "
            f"{MAX_PAIRS}. With more, train a look of its own: `limner look`."
        )
    side = math.ceil(scale * pixels - 1e-9)
    settings = StoreSettings(
        pixels=pixels,
        short_side=side,
        frames=1,
        pairs="none" if inputs is None else "inputs",
        rules=READING_RULES,
    )
    pairs, skipped = _read_all(sources, settings, list(found.skipped))
    if len(pairs) < MIN_PAIRS:
        reasons = "".join(f" {sentence}" for sentence in describe_skipped(skipped))
        raise LimnerError(
            f"{printable(folder)} has {len(pairs)} pictures to learn from; a branch needs at least "
            f"{MIN_PAIRS}.{reasons}"
        )
    if inputs is not None and all(np.array_equal(pair.input, pair.target) for pair in pairs):
        raise LimnerError(
            f"The inputs in {printable(inputs)} are the same pictures as in {printable(folder)}: leave "
            "--inputs out."
        )
    return FewPairs(tuple(pairs), describe_skipped(skipped))


def _read_all(
    sources: Sequence[Source], settings: StoreSettings, skipped: list[Skipped]
) -> tuple[list[FewPair], list[Skipped]]:
    """Decode what can be read; copies of a file count once."""
    pairs: list[FewPair] = []
    known: set[str] = set()
    for source in sources:
        try:
            if source.kind == "video":
                raise UnreadableFile("is a video, and branches learn from pictures")
            decoded = decode_source(source, settings)
            if decoded.still is None:
                raise UnreadableFile("is animated, and branches learn from still pictures")
        except UnreadableFile as error:
            skipped.append((source.name, str(error)))
            continue
        if decoded.content in known:
            skipped.append((source.name, "is a copy of another one"))
            continue
        known.add(decoded.content)
        pairs.append(_make_pair(source.name, decoded.still))
    return pairs, skipped


def _make_pair(name: str, still: Still) -> FewPair:
    target = resize(still.image, still.plan)
    if still.input is None:
        return FewPair(name, np.asarray(target), np.asarray(target))
    # The whole input takes the target's shape, to which it is near; then both are cut alike.
    whole = still.input.resize(still.image.size) if still.input.size != still.image.size else still.input
    return FewPair(name, np.asarray(resize(whole, still.plan)), np.asarray(target))
