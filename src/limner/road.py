"""The whole road: from a folder of pictures to a page that paints, each step by its own module.

    OUT/pictures    the store                 (pictures.py)
    OUT/run         recipe, log, checkpoints  (training.py)
    OUT/NAME.onnx   the look                  (export.py)
    OUT/page        the page                  (publish.py)

Every step takes up what is there, so that the same command goes on where it stopped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from limner.errors import LimnerError
from limner.options import Credits, Serving, Stop, Storage, Taking
from limner.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from limner.cli import DemoCommand, LookCommand
    from limner.export import ExportReport
    from limner.pictures import Pictures
    from limner.run import Run

DRAWN = 300
"""Pictures that the demo draws: a store of them is ready in seconds."""

COMPARED = 16
"""Held-out pictures on which a look is measured; more would make exporting slow."""


def walk(command: LookCommand) -> Path:
    """From sources to a served page; returns the page's folder when it is served no longer."""
    name = _name(command.sources)
    credits = command.credits if command.credits.name else replace(command.credits, name=name)
    out = command.out or Path(f"limner-{_slug(name)}")
    recipe = _for_pairs(command.recipe, command.taking)
    pictures = take_pictures(command.sources, out / "pictures", recipe.pixels, command.taking)
    return _from_pictures(
        pictures,
        out,
        recipe,
        stop=command.stop,
        storage=command.storage,
        credits=credits,
        serving=command.serving,
    )


def demo(command: DemoCommand) -> Path:
    """The road for pictures that limner draws itself."""
    out = command.out or Path(f"limner-demo-{command.subject}")
    recipe = Recipe(pixels=command.pixels)
    drawings = _draw(command, out / "drawings")
    pictures = take_pictures((drawings,), out / "pictures", recipe.pixels, Taking())
    credits = Credits(
        name=f"The {command.subject}",
        author="limner demo",
        credit="Learned from pictures drawn by limner",
        licence="CC0 1.0",
    )
    return _from_pictures(
        pictures,
        out,
        recipe,
        stop=Stop(minutes=command.minutes),
        storage="uint8",
        credits=credits,
        serving=command.serving,
    )


def take_pictures(sources: Sequence[Path], out: Path, pixels: int, taking: Taking) -> Pictures:
    """Decode the sources into the store `out`, showing how far it is, and say what was found."""
    Recipe(pixels=pixels)  # refuses sizes that no network has, before anything is decoded
    from limner.pictures import prepare
    from limner.progress import Bar

    with Bar() as progress:
        pictures, report = prepare(
            sources,
            out,
            pixels=pixels,
            inputs=taking.inputs,
            side=taking.side,
            frames=taking.frames,
            progress=progress,
        )
    for sentence in report.sentences():
        print(sentence)
    return pictures


def train_run(pictures: Pictures, out: Path, recipe: Recipe, stop: Stop) -> Run:
    """Train, or go on, with the live terminal."""
    from limner.terminal import Terminal
    from limner.training import train

    with Terminal() as terminal:
        return train(pictures, recipe, out, epochs=stop.epochs, minutes=stop.minutes, report=terminal)


def export_run(run: Run, out: Path, storage: Storage, credits: Credits) -> ExportReport:
    """Write the run's look, and print what it measures."""
    from rich import print as show

    from limner.compression.table import compression_table, rich_table
    from limner.export import export_look
    from limner.pictures import open_pictures

    try:
        held_out = _held_out(open_pictures(run.pictures))
    except LimnerError:
        held_out = []  # the run has moved to a machine without its pictures
    generator = run.generator()
    print("Writing the look, and checking it against torch, ONNX Runtime and the engine ...", flush=True)
    report = export_look(
        generator,
        run.recipe,
        out,
        storage=storage,
        name=credits.name or out.stem,
        author=credits.author,
        credit=credits.credit,
        licence=credits.licence,
        held_out=held_out,
        in_browser=True,
    )
    print(f"{out}: {report.bytes / 1e6:.2f} MB, {report.parameters:,} parameters.")
    for parity in report.parity:
        print(f"{parity.runtime} paints what the network in torch paints, within {parity.difference:.1e}.")
    if len(report.parity) == 1:
        print("The engine was not checked: that needs a Chromium, and playwright for Python.")
    show(rich_table(compression_table(generator, run.recipe, held_out)))
    return report


def play(source: Path, serving: Serving) -> None:
    """Serve a page, or a look by a page made for it alone."""
    from tempfile import TemporaryDirectory

    from limner.publish import publish
    from limner.server import serve

    if source.is_dir():
        serve(source, port=serving.port, open_browser=serving.open)
        return
    with TemporaryDirectory(prefix="limner-") as folder:
        serve(publish([source], Path(folder)), port=serving.port, open_browser=serving.open)


def _from_pictures(
    pictures: Pictures,
    out: Path,
    recipe: Recipe,
    *,
    stop: Stop,
    storage: Storage,
    credits: Credits,
    serving: Serving,
) -> Path:
    from limner.publish import publish
    from limner.server import serve

    run = train_run(pictures, out / "run", recipe, stop)
    look = out / f"{_slug(credits.name)}.onnx"
    export_run(run, look, storage, credits)
    page = publish([look], out / "page")
    print(f"The look is {look}, the page is the folder {page}: put it on any static host.")
    serve(page, port=serving.port, open_browser=serving.open)
    return page


def _for_pairs(recipe: Recipe, taking: Taking) -> Recipe:
    """Pairs bring their own input: unless told otherwise the network is shown it as it is."""
    paired = taking.inputs is not None or taking.side is not None
    return replace(recipe, guide="colour") if paired and recipe.guide == "soft" else recipe


def _draw(command: DemoCommand, folder: Path) -> Path:
    """Draw the demo's pictures, those that are there already excepted."""
    from limner.drawing import draw
    from limner.files import whole_file
    from limner.pictures import short_side_for
    from limner.progress import Bar

    side = short_side_for(command.pixels)
    with Bar() as progress:
        for index, picture in enumerate(draw(command.subject, DRAWN, side, seed=1)):
            path = folder / f"{command.subject}-{side}-{index:03}.png"
            if not path.exists():
                with whole_file(path) as file:
                    picture.save(file, "PNG")
            progress(index + 1, DRAWN, "drawing pictures")
    return folder


def _held_out(pictures: Pictures) -> list[NDArray[np.uint8]]:
    """Held-out inputs, at most `COMPARED`."""
    chosen = pictures.held_out[:COMPARED]
    if pictures.paired():
        return [pictures.input_picture(index) for index in chosen]
    return [pictures.picture(index) for index in chosen]


def _name(sources: Sequence[Path]) -> str:
    """What people would call the sources: the first one's name."""
    first = sources[0].absolute()
    return (first.name if first.is_dir() else first.stem) or "look"


def _slug(name: str) -> str:
    """A name that any file system and any address takes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "look"
