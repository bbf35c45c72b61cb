"""Pictures and videos that tests generate."""

import io
import os
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.stream import Disposition
from av.video.stream import VideoStream
from PIL import Image

from limner.data.videos import Frame, FrameReader

SHARED = Path(os.environ.get("LIMNER_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")


def shared(name: str) -> Path:
    """A file or folder of the shared data; skips the test if it is absent."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the shared data set {name} is absent; LIMNER_SHARED_DATA may name its folder")
    return path


def scene(width: int, height: int, seed: int = 0) -> Image.Image:
    """A smooth picture, different for each seed."""
    rng = np.random.default_rng(seed)
    grid = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
    return grid.resize((width, height), Image.Resampling.BICUBIC)


def photos(folder: Path, count: int, size: tuple[int, int] = (60, 48), first: int = 0) -> Path:
    """A folder with `count` JPEG files, photo-000.jpg and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        scene(*size, seed).save(folder / f"photo-{seed:03}.jpg")
    return folder


def video(
    path: Path,
    *,
    frames: int = 50,
    size: tuple[int, int] = (96, 64),
    codec: str = "mpeg4",
    rate: int = 25,
    times: Sequence[float] = (),
    picture: Image.Image | None = None,
    matrix: Sequence[int] | None = None,
    options: Mapping[str, str] | None = None,
    comment: str = "",
) -> Path:
    """A video: left half red, right half dark, blue rising by 5 of 255 with each frame; or one picture.

    `times` are the seconds at which frames begin and the last one ends, instead of a constant rate.
    `matrix` is the display matrix, as a, b, u, c, d, v, x, y, w. `options` are the container's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options=dict(options or {})) as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = picture.size if picture else size
        stream.pix_fmt = "yuv420p"
        stream.set_display_matrix(matrix)
        container.metadata["comment"] = comment
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
            stream.codec_context.flags |= Flags.frame_duration
        container.start_encoding()
        for index in range(len(times) - 1 if times else frames):
            pixels = np.zeros((size[1], size[0], 3), np.uint8)
            pixels[:, : size[0] // 2, 0] = 255
            pixels[..., 2] = index * 5 % 256
            frame = av.VideoFrame.from_ndarray(np.asarray(picture) if picture else pixels, format="rgb24")
            if times:
                frame.time_base = Fraction(1, 1000)
                frame.pts = round(times[index] * 1000)
                frame.duration = round(times[index + 1] * 1000) - frame.pts
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


BURSTS = (*(start + burst / 50 for start in (0, 2.5, 5) for burst in range(10)), 8)
"""Times for `video`: three times ten frames at 50 a second, and a still of two seconds and more."""


def damage(path: Path, *, at: float, share: float = 0.1) -> Path:
    """Overwrite a share of a file with noise, beginning at a share of it."""
    content = bytearray(path.read_bytes())
    first, count = round(at * len(content)), round(share * len(content))
    content[first : first + count] = np.random.default_rng(0).bytes(count)
    path.write_bytes(content)
    return path


def sound(path: Path, *, cover: Image.Image | None = None) -> Path:
    """A video file with sound and no pictures but its cover."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        assert isinstance(stream, AudioStream)
        if cover:
            pictures = container.add_stream("mjpeg", rate=25)
            assert isinstance(pictures, VideoStream)
            pictures.width, pictures.height = cover.size
            pictures.pix_fmt = "yuvj420p"
            pictures.disposition = Disposition.attached_pic
            container.mux(pictures.encode(av.VideoFrame.from_image(cover)))  # type: ignore[no-untyped-call]
            container.mux(pictures.encode())
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = 44100, Fraction(1, 44100)
        for packet in (*stream.encode(frame), *stream.encode()):
            container.mux(packet)
    return path


def motion_jpeg(path: Path, pictures: Sequence[Image.Image], exif: Image.Exif) -> Path:
    """An AVI as cameras write it: JPEGs, each with EXIF."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=5)
        assert isinstance(stream, VideoStream)
        (stream.width, stream.height), stream.pix_fmt = pictures[0].size, "yuvj420p"
        container.start_encoding()
        for index, picture in enumerate(pictures):
            buffer = io.BytesIO()
            picture.save(buffer, "JPEG", exif=exif, quality=95)
            packet = av.Packet(buffer.getvalue())
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 5), True
            packet.pts = packet.dts = index
            container.mux(packet)
    return path


def animation(path: Path, *, durations: tuple[int, ...], size: tuple[int, int] = (40, 40)) -> Path:
    """An animated picture: frames of these milliseconds, green rising by 60 with each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A bright corner that moves, so that no encoder joins frames.
    frames = [Image.new("RGB", size, (0, 60 * index % 256, 0)) for index in range(len(durations))]
    for index, frame in enumerate(frames):
        frame.putpixel((index % size[0], 0), (255, 0, 0))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=list(durations))
    return path


def frames(path: Path, count: int) -> list[Frame]:
    """At most `count` frames of a video."""
    return list(FrameReader(path, count))


def left_is_red(image: Image.Image) -> bool:
    """Whether this is an upright frame of `video`."""
    pixels = np.asarray(image, int)
    return bool(pixels[:, 2, 0].min() > 200 and pixels[:, -3, 0].max() < 60)


def photo(path: Path) -> Path:
    scene(200, 150).save(path)
    return path
