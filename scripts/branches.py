"""Measure branches beside what else one could train on a few pairs, on people that none of them has seen.

    python scripts/branches.py base FACES BASE.onnx --minutes 20
    python scripts/branches.py record BASE.onnx STYLE --minutes 1 --out docs/benchmarks
    python scripts/branches.py sheet BASE.onnx STYLE sheet.jpg --pairs 5 --minutes 1

`base` trains a look on photos of faces and what a filter makes of them, of which there is plenty. STYLE is
a folder with `face/NN.jpg` and `comic/NN.jpg`: pairs 40 to 49 are held out, and each training gets some of
the others, drawn by its seed. `record` compares, at equal time or steps, a branch (factors and blocks), the
whole network trained on from the base, the same network from its first weights, and the base as it is. It
writes branches.json, branches.md and branches.svg; stopped, the same command goes on. `sheet` shows the
paintings.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from limner.bench.environment import collect_environment
from limner.branch_recipe import BranchRecipe
from limner.cli.main import main as limner
from limner.data.few_pairs import FewPair
from limner.data.images import plan_resize, read_image, resize
from limner.export.branch import BranchBase, make_branch, open_base, plan_branch
from limner.export.torch_graph import GraphNetwork
from limner.files import atomic_write
from limner.lab.svg import Axes, Curve, draw_plot, limits_of
from limner.look.branches import find_layers
from limner.look.look import open_look
from limner.networks.efficientnet import is_installed, load_efficientnet
from limner.networks.features import load_squeezenet
from limner.networks.generator import make_generator
from limner.networks.multibranch import NetworkBranch, WholeChange
from limner.progress import ProgressBar
from limner.recipe import Recipe
from limner.training.batch_norm import recalibrate_batch_norm
from limner.training.branch import BranchBudget, train_branch
from limner.training.losses import perceptual_loss
from limner.training.pair_sampler import PairSampler

METHODS = ("base", "scratch", "fine-tuning", "branch", "blocks")

HELD_OUT = range(40, 50)
"""The numbers of the pairs that nothing learns from."""

SCRATCH_RATE = 2e-3
"""Learning rate of the network from its first weights: that of keyframe painting."""

GAP, PAPER = 6, "#f4f1ea"
SHOWN = 6
"""People on the sheet."""

Paint = Callable[[Tensor], Tensor]
"""Maps pictures (B, 3, P, P) in 0..1 to paintings of the same shape."""


@dataclass(frozen=True)
class Row:
    """One training, measured on the people that are held out."""

    method: str
    pairs: int
    seed: int
    distance: float
    """Mean difference of SqueezeNet's normalised features from those of the comic."""
    judged: float | None
    """Mean cosine distance of EfficientNet's features, which no loss has seen; None if not installed."""
    steps: int
    seconds: float


def cartoon(picture: Image.Image) -> Image.Image:
    """What a filter makes of a photo: flat areas of few colours, and dark lines."""
    flat = picture
    for _ in range(3):
        flat = flat.filter(ImageFilter.MedianFilter(5))
    colours = np.asarray(flat.filter(ImageFilter.ModeFilter(5)), np.float32)
    levels = np.rint(colours / 42.5) * 42.5
    edges = np.asarray(flat.convert("L").filter(ImageFilter.FIND_EDGES), np.float32)
    lines = (1 - np.clip((edges - 24) / 40, 0, 1) * 0.85)[..., None]
    return Image.fromarray((levels * lines).clip(0, 255).astype(np.uint8))


