"""Activations become part of the convolution or linear layer before them, as TensorFlow's converters do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from limner.export.nhwc.operations import Activation, Clip, Convolution, Dense, NhwcOp, Unary


def fuse_activations(ops: Sequence[NhwcOp], outputs: Sequence[str]) -> list[NhwcOp]:
    """Fuse an activation into the preceding operation if nothing else reads the value between them."""
    readers: dict[str, list[NhwcOp]] = {}
    for op in ops:
        for name in op.inputs:
            readers.setdefault(name, []).append(op)
    fused: list[NhwcOp] = []
    fused_names = set()
    for op in ops:
        if op.output in fused_names:
            continue
        after = readers.get(op.output, [])
        activation = _activation(after[0]) if len(after) == 1 and op.output not in outputs else None
        if activation and isinstance(op, Convolution | Dense):
            fused_names.add(after[0].output)
            fused.append(replace(op, output=after[0].output, activation=activation))
        else:
            fused.append(op)
    return fused


def _activation(op: NhwcOp) -> Activation | None:
    match op:
        case Unary(kind="relu" | "leaky" as kind, alpha=alpha):
            return Activation(kind, alpha)
        case Clip(is_relu6=True):
            return Activation("relu6")
        case _:
            return None
