"""A trial: a look paints one test picture, which shows what its file does not say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.display import printable
from limner.errors import LimnerError
from limner.look.look import Look

BEYOND = 1.5
"""In 0..1 a network gives hardly any larger value; in 0..255 it gives hardly any other."""
BELOW = -0.1
"""In 0..1 a network gives hardly any smaller value; in -1..1 a quarter of its values and more."""


@dataclass(frozen=True)
class Trial:
    """A look's painting of soft random shapes."""

    look: Look
    output: NDArray[np.float32]
    """The network's first output, as it is."""

    def check_size(self) -> None:
        """Raise LimnerError unless the painting has the size of the picture."""
        height, width = self.look.shape
        if self.output.shape != (1, 3, height, width):
            size = " x ".join(str(side) for side in self.output.shape)
            raise LimnerError(
                f"{self.look.path} cannot be painted with on a page: from a picture of "
                f"1 x 3 x {height} x {width} values it makes {size}, and a look keeps the size."
            )

    def range_warning(self) -> str | None:
        """Sentences if the network seems to give 0..255 or -1..1, not 0..1, or hardly any number."""
        name = printable(self.look.path)
        if np.mean(~np.isfinite(self.output)) > 0.5:
            return (
                f"{name} gives no picture: most of its values are NaN or infinite. Its training diverged, "
                "or it takes another range: say which with --range."
            )
        if np.mean(np.abs(self.output) > BEYOND) > 0.5:
            return (
                f"{name} seems to work in 0..255: most of its values are beyond 1, so its paintings are "
                "white. Say what it takes and gives with --range."
            )
        if (below := np.mean(self.output < BELOW)) > 0.25:
            return (
                f"{name} seems to work in -1..1: {below:.0%} of its values are below 0, so its paintings "
                "are too dark. Say what it takes and gives with --range."
            )
        return None


def try_look(look: Look) -> Trial:
    """Paint soft random shapes, which show a look's style. Raises LimnerError if the look cannot paint."""
    noise = np.random.default_rng(7).random((5, 5, 3), dtype=np.float32)
    image = Image.fromarray((noise * 255).astype(np.uint8)).resize(
        look.shape[::-1], Image.Resampling.BICUBIC
    )
    state = look.read_state()
    look.reset_state()
    output = look.run(np.asarray(image, dtype=np.float32) / np.float32(255))[0]
    look.write_state(state)
    return Trial(look, output)