def train_base(faces: Path, out: Path, pixels: int, minutes: float) -> None:
    """A look that paints photos as the filter does."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("photos", "cartoons"):
            (folder / part).mkdir()
        for path in sorted(faces.rglob("*.jpg")):
            own = read_image(path, at_least=1)
            own.save(folder / "photos" / f"{path.stem}.png")
            cartoon(own).save(folder / "cartoons" / f"{path.stem}.png")
        store, run = str(folder / "store"), str(folder / "run")
        photos, cartoons = str(folder / "photos"), str(folder / "cartoons")
        size = ["--pixels", str(pixels)]
        for command in (
            ["pictures", cartoons, "--inputs", photos, "--out", store, *size],
            [
                "train",
                store,
                "--out",
                run,
                "--size",
                "lean",
                "--guide",
                "colour",
                "--minutes",
                str(minutes),
                *size,
            ],
            ["export", run, "--out", str(out), "--name", "Cartoon", "--force"],
        ):
            if code := limner(command):
                raise SystemExit(code)


def read_pairs(style: Path, numbers: Sequence[int], side: int) -> list[FewPair]:
    pairs = []
    for number in numbers:
        pictures = []
        for kind in ("face", "comic"):
            own = read_image(style / kind / f"{number:02}.jpg", at_least=1)
            pictures.append(np.asarray(resize(own, plan_resize(*own.size, side))))
        pairs.append(FewPair(f"{number:02}", *pictures))
    return pairs


def to_tensors(pairs: Sequence[FewPair]) -> tuple[Tensor, Tensor]:
    """Inputs and targets (N, 3, P, P) in 0..1."""
    both = ([pair.input for pair in pairs], [pair.target for pair in pairs])
    inputs, targets = (torch.tensor(np.stack(pictures)).permute(0, 3, 1, 2) / 255 for pictures in both)
    return inputs, targets


class Judges:
    """Distances between paintings and comics."""

    def __init__(self) -> None:
        self.squeezenet = load_squeezenet()
        self.efficientnet = load_efficientnet() if is_installed() else None

    @torch.no_grad()
    def __call__(self, paintings: Tensor, targets: Tensor) -> tuple[float, float | None]:
        made, wanted = 2 * paintings.clamp(0, 1) - 1, 2 * targets - 1
        distance = float(perceptual_loss(self.squeezenet, made, wanted))
        if self.efficientnet is None:
            return distance, None
        own, other = (self.efficientnet.pooled(pictures) for pictures in (made, wanted))
        return distance, float(1 - torch.cosine_similarity(own, other).mean())


class Scratch(NetworkBranch):
    """A whole network from its first weights, where a branch is asked for."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__({})
        self.generator = make_generator(recipe)


def train_method(
    method: str, base: BranchBase, pairs: Sequence[FewPair], recipe: BranchRecipe, budget: BranchBudget
) -> tuple[Paint, int, float]:
    """What paints after training, the steps and the seconds."""
    pixels = base.look.pixels
    network: Any = base.network
    if method == "base":
        return base.network, 0, 0.0
    if method == "scratch":
        own = Recipe(size="lean", guide="colour", pixels=pixels)
        recipe = replace(recipe, learning_rate=SCRATCH_RATE)

        def make() -> NetworkBranch:
            return Scratch(own)

        def network(image: Tensor, *, branch: Scratch) -> Tensor:
            painted: Tensor = branch.generator(2 * image - 1) / 2 + 0.5
            return painted
    elif method == "fine-tuning":
        layers = find_layers(base.model)

        def make() -> NetworkBranch:
            return NetworkBranch(
                {layer.name: WholeChange(layer.shape, is_transposed=layer.axis == 1) for layer in layers}
            )
    else:
        recipe = replace(recipe, branching="factors" if method == "branch" else "blocks")
        plan = plan_branch(base, recipe)

        def make() -> NetworkBranch:
            return make_branch(plan)

    with ProgressBar() as progress:
        result = train_branch(network, make, pairs, recipe, pixels=pixels, budget=budget, progress=progress)
    learned = result.branch
    if isinstance(learned, Scratch):
        sampler = PairSampler(pairs, recipe, pixels, torch.device("cpu"))
        recalibrate_batch_norm(learned.generator, [2 * sampler.at(step).input - 1 for step in range(16)])
        learned.eval()
    return lambda image: network(image, branch=learned), result.steps, result.seconds


