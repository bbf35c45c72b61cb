"""Distributed training: one process, or the several that `torchrun` started, and their communication.

Gradients are averaged by hand, in one flat buffer for each network. torch's DistributedDataParallel does
the same behind a wrapper, which would need settings for a discriminator that is called three times in a
step and frozen in one of the calls. Sending our networks' gradients takes a few milliseconds.

Each process computes batch-norm statistics over its own share of the batch, so the result of two processes
differs slightly from that of one. The first process alone computes the statistics that a look needs
(`limner.training.batch_norm`).
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed

from limner.errors import LimnerError

TIMEOUT = timedelta(minutes=10)
"""How long a process waits for the others before it gives up with an error."""


@dataclass(frozen=True)
class ProcessGroup:
    """This process and its rank among those that train together."""

    rank: int
    world: int
    device: torch.device

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Replace each gradient by its mean over all processes."""
        if self.world > 1:
            self.all_reduce_mean([p.grad for p in parameters if p.grad is not None])

    def all_reduce_mean(self, tensors: list[Tensor]) -> None:
        """Replace tensors of one dtype by their means over all processes."""
        if self.world > 1:
            flat = torch.cat([tensor.flatten() for tensor in tensors])
            with _peer_errors():
                distributed.all_reduce(flat)
            flat /= self.world
            _unflatten(flat, tensors)

    def broadcast(self, tensors: Iterable[Tensor]) -> None:
        """Replace all tensors by those of the first process."""
        if self.world > 1:
            for tensor in tensors:
                buffer = tensor.to(self.device).contiguous()
                with _peer_errors():
                    distributed.broadcast(buffer, 0)
                tensor.copy_(buffer)

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """For each flag, whether it is set in any process."""
        if self.world == 1:
            return flags
        raised = torch.tensor(flags, dtype=torch.int32, device=self.device)
        with _peer_errors():
            distributed.all_reduce(raised, distributed.ReduceOp.MAX)
        return tuple(bool(flag) for flag in raised.tolist())

    def barrier(self) -> None:
        """Wait until all processes are here."""
        if self.world > 1:
            with _peer_errors():
                distributed.barrier()


@contextmanager
def _peer_errors() -> Iterator[None]:
    """Raise LimnerError where another process has ended, or has not answered for `TIMEOUT`."""
    try:
        yield
    except RuntimeError as error:  # the base class of torch's own errors
        raise LimnerError(
            "One of the processes that train together has ended, or has not answered for "
            f"{TIMEOUT.seconds // 60} minutes: see its output. The last checkpoint is intact; "
            "the same command resumes from there."
        ) from error


def _unflatten(flat: Tensor, tensors: list[Tensor]) -> None:
    start = 0
    for tensor in tensors:
        tensor.copy_(flat[start : start + tensor.numel()].view(tensor.shape))
        start += tensor.numel()


@contextmanager
def process_group(device: str | None = None) -> Iterator[ProcessGroup]:
    """Join the processes that `torchrun` started, or train alone.

    `device` is a torch device. The default is the process's CUDA GPU where there is one, else the CPU.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    chosen = _device(device)
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    if world == 1:
        yield ProcessGroup(0, 1, chosen)
        return
    if not distributed.is_initialized():
        # Only once per process: a second group finds the first one's addresses in the rendezvous store and
        # sometimes waits forever.
        distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo", timeout=TIMEOUT)
        atexit.register(distributed.destroy_process_group)
    yield ProcessGroup(distributed.get_rank(), world, chosen)


def _device(name: str | None) -> torch.device:
    if name is None:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        if device.type not in {"cpu", "cuda"}:
            raise LimnerError(f"Training runs on cpu or cuda, and not yet on {name}.")
        if device.type == "cuda" and device.index is None:
            device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise LimnerError(f"There is no device {name} here; cpu is always available.") from error
    return device
