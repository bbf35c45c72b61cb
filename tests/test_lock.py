"""One process at a time holds a folder; no lock outlives its process, or follows a copy."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from limner import lock
from limner.errors import LimnerError
from limner.lock import LOCK, FolderLock, check_unlocked, folder_lock

HOLD = """
import sys
from pathlib import Path
from limner.lock import folder_lock
with folder_lock(Path(sys.argv[1]), "trained"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder: Path, *command_before: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds `folder`, started by another command where one is given."""
    command = [*command_before, sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def hold(folder: Path) -> None:
    with folder_lock(folder, "trained"):
        assert (folder / LOCK).exists()
    assert not (folder / LOCK).exists()


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without locks, as some network drives are."""

    def refuse(_: int, *, blocking: bool) -> bool:
        assert not blocking
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "lock_descriptor", refuse)


def leave_behind(where: Path, **changes: Any) -> None:
    """A lock file of this process, with changes, that nobody removed."""
    with folder_lock(where, "trained"):
        about = json.loads((where / LOCK).read_text())
    (where / LOCK).write_text("\n" + json.dumps(about | changes))


def test_a_second_process_is_refused_by_name_until_the_first_ends(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    with holder(folder) as process:
        sentence = (
            rf"run is being trained by process {process.pid}, since 20.*: wait until it ends, or stop"
        )
        for _ in range(2):
            with pytest.raises(LimnerError, match=sentence):
                hold(folder)
            with pytest.raises(LimnerError, match=sentence):
                check_unlocked(folder, "trained")
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 0
        assert list(tmp_path.iterdir()) == [], "the folders that it made are empty"
    hold(folder)
    folder.mkdir(parents=True)
    hold(folder)
    assert folder.exists()
    with folder_lock(folder / "deep", "written"):
        (folder / "deep" / "file").write_text("x")
    assert (folder / "deep" / "file").exists()


def test_a_second_call_in_the_same_process_is_refused(tmp_path: Path) -> None:
    sentence = rf"is being trained by process {os.getpid()}"
    with folder_lock(tmp_path, "trained"), pytest.raises(LimnerError, match=sentence):
        hold(tmp_path)
    check_unlocked(tmp_path, "trained")


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.kill()
        process.wait()
    assert (tmp_path / LOCK).exists()
    check_unlocked(tmp_path, "trained")
    hold(tmp_path)


def test_the_lock_is_released_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), folder_lock(tmp_path, "trained"):
        raise KeyboardInterrupt
    hold(tmp_path)


def rewrite(where: Path, **changes: Any) -> None:
    """Change what the lock file says, which stays the same file."""
    about = json.loads((where / LOCK).read_text())
    (where / LOCK).write_text("\n" + json.dumps(about | changes))


@pytest.mark.parametrize("changes", [{"view": "a container"}, {"boot": "another"}, {"started": "1"}])
def test_a_folder_is_moved_only_where_that_can_be_proven(tmp_path: Path, changes: dict[str, Any]) -> None:
    with folder_lock(tmp_path, "trained"):
        rewrite(tmp_path, folder="/a/path/that/leads/nowhere/here", **changes)
        with pytest.raises(LimnerError, match=f"is being trained by process {os.getpid()}"):
            hold(tmp_path)
    hold(tmp_path)


def test_a_lock_in_another_mount_namespace_holds(tmp_path: Path) -> None:
    """As in a container of the same host name, which sees the run at a path of its own."""
    run, hidden = tmp_path / "run", tmp_path / "hidden"
    run.mkdir()
    hidden.mkdir()
    script = 'mount -t tmpfs x "$1" && mkdir "$1/run" && mount --bind "$2" "$1/run" && shift 2 && exec "$@"'
    inside = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(hidden), str(run)]
    if not shutil.which("unshare") or subprocess.run([*inside, "true"], check=False).returncode:
        pytest.skip("this system lets nobody make namespaces")
    with holder(hidden / "run", *inside):
        assert list(hidden.iterdir()) == []
        for check in (hold, lambda folder: check_unlocked(folder, "trained")):
            with pytest.raises(LimnerError, match="is being trained by process"):
                check(run)
    hold(run)


def test_another_user_s_lock_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_file = os.open

    def refuse(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags == os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied")
        return open_file(path, flags, mode)

    with folder_lock(tmp_path, "trained"):
        leftover = (tmp_path / LOCK).read_text()
        monkeypatch.setattr(os, "open", refuse)
        for check in (hold, lambda folder: check_unlocked(folder, "trained")):
            with pytest.raises(LimnerError, match=f"is being trained by process {os.getpid()}"):
                check(tmp_path)
    (tmp_path / LOCK).write_text(leftover)
    monkeypatch.setattr(os, "access", lambda path, _: path.read_text() != leftover)
    hold(tmp_path)


@pytest.mark.parametrize("locks", ["with locks", "without locks"])
def test_a_full_disk_leaves_no_lock_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, locks: str
) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    if locks == "without locks":
        request.getfixturevalue("without_locks")
    with monkeypatch.context() as patched, pytest.raises(LimnerError, match="the disk is full"):
        patched.setattr(os, "write", fail)
        hold(tmp_path)
    assert list(tmp_path.iterdir()) == []
    hold(tmp_path)


