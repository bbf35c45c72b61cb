"""Command lines as people type them: mostly sensible, now and then nonsense."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

ODD_PATHS = ["", ".", "missing", "x" * 260, "nul\0byte", "/dev/null", "new/deep/er", "-", "~"]
NUMBERS = ["1", "2", "0", "-1", "64", "3.5", "nan", "inf", "1e9", "99999999999999999999", "x", ""]
OUTPUTS = [
    "out",
    "store",
    "run",
    "page",
    "edited",
    "theirs",
    "tiny.onnx",
    "theirs.onnx",
    "notes.txt",
    "gallery",
]
"""Names for what a command writes: free ones, limner's own, and a person's."""

Arguments = list["str | Made"]


@dataclass(frozen=True)
class Made:
    """The path of something in the folder that hypothesis made, by its number."""

    number: int

    def path(self, made: list[Path]) -> str:
        """The path; that of the working folder where nothing was made."""
        return str(made[self.number % len(made)]) if made else "."


def resolve(arguments: Arguments, made: list[Path]) -> list[str]:
    """The arguments with the paths of what was made."""
    return [word.path(made) if isinstance(word, Made) else word for word in arguments]


def _words(*values: st.SearchStrategy[Any]) -> st.SearchStrategy[Arguments]:
    return st.tuples(*values).map(list)


def _option(name: str, *values: st.SearchStrategy[Any]) -> st.SearchStrategy[Arguments]:
    return st.one_of(*values).map(lambda value: [name, value])


def _mostly(*values: str) -> st.SearchStrategy[str]:
    """One of the values, and in one case of ten a number or a word that may be none."""
    return st.sampled_from([*values] * (9 * len(NUMBERS) // len(values)) + NUMBERS)


def _rarely(name: str, *values: st.SearchStrategy[Any]) -> st.SearchStrategy[Arguments]:
    return st.one_of(st.just([]), st.just([]), _option(name, *values))


def _flag(name: str) -> st.SearchStrategy[Arguments]:
    return st.sampled_from([[], [], [name]])


def _join(*parts: st.SearchStrategy[Arguments]) -> st.SearchStrategy[Arguments]:
    return st.tuples(*parts).map(lambda groups: [word for group in groups for word in group])


MADE = [Made(number) for number in range(8)]
SOURCE = st.sampled_from(["gallery"] * 6 + ["photos"] * 8 + MADE + ODD_PATHS)
PICTURE = st.sampled_from([f"gallery/photo-00{number}.jpg" for number in range(3)] * 6 + MADE + ODD_PATHS)
LOOK = st.sampled_from(["tiny.onnx"] * 24 + MADE + ODD_PATHS)
OUT = st.sampled_from(["out"] * 12 + OUTPUTS + MADE + ODD_PATHS)
NAME = st.text(max_size=8) | st.sampled_from(["caf\udce9", "[b]", "\x1b[0m"])

SOURCES = st.lists(SOURCE, min_size=1, max_size=2) | st.lists(SOURCE, max_size=2)
PIXELS = _option("--pixels", _mostly("64"))
FRAMES = _option("--frames", _mostly("2", "5"))
INPUTS = _rarely("--inputs", SOURCE)
SIDE = _rarely("--side", _mostly("left", "right"))
TO = _option("--out", OUT)
CREDITS = _rarely("--name", NAME)
MINUTES = _option("--minutes", _mostly("0.01"))
RECIPE = _option("--discriminator", st.just("4"))
FORCE, JSON = _flag("--force"), _flag("--json")
BENCHMARK = _mostly("training", "quality", "browser")

COMMAND_LINES: dict[str, st.SearchStrategy[Arguments]] = {
    "doctor": _join(
        SOURCES,
        PIXELS,
        FRAMES,
        INPUTS,
        SIDE,
        _rarely(
            "--sheet",
            st.sampled_from(["sheet.png", "theirs.png", "gallery/photo-000.jpg", "sheet.txt"]) | OUT,
        ),
        _rarely("--split", st.sampled_from(["subjects", "gallery", "theirs.png"]) | OUT),
        JSON,
        FORCE,
    ),
    "pictures": _join(SOURCES, TO, PIXELS, FRAMES, INPUTS, SIDE),
    "paint": _join(
        _words(LOOK, SOURCE),
        _rarely(
            "--out",
            st.sampled_from(["p.png", "p.mp4", "theirs.png", "gallery/photo-000.jpg", "gallery/clip.mp4"])
            | OUT,
        ),
        _rarely("--brightness", _mostly("0.1")),
        _rarely("--branch", _mostly("men", "men:0.5")),
        _flag("--beside"),
        _flag("--whole"),
        FORCE,
    ),
    "describe": _join(
        _words(st.sampled_from(["run", "Lean"]) | LOOK | SOURCE),
        PIXELS,
        JSON,
    ),
    "evaluate": _join(
        _words(st.just("run") | LOOK),
        _option("--against", SOURCE),
        _rarely("--training", SOURCE),
        _rarely("--clip", st.just("gallery/clip.mp4") | SOURCE),
        _rarely("--out", OUT),
        FORCE,
    ),
    "publish": _join(st.lists(LOOK, min_size=1, max_size=2) | st.just([]), TO, FORCE),
    "train": _join(_words(st.just("store") | SOURCE), TO, PIXELS, MINUTES, RECIPE),
    "export": _join(
        _words(st.just("run") | SOURCE),
        _option("--out", st.sampled_from(["new.onnx", "tiny.onnx", "theirs.onnx"]) | OUT),
        CREDITS,
        FORCE,
    ),
    "train-step": _join(
        _words(LOOK),
        _rarely("--out", st.sampled_from(["new.onnx", "tiny.onnx", "theirs.onnx"]) | OUT),
        _rarely("--batch", _mostly("2")),
        _rarely("--loss", _mostly("mse", "bce")),
        _rarely("--optimizer", _mostly("sgd", "lion", "muon")),
        _rarely("--clip-norm", _mostly("0.5")),
        _rarely("--clip-value", _mostly("0.1")),
        FORCE,
    ),
    "keyframe": _join(
        st.lists(PICTURE, min_size=2, max_size=2) | st.lists(PICTURE, max_size=4),
        _option("--out", st.sampled_from(["new.onnx", "tiny.onnx", "theirs.onnx"]) | OUT),
        _option("--pixels", _mostly("64")),
        MINUTES,
        _rarely("--patch", _mostly("32")),
        _rarely("--clip", st.just("gallery/clip.mp4") | SOURCE),
        CREDITS,
        FORCE,
    ),
    "style": _join(
        st.lists(PICTURE, min_size=1, max_size=1) | st.lists(PICTURE, max_size=3),
        _option("--out", st.sampled_from(["new.onnx", "tiny.onnx", "theirs.onnx"]) | OUT),
        _option("--pixels", _mostly("64")),
        MINUTES,
        _rarely("--content", SOURCE),
        _rarely("--loss", _mostly("gram")),
        _rarely("--strength", _mostly("2")),
        _flag("--no-stability"),
        CREDITS,
        FORCE,
    )
    | _join(
        _words(PICTURE),
        _option("--picture", PICTURE | SOURCE),
        st.just(["--pixels", "64", "--steps", "1"]),
        _rarely("--out", st.sampled_from(["p.png", "theirs.png", "gallery/photo-000.jpg"]) | OUT),
        _flag("--keep-colours"),
        _rarely("--seed", _mostly("1")),
        FORCE,
    ),
    "branch": _join(
        _words(LOOK, SOURCE),
        _option("--name", NAME),
        st.just(["--steps", "1", "--perceptual", "0", "--batch", "2"]),
        INPUTS,
        _rarely("--out", st.sampled_from(["new.onnx", "tiny.onnx", "theirs.onnx"]) | OUT),
        _rarely("--rank", _mostly("2")),
        _rarely("--branching", _mostly("blocks")),
        _rarely("--seed", _mostly("1")),
        FORCE,
    ),
    # Small and short always: a folder dreams of all its pictures.
    "dream": _join(
        _words(SOURCE | PICTURE) | st.just([]),
        st.just(["--pixels", "64", "--octaves", "1", "--steps", "1", "--layer", "fire2"]),
        _rarely("--out", st.sampled_from(["p.png", "p.mp4", "theirs.png", "gallery/photo-000.jpg"]) | OUT),
        _rarely("--channels", _mostly("3,17")),
        _rarely("--guide", PICTURE),
        st.just([]) | _join(_option("--seconds", _mostly("0.05")), _rarely("--zoom", _mostly("1.02"))),
        _rarely("--seed", _mostly("1")),
        FORCE,
    )
    | _join(
        _option("--look", st.sampled_from(["new.onnx", "tiny.onnx", "theirs.onnx"]) | OUT),
        st.just(["--layer", "fire2"]),
        _option("--look-pixels", _mostly("64")),
        _rarely("--seconds", _mostly("0.05")),
        _rarely("--network", LOOK),
        _rarely("--class", NAME),
        _flag("--no-flash-limit"),
        FORCE,
    ),
    "classify": _join(
        st.lists(SOURCE, min_size=2, max_size=2) | st.lists(SOURCE, max_size=3),
        TO,
        _option("--pixels", _mostly("32")),
        _option("--batch", _mostly("2")),
        _option("--epochs", _mostly("1")),
        _rarely("--minutes", _mostly("0.001")),
        _rarely("--lr", _mostly("0.001")),
        _rarely("--seed", _mostly("1")),
    ),
    "look": _join(SOURCES, _rarely("--out", OUT), PIXELS, FRAMES, MINUTES, RECIPE, CREDITS),
    "play": _join(_words(LOOK | st.just("page")), _rarely("--port", _mostly("8123"))),
    "demo": _join(_words(_mostly("sea", "garden", "night")), TO, PIXELS, MINUTES),
    # With a folder always: no network is asked.
    "data": _join(
        _words(_mostly("mnist", "cifar10", "fashion", "cars", "list")), _option("--from", SOURCE)
    ),
    "lab": _join(
        _words(_mostly("digits", "fashion", "pictures", "cars")),
        TO,
        _option("--minutes", _mostly("0.001")),
        _rarely("--net", _mostly("lenet", "codelab", "line", "resnet8")),
        _rarely("--optimizer", _mostly("sgd", "lion", "muon")),
        _rarely("--lr", _mostly("0.1")),
        _rarely("--batch", _mostly("32")),
        _rarely("--epochs", _mostly("1")),
        _rarely("--seed", _mostly("1")),
        _rarely("--data", SOURCE),
    ),
    "lab descent": _join(
        _option("--on", _mostly("ravine", "saddle", "beale", "rosenbrock", "himmelblau", "cars")),
        TO,
        _option("--steps", _mostly("5")),
        _rarely("--who", _mostly("batch.adam", "mini.stochastic.nesterov", "lion")),
        _rarely("--lr", _mostly("0.1", "adam=0.1", "batch=1e300")),
        _rarely("--start", _mostly("0,0", "-1,1", "9,9")),
        _rarely("--k", _mostly("200")),
        _rarely("--m", _mostly("0.5")),
        _rarely("--batch", _mostly("32")),
        _rarely("--noise", _mostly("2")),
        _rarely("--seed", _mostly("1")),
        _rarely("--data", SOURCE),
    ),
    "lab painter": _join(
        _words(PICTURE | SOURCE),
        TO,
        st.just(["--steps", "1", "--batch", "64", "--net", "mlp"]),
        _rarely("--pixels", _mostly("64")),
        _rarely("--act", _mostly("relu", "step")),
        _rarely("--optimizer", _mostly("sgd", "lion", "muon")),
        _rarely("--frozen", _mostly("hidden1")),
        _rarely("--minutes", _mostly("0.01")),
        _rarely("--seed", _mostly("1")),
    ),
    "bench": _join(_words(BENCHMARK), TO, PIXELS, _flag("--quick"), _flag("--gpu")),
}
"""Arguments of each command."""
