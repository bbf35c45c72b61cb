"""Turned and mirrored videos give upright frames."""

from pathlib import Path

import pytest
from PIL import Image

from helpers.files import frames, left_is_red, motion_jpeg, video


@pytest.mark.parametrize(
    ("a", "b", "c", "d"),
    [(1, 0, 0, 1), (-1, 0, 0, 1), (-1, 0, 0, -1), (1, 0, 0, -1),
     (0, 1, 1, 0), (0, 1, -1, 0), (0, -1, -1, 0), (0, -1, 1, 0)],
)  # fmt: skip
def test_turned_and_mirrored_videos_give_upright_frames(
    tmp_path: Path, a: int, b: int, c: int, d: int
) -> None:
    greys = {(-1, -1): 40, (1, -1): 100, (-1, 1): 160, (1, 1): 220}  # by x and y from the middle
    picture = Image.new("RGB", (96, 64))
    for (x, y), grey in greys.items():
        picture.paste((grey,) * 3, (48 * (x > 0), 32 * (y > 0), 48 * (x > 0) + 48, 32 * (y > 0) + 32))
    one, unit = 1 << 16, 1 << 30
    matrix = (a * one, b * one, 0, c * one, d * one, 0, 0, 0, unit)
    path = video(tmp_path / "a.mp4", frames=1, picture=picture, matrix=matrix)
    (frame,) = frames(path, 1)
    width, height = frame.image.size
    assert (width, height) == ((96, 64) if a else (64, 96))
    for (x, y), grey in greys.items():
        shown_x, shown_y = a * x + c * y, b * x + d * y
        found = frame.image.getpixel((width // 2 + shown_x * 16, height // 2 + shown_y * 16))
        assert found == pytest.approx((grey,) * 3, abs=6)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_camera_s_avi_of_jpegs_with_exif_is_read_upright(tmp_path: Path, orientation: int) -> None:
    shown = Image.new("RGB", (96, 64), "black")
    shown.paste("red", (0, 0, 48, 64))
    turns = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    stored = shown.transpose(turns[orientation]) if orientation in turns else shown
    exif = Image.Exif()
    exif[0x0112] = orientation
    read = frames(motion_jpeg(tmp_path / "a.avi", [stored] * 3, exif), 9)
    assert [frame.image.size for frame in read] == [(96, 64)] * 3
    assert all(left_is_red(frame.image) for frame in read)
