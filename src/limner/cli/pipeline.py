"""The whole pipeline, from a folder of pictures to a page that paints; each step has its own module.

Every step reuses existing results, so repeating a command resumes it. All checks that can fail run before
any file is replaced.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from limner.cli.groups import Group, add_groups, check_groups
from limner.cli.options import BudgetOptions, Credits, ServeOptions, StoreOptions
from limner.cli.project import Project
from limner.data.synthetic.subjects import Subject
from limner.display import printable
from limner.errors import LimnerError
from limner.look.storage import Storage
from limner.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from limner.data.store import ImageStore
    from limner.export.onnx import ExportReport
    from limner.light import Light
    from limner.page.check import LookCheck
    from limner.training.run import Run

DEMO_PICTURES = 300
"""Pictures that the demo draws; their store is prepared in seconds."""

REFRESH_SECONDS = 5.0
"""How often the demo's open page asks whether the look in training is there."""


def run_pipeline(
    project: Project,
    sources: Sequence[Path],
    importing: StoreOptions,
    recipe: Recipe,
    *,
    budget: BudgetOptions,
    storage: Storage,
    serving: ServeOptions,
    groups: Sequence[Group] = (),
    named: Sequence[Path] = (),
    force: bool = False,
) -> None:
    """Run every step, from the sources to a page that is served until Ctrl-C.

    The look gets a branch for each of `groups`. `named` is what a person named in place of `sources`.
    """
    from limner.look.branches import branch_input
    from limner.page.publish import publish
    from limner.page.server import serve

    replaced = [branch_input(group.name) for group in groups]
    check_before_work(project, recipe, replaced=replaced, force=force)
    check_groups(groups, recipe.pixels)
    make_look(
        project,
        sources,
        importing,
        recipe,
        budget=budget,
        storage=storage,
        named=named,
        replaced=replaced,
        force=force,
    )
    try:
        add_groups(project.look, groups, recipe.seed)
    finally:  # the look paints without the branches, too
        publish([project.look], project.page, force=force, on_checked=_print_unless_fine)
    _print_places(project)
    serve(project.page, port=serving.port, open_browser=serving.open)


def make_look(
    project: Project,
    sources: Sequence[Path],
    importing: StoreOptions,
    recipe: Recipe,
    *,
    budget: BudgetOptions,
    storage: Storage,
    named: Sequence[Path] = (),
    replaced: Collection[str] = (),
    force: bool = False,
) -> None:
    """Run the steps from the sources to the look's file. `named` as in `run_pipeline`."""
    pictures = prepare_store(sources, project.pictures, recipe.pixels, importing)
    project.save(named or sources)
    run = train_run(pictures, project.run, recipe, budget)
    export_run(run, project.look, storage, project.credits, replaced=replaced, force=force)


def _print_places(project: Project) -> None:
    look, page = printable(project.look), printable(project.page)
    print(f"The look is {look}. The page is the folder {page}; any static host serves it.")


def demo(
    subject: Subject,
    *,
    pixels: int,
    minutes: float,
    out: Path | None,
    serving: ServeOptions,
    force: bool = False,
) -> None:
    """Run the whole pipeline on pictures that limner draws itself.

    The page opens at once with the looks that ship with limner; the trained one joins them later.
    """
    from limner.look.packaged import packaged_looks
    from limner.page.publish import publish
    from limner.page.server import serve_during

    recipe = Recipe(pixels=pixels)
    credits = Credits(
        name=f"The {subject}",
        author="limner demo",
        credit="Learned from pictures drawn by limner",
        licence="CC0 1.0",
    )
    project = Project(out or Path(f"limner-demo-{subject}"), credits)
    packaged = packaged_looks()
    check_before_work(project, recipe, beside=packaged, force=force)
    budget = BudgetOptions(minutes=minutes)
    publish(packaged, project.page, force=force, refresh=REFRESH_SECONDS)
    with serve_during(project.page, port=serving.port, open_browser=serving.open):
        looks = packaged
        try:
            drawings = _draw_pictures(subject, pixels, project.folder)
            make_look(
                project, (drawings,), StoreOptions(), recipe, budget=budget, storage="uint8", force=force
            )
            looks = [*packaged, project.look]
        finally:
            # Without `refresh`: a page that nobody adds to must not ask for new looks.
            publish(looks, project.page, force=force, on_checked=_print_unless_fine)
        _print_places(project)


