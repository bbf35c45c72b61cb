"""The data files of the lab that are made for it: pictures of the data sets, and SqueezeNet's features."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from limner.data.datasets.storage import ABOUT
from limner.data.datasets.web import web_files
from limner.page.squeezenet_onnx import squeezenet_onnx

PictureSet = Literal["mnist", "cifar10"]
PICTURE_SETS: tuple[PictureSet, ...] = ("mnist", "cifar10")
PARTS = ("train-images.idx.gz", "train-labels.idx.gz", "test-images.idx.gz", "test-labels.idx.gz")
SQUEEZENET = "squeezenet/features.onnx"
MEDIA_TYPE = "application/octet-stream"
"""Of packed files too: a browser must not unpack them on its own."""

Make = Callable[[], bytes]


class LabData(Mapping[str, Make]):
    """What makes each file, by its path beside the page. A set's files are made once, at need."""

    def __init__(self, data: Path | None) -> None:
        self._makers: dict[str, Make] = {SQUEEZENET: squeezenet_onnx}
        for name in PICTURE_SETS:
            if data is not None and (data / name / ABOUT).is_file():
                self._makers |= _makers(name, data)

    def __getitem__(self, path: str) -> Make:
        return self._makers[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def _makers(name: PictureSet, data: Path) -> dict[str, Make]:
    @cache
    def make_all() -> dict[str, bytes]:
        return web_files(name, folder=data)

    def maker(file: str) -> Make:
        return lambda: make_all()[file]

    files = [f"{name}.json", *(f"{name}-{part}" for part in PARTS)]
    return {f"{name}/{file}": maker(file) for file in files}
