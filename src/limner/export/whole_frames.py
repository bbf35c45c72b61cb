"""Paint whole frames of any shape with a network that takes any: no look's square, and no file.

A look paints squares, since a page shows them. An artist who painted over a frame of a clip wants the clip
as it is.
"""

from __future__ import annotations

import torch
from PIL import Image

from limner.data.arrays import center_crop, to_image
from limner.data.images import UnreadableFile
from limner.export.inference import make_look_module
from limner.keyframe_recipe import KeyframeRecipe
from limner.look.video_writer import MAX_SIDE
from limner.networks.patch_unet import SIDE_STEP, PatchUNet


class WholeFramePainter:
    """A painter for `limner.look.paint.paint_file_with`: paintings have the short side of the recipe."""

    def __init__(self, network: PatchUNet, recipe: KeyframeRecipe) -> None:
        self.module = make_look_module(recipe, network)
        self.at_least = recipe.pixels
        """The short side of paintings."""

    def begin(self) -> None:
        """Nothing: the network has no memory."""

    def begin_frame(self, seconds: float) -> None:
        """Nothing: a frame's time does not matter."""

    def check_size(self, size: tuple[int, int], painting_format: str) -> None:
        """Raise `UnreadableFile` for a frame whose painting would be too long."""
        if max(self._painted_size(size)) > MAX_SIDE:
            raise UnreadableFile(f"is too long: {painting_format} takes {MAX_SIDE:,} pixels a side")

    def __call__(self, image: Image.Image) -> Image.Image:
        """The painting of a whole RGB frame."""
        frame = center_crop(image, self._painted_size(image.size), whole=True)
        with torch.no_grad():
            shown = torch.from_numpy(frame).permute(2, 0, 1)[None]
            painting, _ = self.module(shown, *self.module.defaults())
        return to_image(painting[0].permute(1, 2, 0).numpy())

    def _painted_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height, the shorter `at_least`, both multiples of what the network halves."""
        scale = self.at_least / min(size)
        width, height = (SIDE_STEP * max(1, round(side * scale / SIDE_STEP)) for side in size)
        return width, height
