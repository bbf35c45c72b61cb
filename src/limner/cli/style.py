"""From the options of `limner style` to its files, and what is printed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from limner.art.any_style_look import KIND as ANY_STYLE
from limner.art.any_style_look import write_any_style_look
from limner.art.content import Content, draw_content, read_content
from limner.art.paintings import read_paintings
from limner.art.style_options import PictureStyle, StyleRecipe
from limner.art.style_picture import StylePainter, paint_picture
from limner.art.style_sheet import draw_style_sheet, write_sheet
from limner.art.style_training import train_style
from limner.cli.keyframe import KeyframeBudget
from limner.cli.options import Credits
from limner.display import printable, quoted
from limner.errors import LimnerError
from limner.export.onnx import export_look
from limner.lock import check_unlocked
from limner.look.any_style import STYLE_PIXELS
from limner.look.look import open_look
from limner.look.storage import Storage
from limner.mark import is_replaceable
from limner.networks.features import load_squeezenet
from limner.progress import ProgressBar
from limner.replacing import check_no_source, check_replaceable
from limner.slug import slugify
from limner.training.keyframe import check_budget
from limner.training.keyframe_checkpoint import check_folder

CHECKED = 4
"""Content pictures on which the file is compared with the network."""


def learn_style(
    paths: Sequence[Path],
    content_paths: Sequence[Path],
    out: Path | None,
    recipe: StyleRecipe,
    budget: KeyframeBudget,
    *,
    storage: Storage,
    credits: Credits,
    force: bool,
) -> None:
    """Train on the paintings, write the look and its sheet, and say where they are.

    All checks that can fail run before any training. Raises LimnerError.
    """
    check_budget(budget.minutes, budget.steps)
    paintings = read_paintings(paths, recipe.pixels)
    name = credits.name or " and ".join(painting.name for painting in paintings)
    look = out or Path(f"{slugify(name)}.onnx")
    sheet, folder = sheet_file(look), training_folder(look)
    _check_outputs(look, sheet, force=force)
    check_folder(folder)
    check_unlocked(folder, "trained")
    content = _get_content(content_paths, recipe)
    check_no_source([look, sheet], [*paths, *content_paths])
    with ProgressBar() as progress:
        result = train_style(
            paintings,
            content,
            recipe,
            folder,
            minutes=budget.minutes,
            steps=budget.steps,
            progress=progress,
            message=lambda sentence: print(printable(sentence), flush=True),
        )
    print(result.describe())
    report = export_look(
        result.network,
        recipe,
        look,
        storage=storage,
        name=name,
        author=credits.author,
        credit=credits.credit,
        licence=credits.licence,
        held_out=[picture.frame for picture in content.pictures[:CHECKED]],
    )
    caption = f"{printable(name)}, {result.steps:,} steps"
    write_sheet(sheet, draw_style_sheet(result.network, paintings, content, recipe.pixels, caption))
    print(f"{printable(sheet)}: what it paints.")
    print(
        f"{printable(look)}: {report.bytes / 1e6:.2f} MB. `limner publish {quoted(look)} --out page` makes "
        "a page."
    )


def style_picture(
    paths: Sequence[Path], picture: Path, out: Path | None, options: PictureStyle, *, force: bool
) -> None:
    """Paint a picture in the style of one painting, and say where it is. Raises LimnerError."""
    if len(paths) > 1:
        raise LimnerError(f"--picture takes the style of one painting, and {len(paths)} are given.")
    (painting,) = read_paintings(paths, options.pixels)
    check_no_source([out] if out is not None else [], paths)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with ProgressBar() as progress:
        painter = StylePainter(
            load_squeezenet().to(device), painting, options, device=device, progress=progress
        )
        painted = paint_picture(painter, picture, out, force=force)
    print(f"Painted: {printable(painted)}")


def write_any_style(
    paths: Sequence[Path], out: Path | None, *, pixels: int, credits: Credits, force: bool
) -> None:
    """Write a look for any style, which begins with that of one painting. Raises LimnerError."""
    if len(paths) > 1:
        raise LimnerError(f"--any begins with the style of one painting, and {len(paths)} are given.")
    (painting,) = read_paintings(paths, STYLE_PIXELS)
    look = out or Path(f"{slugify(credits.name or painting.name)}.onnx")
    _check_look(look, force=force)
    check_no_source([look], paths)
    written = write_any_style_look(
        look,
        painting.image,
        pixels=pixels,
        name=credits.name or painting.name,
        credit=credits.credit,
        force=True,
    )
    print(
        f"{printable(written.path)}: {written.bytes / 1e6:.2f} MB, in the style of {painting.name} at "
        f"first. `limner publish {quoted(look)} --out page` makes a page, and a painting that is dropped "
        "on it is its style."
    )


def training_folder(look: Path) -> Path:
    """Where the training of a look is kept."""
    return look.with_name(f"{look.stem}-style")


def sheet_file(look: Path) -> Path:
    """Where the sheet of a look is."""
    return look.with_name(f"{look.stem}-sheet.png")


def _get_content(paths: Sequence[Path], recipe: StyleRecipe) -> Content:
    if not paths:
        print("Learning on drawn pictures. With --content it learns on your own photos, which is better.")
        return draw_content(recipe.pixels, recipe.seed)
    with ProgressBar() as progress:
        content = read_content(paths, recipe.pixels, progress)
    for notice in content.notices:
        print(notice)
    return content


def _check_outputs(look: Path, sheet: Path, *, force: bool) -> None:
    """Raise LimnerError where a file must not be written. Other looks are not replaced."""
    _check_look(look, force=force)
    check_replaceable(
        sheet, lambda path: is_replaceable(path, "sample sheet"), force=force, foreign="is no sheet"
    )


def _check_look(look: Path, *, force: bool) -> None:
    if look.suffix.lower() != ".onnx":
        raise LimnerError(f"A look is an .onnx file, but {printable(look.name)} has another suffix.")
    check_replaceable(look, _is_style, force=force, foreign="is no look that limner style wrote")


def _is_style(path: Path) -> bool:
    try:
        return open_look(path).size in ("style", ANY_STYLE)
    except LimnerError:
        return False
