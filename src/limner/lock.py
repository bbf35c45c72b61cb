"""The lock of a folder that one process at a time may write: a run in training, a store in preparation.

The lock is the operating system's, on a file in the folder. It ends with its process, however that dies; it
is not copied with the folder; and it holds between containers. The file says who holds it, for people, and
which folder: a folder that was renamed took the file along, and is free where that can be proven.
Some network drives have no locks: there, whoever creates the file holds it, and what it says about its
process tells whether that still runs.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from filelock import lock_descriptor

from limner.display import printable
from limner.errors import LimnerError
from limner.files import disk_errors
from limner.reading import parse_json

LOCK = ".limner.lock"
"""Hidden, so that it counts neither as content of the folder nor as a picture."""

Work = Literal["trained", "written"]
"""What the holder does to the folder."""


@dataclass(frozen=True)
class Holder:
    """A process that holds a folder."""

    folder: str
    """The folder's resolved path when it was locked."""
    host: str
    boot: str
    """An identifier of the system's current boot; empty where the system has none."""
    view: str
    """What its paths and its number mean: they mean something else in another container."""
    process: int
    started: str
    """When the process started, in the kernel's clock ticks; empty where the system does not tell."""
    since: str
    """When the folder was locked, as people read it."""

    def is_on_this_machine(self) -> bool:
        """Whether it ran on this machine, though perhaps before it was last started."""
        return self.host == platform.node()

    def is_elsewhere(self, folder: Path) -> bool:
        """Whether it holds another folder, of which this one is a copy, or which was moved here.

        False where this process cannot know: the holder's path must mean here what it means there.
        """
        return (
            self.is_on_this_machine()
            and (self.boot, self.view) == (_boot(), _view())
            and not (Path(self.folder).exists() and folder.samefile(self.folder))
        )

    def is_running(self) -> bool:
        """Whether the process still runs; true where this process cannot know."""
        # Windows would interrupt it: signal 0 is Ctrl-C.
        if not self.is_on_this_machine() or os.name == "nt":
            return True
        if self.boot != _boot():
            return False
        if self.view != _view():
            return True
        with suppress(PermissionError):  # it runs, as another user
            try:
                os.kill(self.process, 0)
            except ProcessLookupError:
                return False
        return self.started == _start_of(self.process)  # numbers of processes are used again


@dataclass(frozen=True)
class FolderLock:
    """A folder that this process holds."""

    folder: Path
    """As the caller named it."""
    work: Work
    descriptor: int
    """Of the open lock file."""

    def check_in_place(self) -> None:
        """Raise LimnerError where the folder's path no longer leads to the folder that is held."""
        if not _is_file_at(self.descriptor, self.folder / LOCK):
            raise LimnerError(
                f"{printable(self.folder)} was moved or deleted while it was being {self.work}, or its "
                f"{LOCK} was: nothing more is written. Give the folder's new name to go on from there."
            )


@contextmanager
def folder_lock(folder: Path, work: Work) -> Iterator[FolderLock]:
    """Hold `folder` during the block. It is made where it is missing, and removed again if it stays empty.

    Raises LimnerError where another process holds it, with a sentence that names the process, and where the
    folder cannot be written.
    """
    path = Path(os.path.realpath(folder)) / LOCK
    with _new_folders(path.parent):
        with disk_errors(folder):
            descriptor = _take(path, folder, work)
        try:
            yield FolderLock(folder, work, descriptor)
        finally:
            _release(path, descriptor)


def check_unlocked(folder: Path, work: Work) -> None:
    """Raise LimnerError, as `folder_lock` does, where another process holds `folder`; writes nothing."""
    try:
        descriptor = _open_existing(folder / LOCK)
    except OSError:  # mostly, there is none
        return
    try:
        has_locks, is_held = _lock(descriptor, is_new=False)
        if not is_held:
            _check_stale(descriptor, folder, work, has_locks=has_locks)
    finally:
        os.close(descriptor)


@contextmanager
def _new_folders(folder: Path) -> Iterator[None]:
    """Remove after the block those folders of the path that it made, if they are empty."""
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        yield
    finally:
        with suppress(OSError):
            for path in missing:
                path.rmdir()


