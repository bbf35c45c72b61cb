"""What the writers of TensorFlow.js' and of LiteRT's format share: which method writes which operation."""

from __future__ import annotations

from abc import ABC, abstractmethod

from limner.export.nhwc.operations import (
    Binary,
    Clip,
    Concat,
    Convolution,
    Dense,
    Doubling,
    MatMul,
    Mean,
    NhwcOp,
    Pad,
    Pool,
    Reshape,
    ResponseNormalization,
    Softmax,
    StridedSlice,
    Unary,
)

WindowOp = Pool | Mean | ResponseNormalization | Softmax
"""What takes several pixels or channels together, without weights."""
MovementOp = Reshape | Pad | StridedSlice | Doubling | Concat
ElementwiseOp = Clip | Binary | Unary


class OpWriter(ABC):
    """Writes operations; a format has a method for each kind."""

    def add_op(self, op: NhwcOp) -> None:
        """Write one operation as one or several of the format. Raises TypeError for an unknown one."""
        match op:
            case Convolution(kind="transposed"):
                self._transposed_convolution(op)
            case Convolution():
                self._convolution(op)
            case Dense():
                self._dense(op)
            case MatMul():
                self._matmul(op)
            case Pool() | Mean() | ResponseNormalization() | Softmax():
                self._window(op)
            case Reshape() | Pad() | StridedSlice() | Doubling() | Concat():
                self._movement(op)
            case Clip() | Binary() | Unary():
                self._elementwise(op)
            case _:
                raise TypeError(op)

    @abstractmethod
    def _transposed_convolution(self, op: Convolution) -> None: ...

    @abstractmethod
    def _convolution(self, op: Convolution) -> None: ...

    @abstractmethod
    def _dense(self, op: Dense) -> None: ...

    @abstractmethod
    def _matmul(self, op: MatMul) -> None: ...

    @abstractmethod
    def _window(self, op: WindowOp) -> None: ...

    @abstractmethod
    def _movement(self, op: MovementOp) -> None: ...

    @abstractmethod
    def _elementwise(self, op: ElementwiseOp) -> None: ...
