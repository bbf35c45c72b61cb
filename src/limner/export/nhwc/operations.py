"""The operations of a graph in NHWC, which tfjs and tflite write.

Each corresponds to one operator of TensorFlow, or to few.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

Array = NDArray[Any]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Activation:
    """The activation of a convolution or a dense layer; `alpha` is the negative slope of `leaky`."""

    kind: Literal["relu", "relu6", "leaky"]
    alpha: float = 0.0


@dataclass(frozen=True, kw_only=True)
class NhwcOp:
    """One operation; it refers to values by name."""

    output: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Convolution(NhwcOp):
    """`inputs` are the image, the weight in ONNX's layout, and optionally the bias."""

    kind: Literal["plain", "depthwise", "transposed"]
    """`depthwise`: each channel has filters of its own, so the weight is (channels * filters, 1, h, w)."""
    stride: tuple[int, int]
    same_padding: bool
    """Whether the padding is TensorFlow's SAME; otherwise it is VALID."""
    activation: Activation | None = None


@dataclass(frozen=True, kw_only=True)
class Dense(NhwcOp):
    """A linear layer; `inputs` are (1, features), the weight (features, units), and optionally the bias."""

    activation: Activation | None = None


@dataclass(frozen=True, kw_only=True)
class MatMul(NhwcOp):
    """matrix @ plane or plane @ matrix; `inputs` are the operands in that order, both (rows, columns)."""

    plane: Literal[0, 1]
    """Index of the plane in `inputs`; the other operand is a constant matrix."""


@dataclass(frozen=True, kw_only=True)
class Reshape(NhwcOp):
    """The same values, in the shape of the output."""


@dataclass(frozen=True, kw_only=True)
class Pad(NhwcOp):
    """Padding: `value` (`constant`), or the image mirrored including its border (`symmetric`)."""

    mode: Literal["constant", "symmetric"]
    amounts: tuple[tuple[int, int], ...]
    """Amounts before and after, for each axis."""
    value: float = 0.0


@dataclass(frozen=True, kw_only=True)
class StridedSlice(NhwcOp):
    """Every `stride`-th value of `begin` up to but not including `end`, along each axis."""

    begin: tuple[int, ...]
    end: tuple[int, ...]
    stride: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Pool(NhwcOp):
    """Maximum or average of a window; TensorFlow's SAME padding leaves the border out of both."""

    kind: Literal["max", "average"]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    same_padding: bool


@dataclass(frozen=True, kw_only=True)
class Mean(NhwcOp):
    """The mean of each channel: (1, 1, 1, C) if the axes are kept, (1, C) otherwise."""

    keeps_axes: bool


@dataclass(frozen=True, kw_only=True)
class ResponseNormalization(NhwcOp):
    """value / (bias + alpha * sum of squares)^beta, summed over `radius` channels on either side."""

    radius: int
    bias: float
    alpha: float
    beta: float


@dataclass(frozen=True, kw_only=True)
class Softmax(NhwcOp):
    """Softmax along the last axis."""


@dataclass(frozen=True, kw_only=True)
class Doubling(NhwcOp):
    """Each pixel repeated, two by two."""


@dataclass(frozen=True, kw_only=True)
class Concat(NhwcOp):
    """Concatenation of images along the channel axis."""


@dataclass(frozen=True, kw_only=True)
class Binary(NhwcOp):
    """An elementwise operation on two inputs; one may be a scalar or have one value per channel."""

    kind: Literal["add", "sub", "mul", "div"]


@dataclass(frozen=True, kw_only=True)
class Unary(NhwcOp):
    """An elementwise function; `gelu` is the exact one."""

    kind: Literal["relu", "leaky", "tanh", "sqrt", "sigmoid", "gelu"]
    alpha: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Clip(NhwcOp):
    """Values clipped to `low`..`high`."""

    low: float
    high: float

    @property
    def is_relu6(self) -> bool:
        """Whether it is the activation of MobileNet."""
        return (self.low, self.high) == (0, 6)
