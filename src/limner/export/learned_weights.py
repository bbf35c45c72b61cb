"""Weights that were trained elsewhere, back in the network that they began with.

`limner train-step` writes a network's training step; the program that trains with it, in any runtime of
ONNX, saves the state as safetensors (https://huggingface.co/docs/safetensors): the weights by their names,
running statistics, and what the optimizer keeps as `WEIGHT SLOT`. A look stays one, and its weights are
stored in the form that they had, if it is one that limner writes, else as float32.

```python
learned = write_learned(Path("clouds.onnx"), Path("weights.safetensors"), Path("clouds-learned.onnx"))
```
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto
from safetensors import SafetensorError
from safetensors.numpy import load

from limner.display import printable
from limner.errors import LimnerError, system_reason
from limner.files import atomic_write
from limner.look.look import MAX_FILE_BYTES, is_limner_look, read_look, read_look_file
from limner.look.metadata import Metadata, read_metadata, write_metadata
from limner.look.stored_weights import StoredWeights
from limner.look.validation import check_tensors, parse_model
from limner.reading import read_regular
from limner.replacing import check_no_source, check_replaceable

Weights = dict[str, NDArray[np.float32]]

SUFFIX = " (learned)"
"""Of the look's name, as in the page."""

MAX_STATE_BYTES = 16 * MAX_FILE_BYTES
"""Weights in 8 bits are four times as large in float32, and there are up to three slots of each."""

LASTING = ("parameters", "multiply_adds", "zero_stuffed")
"""Figures that hold for any weights."""


@dataclass(frozen=True)
class LearnedNetwork:
    """A network with other weights."""

    path: Path
    bytes: int
    weights: int
    """Tensors that have other values."""


def write_learned(source: Path, weights: Path, out: Path, *, force: bool = False) -> LearnedNetwork:
    """Write the network of `source`, a look or any ONNX file, with the weights in `weights` to `out`.

    Raises LimnerError for files that are damaged or do not fit each other, for weights that are NaN or
    infinite, and for an `out` that must not be replaced.
    """
    content = read_look_file(source)
    try:
        model = parse_model(content)
        check_tensors(model.graph)
        metadata = read_metadata(model)
    except LimnerError as error:
        raise LimnerError(f"{source} {error}.") from error
    check_no_source([out], [source, weights])
    check_replaceable(out, is_limner_look, force=force, foreign="is no look of limner's")
    stored = StoredWeights(model)
    learned = _select_weights(stored, _read_weights(weights), source, weights)
    stored.replace(learned)
    if metadata is not None:
        write_metadata(model, _learned_metadata(metadata))
    made = _checked(model, out, is_look=metadata is not None)
    atomic_write(out, made)
    return LearnedNetwork(out, len(made), len(learned))


def _read_weights(path: Path) -> Weights:
    try:
        if path.stat().st_size > MAX_STATE_BYTES:
            most = f"{MAX_STATE_BYTES / 1e6:,.0f} MB"
            raise LimnerError(f"{path} has more than {most}: give the state of one network.")
        tensors = load(read_regular(path))
    except OSError as error:
        raise LimnerError(f"{path} cannot be opened: {system_reason(error)}.") from error
    except (SafetensorError, KeyError, TypeError) as error:
        raise LimnerError(
            f"{path} is no safetensors file of numbers: save the state as the program of "
            "`limner train-step` does."
        ) from error
    return tensors


def _select_weights(stored: StoredWeights, tensors: Weights, source: Path, path: Path) -> Weights:
    """The tensors that are the network's, without what an optimizer keeps for each."""
    shapes = {name: stored.shape(name) for name in tensors}
    own = {name for name, shape in shapes.items() if shape is not None}
    for name in tensors.keys() - own:
        if not any(name.startswith(f"{weight} ") for weight in own):
            raise LimnerError(
                f"{path} has '{printable(name[:60])}', and {source} has no weight of that name: give the "
                "network that the training step was made of."
            )
    if not own:
        raise LimnerError(
            f"{path} has no weights: save the state as the program of `limner train-step` does."
        )
    learned = {name: tensors[name] for name in sorted(own)}
    for name, values in learned.items():
        if values.dtype != np.float32 or values.shape != shapes[name]:
            raise LimnerError(
                f"'{printable(name[:60])}' in {path} is {values.dtype} of {list(values.shape)}; {source} "
                f"has float32 of {list(shapes[name] or ())}: give the network that the training step was "
                "made of."
            )
        if not np.isfinite(values).all():
            raise LimnerError(
                f"'{printable(name[:60])}' in {path} is NaN or infinite: the training diverged. Train with "
                "a smaller learning rate."
            )
    return learned


def _learned_metadata(metadata: Metadata) -> Metadata:
    """The look's name says that it learned; figures of the weights before are left out."""
    name = metadata.name if metadata.name.endswith(SUFFIX) or not metadata.name else metadata.name + SUFFIX
    figures = {key: value for key, value in metadata.figures.items() if key in LASTING}
    return dataclasses.replace(metadata, name=name, figures=figures)


def _checked(model: ModelProto, out: Path, *, is_look: bool) -> bytes:
    """The file, after limner has opened it as any look."""
    made: bytes = model.SerializeToString()
    if is_look:
        read_look(made, out)
    return made
