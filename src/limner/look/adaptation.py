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
from limner.look.metadata import is_limner_model
from limner.look.network_kind import describe_outputs
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
from limner.look.picture_sizes import (
    OTHER_SIDES,
    Size,
    find_multiple,
    nearest_sizes,
    size_of,
    write_pixels,
)
from limner.look.session import make_session, short_message
from limner.look.validation import (
    DEFAULT_PIXELS,
    MAX_SIDE,
    check_tensors,
    describe_size,
    infer_shapes,
    parse_model,
    required_inputs,
    required_scalars,
    value_shape,
)

NUMBERS: dict[int, type[np.number[Any]]] = {
    TensorProto.FLOAT: np.float32,
    TensorProto.FLOAT16: np.float16,
    TensorProto.UINT8: np.uint8,
}
"""Types of values that a picture may have."""

CHANNELS: dict[int, Channels] = {1: "grey", 3: "RGB", 4: "RGBA"}
"""What the channels are, by their number."""


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
        if is_limner_model(model) or any(entry.key == PROPERTY for entry in model.metadata_props):
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
        self._inputs = _picture_inputs(model)
        self._input_format = _read_input_format(self._inputs[0], options)
        self._names = [value.name for value in self._inputs]
        self._session = make_session(model.SerializeToString(), path)
        self.size = self._find_size()
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

    def _find_size(self) -> Size:
        sides = self._sides(self._shape(self._inputs[0]))
        pixels = self._options.pixels
        if pixels is None:
            return self._usual_size(sides)
        said = (pixels, pixels) if isinstance(pixels, int) else pixels
        wanted = size_of(sides, said)
        # One number is about the sides that are open.
        if wanted != said and (all(sides) or not isinstance(pixels, int)):
            raise LimnerError(_describe_fixed(sides, wanted))
        if (longest := max(wanted)) > MAX_SIDE:
            raise LimnerError(f"is asked for {longest:,} pixels a side; a look takes at most {MAX_SIDE:,}")
        if all(sides) or self._takes(wanted):
            return wanted
        taken = self._usual_size(sides)
        if self._takes(taken):
            raise LimnerError(self._describe_nearest(sides, wanted, taken))
        if (error := self._refusal(wanted)) is not None:
            raise LimnerError(f"cannot paint {describe_size(*wanted)}: {error}")
        return wanted

    def _usual_size(self, sides: Size) -> Size:
        """The size of a network for which nobody says one."""
        if all(sides):
            return sides
        usual = max(sides) or DEFAULT_PIXELS
        candidates = [size_of(sides, (side, side)) for side in (usual, *OTHER_SIDES)]
        errors = (self._refusal(size) for size in candidates)
        first = next(errors)
        if first is None:
            return candidates[0]
        for size, error in zip(candidates[1:], errors, strict=True):
            if error is None:
                return size
        raise LimnerError(f"cannot paint {describe_size(*candidates[0])}: {first}")

    def _describe_nearest(self, sides: Size, wanted: Size, taken: Size) -> str:
        """What to give instead of the wanted size, which the network does not take."""
        multiple = find_multiple(sides, taken, self._takes)
        near = nearest_sizes(sides, self._options.pixels or wanted, multiple) if multiple else []
        found = [size for size in near if max(size) <= MAX_SIDE and self._takes(size)][:2] or [taken]
        names = " and ".join(describe_size(*size).removesuffix(" pixels") for size in found)
        return f"does not take {describe_size(*wanted)}, but {names}: add --pixels {write_pixels(found[0])}"

    def _takes(self, size: Size) -> bool:
        """Whether the network makes a picture of this size from one."""
        try:
            outputs = self._run_all(self._input_format, draw_test_picture(*size))
        except LimnerError:
            return False
        layouts = _layouts(self._options.layout and self._options.layout[1], self._input_format.layout)
        return any(_is_picture(output, layout, size) for output in outputs for layout in layouts)

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
        layouts = _layouts(self._options.layout and self._options.layout[1], self._input_format.layout)
        for is_any_size in (False, True):  # a picture of another size is refused later, with its sizes
            for place, output in enumerate(outputs):
                for layout in layouts:
                    if _is_picture(output, layout, None if is_any_size else self.size):
                        channels = CHANNELS[output.shape[1 if layout == "NCHW" else 3]]
                        return place, layout, self._said_channels(1, channels)
        shapes = [(value.name, output.shape) for value, output in zip(values, outputs, strict=True)]
        raise LimnerError(f"{describe_outputs(shapes)}; it makes no picture")

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


