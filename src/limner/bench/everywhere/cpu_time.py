"""CPU time of the processes that this one started, such as a browser's; where the system has /proc."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")


def descendants_cpu_ms() -> float | None:
    """Milliseconds of CPU time of all descendants so far, in the system's ticks (10 ms on Linux).

    It has what their threads and children took that have ended. None without /proc.
    """
    parents = _parents()
    if not parents:
        return None
    own = os.getpid()
    children: dict[int, list[int]] = {}
    for process, parent in parents.items():
        children.setdefault(parent, []).append(process)
    found, waiting = [], children.get(own, [])
    while waiting:
        process = waiting.pop()
        found.append(process)
        waiting = waiting + children.get(process, [])
    return sum(map(_cpu_ms, found))


def _parents() -> dict[int, int]:
    """The parent of each process."""
    parents = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(_stat(int(folder.name))[1])
        except (OSError, ValueError, IndexError):
            continue  # the process has ended
    return parents


def _cpu_ms(process: int) -> float:
    """utime, stime, cutime and cstime, of all threads: the fields 14 to 17 of `stat` (proc_pid_stat(5))."""
    try:
        fields = _stat(process)[11:15]
    except (OSError, ValueError, IndexError):
        return 0.0  # the process has ended
    return 1000 * sum(map(int, fields)) / os.sysconf("SC_CLK_TCK")


def _stat(process: int) -> list[str]:
    """The fields of its `stat` after its name, which may have spaces: the first is number 3."""
    return (PROC / str(process) / "stat").read_text().rpartition(") ")[2].split()
