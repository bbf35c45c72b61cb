"""Record how near keyframe painting comes to a painter that is a script, and make its picture.

    python scripts/keyframe.py record CLIP ... --minutes 3 --out docs/benchmarks
    python scripts/keyframe.py picture CLIP OUT.jpg --minutes 5

`record` recolours the middle frame of each clip by a script, learns from that pair alone, paints the other
frames and compares them with the same frames recoloured. `picture` paints the keyframe with brush strokes
too, and shows frame, keyframe and three painted frames.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from limner.bench.environment import collect_environment
from limner.data.keyframes import Keyframe, Keyframes
from limner.data.strokes import paint_strokes
from limner.data.synthetic.primitives import Stop, color_ramp, mix, to_image
from limner.data.videos import FrameReader
from limner.export.whole_frames import WholeFramePainter
from limner.files import atomic_write
from limner.keyframe_recipe import KeyframeRecipe
from limner.progress import ProgressBar
from limner.training.keyframe import KeyframeResult, train_keyframes

FRAMES = 13
"""Frames of each clip, evenly spread; the middle one is the keyframe."""

INKS: tuple[Stop, ...] = (
    (0.0, (0.03, 0.05, 0.16)),
    (0.25, (0.10, 0.20, 0.42)),
    (0.45, (0.70, 0.22, 0.30)),
    (0.7, (0.98, 0.68, 0.30)),
    (1.0, (1.0, 0.96, 0.84)),
)
"""Night to lamplight, from the darkest places to the lightest."""

STRENGTH = 0.8
"""How much of the inks; the rest are the frame's own colours."""

SHOWN_KEY, SHOWN = 9, (3, 6, 12)
"""The frames of the picture: the keyframe, and those that are painted."""

GAP, PAPER = 8, "#f4f1ea"
WIDTH = 1400
"""Of the picture, in pixels."""


@dataclass(frozen=True)
class Row:
    """What was measured on one clip, in dB: means over the frames that are no keyframe."""

    clip: str
    frames: int
    steps: int
    minutes: float
    before: float
    """PSNR of the frames as they are, against the recoloured ones."""
    after: float
    """PSNR of the painted frames."""
    worst_gain: float
    """The least gain of a frame."""

    @property
    def gain(self) -> float:
        return self.after - self.before


def recolour(picture: Image.Image) -> Image.Image:
    """The picture in other inks, by its light."""
    own = np.asarray(picture, np.float32) / 255
    light = np.asarray(picture.convert("L"), np.float32) / 255
    return to_image(mix(own, color_ramp(light, INKS), STRENGTH))


def read_frames(clip: Path, pixels: int) -> list[Image.Image]:
    """Frames of a clip with the short side `pixels`, and sides that the network takes."""
    pictures = [frame.image for frame in FrameReader(clip, FRAMES)]
    scale = pixels / min(pictures[0].size)
    width, height = (4 * round(side * scale / 4) for side in pictures[0].size)
    return [picture.resize((width, height), Image.Resampling.LANCZOS) for picture in pictures]


def learn(
    frame: Image.Image, painted: Image.Image, recipe: KeyframeRecipe, minutes: float
) -> tuple[WholeFramePainter, KeyframeResult]:
    """A painter that learned from one pair."""
    own, over = np.asarray(frame), np.asarray(painted)
    pair = Keyframe(own, over, np.ones(own.shape[:2], bool))
    with tempfile.TemporaryDirectory() as folder, ProgressBar() as progress:
        result = train_keyframes(
            Keyframes((pair,), ()), recipe, Path(folder) / "run", minutes=minutes, progress=progress
        )
    return WholeFramePainter(result.network, recipe), result


def psnr(picture: Image.Image, truth: Image.Image) -> float:
    apart = np.asarray(picture, np.float32) - np.asarray(truth, np.float32)
    return float(10 * np.log10(255**2 / max(float(np.mean(apart**2)), 1e-6)))