def record(given: argparse.Namespace) -> None:
    """Measure what is not measured yet, and write the record after each training."""
    base = open_base(open_look(given.look))
    assert isinstance(base.network, GraphNetwork)
    recipe, budget = BranchRecipe(), BranchBudget(given.minutes, given.steps)
    settings = {"recipe": asdict(recipe), "minutes": given.minutes, "steps": given.steps}
    settings |= {"base": given.look.name, "style": given.style.name, "pixels": base.look.pixels}
    path = given.out / "branches.json"
    rows = read_rows(path, settings)
    judges = Judges()
    held = to_tensors(read_pairs(given.style, HELD_OUT, base.look.pixels))
    for seed in given.seeds:
        for count in given.pairs:
            for method in METHODS:
                # The base learns from no pairs: it is measured once.
                key = (method, 0, 0) if method == "base" else (method, count, seed)
                if any((row.method, row.pairs, row.seed) == key for row in rows):
                    continue
                print(f"{method}, {count} pairs, seed {seed}")
                own = replace(recipe, seed=seed)
                pairs = read_pairs(given.style, choose(count, seed), side_for(base, own))
                paint, steps, seconds = train_method(method, base, pairs, own, budget)
                with torch.no_grad():
                    distance, judged = judges(paint(held[0]), held[1])
                rows.append(Row(key[0], key[1], key[2], distance, judged, steps, round(seconds, 1)))
                write_record(given.out, rows, settings)


def choose(count: int, seed: int) -> list[int]:
    """Numbers of pairs to learn from; fewer of a seed are the first of more."""
    return [int(number) for number in np.random.default_rng(seed).permutation(min(HELD_OUT))[:count]]


def side_for(base: BranchBase, recipe: BranchRecipe) -> int:
    return int(np.ceil(recipe.scale * base.look.pixels - 1e-9))


def read_rows(path: Path, settings: dict[str, Any]) -> list[Row]:
    """The rows of an earlier session with the same settings."""
    if not path.exists():
        return []
    content = json.loads(path.read_text())
    if content["settings"] != json.loads(json.dumps(settings)):
        raise SystemExit(f"{path} has other settings: move it away, or give those.")
    return [Row(**row) for row in content["rows"]]


def write_record(out: Path, rows: Sequence[Row], settings: dict[str, Any]) -> None:
    environment = collect_environment(torch.device("cpu"))
    content = {
        "benchmark": "branches",
        "environment": environment,
        "settings": settings,
        "rows": [asdict(row) for row in rows],
    }
    out.mkdir(parents=True, exist_ok=True)
    atomic_write(out / "branches.json", json.dumps(content, indent=1) + "\n")
    atomic_write(out / "branches.md", describe(rows, settings, environment))
    atomic_write(out / "branches.svg", plot(rows))


def of_method(rows: Sequence[Row], method: str, pairs: int) -> list[Row]:
    return [row for row in rows if row.method == method and row.pairs in {pairs, 0}]


def spread(values: Sequence[float]) -> str:
    deviation = f" ± {stdev(values):.3f}" if len(values) > 1 else ""
    return f"{mean(values):.3f}{deviation}" if values else ""


def describe(rows: Sequence[Row], settings: dict[str, Any], environment: dict[str, Any]) -> str:
    """The record for people."""
    counts = sorted({row.pairs for row in rows if row.pairs})
    machine = environment["machine"]
    limit = f"{settings['steps']} steps" if settings["steps"] else f"{settings['minutes']:g} minutes"
    lines = [
        "# Branches",
        "",
        "Written by `scripts/branches.py record`. Trainings on a few pairs, measured on ten people whom "
        "none of them has seen: the difference of SqueezeNet's features from those of the comic, and "
        "in brackets the cosine distance of EfficientNet's, which no loss uses. Less is nearer. Means over "
        "seeds, which draw the pairs and all else, ± their standard deviation.",
        "",
        f"{machine['cpu']}, {environment['threads']} threads; {settings['pixels']} pixels; {limit} each; "
        f"base {settings['base']}; commit {environment['commit']}, {environment['time']}.",
        "",
        f"| pairs | seeds | {' | '.join(METHODS)} | branch, nearer than the nearest rival |",
        f"|---|---|{'---|' * len(METHODS)}---|",
    ]
    for count in counts:
        found = {method: of_method(rows, method, count) for method in METHODS}
        cells = [
            spread([row.distance for row in own])
            + (f" ({mean(judged):.3f})" if (judged := [row.judged for row in own if row.judged]) else "")
            for own in found.values()
        ]
        rivals = [mean([row.distance for row in found[name]]) for name in METHODS[:3] if found[name]]
        own = [row.distance for row in found["branch"]]
        gain = f"{100 * (1 - mean(own) / min(rivals)):.0f} %" if own and rivals else ""
        lines.append(f"| {count} | {len(own)} | {' | '.join(cells)} | {gain} |")
    return "\n".join([*lines, "", "![The same as curves](branches.svg)", ""])