def _describe_fixed(sides: Size, wanted: Size) -> str:
    """What to say of a size other than the one that the file fixes; 0 is an open side."""
    if all(sides):
        return f"takes pictures of {describe_size(*sides)} only: leave out --pixels"
    side = f"height of {sides[0]}" if sides[0] else f"width of {sides[1]}"
    return f"takes pictures with a {side} pixels only: add --pixels {write_pixels(wanted)}"


def _picture_inputs(model: ModelProto) -> list[ValueInfoProto]:
    """The inputs that get the picture. Raises LimnerError if there are others that need a value."""
    scalars = {value.name for value in required_scalars(model.graph)}
    inputs = [value for value in required_inputs(model.graph) if value.name not in scalars]
    pictures = [value for value in inputs if _shape_layouts(value)]
    if not pictures:
        given = f"'{printable(inputs[0].name)}', {_describe(inputs[0])}" if inputs else "nothing"
        raise LimnerError(f"is no network on pictures: it takes {given}")
    shape, kind = value_shape(pictures[0]), pictures[0].type.tensor_type.elem_type
    for value in inputs:
        if value_shape(value) != shape or value.type.tensor_type.elem_type != kind:
            raise LimnerError(
                f"takes more than a picture: its input '{printable(value.name)}' is {_describe(value)}, "
                "and limner has nothing for it"
            )
    return pictures


def _describe(value: ValueInfoProto) -> str:
    shape = " x ".join(str(side or "?") for side in value_shape(value)) or "one number"
    kind = TensorProto.DataType.Name(value.type.tensor_type.elem_type).lower()
    return f"{shape} in {kind}"


def _shape_layouts(value: ValueInfoProto) -> list[Layout]:
    """The layouts that the shape of an input allows, the likeliest first; none if it is no picture."""
    shape = value_shape(value)
    if len(shape) != 4 or shape[0] not in {0, 1} or value.type.tensor_type.elem_type not in NUMBERS:
        return []
    axes: tuple[tuple[Layout, int], ...] = (("NCHW", 1), ("NHWC", 3))
    sure: list[Layout] = [layout for layout, axis in axes if shape[axis] in CHANNELS]
    return sure or [layout for layout, axis in axes if shape[axis] == 0]


def _read_input_format(value: ValueInfoProto, options: FormatOptions) -> PictureFormat:
    """The layout and the channels of the input as its shape has them."""
    layouts = _shape_layouts(value)
    said = options.layout[0] if options.layout else layouts[0]
    if said not in layouts:
        raise LimnerError(f"takes {_describe(value)}, which is not {said}")
    count = value_shape(value)[1 if said == "NCHW" else 3]
    default: Channels = options.channels[0] if options.channels else "RGB"
    return PictureFormat("0..1", said, CHANNELS[count] if count else default)


def _layouts(said: Layout | None, usual: Layout) -> list[Layout]:
    """The layouts in which an output is looked for: that of the input first."""
    if said:
        return [said]
    return [usual, "NHWC" if usual == "NCHW" else "NCHW"]


def _is_picture(output: NDArray[Any], layout: Layout, size: tuple[int, int] | None) -> bool:
    if output.ndim != 4 or output.shape[0] != 1 or output.dtype.kind not in "fu":
        return False
    channels, height, width = (
        output.shape[axis] for axis in ((1, 2, 3) if layout == "NCHW" else (3, 1, 2))
    )
    return channels in CHANNELS and ((height, width) == size if size else min(height, width) >= 16)


def _to_type(values: NDArray[np.float32], element_type: int) -> NDArray[Any]:
    number = NUMBERS[element_type]
    return values.round().astype(number) if number is np.uint8 else values.astype(number)


def _named_order(name: str) -> Channels:
    return "BGR" if "bgr" in name.lower() else "RGB"
