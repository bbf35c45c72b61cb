"""The imports between files, in both languages, including type imports and imports inside functions."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
    found: set[Import] = set()
    for path in source_files(root):
        read = python_imports if path.endswith(".py") else typescript_imports
        if not path.startswith("web/build/"):
            found |= {Import(path, imported) for imported in read(root, path) if imported != path}
    return sorted(found)


def python_imports(root: Path, path: str) -> Iterator[str]:
    """The modules of limner that a module imports; none for `__main__`, which only runs `main`."""
    if path.endswith("/__main__.py"):
        return
    for node in ast.walk(ast.parse((root / path).read_text(encoding="utf-8"))):
        for name in _modules(node):
            imported = _module_path(root, name)
            if imported is not None:
                yield imported


def typescript_imports(root: Path, path: str) -> Iterator[str]:
    """The files of web that a TypeScript file imports, shaders included."""
    for specifier in specifiers((root / path).read_text(encoding="utf-8")):
        imported = os.path.normpath(Path(path).parent / specifier)
        if (root / imported).is_file():
            yield Path(imported).as_posix()


def specifiers(code: str) -> list[str]:
    """The relative paths that a TypeScript file imports, without query suffixes such as `?raw`."""
    found = SPECIFIER.findall(COMMENT.sub("", code))
    return ["".join(groups).partition("?")[0] for groups in found]


def _modules(node: ast.AST) -> list[str]:
    """All names that an import statement may import as modules."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module is not None:
        if node.level:
            raise SystemExit(f"`from {'.' * node.level}{node.module}`: imports in limner are absolute.")
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def _module_path(root: Path, name: str) -> str | None:
    """The file of a module of limner, or of the module that defines a name; None for other packages."""
    if name.partition(".")[0] != "limner":
        return None
    while name:
        path = Path("src", *name.split("."))
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if (root / file).is_file():
                return file.as_posix()
        name = name.rpartition(".")[0]
    return None
