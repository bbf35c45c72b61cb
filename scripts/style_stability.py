"""Record how much looks of `limner style` flicker, and how near they come to their painting.

    python scripts/style_stability.py LOOK ... --pictures FOLDER --clips CLIP ... --painting PAINTING \
        --out docs/benchmarks

Any look can be measured beside them. Noise gain: a camera's noise, of 2/255, as it comes through to the
painting. Clip: what paintings of neighbouring frames change, against what the frames do. Style distance:
that of the training, so it says how two trainings of one painting compare, and no more.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from limner.art.paintings import read_paintings
from limner.art.style_objective import Features, StyleDistance, content_distance, extract
from limner.art.style_training import NOISE
from limner.bench.environment import collect_environment
from limner.bench.painters import look_painters
from limner.evaluation.bootstrap import Interval
from limner.evaluation.equivariance import crop_middle
from limner.evaluation.flicker import measure_flicker
from limner.evaluation.noise_gain import measure_noise_gain
from limner.evaluation.pictures import read_folder, read_frames
from limner.files import atomic_write
from limner.look.look import open_look
from limner.networks.features import SqueezeNet, load_squeezenet
from limner.progress import ProgressBar

PICTURES = 16
"""Pictures of the folder, evenly spread."""

DRAWS = 8
"""Times that the style distance is measured, each with other directions; the mean is recorded."""

FRAMES = 40
"""First frames of each clip."""


@dataclass(frozen=True)
class Figure:
    """A figure with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """What was measured of one look."""

    look: str
    bytes: int
    noise_gain: Figure
    clips: dict[str, Figure]
    style_distance: float | None
    content_distance: float


def to_figure(interval: Interval) -> Figure:
    return Figure(interval.value, interval.low, interval.high)


def measure(
    path: Path, folder: Path, clips: Sequence[Path], painting: Path | None, network: SqueezeNet
) -> Row:
    """Paint the pictures and the clips with a look, and compare."""
    look = open_look(path)
    paint = look_painters(look).plain.paint
    with ProgressBar() as progress:
        pictures = crop_middle(read_folder(folder, look.pixels, PICTURES, progress))
    paintings = paint(pictures)
    flicker = {}
    for clip in clips:
        frames = read_frames(clip, look.pixels)[:FRAMES]
        flicker[clip.name] = to_figure(measure_flicker(paint(frames), frames, seed=0))
    before, after = (_extract(network, images) for images in (pictures, paintings))
    distance = None
    if painting is not None:
        (example,) = read_paintings([painting], look.pixels)
        style = StyleDistance(network, example.to_tensor(), "sliced-wasserstein")
        generator = torch.Generator().manual_seed(0)
        distance = sum(float(style(after, generator)) for _ in range(DRAWS)) / DRAWS
    return Row(
        look=path.name,
        bytes=path.stat().st_size,
        noise_gain=to_figure(measure_noise_gain(paint, pictures, paintings, seed=0, deviation=NOISE)),
        clips=flicker,
        style_distance=distance,
        content_distance=float(content_distance(after.content, before.content)),
    )


@torch.no_grad()
def _extract(network: SqueezeNet, pictures: Tensor) -> Features:
    return extract(network, 2 * pictures - 1)


def record(
    looks: Sequence[Path], folder: Path, clips: Sequence[Path], painting: Path | None, out: Path
) -> None:
    """Write style.json and style.md."""
    network = load_squeezenet()
    rows = [measure(look, folder, clips, painting, network) for look in looks]
    environment = collect_environment(torch.device("cpu"))
    content: dict[str, Any] = {
        "benchmark": "style",
        "environment": environment,
        "painting": None if painting is None else painting.name,
        "pictures": PICTURES,
        "rows": [asdict(row) for row in rows],
    }
    atomic_write(out / "style.json", json.dumps(content, indent=1) + "\n")
    atomic_write(out / "style.md", describe(rows, [clip.name for clip in clips], environment))


def describe(rows: Sequence[Row], clips: Sequence[str], environment: dict[str, Any]) -> str:
    """The record for people."""
    heads = ["look", "kB", "noise gain", *clips, "style distance", "content distance"]
    lines = [
        "# Stability of styles",
        "",
        "Written by `scripts/style_stability.py`, which says what the columns are. Intervals hold 95 %.",
        "",
        f"{environment['machine']['cpu']}; commit {environment['commit']}, {environment['time']}.",
        "",
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
    ]
    for row in rows:
        distance = "" if row.style_distance is None else f"{row.style_distance:.3f}"
        cells = [
            row.look,
            f"{row.bytes / 1e3:.0f}",
            *(_show(figure) for figure in (row.noise_gain, *row.clips.values())),
            distance,
            f"{row.content_distance:.3f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _show(figure: Figure) -> str:
    return f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("looks", type=Path, nargs="+")
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--clips", type=Path, nargs="*", default=[])
    parser.add_argument("--painting", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    given = parser.parse_args()
    record(given.looks, given.pictures, given.clips, given.painting, given.out)


if __name__ == "__main__":
    main()
