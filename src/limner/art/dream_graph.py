"""One step of a dream as an ONNX graph with state: what a look of `limner dream --look` computes a frame.

The dream of the frame before is enlarged and turned, mixed with the camera's picture, and moved along the
gradient of a layer's activations. All operators are standard ones that run forward (decision 55).
"""

from __future__ import annotations

import numpy as np
from onnx import ModelProto

from limner.art.dream_network import Classes
from limner.art.flashes import LUMINANCE_WEIGHTS, MAX_RATE
from limner.art.graph_writer import GraphWriter
from limner.art.squeezenet_graph import SqueezeNetGraph
from limner.live import LiveInput
from limner.networks.feature_layers import Layer
from limner.networks.features import FIRES, SqueezeNet

PAGE_FRAMES_PER_SECOND = 60
"""The most frames a second that the page gives a look with state: the flash limit is for each frame."""

GAMMA = 2.2
"""The exponent of linear light, as near to sRGB's curve as the limit needs."""

FIRST_LUMINANCE = 0.2
"""Mean relative luminance of pictures, from which the limited one begins."""

MIN_LUMINANCE = 1e-6
"""The least divisor: for a picture's luminance, and for what it lacks to white."""

SHIFTS = 16
"""The network sees the picture shifted by -8 to 7 pixels in each direction, so that its strides stay
invisible."""

CYCLE = 48
"""The count of frames goes back after so many, since large numbers lose digits."""

MAX_LABEL = 60
"""Most letters of the classes' names in the label of their slider."""

MIN_MAGNITUDE = 1e-20
"""The least magnitude that a gradient is divided by: that of a channel which nothing excites is 0."""


def live_inputs(layer: Layer, classes: Classes | None = None, class_name: str = "") -> dict[str, LiveInput]:
    """What a person may turn, in the order of the page's sliders.

    A dream of classes has the number of the class for a channel; `class_name` is the first one.
    """
    if classes is None:
        channel = LiveInput("Channel (-1: all)", -1, 2 * FIRES[layer][2] - 1, -1)
    else:
        names = ", ".join(f"{number} {name}" for number, name in enumerate(classes.names))
        label = f"Class ({names})" if len(names) <= MAX_LABEL else "Class"
        channel = LiveInput(label, 0, len(classes.names) - 1, classes.find(class_name))
    return {
        "strength": LiveInput("Strength", 0, 0.1, 0.02),
        "zoom": LiveInput("Zoom", 0.9, 1.1, 1.005),
        "rotation": LiveInput("Rotation", -5, 5, 0),
        "camera": LiveInput("Camera", 0, 1, 0.1),
        "channel": channel,
    }


def dream_graph(
    network: SqueezeNet,
    layer: Layer,
    pixels: int,
    *,
    classes: Classes | None = None,
    class_name: str = "",
    flash_limit: bool = True,
) -> tuple[ModelProto, dict[str, str]]:
    """The graph over pictures of `pixels` a side, a power of two, and its state as metadata name it.

    With `classes` it dreams of one of them, from `CLASS_LAYER`, and not of a layer's channels.
    """
    writer = GraphWriter()
    live = live_inputs(layer, classes, class_name)
    for name, live_input in live.items():
        writer.constant(name, live_input.default)
    step = _DreamStep(writer, pixels)
    start = step.mix(step.warp())
    graph = SqueezeNetGraph(writer, network, pixels)
    features = graph.forward(step.shift(start, back=False), layer)
    if classes is None:
        chosen = writer.add("Mul", features, step.chosen_channels(2 * FIRES[layer][2]))
    else:
        chosen = step.class_direction(classes)
    gradient = step.mute_colours(step.shift(graph.backward(chosen), back=True))
    state = {"dream": "dream_next", "count": "count_next"}
    picture, number = (1, 3, pixels, pixels), (1,)
    shapes: dict[str, tuple[int, ...]] = {"dream": picture, "count": number, "luminance": (1, 1, 1, 1)}
    if flash_limit:
        step.ascend(start, gradient, "dream_next")
        writer.constant("luminance", np.full((1, 1, 1, 1), FIRST_LUMINANCE))
        step.limit_luminance("dream_next")
        state["luminance"] = "luminance_next"
    else:
        step.ascend(start, gradient, "painting")
        state["dream"] = "painting"
    step.count()
    model = writer.model(
        {"image": picture, **dict.fromkeys(live, ()), **{name: shapes[name] for name in state}},
        {"painting": picture} | {after: shapes[name] for name, after in state.items()},
    )
    return model, state