def test_checking_writes_nothing(tmp_path: Path) -> None:
    check_unlocked(tmp_path / "missing", "trained")
    assert list(tmp_path.iterdir()) == []
    leave_behind(tmp_path, process=2**22 + 1)
    before = (tmp_path / LOCK).read_text()
    check_unlocked(tmp_path, "trained")
    assert (tmp_path / LOCK).read_text() == before


def test_a_holder_notices_that_its_folder_was_moved(tmp_path: Path) -> None:
    run, moved, link = (tmp_path / name for name in ("run", "moved", "link"))
    run.mkdir()
    link.symlink_to(run)
    with folder_lock(link, "trained") as held:
        held.check_in_place()
        run.rename(moved)
        with pytest.raises(LimnerError, match="link was moved or deleted while it was being trained"):
            held.check_in_place()
        run.mkdir()
        (run / LOCK).write_text("another")
        with pytest.raises(LimnerError, match="was moved or deleted"):
            held.check_in_place()
        link.unlink()
        link.symlink_to(moved)
        held.check_in_place()


def test_copies_and_moved_folders_are_not_locked(tmp_path: Path) -> None:
    folder, copy, moved, link = (tmp_path / name for name in ("run", "copy", "moved", "link"))
    link.symlink_to(folder)
    with holder(folder):
        shutil.copytree(folder, copy)
        hold(copy)
        with pytest.raises(LimnerError, match="is being trained"):
            hold(link)
        folder.rename(moved)
        hold(moved)
        with folder_lock(moved, "trained"), pytest.raises(LimnerError, match="is being trained"):
            hold(moved)
        hold(moved)


def test_a_lock_file_that_says_nothing_still_locks(tmp_path: Path) -> None:
    with folder_lock(tmp_path, "trained"):
        for text in ("", "\n[]", '\n{"process": "x"}', '\n{"process": 1}'):
            (tmp_path / LOCK).write_text(text)
            with pytest.raises(
                LimnerError, match="is being trained by another process: wait until it ends"
            ):
                hold(tmp_path)


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LimnerError, match="file/run cannot be written"):
        hold(tmp_path / "file" / "run")


@pytest.mark.usefixtures("without_locks")
def test_without_locks_the_file_itself_locks(tmp_path: Path) -> None:
    with folder_lock(tmp_path, "trained"):
        sentence = rf"by process {os.getpid()}, since .*; if it has ended already, delete .*\.limner\.lock"
        with pytest.raises(LimnerError, match=sentence):
            hold(tmp_path)
    hold(tmp_path)
    (tmp_path / LOCK).write_text("")
    with pytest.raises(LimnerError, match="by another process"):
        hold(tmp_path)


@pytest.mark.usefixtures("without_locks")
@pytest.mark.parametrize(
    "changes",
    [{"boot": "an earlier one"}, {"started": "1"}, {"process": 2**22 + 1}, {"folder": "/another/folder"}],
)
def test_without_locks_a_stale_file_is_taken_over(tmp_path: Path, changes: dict[str, Any]) -> None:
    leave_behind(tmp_path, **changes)
    hold(tmp_path)


@pytest.mark.usefixtures("without_locks")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"host": "another"},
        {"host": "another", "process": 2**22 + 1},
        {"view": "a container", "process": 2**22 + 1, "folder": "/another/folder"},
    ],
)
def test_without_locks_what_may_run_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    leave_behind(tmp_path, **changes)
    with pytest.raises(LimnerError, match="on another, since" if "host" in changes else "since"):
        hold(tmp_path)


@pytest.mark.usefixtures("without_locks")
@pytest.mark.parametrize("last_step", ["_check_stale", "secrets.token_hex"])
@pytest.mark.parametrize("has_links", [True, False])
def test_of_two_processes_one_takes_a_stale_file_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last_step: str, has_links: bool
) -> None:
    """The first takes it over after the second has found it stale, directly after `last_step`."""
    if not has_links:
        monkeypatch.setattr(Path, "hardlink_to", Mock(side_effect=PermissionError))
    leave_behind(tmp_path, started="1")
    first, step = folder_lock(tmp_path, "trained"), attrgetter(last_step)(lock)
    with ExitStack() as stack:

        def step_and_race(*args: Any, **options: Any) -> Any:
            result = step(*args, **options)
            monkeypatch.setattr(f"limner.lock.{last_step}", step)
            held.append(stack.enter_context(first))
            return result

        held: list[FolderLock] = []
        monkeypatch.setattr(f"limner.lock.{last_step}", step_and_race)
        with pytest.raises(LimnerError, match=f"by process {os.getpid()}"):
            hold(tmp_path)
        held[0].check_in_place()
        assert [path.name for path in tmp_path.iterdir()] == [LOCK]


@pytest.mark.usefixtures("without_locks")
@pytest.mark.parametrize("process", [10**30, 2**31, 0, -5, float("inf"), "7"])
def test_without_locks_a_number_of_no_process_is_nobody_s(tmp_path: Path, process: Any) -> None:
    leave_behind(tmp_path, process=process)
    with pytest.raises(LimnerError, match="by another process"):
        hold(tmp_path)


def test_a_lock_that_is_a_link_to_nowhere_is_no_endless_wait(tmp_path: Path) -> None:
    (tmp_path / LOCK).symlink_to(tmp_path / "nowhere")
    with pytest.raises(LimnerError, match="cannot be written"), folder_lock(tmp_path, "trained"):
        pass
