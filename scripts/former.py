"""Train what an earlier commit would, for `limner bench quality` to measure beside today's recipes.

    python scripts/former.py a7cfa9c --sets photos garden --seeds 0 1 --minutes 3 --pixels 128 --out results
    limner bench quality --recipes now --sets photos garden --seeds 0 1 --minutes 3 --pixels 128 \\
        --out results --looks ...

The commit's own code trains its default recipe, on the sets of the benchmark's folder `--out`, and exports
looks beside them. `OUT/former/COMMIT-PIXELS.json` has the steps that it made, to compare with those of
quality.json. The last line that is printed is the value of `--looks`. The same command resumes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from limner.bench.environment import collect_environment
from limner.bench.picture_sets import DRAWN, prepare_set
from limner.files import atomic_write
from limner.progress import ProgressBar
from limner.training.checkpoint import list_checkpoints
from same import checkout

NAME = "former"


def train_former(
    commit: str,
    sources: Sequence[str],
    seeds: Sequence[int],
    out: Path,
    *,
    minutes: float,
    pixels: int,
    drawn: int = DRAWN,
) -> list[str]:
    """Train and export one look for each set and seed; returns the values of `--looks`."""
    looks, trainings = [], []
    with ProgressBar() as progress, checkout(commit) as tree:
        for source in sources:
            pictures = prepare_set(source, out / "quality" / "sets", pixels, drawn=drawn, progress=progress)
            place = out / NAME / f"{commit}-{pictures.name}-{pixels}"
            store = place / "store"
            limner(tree.root, "pictures", pictures.training, "--out", store, "--pixels", pixels)
            for seed in seeds:
                run, look = place / f"seed{seed}", place / f"seed{seed}.onnx"
                options = ("--pixels", pixels, "--seed", seed, "--minutes", minutes)
                limner(tree.root, "train", store, "--out", run, *options)
                limner(tree.root, "export", run, "--out", look)
                looks.append(f"{NAME}@{pictures.name}={look}")
                trainings.append({"set": pictures.name, "seed": seed, "steps": count_steps(run)})
    record = {"trained": commit, "minutes": minutes, "pixels": pixels, "trainings": trainings}
    record |= collect_environment(torch.device("cpu"))
    atomic_write(out / NAME / f"{commit}-{pixels}.json", json.dumps(record, indent=1) + "\n")
    return looks


def count_steps(run: Path) -> int:
    """The steps of a run, by its last checkpoint."""
    return int(list_checkpoints(run / "checkpoints")[0].stem.removeprefix("step-"))


def limner(root: Path, *arguments: object) -> None:
    """Run a command of the limner in the folder `root`, and show what it prints."""
    command = [sys.executable, "-m", "limner", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(root / "src")}
    subprocess.run(command, env=environment, check=True)


def main() -> None:
    """Train the looks, and print what `--looks` takes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commit")
    parser.add_argument("--sets", nargs="+", required=True, help="folders of pictures, or drawn subjects")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--pixels", type=int, default=128)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    looks = train_former(
        given.commit, given.sets, given.seeds, given.out, minutes=given.minutes, pixels=given.pixels
    )
    print(" ".join(looks))


if __name__ == "__main__":
    main()
