"""What may be deleted is what a file manager makes anew, and is passed over everywhere."""

import pytest

from limner.system_files import is_made_by_file_manager, is_system_name


@pytest.mark.parametrize("name", [".DS_Store", ".directory", "Thumbs.db", "desktop.ini", "Desktop.ini"])
def test_what_a_file_manager_makes_anew_is_a_system_file(name: str) -> None:
    assert is_made_by_file_manager(name)
    assert is_system_name(name)


@pytest.mark.parametrize("name", ["photo.jpg", ".hidden.jpg", "lost+found", "$RECYCLE.BIN", "ehthumbs.db"])
def test_nothing_else_may_be_deleted(name: str) -> None:
    assert not is_made_by_file_manager(name)
