"""Frames of a video as RGB: the colours that a player shows.

A frame is stored as brightness and two colour differences, and there are several ways to compute them from
red, green and blue. The file names its way; where it does not, players go by the size, and so does this.
HDR (the transfer functions PQ and HLG of BT.2100) is mapped to the range of a plain screen.
"""

from __future__ import annotations

from typing import Any

import av
from av.video.frame import VideoFrame
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)
from PIL import Image

HD_WIDTH, HD_HEIGHT = 1280, 720
"""Frames without a tag are BT.709 from this width or this height on, and BT.601 below."""

_HDR = frozenset({ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67})

# Matrices that swscale knows, by their numbers in ITU-T H.273 and FFmpeg.
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}

EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
"""swscale's flags. The default ones round down and take one colour for two pixels: 3 of 255 too dark."""


class RgbConverter:
    """Converts the frames of one video. It keeps swscale's tables between frames."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._tone_mapper: _ToneMapper | None = None

    def convert(self, frame: VideoFrame) -> Image.Image:
        """The frame as an RGB picture of the same size, neither turned nor stretched, on white."""
        if frame.color_trc in _HDR:
            return Image.fromarray(self._map_tones(frame).to_ndarray())
        if any(component.is_alpha for component in frame.format.components):
            return _put_on_white(Image.fromarray(self._reformat(frame, "rgba").to_ndarray()))
        return Image.fromarray(self._reformat(frame, "rgb24").to_ndarray())

    def _reformat(self, frame: VideoFrame, pixel_format: str) -> VideoFrame:
        return self._reformatter.reformat(
            frame, format=pixel_format, src_colorspace=_matrix_of(frame), interpolation=int(EXACT)
        )

    def _map_tones(self, frame: VideoFrame) -> VideoFrame:
        if self._tone_mapper is None or not self._tone_mapper.fits(frame):
            self._tone_mapper = _ToneMapper(frame)
        return self._tone_mapper.convert(frame)


def _put_on_white(image: Image.Image) -> Image.Image:
    alpha = image.getchannel("A")
    if alpha.getextrema()[1] == 0:  # programs that know no transparency write 0 there
        return image.convert("RGB")
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=alpha)
    return white


def _matrix_of(frame: VideoFrame) -> int:
    is_hd = frame.width >= HD_WIDTH or frame.height >= HD_HEIGHT
    return int(_MATRICES.get(frame.colorspace, Colorspace.ITU709 if is_hd else Colorspace.ITU601))


class _ToneMapper:
    """HDR frames of one format to sRGB, by swscale's perceptual intent.

    That is a curve after SMPTE ST 2094-10 with a mapping of the gamut, as in libplacebo. It takes the peak
    from the file's metadata (without them, 1,000 nits for HLG and 10,000 for PQ). Its tables take some
    seconds of computing.
    """

    def __init__(self, frame: VideoFrame) -> None:
        self._format = _format_of(frame)
        self._graph = av.filter.Graph()
        matrix, colour_range = _tags_of(frame)
        source = self._graph.add(
            "buffer",
            f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base=1/1000"
            f":colorspace={matrix}:range={colour_range}",
        )
        # The flags of `EXACT` give wrong hues here (FFmpeg 8.1); the default ones do not.
        scale = self._graph.add("scale", "out_transfer=iec61966-2-1:out_primaries=bt709:intent=perceptual")
        self._graph.link_nodes(
            source, scale, self._graph.add("format", "pix_fmts=rgb24"), self._graph.add("buffersink")
        ).configure()

    def fits(self, frame: VideoFrame) -> bool:
        """Whether the frame has the size and the tags that the graph was made for."""
        return self._format == _format_of(frame)

    def convert(self, frame: VideoFrame) -> VideoFrame:
        frame.colorspace, frame.color_range = _tags_of(frame)
        if frame.color_primaries == ColorPrimaries.UNSPECIFIED:
            frame.color_primaries = ColorPrimaries.BT2020
        self._graph.vpush(frame)
        return self._graph.vpull()


def _format_of(frame: VideoFrame) -> tuple[Any, ...]:
    return frame.width, frame.height, frame.format.name, frame.color_trc, *_tags_of(frame)


def _tags_of(frame: VideoFrame) -> tuple[int, int]:
    """The numbers of matrix and range; an HDR frame without them is BT.2020 with the limited range."""
    return (
        frame.colorspace if frame.colorspace in _MATRICES else int(Colorspace.BT2020),
        frame.color_range or int(ColorRange.MPEG),
    )
