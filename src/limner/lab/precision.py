"""The numbers in which a network computes while it learns."""

from __future__ import annotations

import torch

from limner.lab.options import PrecisionName


def autocast(precision: PrecisionName) -> torch.autocast:
    """The context of a forward pass on the CPU: torch chooses which products are rounded to bfloat16."""
    return torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")
