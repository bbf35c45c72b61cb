"""The page: a folder of static files that any host serves, under any sub-path."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from limner.display import printable
from limner.errors import LimnerError
from limner.files import atomic_write, disk_errors
from limner.look.any_style import NOTICE_FILE, PREDICTOR, compose_notice, style_network
from limner.look.look import Look
from limner.look.picture_format import NOTHING_SAID, FormatOptions
from limner.page.check import LookCheck, check_file
from limner.page.lab import lab_contents, with_link
from limner.page.manifest import (
    MANIFEST,
    check_unedited,
    digest,
    digest_of_file,
    is_unedited,
    read_manifest,
    write_manifest,
)
from limner.page.preview import moving_preview, still_preview
from limner.slug import slugify
from limner.system_files import is_system_name

LIST = Path("looks") / "looks.json"
INDEX = "index.html"
WEB = Path(__file__).parents[1] / "_web"
"""The built page without looks: part of the wheel; in a checkout, `make web` builds it."""

OF_REPOSITORY = ("readme*", "licen[cs]e*", "copying*", "cname")
"""Patterns of names, in lower case, that a fresh repository or a static host has in an empty folder."""


def publish(
    looks: Sequence[Path],
    folder: Path,
    *,
    force: bool = False,
    refresh: float = 0,
    options: FormatOptions = NOTHING_SAID,
    lab: bool = False,
    data: Path | None = None,
    lab_pictures: bool = False,
    on_checked: Callable[[LookCheck], object] = lambda _: None,
) -> Path:
    """Write a page with `looks` into `folder` and return the folder.

    `options` are about the pictures of the looks that other programs made; these are converted where their
    pictures have another format than a look's.

    With `refresh`, an open page fetches the list of looks again after so many seconds: more will come.

    With `lab`, the lab is laid into the folder lab/, with the cars where the folder `data` has them, and
    the page's help has a link to it. With `lab_pictures`, also with pictures of the data sets that
    `data` has, and with SqueezeNet's features: about 12 MB.

    `on_checked` gets how the page paints each look, or that it cannot, before anything is written.

    Files that a person added (such as a CNAME) stay. Files of an earlier page are replaced, and those that
    only the earlier page had are removed, unless a person edited them. index.html is written last, so that
    visitors never get a partial page. Raises LimnerError with the reasons of all looks that cannot be read
    or painted with on a page; and if the folder is not a page or a person edited a file of the page (unless
    `force` is set), or a file cannot be written.
    """
    if not looks:
        raise LimnerError("No look was given: name one or more .onnx files.")
    check_output(looks, folder, force=force, lab=lab)
    checks = [check_file(path, options) for path in looks]
    for check in checks:
        on_checked(check)
    if refusals := [check.reason for check in checks if check.painter == "refused"]:
        raise LimnerError(" ".join(refusals))
    trials = [check.trial for check in checks if check.trial]
    opened = [trial.look for trial in trials]
    style_contents = _style_contents(opened)
    previews = [(still_preview(trial), moving_preview(trial.look)) for trial in trials]
    contents = _looks_contents(opened, previews, refresh) | style_contents
    contents |= lab_contents(data, pictures=lab_pictures) if lab else {}
    index = _index(lab)
    files = {name: frozenset({digest(content)}) for name, content in contents.items()}
    files |= {name: frozenset({digest_of_file(WEB / name)}) for name in _web_files()}
    files[INDEX] = frozenset({digest(index)})
    earlier = read_manifest(folder) or {}
    write_manifest(folder, earlier, files)
    try:
        for name, content in contents.items():
            atomic_write(folder / name, content)
        _copy_web(folder, index)
        for name in earlier.keys() - files.keys():
            if is_unedited(folder / name, earlier[name]):
                with disk_errors(folder / name):
                    (folder / name).unlink()
        write_manifest(folder, files)
    except LimnerError as error:
        raise LimnerError(f"{error} The page in {folder} is incomplete: publish it again.") from error
    return folder


def check_output(looks: Sequence[Path], folder: Path, *, force: bool = False, lab: bool = False) -> None:
    """Raise the errors of `publish` that need no look to be read."""
    _check_web()
    check_page(folder, force=force)
    files = _file_names(looks)
    names = [
        *(f"looks/{name}" for file in files for name in (file, *_preview_names(file))),
        *(f"looks/{name}" for name in (PREDICTOR, NOTICE_FILE)),
        LIST.as_posix(),
        *_web_files(),
        *(lab_contents() if lab else ()),
    ]
    check_unedited(folder, names, force=force)


def check_page(folder: Path, *, force: bool = False) -> None:
    """Raise LimnerError if `folder` is a file, or, unless `force` is set, has files but is not a page."""
    if folder.exists() and not folder.is_dir():
        raise LimnerError(f"{folder} is a file; give --out the name of a folder.")
    if force or not folder.exists() or _is_page(folder):
        return
    for name in sorted(path.name for path in folder.iterdir()):
        if _is_content(name):
            raise LimnerError(
                f"{folder} holds other files, such as {name}; give --out an empty or a new folder, or add "
                "--force to put the page among them."
            )


def _is_content(name: str) -> bool:
    """Whether a person put a file of this name there, and not a repository, a host or a file manager."""
    return not is_system_name(name) and not any(fnmatchcase(name.lower(), each) for each in OF_REPOSITORY)


def _is_page(folder: Path) -> bool:
    """Whether the folder has a manifest; `check_unedited` asks whether that is limner's."""
    return os.path.lexists(folder / MANIFEST)


