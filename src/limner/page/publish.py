"""The page: a folder of static files that any host serves, under any sub-path."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from limner.data.arrays import to_image
from limner.errors import LimnerError
from limner.files import atomic_file, atomic_write, disk_errors
from limner.look.look import Look, open_look
from limner.slug import slugify

LIST = Path("looks") / "looks.json"
WEB = Path(__file__).parents[1] / "_web"
"""The built page without looks; a wheel carries it, a checkout builds it with `make web`."""


def publish(looks: Sequence[Path], folder: Path) -> Path:
    """Write a page with `looks` into `folder` and return the folder.

    Files that a person added there (a CNAME, say) stay; those of an earlier page are replaced, and looks
    that it had and this one has not are removed. The index comes last, so that a visitor never meets
    half a page. Raises LimnerError where a look cannot be read, the folder is not a page, or the disk
    does not take it.
    """
    if not looks:
        raise LimnerError("No look was given: name one or more .onnx files.")
    _check_web()
    check_page(folder)
    opened = [open_look(path) for path in looks]
    previews = [_preview(look) for look in opened]  # a look that cannot paint is found before any write
    entries = _entries(opened)
    earlier = _published(folder)
    # First, so that a page which is cut off in the making is known for a page the next time.
    atomic_write(folder / LIST, json.dumps({"looks": []}))
    for look, preview, entry in zip(opened, previews, entries, strict=True):
        atomic_write(folder / "looks" / entry["file"], look.content)
        atomic_write(folder / "looks" / entry["preview"], preview)
    atomic_write(folder / LIST, json.dumps({"looks": entries}, indent=2, ensure_ascii=False))
    _copy_web(folder)
    _remove_stale(folder, earlier - _files(entries))
    return folder


def check_page(folder: Path) -> None:
    """Refuse a folder that holds something else than a page."""
    if folder.exists() and not folder.is_dir():
        raise LimnerError(f"{folder} is a file; give --out the name of a folder.")
    if folder.exists() and any(folder.iterdir()) and not (folder / LIST).exists():
        raise LimnerError(f"{folder} holds other files; give --out an empty or a new folder.")


def _check_web() -> None:
    if not (WEB / "index.html").is_file():
        raise LimnerError("The page is not built yet: run `make web` in the checkout (it needs Node 20).")


def _entries(looks: Sequence[Look]) -> list[dict[str, Any]]:
    """What looks.json says of the looks."""
    taken: set[str] = set()
    return [_entry(look, taken) for look in looks]


def _entry(look: Look, taken: set[str]) -> dict[str, Any]:
    stem, count = slugify(look.path.stem), 2
    file = f"{stem}.onnx"
    while file in taken:
        file, count = f"{stem}-{count}.onnx", count + 1
    taken.add(file)
    return {
        "file": file,
        "name": look.name or look.path.stem,
        "author": look.author,
        "credit": look.credit,
        "licence": look.licence,
        "pixels": look.pixels,
        "size": look.size,
        "bytes": len(look.content),
        "preview": file.removesuffix(".onnx") + ".jpg",
    }


def _files(entries: Sequence[dict[str, Any]]) -> set[str]:
    return {str(entry[key]) for entry in entries for key in ("file", "preview")}


def _published(folder: Path) -> set[str]:
    """Files in looks/ that an earlier page listed."""
    try:
        listed = json.loads((folder / LIST).read_text(encoding="utf-8"))["looks"]
        names = _files(listed)
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    return {name for name in names if Path(name).name == name}


def _preview(look: Look) -> bytes:
    """A small JPEG of the look painting soft random shapes: what it does, whatever it is shown."""
    noise = np.random.default_rng(7).random((5, 5, 3), dtype=np.float32)
    image = Image.fromarray((noise * 255).astype(np.uint8)).resize(
        (look.pixels,) * 2, Image.Resampling.BICUBIC
    )
    painting = look.paint(np.asarray(image, dtype=np.float32) / np.float32(255))
    small = to_image(painting).resize((128, 128), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _copy(source: Path, target: Path) -> None:
    with disk_errors(target), source.open("rb") as reader, atomic_file(target) as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)


def _copy_web(folder: Path) -> None:
    files = sorted(path for path in WEB.rglob("*") if path.is_file())
    for path in sorted(files, key=lambda path: path.name == "index.html"):
        _copy(path, folder / path.relative_to(WEB))
    atomic_write(folder / ".nojekyll", "")  # else GitHub Pages runs the files through Jekyll


def _remove_stale(folder: Path, looks: set[str]) -> None:
    """Remove what an earlier page left: assets of another build, looks that are shown no longer."""
    ours = {path.relative_to(WEB) for path in WEB.rglob("*")}
    built = [*(folder / "assets").glob("*"), *(folder / "runtime").glob("*")]
    stale = [path for path in built if path.is_file() and path.relative_to(folder) not in ours]
    for path in [*stale, *(folder / "looks" / name for name in looks)]:
        path.unlink(missing_ok=True)
