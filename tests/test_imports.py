"""The import order: the contracts in pyproject.toml hold, and fail where a folder reaches up."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINTER = Path(sys.executable).with_name("lint-imports")


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINTER, "--no-cache", "--config", root / "pyproject.toml"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package that a test may spoil."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "src/limner", tmp_path / "src/limner", ignore=shutil.ignore_patterns("_web", "__pycache__")
    )
    return tmp_path


def test_the_contracts_hold() -> None:
    linted = lint(ROOT)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("guide.py", "import limner.look.look", "Stages import down the list only BROKEN"),
        ("data/store.py", "import limner.networks.unet", "Stages import down the list only BROKEN"),
        ("training/log.py", "import limner.look.look", "read no look and write no page BROKEN"),
        ("data/store.py", "import limner.data.checks.rules", "nor data sets of the lab BROKEN"),
        ("data/store.py", "import limner.data.datasets.labelled", "nor data sets of the lab BROKEN"),
        ("training/log.py", "import limner.training.loop", "without a circle BROKEN"),
    ],
)
def test_a_module_that_reaches_up_is_found(copy: Path, module: str, line: str, broken: str) -> None:
    path = copy / "src/limner" / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    linted = lint(copy)
    assert linted.returncode == 1
    assert broken in " ".join(linted.stdout.split())


def test_packages_are_empty_at_import() -> None:
    inits = [path for path in (ROOT / "src/limner").rglob("__init__.py") if "_web" not in path.parts]
    filled = {path.parent.name for path in inits if path.read_text(encoding="utf-8").strip()}
    assert filled == {"limner"}  # which has the version
