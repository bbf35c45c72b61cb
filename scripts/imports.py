"""The imports between files, in both languages, including type imports and imports inside functions."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grimp

from sources import source_files

COMMENT = re.compile(r"/\*.*?\*/|^\s*//.*?$", re.DOTALL | re.MULTILINE)
SPECIFIER = re.compile(
    r"""
    ^(?:import|export)\b [^;'"]* \bfrom \s+ '(\.[^']*)'  # import { a } from './b.ts'
    | ^import \s+ '(\.[^']*)'                            # import './b.ts'
    | \b(?:import|new\ URL)\( \s* '(\.[^']*)'            # import('./b.ts'), new URL('./b.ts', ...)
    """,
    re.MULTILINE | re.VERBOSE,
)


@dataclass(frozen=True, order=True)
class Import:
    """One file imports another; both paths are relative to the root of the repository."""

    importer: str
    imported: str


def read_imports(root: Path) -> list[Import]:
    """The imports within limner, and within the engine and the pages; sorted."""
    found = {*python_imports(root), *typescript_imports(root)}
    return sorted(one for one in found if one.importer != one.imported)


def python_imports(root: Path) -> Iterator[Import]:
    """The imports between limner's modules, without those of `__main__`, which only runs `main`."""
    graph = grimp.build_graph("limner", cache_dir=None)
    for module in graph.modules - {"limner.__main__"}:
        for imported in graph.find_modules_directly_imported_by(module):
            yield Import(_module_path(root, module), _module_path(root, imported))


def typescript_imports(root: Path) -> Iterator[Import]:
    """The imports between web's files, shaders included, without those of `web/build`."""
    for path in source_files(root):
        if path.startswith("web/") and not path.startswith("web/build/"):
            for specifier in specifiers((root / path).read_text(encoding="utf-8")):
                imported = os.path.normpath(Path(path).parent / specifier)
                if (root / imported).is_file():
                    yield Import(path, Path(imported).as_posix())


def specifiers(code: str) -> list[str]:
    """The relative paths that a TypeScript file imports, without query suffixes such as `?raw`."""
    found = SPECIFIER.findall(COMMENT.sub("", code))
    return ["".join(groups).partition("?")[0] for groups in found]


def _module_path(root: Path, name: str) -> str:
    """The file of a module or package of limner."""
    path = Path("src", *name.split("."))
    file = path.with_suffix(".py")
    return (file if (root / file).is_file() else path / "__init__.py").as_posix()