def prepare_store(sources: Sequence[Path], out: Path, pixels: int, importing: StoreOptions) -> ImageStore:
    """Decode the sources into the store `out`, with a progress bar, and print a report."""
    Recipe(pixels=pixels)  # raises for an unsupported size before anything is decoded
    from limner.data.prepare import prepare
    from limner.progress import ProgressBar

    with ProgressBar() as progress:
        pictures, report = prepare(
            sources,
            out,
            pixels=pixels,
            inputs=importing.inputs,
            side=importing.side,
            frames=importing.frames,
            strokes=importing.strokes,
            progress=progress,
        )
    for sentence in report.sentences():
        print(printable(sentence))
    return pictures


def train_run(pictures: ImageStore, out: Path, recipe: Recipe, budget: BudgetOptions) -> Run:
    """Train, or resume training, with live output in the terminal."""
    from limner.training.loop import train
    from limner.training.terminal import TerminalReporter

    if pictures.is_paired() and recipe.guide == "soft":
        print(
            "The network sees a soft, grey version of the inputs. With --guide colour it sees them "
            "unchanged, which is usual for pairs."
        )
    with TerminalReporter() as terminal:
        return train(pictures, recipe, out, epochs=budget.epochs, minutes=budget.minutes, report=terminal)


def export_run(
    run: Run,
    out: Path,
    storage: Storage,
    credits: Credits,
    *,
    replaced: Collection[str] = (),
    force: bool = False,
) -> ExportReport:
    """Write the run's look, and print its size, parity and storage comparison.

    Raises LimnerError for a look at `out` whose branches are not `replaced`.
    """
    from rich import print as rich_print

    from limner.export.onnx import check_output_path, export_look
    from limner.export.storage_comparison import rich_table
    from limner.look.storage import STORAGES

    check_output_path(out, force=force, replaced=replaced)
    light, held_out = _light_and_held_out(run)
    generator = run.generator()
    print("Writing the look and comparing torch, ONNX Runtime and the engine ...", flush=True)
    report = export_look(
        generator,
        run.recipe,
        out,
        storage=storage,
        name=credits.name or printable(out.stem),
        author=credits.author,
        credit=credits.credit,
        licence=credits.licence,
        light=light,
        held_out=held_out,
        in_browser=True,
        compare=STORAGES,
    )
    print(f"{printable(out)}: {report.bytes / 1e6:.2f} MB, {report.parameters:,} parameters.")
    for parity in report.parity:
        print(f"{parity.runtime} paints the same as the network in torch, within {parity.difference:.1e}.")
    if report.unchecked:
        print(f"The engine was not checked in a browser: {printable(report.unchecked)}.")
    compared = f"{len(held_out)} held-out pictures" if held_out else "noise and flat pictures"
    print(f"How much each storage changes the painting, measured on {compared}:")
    rich_print(rich_table(report.comparisons[::-1]))
    return report


