"""What strangers' folders hold: contents of every kind, and the names that file systems allow."""

from __future__ import annotations

import io
from functools import cache

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from PIL import Image

from e2e.tiny import classifier, tiny_look
from helpers.files import scene
from limner.mark import save_options

NAMES = [
    b"a.jpg",
    b"b.png",
    b"photo.JPG",
    b"clip.mp4",
    b"clip.webm",
    b"anim.gif",
    b"scan.tif",
    b"a.heic",
    b"raw.CR3",
    b"notes.txt",
    b"look.onnx",
    b"model.onnx",
    b"pictures.json",
    b"run.json",
    b"recipe.json",
    b"project.json",
    b"looks.json",
    b"index.html",
    b"Thumbs.db",
    b".DS_Store",
    b".hidden.jpg",
    b"@eaDir",
    b"$RECYCLE.BIN",
    b"__MACOSX",
    b"no suffix",
    b"--help",
    b"-rf.jpg",
    b"[red]x[/red].jpg",
    b"new\nline.jpg",
    b"\x1b[2J.png",
    b"caf\xe9.jpg",
    b"\xff\xfe.png",
    "é.jpg".encode(),
    "e\u0301.jpg".encode(),
    "花 море.png".encode(),
    "\u202egpj.exe".encode(),
    b"CON.png",
    b"a" * 251 + b".jpg",
    b"%41&'\"$(x).png",
    b"a.jpg.part",
    b"photo-painted.png",
]
"""Names that meant something, or nothing, to programs; as the bytes that a file system stores."""


def _image(
    image_format: str, *, mode: str = "RGB", size: tuple[int, int] = (40, 30), seed: int = 0
) -> bytes:
    file = io.BytesIO()
    scene(*size, seed).convert(mode).save(file, image_format)
    return file.getvalue()


def _marked(image_format: str) -> bytes:
    file = io.BytesIO()
    scene(40, 30, 9).save(file, image_format, **save_options(image_format, "painting"))
    return file.getvalue()


def _animation(image_format: str, durations: tuple[int, ...] = (100, 100, 100)) -> bytes:
    file = io.BytesIO()
    frames = [scene(24, 24, seed) for seed in range(len(durations))]
    frames[0].save(file, image_format, save_all=True, append_images=frames[1:], duration=list(durations))
    return file.getvalue()


def _deep() -> bytes:
    file = io.BytesIO()
    Image.fromarray((np.arange(1024, dtype=np.uint16) * 60).reshape(32, 32)).save(file, "PNG")
    return file.getvalue()


def _film(container_format: str, codec: str, frames: int = 4) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=10)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "yuv420p"
        for seed in range(frames):
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.asarray(scene(32, 24, seed)), format="rgb24"))
            )
        container.mux(stream.encode())
    return file.getvalue()


def _sound() -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        assert isinstance(stream, AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


@cache
def contents() -> dict[str, bytes]:
    """One file of each kind, by a short name."""
    jpeg, film = _image("JPEG"), _film("mp4", "mpeg4")
    return {
        "jpeg": jpeg,
        "another jpeg": _image("JPEG", seed=1),
        "tall png": _image("PNG", size=(3, 400)),
        "one pixel": _image("PNG", size=(1, 1)),
        "clear png": _image("PNG", mode="RGBA"),
        "palette": _image("GIF", mode="P"),
        "deep png": _deep(),
        "cmyk jpeg": _image("JPEG", mode="CMYK"),
        "tiff": _image("TIFF"),
        "webp": _image("WEBP"),
        "animation": _animation("GIF"),
        "uneven animation": _animation("GIF", (4000, 40, 40, 40, 40, 40)),
        "half animation": _animation("GIF", (4000, 40, 40, 40, 40, 40))[:2500],
        "moving webp": _animation("WEBP"),
        "painting": _marked("PNG"),
        "painted jpeg": _marked("JPEG"),
        "half jpeg": jpeg[: len(jpeg) // 2],
        "jpeg head": jpeg[:20],
        "heic head": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40),
        "raw head": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(40),
        "jxl head": b"\xff\x0a" + bytes(40),
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "film": film,
        "webm": _film("webm", "libvpx"),
        "half film": film[: len(film) // 2],
        "damaged film": film[:800] + bytes(200) + film[1000:],
        "sound": _sound(),
        "look": tiny_look(),
        "bare look": tiny_look(bare=True),
        "classifier": classifier(),
        "half look": tiny_look()[:400],
        "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        "empty": b"",
        "zeros": bytes(300),
        "text": b"hello\n",
        "text like a video": b"The free software guide\n",
        "html": b"<!doctype html><title>404</title>",
        "json": b"{}",
        "list": b'{"looks": [{"file": "../a.jpg"}]}',
        "bad json": b'{"a": [1, ',
        "deep json": b"[" * 5000,
        "pickle": b"\x80\x04\x95.",
        "zip": b"PK\x03\x04" + bytes(30),
    }
