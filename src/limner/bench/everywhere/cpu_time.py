"""CPU time of the processes that this one started, such as a browser's; where the system has /proc."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")


def descendants_cpu_ms() -> float | None:
    """Milliseconds of CPU time of all descendants so far, over all their threads; None without /proc."""
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
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(") ")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue  # the process has ended
    return parents


def _cpu_ms(process: int) -> float:
    """In nanoseconds in `schedstat` of each thread; a thread that has ended is missed."""
    total = 0
    for task in (PROC / str(process) / "task").glob("*/schedstat"):
        try:
            total += int(task.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            continue
    return total / 1e6
