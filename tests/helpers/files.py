"""Pictures and videos that tests generate."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from PIL import Image

SHARED = Path(__file__).parents[3] / "shared" / "data"


def shared(name: str) -> Path:
    """A file or folder of the shared data; skips the test if it is absent."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the shared data set {name} is absent")
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
) -> Path:
    """A video: left half red, right half dark, blue rising by 5 of 255 with each frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        container.start_encoding()
        for index in range(frames):
            pixels = np.zeros((size[1], size[0], 3), np.uint8)
            pixels[:, : size[0] // 2, 0] = 255
            pixels[..., 2] = index * 5 % 256
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def sound(path: Path) -> Path:
    """A video file with sound and no pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        assert isinstance(stream, AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = 44100, Fraction(1, 44100)
        for packet in (*stream.encode(frame), *stream.encode()):
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
