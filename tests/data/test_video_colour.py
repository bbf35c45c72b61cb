"""Colours of videos: by their tags or their size, HDR, and transparent parts."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from helpers.files import frames

BARS = np.array([(200, 60, 40), (40, 180, 60), (50, 70, 200)], np.uint8)


def bars(path: Path, size: tuple[int, int], stored: int, tag: int, colour_range: int) -> Path:
    """Three bars without loss, as the matrix with the number `stored`, with the tag `tag`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv444p"
        stream.codec_context.colorspace = tag
        stream.codec_context.color_range = colour_range
        pixels = np.repeat(BARS, size[0] // 3, axis=0)[None].repeat(size[1], axis=0)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24").reformat(
            format="yuv444p", dst_colorspace=stored, dst_color_range=colour_range or 1
        )
        frame.colorspace, frame.color_range = tag, colour_range
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


BT709, UNTAGGED, BT601, BT2020 = 1, 2, 5, 9
LIMITED, FULL = 1, 2


@pytest.mark.parametrize(
    ("size", "stored", "tag", "colour_range"),
    [
        ((1281, 720), BT709, UNTAGGED, 0),
        ((402, 720), BT709, UNTAGGED, 0),
        ((720, 576), BT601, UNTAGGED, 0),
        ((1281, 720), BT601, BT601, LIMITED),
        ((96, 64), BT709, BT709, LIMITED),
        ((96, 64), BT709, BT709, FULL),
        ((96, 64), BT2020, BT2020, LIMITED),
    ],
)
def test_colours_are_those_of_the_tag_or_else_of_the_size(
    tmp_path: Path, size: tuple[int, int], stored: int, tag: int, colour_range: int
) -> None:
    (frame,) = frames(bars(tmp_path / "a.mkv", size, stored, tag, colour_range), 1)
    found = np.asarray(frame.image, int)[size[1] // 2, size[0] // 6 :: size[0] // 3][:3]
    assert np.abs(found - BARS).max() <= 2


def pq(nits: float) -> float:
    """The code of a brightness in PQ, 0..1 (SMPTE ST 2084)."""
    power = (nits / 10_000) ** (2610 / 16384)
    return float(((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32))


def hdr(path: Path, nits: Sequence[Sequence[float]]) -> Path:
    """Squares of 32 pixels, BT.2020, each with its red, green, blue in nits; graded for 1,000 nits."""
    codes = np.array([[pq(value) for value in colour] for colour in nits])
    luma = codes @ (0.2627, 0.678, 0.0593)
    planes = (
        64 + 876 * luma,
        512 + 896 * (codes[:, 2] - luma) / 1.8814,
        512 + 896 * (codes[:, 0] - luma) / 1.4746,
    )
    display = "G(8500,39850)B(6550,2300)R(35400,14600)WP(15635,16450)L(10000000,50)"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=25, options={"crf": "4", "x264-params": f"mastering-display={display}"}
        )
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = 32 * len(nits), 32
        stream.pix_fmt = "yuv420p10le"
        tags = {"colorspace": BT2020, "color_primaries": 9, "color_trc": 16, "color_range": LIMITED}
        frame = av.VideoFrame(stream.width, stream.height, "yuv420p10le")
        for name, value in tags.items():
            setattr(stream.codec_context, name, value)
            setattr(frame, name, value)
        for plane, values in zip(frame.planes, planes, strict=True):
            row = np.zeros(plane.line_size // 2, np.uint16)
            row[: plane.width] = np.repeat(np.round(values), plane.width // len(nits))
            plane.update(np.tile(row, plane.height).tobytes())
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_hdr_is_mapped_to_a_plain_screen(tmp_path: Path) -> None:
    red = (80, 15, 5)  # read as if it were plain: (117, 84, 66), a washed-out brown
    path = hdr(tmp_path / "a.mp4", [red, (44,) * 3, (203,) * 3, (400,) * 3, (1000,) * 3])
    (frame,) = frames(path, 1)
    found = np.asarray(frame.image, int)[16, 16::32]
    assert found[0, 0] - found[0, 1:].max() > 90
    greys = found[1:]
    assert np.ptp(greys, axis=1).max() <= 3
    grey, white, bright, brightest = greys[:, 0]
    assert 90 < grey < 130  # a mid grey stays one
    assert 150 < white < bright < brightest  # highlights differ
    assert brightest >= 250


@pytest.mark.parametrize(("codec", "pixel_format"), [("qtrle", "argb"), ("prores_ks", "yuva444p10le")])
def test_transparent_parts_become_white(tmp_path: Path, codec: str, pixel_format: str) -> None:
    path = tmp_path / "a.mov"
    pixels = np.zeros((32, 64, 4), np.uint8)
    pixels[:, 32:] = 200, 60, 40, 255
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 32, pixel_format
        for picture in (pixels, np.zeros_like(pixels)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgba").reformat(format=pixel_format)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    half, opaque = (np.asarray(frame.image, int) for frame in frames(path, 2))
    assert half[16, 16].tolist() == [255, 255, 255]
    assert np.abs(half[16, 48] - (200, 60, 40)).max() <= 4
    assert opaque.max() <= 2  # a program that knows no transparency
