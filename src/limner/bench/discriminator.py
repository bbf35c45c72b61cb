"""Discriminator benchmark: compare discriminator widths at equal training time and at equal steps.

    limner bench discriminator --pictures store --out docs/benchmarks

A wider discriminator makes each training step slower but more effective. Two figures are measured on the
held-out split: the mean absolute difference (lower is closer to the picture; it prefers blur) and the
sliced Wasserstein distance of patches (lower is closer to photos in texture and colour). The widest is
trained first: the number of steps it reaches in its time is the number of equal steps.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from limner.bench.environment import collect_environment, describe_environment
from limner.bench.results import write_results
from limner.data.loader import BatchLoader
from limner.data.store import ImageStore
from limner.errors import LimnerError
from limner.evaluation.samples import Samples, generate
from limner.evaluation.sheets import draw_rows, write_image
from limner.evaluation.sliced_wasserstein import sliced_wasserstein
from limner.files import atomic_write
from limner.guide import GuideModule, make_guide
from limner.progress import Progress, no_progress
from limner.recipe import Recipe
from limner.seeding import DROPOUT, derive_seed
from limner.training.distributed import ProcessGroup, process_group
from limner.training.inputs import StepInputs, make_inputs
from limner.training.pix2pix import train_step
from limner.training.state import TrainState

WIDTHS = (64, 32, 16, 8)
SECONDS, QUICK_SECONDS = 240.0, 20.0
"""Training time of each width, in seconds."""


def bench_discriminator(
    pictures: ImageStore,
    folder: Path,
    *,
    recipe: Recipe | None = None,
    widths: tuple[int, ...] = WIDTHS,
    seconds: float | None = None,
    quick: bool = False,
    device: str | None = None,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Train each width for `seconds` and measure it; writes `discriminator.json`, `.md` and `.jpg`.

    `recipe` sets everything but the width; the default is lean at the pictures' size. Raises LimnerError if
    the held-out split has fewer than 8 pictures.
    """
    recipe = replace(recipe or Recipe(), pixels=pictures.pixels)
    seconds = seconds or (QUICK_SECONDS if quick else SECONDS)
    if len(pictures.held_out) < 8:
        raise LimnerError(
            f"Only {len(pictures.held_out)} pictures of {pictures.folder} are held out, and 8 are needed "
            "to compare paintings with photos: prepare 200 pictures or more."
        )
    ordered = sorted(widths, reverse=True)
    rows: list[dict[str, Any]] = []
    paintings: dict[str, Tensor] = {}
    with process_group(device) as group:
        results: dict[str, Any] = {"benchmark": "discriminator", **collect_environment(group.device)}
        guide = make_guide(recipe.guide, recipe.pixels, side=recipe.guide_side).to(group.device)
        samples = Samples(pictures, guide, recipe.pixels, group.device)
        results |= {"recipe": json.loads(recipe.to_json()), "seconds": seconds, "widths": rows}
        results["photos"] = _measure_photos(pictures, samples)
        steps = None
        for number, width in enumerate(ordered):
            progress(number, len(ordered), "widths trained")
            recipe_of_width = replace(recipe, discriminator=width)
            trainer = _WidthTrainer(pictures, recipe_of_width, guide, group, samples)
            rows.append(trainer.train(seconds, steps))
            steps = steps or rows[-1]["equal_time"]["steps"]
            paintings[f"width {width}"] = generate(trainer.state.generator, samples.sheet_pairs().input)
        progress(len(ordered), len(ordered), "widths trained")
    guides, target = samples.sheet_pairs()
    sheet = draw_rows(
        samples, {"shown": guides, **paintings, "target": target}, f"{seconds:.0f} s of training"
    )
    write_image(folder / "discriminator.jpg", sheet)
    write_results(results, folder, "discriminator")
    atomic_write(folder / "discriminator.md", table(results))
    return results


class _WidthTrainer:
    """Trains and measures one discriminator width."""

    def __init__(
        self,
        pictures: ImageStore,
        recipe: Recipe,
        guide: GuideModule,
        group: ProcessGroup,
        samples: Samples,
    ) -> None:
        self.state = TrainState(recipe, group.device)
        self._recipe, self._guide, self._group, self._samples = recipe, guide, group, samples
        self._loader = BatchLoader(pictures, recipe, group.device)

    def train(self, seconds: float, steps: int | None) -> dict[str, Any]:
        """Train for at least `seconds` and at least `steps`; measure at both points."""
        results: dict[str, Any] = {"discriminator": self._recipe.discriminator}
        spent, stream = 0.0, self._loader.stream(self.state.position)
        while "equal_time" not in results or (steps is not None and "equal_steps" not in results):
            began = time.perf_counter()
            step = self.state.position.step
            self._step(make_inputs(next(stream), self._guide, self._recipe, step))
            spent += time.perf_counter() - began
            if self.state.position.step == steps:
                results["equal_steps"] = self._measure(spent)
            if spent >= seconds and "equal_time" not in results:
                results["equal_time"] = self._measure(spent)
        return {"equal_steps": results["equal_time"], **results}

    def _step(self, inputs: StepInputs) -> None:
        torch.manual_seed(derive_seed(self._recipe.seed, DROPOUT, self.state.position.step, 0))
        train_step(self.state, self._recipe, inputs, self._group).tolist()
        self.state.position = self.state.position.next(self._loader.steps_per_epoch)

    def _measure(self, spent: float) -> dict[str, Any]:
        pairs = list(self._samples.held_out_pairs())
        paintings = torch.cat([generate(self.state.generator, guide).float().cpu() for guide, _ in pairs])
        photos = torch.cat([target.cpu() for _, target in pairs])
        distances = sliced_wasserstein(paintings, photos)
        return {
            "steps": self.state.position.step,
            "seconds": round(spent, 2),
            "held_out_l1": float((paintings - photos).abs().mean()),
            "sliced_wasserstein": distances,
            "mean_distance": sum(distances.values()) / len(distances),
        }


def _measure_photos(pictures: ImageStore, samples: Samples) -> dict[str, Any]:
    """The distance between held-out and training photos: what a perfect painter might reach."""
    photos = torch.cat([target.cpu() for _, target in samples.held_out_pairs()])
    training_photos = torch.cat([target.cpu() for _, target in samples.training_pairs(len(photos))])
    count = min(len(photos), len(training_photos))
    distances = sliced_wasserstein(training_photos[:count], photos[:count])
    return {
        "pictures": count,
        "training": len(pictures.training),
        "sliced_wasserstein": distances,
        "mean_distance": sum(distances.values()) / len(distances),
    }


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    recipe = results["recipe"]
    lines = [
        "# Discriminator widths",
        "",
        f"{describe_environment(results)} {recipe['size']} at {recipe['pixels']} pixels, "
        f"{results['photos']['training']:,} training pictures, {results['seconds']:.0f} seconds for each "
        "width, one seed. Made by `limner bench discriminator` from `discriminator.json`.",
        "",
        f"Held-out photos are {results['photos']['mean_distance']:.3f} from other photos.",
        "",
        "| width | compared at | steps | seconds | held-out difference | distance from photos |",
        "|---|---|---|---|---|---|",
    ]
    for row in results["widths"]:
        for at in ("equal_time", "equal_steps"):
            measured = row[at]
            lines.append(
                f"| {row['discriminator']} | {at.replace('_', ' ')} | {measured['steps']:,} | "
                f"{measured['seconds']:.0f} | {measured['held_out_l1']:.3f} | "
                f"{measured['mean_distance']:.3f} |"
            )
    return "\n".join(lines) + "\n"
