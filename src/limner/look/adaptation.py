"""Open another program's network as a look, whatever the format of its pictures.

```python
adapted = open_network(Path("mosaic.onnx"))
adapted.look.paint(image)  # RGB in 0..1
adapted.look.formats.input.range  # "0..255"
```

Layout and channels are read from the shapes. The range is read from the first and the last nodes, where
those tell; else each is tried. What a person says comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, ValueInfoProto

from limner.display import printable
from limner.errors import LimnerError
from limner.look.format_conversion import PROPERTY, with_fixed_size, with_plain_pictures
from limner.look.format_hints import GraphEnds
from limner.look.format_trial import Finding, draw_test_picture, find_formats, find_swapped_channels
from limner.look.look import Look, read_look, read_look_file
from limner.look.metadata import has_state, is_limner_model
from limner.look.network_kind import Output, describe_outputs
from limner.look.picture_format import (
    CHANNEL_COUNTS,
    NOTHING_SAID,
    RANGES,
    Channels,
    FormatOptions,
    Formats,
    Layout,
    PictureFormat,
    Range,
)
from limner.look.picture_sizes import Size
from limner.look.picture_values import (
    CHANNELS,
    NUMBERS,
    is_picture,
    output_layouts,
    picture_inputs,
    read_input_format,
)
from limner.look.session import make_session, short_message
from limner.look.size_choice import choose_size
from limner.look.validation import (
    DEFAULT_PIXELS,
    check_tensors,
    describe_size,
    infer_shapes,
    parse_model,
    required_scalars,
    value_shape,
)


@dataclass(frozen=True)
class Adapted:
    """A look, and how it came to be one."""

    look: Look
    is_sure: bool = True
    """Whether the range is said by a person or by the graph, or stands out clearly from the others."""
    is_found: bool = False
    """Whether anything about the format was found out."""
    notes: tuple[str, ...] = ()
    """Sentences about what else a person should know."""

    def sentences(self) -> Iterator[str]:
        """What was found, for a person."""
        name = printable(self.look.path)
        if self.is_found and not self.look.formats.is_plain:
            doubt = "" if self.is_sure else ", as far as a trial can tell"
            yield (
                f"{name} {self.look.formats.describe()}{doubt}; it is converted. If its paintings look "
                "wrong, say what it takes with --range, --layout and --channels."
            )
        elif self.is_found and not self.is_sure:
            yield (
                f"{name} takes and gives 0..1, as far as a trial can tell. If its paintings look wrong, "
                "say what it takes with --range."
            )
        yield from self.notes


def open_network(path: Path, options: FormatOptions = NOTHING_SAID) -> Adapted:
    """Open a look, or another program's network, converted where its pictures have another format.

    Raises LimnerError with a sentence for a file that makes no picture from a picture.
    """
    return read_network(read_look_file(path), path, options)


def read_network(content: bytes, path: Path, options: FormatOptions = NOTHING_SAID) -> Adapted:
    """As `open_network`, from the bytes of a file; error sentences name `path`."""
    try:
        model = parse_model(content)
        is_converted = any(entry.key == PROPERTY for entry in model.metadata_props)
        if is_limner_model(model) or is_converted or has_state(model):
            return Adapted(read_look(content, path))
        check_tensors(model.graph)
        model = infer_shapes(model)
        network = _Network(model, path, options)
        found = network.find()
        changed = network.convert(found.formats)
    except LimnerError as error:
        if str(error).startswith(str(path)):
            raise
        raise LimnerError(f"{path} {error}.") from error
    look = read_look(content if changed is None else changed.SerializeToString(), path)
    return Adapted(
        look,
        is_sure=found.is_sure,
        is_found=options.range is None or options.layout is None or options.channels is None,
        notes=tuple(network.notes()),
    )


class _Network:
    """Another program's network, with the size and the output that are painted."""

    def __init__(self, model: ModelProto, path: Path, options: FormatOptions) -> None:
        self._model, self._path, self._options = model, path, options
        self._inputs = picture_inputs(model)
        self._input_format = read_input_format(self._inputs[0], options)
        self._names = [value.name for value in self._inputs]
        self._session = make_session(model.SerializeToString(), path)
        sides = self._sides(self._shape(self._inputs[0]))
        self.size = choose_size(sides, options.pixels, self._takes, self._refusal)
        self._output = 0
        """The place of the painting among the outputs."""
        self._painted = self.size
        """Height and width of the painting."""

    def find(self) -> Finding:
        """The formats of the pictures. Raises LimnerError if no output is one."""
        height, width = self.size
        picture = draw_test_picture(height, width)
        ends = self._ends(0)
        ranges = self._input_ranges(ends)
        first = self._run_all(replace(self._input_format, range=ranges[0]), picture)
        self._output, layout, channels = self._choose_output(first)
        painted = first[self._output].shape
        self._painted = painted[2:] if layout == "NCHW" else painted[1:3]
        ends = self._ends(self._output)
        given = Formats(
            replace(self._input_format, channels=self._input_channels(ends)),
            PictureFormat("0..1", layout, channels),
        )
        finding = find_formats(
            given,
            lambda source: self._run_all(source, picture)[self._output],
            picture,
            input_ranges=ranges,
            output_ranges=lambda name: self._output_ranges(ends, name),
        )
        if self._options.channels is None and CHANNEL_COUNTS[channels] == 3:
            finding = replace(finding, formats=self._with_colour_order(finding.formats, picture))
        return finding

    def convert(self, formats: Formats) -> ModelProto | None:
        """The network as a look; None if the file is one as it is."""
        model, output = self._model, self._model.graph.output[self._output].name
        usual = (DEFAULT_PIXELS, DEFAULT_PIXELS)
        if self._is_open and (not formats.is_plain or self.size != usual):
            model = with_fixed_size(model, self._names, self._fixed_shape())
        elif formats.is_plain and self._output == 0 and len(self._inputs) == 1:
            return None
        return with_plain_pictures(
            model, formats, self._names, output, size=self.size, painted=self._painted
        )

    def notes(self) -> Iterator[str]:
        name = printable(self._path)
        if self._is_open and self._options.pixels is None:
            yield (
                f"{name} takes pictures of several sizes; it paints {describe_size(*self.size)}. Choose "
                "another size with --pixels, as one side or as WIDTHxHEIGHT."
            )
        if len(self._inputs) > 1:
            yield f"{name} takes {len(self._inputs)} pictures; all of them get the same one."
        if self._output > 0:
            chosen = printable(self._model.graph.output[self._output].name)
            yield f"{name} has {len(self._model.graph.output)} outputs; {chosen} is the first picture."

    def _takes(self, size: Size) -> bool:
        """Whether the network makes a picture of this size from one."""
        try:
            outputs = self._run_all(self._input_format, draw_test_picture(*size))
        except LimnerError:
            return False
        layouts = output_layouts(
            self._options.layout and self._options.layout[1], self._input_format.layout
        )
        return any(is_picture(output, layout, size) for output in outputs for layout in layouts)

    def _refusal(self, size: Size) -> str | None:
        """Why the network does not run at this size; None if it does."""
        try:
            self._run_all(self._input_format, draw_test_picture(*size))
        except LimnerError as error:
            return str(error).removeprefix("cannot paint: ")
        return None

    def _run_all(self, source: PictureFormat, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """All outputs for this picture in this format."""
        feed: dict[str, Any] = {
            value.name: _to_type(source.encode(picture), value.type.tensor_type.elem_type)
            for value in self._inputs
        }
        feed |= {value.name: np.zeros((), np.float32) for value in required_scalars(self._model.graph)}
        try:
            outputs = self._session.run(None, feed)
        except Exception as error:  # onnxruntime's exceptions share no class
            raise LimnerError(f"cannot paint: {short_message(error)}") from error
        return [np.asarray(output) for output in outputs]

    def _choose_output(self, outputs: Sequence[NDArray[Any]]) -> tuple[int, Layout, Channels]:
        """The first output that is a picture, its layout and its channels."""
        values = self._model.graph.output
        layouts = output_layouts(
            self._options.layout and self._options.layout[1], self._input_format.layout
        )
        for is_any_size in (False, True):  # a picture of another size is refused later, with its sizes
            for place, output in enumerate(outputs):
                for layout in layouts:
                    if is_picture(output, layout, None if is_any_size else self.size):
                        channels = CHANNELS[output.shape[1 if layout == "NCHW" else 3]]
                        return place, layout, self._said_channels(1, channels)
        described = [
            Output(value.name, output.shape, output.dtype.kind in "iu")
            for value, output in zip(values, outputs, strict=True)
        ]
        raise LimnerError(f"{describe_outputs(described)}; it makes no picture")

    def _said_channels(self, end: int, found: Channels) -> Channels:
        """The channels that a person says, if their number is right."""
        said = self._options.channels and self._options.channels[end]
        if said is None or said == found:
            return found
        if CHANNEL_COUNTS[said] != CHANNEL_COUNTS[found]:
            verb = ("takes", "gives")[end]
            raise LimnerError(f"{verb} pictures of {CHANNEL_COUNTS[found]} channels, which are not {said}")
        return said

    def _input_channels(self, ends: GraphEnds) -> Channels:
        channels = self._said_channels(0, self._input_format.channels)
        if self._options.channels is None and channels == "RGB":
            return ends.input_channels() or _named_order(self._inputs[0].name)
        return channels

    def _with_colour_order(self, formats: Formats, picture: NDArray[np.float32]) -> Formats:
        """BGR for the output where its colours follow those of the input in the other order."""
        painting = formats.output.decode(self._run_all(formats.input, picture)[self._output])
        order = find_swapped_channels(painting, picture)
        return replace(formats, output=replace(formats.output, channels=order))

    def _ends(self, output: int) -> GraphEnds:
        return GraphEnds(self._model.graph, self._names[0], self._model.graph.output[output].name)

    def _input_ranges(self, ends: GraphEnds) -> list[Range]:
        if self._options.range:
            return [self._options.range[0]]
        if self._inputs[0].type.tensor_type.elem_type == TensorProto.UINT8:
            return ["0..255"]
        hint = ends.input_range()
        return [hint] if hint else list(RANGES)

    def _output_ranges(self, ends: GraphEnds, input_range: Range) -> list[Range]:
        if self._options.range:
            return [self._options.range[1]]
        if self._model.graph.output[self._output].type.tensor_type.elem_type == TensorProto.UINT8:
            return ["0..255"]
        hint = ends.output_range(input_range)
        return [hint] if hint else list(RANGES)

    @property
    def _is_open(self) -> bool:
        """Whether the file leaves something of the picture's shape open."""
        return 0 in self._shape(self._inputs[0])

    def _shape(self, value: ValueInfoProto) -> list[int]:
        return value_shape(value)

    def _sides(self, shape: Sequence[int]) -> Size:
        first = 2 if self._input_format.layout == "NCHW" else 1
        return shape[first], shape[first + 1]

    def _fixed_shape(self) -> list[int]:
        count = self._input_format.channel_count
        return [1, count, *self.size] if self._input_format.layout == "NCHW" else [1, *self.size, count]


def _to_type(values: NDArray[np.float32], element_type: int) -> NDArray[Any]:
    number = NUMBERS[element_type]
    return values.round().astype(number) if number is np.uint8 else values.astype(number)


def _named_order(name: str) -> Channels:
    return "BGR" if "bgr" in name.lower() else "RGB"
