"""Pictures of any shape become a square."""

import numpy as np
import pytest
from PIL import Image

from limner.data.arrays import center_crop, to_image


def stripes(width: int, height: int) -> Image.Image:
    """Red, green and blue thirds along the longer side."""
    pixels = np.zeros((height, width, 3), np.uint8)
    along = pixels if width < height else pixels.swapaxes(0, 1)
    third = len(along) // 3
    for colour in range(3):
        along[colour * third : (colour + 1) * third, :, colour] = 255
    return Image.fromarray(pixels)


@pytest.mark.parametrize("size", [(300, 100), (90, 270)])
def test_the_centre_square_is_kept(size: tuple[int, int]) -> None:
    square = center_crop(stripes(*size), 32)
    assert square.shape == (32, 32, 3)
    assert square.dtype == np.float32
    np.testing.assert_allclose(square[1:-1, 1:-1], np.broadcast_to([0, 1, 0], (30, 30, 3)), atol=0.02)


def test_whole_squeezes_the_picture() -> None:
    square = center_crop(stripes(300, 100), 30, whole=True)
    for colour, column in enumerate((4, 15, 25)):
        assert (square[:, column].argmax(axis=-1) == colour).all()


def test_a_fine_chequerboard_becomes_grey_without_aliasing() -> None:
    checks = np.indices((640, 640)).sum(axis=0) % 2 * 255
    square = center_crop(Image.fromarray(checks.astype(np.uint8)).convert("RGB"), 64)
    assert np.abs(square - 0.5).max() < 0.02


def test_arrays_become_pictures() -> None:
    grey = to_image(np.array([[[0.0], [0.5]], [[1.0], [2.0]]], np.float32))
    assert np.asarray(grey)[..., 0].tolist() == [[0, 128], [255, 255]]
    assert grey.mode == "RGB"
    back = to_image(center_crop(stripes(33, 33), 33))
    np.testing.assert_array_equal(np.asarray(back), np.asarray(stripes(33, 33)))