def plot(rows: Sequence[Row]) -> str:
    counts = sorted({row.pairs for row in rows if row.pairs}) or [1]
    curves = []
    for method in METHODS:
        points, band = [], []
        for count in counts:
            values = [row.distance for row in of_method(rows, method, count)]
            if values:
                points.append((float(count), mean(values)))
                deviation = stdev(values) if len(values) > 1 else 0.0
                band.append((float(count), mean(values) - deviation, mean(values) + deviation))
        if points:
            curves.append(Curve(method, points, band))
    axes = Axes(
        title="Few pairs, other people",
        x="pairs",
        y="distance of SqueezeNet's features",
        x_limits=(float(min(counts)), float(max(counts[-1], counts[0] + 1))),
        y_limits=limits_of(y for curve in curves for _, low, high in curve.band for y in (low, high)),
    )
    return draw_plot(axes, curves)


def sheet(given: argparse.Namespace) -> None:
    """A column for each person: the photo, the comic, and what each method paints."""
    base = open_base(open_look(given.look))
    recipe = BranchRecipe(seed=given.seeds[0])
    budget = BranchBudget(given.minutes, given.steps)
    held = to_tensors(read_pairs(given.style, HELD_OUT[:SHOWN], base.look.pixels))
    pairs = read_pairs(given.style, choose(given.pairs[0], recipe.seed), side_for(base, recipe))
    lines = list(held)
    for method in METHODS:
        paint, _, _ = train_method(method, base, pairs, recipe, budget)
        with torch.no_grad():
            lines.append(paint(held[0]))
    side = base.look.pixels
    size = (SHOWN * (side + GAP) - GAP, len(lines) * (side + GAP) - GAP)
    picture = Image.new("RGB", size, PAPER)
    for row, line in enumerate(lines):
        bytes_ = (255 * line.clamp(0, 1) + 0.5).byte().permute(0, 2, 3, 1).numpy()
        for column, own in enumerate(bytes_):
            picture.paste(Image.fromarray(own), (column * (side + GAP), row * (side + GAP)))
    picture.save(given.out, quality=90)
    print(f"From above: the photo, the comic, {', '.join(METHODS)}. {given.out}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(required=True, dest="command")
    made = commands.add_parser("base")
    made.add_argument("faces", type=Path)
    made.add_argument("out", type=Path)
    made.add_argument("--minutes", type=float, default=20.0)
    made.add_argument("--pixels", type=int, default=128)
    recorded = commands.add_parser("record")
    shown = commands.add_parser("sheet")
    for command in (recorded, shown):
        command.add_argument("look", type=Path)
        command.add_argument("style", type=Path)
        command.add_argument("--minutes", type=float)
        command.add_argument("--steps", type=int)
    recorded.add_argument("--pairs", type=int, nargs="+", default=[3, 5, 10, 20])
    recorded.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    recorded.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    shown.add_argument("out", type=Path)
    shown.add_argument("--pairs", type=int, nargs=1, default=[5])
    shown.add_argument("--seeds", type=int, nargs=1, default=[0])
    given = parser.parse_args()
    if given.command != "base" and given.minutes is None and given.steps is None:
        given.minutes = 1.0
    if given.command == "base":
        train_base(given.faces, given.out, given.pixels, given.minutes)
    elif given.command == "record":
        record(given)
    else:
        sheet(given)


if __name__ == "__main__":
    main()
