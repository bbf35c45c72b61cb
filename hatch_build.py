"""Build hook: the wheel carries the built page, so that `pip install` users need no Node."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds `web/` into `src/limner/_web` unless it is there already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if version == "editable":
            return  # a checkout builds its page with `make web`
        root = Path(self.root)
        page = root / "src/limner/_web/index.html"
        if not page.exists():
            self._build(root / "web")
        if not page.exists():
            raise RuntimeError(f"The page was not built: {page} is missing. Run `make web` first.")

    def _build(self, web: Path) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("Building limner's page needs Node 20 or newer with npm.")
        environment = {**os.environ, "CI": "1"}
        for command in (["ci"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=web, check=True, env=environment)
