"""Looks: the trained result, one ONNX file, opened and checked.

```python
look = open_look(Path("clouds.onnx"))
painting = look.paint(image, brightness=0.1)  # float32 (P, P, 3) in 0..1, both
```

A look may have memory (`limner.look.state`), which each painting replaces; `reset_state` begins anew.

A look may come from a stranger. Opening one runs no code from it and allocates no more than the file's own
size justifies. A fault is raised as a sentence before any runtime reads the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from limner.errors import LimnerError, system_reason
from limner.look.format_conversion import read_formats
from limner.look.metadata import Metadata, is_limner_model, read_metadata, read_state_names
from limner.look.picture_format import PLAIN, Formats
from limner.look.quantization import dequantize_weights
from limner.look.session import make_session, short_message
from limner.look.state import State, StateTensor, read_state
from limner.look.transposed import with_transposed_convs
from limner.look.validation import (
    check_agreement,
    check_tensors,
    describe_size,
    infer_shapes,
    parse_model,
    picture_input,
    picture_shape,
    required_scalars,
)
from limner.reading import read_regular

MAX_FILE_BYTES = 512 * 2**20
"""Largest file that is opened, in bytes; our largest look has 218 MB."""


Image = NDArray[np.float32]
"""(H, W, 3) RGB in 0..1; ours are square, (P, P, 3)."""


@dataclass(frozen=True, kw_only=True)
class Look(Metadata):
    """An opened look."""

    path: Path
    content: bytes = field(repr=False)
    """The whole file."""
    model: ModelProto = field(repr=False, compare=False)
    """The graph, with the shapes of its values."""
    state_tensors: tuple[StateTensor, ...] = field(default=(), compare=False)
    """What stays from painting to painting."""
    formats: Formats = PLAIN
    """Those of the network before it was converted (`limner.look.adaptation`); else those of a look."""

    def session(self) -> Any:
        """A new onnxruntime session on the CPU. Raises LimnerError where onnxruntime refuses the graph."""
        # A session would dequantize stored weights at every picture, taking two to three times as long.
        model = with_transposed_convs(dequantize_weights(self.model))
        return make_session(model.SerializeToString(), self.path)

    @cached_property
    def _session(self) -> Any:
        return self.session()

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the picture and of the painting. The longer one is `pixels`."""
        return picture_shape(self.model.graph, self.state)

    def paint(self, image: Image, **live: float) -> Image:
        """Paint `image`; both are (H, W, 3) in 0..1. `live` holds values as in `Look.live`."""
        return self.paint_and_guide(image, **live)[0]

    def paint_and_guide(self, image: Image, **live: float) -> tuple[Image, Image]:
        """The painting (H, W, 3) and the network's input (H, W, 1 or 3).

        For an ONNX file that is not ours the input is the image itself. Raises LimnerError as `run` does.
        """
        outputs = self.run(image, **live)
        guide = to_image_array(outputs[self._guide_place]) if self.guide else image.astype(np.float32)
        return to_image_array(outputs[0]), guide

    def run(self, image: Image, **live: float) -> list[NDArray[np.float32]]:
        """The network's outputs for `image` (H, W, 3), as they are: the painting first, (1, 3, H, W).

        Of a look with state, the next run goes on where this one ends.

        Raises LimnerError where a live value is unknown or out of range, the image has another size, or
        ONNX Runtime fails.
        """
        if image.shape != (*self.shape, 3):
            raise LimnerError(
                f"The image has shape {image.shape}; {self.path} paints {describe_size(*self.shape)}."
            )
        feed = {
            self._input: image.transpose(2, 0, 1)[None].astype(np.float32),
            **{scalar.name: np.zeros((), np.float32) for scalar in required_scalars(self.model.graph)},
            **self.to_graph_inputs(live),
            **self._state.values,
        }
        try:
            outputs: list[NDArray[np.float32]] = self._session.run(None, feed)
        except LimnerError:
            raise
        except Exception as error:  # onnxruntime's exceptions share no class
            raise LimnerError(f"{self.path} cannot paint: {short_message(error)}.") from error
        self._state.advance(dict(zip(self._outputs, outputs, strict=True)))
        return outputs

    def reset_state(self) -> None:
        """Begin anew, as before the first painting."""
        self._state.reset()

    def read_state(self) -> dict[str, NDArray[np.float32]]:
        """A copy of what the look keeps from painting to painting, by input, in ONNX's shapes."""
        return {name: values.copy() for name, values in self._state.values.items()}

    def write_state(self, values: Mapping[str, NDArray[np.float32]]) -> None:
        """Set some or all of it. Raises LimnerError for a name or a shape that the look does not have."""
        try:
            self._state.write(values)
        except LimnerError as error:
            raise LimnerError(f"{self.path} {error}.") from error

    @cached_property
    def _state(self) -> State:
        return State(self.state_tensors)

    def to_graph_inputs(self, live: Mapping[str, float]) -> dict[str, NDArray[np.float32]]:
        """Values of live inputs as graph inputs. Raises LimnerError for unknown or out-of-range values."""
        values = {}
        for name, value in live.items():
            if name not in self.live:
                if name in self.filters:
                    raise LimnerError(
                        f"{name} is a filter of {self.path}, which is off: limner.look.filters turns it on."
                    )
                known = ", ".join(self.live) or "none"
                raise LimnerError(f"{self.path} has no live input {name}; it has {known}.")
            allowed = self.live[name]
            if not allowed.minimum <= value <= allowed.maximum:  # also refuses NaN
                raise LimnerError(
                    f"{name} is {value:g}; {self.path} takes {allowed.minimum:g} to {allowed.maximum:g}."
                )
            values[name] = np.array(value, dtype=np.float32)
        return values

    @property
    def _input(self) -> str:
        return picture_input(self.model.graph, self.state).name

    @property
    def _outputs(self) -> list[str]:
        return [value.name for value in self.model.graph.output]

    @property
    def _guide_place(self) -> int:
        """The place of the guide: the first output after the painting that is no state."""
        kept = set(self.state.values())
        return next(place for place, name in enumerate(self._outputs) if place and name not in kept)


