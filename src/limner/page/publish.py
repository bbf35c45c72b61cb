"""The page: a folder of static files that any host serves, under any sub-path."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from limner.data.arrays import to_image
from limner.errors import LimnerError
from limner.files import atomic_file, atomic_write, disk_errors
from limner.look.look import Look, open_look, to_image_array
from limner.look.trial import Trial
from limner.page.check import LookCheck, check_look
from limner.slug import slugify

LIST = Path("looks") / "looks.json"
WEB = Path(__file__).parents[1] / "_web"
"""The built page without looks: part of the wheel; in a checkout, `make web` builds it."""

NO_CONTENT = {
    *(".git", ".github", ".gitignore", ".gitattributes", ".gitkeep", ".hg", ".svn"),
    *("readme", "readme.md", "readme.txt", "license", "license.md", "license.txt", "cname", ".nojekyll"),
    *(".ds_store", ".localized", ".directory", "thumbs.db", "desktop.ini"),
}
"""Names, in lower case, that repositories, static hosts and file managers put into an empty folder."""


def publish(
    looks: Sequence[Path], folder: Path, *, on_checked: Callable[[LookCheck], object] = lambda _: None
) -> Path:
    """Write a page with `looks` into `folder` and return the folder.

    `on_checked` gets how the page paints each look, before anything is written.

    Files that a person added (such as a CNAME) stay. Files of an earlier page are replaced, and looks that
    only the earlier page had are removed. index.html is written last, so that visitors never get a partial
    page. Raises LimnerError if a look cannot be read, a page cannot paint it, the folder is not a page, or
    a file cannot be written.
    """
    if not looks:
        raise LimnerError("No look was given: name one or more .onnx files.")
    _check_web()
    check_page(folder)
    opened = [open_look(path) for path in looks]
    checks = [check_look(look) for look in opened]
    previews = [_preview(check.trial) for check in checks]
    for check in checks:
        on_checked(check)
    entries = _entries(opened)
    earlier = _listed_files(folder)
    # Written first, so that the next run recognises an interrupted page as a page.
    atomic_write(folder / LIST, json.dumps({"looks": []}))
    for look, preview, entry in zip(opened, previews, entries, strict=True):
        atomic_write(folder / "looks" / entry["file"], look.content)
        atomic_write(folder / "looks" / entry["preview"], preview)
    atomic_write(folder / LIST, json.dumps({"looks": entries}, indent=2, ensure_ascii=False))
    _copy_web(folder)
    _remove_stale(folder, earlier - _files(entries))
    return folder


def check_page(folder: Path) -> None:
    """Raise LimnerError if `folder` is a file, or has files but is not a page."""
    if folder.exists() and not folder.is_dir():
        raise LimnerError(f"{folder} is a file; give --out the name of a folder.")
    if folder.exists() and _has_content(folder) and not (folder / LIST).exists():
        raise LimnerError(f"{folder} holds other files; give --out an empty or a new folder.")


def _has_content(folder: Path) -> bool:
    """Whether the folder has files that a fresh repository or a file manager would not put there."""
    return any(path.name.lower() not in NO_CONTENT for path in folder.iterdir())


def _check_web() -> None:
    if not (WEB / "index.html").is_file():
        raise LimnerError("The page is not built yet: run `make web` in the checkout (it needs Node 20).")


def _entries(looks: Sequence[Look]) -> list[dict[str, Any]]:
    """The entries of looks.json."""
    used_names: set[str] = set()
    return [_entry(look, used_names) for look in looks]


def _entry(look: Look, used_names: set[str]) -> dict[str, Any]:
    stem, count = slugify(look.path.stem), 2
    file = f"{stem}.onnx"
    while file in used_names:
        file, count = f"{stem}-{count}.onnx", count + 1
    used_names.add(file)
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


def _listed_files(folder: Path) -> set[str]:
    """Files in looks/ that an earlier page listed."""
    try:
        listed = json.loads((folder / LIST).read_text(encoding="utf-8"))["looks"]
        names = _files(listed)
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    return {name for name in names if Path(name).name == name}


def _preview(trial: Trial) -> bytes:
    """A small JPEG of a look's trial painting, which shows its style."""
    small = to_image(to_image_array(trial.output)).resize((128, 128), Image.Resampling.LANCZOS)
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
    atomic_write(folder / ".nojekyll", "")  # otherwise GitHub Pages processes the files with Jekyll


def _remove_stale(folder: Path, looks: set[str]) -> None:
    """Remove an earlier page's stale files: assets of another build, and looks no longer listed."""
    current = {path.relative_to(WEB) for path in WEB.rglob("*")}
    built = [*(folder / "assets").glob("*"), *(folder / "runtime").glob("*")]
    stale = [path for path in built if path.is_file() and path.relative_to(folder) not in current]
    for path in [*stale, *(folder / "looks" / name for name in looks)]:
        path.unlink(missing_ok=True)
