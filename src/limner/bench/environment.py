"""The environment of a benchmark: machine, versions, threads and time."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from limner import __version__

SOFTWARE_GPUS = ("swiftshader", "llvmpipe", "lavapipe", "softpipe", "basic render")
"""Parts of the names of software adapters: Chromium's, Mesa's and Windows'."""


def collect_environment(device: torch.device) -> dict[str, Any]:
    """Versions, machine, threads and time, for the head of a benchmark's JSON."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": source_commit(),
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
            "load": load_average(),
        },
        "threads": torch.get_num_threads(),
    }


def source_commit() -> str | None:
    """The commit of limner's source, with `-dirty` if it was changed since; None outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=30
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def cpu_name() -> str:
    """The processor's name as the system reports it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def is_software_gpu(name: str) -> bool:
    """Whether the adapter of that name computes on the CPU."""
    return any(word in name.lower() for word in SOFTWARE_GPUS)


def load_average() -> float | None:
    """The system's load average over the last minute; None if the system has none.

    A value above a few tenths at the start means that other programs used the machine during the benchmark.
    """
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def describe_environment(results: dict[str, Any]) -> str:
    """The environment as a paragraph for a table."""
    machine, versions = results["machine"], results["versions"]
    where = machine["cpu"] if machine["device"] == "cpu" else machine["device"]
    return (
        f"{results['time'][:10]}, {where}, {machine['cores']} cores, {results['threads']} threads, "
        f"torch {versions['torch']}, Python {versions['python']}, limner {versions['limner']}; "
        f"load before the start {machine['load']}."
    )