def measure(clip: Path, recipe: KeyframeRecipe, minutes: float) -> Row:
    """Learn from the middle frame of a clip, and compare the others."""
    frames = read_frames(clip, recipe.pixels)
    key = len(frames) // 2
    paint, result = learn(frames[key], recolour(frames[key]), recipe, minutes)
    others = [frame for number, frame in enumerate(frames) if number != key]
    before = [psnr(frame, recolour(frame)) for frame in others]
    after = [psnr(paint(frame), recolour(frame)) for frame in others]
    return Row(
        clip=clip.name,
        frames=len(others),
        steps=result.steps,
        minutes=round(result.seconds / 60, 2),
        before=float(np.mean(before)),
        after=float(np.mean(after)),
        worst_gain=min(b - a for a, b in zip(before, after, strict=True)),
    )


def record(clips: list[Path], recipe: KeyframeRecipe, minutes: float, out: Path) -> None:
    """Write keyframe.json and keyframe.md."""
    environment = collect_environment(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    rows = [measure(clip, recipe, minutes) for clip in clips]
    content: dict[str, Any] = {
        "benchmark": "keyframe",
        "environment": environment,
        "recipe": asdict(recipe),
        "rows": [asdict(row) for row in rows],
    }
    atomic_write(out / "keyframe.json", json.dumps(content, indent=1) + "\n")
    atomic_write(out / "keyframe.md", describe(rows, recipe, environment))


def describe(rows: list[Row], recipe: KeyframeRecipe, environment: dict[str, Any]) -> str:
    """The record for people."""
    machine = environment["machine"]
    device = machine["cpu"] if machine["device"] == "cpu" else machine["device"]
    lines = [
        "# Keyframe painting",
        "",
        "Written by `scripts/keyframe.py record`. A script recolours the middle frame of a clip; the "
        "network learns from that pair alone, and paints other frames of the clip, which are compared with "
        "the same frames recoloured. PSNR in dB, means over the frames.",
        "",
        f"{device}, {environment['threads']} threads; {recipe.pixels} pixels, patches of {recipe.patch}; "
        f"load {machine['load']}; commit {environment['commit']}, {environment['time']}.",
        "",
        "| clip | frames | minutes | steps | before | painted | gain | least gain of a frame |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {row.clip} | {row.frames} | {row.minutes:.1f} | {row.steps:,} | {row.before:.1f} | "
            f"{row.after:.1f} | **{row.gain:.1f}** | {row.worst_gain:.1f} |"
            for row in rows
        ),
        "",
    ]
    return "\n".join(lines)


def show(clip: Path, recipe: KeyframeRecipe, minutes: float, out: Path) -> None:
    """Draw frame and keyframe above three painted frames."""
    frames = read_frames(clip, recipe.pixels)
    frame = frames[SHOWN_KEY]
    painted = paint_strokes(recolour(frame))
    paint, _ = learn(frame, painted, recipe, minutes)
    rows = [[frame, painted], [paint(frames[number]) for number in SHOWN]]
    stripes = [join(row) for row in rows]
    sheet = Image.new("RGB", (WIDTH, sum(s.height for s in stripes) + GAP), PAPER)
    sheet.paste(stripes[0], (0, 0))
    sheet.paste(stripes[1], (0, stripes[0].height + GAP))
    sheet.save(out, quality=88)


def join(pictures: list[Image.Image]) -> Image.Image:
    """Pictures side by side, `WIDTH` wide in all."""
    width = (WIDTH - GAP * (len(pictures) - 1)) // len(pictures)
    height = round(width * pictures[0].height / pictures[0].width)
    stripe = Image.new("RGB", (WIDTH, height), PAPER)
    for column, picture in enumerate(pictures):
        small = picture.resize((width, height), Image.Resampling.LANCZOS)
        stripe.paste(small, (column * (width + GAP), 0))
    return stripe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(required=True, dest="command")
    recorded = commands.add_parser("record")
    recorded.add_argument("clips", type=Path, nargs="+")
    recorded.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    shown = commands.add_parser("picture")
    shown.add_argument("clip", type=Path)
    shown.add_argument("out", type=Path)
    for command in (recorded, shown):
        command.add_argument("--minutes", type=float, default=5.0)
        command.add_argument("--pixels", type=int, default=256)
    given = parser.parse_args()
    recipe = KeyframeRecipe(pixels=given.pixels)
    if given.command == "record":
        record(given.clips, recipe, given.minutes, given.out)
    else:
        show(given.clip, recipe, given.minutes, given.out)


if __name__ == "__main__":
    main()
