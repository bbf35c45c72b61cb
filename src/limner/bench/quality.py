"""Quality benchmark: recipes and looks, compared on held-out pictures at equal training time.

    limner bench quality --recipes now wide:discriminator=32 --sets photos garden --minutes 14 --out results

Each recipe is trained with each seed on each set (`limner.bench.turns`), and kept under `--out`: the same
command resumes where it was stopped, and trains nothing twice. Then all are measured
(`limner.evaluation.measure`) and compared with the first recipe, picture by picture.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from limner.bench.collapse import describe_collapse
from limner.bench.contestants import Contestant, Measured
from limner.bench.entries import LookEntry, RecipeEntry
from limner.bench.environment import collect_environment, source_commit
from limner.bench.painters import look_painters, run_painters
from limner.bench.picture_sets import DRAWN, PictureSet, prepare_set, set_name
from limner.bench.quality_report import record_set, table, write_sheet
from limner.bench.results import write_results
from limner.bench.turns import Trained, Training, train_in_turns
from limner.data.light import measure_light
from limner.errors import LimnerError
from limner.evaluation.equivariance import crop_middle
from limner.evaluation.judge import Judge, choose_judge, is_trained_with_squeezenet
from limner.evaluation.measure import measure
from limner.evaluation.pictures import HeldOut, load_training, read_folder, read_frames
from limner.evaluation.relative import MIN_PICTURES
from limner.files import atomic_write
from limner.look.look import open_look
from limner.networks.summary import count_parameters
from limner.progress import Progress, no_progress
from limner.reading import read_json
from limner.recipe import Recipe
from limner.slug import slugify
from limner.training.distributed import process_group
from limner.training.log import RunLog

MAX_HELD_OUT = 300

QUICK_PIXELS, QUICK_DRAWN, QUICK_MINUTES = 64, 8, 0.05
QUICK_RECIPES = (
    RecipeEntry("default", Recipe(pixels=QUICK_PIXELS)),
    # No discriminator stands this: the report has to say so.
    RecipeEntry("too-fast", Recipe(pixels=QUICK_PIXELS, learning_rate=1.0)),
)


@dataclass(frozen=True)
class QualityPlan:
    """What is compared."""

    recipes: Sequence[RecipeEntry]
    looks: Sequence[LookEntry]
    sets: Sequence[str]
    """Folders of pictures, or subjects that are drawn."""
    seeds: Sequence[int]
    minutes: float
    """Training time of each recipe with each seed on each set."""
    clips: Sequence[Path] = ()
    """Videos, for flicker."""
    drawn: int = DRAWN


QUICK_PLAN = QualityPlan(QUICK_RECIPES, (), ("garden",), (0,), QUICK_MINUTES, drawn=QUICK_DRAWN)
"""Proves in seconds that the harness works; its figures mean nothing."""


def bench_quality(
    plan: QualityPlan, folder: Path, *, device: str | None = None, progress: Progress = no_progress
) -> dict[str, Any]:
    """Train what is not trained yet, measure all, and write `quality.json`, `.md` and a sheet for each set.

    Raises LimnerError before anything is trained where the contestants do not fit each other, or a set or
    a clip cannot be read.
    """
    pixels = check_plan(plan)
    clips = {slugify(path.stem): read_frames(path, pixels) for path in plan.clips}
    cache = folder / "quality"
    sets = [
        prepare_set(source, cache / "sets", pixels, drawn=plan.drawn, progress=progress)
        for source in plan.sets
    ]
    with process_group(device) as group:
        main_device = group.device
    results: dict[str, Any] = {"benchmark": "quality", **collect_environment(main_device)}
    results |= {"minutes": plan.minutes, "pixels": pixels, "seeds": list(plan.seeds), "sets": []}
    for pictures in sets:
        read_folder(pictures.held_out, pixels, MIN_PICTURES, no_progress)  # raises now, not after hours
    trained = _train(plan, sets, cache / "runs", device, progress)
    judge = _choose_judge(plan)
    for number, pictures in enumerate(sets):
        progress(number, len(sets), "sets measured")
        contestants = [
            *_trained_contestants(plan, trained, pictures, main_device),
            *_look_contestants(plan.looks, pictures.name),
        ]
        wide = read_folder(pictures.held_out, pixels, MAX_HELD_OUT, no_progress)
        measured = _measure(
            contestants, HeldOut(wide, wide), pictures, clips=clips, judge=judge, progress=progress
        )
        results["sets"].append(record_set(pictures, measured, len(wide)))
        write_sheet(folder / f"quality-{pictures.name}.jpg", measured, crop_middle(wide), plan.minutes)
    progress(len(sets), len(sets), "sets measured")
    write_results(results, folder, "quality")
    atomic_write(folder / "quality.md", table(results))
    return results


def check_plan(plan: QualityPlan) -> int:
    """The pixels of all contestants. Raises LimnerError where a plan cannot be carried out."""
    if not plan.recipes and not plan.looks:
        raise LimnerError("There is nothing to compare: name --recipes, --looks or both.")
    if not plan.sets:
        raise LimnerError("Name the pictures to train on: --sets photos garden.")
    if not plan.minutes > 0 or not plan.seeds:
        raise LimnerError("Training needs --minutes above 0, and a number in --seeds.")
    names = [set_name(source) for source in plan.sets]
    if len(set(names)) < len(names):
        raise LimnerError(f"Two sets have one name ({', '.join(names)}): rename a folder.")
    for look in plan.looks:
        if look.picture_set not in (None, *names):
            raise LimnerError(f"{look.name} is of {look.picture_set}; the sets are {', '.join(names)}.")
    clips = [slugify(path.stem) for path in plan.clips]
    if len(set(clips)) < len(clips):
        raise LimnerError(f"Two clips have one name ({', '.join(clips)}): rename a file.")
    labels = [entry.name for entry in plan.recipes]
    if len(set(labels)) < len(labels) or set(labels) & {look.name for look in plan.looks}:
        raise LimnerError("Two contestants have one name: give each recipe and look its own.")
    pixels = {entry.name: entry.recipe.pixels for entry in plan.recipes}
    pixels |= {look.name: open_look(look.path).pixels for look in plan.looks}
    if len(set(pixels.values())) > 1:
        differing = ", ".join(f"{name} {side}" for name, side in pixels.items())
        raise LimnerError(f"All contestants must paint the same pixels; here they paint {differing}.")
    return next(iter(pixels.values()))


def _train(
    plan: QualityPlan, sets: Sequence[PictureSet], runs: Path, device: str | None, progress: Progress
) -> dict[tuple[str, str, int], tuple[Trained, str | None]]:
    """Train each recipe on each set with each seed; the result and commit by those three."""
    total = round(60 * plan.minutes * len(sets) * len(plan.seeds) * len(plan.recipes))
    trained = {}
    done = 0.0
    for pictures in sets:
        for seed in plan.seeds:
            trainings = [
                _make_training(replace(entry.recipe, seed=seed), entry.name, pictures, runs)
                for entry in plan.recipes
            ]
            commits = [_note_commit(training.folder) for training in trainings]
            before = done
            results = train_in_turns(
                trainings,
                plan.minutes,
                device=device,
                on_seconds=lambda seconds, before=before: progress(  # type: ignore[misc]
                    min(round(before + seconds), total), total, "seconds trained"
                ),
            )
            done += 60 * plan.minutes * len(trainings)
            for entry, result, commit in zip(plan.recipes, results, commits, strict=True):
                trained[pictures.name, entry.name, seed] = (result, commit)
    return trained


def _make_training(recipe: Recipe, name: str, pictures: PictureSet, runs: Path) -> Training:
    """The run's folder has a digest of the recipe and the pictures: another recipe is another run."""
    digest = hashlib.sha256(f"{recipe.to_json()}\n{pictures.digest}".encode()).hexdigest()[:8]
    folder = runs / pictures.name / f"{name}-seed{recipe.seed}-{digest}"
    return Training(recipe, pictures.store, folder)


