"""Keyframe painting from the pictures to the look: what `limner keyframe` does, and what it prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from limner.cli.options import Credits
from limner.data.keyframes import read_keyframes
from limner.display import printable, quoted
from limner.errors import LimnerError
from limner.export.onnx import check_branches, export_look
from limner.export.whole_frames import WholeFramePainter
from limner.keyframe_recipe import KeyframeRecipe
from limner.lock import check_unlocked
from limner.look.look import open_look
from limner.look.paint import paint_file_with
from limner.look.storage import Storage
from limner.progress import ProgressBar
from limner.replacing import check_no_source, check_replaceable
from limner.training.keyframe import describe_result, train_keyframes
from limner.training.keyframe_checkpoint import check_folder


@dataclass(frozen=True)
class KeyframeBudget:
    """When training ends: at whichever limit comes first."""

    minutes: float | None
    steps: int | None


def paint_keyframes(
    paths: Sequence[Path],
    out: Path,
    recipe: KeyframeRecipe,
    budget: KeyframeBudget,
    *,
    storage: Storage,
    credits: Credits,
    clip: Path | None,
    force: bool,
) -> None:
    """Train on the pairs, write the look, and paint the clip where one is given.

    All checks that can fail run before any training. Raises LimnerError.
    """
    _check_output(out, force=force)
    folder = training_folder(out)
    check_folder(folder)
    check_unlocked(folder, "trained")
    keyframes = read_keyframes(paths, recipe.pixels)
    check_no_source([out], paths)
    if clip is not None and not clip.is_file():
        raise LimnerError(f"{clip} is not a file: give --clip a video.")
    for notice in keyframes.notices:
        print(notice)
    with ProgressBar() as progress:
        result = train_keyframes(
            keyframes,
            recipe,
            folder,
            minutes=budget.minutes,
            steps=budget.steps,
            progress=progress,
            message=lambda sentence: print(printable(sentence), flush=True),
        )
    print(describe_result(result))
    report = export_look(
        result.network,
        recipe,
        out,
        storage=storage,
        name=credits.name or printable(out.stem),
        author=credits.author,
        credit=credits.credit,
        licence=credits.licence,
        held_out=[pair.frame for pair in keyframes.pairs],
    )
    print(
        f"{printable(out)}: {report.bytes / 1e6:.2f} MB. `limner publish {quoted(out)} --out page` makes a "
        "page."
    )
    if clip is not None:
        with ProgressBar() as progress:
            painted = paint_file_with(
                WholeFramePainter(result.network, recipe), clip, progress=progress
            ).paintings[0]
        print(f"Painted: {printable(painted)}")


def training_folder(out: Path) -> Path:
    """Where the training of a look is kept."""
    return out.with_name(f"{out.stem}-keyframe")


def _check_output(out: Path, *, force: bool) -> None:
    """Raise LimnerError where the look must not be written to `out`. Other looks are not replaced."""
    if out.suffix.lower() != ".onnx":
        raise LimnerError(f"A look is an .onnx file, but {printable(out.name)} has another suffix.")
    check_replaceable(
        out, _is_from_keyframes, force=force, foreign="is no look that learned from keyframes"
    )
    if not force:
        check_branches(out)


def _is_from_keyframes(path: Path) -> bool:
    try:
        return open_look(path).size == "keyframe"
    except LimnerError:
        return False
