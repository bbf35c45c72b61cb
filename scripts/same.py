"""Compare the working tree with an earlier revision, to show that behaviour is bit-exactly the same.

    python scripts/same.py REVISION

Each tree decodes the same pictures, trains on them for 20 steps, exports the run in every format, and
resumes the earlier revision's run for 20 more; then the files are compared, and the options of all
commands. The command line alone is used, as names inside the package may differ. Prints a table, and
exits with 1 on a difference. It takes some three minutes on two cores, which is why no test runs it.

Revisions whose runs have another format cannot be compared: neither resumes the other's run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table
from safetensors import safe_open

ROOT = Path(__file__).parents[1]
PICTURES = 40
"""One picture is held out. The other 39 make 10 batches of 4 an epoch; the last batch is filled up."""
STORAGES = ("uint8", "uint16", "float16", "float32")
RAW = re.compile(r"pictures-[0-9a-f]{8}\.bin")
"""The store's file of raw pictures, which has a random name."""
CAPTION = 40
"""The height of a sheet's caption in pixels; the caption contains the training time."""
TIMED = frozenset({"pictures_per_second", "seconds", "time"})
"""The fields of the log that depend on a clock."""

Digests = dict[str, str]
"""Names of compared parts, with their SHA-256 digests."""


@dataclass(frozen=True)
class Tree:
    """A checkout with a command line."""

    root: Path

    def limner(self, *arguments: str | Path, folder: Path) -> str:
        """The output of `limner ARGUMENTS` in a folder; exits with its error if it fails."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.root / "src"),
            "OMP_NUM_THREADS": "2",
            "CUDA_VISIBLE_DEVICES": "",
            "PATH": "",  # no Chromium: the engine's check in a browser is left out
            "LIMNER_CHROMIUM": "",
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "TERM": "dumb",
        }
        command = [sys.executable, "-m", "limner", *map(str, arguments)]
        ended = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if ended.returncode:
            raise SystemExit(f"In {self.root}, `limner {' '.join(command[3:])}` failed:\n{ended.stderr}")
        return ended.stdout


@contextlib.contextmanager
def checkout(revision: str) -> Iterator[Tree]:
    """A temporary worktree of a revision."""
    with tempfile.TemporaryDirectory(prefix="limner-") as folder:
        path = Path(folder) / "tree"
        git = ("git", "-C", str(ROOT), "worktree")
        subprocess.run([*git, "add", "--quiet", "--detach", str(path), revision], check=True)
        try:
            yield Tree(path)
        finally:
            subprocess.run([*git, "remove", "--force", str(path)], check=True)


def draw(folder: Path) -> Path:
    """A folder of smooth random pictures, the same at each call."""
    folder.mkdir()
    random = np.random.default_rng(7)
    for index in range(PICTURES):
        cells = Image.fromarray(random.integers(0, 256, (5, 6, 3), dtype=np.uint8))
        cells.resize((120, 100), Image.Resampling.BICUBIC).save(folder / f"{index:02}.png")
    return folder


def build(tree: Tree, pictures: Path, folder: Path) -> None:
    """Prepare a store, train a run and export it, all in `folder`."""
    folder.mkdir()
    tree.limner("pictures", pictures, "--out", "store", "--pixels", "64", folder=folder)
    train(tree, folder, epochs=2)
    for storage in STORAGES:
        tree.limner("export", "run", "--out", f"{storage}.onnx", "--storage", storage, folder=folder)
    tree.limner("export", "run", "--out", "tfjs", "--to", "tfjs", folder=folder)


def train(tree: Tree, folder: Path, epochs: int) -> None:
    """Train or resume the run in `folder` up to `epochs`, of 10 steps each."""
    tree.limner("train", "store", "--out", "run", "--pixels", "64", "--epochs", str(epochs), folder=folder)
    newest_checkpoint(folder, steps=10 * epochs)


def run_format(folder: Path) -> int:
    """The version of the format of the run in `folder`."""
    about: dict[str, int] = json.loads((folder / "run" / "run.json").read_text())
    return about["limner.run"]


def newest_checkpoint(folder: Path, steps: int) -> Path:
    """The run's checkpoint at a step; it must be the newest."""
    newest = max((folder / "run" / "checkpoints").glob("step-*.safetensors"))
    if newest.stem != f"step-{steps:08}":
        raise SystemExit(f"{newest} is the newest checkpoint, and it should be of step {steps}.")
    return newest


def sha256(content: bytes) -> str:
    """The digest of bytes."""
    return hashlib.sha256(content).hexdigest()


def store_digests(folder: Path) -> Digests:
    """The files of the store; the raw file's random name is left out."""
    return {
        f"store: {RAW.sub('pictures.bin', path.name)}": sha256(
            RAW.sub("pictures.bin", path.read_text()).encode()
            if path.suffix == ".json"
            else path.read_bytes()
        )
        for path in sorted((folder / "store").iterdir())
    }


