"""Build hook: the wheel contains the built page, so that `pip install` needs no Node."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageBuildHook(BuildHookInterface):  # type: ignore[misc]
    """Builds `web/` into `src/limner/_web` and `_web_lab`, unless both are newer than all its sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        _ = build_data
        if version == "editable":
            return  # in a checkout, `make web` builds the page
        root = Path(self.root)
        pages = [root / f"src/limner/{name}/index.html" for name in ("_web", "_web_lab")]
        if not all(_is_up_to_date(page, root / "web") for page in pages):
            _build(root / "web")
        for page in pages:
            if not page.exists():
                raise RuntimeError(f"The page was not built: {page} is missing. Run `make web` first.")


def _is_up_to_date(page: Path, web: Path) -> bool:
    return page.exists() and all(source.stat().st_mtime <= page.stat().st_mtime for source in _sources(web))


def _sources(web: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(web):
        folders[:] = [name for name in folders if name not in {"node_modules", ".cache", "dist", "tests"}]
        yield from (Path(folder) / name for name in files)


def _build(web: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("Building limner's page needs Node 20 or newer with npm.")
    environment = {**os.environ, "CI": "1"}
    for command in (["ci"], ["run", "build"]):
        subprocess.run([npm, *command], cwd=web, check=True, env=environment)