def export_tfjs(run: Run, out: Path, storage: Storage, credits: Credits, *, force: bool = False) -> None:
    """Write the run's look for TensorFlow.js, and print how much quantization changes the painting."""
    from tempfile import TemporaryDirectory

    from limner.export.onnx import export_look
    from limner.export.storage_comparison import choose_pictures, psnr_and_mae, run_model
    from limner.export.tfjs import check_output_folder, write_tfjs
    from limner.export.tfjs_weights import with_quantized_weights
    from limner.look.look import open_look

    check_output_folder(out, force=force)
    light, held_out = _light_and_held_out(run)
    print("Writing the network for TensorFlow.js ...", flush=True)
    with TemporaryDirectory(prefix="limner-") as folder:
        path = Path(folder) / f"{out.name}.onnx"  # error sentences contain this name
        report = export_look(
            run.generator(),
            run.recipe,
            path,
            storage="float32",
            name=credits.name or printable(out.name.removesuffix("-tfjs")),
            author=credits.author,
            credit=credits.credit,
            licence=credits.licence,
            light=light,
            held_out=held_out,
        )
        look = open_look(path)
    write_tfjs(look, out, storage, force=force)
    files = list(out.iterdir())
    size = sum(file.stat().st_size for file in files)
    print(f"{printable(out)}: {size / 1e6:.2f} MB in {len(files)} files, {report.parameters:,} parameters.")
    if storage == "float32":
        return
    pictures = choose_pictures(held_out, look.pixels)
    exact = run_model(look.model, pictures)
    rounded = run_model(with_quantized_weights(look.model, storage), pictures)
    psnr, difference = psnr_and_mae(exact, rounded)
    compared = f"{len(held_out)} held-out pictures" if held_out else "noise and flat pictures"
    print(f"Compared with float32 on {compared}: PSNR {psnr:.1f} dB, mean difference {difference:.5f}.")


def play(source: Path | None, serving: ServeOptions) -> None:
    """Serve a page; for a look, or without a source for those that ship with limner, a temporary page."""
    from tempfile import TemporaryDirectory

    from limner.look.packaged import packaged_looks
    from limner.page.publish import publish
    from limner.page.server import serve

    if source is not None and source.is_dir():
        serve(source, port=serving.port, open_browser=serving.open)
        return
    looks = packaged_looks() if source is None else [source]
    with TemporaryDirectory(prefix="limner-") as folder:
        page = publish(looks, Path(folder), on_checked=_print_unless_fine)
        serve(page, port=serving.port, open_browser=serving.open)


def _print_unless_fine(check: LookCheck) -> None:
    if not check.is_fine and check.painter != "refused":
        print(*check.sentences(), sep="\n")


def check_before_work(
    project: Project,
    recipe: Recipe,
    *,
    beside: Sequence[Path] = (),
    replaced: Collection[str] = (),
    force: bool = False,
) -> None:
    """Raise now the errors that would otherwise come after hours of training; writes nothing.

    `beside` are the looks that the page will have before the project's own.
    """
    from limner.export.onnx import check_output_path
    from limner.lock import check_unlocked
    from limner.page.publish import check_output
    from limner.training.run import check_run

    project.check_replaceable(force=force)
    check_output_path(project.look, force=force, replaced=replaced)
    check_output([*beside, project.look], project.page, force=force)
    check_run(project.run, recipe)
    check_unlocked(project.run, "trained")


def _draw_pictures(subject: Subject, pixels: int, folder: Path) -> Path:
    """Draw the demo's pictures; skips those that exist already."""
    from limner.data.prepare import short_side_for
    from limner.data.synthetic.draw import draw
    from limner.files import atomic_file
    from limner.mark import save_options
    from limner.progress import ProgressBar

    side = short_side_for(pixels)
    drawings = folder / "drawings" / f"{subject}-{side}"
    with ProgressBar() as progress:
        for index, picture in enumerate(draw(subject, DEMO_PICTURES, side, seed=1)):
            path = drawings / f"{subject}-{index:03}.png"
            if not os.path.lexists(path):
                with atomic_file(path) as file:
                    picture.save(file, "PNG", **save_options("PNG", "drawing"))
            progress(index + 1, DEMO_PICTURES, "drawing pictures")
    return drawings


def _light_and_held_out(run: Run) -> tuple[Light, list[NDArray[np.uint8]]]:
    """The light of the run's pictures, and up to `MAX_PICTURES` held-out inputs.

    Prints the reason if the store cannot be read; then the light is that of photos.
    """
    from limner.data.light import measure_light
    from limner.data.store import open_store
    from limner.export.storage_comparison import MAX_PICTURES
    from limner.light import PHOTOS

    try:
        pictures = open_store(run.pictures)
    except LimnerError as error:
        print(printable(f"The run's pictures cannot be read: {error}"))
        return PHOTOS, []
    load_input = pictures.input_image if pictures.is_paired() else pictures.image
    return measure_light(pictures), [load_input(index) for index in pictures.held_out[:MAX_PICTURES]]