def _check_web() -> None:
    if not (WEB / "index.html").is_file():
        raise LimnerError("The page is not built yet: run `make web` in the checkout (it needs Node 20).")


def _looks_contents(
    looks: Sequence[Look], previews: Sequence[tuple[bytes, bytes]], refresh: float
) -> dict[str, bytes]:
    """The files in looks/ and their contents."""
    entries = _entries(looks)
    contents: dict[str, bytes] = {}
    for look, (still, moving), entry in zip(looks, previews, entries, strict=True):
        contents |= {
            f"looks/{entry['file']}": look.content,
            f"looks/{entry['preview']}": still,
            f"looks/{entry['moving']}": moving,
        }
    index = {"looks": entries} | ({"refresh": refresh} if refresh else {})
    text = json.dumps(index, indent=2, ensure_ascii=False)
    return contents | {LIST.as_posix(): text.encode()}


def _style_contents(looks: Sequence[Look]) -> dict[str, bytes]:
    """What looks for any style need beside them: the network that makes styles of paintings, a notice.

    Raises LimnerError where the network is not installed.
    """
    asking = [look for look in looks if look.predictor]
    for look in asking:
        if look.predictor != PREDICTOR:
            raise LimnerError(
                f"{look.path} asks for {printable(look.predictor)} beside it, which this version of limner "
                "does not know: install a newer one."
            )
    if not asking:
        return {}
    network = style_network().SerializeToString(deterministic=True)
    return {f"looks/{PREDICTOR}": network, f"looks/{NOTICE_FILE}": compose_notice().encode()}


def _entries(looks: Sequence[Look]) -> list[dict[str, Any]]:
    """The entries of looks.json."""
    files = _file_names([look.path for look in looks])
    return [_entry(look, file) for look, file in zip(looks, files, strict=True)]


def _file_names(looks: Sequence[Path]) -> list[str]:
    """The name of each look's file in the page."""
    names: list[str] = [PREDICTOR]
    for look in looks:
        stem, count = slugify(look.stem), 2
        name = f"{stem}.onnx"
        while name in names:
            name, count = f"{stem}-{count}.onnx", count + 1
        names.append(name)
    return names[1:]  # no look takes the predictor's name


def _preview_names(file: str) -> tuple[str, str]:
    """The names of the pictures of a look, that which is still and that which moves."""
    stem = file.removesuffix(".onnx")
    return f"{stem}.jpg", f"{stem}.webp"


def _entry(look: Look, file: str) -> dict[str, Any]:
    height, width = look.shape
    preview, moving = _preview_names(file)
    entry: dict[str, Any] = {
        "file": file,
        "name": look.name or printable(look.path.stem),
        "author": look.author,
        "credit": look.credit,
        "licence": look.licence,
        "pixels": look.pixels,
        "size": look.size,
        "bytes": len(look.content),
        "preview": preview,
        "moving": moving,
    }
    if height != width:
        entry |= {"width": width, "height": height}
    if not look.formats.is_plain:
        entry["pictures"] = asdict(look.formats)
    return entry


def _web_files() -> list[str]:
    """The files of the built page, index.html last."""
    files = sorted(path.relative_to(WEB).as_posix() for path in WEB.rglob("*") if path.is_file())
    return sorted(files, key=lambda name: name == INDEX)


def _index(lab: bool) -> bytes:
    """The page's index.html."""
    content = (WEB / INDEX).read_bytes()
    return with_link(content.decode()).encode() if lab else content


def _copy_web(folder: Path, index: bytes) -> None:
    for name in _web_files():
        atomic_write(folder / name, index if name == INDEX else (WEB / name).read_bytes())
    if not os.path.lexists(folder / ".nojekyll"):
        atomic_write(folder / ".nojekyll", "")  # otherwise GitHub Pages processes the files with Jekyll
