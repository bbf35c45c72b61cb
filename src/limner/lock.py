"""The lock of a folder that one process at a time may write: a run in training, a store in preparation.

The lock is the operating system's, on a file in the folder. It ends with its process, however that dies; it
is not copied with the folder; and it holds between containers. The file says who holds it, for people.
Some network drives have no locks: there, whoever creates the file holds it, and what it says about its
process tells whether that still runs.
"""

from __future__ import annotations

import json
import os
import platform
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
    process: int
    started: str
    """When the process started, in the kernel's clock ticks; empty where the system does not tell."""
    since: str
    """When the folder was locked, as people read it."""

    def is_on_this_machine(self) -> bool:
        """Whether it ran on this machine, though perhaps before it was last started."""
        return self.host == platform.node()

    def is_elsewhere(self, folder: Path) -> bool:
        """Whether it holds another folder, of which this one is a copy, or which was moved here."""
        return (
            self.is_on_this_machine()
            and self.boot == _boot()
            and not (Path(self.folder).exists() and folder.samefile(self.folder))
        )

    def is_running(self) -> bool:
        """Whether the process still runs; true where this machine cannot know."""
        if (
            not self.is_on_this_machine() or os.name == "nt"
        ):  # Windows would interrupt it: signal 0 is Ctrl-C
            return True
        if self.boot != _boot():
            return False
        with suppress(PermissionError):  # it runs, as another user
            try:
                os.kill(self.process, 0)
            except ProcessLookupError:
                return False
        return self.started == _start_of(self.process)  # numbers of processes are used again


@contextmanager
def folder_lock(folder: Path, work: Work) -> Iterator[None]:
    """Hold `folder` during the block; it is made where it is missing.

    Raises LimnerError where another process holds it, with a sentence that names the process, and where the
    folder cannot be written.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder.resolve() / LOCK
        descriptor = _take(path, folder, work)
    try:
        yield
    finally:
        _release(path, descriptor)


def check_unlocked(folder: Path, work: Work) -> None:
    """Raise LimnerError, as `folder_lock` does, where another process holds `folder`."""
    if (folder / LOCK).exists():
        with folder_lock(folder, work):
            pass


def _take(path: Path, folder: Path, work: Work) -> int:
    """A descriptor that holds the lock file at `path`."""
    while True:
        try:
            descriptor, is_new = _open(path)
        except FileNotFoundError:  # its holder has just released it
            continue
        try:
            has_locks, is_held = _lock(descriptor, is_new)
            # Its last holder may have removed the file while this process opened it.
            if is_held and _is_file_at(descriptor, path):
                _record(descriptor, path.parent)
                return descriptor
            if not is_held:
                holder = _read_holder(descriptor)
                if not _is_stale(holder, path.parent, has_locks=has_locks):
                    raise LimnerError(_refusal(holder, folder, work, has_locks=has_locks))
                path.unlink(missing_ok=True)
        except BaseException:
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
        return os.open(path, os.O_RDWR), False


def _lock(descriptor: int, is_new: bool) -> tuple[bool, bool]:
    """Whether the file system has locks, and whether this process now holds the file."""
    try:
        return True, lock_descriptor(descriptor, blocking=False)
    except OSError:
        return False, is_new


def _is_file_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _is_stale(holder: Holder | None, folder: Path, *, has_locks: bool) -> bool:
    """Whether `holder` does not hold this folder, although the lock file is not free."""
    if holder is None:
        return False
    # With locks of the system the process runs; it may be one of another container, which looks dead here.
    return holder.is_elsewhere(folder) or (not has_locks and not holder.is_running())


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
        about = json.loads(os.read(descriptor, 1 << 16))
        process = int(about.pop("process"))
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


def _start_of(process: int) -> str:
    with suppress(OSError, IndexError):
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[19]  # field 22; the name before it may have spaces
    return ""