def open_look(path: Path) -> Look:
    """Read and check a look, or another program's image-to-image ONNX file.

    Another program's file receives RGB in 0..1, and 0 for each scalar without a default; its first output
    is taken as RGB in 0..1. `adaptation.open_network` also opens those with other pictures.
    Raises LimnerError with a sentence for any other file.
    """
    return read_look(read_look_file(path), path)


def read_look_file(path: Path) -> bytes:
    """The bytes of a look's file. Raises LimnerError if it cannot be read, or is too large."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise LimnerError(f"{path} is a folder; give the file of a look.")
        if size > MAX_FILE_BYTES:
            raise LimnerError(
                f"{path} has {size / 1e6:,.0f} MB; a look has at most {MAX_FILE_BYTES / 1e6:,.0f}."
            )
        return read_regular(path)
    except OSError as error:
        raise LimnerError(f"{path} cannot be opened: {system_reason(error)}.") from error


def is_limner_look(path: Path) -> bool:
    """Whether `path` is a model that limner wrote, and not another program's or no model at all."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return False
        return is_limner_model(parse_model(read_regular(path)))
    except (OSError, LimnerError):
        return False


def read_look(content: bytes, path: Path) -> Look:
    """As `open_look`, from the bytes of a file; error sentences name `path`."""
    try:
        model = parse_model(content)
        metadata = read_metadata(model)
        check_tensors(model.graph)
        model = infer_shapes(model)
        names = read_state_names(model)
        state = read_state(model, names)
        shape = picture_shape(model.graph, names)
        if metadata is None:
            metadata = Metadata(pixels=max(shape), state=names)
        else:
            check_agreement(metadata, model.graph, shape)
    except LimnerError as error:
        raise LimnerError(f"{path} {error}.") from error
    formats = read_formats(model) or PLAIN
    return Look(
        **vars(metadata), path=path, content=content, model=model, state_tensors=state, formats=formats
    )


def to_image_array(output: NDArray[np.float32]) -> Image:
    """Convert (1, C, H, W) with any values to (H, W, C) in 0..1."""
    picture: Image = np.nan_to_num(output[0].transpose(1, 2, 0)).clip(0, 1).astype(np.float32)
    return picture
