"""A file is read again only when it has changed."""

from pathlib import Path

import pytest

from limner.data.file_cache import read_once
from limner.data.images import UnreachableFile


def test_each_of_many_files_is_read_once_until_it_changes(tmp_path: Path) -> None:
    reads: list[Path] = []

    @read_once
    def size_of(path: Path) -> int:
        reads.append(path)
        return path.stat().st_size

    paths = [tmp_path / str(number) for number in range(100)]
    for path in paths:
        path.write_bytes(b"1")
    for _ in range(2):  # as to prepare them: all are measured before one is decoded
        assert [size_of(path) for path in paths] == [1] * 100
    assert reads == paths
    paths[0].write_bytes(b"12")
    assert size_of(paths[0]) == 2
    paths[0].unlink()
    with pytest.raises(UnreachableFile, match="cannot be opened"):
        size_of(paths[0])
