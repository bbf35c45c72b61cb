"""The page: a folder of static files that any host serves, under any sub-path."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from limner.errors import LimnerError
from limner.files import disk_errors, whole_file, write_whole
from limner.look import Look, open_look

WEB = Path(__file__).parent / "_web"
"""The built page without looks; a wheel carries it, a checkout builds it with `make web`."""


def publish(looks: Sequence[Path], folder: Path) -> Path:
    """Write a page with `looks` into `folder` and return the folder.

    Files that a person added there (a CNAME, say) stay; those of an earlier page are replaced, the
    index last, so that a visitor never meets half a page. Raises LimnerError where a look cannot be
    read, the folder is not a page, or the disk does not take it.
    """
    if not looks:
        raise LimnerError("No look was given: name one or more .onnx files.")
    opened = [open_look(path) for path in looks]
    _check_web()
    _check_folder(folder)
    entries = []
    names: set[str] = set()
    for look in opened:
        entry = _entry(look, names)
        _copy(look.path, folder / "looks" / entry["file"])
        write_whole(folder / "looks" / entry["preview"], _preview(look))
        entries.append(entry)
    write_whole(folder / "looks" / "looks.json", json.dumps({"looks": entries}, indent=2))
    _copy_web(folder)
    _remove_stale(folder, names)
    return folder


def _check_web() -> None:
    if not (WEB / "index.html").is_file():
        raise LimnerError("The page is not built yet: run `make web` in the checkout (it needs Node 20).")


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise LimnerError(f"{folder} is a file; give --out the name of a folder.")
    is_page = (folder / "looks" / "looks.json").exists()
    if folder.exists() and any(folder.iterdir()) and not is_page:
        raise LimnerError(f"{folder} holds other files; give --out an empty or a new folder.")


def _entry(look: Look, names: set[str]) -> dict[str, Any]:
    """What looks.json says of a look; `names` collects the files that the looks use."""
    stem = re.sub(r"[^a-z0-9]+", "-", look.path.stem.lower()).strip("-") or "look"
    file, count = f"{stem}.onnx", 2
    while file in names:
        file, count = f"{stem}-{count}.onnx", count + 1
    preview = file.removesuffix(".onnx") + ".jpg"
    names |= {file, preview}
    return {
        "file": file,
        "name": look.name or look.path.stem,
        "author": look.author,
        "credit": look.credit,
        "licence": look.licence,
        "pixels": look.pixels,
        "size": look.size,
        "bytes": look.path.stat().st_size,
        "preview": preview,
    }


def _preview(look: Look) -> bytes:
    """A small JPEG of the look painting soft random shapes: what it does, whatever it is shown."""
    noise = np.random.default_rng(7).random((5, 5, 3), dtype=np.float32)
    image = Image.fromarray((noise * 255).astype(np.uint8)).resize(
        (look.pixels,) * 2, Image.Resampling.BICUBIC
    )
    painting = look.paint(np.asarray(image, dtype=np.float32) / np.float32(255))
    small = Image.fromarray((painting * 255 + 0.5).astype(np.uint8)).resize(
        (128, 128), Image.Resampling.LANCZOS
    )
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _copy(source: Path, target: Path) -> None:
    if target.exists() and source.samefile(target):
        return
    with disk_errors(target), source.open("rb") as reader, whole_file(target) as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)


def _copy_web(folder: Path) -> None:
    files = sorted(path for path in WEB.rglob("*") if path.is_file())
    for path in sorted(files, key=lambda path: path.name == "index.html"):
        _copy(path, folder / path.relative_to(WEB))
    write_whole(folder / ".nojekyll", "")  # else GitHub Pages runs the files through Jekyll


def _remove_stale(folder: Path, looks: set[str]) -> None:
    """Remove what an earlier page left in the folders that are ours alone."""
    ours = {path.relative_to(WEB) for path in WEB.rglob("*")} | {Path("looks") / name for name in looks}
    ours.add(Path("looks/looks.json"))
    for path in [*(folder / "assets").glob("*"), *(folder / "runtime").glob("*")]:
        if path.is_file() and path.relative_to(folder) not in ours:
            path.unlink()
