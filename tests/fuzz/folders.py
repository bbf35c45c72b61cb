"""Folders as strangers have them: made by hypothesis, written to disk, and compared afterwards."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from fuzz.files import NAMES, contents

PERMISSIONS = [0o644, 0o644, 0o644, 0o444, 0o000, 0o777]


@dataclass(frozen=True)
class Item:
    """One thing in a folder."""

    parent: int
    """The number of the folder that it is in, modulo the folders made so far; 0 is the top."""
    name: bytes
    kind: str
    """`file`, `folder`, `link`, `hard link`, `loop` or `pipe`."""
    content: str
    """For a file: a key of `contents()`."""
    mode: int


PLAIN = [b"a.jpg", b"b.png", b"c.jpg", b"d.jpeg", b"clip.mp4", b"e.gif", b"look.onnx", b"f"]
GOOD = ["jpeg", "another jpeg", "webp", "tiff", "film", "animation", "look", "painting"]

names = st.one_of(
    st.sampled_from(PLAIN),
    st.sampled_from(NAMES),
    st.binary(min_size=1, max_size=12).map(lambda name: name.replace(b"/", b"_").replace(b"\0", b"_")),
).filter(lambda name: name not in (b".", b".."))

items = st.builds(
    Item,
    parent=st.sampled_from([0, 0, 0, 1, 2]),
    name=names,
    kind=st.sampled_from(["file"] * 12 + ["folder", "folder", "link", "hard link", "loop", "pipe"]),
    content=st.sampled_from(GOOD) | st.deferred(lambda: st.sampled_from(sorted(contents()))),
    mode=st.sampled_from(PERMISSIONS),
)
folders = st.lists(items, max_size=8)


def write_folder(top: Path, parts: list[Item]) -> list[Path]:
    """Make the things below `top`; returns their paths. What the file system refuses is left out."""
    made: list[Path] = []
    parents = [top]
    modes: dict[Path, int] = {}
    for part in parts:
        path = parents[part.parent % len(parents)] / os.fsdecode(part.name)
        if os.path.lexists(path):
            continue
        try:
            _make(path, part, made)
        except OSError:
            continue
        made.append(path)
        if part.kind == "folder":
            parents.append(path)
            modes[path] = part.mode | 0o111 if part.mode else 0
    for path, mode in reversed(modes.items()):  # at the end, since a closed folder takes no files
        path.chmod(mode)
    return made


def open_folders(top: Path) -> None:
    """Let all folders below `top` be deleted."""
    top.chmod(0o755)
    for path in top.iterdir():
        if path.is_dir() and not path.is_symlink():
            open_folders(path)


def _make(path: Path, part: Item, made: list[Path]) -> None:
    files = [earlier for earlier in made if earlier.is_file() and not earlier.is_symlink()]
    match part.kind:
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to(os.path.relpath(made[-1], path.parent) if made else "nowhere")
        case "loop":
            path.symlink_to(".")
        case "hard link" if files:
            path.hardlink_to(files[-1])
        case "pipe":
            os.mkfifo(path)
        case _:
            path.write_bytes(contents()[part.content])
            path.chmod(part.mode)


def snapshot(top: Path) -> dict[str, tuple[str, str | bytes]]:
    """Kind and content of everything below `top`, without following links.

    Contents are kept whole: some 8 MB are compared sooner than hashed.
    """
    state = {}
    for folder, subfolders, files in os.walk(top):
        for name in (*subfolders, *files):
            path = Path(folder) / name
            state[str(path.relative_to(top))] = _state(path)
    return state


def _state(path: Path) -> tuple[str, str | bytes]:
    about = path.lstat()
    if stat.S_ISLNK(about.st_mode):
        return "link", str(path.readlink())
    if not stat.S_ISREG(about.st_mode):
        return f"{about.st_mode:o}", ""
    kind = f"file {about.st_mode:o}"
    try:
        return kind, path.read_bytes()
    except PermissionError:
        return kind, f"{about.st_size} bytes of {about.st_mtime_ns}"
