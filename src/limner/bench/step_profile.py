"""What bounds a training step: the share of its time that each part takes, by torch's profiler.

Forward passes are recorded as ranges, by hooks on the networks. A backward operation has the sequence
number of the forward operation that it belongs to, so it is counted to the same network. On a GPU the times
are those of its kernels.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile, record_function

PREFIX = "limner::"
STEP, DATA = f"{PREFIX}step", f"{PREFIX}data"
BACKWARD, OPTIMIZER = "autograd::engine::evaluate_function: ", "Optimizer."


def profile_steps(
    step: Callable[[], object], count: int, networks: Mapping[str, nn.Module], device: torch.device
) -> dict[str, float]:
    """The share (0..1) of `count` steps in each network, in `data`, `optimizer` and `other`.

    A step records the range `DATA` around the preparation of its batch.
    """
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # the profiler writes its log among the progress
    activities = [ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    with ExitStack() as hooks:
        for name, network in networks.items():
            hooks.enter_context(_recorded(network, PREFIX + name))
        with profile(activities=activities) as profiler:
            for _ in range(count):
                with record_function(STEP):
                    step()
                    if device.type == "cuda":
                        torch.cuda.synchronize(device)
    return _shares(list(profiler.events() or ()), [*networks, "data"], is_gpu=device.type == "cuda")


@contextmanager
def _recorded(network: nn.Module, name: str) -> Iterator[None]:
    """Record each forward pass of a network as a range."""
    ranges: list[record_function] = []

    def begin(*_: Any) -> None:
        ranges.append(record_function(name))
        ranges[-1].__enter__()  # type: ignore[no-untyped-call]

    def end(*_: Any) -> None:
        ranges.pop().__exit__(None, None, None)

    handles = [network.register_forward_pre_hook(begin), network.register_forward_hook(end)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _shares(events: list[FunctionEvent], parts: list[str], *, is_gpu: bool) -> dict[str, float]:
    on_cpu = [event for event in events if event.device_type.name == "CPU"]
    owners = dict(_owners(on_cpu))
    times: defaultdict[str, float] = defaultdict(float)
    for event in on_cpu:
        if (part := _part_of(event, owners)) is not None:
            times[part] += event.device_time_total if is_gpu else event.cpu_time_total
    whole = times.pop(STEP) or 1.0
    shares = {part: times[PREFIX + part] / whole for part in parts}
    shares["optimizer"] = times[OPTIMIZER] / whole
    return shares | {"other": max(0.0, 1 - sum(shares.values()))}


def _owners(events: list[FunctionEvent]) -> Iterator[tuple[int, str]]:
    """The range of each forward operation, by its sequence number."""
    for event in events:
        parent = event.cpu_parent
        while event.sequence_nr >= 0 and parent is not None:
            if parent.name.startswith(PREFIX) and parent.name != STEP:
                yield event.sequence_nr, parent.name
                break
            parent = parent.cpu_parent


def _part_of(event: FunctionEvent, owners: Mapping[int, str]) -> str | None:
    """The part that the whole time of an event belongs to; None for an operation within another event."""
    if event.name.startswith(PREFIX):
        return str(event.name)
    if event.name.startswith(OPTIMIZER):
        return OPTIMIZER
    return owners.get(event.sequence_nr) if event.name.startswith(BACKWARD) else None
