"""Where figures come from: a figure without its machine and versions is a rumour."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from limner import __version__


def collect_environment(device: torch.device) -> dict[str, Any]:
    """Versions, machine, threads and time, for the head of a benchmark's JSON."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "limner": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "pillow": importlib.metadata.version("pillow"),
            "numpy": importlib.metadata.version("numpy"),
        },
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cpu": cpu_name(),
            "cores": os.cpu_count(),
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
            "load": load(),
        },
        "threads": torch.get_num_threads(),
    }


def cpu_name() -> str:
    """The processor's name, as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def load() -> float | None:
    """Mean number of programs that wanted to run over the last minute; None where it is not told.

    Above a few tenths at the start, figures are of a machine that others used meanwhile.
    """
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def describe_environment(results: dict[str, Any]) -> str:
    """The origin as a paragraph for a table."""
    machine, versions = results["machine"], results["versions"]
    where = machine["cpu"] if machine["device"] == "cpu" else machine["device"]
    return (
        f"{results['time'][:10]}, {where}, {machine['cores']} cores, {results['threads']} threads, "
        f"torch {versions['torch']}, Python {versions['python']}, limner {versions['limner']}; "
        f"load before the start {machine['load']}."
    )