def _take(path: Path, folder: Path, work: Work) -> int:
    """A descriptor that holds the lock file at `path`."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)  # its last holder may have removed what it made
        try:
            descriptor, is_new = _open(path)
        except FileNotFoundError:  # its holder has just released it
            continue
        is_held = False
        try:
            has_locks, is_held = _lock(descriptor, is_new)
            if not is_held:
                _check_stale(descriptor, folder, work, has_locks=has_locks)
                _delete_stale(descriptor, path)
            # Its last holder may have removed the file while this process opened it.
            elif _is_file_at(descriptor, path):
                if not os.access(path, os.W_OK):  # another user left it
                    path.unlink()
                else:
                    _record(descriptor, path.parent)
                    if _is_file_at(descriptor, path):
                        return descriptor
        except BaseException:
            if is_held:
                _release(path, descriptor)  # without locks, what is left of it would lock for ever
            else:
                os.close(descriptor)
            raise
        os.close(descriptor)


def _open(path: Path) -> tuple[int, bool]:
    """A descriptor of the lock file, and whether this process created it."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644), True
    except FileExistsError:
        if path.is_symlink():  # one that leads nowhere would neither be opened nor created
            raise
        return _open_existing(path), False


def _open_existing(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR)
    except PermissionError:  # another user's can be locked too, and says who holds it
        return os.open(path, os.O_RDONLY)


def _lock(descriptor: int, is_new: bool) -> tuple[bool, bool]:
    """Whether the file system has locks, and whether this process now holds the file."""
    try:
        return True, lock_descriptor(descriptor, blocking=False)
    except OSError:
        return False, is_new


def _is_file_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except (FileNotFoundError, NotADirectoryError):
        return False


def _check_stale(descriptor: int, folder: Path, work: Work, *, has_locks: bool) -> None:
    """Raise LimnerError unless the lock file, which is not free, shows that nobody holds `folder`."""
    holder = _read_holder(descriptor)
    if holder is not None:
        is_elsewhere, is_running = holder.is_elsewhere(folder), holder.is_running()
        # The holder of a system's lock runs. If the file names one that does not, it is an earlier one: the
        # holder has yet to write who it is.
        if (is_elsewhere and is_running) if has_locks else (is_elsewhere or not is_running):
            return
    raise LimnerError(_refusal(holder, folder, work, has_locks=has_locks))


def _delete_stale(descriptor: int, path: Path) -> None:
    """Delete the lock file of `descriptor`, unless another process has already put its own at `path`.

    Between a look at `path` and its deletion another process could take it over. So the file is moved to a
    name that nobody else knows, and looked at there.
    """
    if not _is_file_at(descriptor, path):
        return
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    if not _is_file_at(descriptor, aside):
        _put_back(aside, path)
    aside.unlink(missing_ok=True)


def _put_back(aside: Path, path: Path) -> None:
    """Move the file back, unless a third process has put its own there, which a link does not replace."""
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        pass
    except OSError:  # mostly a drive without links
        aside.rename(path)


def _refusal(holder: Holder | None, folder: Path, work: Work, *, has_locks: bool) -> str:
    if holder is None:
        who = "another process"
    else:
        where = "" if holder.is_on_this_machine() else f" on {printable(holder.host)}"
        who = f"process {holder.process}{where}, since {printable(holder.since)}"
    remedy = "wait until it ends, or stop it"
    if not has_locks:
        remedy += f"; if it has ended already, delete {printable(folder / LOCK)}"
    return f"{printable(folder)} is being {work} by {who}: {remedy}."


def _record(descriptor: int, folder: Path) -> None:
    """Write who holds the file. Windows lets nobody read the byte that is locked, so the first is empty."""
    holder = Holder(
        folder=str(folder),
        host=platform.node(),
        boot=_boot(),
        view=_view(),
        process=os.getpid(),
        started=_start_of(os.getpid()),
        since=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
    )
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, b"\n" + json.dumps(asdict(holder)).encode())


def _read_holder(descriptor: int) -> Holder | None:
    """Who holds the file; None where it does not say."""
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        os.lseek(descriptor, 1, os.SEEK_SET)
        about = parse_json(os.read(descriptor, 1 << 16))
        process = about.pop("process")
        if not (isinstance(process, int) and 0 < process < 2**31):  # to `os.kill`, -5 is a group
            return None
        return Holder(process=process, **{name: str(value) for name, value in about.items()})
    return None


def _release(path: Path, descriptor: int) -> None:
    if os.name == "nt":  # which deletes no open file, so neither the file of the next holder
        os.close(descriptor)
        with suppress(OSError):
            path.unlink()
        return
    # Deleted while it is held: whoever opens it later creates a new one.
    with suppress(OSError):
        if _is_file_at(descriptor, path):
            path.unlink()
    os.close(descriptor)


def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


def _view() -> str:
    """The namespaces of mounts and processes, and the root; empty where the system tells no namespaces."""
    with suppress(OSError):
        spaces = [str(Path(f"/proc/self/ns/{kind}").readlink()) for kind in ("mnt", "pid")]
        root = Path("/").stat()
        return " ".join([*spaces, f"{root.st_dev}:{root.st_ino}"])
    return ""


def _start_of(process: int) -> str:
    with suppress(OSError, IndexError):
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[19]  # field 22; the name before it may have spaces
    return ""