def run_digests(folder: Path, about: str, steps: int) -> Digests:
    """The run's recipe, its log without times, its newest sheet, and its newest checkpoint part by part."""
    run = folder / "run"
    records = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    fields = sorted({name for record in records for name in record})
    losses = [[record.get(name) for name in fields if name not in TIMED] for record in records]
    with Image.open(max((run / "samples").glob("step-*.jpg"))) as sheet:
        pixels = np.asarray(sheet)[CAPTION:].tobytes()
    return {
        f"{about}: recipe.json": sha256((run / "recipe.json").read_bytes()),
        f"{about}: fields of the log": sha256(json.dumps(fields).encode()),
        f"{about}: losses of the log": sha256(json.dumps(losses).encode()),
        f"{about}: newest sheet": sha256(pixels),
        **{f"{about}: {name}": text for name, text in tensor_digests(newest_checkpoint(folder, steps))},
    }


def tensor_digests(checkpoint: Path) -> Iterator[tuple[str, str]]:
    """Digests of the names of all tensors, and of the tensors of each part, such as `generator.*`."""
    parts: dict[str, list[str]] = {}
    with safe_open(checkpoint, framework="np") as file:
        names = sorted(file.keys())
        for name in names:
            tensor = file.get_tensor(name)
            about = f"{name} {tensor.dtype} {tensor.shape} {sha256(tensor.tobytes())}"
            parts.setdefault(name.partition(".")[0], []).append(about)
    yield f"names of {len(names)} tensors", sha256("\n".join(names).encode())
    for part, lines in parts.items():
        yield part if len(lines) == 1 else f"{part}.*", sha256("\n".join(lines).encode())


def export_digests(folder: Path) -> Digests:
    """Every file that `limner export` wrote."""
    files = [*(folder / f"{storage}.onnx" for storage in STORAGES), *sorted((folder / "tfjs").iterdir())]
    return {f"export: {path.relative_to(folder)}": sha256(path.read_bytes()) for path in files}


def command_digests(tree: Tree, folder: Path) -> Digests:
    """The options of every command, and the names of the scripts that the package installs."""
    overview = tree.limner("--help", folder=folder)
    commands = re.findall(r"• ([\w-]+) ", overview)
    scripts = tomllib.loads((tree.root / "pyproject.toml").read_text())["project"]["scripts"]
    digests = {
        "names of the scripts": sha256(json.dumps(sorted(scripts)).encode()),
        "limner: commands": sha256(json.dumps(sorted(commands)).encode()),
    }
    for name in commands:
        options = options_of(tree.limner(name, "--help", folder=folder))
        digests[f"limner {name}: {len(options)} options"] = sha256(json.dumps(options).encode())
    return digests


def options_of(printed: str) -> list[str]:
    """The options in a command's help with their types and defaults, and the choices in its usage."""
    choices = re.findall(r"\{.*?\}", printed.partition("\n\n")[0])
    options = []
    for block in re.split(r"^│ (?=-)", printed, flags=re.MULTILINE)[1:]:
        option = re.split(r"\s{2,}|│", block, maxsplit=1)[0]
        text = " ".join(
            line.strip("│ ") for line in re.split(r"^╰", block, flags=re.MULTILINE)[0].splitlines()
        )
        default = re.search(r"\(default: (.*?)\)", text)
        options.append(f"{option} = {default[1]}" if default else option)
    return sorted([*choices, *options])


def compare(before: Digests, now: Digests) -> bool:
    """Print both sides as a table; returns whether they are the same."""
    table = Table("what", "before", "now", "")
    for name in [*before, *(name for name in now if name not in before)]:
        one, other = before.get(name, ""), now.get(name, "")
        table.add_row(name, one[:12], other[:12], "same" if one == other else "DIFFERS")
    Console(width=100).print(table)
    return before == now


def observe(tree: Tree, pictures: Path, folder: Path) -> Digests:
    """Everything that is compared of one tree. The first tree's run is kept in `folder / "begun"`.

    Each tree works at the same paths, so that no path in a file tells them apart.
    """
    work, resumed, begun = folder / "work", folder / "resumed", folder / "begun"
    build(tree, pictures, work)
    digests = command_digests(tree, folder) | store_digests(work)
    digests |= run_digests(work, "run", steps=20) | export_digests(work)
    if not begun.exists():
        shutil.copytree(work, begun)
    if run_format(begun) != run_format(work):
        raise SystemExit(
            f"The revision's runs have format {run_format(begun)} and ours have format {run_format(work)}: "
            "neither resumes the other's. Compare with a later revision."
        )
    for part in ("store", "run"):
        shutil.copytree(begun / part, resumed / part)
    train(tree, resumed, epochs=4)
    digests |= run_digests(resumed, "resumed run", steps=40)
    shutil.rmtree(work)
    shutil.rmtree(resumed)
    return digests


def main(revision: str) -> bool:
    """Whether the working tree behaves as the revision did."""
    with checkout(revision) as earlier, tempfile.TemporaryDirectory(prefix="limner-") as name:
        folder = Path(name)
        pictures = draw(folder / "pictures")
        before = observe(earlier, pictures, folder)
        return compare(before, observe(Tree(ROOT), pictures, folder))


if __name__ == "__main__":
    match sys.argv[1:]:
        case [revision] if not revision.startswith("-"):
            sys.exit(not main(revision))
        case _:
            raise SystemExit(__doc__)
