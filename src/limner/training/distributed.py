"""One process, or the several that `torchrun` started: who am I, and what do the others have?

Gradients are averaged by hand, in one flat buffer for each network. torch's DistributedDataParallel
hides the same behind a wrapper that must be told about a discriminator which is called three times in a
step and frozen in one of them; our networks' gradients take a few milliseconds on the wire.

Batch norm counts its statistics in each process by itself, over its share of the batch: two processes
do not train quite what one does. Those that a look needs are counted by the first process alone
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
    """This process among those that train together."""

    rank: int
    world: int
    device: torch.device

    @property
    def is_main(self) -> bool:
        """Whether this one writes files and talks to people."""
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Put the mean over all processes in the place of each gradient."""
        if self.world > 1:
            self.all_reduce_mean([p.grad for p in parameters if p.grad is not None])

    def all_reduce_mean(self, tensors: list[Tensor]) -> None:
        """Put the mean over all processes in the place of tensors of one type."""
        if self.world > 1:
            flat = torch.cat([tensor.flatten() for tensor in tensors])
            with _peer_errors():
                distributed.all_reduce(flat)
            flat /= self.world
            _unflatten(flat, tensors)

    def broadcast(self, tensors: Iterable[Tensor]) -> None:
        """Put the first process' values in the place of all tensors."""
        if self.world > 1:
            for tensor in tensors:
                held = tensor.to(self.device).contiguous()
                with _peer_errors():
                    distributed.broadcast(held, 0)
                tensor.copy_(held)

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """For each flag whether it is up in any process."""
        if self.world == 1:
            return flags
        raised = torch.tensor(flags, dtype=torch.int32, device=self.device)
        with _peer_errors():
            distributed.all_reduce(raised, distributed.ReduceOp.MAX)
        return tuple(bool(flag) for flag in raised.tolist())

    def barrier(self) -> None:
        """Go on when all processes are here."""
        if self.world > 1:
            with _peer_errors():
                distributed.barrier()


@contextmanager
def _peer_errors() -> Iterator[None]:
    """Say in a sentence that another process has ended, or has not answered for `TIMEOUT`."""
    try:
        yield
    except RuntimeError as error:  # of which torch's own errors are kinds
        raise LimnerError(
            "One of the processes that train together has ended, or has not answered for "
            f"{TIMEOUT.seconds // 60} minutes: see what it said. The last checkpoint is as it was; "
            "the same command goes on from there."
        ) from error


def _unflatten(flat: Tensor, tensors: list[Tensor]) -> None:
    start = 0
    for tensor in tensors:
        tensor.copy_(flat[start : start + tensor.numel()].view(tensor.shape))
        start += tensor.numel()


@contextmanager
def process_group(device: str | None = None) -> Iterator[ProcessGroup]:
    """Join the processes that `torchrun` started, or be alone.

    `device` is a torch device; by default the process' CUDA GPU where there is one, else the CPU.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    chosen = _device(device)
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    if world == 1:
        yield ProcessGroup(0, 1, chosen)
        return
    if not distributed.is_initialized():
        # Once for the program's life: a group that is made again meets the old one's addresses in the
        # rendezvous' store, and now and then waits for ever.
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
        raise LimnerError(f"There is no device {name} here; cpu is always there.") from error
    return device
