"""What tests share: a look."""

from pathlib import Path

import pytest

from helpers.looks import look_file
from limner.look.look import Look, open_look


@pytest.fixture
def look(tmp_path: Path) -> Look:
    return open_look(look_file(tmp_path))