class _DreamStep:
    """The parts of a step around the network. Each returns the name of what it computes."""

    def __init__(self, writer: GraphWriter, pixels: int) -> None:
        self._writer = writer
        self._add = writer.add
        self._pixels = pixels
        self._one = writer.constant("one", 1.0)
        self._zero = writer.constant("zero", 0.0)

    def warp(self) -> str:
        """The last dream, enlarged and turned about its middle; its mirror image comes in at the border."""
        add = self._add
        angle = add("Mul", "rotation", self._number("radians", np.pi / 180))
        along = add("Mul", add("Div", add("Cos", angle), "zoom"), self._theta("along", [1, 0, 0, 0, 1, 0]))
        across = add(
            "Mul", add("Div", add("Sin", angle), "zoom"), self._theta("across", [0, -1, 0, 1, 0, 0])
        )
        return self._sample("dream", add("Add", along, across), mode="linear", padding_mode="reflection")

    def mix(self, dream: str) -> str:
        """The dream with the camera's share; the first frame is the camera's alone."""
        is_first = self._add("Sub", self._one, self._add("Min", "count", self._one))
        share = self._add("Max", "camera", is_first)
        return self._add("Add", dream, self._add("Mul", share, self._add("Sub", "image", dream)))

    def shift(self, picture: str, *, back: bool) -> str:
        """A picture shifted as the count of frames says, or shifted back with zeros beyond the border."""
        theta = self._theta("still", [1, 0, 0, 0, 1, 0])
        for name, factor, place in (("right", 7, 2), ("down", 11, 5)):
            turned = self._add("Mul", "count", self._number(f"{name}.factor", factor))
            pixels = self._add(
                "Sub", self._remainder(turned, SHIFTS), self._number("half_shifts", SHIFTS / 2)
            )
            unit = np.zeros(6)
            unit[place] = (-2 if back else 2) / self._pixels
            moved = self._add("Mul", pixels, self._theta(f"{name}.{'back' if back else 'there'}", unit))
            theta = self._add("Add", theta, moved)
        padding = "zeros" if back else "border"
        # The nearest pixel is the exact one, where sums of rounded positions are not.
        return self._sample(picture, theta, mode="nearest", padding_mode=padding)

    def chosen_channels(self, channels: int) -> str:
        """1 for each channel that is to rise, else 0, (1, C, 1, 1); between two numbers both rise."""
        numbers = self._writer.constant("channel_numbers", np.arange(channels).reshape(1, -1, 1, 1))
        distance = self._add("Abs", self._add("Sub", numbers, "channel"))
        near = self._add("Max", self._add("Sub", self._one, distance), self._zero)
        everything = self._add("Clip", self._add("Neg", "channel"), self._zero, self._one)
        return self._add("Max", near, everything)

    def class_direction(self, classes: Classes) -> str:
        """The gradient of a class's score, the same at each place, (1, 512, 1, 1); between two, of both."""
        directions = self._writer.constant(
            "class_directions", classes.directions.T[:, :, None, None].numpy()
        )
        return self._add("Conv", self.chosen_channels(len(classes.names)), directions)

    def mute_colours(self, gradient: str) -> str:
        """As `deepdream.mute_colours`, by half."""
        grey = self._mean(gradient, [1])
        colours = self._add("Mul", self._add("Sub", gradient, grey), self._number("colour", 0.5))
        return self._add("Add", grey, colours)

    def ascend(self, start: str, gradient: str, out: str) -> str:
        """The next dream: a step as large as `strength` says, whatever the gradient's magnitude."""
        size = self._add(
            "Add",
            self._mean(self._add("Abs", gradient), [1, 2, 3]),
            self._number("min_magnitude", MIN_MAGNITUDE),
        )
        step = self._add("Mul", "strength", self._add("Div", gradient, size))
        return self._add("Clip", self._add("Add", start, step), self._zero, self._one, out=out)

    def limit_luminance(self, dream: str) -> None:
        """The painting: the dream, with a mean luminance that changes little from frame to frame."""
        add, one = self._add, self._one
        linear = add("Pow", dream, self._number("gamma", GAMMA))
        weights = self._writer.constant("luminance_weights", np.reshape(LUMINANCE_WEIGHTS, (1, 3, 1, 1)))
        summed = add("ReduceSum", add("Mul", linear, weights), self._writer.integers([1]))
        mean = self._mean(summed, [2, 3])
        most = self._number("most_change", MAX_RATE / PAGE_FRAMES_PER_SECOND)
        least, largest = add("Sub", "luminance", most), add("Add", "luminance", most)
        wanted = add(
            "Clip", add("Min", add("Max", mean, least), largest), self._zero, one, out="luminance_next"
        )
        floor = self._number("min_luminance", MIN_LUMINANCE)
        gain = add("Min", add("Div", wanted, add("Max", mean, floor)), one)
        missing = add("Max", add("Sub", wanted, mean), self._zero)
        lift = add("Div", missing, add("Max", add("Sub", one, mean), floor))
        darkened = add("Mul", linear, gain)
        lifted = add("Add", darkened, add("Mul", add("Sub", one, darkened), lift))
        add("Pow", lifted, self._number("one_by_gamma", 1 / GAMMA), out="painting")

    def count(self) -> str:
        """The number of frames, 0 before the first one only."""
        return self._add("Add", self._remainder("count", CYCLE), self._one, out="count_next")

    def _remainder(self, value: str, divisor: int) -> str:
        whole = self._add("Floor", self._add("Div", value, self._number(f"by_{divisor}", divisor)))
        return self._add("Sub", value, self._add("Mul", whole, self._number(f"by_{divisor}", divisor)))

    def _sample(self, picture: str, theta: str, *, mode: str, padding_mode: str) -> str:
        size = self._writer.integers([1, 3, self._pixels, self._pixels])
        grid = self._add("AffineGrid", theta, size, align_corners=0)
        return self._add("GridSample", picture, grid, mode=mode, padding_mode=padding_mode, align_corners=0)

    def _mean(self, value: str, axes: list[int]) -> str:
        return self._add("ReduceMean", value, self._writer.integers(axes), keepdims=1)

    def _theta(self, name: str, values: list[float] | np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
        return self._writer.constant(f"theta.{name}", np.reshape(values, (1, 2, 3)))

    def _number(self, name: str, value: float) -> str:
        return self._writer.constant(f"number.{name}", value)
