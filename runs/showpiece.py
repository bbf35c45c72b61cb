"""Train one of the looks that ship with limner, anew, and record what it reached.

    python runs/showpiece.py garden
    python runs/showpiece.py sea --size lean
    python runs/showpiece.py night --size lean
    python runs/showpiece.py sunflowers --pictures flowers/sunflowers --strokes
    python runs/showpiece.py sunrise --pictures sunrise --strokes

The recipe is limner's default; two of the three looks inside the package are lean, since together they
may take 2 MB. A set is drawn, or is a folder of which 30 % are held out, as in
`limner bench quality`; with `--strokes` they are painted with brush strokes first, as by
`limner look --strokes`. Every 15 minutes the run is measured on the held-out pictures.
`showpieces/NAME.json` has the figures, with the machine and the commit of each, and `showpieces/NAME.onnx`
is the look. The same command resumes.
"""

from __future__ import annotations

import argparse
import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from limner.bench.environment import collect_environment
from limner.bench.painters import run_painters
from limner.bench.picture_sets import PictureSet, digest_of, prepare_set
from limner.bench.turns import check_not_stopped, run_progress
from limner.data.decode import is_still
from limner.data.images import UnreadableFile, plan_resize, read_image, resize
from limner.data.light import measure_light
from limner.data.prepare import short_side_for
from limner.data.sources import find_sources
from limner.data.strokes import paint_strokes
from limner.evaluation.judge import choose_judge
from limner.evaluation.measure import measure
from limner.evaluation.pictures import HeldOut, load_training, read_folder
from limner.export.onnx import export_look
from limner.files import atomic_folder, atomic_write
from limner.mark import save_options
from limner.progress import ProgressBar, no_progress
from limner.recipe import COMPACT, Recipe
from limner.training.loop import train
from limner.training.run import Run
from limner.training.terminal import TerminalReporter

TURN_MINUTES = 15
MAX_MINUTES = 120
DRAWN = {"credit": "Learned from pictures drawn by limner", "licence": "CC0 1.0"}

MAX_HELD_OUT = 100
"""Held-out pictures of a measurement, which takes minutes beside the training."""


def make_showpiece(
    name: str, source: str, recipe: Recipe, out: Path, *, minutes: float, credits: dict[str, str]
) -> None:
    """Train, measure and export the showpiece `name` in `out`."""
    with ProgressBar() as progress:
        pictures = prepare_set(source, out / "sets", recipe.pixels, progress=progress)
    record = out / f"{name}.json"
    measured: list[dict[str, Any]] = json.loads(record.read_text())["measured"] if record.exists() else []
    while len(measured) * TURN_MINUTES < minutes:
        until = min((len(measured) + 1) * TURN_MINUTES, minutes)
        with TerminalReporter() as reporter:
            run = train(pictures.store, recipe, out / name, minutes=until, report=reporter)
        check_not_stopped(run.folder, 60 * until)
        steps, seconds = run_progress(run.folder)
        environment = collect_environment(torch.device("cpu"))
        record_of_run = {"minutes": round(seconds / 60, 1), "steps": steps, **environment}
        measured.append(record_of_run | measure_run(run, pictures))
        content = {"showpiece": name, "recipe": asdict(recipe), "measured": measured}
        atomic_write(record, json.dumps(content, indent=1) + "\n")
        export(run, pictures, out / f"{name}.onnx", credits)


def paint_folder(source: Path, folder: Path, pixels: int) -> Path:
    """Paint the pictures of a folder with brush strokes, once, and return the folder of the paintings.

    What cannot be read is passed over.
    """
    out = folder / f"{digest_of(source)}-{pixels}" / source.resolve().name
    if not out.exists():
        found = find_sources([source]).sources
        with atomic_folder(out) as filling, ProgressBar() as progress:
            for number, each in enumerate(found):
                progress(number, len(found), "painting pictures")
                with suppress(UnreadableFile):
                    if is_still(each):
                        picture = read_image(each.path, at_least=short_side_for(pixels))
                        small = resize(picture, plan_resize(*picture.size, short_side_for(pixels)))
                        path = filling / f"{number:04}.png"
                        paint_strokes(small).save(path, **save_options("PNG", "drawing"))
    return out


def measure_run(run: Run, pictures: PictureSet) -> dict[str, Any]:
    """The figures of a run's last checkpoint."""
    plain, levelled = run_painters(run, measure_light(pictures.store))
    wide = read_folder(pictures.held_out, run.recipe.pixels, MAX_HELD_OUT, no_progress)
    report = measure(
        plain,
        HeldOut(wide, wide),
        training=load_training(pictures.store, run.recipe.pixels),
        clips={},
        levelled=levelled,
        judge=choose_judge(asdict(run.recipe)),
    )
    print("; ".join(f"{figure.label} {figure.interval.value:.3g}" for figure in report.figures))
    content: dict[str, Any] = json.loads(report.to_json(run.folder.name, {}))
    keys = ("judge", "pictures", "training_pictures", "figures")
    return {key: content[key] for key in keys}


def export(run: Run, pictures: PictureSet, path: Path, credits: dict[str, str]) -> None:
    """Write the run's look."""
    held_out = [pictures.store.image(index) for index in pictures.store.held_out[:8]]
    light = measure_light(pictures.store)
    report = export_look(
        run.generator(),
        run.recipe,
        path,
        light=light,
        held_out=held_out,
        name=credits["name"],
        credit=credits["credit"],
        licence=credits["licence"],
    )
    print(f"{path}: {report.bytes:,} bytes")


def main() -> None:
    """Make one showpiece."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", help="garden, sea or night, which are drawn, or any name with --pictures")
    parser.add_argument("--pictures", help="a folder of pictures of one subject")
    parser.add_argument(
        "--strokes", action="store_true", help="paint the pictures with brush strokes first"
    )
    parser.add_argument("--size", choices=COMPACT, default=Recipe.size)
    parser.add_argument("--minutes", type=float, default=MAX_MINUTES)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, default=Path("showpieces"))
    parser.add_argument("--credit", default="", help="of the pictures; drawn ones say so themselves")
    parser.add_argument("--licence", default="")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    credits = {"name": given.name.capitalize(), "credit": given.credit, "licence": given.licence}
    if given.pictures is None:
        credits |= DRAWN
    recipe = Recipe(size=given.size)
    source = given.pictures or given.name
    if given.strokes:
        source = str(paint_folder(Path(source), given.out / "painted", recipe.pixels))
    make_showpiece(
        given.name,
        source,
        recipe,
        given.out,
        minutes=given.minutes,
        credits=credits,
    )


if __name__ == "__main__":
    main()
