"""What cannot be prepared is refused with a sentence, and a failure leaves no damage."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.files import photos, scene
from helpers.stores import file_bytes, prepare_store
from limner.errors import LimnerError

PREPARE_WITH_FILE_LIMIT = """
import resource, sys
from pathlib import Path
from limner.errors import LimnerError
from limner.data.decode import hash_text
from limner.data.prepare import prepare
from limner.progress import no_progress
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    prepare([Path(sys.argv[1])], Path(sys.argv[2]), pixels=128, progress=no_progress)
except LimnerError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "No picture or video was found in"),
        (["one.jpg"], "only one.jpg could be used"),
        (["text.jpg"], "none could be read"),
        (["bad.mp4"], "bad.mp4 is a text file, not a video"),
    ],
)
def test_too_few_pictures_are_refused_with_a_sentence(
    tmp_path: Path, names: list[str], message: str
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for name in names:
        if name == "one.jpg":
            scene(50, 50).save(source / name)
        else:
            (source / name).write_text("not this")
    with pytest.raises(LimnerError, match=message):
        prepare_store(tmp_path / "store", source)


def test_invalid_arguments_are_refused(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 2)
    with pytest.raises(LimnerError, match="no file or folder"):
        prepare_store(tmp_path / "store", tmp_path / "missing")
    with pytest.raises(LimnerError, match="no folder of inputs"):
        prepare_store(tmp_path / "store", source, inputs=tmp_path / "missing")
    with pytest.raises(LimnerError, match="No pair"):
        prepare_store(tmp_path / "store", source, inputs=photos(tmp_path / "others", 2, first=5))
    with pytest.raises(LimnerError, match="Give either"):
        prepare_store(tmp_path / "store", source, inputs=source, side="left")
    with pytest.raises(LimnerError, match="1 or more"):
        prepare_store(tmp_path / "store", source, pixels=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(LimnerError, match="a file of that name exists already"):
        prepare_store(tmp_path / "file", source)


def test_a_failed_run_leaves_the_store_unchanged(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 5)
    prepare_store(tmp_path / "store", source)
    before = file_bytes(tmp_path / "store")
    for file in source.iterdir():
        file.write_text("ruined")
    with pytest.raises(LimnerError, match="At least 2 pictures"):
        prepare_store(tmp_path / "store", source)
    assert file_bytes(tmp_path / "store") == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_error_gives_a_sentence_and_leaves_the_store_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    source = photos(tmp_path / "in", 5)
    prepare_store(tmp_path / "store", source)
    before = file_bytes(tmp_path / "store")

    def refuse(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(LimnerError, match=r"store cannot be written: .* It was not changed\."):
        prepare_store(tmp_path / "store", source, pixels=64)
    assert file_bytes(tmp_path / "store") == before


def test_a_disk_without_room_is_reported_before_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage(tmp_path))(10**6, 10**6 - 1000, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(LimnerError, match=r"need at least 16 kB in .*, where 1 kB are free"):
        prepare_store(tmp_path / "store", photos(tmp_path / "in", 3))
    assert not (tmp_path / "store").exists()


def test_a_disk_that_fills_during_a_run_leaves_the_store_unchanged(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 20)
    prepare_store(tmp_path / "store", source)
    before = file_bytes(tmp_path / "store")
    command = [sys.executable, "-c", PREPARE_WITH_FILE_LIMIT, str(source), str(tmp_path / "store")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "grew beyond the size" in done.stdout
    assert file_bytes(tmp_path / "store") == before
