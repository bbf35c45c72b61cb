"""Operators that move values: padding, slices, concatenation, doubling."""

from __future__ import annotations

from onnx import NodeProto

from limner.export.nhwc.builder import GraphBuilder, attributes_of, refusal, to_nhwc_values
from limner.export.nhwc.operations import Concat, Doubling, StridedSlice
from limner.look.doubling import is_doubling


def lower_pad(builder: GraphBuilder, node: NodeProto) -> None:
    """Pad that repeats the edge, or adds a constant."""
    mode = attributes_of(node).get("mode", b"constant")
    name, amounts, *rest = node.input
    pads = builder.constants[amounts].tolist() if amounts in builder.constants else []
    others = [each for each in rest if each]
    is_read = len(pads) == 8 and min(pads) >= 0 and all(each in builder.constants for each in others)
    if mode not in {b"edge", b"constant"} or not is_read or (others and mode == b"edge") or len(rest) > 1:
        raise refusal(node, "only edge padding and constants, with constant amounts, can be written")
    image = builder.value(node, name)
    remaining = to_nhwc_values([(pads[axis], pads[axis + 4]) for axis in range(4)])
    if mode == b"constant":
        value = builder.constants[others[0]].item() if others else 0.0
        builder.add_pad(node.output[0], image, "constant", remaining, value)
        return
    # TensorFlow has no edge padding. Symmetric padding by one row at a time gives the same result.
    while max(map(max, remaining)) > 1:
        step_amounts = tuple((min(before, 1), min(after, 1)) for before, after in remaining)
        image = builder.add_pad(f"{node.output[0]}/{len(builder.ops)}", image, "symmetric", step_amounts)
        remaining = tuple((b - c, a - d) for (b, a), (c, d) in zip(remaining, step_amounts, strict=True))
    builder.add_pad(node.output[0], image, "symmetric", remaining)


def lower_slice(builder: GraphBuilder, node: NodeProto) -> None:
    """Slice with constant limits and positive steps."""
    name, *limits = node.input
    image = builder.value(node, name)
    if not 2 <= len(limits) <= 4 or any(each not in builder.constants for each in limits if each):
        raise refusal(node, "its limits are not constants")
    shape = builder.shapes[image]
    values = [builder.constants[each].tolist() if each else None for each in limits]
    starts, ends = values[0] or [], values[1] or []
    axes = (values[2] if len(values) > 2 else None) or list(range(len(starts)))
    steps = (values[3] if len(values) > 3 else None) or [1] * len(starts)
    if len(shape) != 4 or min(steps) < 1:
        raise refusal(node, "only slices of pictures with positive steps can be written")
    ranges = [range(side) for side in (shape[0], shape[3], shape[1], shape[2])]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        ranges[axis] = range(*slice(start, end, step).indices(len(ranges[axis])))
    ordered: tuple[range, ...] = to_nhwc_values(ranges)
    builder.ops.append(
        StridedSlice(
            output=node.output[0],
            inputs=(image,),
            begin=tuple(each.start for each in ordered),
            end=tuple(each.stop for each in ordered),
            stride=tuple(each.step for each in ordered),
        )
    )


def lower_concat(builder: GraphBuilder, node: NodeProto) -> None:
    """Concat of images along the channels."""
    if attributes_of(node)["axis"] not in {1, -3} or len(builder.shapes[node.output[0]]) != 4:
        raise refusal(node, "it concatenates along an axis other than the channels")
    images = tuple(builder.operand(node, name) for name in node.input)
    builder.ops.append(Concat(output=node.output[0], inputs=images))


def lower_resize(builder: GraphBuilder, node: NodeProto) -> None:
    """Resize that doubles an image."""
    if not is_doubling(node, builder.constants):
        raise refusal(node, "only a doubling that repeats pixels can be written")
    image = builder.value(node, node.input[0])
    builder.ops.append(Doubling(output=node.output[0], inputs=(image,)))


def lower_identity(builder: GraphBuilder, node: NodeProto) -> None:
    """Identity and, as a network is not trained here, Dropout."""
    builder.aliases[node.output[0]] = node.input[0]