def _note_commit(folder: Path) -> str | None:
    """The commit that began a run, noted beside its folder."""
    path = folder.with_name(f"{folder.name}.json")
    if not path.exists():
        atomic_write(path, json.dumps({"commit": source_commit()}) + "\n")
    commit = read_json(path).get("commit")
    return commit if isinstance(commit, str) else None


def _choose_judge(plan: QualityPlan) -> Judge | None:
    """One judge for all; None if a recipe or look was trained with the only one that is installed."""
    recipes: list[Mapping[str, Any]] = [asdict(entry.recipe) for entry in plan.recipes]
    recipes += [open_look(look.path).recipe for look in plan.looks]
    return choose_judge({"perceptual": any(map(is_trained_with_squeezenet, recipes))})


def _trained_contestants(
    plan: QualityPlan,
    trained: Mapping[tuple[str, str, int], tuple[Trained, str | None]],
    pictures: PictureSet,
    device: torch.device,
) -> Iterator[Contestant]:
    light = measure_light(pictures.store)
    for entry in plan.recipes:
        results = [(seed, *trained[pictures.name, entry.name, seed]) for seed in plan.seeds]
        runs = [result.run for _, result, _ in results if result.run is not None]
        painters = [run_painters(run, light, device) for run in runs]
        records = [_record_training(seed, result, commit) for seed, result, commit in results]
        yield Contestant(entry.name, entry.recipe, painters, records)


def _record_training(seed: int, trained: Trained, commit: str | None) -> dict[str, Any]:
    run = trained.run
    return {
        "seed": seed,
        "commit": commit,
        "steps": trained.steps,
        "seconds": round(trained.seconds, 1),
        "parameters": None if run is None else count_parameters(run.generator()),
        "diverged": trained.diverged,
        "collapsed": None if run is None else describe_collapse(RunLog(run.log).records()),
    }


def _look_contestants(looks: Sequence[LookEntry], name: str) -> Iterator[Contestant]:
    """Looks of a set, or of none; those of one name are its seeds."""
    chosen = [look for look in looks if look.picture_set in (None, name)]
    for label in dict.fromkeys(look.name for look in chosen):
        painters = [look_painters(open_look(look.path)) for look in chosen if look.name == label]
        yield Contestant(label, None, painters, [])


def _measure(
    contestants: Sequence[Contestant],
    held_out: HeldOut,
    pictures: PictureSet,
    *,
    clips: Mapping[str, Tensor],
    judge: Judge | None,
    progress: Progress,
) -> list[Measured]:
    training = load_training(pictures.store, pictures.store.pixels)
    total = sum(len(contestant.painters) for contestant in contestants)
    label, done = f"painters measured on {pictures.name}", 0
    measured = []
    for contestant in contestants:
        reports = []
        for painter, levelled in contestant.painters:
            progress(done, total, label)
            reports.append(
                measure(painter, held_out, training=training, clips=clips, levelled=levelled, judge=judge)
            )
            done += 1
        measured.append(Measured(contestant, reports))
    progress(done, total, label)
    return measured
